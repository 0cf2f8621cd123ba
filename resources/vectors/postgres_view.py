"""What a reader keeps in memory of an index: items, segments, and the corpus one asker sees. No SQL belongs here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from typing import get_args
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.model import Corpus
from luna_rules.search.ranker import Entry, Prepared
from resources.vectors import arrays
from resources.vectors.arrays import Layout, Posting
from resources.vectors.index import Filters, Kind, Source
from resources.vectors.space import Space

KINDS: tuple[str, ...] = get_args(Kind)
SOURCES: tuple[str, ...] = get_args(Source)
FIRST_DAY, LAST_DAY = -(2**31), 2**31 - 1
"""How an open beginning and an open end are stored: days since 1970 as int4."""

_EPOCH = date(1970, 1, 1).toordinal()
_MASKS_KEPT = 32
_SERIALS = count()


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """The ready, undeleted items of one scope, sorted by id, with what filters ask for.

    `since` and `until` (days since 1970, inclusive) say when a version counts; see `effective_days`.
    """

    ids: NDArray[np.bytes_]
    document_ids: NDArray[np.bytes_]
    versions: NDArray[np.int32]
    kinds: NDArray[np.int32]
    sources: NDArray[np.int32]
    since: NDArray[np.int32]
    until: NDArray[np.int32]
    tags: Mapping[str, NDArray[np.bytes_]]

    @property
    def nbytes(self) -> int:
        """Memory of the columns."""
        columns = (self.ids, self.document_ids, self.versions, self.kinds, self.sources, self.since, self.until)
        return sum(column.nbytes for column in columns) + sum(100 + ids.nbytes for ids in self.tags.values())

    def rows_of(self, ids: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Row of each item, −1 where it is not in the table."""
        if not len(self.ids) or not len(ids):
            return np.full(len(ids), -1, np.int64)
        rows = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[rows] == ids, rows, -1)

    def visible(self, as_of: date, filters: Filters, among: NDArray[np.bytes_] | None) -> NDArray[np.bool_]:
        """Which items count on a day and pass the filters. `among` are the items that pass the metadata filters."""
        day = as_of.toordinal() - _EPOCH
        mask = (self.since <= day) & (day <= self.until)
        if filters.item_id:
            mask &= np.isin(self.ids, arrays.ids_of(filters.item_id))
        if filters.document_id:
            mask &= np.isin(self.document_ids, arrays.ids_of(filters.document_id))
        if filters.kind:
            mask &= np.isin(self.kinds, [KINDS.index(kind) + 1 for kind in filters.kind if kind in KINDS])
        if filters.source:
            mask &= np.isin(self.sources, [SOURCES.index(source) + 1 for source in filters.source if source in SOURCES])
        if filters.version:
            mask &= np.isin(self.versions, filters.version)
        if filters.tags:
            tagged = np.zeros(len(mask), bool)
            for tag in filters.tags:
                if tag in self.tags:
                    rows = self.rows_of(self.tags[tag])
                    tagged[rows[rows >= 0]] = True
            mask &= tagged
        if among is not None:
            mask &= np.isin(self.ids, among)
        return mask


