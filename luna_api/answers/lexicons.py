"""What the live index knows about words, for comparing sentences with questions and for `POST embed`."""

import asyncio
from collections import OrderedDict

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from resources.database import AsyncConnection
from resources.vectors.postgres_reader import load_lexicon, load_lexicon_for_questions

_KEPT = 4


class Lexicons:
    """Analysers by index version. Their lexicons are those that the index reads questions with."""

    def __init__(self) -> None:
        self._analysers: OrderedDict[int, Analyser] = OrderedDict()
        self._lock = asyncio.Lock()

    async def analyser(self, sql: AsyncConnection, version: int) -> Analyser | None:
        """The analyser of a version; None where the version is gone."""
        known = self._analysers.get(version)
        if known is not None:
            self._analysers.move_to_end(version)
            return known
        async with self._lock:
            if version not in self._analysers:
                lexicon = await load_lexicon_for_questions(sql, version)
                if lexicon is None:
                    return None
                self._analysers[version] = await asyncio.to_thread(Analyser, lexicon)
                if len(self._analysers) > _KEPT:
                    self._analysers.popitem(last=False)
            return self._analysers[version]

    async def vectors(self, sql: AsyncConnection, version: int, texts: list[str]) -> tuple[list[list[float]], int]:
        """The texts in the space of a version, and its dimension."""
        data = await load_lexicon(sql, version)
        return await asyncio.to_thread(self._embed, data or Lexicon.empty().to_bytes(), texts)

    @staticmethod
    def _embed(data: bytes, texts: list[str]) -> tuple[list[list[float]], int]:
        lexicon = Lexicon.from_bytes(data)
        analyser = Analyser(lexicon)
        block = analyser.analyse([ChunkFields(title="", heading="", body=text) for text in texts])
        return analyser.embed(block).tolist(), lexicon.dimension
