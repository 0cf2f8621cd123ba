"""Written text becomes terms and vectors. The question's side is in `query.py`; both use the same words and lexicon."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from luna_rules.search import laws, words
from luna_rules.search.found_words import ANALYSER_VERSION, NUMBER, FoundWords, are_words, find_words
from luna_rules.search.lexicon import Lexicon, weights_of
from luna_rules.search.model import FIELDS, ChunkFields, TermBlock

__all__ = ["ANALYSER_VERSION", "Analyser", "Gathering", "Word", "look_up_terms"]

_MAX_CACHED_WORDS = 500_000
_FOUND_AT_ONCE = 500
_PART = FIELDS.index("part")


@dataclass(frozen=True, slots=True)
class Word:
    """The terms of one token: `full` for the token itself (several where it has hyphens), `parts` of its compounds."""

    full: tuple[str, ...]
    parts: tuple[str, ...]


class _Numbers(dict[str, int]):
    """Numbers of distinct terms in the order in which they are first asked for."""

    def __missing__(self, term: str) -> int:
        number = self[term] = len(self)
        return number


class _Table(dict[str, int]):
    """Numbers of distinct tokens, given when first asked for; each one's terms as numbers on end, with offsets.

    Whoever asks for numbers holds the lock.
    """

    def __init__(self, word: Callable[[str], Word]) -> None:
        super().__init__()
        self._word = word
        self.terms = _Numbers()
        self.lock = threading.Lock()
        self.flat = array("q")
        self.kinds = array("b")
        self.starts = array("q", [0])

    def takes(self, found: FoundWords, texts: int) -> bool:
        """Whether these can be the words of so many texts."""
        if found.version != ANALYSER_VERSION or len(found.numbers) % 4 or len(found.sizes) != 4 * texts:
            return False
        numbers = np.frombuffer(found.numbers, NUMBER)
        if int(np.frombuffer(found.sizes, NUMBER).sum()) != len(numbers):
            return False
        if int(numbers.max(initial=0)) >= max(1, len(found.distinct)) or (len(numbers) and not found.distinct):
            return False
        return are_words([raw for raw in found.distinct if raw not in self])

    def numbers_of(self, found: FoundWords) -> NDArray[np.int64]:
        """The numbers of all tokens on end."""
        distinct = np.fromiter(map(self.__getitem__, found.distinct), np.int64, len(found.distinct))
        return distinct[np.frombuffer(found.numbers, NUMBER)]

    def __missing__(self, token: str) -> int:
        word = self._word(token)
        for terms, is_part in ((word.full, 0), (word.parts, 1)):
            self.flat.extend(map(self.terms.__getitem__, terms))
            self.kinds.extend((is_part,) * len(terms))
        self.starts.append(len(self.flat))
        self[token] = number = len(self)
        return number


class Gathering:
    """Passages of which one `TermBlock` is made. Most of the work is done as they come, so they may come bit by bit."""

    def __init__(self, table: _Table) -> None:
        self._table = table
        self._count = 0
        # Numbers of the tokens of all bodies on end, and how many each body has.
        self._bodies: list[NDArray[np.int64]] = []
        self._sizes: list[NDArray[np.int64]] = []
        # Titles and headings are those of many passages: two texts for each, whose tokens are kept once.
        self._heads = array("q")
        self._texts: dict[str, int] = {}
        self._words_of_texts: list[NDArray[np.int64]] = []
        # Look-up terms with their passages.
        self._exact_terms = array("q")
        self._exact_passages = array("q")

    def add(self, chunks: Iterable[ChunkFields], found: FoundWords | None = None) -> None:
        """Takes passages behind those that are here.

        `found`: the words of their bodies, where somebody has found them before. What does not fit is found here.
        """
        if found is not None:
            chunks = list(chunks)
            with self._table.lock:
                self._add(chunks, found)
            return
        rest = iter(chunks)
        while part := list(islice(rest, _FOUND_AT_ONCE)):
            with self._table.lock:
                self._add(part, None)

    def _add(self, chunks: Sequence[ChunkFields], found: FoundWords | None) -> None:
        if found is None or not self._table.takes(found, len(chunks)):
            found = find_words(chunk.body for chunk in chunks)
        self._bodies.append(self._table.numbers_of(found))
        self._sizes.append(np.frombuffer(found.sizes, NUMBER).astype(np.int64))
        terms, texts = self._table.terms, self._texts
        for index, chunk in enumerate(chunks, self._count):
            for text in (chunk.title, chunk.heading):
                number = texts.get(text)
                if number is None:
                    number = texts[text] = len(texts)
                    raw = words.tokens(words.clean(text))
                    self._words_of_texts.append(np.fromiter(map(self._table.__getitem__, raw), np.int64, len(raw)))
                self._heads.append(number)
            for term in look_up_terms(chunk):
                self._exact_terms.append(terms[term])
                self._exact_passages.append(index)
        self._count += len(chunks)

    def block(self) -> TermBlock:
        """The terms of all passages, as columns."""
        with self._table.lock:
            first, flat, kinds, terms = (
                np.array(self._table.starts),
                np.array(self._table.flat),
                np.array(self._table.kinds).astype(bool),
                list(self._table.terms),
            )
        passages = np.arange(self._count)
        body_sizes = _joined(self._sizes)
        heads = np.array(self._heads)
        text_sizes = np.fromiter(map(len, self._words_of_texts), np.int64, len(self._words_of_texts))
        head_sizes = text_sizes[heads]
        head_tokens = _joined(self._words_of_texts)[_on_end((np.cumsum(text_sizes) - text_sizes)[heads], head_sizes)]
        tokens = np.concatenate([head_tokens, *self._bodies])
        # Where each token stands: passage × 4 + column.
        places = np.concatenate(
            [
                np.repeat((passages[:, None] * 4 + np.arange(2)).ravel(), head_sizes),
                np.repeat(passages * 4 + 2, body_sizes),
            ]
        )
        width = np.diff(first)[tokens]
        position = _on_end(first[:-1][tokens], width)
        place = np.repeat(places, width)
        place = np.where(kinds[position], place // 4 * 4 + _PART, place)
        term = np.concatenate([flat[position], np.array(self._exact_terms)])
        place = np.concatenate([place, np.array(self._exact_passages) * 4 + FIELDS.index("body")])
        sizes = np.column_stack([head_sizes.reshape(-1, 2), body_sizes])
        return _columns(terms, term, place, self._count, np.minimum(sizes, 65535).astype(np.uint16))


def _joined(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _on_end(starts: NDArray[np.int64], widths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places `start…start + width` of all, one behind the other."""
    return np.arange(int(widths.sum())) + np.repeat(starts - (np.cumsum(widths) - widths), widths)


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
