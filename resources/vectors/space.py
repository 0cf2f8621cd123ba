"""The space that a version's dense vectors lie in where a model made them. Pure; no client belongs here.

Which space a vector lies in is said by model, digest, dimension and prefixes together; vectors of two spaces must never
be compared. A version without a `Space` has the vectors that its own lexicon gives.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.model import ChunkFields

LARGEST_DIMENSION: Final = 4_000
"""A vector of halves must fit on a page of PostgreSQL, for it is stored in the row."""

F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What a model was trained to see before a passage and before a question."""

    passage: str = ""
    question: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """A vector space: the model's name, the digest of its weights, the numbers of a vector, the prefixes."""

    model: str
    digest: str
    dimension: int
    prefixes: Prefixes

    @property
    def key(self) -> str:
        """Fingerprint (hex, 16 digits): equal for vectors that may be compared, different for all others."""
        parts = (self.digest, str(self.dimension), self.prefixes.passage, self.prefixes.question)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @staticmethod
    def stored(
        model: str, digest: str | None, dimension: int, passage_prefix: str | None, question_prefix: str | None
    ) -> Space | None:
        """From a version's row; None where the lexicon makes the vectors."""
        if digest is None:
            return None
        return Space(model, digest, dimension, Prefixes(passage_prefix or "", question_prefix or ""))


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Unit vectors of passages (n × dimension), and the space that they lie in."""

    space: Space
    vectors: F32


def passage_text(fields: ChunkFields) -> str:
    """What a model reads of a passage. Title and heading first: a text that is too long loses its end."""
    return "\n".join(part for part in (fields.title, fields.heading, fields.body) if part)


def leveled(cosines: F32, spaces: Sequence[NDArray[np.bool_]]) -> F32:
    """Cosines of several spaces, made comparable: each space's best passage counts 1, none less than 0.

    `spaces` has a mark for each value, space by space. The cosines of one model lie between 0.7 and 0.9 for whatever
    text, those of a lexicon between 0 and 0.8: as they are, all passages of one scope would outdo the other's.
    """
    even = np.maximum(cosines, 0)
    for mine in spaces:
        best = float(even[mine].max(initial=0.0))
        if best > 0:
            even[mine] /= np.float32(best)
    return even
