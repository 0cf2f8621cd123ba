"""The shapes that a document takes between extraction and index. No behaviour beyond validation belongs here.

What there are thousands of in a document is a `Struct`: made in a tenth of the time that a frozen dataclass takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

Scalar = str | int | float | bool
Metadata = dict[str, Scalar | list[str]]


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where one page's text lies in `ExtractedText.text`: characters `char_start` up to, not including, `char_end`."""

    number: int
    char_start: int
    char_end: int


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """A document's text as extracted once. All character spans anywhere in the house point into `text`.

    `markup` tells how structure is written in `text`: `markdown` (ATX headings, pipe tables) or `plain`.
    `pages` is empty for formats without pages. `warnings` are German sentences for people.
    """

    text: str
    media_type: str
    markup: Literal["markdown", "plain"]
    title: str | None = None
    pages: tuple[PageSpan, ...] = ()
    warnings: tuple[str, ...] = ()
    extractor: str = ""


class Chunk(msgspec.Struct, frozen=True):
    """A passage that can be cited: `text == extracted.text[char_start:char_end]`, character by character.

    `section` is written as in the law (`§ 14a`, `Art. 3`, `Anhang 1`), `paragraph` is the Absatz without brackets
    (`2`, `5a`). `heading_path` runs from the document's title (not included) down to the nearest heading.
    `page` is the page on which the passage begins. `metadata` holds what a reader of the bare text would miss,
    for instance the header of a table that was split by rows (`table_header`).
    """

    chunk_idx: int
    text: str
    char_start: int
    char_end: int
    heading_path: tuple[str, ...] = ()
    section: str | None = None
    paragraph: str | None = None
    page: int | None = None
    metadata: Metadata = msgspec.field(default_factory=dict[str, "Scalar | list[str]"])


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """What chunking found out: the title, the law's names where it is a law, and the passages in reading order.

    `law_names` are the names a law answers to, the short one first (`EnWG`, `Energiewirtschaftsgesetz`, the
    long title).
    """

    title: str | None
    law_names: tuple[str, ...]
    chunks: tuple[Chunk, ...]
