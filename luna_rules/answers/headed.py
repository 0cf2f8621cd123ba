"""Provisions whose heading is the word that was asked for: where no sentence defines it, they tell what it means.

Only comparing headings with a word, and finding where such a provision begins, belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from luna_rules.answers.definitions import asked_term, definition_of, refers_elsewhere
from luna_rules.answers.frame import heading_of
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.places import absatz_key
from luna_rules.answers.question import Question
from luna_rules.answers.scoring import Scored
from luna_rules.search.words import FUNCTION_WORDS, spelling, stem, tokens

WHOLE = 1.0
"""The heading, or the first of the things it names, is the word."""
BESIDE = 0.95
"""A further thing that the heading names is the word: „Einspeisevergütung und Mieterstromzuschlag“."""
OPENS = 0.85
"""The heading begins with the word and says more of it: „Ersatzversorgung mit Energie“."""
_ELSEWHERE = 0.5
"""What a provision is worth that begins by pointing at another law: the thing itself is regulated there."""
_MOST_WORDS = 4
_MOST_STATEMENTS = 3
_NEAR = 300
"""Within so many characters a passage says what it is about."""
_PLAINLY = 0.65
_SHORT = 30
_KEPT_HEADINGS = 8_192
"""Beginnings of headings of which the stems are kept; hundreds of headings are compared for one question."""

_THINGS = re.compile(r"[,;:]\s+|\s+(?:und|sowie|oder)\s+")
_LIGHT_HEAD = re.compile(r"(?<=\w{5})s?(?:pflicht(?:en)?|recht[es]?|anspruch|ansprüche|verhältnis(?:se)?)$", re.I)
"""Ends of compounds that leave the thing the same: „Grundversorgungspflicht“ is about Grundversorgung."""

Speaks = Callable[[str], bool]
"""Whether some words are the word that was asked for, and nothing else."""


def same_words(term: str) -> Speaks:
    """Whether words are those of `term` in whatever endings."""
    wanted = _stems(term)
    return lambda words: bool(wanted) and _stems(words) == wanted


@lru_cache(maxsize=_KEPT_HEADINGS)
def _stems(text: str) -> tuple[str, ...]:
    words = (spelling(raw) for raw in tokens(text))
    return tuple(stem(word) for word in words if word not in FUNCTION_WORDS)


def fit(passage: Passage, speaks: Speaks) -> float:
    """How plainly the heading of a numbered provision names the word: 0, OPENS, BESIDE or WHOLE."""
    if passage.section is None:
        return 0.0
    best = 0.0
    for place, thing in enumerate(_THINGS.split(heading_of(passage.heading_path[-1:]))):
        words = thing.split()
        for length in range(1, min(len(words), _MOST_WORDS) + 1):
            said = " ".join(words[:length])
            if speaks(said) or speaks(_LIGHT_HEAD.sub("", said)):
                whole = length == len(words)
                best = max(best, (BESIDE if place else WHOLE) if whole else 0.0 if place else OPENS)
    return best


def begins_section(passage: Passage) -> bool:
    """Whether a passage belongs to the first Absatz of its section."""
    return passage.paragraph is None or absatz_key(passage.paragraph) == (1, "")


def from_heading(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, ranked: Sequence[Scored]
) -> list[Scored]:
    """The first statements of the provision headed by the word whose meaning is asked for, in their order.

    Empty where another thing is asked for, a statement of `ranked` defines the word, or no heading names it. Of
    several such provisions the one that names it most plainly and that search puts first.
    """
    term = asked_term(question.text) if question.lookup is None and question.place is None else ""
    if not term or not ranked or passages[ranked[0].statement.passage].section is None:
        return []
    definition = definition_of(term)
    if any(definition.strength(scored.text) for scored in ranked if definition.likely(scored.text)):
        return []
    speaks = _meaning(term, matcher) if question.english else same_words(term)
    sections: dict[tuple[str, str | None], list[int]] = {}
    for number, passage in enumerate(passages):
        sections.setdefault((passage.item_id or passage.title, passage.section), []).append(number)
    best: list[Scored] = []
    most = 0.0
    for numbers in sections.values():
        if not (worth := fit(passages[numbers[0]], speaks)):
            continue
        order = sorted(numbers, key=lambda n: (absatz_key(passages[n].paragraph), not _opens_absatz(passages[n]), n))
        # A further thing of the heading begins with the first Absatz that speaks of it.
        near = [n for n in order if worth != BESIDE or definition.likely(passages[n].text[:_NEAR])]
        first = (near or order)[0]
        begun = sorted((s for s in ranked if s.statement.passage == first), key=lambda s: s.statement.start)
        if not begun:
            continue
        worth *= max(passages[n].score for n in numbers) * (_ELSEWHERE if refers_elsewhere(begun[0].text) else 1.0)
        if worth > most:
            best, most = begun, worth
    return [*best[:1], *(scored for scored in best[1:] if len(scored.text) >= _SHORT)][:_MOST_STATEMENTS]


def _meaning(term: str, matcher: ConceptMatcher) -> Speaks:
    """Whether words mean `term`, by what the matcher knows of other languages."""
    need = [concept for concept, strength in matcher.concepts(term).items() if strength >= _PLAINLY]
    return lambda words: bool(need) and all(matcher.concepts(words).get(concept, 0.0) >= _PLAINLY for concept in need)


def _opens_absatz(passage: Passage) -> bool:
    return passage.paragraph is not None and not passage.begins and passage.text.startswith(f"({passage.paragraph})")
