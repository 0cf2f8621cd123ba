"""What is learnt from a corpus and fixed for one index version: parts of compounds, term vectors, names of laws.

Nothing here counts documents for scoring: those figures follow from the postings that the asker may see.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luna_rules.search import words
from luna_rules.search.compounds import Splitter, learn_words
from luna_rules.search.laws import law_keys
from luna_rules.search.model import ChunkFields, TermBlock

_FORMAT = 1
_MAX_VECTOR_TERMS = 40_000
_MAX_LEARNT_CHUNKS = 30_000
_OVERSAMPLING = 16
# How much a term counts in a vector by the field it stands in (title, heading, body, part).
FIELD_WEIGHTS = np.array([0.3, 2.0, 1.0, 0.4], dtype=np.float32)


class _Stored(msgspec.Struct):
    format: int
    parts: dict[str, int]
    laws: dict[str, str]
    terms: list[str]
    dimension: int
    matrix: bytes


@dataclass(frozen=True, eq=False)
class Lexicon:
    """A corpus's knowledge of words. Written and asked text must pass through the same lexicon to meet.

    `parts`: words (in their spelling) that compounds are split into, with counts. `laws`: key of a law's name →
    the name's first spelling. `terms`: sorted terms that have a vector. `matrix`: float32, a row for each of `terms`.
    """

    parts: Mapping[str, int]
    laws: Mapping[str, str]
    terms: tuple[str, ...]
    matrix: NDArray[np.float32]
    _blob: list[bytes] = field(default_factory=list[bytes], repr=False)

    @staticmethod
    def empty() -> Lexicon:
        """A lexicon that knows nothing: no compound is split, vectors have no dimension."""
        return Lexicon({}, {}, (), np.zeros((0, 0), np.float32))

    @staticmethod
    def learn(
        chunks: Iterable[ChunkFields],
        *,
        base: Lexicon | None = None,
        seed: int = 7,
        dimension: int = 300,
    ) -> Lexicon:
        """Learns parts of compounds, names of laws and term vectors.

        With a `base` its parts and laws are united with the learnt ones, and its vector space is kept: new terms get
        the mean of the passages they stand in. So vectors of a tenant and of the public corpus can be compared.
        Vectors have `dimension` columns even where fewer could be learnt (the rest is zero). The same chunks, base and
        seed give the same lexicon.
        """
        from luna_rules.search.analyser import Analyser  # the analyser needs a lexicon, learning needs the analyser

        chunks = list(chunks)
        counts = _count_words(chunks)
        parts = dict(base.parts) if base else {}
        for word, count in learn_words(counts, minimum=2 if len(chunks) > 50 else 1).items():
            parts[word] = parts.get(word, 0) + count
        laws = dict(base.laws) if base else {}
        for names in dict.fromkeys(chunk.law_names for chunk in chunks):
            for name in names:
                for key in law_keys(name):
                    laws.setdefault(key, name)
        lexicon = Lexicon(
            parts, laws, base.terms if base else (), base.matrix if base else np.zeros((0, 0), np.float32)
        )
        if not chunks:
            return lexicon
        if len(chunks) > _MAX_LEARNT_CHUNKS:
            chosen = np.random.default_rng(seed).choice(len(chunks), _MAX_LEARNT_CHUNKS, replace=False)
            chunks = [chunks[i] for i in np.sort(chosen)]
        block = Analyser(lexicon).analyse(chunks)
        if base is not None and base.dimension:
            terms, matrix = _fold_in(lexicon, block, len(chunks))
        else:
            terms, matrix = _learn_vectors(block, len(chunks), seed, dimension)
        return Lexicon(parts, laws, terms, matrix)

    def for_questions(self) -> Lexicon:
        """The same for those who only ask: vectors in the precision in which they are stored, no bytes for storage.

        That is less than half the memory. Passages must not be embedded with it: numpy is slow at such products.
        """
        return replace(self, matrix=cast("NDArray[np.float32]", self.matrix.astype(np.float16)), _blob=[])

    @property
    def dimension(self) -> int:
        """Columns of a vector; 0 where nothing was learnt."""
        return int(self.matrix.shape[1])

    @cached_property
    def splitter(self) -> Splitter:
        """Splits words by the learnt parts."""
        return Splitter(self.parts)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Row in `matrix` for each term that has a vector."""
        return {term: row for row, term in enumerate(self.terms)}

    def to_bytes(self) -> bytes:
        """The lexicon for storage; vectors are kept with half precision."""
        if not self._blob:
            stored = _Stored(
                format=_FORMAT,
                parts=dict(sorted(self.parts.items())),
                laws=dict(sorted(self.laws.items())),
                terms=list(self.terms),
                dimension=self.dimension,
                matrix=self.matrix.astype("<f2").tobytes(),
            )
            self._blob.append(zlib.compress(msgspec.msgpack.encode(stored), 1))
        return self._blob[0]

    @staticmethod
    def from_bytes(data: bytes) -> Lexicon:
        """Reads what `to_bytes` wrote. Raises `ValueError` where the bytes are no lexicon of this version."""
        try:
            stored = msgspec.msgpack.decode(zlib.decompress(data), type=_Stored)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ValueError(f"These bytes are no lexicon: {error}") from error
        if stored.format != _FORMAT:
            raise ValueError(f"The lexicon has format {stored.format}, this version reads {_FORMAT}")
        matrix = np.frombuffer(stored.matrix, dtype="<f2").astype(np.float32)
        matrix = matrix.reshape(len(stored.terms), stored.dimension)
        return Lexicon(stored.parts, stored.laws, tuple(stored.terms), matrix, [data])

    @cached_property
    def digest(self) -> str:
        """Fingerprint (sha256, hex) of everything that decides about terms and vectors."""
        return hashlib.sha256(zlib.decompress(self.to_bytes())).hexdigest()


