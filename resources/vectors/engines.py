"""Which engine the settings choose. Qdrant's client is imported only where it is used: it takes a second and 40 MB."""

from __future__ import annotations

from luna_rules.search.tables import SearchTables
from resources.settings import Settings
from resources.vectors.embedders import Embedders
from resources.vectors.points import PassagePoints
from resources.vectors.postgres import PostgresIndex
from resources.vectors.questions import QuestionEmbedder


def open_points(settings: Settings) -> PassagePoints | None:
    """The engine outside PostgreSQL that `QDRANT_URL` names; None without. Nothing is asked of it yet."""
    if settings.qdrant_url is None:
        return None
    from resources.vectors.qdrant import QdrantPoints

    key = settings.qdrant_api_key
    return QdrantPoints.connect(settings.qdrant_url, key.get_secret_value() if key else None, settings.qdrant_alias)


def open_embedders(settings: Settings) -> Embedders:
    """The models' server as writers use it: `OLLAMA_HOST`, else every model is missing. Nothing is asked of it yet."""
    return Embedders(settings.ollama_host)


def open_index(
    tables: SearchTables, points: PassagePoints | None, questions: QuestionEmbedder | None = None
) -> PostgresIndex:
    """The index for readers."""
    if points is None:
        return PostgresIndex(tables, questions=questions)
    from resources.vectors.qdrant_index import QdrantIndex

    return QdrantIndex(tables, points, questions=questions)
