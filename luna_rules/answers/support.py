"""Whether what was found supports an answer, or merely resembles the question.

Only the verdict belongs here: are the question's words covered, its named things, the kind of answer it wants?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from luna_rules.answers.extract import Extract, Extractor, is_provision
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import Question
from luna_rules.answers.text import comparable, fold

LEAST_COVERAGE = 0.30
"""Share of the question's weight that the best passage must speak of."""


@dataclass(frozen=True, slots=True)
class Support:
    """The verdict. `reason` is German and for people, `missing` the words of the question that nothing speaks of."""

    supported: bool
    reason: str = ""
    missing: tuple[str, ...] = ()


def assess(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> Support:
    """Whether the statements chosen answer the question that was asked."""
    if question.empty or question.greeting:
        return Support(False, "keine Frage gestellt")
    if not passages or extract.best is None:
        return Support(False, "keine Passage gefunden")
    if question.lookup is not None:
        if any(is_provision(passage, question.lookup) for passage in passages):
            return Support(True)
        if question.lookup.only:
            return Support(False, "die genannte Vorschrift liegt nicht vor")
    missing_names = _missing_names(question, passages)
    if missing_names:
        return Support(False, "Genanntes kommt nicht vor", missing_names)
    if not matcher.labels:
        return Support(False, "kein Inhaltswort in der Frage")
    number = extract.best.statement.passage
    covered = extractor.passage_concepts(number)
    weights = matcher.weights
    share = sum(weights[c] * min(1.0, s) for c, s in covered.items()) / (sum(weights) or 1.0)
    missing = tuple(
        matcher.labels[c] for c in sorted(range(len(weights)), key=lambda c: -weights[c]) if covered.get(c, 0.0) < 0.2
    )
    if share < LEAST_COVERAGE:
        return Support(False, "die Fundstellen decken die Frage nicht", missing)
    if question.wants_value and not any(s.signs for s in extract.ranked[:3]):
        return Support(False, "die gesuchte Angabe steht nicht in den Fundstellen", missing)
    return Support(True)


def _missing_names(question: Question, passages: Sequence[Passage]) -> tuple[str, ...]:
    if not question.names:
        return ()
    texts = [fold(comparable(" ".join((p.text, p.title, *p.heading_path)))) for p in passages]
    return tuple(name for name in question.names if not any(fold(name) in text for text in texts))