def effective_days(
    document_ids: NDArray[np.bytes_],
    versions: NDArray[np.int32],
    valid_from: NDArray[np.int32],
    valid_to: NDArray[np.int32],
    superseded: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """First and last day on which each version counts.

    Dates of validity decide where they are given. Without them, a superseded version counts until its successor is
    valid, or else until the day before it was superseded, and the successor from then on: today only the newest counts.
    """
    since, until = valid_from.copy(), valid_to.copy()
    ended = superseded != LAST_DAY
    until[ended] = np.minimum(until[ended], superseded[ended] - 1)
    # Not by number: an older text may have been added later, and then it was superseded earlier.
    order = np.lexsort((versions, superseded, document_ids))
    same = document_ids[order[1:]] == document_ids[order[:-1]]
    for before, after in zip(order[:-1][same].tolist(), order[1:][same].tolist(), strict=True):
        if not ended[before]:
            continue
        start = valid_from[after] if valid_from[after] != FIRST_DAY else superseded[before]
        until[before] = min(int(valid_to[before]), int(start) - 1)
        if valid_from[after] == FIRST_DAY:
            since[after] = start
    return since, until


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A segment of a version, and which of its items still count."""

    id: int
    layout: Layout
    dropped: NDArray[np.bytes_]

    @property
    def nbytes(self) -> int:
        """Memory of the arrays."""
        return self.layout.nbytes + self.dropped.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class ScopeState:
    """One scope as of one generation: its live version, segments in order, and items.

    `engines`: which hold all vectors of the version. `outdated`: items whose facts an outside engine has not yet.
    `space`: of the model that made the vectors, None where the lexicon did.
    """

    scope: UUID
    generation: int
    version_id: int
    lexicon_digest: str
    dimension: int
    segments: tuple[Segment, ...]
    items: ItemTable
    engines: tuple[str, ...] = ("postgres",)
    outdated: tuple[UUID, ...] = ()
    space: Space | None = None

    @property
    def space_key(self) -> str:
        """What the vectors of two scopes must have in common to be compared with the same question's."""
        return self.lexicon_digest if self.space is None else self.space.key

    @property
    def nbytes(self) -> int:
        """Memory of segments and items."""
        return self.items.nbytes + sum(segment.nbytes for segment in self.segments)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Where a segment lies in a view: its chunks from `offset` on; `numbers` are the old ones where some are gone."""

    scope: int
    segment: Segment
    offset: int
    size: int
    numbers: NDArray[np.int64] | None
    moved: NDArray[np.int32] | None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The corpus that one asker sees: all chunks of the public scope and the tenant's, numbered through.

    `serial` names the view in this process: what was joined for one view is of no use to any other. `ended` marks the
    passages of versions whose last day is known, None where there are none.
    """

    serial: int
    tenant: UUID
    scopes: tuple[ScopeState, ...]
    generation: int
    corpus: Corpus
    prepared: Prepared
    item_ids: NDArray[np.bytes_]
    item_scope: NDArray[np.int8]
    item_rows: NDArray[np.int64]
    pieces: tuple[_Piece, ...]
    offsets: NDArray[np.int64]
    ended: NDArray[np.bool_] | None
    masks: OrderedDict[Hashable, NDArray[np.bool_] | None] = field(default_factory=OrderedDict)

    @property
    def segment_ids(self) -> list[int]:
        """All segments, in order."""
        return [piece.segment.id for piece in self.pieces]

    @property
    def nbytes(self) -> int:
        """Memory of the joined arrays, without the scopes'."""
        corpus = self.corpus
        joined = corpus.item.nbytes + corpus.section.nbytes + corpus.lengths.nbytes
        moved = sum(piece.moved.nbytes + 8 * piece.size for piece in self.pieces if piece.moved is not None)
        joined += self.prepared.nbytes
        return joined + moved + self.item_ids.nbytes + self.item_rows.nbytes + _MASKS_KEPT * len(corpus.item)

    def allowed(
        self, as_of: date, filters: Filters, among: NDArray[np.bytes_] | None
    ) -> tuple[NDArray[np.bool_] | None, bool]:
        """Which chunks may be found: (None where all, else a mask; whether any). Kept for the same day and filters."""
        key = (as_of, filters)
        if key in self.masks:
            self.masks.move_to_end(key)
            return self._with_any(self.masks[key])
        items = np.zeros(len(self.item_ids), bool)
        for number, state in enumerate(self.scopes):
            passing = np.append(state.items.visible(as_of, filters, among), False)
            mine = self.item_scope == number
            items[mine] = passing[self.item_rows[mine]]
        mask = None if bool(items.all()) else items[self.corpus.item]
        self.masks[key] = mask
        while len(self.masks) > _MASKS_KEPT:
            self.masks.popitem(last=False)
        return self._with_any(mask)

    def _with_any(self, mask: NDArray[np.bool_] | None) -> tuple[NDArray[np.bool_] | None, bool]:
        """A mask and whether it lets any chunk through; of a version without chunks all may be found, and none is."""
        return mask, len(self.corpus.item) > 0 if mask is None else bool(mask.any())

    def locate(self, numbers: NDArray[np.int64]) -> list[tuple[_Piece, NDArray[np.int64], NDArray[np.int64]]]:
        """Splits chunk numbers by segment: (piece, positions in `numbers`, numbers within the segment)."""
        owner = np.searchsorted(self.offsets, numbers, side="right") - 1
        found: list[tuple[_Piece, NDArray[np.int64], NDArray[np.int64]]] = []
        for index in np.unique(owner).tolist():
            piece = self.pieces[index]
            positions = np.flatnonzero(owner == index)
            local = numbers[positions] - piece.offset
            found.append((piece, positions, local if piece.numbers is None else piece.numbers[local]))
        return found

    def chunk_ids_at(self, numbers: NDArray[np.int64]) -> NDArray[np.bytes_]:
        """The ids of chunks (16 bytes each), in the order asked."""
        chunk_ids = np.zeros(len(numbers), arrays.ID)
        for piece, positions, local in self.locate(numbers):
            chunk_ids[positions] = piece.segment.layout.chunk_ids[local]
        return chunk_ids

    def ids_at(self, numbers: Sequence[int]) -> list[tuple[UUID, UUID]]:
        """The ids of chunks and of their items, in the order asked."""
        asked = np.array(numbers, np.int64)
        chunk_ids = self.chunk_ids_at(asked)
        items, item_of = np.unique(self.corpus.item[asked], return_inverse=True)
        own = self.item_ids[items]
        item_ids = [arrays.uuid_at(own, i) for i in range(len(items))]
        return [(arrays.uuid_at(chunk_ids, i), item_ids[owner]) for i, owner in enumerate(item_of.tolist())]

    def entries(self, terms: Sequence[Sequence[Posting | None]]) -> list[Entry]:
        """Terms' postings over the view, from those of its segments (same order as `pieces`), ready for ranking."""
        joined = [
            arrays.join_postings(
                [
                    (part, piece.moved, piece.offset)
                    for piece, part in zip(self.pieces, parts, strict=True)
                    if part is not None and len(part[0])
                ]
            )
            for parts in terms
        ]
        return Entry.of_all(joined, self.prepared)


def build_view(tenant: UUID, scopes: Sequence[ScopeState], generation: int) -> View:
    """Joins the scopes to one corpus. `generation` is the sum of all generations the asker can see."""
    pieces: list[_Piece] = []
    items: list[NDArray[np.uint32]] = []
    sections: list[NDArray[np.uint32]] = []
    lengths: list[NDArray[np.uint16]] = []
    item_ids: list[NDArray[np.bytes_]] = []
    item_scope: list[NDArray[np.int8]] = []
    item_rows: list[NDArray[np.int64]] = []
    item_ended: list[NDArray[np.bool_]] = []
    offset = item_offset = section_offset = 0
    for number, state in enumerate(scopes):
        for segment in state.segments:
            layout = segment.layout
            kept = layout.without(segment.dropped)
            whole = bool(kept.all())
            numbers = layout.chunks_of(kept)
            if not len(numbers):
                continue
            moved: NDArray[np.int32] | None = None
            if not whole:
                moved = np.full(layout.size, -1, np.int32)
                moved[numbers] = np.arange(offset, offset + len(numbers), dtype=np.int32)
            pieces.append(_Piece(number, segment, offset, len(numbers), None if whole else numbers, moved))
            counts = np.diff(layout.starts)[kept]
            items.append(np.repeat(np.arange(item_offset, item_offset + len(counts), dtype=np.uint32), counts))
            sections.append((layout.sections if whole else layout.sections[numbers]) + np.uint32(section_offset))
            lengths.append(layout.lengths if whole else layout.lengths[numbers])
            ids = layout.item_ids[kept]
            item_ids.append(ids)
            item_scope.append(np.full(len(ids), number, np.int8))
            rows = state.items.rows_of(ids)
            item_rows.append(rows)
            item_ended.append(np.append(state.items.until, LAST_DAY)[rows] != LAST_DAY)
            offset += len(numbers)
            item_offset += len(ids)
            section_offset += int(layout.sections[-1]) + 1
    empty = not pieces
    corpus = Corpus(
        item=np.zeros(0, np.uint32) if empty else np.concatenate(items),
        section=np.zeros(0, np.uint32) if empty else np.concatenate(sections),
        lengths=np.zeros((0, 3), np.uint16) if empty else np.concatenate(lengths),
    )
    ended = np.zeros(0, np.bool_) if empty else np.concatenate(item_ended)
    return View(
        serial=next(_SERIALS),
        tenant=tenant,
        scopes=tuple(scopes),
        generation=generation,
        corpus=corpus,
        prepared=Prepared.of(corpus),
        item_ids=np.zeros(0, arrays.ID) if empty else np.concatenate(item_ids),
        item_scope=np.zeros(0, np.int8) if empty else np.concatenate(item_scope),
        item_rows=np.zeros(0, np.int64) if empty else np.concatenate(item_rows),
        pieces=tuple(pieces),
        offsets=np.array([piece.offset for piece in pieces], np.int64),
        ended=ended[corpus.item] if bool(ended.any()) else None,
    )
