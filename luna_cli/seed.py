"""The documents that every new home begins with, so that the first question has something to be answered from."""

from __future__ import annotations

from pathlib import Path

from luna_cli.client import LunaClient
from luna_cli.ingest import Ingest, Summary, find_sources
from luna_cli.output import err
from resources.settings import Settings

FOLDER = Path(__file__).resolve().parents[1] / "data" / "seed"
FIELDS: dict[str, str | list[str]] = {"kind": "note", "tags": ["beispiel"]}
FIRST_MIGRATION = "0001_roles"


def is_first_start(applied_migrations: tuple[str, ...]) -> bool:
    """Whether the database was made just now."""
    return FIRST_MIGRATION in applied_migrations


def load_seed(settings: Settings) -> Summary:
    """Ingest the demonstration documents; those that are there already count as unchanged."""
    with LunaClient(settings) as client:
        client.check()
        return Ingest(client, FIELDS).run(find_sources([FOLDER]), err)
