"""Vectors for texts. Answering itself is `pipeline.py`, what is kept of it `receipts.py`."""

from luna_api.accounts.principal import Principal
from luna_api.answers.schemas import EmbedData
from luna_api.context import AppContext
from luna_api.errors import unavailable
from resources.embedder import EmbedderError
from resources.vectors.space import Space

_LIVE = """
SELECT id, embedder, model_digest, dimension, passage_prefix, question_prefix FROM index_versions WHERE state = 'live'
ORDER BY tenant_id NULLS FIRST LIMIT 1
"""
_TIMEOUT_S = 60.0


class AnswerService:
    """What the index can do for one asker beside answering."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def embed(self, texts: list[str]) -> EmbedData:
        """Vectors in the space of the live public index, or the tenant's where there is no public one."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            live = await (await sql.execute(_LIVE)).fetchone()
            if live is None:
                raise unavailable("qdrant", "Es gibt noch keinen Index, in dessen Raum Texte liegen könnten.")
            space = Space.stored(live[1], live[2], live[3], live[4], live[5])
            if space is None:
                vectors, dimension = await self._context.lexicons.vectors(sql, live[0], texts)
                return EmbedData(vectors, live[1], dimension)
        try:
            made = await self._context.questions.passages(space, texts, _TIMEOUT_S)
        except EmbedderError as fault:
            raise unavailable("ollama", f"{fault}.") from None
        return EmbedData(made.tolist(), space.model, space.dimension)