def _count_words(chunks: Sequence[ChunkFields]) -> Counter[str]:
    raw: Counter[str] = Counter()
    seen: set[str] = set()
    for chunk in chunks:
        raw.update(words.tokens(words.clean(chunk.body)))
        for text in (chunk.title, chunk.heading):
            if text not in seen:
                seen.add(text)
                raw.update(words.tokens(words.clean(text)))
    counts: Counter[str] = Counter()
    for token, count in raw.items():
        for piece in words.pieces(token):
            if words.is_word(piece) and not piece.isupper():
                word = words.spelling(piece)
                if word not in words.FUNCTION_WORDS:
                    counts[word] += count
    return counts


def has_vector(term: str) -> bool:
    """Whether a term is a word: references, numbers and look-up terms say nothing about the subject."""
    return term[0] not in "@§" and not any(c.isdigit() for c in term) and len(term) > 2


def weights_of(block: TermBlock) -> NDArray[np.float32]:
    """The weight of each posting in its passage's vector."""
    return np.log1p(block.frequencies.astype(np.float32) @ FIELD_WEIGHTS)


def _learn_vectors(block: TermBlock, n: int, seed: int, dimension: int) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    frequency = np.diff(block.offsets)
    rare = 2 if n > 50 else 1
    usable = np.fromiter((has_vector(term) for term in block.terms), bool, len(block.terms))
    usable &= (frequency >= rare) & ((frequency <= 0.5 * n) | (n < 20))
    chosen = np.flatnonzero(usable)
    if len(chosen) > _MAX_VECTOR_TERMS:
        chosen = np.sort(chosen[np.argsort(-frequency[chosen], kind="stable")[:_MAX_VECTOR_TERMS]])
    terms = tuple(block.terms[i] for i in chosen)
    if not terms:
        return (), np.zeros((0, dimension), np.float32)
    matrix = _matrix(block, n)[:, chosen]
    idf = np.log(1.0 + n / frequency[chosen]).astype(np.float32)
    weighted = matrix @ sparse.diags(idf).tocsr()
    norms = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel()) + 1e-6
    weighted = (sparse.diags((1.0 / norms).astype(np.float32)) @ weighted).tocsr().astype(np.float32)
    right = _right_singular_vectors(weighted, min(dimension, n, len(terms)), seed)
    vectors = np.zeros((len(terms), dimension), np.float32)
    vectors[:, : right.shape[1]] = right * idf[:, None]
    return terms, vectors


def _matrix(block: TermBlock, n: int) -> sparse.csr_matrix:
    by_term: Any = sparse.csc_matrix(
        (weights_of(block), block.numbers.astype(np.int32), block.offsets), shape=(n, len(block.terms))
    )
    return by_term.tocsr()


def _right_singular_vectors(matrix: sparse.csr_matrix, k: int, seed: int) -> NDArray[np.float32]:
    """Randomised range finder with two power iterations: deterministic for a seed, k·nnz work."""
    rows, columns = cast(tuple[int, int], matrix.shape)
    width = min(k + _OVERSAMPLING, rows, columns)
    random = np.random.default_rng(seed).standard_normal((rows, width), dtype=np.float32)
    transposed: Any = matrix.T.tocsr()
    basis = transposed @ random
    for _ in range(2):
        basis, _ = np.linalg.qr(basis)
        basis = transposed @ (matrix @ basis)
    basis, _ = np.linalg.qr(basis)
    projected = matrix @ basis
    values, rotation = np.linalg.eigh(projected.T @ projected)
    order = np.argsort(-values)[:k]
    right = basis @ rotation[:, order]
    # The sign of a singular vector is arbitrary; fixing it makes the result comparable.
    signs = np.sign(right[np.argmax(np.abs(right), axis=0), np.arange(right.shape[1])])
    return (right * np.where(signs == 0, 1, signs)).astype(np.float32)


def _fold_in(lexicon: Lexicon, block: TermBlock, n: int) -> tuple[tuple[str, ...], NDArray[np.float32]]:
    from luna_rules.search.analyser import Analyser

    passages = Analyser(lexicon).embed(block)
    frequency = np.diff(block.offsets)
    known = lexicon.rows
    fresh = [
        i
        for i, term in enumerate(block.terms)
        if term not in known and has_vector(term) and frequency[i] <= max(3, 0.5 * n)
    ][:_MAX_VECTOR_TERMS]
    if not fresh:
        return lexicon.terms, lexicon.matrix
    strength = float(np.median(np.linalg.norm(lexicon.matrix, axis=1)))
    added: Any = _matrix(block, n)[:, fresh].T.tocsr() @ passages
    added = added / (np.linalg.norm(added, axis=1, keepdims=True) + 1e-9) * strength
    terms = [*lexicon.terms, *(block.terms[i] for i in fresh)]
    matrix = np.vstack([lexicon.matrix, added.astype(np.float32)])
    order = sorted(range(len(terms)), key=terms.__getitem__)
    return tuple(terms[i] for i in order), np.ascontiguousarray(matrix[order])
