"""Which model makes the vectors of an index that somebody asks to be rebuilt."""

from __future__ import annotations

from typing import Final

from resources.database import Connection
from resources.embedder import EmbedderError
from resources.settings import LOCAL, Settings, is_model_name

_CHOSEN: Final = "SELECT model FROM model_choices WHERE role = 'embed'"


def wanted_model(connection: Connection, settings: Settings, asked: str = "") -> str:
    """A model's name, or `local` for the lexicon: what the run asks for, else the administrator's choice, else the
    setting. Without a models' server only what is asked for counts, and then that server is missing.

    Raises `EmbedderError` where what is asked for can be no model's name.
    """
    if asked:
        if not is_model_name(asked):
            raise EmbedderError("missing", asked[:80], "embed_model ist kein Name eines Modells, etwa nomic-embed-text")
        return asked
    if settings.ollama_host is None:
        return LOCAL
    row = connection.execute(_CHOSEN).fetchone()
    return str(row[0]) if row else settings.index_model
