"""Written text becomes terms and vectors. The question's side is in `query.py`; both use the same words and lexicon."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luna_rules.search import laws, words
from luna_rules.search.lexicon import Lexicon, weights_of
from luna_rules.search.model import FIELDS, ChunkFields, TermBlock

ANALYSER_VERSION = "1"
"""Changes whenever the same text and lexicon would give other terms or vectors."""

_MAX_CACHED_WORDS = 500_000
_NUMBERED_AT_ONCE = 50_000
_PART = FIELDS.index("part")


@dataclass(frozen=True, slots=True)
class Word:
    """The terms of one token: `full` for the token itself (several where it has hyphens), `parts` of its compounds."""

    full: tuple[str, ...]
    parts: tuple[str, ...]


class _Table(dict[str, int]):
    """Numbers of distinct tokens, given when first asked for; each one's terms as numbers on end, with offsets.

    Whoever asks for numbers holds the lock.
    """

    def __init__(self, word: Callable[[str], Word]) -> None:
        super().__init__()
        self._word = word
        self._numbers: dict[str, int] = {}
        self.lock = threading.Lock()
        self.terms: list[str] = []
        self.flat = array("q")
        self.kinds = array("b")
        self.starts = array("q", [0])

    def number_of(self, term: str) -> int:
        """The number of a term."""
        number = self._numbers.get(term)
        if number is None:
            number = self._numbers[term] = len(self.terms)
            self.terms.append(term)
        return number

    def __missing__(self, token: str) -> int:
        word = self._word(token)
        for terms, is_part in ((word.full, 0), (word.parts, 1)):
            for term in terms:
                self.flat.append(self.number_of(term))
                self.kinds.append(is_part)
        self.starts.append(len(self.flat))
        self[token] = number = len(self)
        return number


class Gathering:
    """Passages of which one `TermBlock` is made. Most of the work is done as they come, so they may come bit by bit."""

    def __init__(self, table: _Table) -> None:
        self._table = table
        self._count = 0
        self._numbered: list[NDArray[np.int64]] = []
        # Where each text's tokens go (passage × 4 + column), how many they are, and look-up terms with their passages.
        self._places = array("q")
        self._sizes = array("q")
        self._exact_terms = array("q")
        self._exact_passages = array("q")
        # Titles and headings are those of many passages.
        self._texts: dict[str, list[str]] = {}

    def add(self, chunks: Iterable[ChunkFields]) -> None:
        """Takes passages behind those that are here."""
        with self._table.lock:
            self._add(chunks)

    def _add(self, chunks: Iterable[ChunkFields]) -> None:
        number_of, token_id = self._table.number_of, self._table.__getitem__
        places, sizes, texts = self._places, self._sizes, self._texts
        # The tokens of all texts on end, as numbers once they are many.
        stream: list[str] = []
        for index, chunk in enumerate(chunks, self._count):
            for column, text in enumerate((chunk.title, chunk.heading)):
                raw = texts.get(text)
                if raw is None:
                    raw = texts[text] = words.tokens(words.clean(text))
                stream += raw
                places.append(index * 4 + column)
                sizes.append(len(raw))
            raw = words.tokens(words.clean(chunk.body))
            stream += raw
            places.append(index * 4 + 2)
            sizes.append(len(raw))
            for term in look_up_terms(chunk):
                self._exact_terms.append(number_of(term))
                self._exact_passages.append(index)
            self._count = index + 1
            if len(stream) >= _NUMBERED_AT_ONCE:
                self._numbered.append(np.fromiter(map(token_id, stream), np.int64, len(stream)))
                stream = []
        self._numbered.append(np.fromiter(map(token_id, stream), np.int64, len(stream)))

    def block(self) -> TermBlock:
        """The terms of all passages, as columns."""
        with self._table.lock:
            first, flat, kinds = (
                np.array(self._table.starts),
                np.array(self._table.flat),
                np.array(self._table.kinds).astype(bool),
            )
        sizes = np.array(self._sizes)
        tokens = np.concatenate(self._numbered) if self._numbered else np.zeros(0, np.int64)
        places = np.repeat(np.array(self._places), sizes)
        width = np.diff(first)[tokens]
        # Position of each term in `flat`: the token's start, counted on within the token.
        within = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
        position = np.repeat(first[:-1][tokens], width) + within
        place = np.repeat(places, width)
        place = np.where(kinds[position], place // 4 * 4 + _PART, place)
        term = np.concatenate([flat[position], np.array(self._exact_terms)])
        place = np.concatenate([place, np.array(self._exact_passages) * 4 + FIELDS.index("body")])
        lengths = np.minimum(sizes, 65535).astype(np.uint16).reshape(-1, 3)
        return _columns(self._table.terms, term, place, self._count, lengths)


class Analyser:
    """Turns passages into terms and vectors by one lexicon. Keeps what it learns of words; threads may share it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._split = lexicon.splitter.split
        self._words: dict[str, Word] = {}
        self._table = _Table(self._analyse_token)

    def word(self, raw: str) -> Word:
        """The terms of one raw token (see `words.tokens`); empty for function words."""
        found = self._words.get(raw)
        if found is None:
            if len(self._words) > _MAX_CACHED_WORDS:
                self._words.clear()
            found = self._words[raw] = self._analyse_token(raw)
        return found

    def _analyse_token(self, raw: str) -> Word:
        if raw[0] == "§":
            return Word((words.reference(raw),), ())
        if words.is_number(raw):
            return Word((words.number(raw),), ())
        if raw.isalpha():
            return self._analyse_word(raw)
        pieces = words.pieces(raw)
        found = [self._analyse_token(piece) if piece != raw else Word((words.spelling(raw),), ()) for piece in pieces]
        full = [term for word in found for term in word.full]
        parts = [term for word in found for term in word.parts]
        whole = words.joined(raw)
        if len(pieces) > 1:
            if whole.isalpha():
                full.insert(0, words.stem(words.spelling(whole)))
            else:
                full.insert(0, words.spelling(whole))
        elif whole != raw:  # „Elektrizitäts-“ stands for a compound that another word completes
            spelled = words.spelling(whole)
            if spelled.endswith("s") and spelled[:-1] in self._lexicon.parts:
                full = [words.stem(spelled[:-1])]
        return Word(tuple(dict.fromkeys(full)), tuple(dict.fromkeys(parts)))

    def _analyse_word(self, raw: str) -> Word:
        spelled = words.spelling(raw)
        if spelled in words.FUNCTION_WORDS or len(spelled) < 2:
            return Word((), ())
        full = words.stem(spelled)
        split = self._split(spelled)
        parts = [words.stem(part) for part in split]
        if len(parts) > 2:  # „Netzanschlusskosten“ is found by „Netzanschluss“, too
            parts += [words.stem(a + b) for a, b in pairwise(split)]
        return Word((full,), tuple(dict.fromkeys(part for part in parts if part != full)))

    def gather(self) -> Gathering:
        """Begins a block of terms. Look-up terms (`@law/…`, `@sec/…`, `@abs/…`) count in the body column."""
        if len(self._table) > _MAX_CACHED_WORDS:
            self._table = _Table(self._analyse_token)
        return Gathering(self._table)

    def analyse(self, chunks: Iterable[ChunkFields]) -> TermBlock:
        """Terms of passages, as columns (see `gather`)."""
        gathering = self.gather()
        gathering.add(chunks)
        return gathering.block()

    def embed(self, block: TermBlock) -> NDArray[np.float32]:
        """Unit vectors of a block's passages (n × dimension); a row is zero where no term is known."""
        n = len(block.lengths)
        lexicon = self._lexicon
        if not lexicon.dimension or not n:
            return np.zeros((n, lexicon.dimension), np.float32)
        rows = np.fromiter((lexicon.rows.get(term, -1) for term in block.terms), np.int64, len(block.terms))
        column = np.repeat(rows, np.diff(block.offsets))
        known = column >= 0
        matrix = sparse.csr_matrix(
            (weights_of(block)[known], (block.numbers[known].astype(np.int64), column[known])),
            shape=(n, len(lexicon.terms)),
        )
        vectors = np.asarray(matrix @ lexicon.matrix, dtype=np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)


