"""How a sentence is compared with a question: by concepts, each a group of words that mean the same for the asker.

The protocol stands here, so that answers depend on no particular analysis, and the matchers that implement it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from luna_rules.search import laws, words
from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon, has_vector
from luna_rules.search.query import Query

COMPOUND_STRENGTH = 0.6
"""How much it counts that a concept is only part of a longer word."""
_TOGETHER = 0.95


class ConceptMatcher(Protocol):
    """A parsed question. Concepts are numbered from 0 in the order in which they were asked."""

    @property
    def labels(self) -> Sequence[str]:
        """Each concept as the asker wrote it, for telling what is missing."""
        ...

    @property
    def weights(self) -> Sequence[float]:
        """How much each concept tells, greater than 0; rare words more."""
        ...

    @property
    def unknown(self) -> frozenset[int]:
        """Concepts whose own word occurs in no passage that the asker may see; empty where that is not known."""
        ...

    @property
    def known(self) -> frozenset[int]:
        """Concepts whose own word does occur in a passage that the asker may see; empty where that is not known."""
        ...

    def concepts(self, text: str) -> Mapping[int, float]:
        """Which concepts `text` speaks of, and how plainly: 1 for the word itself, less for synonyms and parts."""
        ...

    def meant(self, law: str | None, section: str | None, paragraph: str | None = None) -> Mapping[int, float]:
        """Which concepts people use for what this section of a law answers, and how plainly, whatever its own words.

        With `paragraph` for what this Absatz answers; empty where only the section is known to answer.
        """
        ...


class WordMatcher:
    """A matcher that knows nothing but the question: stems of its content words, found also inside compounds."""

    def __init__(self, question: str, *, weights: Mapping[str, float] | None = None) -> None:
        self._labels: list[str] = []
        self._weights: list[float] = []
        self._stems: list[str] = []
        self._cache: dict[str, tuple[tuple[int, float], ...]] = {}
        for raw in words.tokens(words.clean(question)):
            spelled = words.spelling(raw)
            if spelled in words.FUNCTION_WORDS or len(spelled) < 2 or raw.startswith("§"):
                continue
            stem = words.number(raw) if words.is_number(raw) else words.stem(spelled)
            if stem in self._stems:
                continue
            self._labels.append(raw)
            self._stems.append(stem)
            given = weights.get(stem) if weights else None
            self._weights.append(given if given is not None else min(2.0, 0.4 + len(spelled) / 8))

    @property
    def labels(self) -> Sequence[str]:
        """The content words as asked."""
        return self._labels

    @property
    def weights(self) -> Sequence[float]:
        """Longer words tell more, unless weights were given for their stems."""
        return self._weights

    @property
    def unknown(self) -> frozenset[int]:
        """Nothing is known of the corpus."""
        return frozenset()

    @property
    def known(self) -> frozenset[int]:
        """Nothing is known of the corpus."""
        return frozenset()

    def concepts(self, text: str) -> Mapping[int, float]:
        """Stems of `text` compared with those of the question."""
        found: dict[int, float] = {}
        for token in _WORDS.findall(text):
            hits = self._cache.get(token)
            if hits is None:
                hits = self._cache[token] = tuple(self._hits(token))
            for concept, strength in hits:
                if strength > found.get(concept, 0.0):
                    found[concept] = strength
        return found

    def meant(self, law: str | None, section: str | None, paragraph: str | None = None) -> Mapping[int, float]:
        """Nothing is known of what people call things."""
        return {}

    def _hits(self, token: str) -> list[tuple[int, float]]:
        spelled = words.spelling(token)
        stem = words.number(token) if words.is_number(token) else words.stem(spelled)
        hits: list[tuple[int, float]] = []
        for concept, wanted in enumerate(self._stems):
            if stem == wanted:
                hits.append((concept, 1.0))
            elif len(wanted) >= 4 and len(stem) >= 4 and (wanted in stem or stem in wanted):
                hits.append((concept, COMPOUND_STRENGTH))
        return hits


_ASSUMED_TOTAL = 1000
_ASSUMED_FREQUENCY = 20


def _known(term: str, rows: Mapping[str, int]) -> int:
    """A guess at a term's frequency where only the lexicon is at hand: it holds all words that occur twice."""
    return _ASSUMED_FREQUENCY if term in rows or not has_vector(term) else 0


