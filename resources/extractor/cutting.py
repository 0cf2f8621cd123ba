"""Passages cut by the child that has read the text: places and names travel, the words are taken from the text.

What comes back is as little trusted as the text itself: the parent checks every place, and takes nothing that is not
bounded by the text. Where the child gave no passages, whoever needs them cuts the text himself.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import msgspec

from luna_rules.documents.chunking import CHUNKER_VERSION
from luna_rules.documents.model import Chunk, ChunkedDocument, ExtractedText, Metadata
from luna_rules.search.found_words import FoundWords

_MOST_NAMES = 100
"""Names of a law; each counts for every passage, so that a child must not give as many as it likes."""


class Passage(msgspec.Struct, frozen=True, array_like=True):
    """A `Chunk` without its text: that is `start…end` of the document's."""

    start: int
    end: int
    heading_path: tuple[str, ...]
    section: str | None
    paragraph: str | None
    metadata: Metadata


class Cut(msgspec.Struct, frozen=True):
    """What cutting found in a text, and the seconds that it took by the child's clock. `words`: of what is searched."""

    version: str
    title: str | None
    law_names: tuple[str, ...]
    passages: tuple[Passage, ...]
    seconds: float
    words: FoundWords | None = None


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document's text and, where the extractor has cut it, its passages; `cut_s` of the time went into those.

    `words`: those of each passage's `searched_text`. Whoever takes them checks them.
    """

    text: ExtractedText
    cut: ChunkedDocument | None = None
    cut_s: float = 0.0
    words: FoundWords | None = None


def cut_of(found: ChunkedDocument, size: int, seconds: float, words: FoundWords | None = None) -> Cut | None:
    """Passages of a text of `size` characters as they travel; None where the parent would not take them."""
    cut = Cut(
        CHUNKER_VERSION,
        found.title,
        found.law_names,
        tuple(
            Passage(one.char_start, one.char_end, one.heading_path, one.section, one.paragraph, one.metadata)
            for one in found.chunks
        ),
        seconds,
        words,
    )
    return cut if _fits(cut, size) else None


def document_of(cut: Cut, text: ExtractedText) -> ChunkedDocument | None:
    """The passages of a text from what the child said of it; None where it cuts otherwise than this process.

    Raises ValueError for places that are not those of passages in this text, one behind the other.
    """
    if cut.version != CHUNKER_VERSION:
        return None
    if not _fits(cut, len(text.text)):
        raise ValueError("passages that do not follow each other within their text")
    starts = [page.char_start for page in text.pages]
    chunks = tuple(
        Chunk(
            chunk_idx=number,
            text=text.text[one.start : one.end],
            char_start=one.start,
            char_end=one.end,
            heading_path=one.heading_path,
            section=one.section,
            paragraph=one.paragraph,
            page=text.pages[max(0, bisect_right(starts, one.start) - 1)].number if starts else None,
            metadata=one.metadata,
        )
        for number, one in enumerate(cut.passages)
    )
    return ChunkedDocument(cut.title, cut.law_names, chunks)


def _fits(cut: Cut, size: int) -> bool:
    """Whether passages follow each other within `size` characters, so that together they are no more than the text."""
    place = 0
    for one in cut.passages:
        if not place <= one.start < one.end <= size:
            return False
        place = one.end
    return len(cut.law_names) <= _MOST_NAMES
