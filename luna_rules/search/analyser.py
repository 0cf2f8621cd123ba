"""Written text becomes terms and vectors. The question's side is in `query.py`; both use the same words and lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
_PART = FIELDS.index("part")


@dataclass(frozen=True, slots=True)
class Word:
    """The terms of one token: `full` for the token itself (several where it has hyphens), `parts` of its compounds."""

    full: tuple[str, ...]
    parts: tuple[str, ...]


class Analyser:
    """Turns passages into terms and vectors by one lexicon. Keeps what it learns of words; threads may share it."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._split = lexicon.splitter.split
        self._words: dict[str, Word] = {}

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

    def analyse(self, chunks: Sequence[ChunkFields]) -> TermBlock:
        """Terms of passages, as columns. Look-up terms (`@law/…`, `@sec/…`, `@abs/…`) count in the body column."""
        n = len(chunks)
        vocabulary: dict[str, int] = {}
        # For each distinct token: its full terms and its parts as numbers of terms, in one flat list with offsets.
        token_ids: dict[str, int] = {}
        flat: list[int] = []
        kinds: list[bool] = []
        starts: list[int] = [0]
        stream: list[NDArray[np.int64]] = []
        marks: list[tuple[int, int, int]] = []
        lengths = np.zeros((n, 3), np.uint16)
        texts: dict[str, NDArray[np.int64]] = {}

        def number_of(term: str) -> int:
            return vocabulary.setdefault(term, len(vocabulary))

        def read(text: str) -> NDArray[np.int64]:
            raw = words.tokens(words.clean(text))
            for token in raw:
                if token not in token_ids:
                    word = self.word(token)
                    token_ids[token] = len(starts) - 1
                    flat.extend(number_of(term) for term in word.full)
                    kinds.extend(False for _ in word.full)
                    flat.extend(number_of(term) for term in word.parts)
                    kinds.extend(True for _ in word.parts)
                    starts.append(len(flat))
            return np.fromiter(map(token_ids.__getitem__, raw), np.int64, len(raw))

        exact: list[tuple[int, int]] = []
        for index, chunk in enumerate(chunks):
            for column, text in enumerate((chunk.title, chunk.heading, chunk.body)):
                if column < 2:
                    ids = texts.get(text)
                    if ids is None:
                        ids = texts[text] = read(text)
                else:
                    ids = read(text)
                lengths[index, column] = min(len(ids), 65535)
                stream.append(ids)
                marks.append((index, column, len(ids)))
            exact.extend((number_of(term), index) for term in look_up_terms(chunk))

        tokens = np.concatenate(stream) if stream else np.zeros(0, np.int64)
        marked = np.array(marks, np.int64).reshape(-1, 3)
        places = np.repeat(marked[:, 0] * 4 + marked[:, 1], marked[:, 2])
        first = np.array(starts, np.int64)
        width = np.diff(first)[tokens]
        # Position of each term in `flat`: the token's start, counted on within the token.
        within = np.arange(int(width.sum())) - np.repeat(np.cumsum(width) - width, width)
        position = np.repeat(first[:-1][tokens], width) + within
        term = np.array(flat, np.int64)[position] if flat else np.zeros(0, np.int64)
        is_part = np.array(kinds, bool)[position] if kinds else np.zeros(0, bool)
        place = np.repeat(places, width)
        place = np.where(is_part, place // 4 * 4 + _PART, place)
        if exact:
            extra = np.array(exact, np.int64)
            term = np.concatenate([term, extra[:, 0]])
            place = np.concatenate([place, extra[:, 1] * 4 + FIELDS.index("body")])
        return _columns(list(vocabulary), term, place, n, lengths)

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


def look_up_terms(chunk: ChunkFields) -> list[str]:
    """The exact terms of a passage: the law's names, its section, its Absatz."""
    found = [laws.law_term(key) for name in chunk.law_names for key in laws.law_keys(name)]
    if chunk.section:
        number = laws.section_key(chunk.section)
        if number:
            found.append(laws.section_term(number))
            if chunk.paragraph:
                found.append(laws.paragraph_term(chunk.paragraph))
    return list(dict.fromkeys(found))


def _columns(
    vocabulary: list[str], term: NDArray[np.int64], place: NDArray[np.int64], n: int, lengths: NDArray[np.uint16]
) -> TermBlock:
    order = sorted(range(len(vocabulary)), key=vocabulary.__getitem__)
    rank = np.empty(len(vocabulary), np.int64)
    rank[order] = np.arange(len(vocabulary))
    key = (rank[term] * max(n, 1) * 4 + place) if len(term) else np.zeros(0, np.int64)
    unique, counts = np.unique(key, return_counts=True)
    posting, column = unique // 4, unique % 4
    new = np.ones(len(posting), bool)
    new[1:] = posting[1:] != posting[:-1]
    row = np.cumsum(new) - 1
    frequencies = np.zeros((int(new.sum()), 4), np.uint8)
    frequencies[row, column] = np.minimum(counts, 255)
    posting = posting[new]
    offsets = np.searchsorted(posting // max(n, 1), np.arange(len(vocabulary) + 1)).astype(np.int64)
    return TermBlock(
        terms=tuple(vocabulary[i] for i in order),
        offsets=offsets,
        numbers=(posting % max(n, 1)).astype(np.uint32),
        frequencies=frequencies,
        lengths=lengths,
    )