class QueryMatcher:
    """A matcher over a question parsed for search: concepts are its content groups, read with the same analyser.

    `frequency` tells in how many of `total` passages that the asker may see a term occurs. Where it is not at hand,
    `lexicon` at least tells words that the corpus knows from those it does not. Not thread-safe, as the analyser.
    """

    def __init__(
        self,
        query: Query,
        analyser: Analyser,
        *,
        frequency: Callable[[str], int] | None = None,
        total: int = 0,
        lexicon: Lexicon | None = None,
    ) -> None:
        if (frequency is None or total <= 0) and lexicon is not None and lexicon.rows:
            rows = lexicon.rows
            total, frequency = _ASSUMED_TOTAL, lambda term: _known(term, rows)
        self._analyser = analyser
        groups = query.content_groups
        self._labels = [group.asked for group in groups]
        self._weights: list[float] = []
        self._unknown: set[int] = set()
        self._known: set[int] = set()
        # For each term the (concept, alternative) that it belongs to; for each alternative its size and weight.
        self._places: dict[str, list[tuple[int, int]]] = {}
        self._alternatives: list[tuple[int, float]] = []
        for concept, group in enumerate(groups):
            self._weights.append(self._weight(concept, group.alternatives[0].terms, frequency, total))
            compound = {self._analyser.word(raw).parts for raw in words.tokens(group.asked)}
            for alternative in group.alternatives:
                size = len(alternative.terms)
                # Search gives wordings of several terms less weight each, since they add up there; here they must all
                # be found. The parts of a compound, found apart, may speak of another thing.
                weight = alternative.weight if alternative.terms in compound else alternative.weight * math.sqrt(size)
                place = len(self._alternatives)
                self._alternatives.append((size, min(1.0, weight)))
                for term in alternative.terms:
                    self._places.setdefault(term, []).append((concept, place))
        self._tokens: dict[str, tuple[tuple[int, int, str, float], ...]] = {}
        self._spoken: dict[str, Mapping[int, float]] = {}
        self._meant = {
            (law, hint.section, label): {concept: own for concept, own in enumerate(spoken) if own > 0}
            for hint in query.hints
            for law in hint.laws
            for label, spoken in ((None, hint.spoken), *((one.paragraph, one.spoken) for one in hint.paragraphs))
        }

    def _weight(self, concept: int, terms: Sequence[str], frequency: Callable[[str], int] | None, total: int) -> float:
        if frequency is None or total <= 0:
            return 1.0
        seen = min((frequency(term) for term in terms), default=0)
        (self._known if seen else self._unknown).add(concept)
        return max(0.2, math.log((total + 1) / (seen + 0.5)) / math.log(total + 1))

    @property
    def labels(self) -> Sequence[str]:
        """The groups' wordings in the question."""
        return self._labels

    @property
    def weights(self) -> Sequence[float]:
        """Between 0.2 for words that stand everywhere and about 1 for words that stand nowhere."""
        return self._weights

    @property
    def unknown(self) -> frozenset[int]:
        """Concepts whose own word occurs in no passage that the asker may see."""
        return frozenset(self._unknown)

    @property
    def known(self) -> frozenset[int]:
        """Concepts whose own word occurs in a passage that the asker may see."""
        return frozenset(self._known)

    def concepts(self, text: str) -> Mapping[int, float]:
        """The best alternative of each concept; one of several terms counts with the share that is there.

        Kept as long as the question: the passages of one answer are read several times.
        """
        found = self._spoken.get(text)
        if found is None:
            found = self._spoken[text] = self._concepts(text)
        return found

    def _concepts(self, text: str) -> Mapping[int, float]:
        # By term, not by word: „Steuer“ and „Steuern“ are not two of the parts of „Kfz-Steuer“.
        seen: dict[tuple[int, int], dict[str, float]] = {}
        for raw in words.different_tokens(text):
            hits = self._tokens.get(raw)
            if hits is None:
                hits = self._tokens[raw] = self._hits(raw)
            for concept, place, term, strength in hits:
                terms = seen.setdefault((concept, place), {})
                terms[term] = max(strength, terms.get(term, 0.0))
        shares = {key: min(1.0, sum(terms.values()) / self._alternatives[key[1]][0]) for key, terms in seen.items()}
        found: dict[int, float] = {}
        for (concept, place), share in shares.items():
            strength = share * self._alternatives[place][1]
            if share < 0.99 and self._alternatives[place][0] > 1:
                strength *= 0.5  # half of a compound is often another thing
            if strength > found.get(concept, 0.0):
                found[concept] = strength
        return found

    def meant(self, law: str | None, section: str | None, paragraph: str | None = None) -> Mapping[int, float]:
        """What the everyday wordings of the section, or of one Absatz of it, say of the question."""
        if not self._meant or law is None or section is None:
            return {}
        place = laws.section_term(laws.section_key(section) or "")
        label = laws.paragraph_term(paragraph) if paragraph else None
        return next(
            (found for key in laws.law_keys(law) if (found := self._meant.get((laws.law_term(key), place, label)))), {}
        )

    def _hits(self, raw: str) -> tuple[tuple[int, int, str, float], ...]:
        word = self._analyser.word(raw)
        asked = self._places.keys()
        if asked.isdisjoint(word.full) and asked.isdisjoint(word.parts):
            return ()
        hits: dict[tuple[int, int, str], float] = {}
        for strength, terms in ((1.0, word.full), (COMPOUND_STRENGTH, word.parts)):
            for term in terms:
                for concept, place in self._places.get(term, ()):
                    size = self._alternatives[place][0]
                    share = strength if size == 1 else 1.0
                    key = (concept, place, term)
                    hits[key] = max(hits.get(key, 0.0), share)
        # A compound that holds several concepts of the question speaks of them as plainly as a phrase does.
        if len({concept for concept, _, _ in hits}) > 1:
            hits = {key: max(share, _TOGETHER) for key, share in hits.items()}
        return tuple((*key, share) for key, share in hits.items())


_WORDS = re.compile(r"\d{1,3}(?:[ .]\d{3})+|\d+(?:,\d+)?|[^\W\d_]+")
