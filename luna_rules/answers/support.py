"""Whether what was found supports an answer, or merely resembles the question.

Only the verdict belongs here: are the question's words covered, its named things, the kind of answer it wants?
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luna_rules.answers.extract import Extract, Extractor
from luna_rules.answers.gather import AGREEMENT
from luna_rules.answers.intent import beyond_law
from luna_rules.answers.layout import is_formula
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.places import is_place, is_provision
from luna_rules.answers.question import NUMERIC, Question, Want
from luna_rules.answers.roles import FIRST, OTHER, importance
from luna_rules.answers.signs import signs_of
from luna_rules.answers.text import comparable, fold

LEAST = 0.38
"""The score from which on an answer is given. Chosen by looking at all development and own questions together."""

AGREED = 0.14
"""From which lead of the first section on (see `gather.AGREEMENT`) search has found it for certain.

Chosen on the tuning half: sections found in other words than theirs lead so, those of questions that nothing answers
do not.
"""
_MISSING = 0.3
_RARE = 0.55

_NOW = re.compile(
    r"\b(?:gestern|vorgestern|übermorgen|heute (?:um|früh|abend|nacht|mittag|nachmittag)|morgen(?=\W*$|\s(?:um"
    r"|früh|abend"
    r"|mittag|nachmittag)\b)|in diesem moment|right now|today|tomorrow|yesterday)\b",
    re.I,
)


NO_PROVISION = "die genannte Vorschrift liegt nicht vor"


@dataclass(frozen=True, slots=True)
class Support:
    """The verdict. `reason` is German and for people, `missing` the words of the question that nothing speaks of.

    `score` is what coverage came to, 1 where a provision was looked up.
    """

    supported: bool
    reason: str = ""
    missing: tuple[str, ...] = ()
    score: float = 0.0


def assess(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> Support:
    """Whether the statements chosen answer the question that was asked."""
    if question.empty or question.talk:
        return Support(False, "keine Frage gestellt")
    if not passages or extract.best is None:
        return Support(False, "keine Passage gefunden")
    if question.place is not None and is_place(
        passages[extract.best.statement.passage], question.place, extract.best.statement.start
    ):
        return Support(True, score=1.0)
    if question.lookup is not None:
        if any(is_provision(passage, question.lookup) for passage in passages):
            return Support(True, score=1.0)
        if question.lookup.only:
            return Support(False, NO_PROVISION, (question.lookup.asked,))
    if names := _missing_names(question, passages):
        return Support(False, "Genanntes kommt in den Fundstellen nicht vor", names)
    if _NOW.search(question.text) and (question.wants or len(matcher.labels) < 3):
        return Support(False, "gefragt ist nach einem Augenblick, nicht nach einem Dokument")
    if not matcher.labels:
        return Support(False, "kein Inhaltswort in der Frage")
    if _is_formula(passages[extract.best.statement.passage]):
        return Support(False, "nur Formeln und Verzeichnisse gefunden")
    score, missing = coverage(question, passages, matcher, extractor, extract)
    best = passages[extract.best.statement.passage]
    if best.law is not None and (beyond := beyond_law(question.text)):
        return Support(False, beyond, missing, score)
    if score < LEAST and best.scores.get(AGREEMENT, 0.0) < AGREED:
        return Support(False, "die Fundstellen decken die Frage nicht", missing, score)
    if question.wants_value and not _has_value(question, extract):
        return Support(False, "die gesuchte Angabe steht nicht in den Fundstellen", (), score)
    return Support(True, score=score)


def coverage(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> tuple[float, tuple[str, ...]]:
    """How much of the question's subject the passages of the answer speak of, and which of its words none speaks of.

    Half of the score is the best statement's passage, half all passages that the answer cites; rare nouns that stand in
    none of the passages found count against it once more.
    """
    roles = importance(question, matcher)
    weights = [weight * role for weight, role in zip(matcher.weights, roles, strict=True)]
    total = sum(weights) or 1.0
    if extract.best is None:
        return 0.0, tuple(matcher.labels)
    numbers = {passage.chunk_id: number for number, passage in enumerate(passages)}
    found = [extractor.passage_concepts(number) for number in range(len(passages))]
    best = found[extract.best.statement.passage]
    cited = [found[numbers[chunk_id]] for chunk_id in dict.fromkeys(s.chunk_id for s in extract.sentences)] or [best]
    in_best = sum(weight * _step(best.get(c, 0.0)) for c, weight in enumerate(weights)) / total
    in_cited = sum(weight * _step(_most(cited, c)) for c, weight in enumerate(weights)) / total
    lacking = 0.0
    missing: list[tuple[float, str]] = []
    for concept, weight in enumerate(weights):
        covered = _step(_most(found, concept))
        if roles[concept] >= FIRST and (concept in matcher.unknown or matcher.weights[concept] > _RARE):
            lacking += weight * (1.0 - covered) / total
        if covered == 0.0 and roles[concept] > OTHER:
            missing.append((weight, matcher.labels[concept]))
    missing.sort(key=lambda pair: -pair[0])
    return 0.5 * in_best + 0.5 * in_cited - _MISSING * lacking, tuple(label for _, label in missing)


def _most(found: Sequence[Mapping[int, float]], concept: int) -> float:
    return max((concepts.get(concept, 0.0) for concepts in found), default=0.0)


def _step(strength: float) -> float:
    """What a match is worth as proof: words and their synonyms all, loose relatives little."""
    if strength >= 0.65:
        return 1.0
    if strength >= 0.45:
        return 0.6
    return 0.35 if strength >= 0.3 else 0.0


def _has_value(question: Question, extract: Extract) -> bool:
    """Whether a statement of the answer, or the next best, holds the number or date that was asked for."""
    wants: list[Want] = [want for want in question.wants if want in NUMERIC]
    if "duration" in wants and "date" not in wants:
        wants.append("date")  # a „Frist“ may be a day
    if extract.best is None:
        return False
    near = [scored for scored in extract.ranked[:5] if scored.score >= 0.6 * extract.best.score]
    texts = [*(scored.text for scored in near), *(sentence.text for sentence in extract.sentences)]
    return any(signs_of(text, wants) for text in texts)


def _is_formula(passage: Passage) -> bool:
    return any(is_formula(heading) for heading in passage.heading_path[-1:])


def _missing_names(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    if not question.names:
        return ()
    texts = [fold(comparable(" ".join((p.text, p.title, *p.heading_path)))) for p in passages]
    return tuple(name for name in question.names if not any(fold(name) in text for text in texts))
