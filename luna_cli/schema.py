"""`luna migrate`: on the running database, or on one that is started for it."""

from __future__ import annotations

from contextlib import nullcontext

import psycopg

from resources.embedded.errors import EmbeddedError
from resources.embedded.home import open_home
from resources.embedded.stack import Stack
from resources.migrate import MigrationError, MigrationReport
from resources.migrate import migrate as apply
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings


def bring_up(settings: Settings) -> MigrationReport:
    """Apply what is missing. Raises `EmbeddedError`."""
    open_home(settings.home)
    kept = load_secrets(settings)
    server = Stack(settings).postgres()
    with server if server is not None else nullcontext():
        try:
            return apply(database_urls(settings, kept), kept)
        except (MigrationError, psycopg.Error) as fault:
            raise EmbeddedError(f"Das Schema lässt sich nicht anheben: {str(fault).strip()}") from fault
