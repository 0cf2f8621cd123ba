"""Turns an extracted text into the passages that are found and cited.

Laws are cut by § and Absatz, everything else by headings and paragraphs. Every chunk is a stretch of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from luna_rules.documents.blocks import Block, Piece, blocks, pack, strip_span
from luna_rules.documents.headings import Part, outline
from luna_rules.documents.law_titles import clean_title
from luna_rules.documents.laws import Law, Section, paragraphs, parse_law
from luna_rules.documents.model import Chunk, ChunkedDocument, ExtractedText, Metadata
from luna_rules.documents.tokens import TokenIndex

CHUNKER_VERSION = "1"
"""Changes whenever the same text would be cut otherwise; stored chunks of another version are stale."""

_NOTE_LIMIT = 500
_SMALL = 100
"""Tokens below which a piece may grow across a heading."""


class _Maker:
    """Collects the chunks of one text."""

    def __init__(self, extracted: ExtractedText, target: int) -> None:
        self.text = extracted.text
        self.tokens = TokenIndex(extracted.text)
        self.target = target
        self.limit = target * 6 // 5
        self.chunks: list[Chunk] = []
        self._page_starts = [page.char_start for page in extracted.pages]
        self._pages = extracted.pages

    def page(self, start: int) -> int | None:
        if not self._pages:
            return None
        return self._pages[max(0, bisect_right(self._page_starts, start) - 1)].number

    def pack(self, found: list[Block]) -> list[Piece]:
        return pack(self.text, found, self.tokens, self.target, self.limit)

    def add(
        self,
        piece: Piece,
        path: tuple[str, ...],
        section: str | None = None,
        paragraph: str | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        noted: Metadata = dict(metadata or {})
        if piece.table_header:
            noted["table_header"] = piece.table_header
        if piece.lead_in:
            noted["lead_in"] = piece.lead_in
        self.chunks.append(
            Chunk(
                chunk_idx=len(self.chunks),
                text=self.text[piece.start : piece.end],
                char_start=piece.start,
                char_end=piece.end,
                heading_path=path,
                section=section,
                paragraph=paragraph,
                page=self.page(piece.start),
                metadata=noted,
            )
        )


def chunk_document(
    extracted: ExtractedText, *, file_name: str | None = None, target_tokens: int = 500
) -> ChunkedDocument:
    """Cuts a text into passages of about `target_tokens` and at most 6/5 of that (tokens as in `tokens.TOKEN`).

    Laws: an Absatz is a chunk, or several where it is long; a § without Absätze likewise; tables of contents are left
    out; editors' notes `(+++ … +++)` stand in `metadata["note"]` of their section's chunks. Other documents: paragraphs
    packed under their headings. `metadata` may hold `table_header`, `lead_in` (the sentence above a list whose later
    items these are), `role` (`front`, `formula`, `repealed`). `file_name` may lend a law its abbreviation.
    Raises ValueError for a target below 20 tokens.
    """
    if target_tokens < 20:
        raise ValueError("target_tokens must be at least 20")
    if not extracted.text.strip():
        return ChunkedDocument(extracted.title, (), ())
    maker = _Maker(extracted, target_tokens)
    law = parse_law(extracted, file_name=file_name)
    if law is not None:
        _chunk_law(law, maker)
        return ChunkedDocument(law.title or extracted.title, law.names, tuple(maker.chunks))
    title, parts = outline(extracted)
    _chunk_parts(parts, maker)
    return ChunkedDocument(extracted.title or title, (), tuple(maker.chunks))


def _chunk_law(law: Law, maker: _Maker) -> None:
    text = maker.text
    place = 0
    if law.sections:
        first = law.sections[0].heading_start
        front = _front(text, first)
        if front is not None and clean_title(text[front[0] : front[1]]) != law.title:
            for piece in maker.pack(blocks(text, *front)):
                maker.add(piece, (), metadata={"role": "front"})
        place = first
    for section in law.sections:
        if section.heading_start < place:
            continue
        place = section.end
        if section.kind != "toc":
            _chunk_section(section, maker)


def _front(text: str, end: int) -> tuple[int, int] | None:
    """What stands before the first section, if it is more than the title and dates that the document has anyway."""
    start = 0
    for match in re.finditer(r"[^\n]*\n?", text[:end]):
        line = match.group().strip("\ufeff \t\r\n")
        if line and not line.startswith(("% ", "%\t")):
            break
        start = match.end()
        if not match.group():
            break
    start, end = strip_span(text, start, end)
    return (start, end) if start < end else None


def _chunk_section(section: Section, maker: _Maker) -> None:
    text = maker.text
    path = (*section.path, section.heading)
    before = len(maker.chunks)
    notes: list[str] = []
    metadata: Metadata = {"role": "formula"} if section.kind == "formula" else {}
    for part in paragraphs(text, section):
        if not any(char.isalnum() for char in text[part.start : part.end]):
            continue
        found = blocks(text, part.start, part.end)
        notes.extend(" ".join(text[b.start : b.end].split()) for b in found if b.kind == "note")
        found = [block for block in found if block.kind != "note"]
        for piece in maker.pack(found):
            maker.add(piece, path, section.label, part.number, metadata)
    if len(maker.chunks) == before:
        start, end = strip_span(text, section.heading_start, section.body_start)
        start += len(text[start:end]) - len(text[start:end].lstrip("# \t"))
        if start < end:
            maker.add(Piece(start, end), path, section.label, None, {"role": "repealed"})
    if notes:
        note = " ".join(notes)[:_NOTE_LIMIT]
        for chunk in maker.chunks[before:]:
            chunk.metadata["note"] = note


def _chunk_parts(parts: list[Part], maker: _Maker) -> None:
    """Packs the parts of an outline: a small part grows into the next one, a large one ends there."""
    gathered: list[Block] = []
    paths: list[tuple[tuple[str, ...], int]] = []

    def flush() -> None:
        path = _common(paths)
        for piece in maker.pack(gathered):
            maker.add(piece, path)
        gathered.clear()
        paths.clear()

    for part in parts:
        found = blocks(maker.text, part.start, part.end)
        if not found:
            continue
        if gathered:
            size = maker.tokens.count(gathered[0].start, gathered[-1].end)
            top = part.path[:1] != paths[-1][0][:1]
            grown = maker.tokens.count(gathered[0].start, found[-1].end)
            if size >= (_SMALL if top else maker.target // 2) or grown > maker.limit:
                flush()
        gathered.extend(found)
        paths.append((part.path, maker.tokens.count(found[0].start, found[-1].end)))
    flush()


def _common(paths: list[tuple[tuple[str, ...], int]]) -> tuple[str, ...]:
    """The headings that all parts of a piece share; those of its longest part where they share none."""
    common = paths[0][0] if paths else ()
    for path, _ in paths[1:]:
        length = 0
        while length < min(len(common), len(path)) and common[length] == path[length]:
            length += 1
        common = common[:length]
    return common or max(paths, key=lambda item: item[1])[0] if paths else ()
