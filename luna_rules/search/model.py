"""The shapes of search, shared by writers, engines and the ranker. No behaviour beyond small views belongs here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

FIELDS = ("title", "heading", "body", "part")
"""Columns of a posting's frequencies. `part` counts parts of split compounds, whatever field they stood in."""


class ChunkFields(msgspec.Struct, frozen=True):
    """What of a chunk is searched. `section`, `paragraph` and `law_names` make the exact look-up terms."""

    title: str
    heading: str
    body: str
    section: str | None = None
    paragraph: str | None = None
    law_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermBlock:
    """The analysis of `n` consecutive chunks, column by column, ready to be stored.

    Term `terms[i]` (sorted, unique) occurs in chunks `numbers[offsets[i]:offsets[i + 1]]` (uint32, 0…n−1, ascending)
    with `frequencies` of the same rows (uint8, one column for each of `FIELDS`, capped at 255).
    `lengths` has a row for each chunk (uint16: tokens in title, heading, body).
    """

    terms: tuple[str, ...]
    offsets: NDArray[np.int64]
    numbers: NDArray[np.uint32]
    frequencies: NDArray[np.uint8]
    lengths: NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The chunks that an engine searches, as arrays over chunk number 0…n−1 (chunks of an item are consecutive).

    `item`: number of the item. `section`: number of the section; consecutive chunks of one item and one § share it.
    `lengths`: as in `TermBlock`. All visible scopes are concatenated; numbers are only valid within one `Corpus`.
    """

    item: NDArray[np.uint32]
    section: NDArray[np.uint32]
    lengths: NDArray[np.uint16]


Postings = Mapping[str, tuple[NDArray[np.uint32], NDArray[np.uint8]]]
"""For each term of a query that occurs: chunk numbers (ascending) and frequencies (rows × FIELDS)."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One passage found. `scores` says why: `lexical`, `section`, `dense`, `lookup`, `law`, … (all ≥ 0)."""

    number: int
    score: float
    scores: Mapping[str, float]
