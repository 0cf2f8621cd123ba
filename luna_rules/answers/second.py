"""The one further search before a refusal: for what the question names and the index holds, yet no passage spoke of.

Search weighs all words of a question together, so a passage that bears the decisive one may stand too far behind. Only
what to look for once more, and how its passages join the others, belongs here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from luna_rules.answers.gather import POOL, SECOND, Ground, Search
from luna_rules.answers.identifiers import holds, home, homes, identifiers, same
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import Question, read_question
from luna_rules.answers.roles import FIRST, importance
from luna_rules.answers.text import comparable
from luna_rules.search.words import fold

_SPOKEN_OF = 0.45
_MOST_WORDS = 3


def second_search(question: str, passages: Sequence[Passage], matcher: ConceptMatcher) -> Search | None:
    """What to search for before declining; None where nothing that the question names is left to be found."""
    read = read_question(question)
    if read.empty or read.talk or read.place is not None or (read.lookup is not None and read.lookup.only):
        return None
    words = _left_out(read, passages, matcher)
    return Search(" ".join(words), POOL) if words else None


def with_second(question: str, ground: Ground, found: Sequence[Passage], matcher: ConceptMatcher, top_k: int) -> Ground:
    """The ground with those passages of the second search that do speak of what was left out, best first."""
    read = read_question(question)
    words = _left_out(read, ground.passages, matcher)
    known = {passage.chunk_id for passage in ground.passages}
    wanted = [(word, _number_of(word, matcher)) for word in words]
    bearing = [p for p in found if p.chunk_id not in known and any(_speaks(p, *one, matcher) for one in wanted)]
    bearing.sort(key=lambda passage: -_share(passage, matcher))
    bearing = [replace(passage, scores={**passage.scores, SECOND: 1.0}) for passage in bearing]
    top = ground.passages[0].score if ground.passages else 1.0
    marks = identifiers(question)
    if not marks and not read.names:
        # A mere word decides less than what was found for all of them: its passages come behind.
        last = min((passage.score for passage in ground.passages), default=top)
        behind = tuple(replace(passage, score=min(passage.score, last)) for passage in bearing[:top_k])
        return replace(ground, passages=(*ground.passages, *behind))
    passages = (*(replace(passage, score=top) for passage in bearing[:top_k]), *ground.passages)
    if marks:
        bearers = homes(passages, marks)
        passages = tuple(p for p in passages if home(p) in bearers) or passages
    return replace(ground, passages=passages)


def _left_out(read: Question, passages: Sequence[Passage], matcher: ConceptMatcher) -> list[str]:
    """Marks, names and nouns of the question that stand in none of the passages though the index knows them."""
    marks = [m for m in identifiers(read.text) if not any(holds(p, m) for p in passages)]
    names: list[str] = []
    if read.names:
        texts = [fold(comparable(" ".join((p.text, p.title, *p.heading_path)))) for p in passages]
        names = [name for name in read.names if not any(fold(name) in text for text in texts)]
    wanted = [word for word in (*marks, *names) if is_known(word, matcher) is not False]
    if marks or names:
        return wanted[:_MOST_WORDS]
    roles = importance(read, matcher)
    covered = [matcher.concepts(" ".join((p.text, p.title, *p.heading_path))) for p in passages]
    left = [
        (matcher.weights[concept], label)
        for concept, label in enumerate(matcher.labels)
        if roles[concept] >= FIRST
        and concept in matcher.known
        and all(one.get(concept, 0.0) < _SPOKEN_OF for one in covered)
    ]
    return [label for _, label in sorted(left, reverse=True)[:_MOST_WORDS]]


def is_known(word: str, matcher: ConceptMatcher) -> bool | None:
    """Whether the index knows a word of the question; None where that cannot be told."""
    concept = _number_of(word, matcher)
    if concept is None:
        return None
    return True if concept in matcher.known else False if concept in matcher.unknown else None


def _number_of(word: str, matcher: ConceptMatcher) -> int | None:
    return next((number for number, label in enumerate(matcher.labels) if same(label, word)), None)


def _speaks(passage: Passage, word: str, concept: int | None, matcher: ConceptMatcher) -> bool:
    if holds(passage, word):
        return True
    if concept is None:
        return False
    text = " ".join((passage.text, passage.title, *passage.heading_path))
    return matcher.concepts(text).get(concept, 0.0) >= _SPOKEN_OF


def _share(passage: Passage, matcher: ConceptMatcher) -> float:
    found = matcher.concepts(" ".join((passage.text, passage.title, *passage.heading_path)))
    return sum(matcher.weights[concept] * strength for concept, strength in found.items())