def look_up_terms(chunk: ChunkFields) -> tuple[str, ...]:
    """The exact terms of a passage: the law's names, its section, its Absatz."""
    return _look_up_terms(chunk.law_names, chunk.section, chunk.paragraph)


@lru_cache(maxsize=20_000)
def _look_up_terms(law_names: tuple[str, ...], section: str | None, paragraph: str | None) -> tuple[str, ...]:
    found = [*_law_terms(law_names)]
    if section:
        number = laws.section_key(section)
        if number:
            found.append(laws.section_term(number))
            if paragraph:
                found.append(laws.paragraph_term(paragraph))
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=2_000)
def _law_terms(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(laws.law_term(key) for name in names for key in laws.law_keys(name))


def _columns(
    terms: Sequence[str], term: NDArray[np.int64], place: NDArray[np.int64], n: int, lengths: NDArray[np.uint16]
) -> TermBlock:
    """A block of `n` passages from the number of each term among `terms` and the place where it occurs."""
    used = np.flatnonzero(np.bincount(term)).tolist()
    used.sort(key=terms.__getitem__)
    rank = np.empty(max(used, default=-1) + 1, np.int64)
    rank[used] = np.arange(len(used))
    unique, counts = np.unique(rank[term] * max(n, 1) * 4 + place, return_counts=True)
    posting, column = unique // 4, unique % 4
    new = np.ones(len(posting), bool)
    new[1:] = posting[1:] != posting[:-1]
    row = np.cumsum(new) - 1
    frequencies = np.zeros((int(new.sum()), 4), np.uint8)
    frequencies[row, column] = np.minimum(counts, 255)
    posting = posting[new]
    offsets = np.searchsorted(posting // max(n, 1), np.arange(len(used) + 1)).astype(np.int64)
    return TermBlock(
        terms=tuple(terms[i] for i in used),
        offsets=offsets,
        numbers=(posting % max(n, 1)).astype(np.uint32),
        frequencies=frequencies,
        lengths=lengths,
    )
