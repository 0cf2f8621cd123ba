"""Passages for a question: searched, completed to the ground of an answer, and how the question's words are matched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from luna_api.accounts.principal import Principal
from luna_api.answers.composed import Clock, Found
from luna_api.answers.lexicons import Lexicons
from luna_api.answers.payload import passage, passages_above, passages_by_id
from luna_api.errors import ApiError
from luna_rules.answers.above import Before, led_in
from luna_rules.answers.beside import beside_laws
from luna_rules.answers.gather import Ground, Search, ground, searches
from luna_rules.answers.matching import ConceptMatcher, QueryMatcher, WordMatcher
from luna_rules.answers.second import second_search, with_second
from resources.database import AsyncConnection
from resources.vectors.index import FilterError, Filters, IndexState, PassageIndex, SearchResult, parse_filters

# In how many passages of the live index each term occurs, and (term NULL) how many passages there are: a word that
# stands nowhere tells most about a question that nothing answers. A passage has 4 bytes of `frequencies` for each term
# and 16 of `chunk_ids`.
_FREQUENCIES = """
WITH live AS (SELECT id, chunk_ids FROM index_segments WHERE version_id = ANY(%s) AND sequence > 0)
SELECT NULL::text, coalesce(sum(octet_length(chunk_ids)), 0)::bigint / 16 FROM live
UNION ALL
SELECT term, sum(octet_length(frequencies))::bigint / 4 FROM index_postings
WHERE segment_id IN (SELECT id FROM live) AND term = ANY(%s) GROUP BY term
"""


def read_filters(raw: Mapping[str, object] | None) -> Filters:
    """The filters of a request. Raises 400 naming the key."""
    try:
        return parse_filters(raw)
    except FilterError as fault:
        raise ApiError(400, str(fault), data={"field": f"filters.{fault.key}", "fault": str(fault)}) from None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The ground that an answer may be taken from, `found` with all that is told of its passages.

    `every` is what each search found, of which the ground is a part.
    """

    found: Found
    read: Ground
    every: tuple[Found, ...]


class Retrieval:
    """Searches the index for askers and reads what was found."""

    def __init__(self, index: PassageIndex, lexicons: Lexicons) -> None:
        self._index = index
        self._lexicons = lexicons

    async def state(self, sql: AsyncConnection, tenant: UUID) -> IndexState:
        """The live versions and the state of the corpus, as the tenant sees them."""
        return await self._index.state(sql, tenant)

    async def search(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        limit: int,
        clock: Clock,
    ) -> Found:
        """The best passages for a question."""
        return (await self._each(sql, principal, (Search(question, limit),), filters, as_of, clock))[0]

    async def _each(
        self,
        sql: AsyncConnection,
        principal: Principal,
        wanted: Sequence[Search],
        filters: Filters,
        as_of: date,
        clock: Clock,
    ) -> list[Found]:
        """What each search finds, with the rows of all of it read at once: they find many of the same passages."""
        results = [
            await self._index.search(
                sql, principal.tenant_id, one.question, filters=filters, as_of=as_of, limit=one.limit
            )
            for one in wanted
        ]
        clock.lap("retrieval")
        rows = await passages_by_id(sql, {hit.chunk_id for result in results for hit in result.hits})
        clock.lap("passages")
        # One may have been withdrawn between the statements.
        return [Found.read(result, rows) for result in results]

    async def ground(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: Clock,
    ) -> Gathered:
        """What was found for the question and around it, and the passages of it that the answer may be taken from."""
        every = await self._each(sql, principal, searches(question, top_k), filters, as_of, clock)
        read = ground(question, [found.passages for found in every], top_k)
        return await _gathered(sql, every, read)

    async def beside_laws(self, sql: AsyncConnection, question: str, before: Gathered, top_k: int) -> Gathered | None:
        """The ground of what belongs to no law among what was found; None where there is nothing to try."""
        own = beside_laws(question, before.read, top_k)
        return None if own is None else await _gathered(sql, before.every, own)

    async def second(
        self,
        sql: AsyncConnection,
        principal: Principal,
        question: str,
        filters: Filters,
        as_of: date,
        top_k: int,
        clock: Clock,
        before: Gathered,
        matcher: ConceptMatcher,
    ) -> Gathered | None:
        """The ground with what one further search adds to it before declining; None where there is nothing to add."""
        read = before.read
        wanted = second_search(question, read.passages, matcher)
        if wanted is None:
            return None
        more = await self.search(sql, principal, wanted.question, filters, as_of, wanted.limit, clock)
        again = with_second(question, read, more.passages, matcher, top_k)
        if again.passages == read.passages:
            return None
        return await _gathered(sql, (before.found, more), again)

    async def matcher(self, sql: AsyncConnection, question: str, result: SearchResult) -> ConceptMatcher:
        """How sentences are compared with the question: by the live index's words where there are any."""
        if result.query is None or not result.index_versions:
            return WordMatcher(question)
        analyser = await self._lexicons.analyser(sql, result.index_versions[0])
        if analyser is None:
            return WordMatcher(question)
        rows = await (
            await sql.execute(_FREQUENCIES, (list(result.index_versions), list(result.query.terms)), binary=True)
        ).fetchall()
        seen = {row[0]: row[1] for row in rows}
        return QueryMatcher(result.query, analyser, frequency=lambda term: seen.get(term, 0), total=seen.get(None, 0))


async def _gathered(sql: AsyncConnection, every: Sequence[Found], read: Ground) -> Gathered:
    """The ground with the rows of its passages, where those that begin amid a table or list have what leads them in."""
    found = Found.joined(every, [UUID(passage.chunk_id) for passage in read.passages])
    before = await passages_above(sql, read.passages)
    if not before:
        return Gathered(found, read, tuple(every))
    places: dict[str, int] = {str(row["chunk_id"]): row["chunk_idx"] for row in found.rows}
    standing = [
        Before(row["chunk_idx"], row["metadata"].get("table_header"), passage(row, 0.0, {})) for row in before.values()
    ]
    passages = [led_in(one, places[one.chunk_id], standing) for one in read.passages]
    lent = dict.fromkeys(UUID(other.chunk_id) for one in passages for other in one.above)
    rows = tuple(before[chunk_id] for chunk_id in lent if str(chunk_id) not in places)
    return Gathered(replace(found, above=rows), replace(read, passages=tuple(passages)), tuple(every))
