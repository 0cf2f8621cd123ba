"""Whether what was found supports an answer, or merely resembles the question.

Only the verdict belongs here: are the question's words covered, its named things, the kind of answer it wants?
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luna_rules.answers import verdict
from luna_rules.answers.counts import counted
from luna_rules.answers.extract import Extract, Extractor
from luna_rules.answers.gather import LEAD, SECOND
from luna_rules.answers.identifiers import bears, holds, home, identifiers, same
from luna_rules.answers.intent import OTHER_FIELD, beyond_law, other_field
from luna_rules.answers.layout import is_formula
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.names import is_company, is_land, norms_in
from luna_rules.answers.places import is_place, is_provision, speaks_of
from luna_rules.answers.question import NUMERIC, Question, Want
from luna_rules.answers.roles import FIRST, OTHER, importance
from luna_rules.answers.signs import signs_of
from luna_rules.answers.statements import statements
from luna_rules.answers.subject import NOT_THE_THING, OTHER_LAW, law_not_cited, unheard_of, without_tenants
from luna_rules.answers.text import comparable
from luna_rules.search.words import fold

LEAST = 1.35
"""The sum of signs from which on an answer is given (see `_signs`).

Chosen on the tuning questions and on ordinary paragraphs whose answers were withheld, with the weights: by
cross-validation they tell four of five questions without an answer where one in twenty-five of the others is lost.
"""
LEAST_ELSEWHERE = 1.55
"""The same for documents that are no laws, whose ordinary words are covered by chance more easily.

Not where a number that was asked for is found, nor where the passages speak of nearly all (`WELL_COVERED`).
"""
WELL_COVERED = 0.8
LEAST_COVERED = 0.25
"""How much of the question must be covered whatever else speaks for it, unless search leads by `LED`."""
LED = 0.14
_EACH_WORD = 0.4
_MOST_LEAD = 0.3
_MISSING = 0.3
_PLAINLY = 0.65
_SPOKEN_OF = 0.45
_FEW = 2
_MEANT = 0.6
_RARE = 0.55

_NOW = re.compile(
    r"\b(?:gestern|vorgestern|übermorgen|heute (?:um|früh|abend|nacht|mittag|nachmittag)|morgen(?=\W*$|\s(?:um"
    r"|früh|abend"
    r"|mittag|nachmittag)\b)|in diesem moment|right now|today|tomorrow|yesterday)\b",
    re.I,
)


NOT_COVERED = "die Fundstellen decken die Frage nicht"
NO_PROVISION = "die genannte Vorschrift liegt nicht vor"
NOT_NAMED = "Genanntes kommt in den Fundstellen nicht vor"


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
    if unlisted := tuple(name for name in extract.unlisted if not any(holds(passage, name) for passage in passages)):
        return Support(False, NOT_NAMED, truly_missing(unlisted, matcher))
    if not passages or extract.best is None:
        return Support(False, "keine Passage gefunden")
    if question.place is not None and is_place(
        passages[extract.best.statement.passage], question.place, extract.best.statement.start
    ):
        return Support(True, score=1.0)
    if question.lookup is not None:
        if any(is_provision(passage, question.lookup) for passage in passages):
            return Support(True, score=1.0)
        # What other provisions say is no answer to a question about one that is named with its law, unless they speak
        # of it, as a price sheet does of the provision that it follows.
        named = question.lookup.law and not any(speaks_of(passage, question.lookup) for passage in passages)
        if question.lookup.only or named:
            return Support(False, NO_PROVISION, (question.lookup.asked,))
    if marks := _missing_marks(question, passages, extract):
        return Support(False, NOT_NAMED, truly_missing(marks, matcher))
    if names := _missing_names(question, passages, matcher, extractor, extract):
        return Support(False, NOT_NAMED, truly_missing(names, matcher))
    if _NOW.search(question.text) and (question.wants or len(matcher.labels) < 3):
        return Support(False, "gefragt ist nach einem Augenblick, nicht nach einem Dokument")
    if not matcher.labels:
        return Support(False, "kein Inhaltswort in der Frage")
    if _is_formula(passages[extract.best.statement.passage]):
        return Support(False, "nur Formeln und Verzeichnisse gefunden")
    score, missing = coverage(question, passages, matcher, extractor, extract)
    best = passages[extract.best.statement.passage]
    if best.law is not None:
        if beyond := beyond_law(question.text):
            return Support(False, beyond, missing, score)
        usual = matcher.meant(best.law, best.section)
        said = [label for concept, label in enumerate(matcher.labels) if usual.get(concept, 0.0) >= _SPOKEN_OF]
        other = other_field(question.text, _cited(passages, extract))
        if other := tuple(word for word in other if not any(same(word, label) for label in said)):
            return Support(False, OTHER_FIELD, truly_missing(other, matcher), score)
        if laws := law_not_cited(question, passages, extract):
            return Support(False, OTHER_LAW, truly_missing(laws, matcher), score)
        # Where a section's everyday wordings point at it, it is about what was asked in whatever words it says so.
        meant = best.scores.get("wording", 0.0) >= _MEANT
        if not meant and (things := unheard_of(question, passages, matcher, extractor)):
            return Support(False, NOT_THE_THING, truly_missing(things, matcher), score)
        if not meant and without_tenants(question, passages, extract):
            return Support(False, OTHER_FIELD, missing, score)
    elif other := _beside(question, passages, matcher, extractor, extract):
        return Support(False, NOT_NAMED, truly_missing(other, matcher), score)
    elif other := _nothing_but_title(question, passages, matcher, extractor, extract):
        return Support(False, NOT_COVERED, truly_missing(other, matcher), score)
    lead = max((passage.scores.get(LEAD, 0.0) for passage in passages), default=0.0)
    if best.law is not None:
        enough = verdict.answers(verdict.signs_for(question, passages, matcher, extract.best, score))
    else:
        sure = score >= WELL_COVERED or bool(identifiers(question.text))
        signs = _signs(score, extract.best.coverage, len(matcher.labels), lead)
        enough = signs >= (LEAST if sure else LEAST_ELSEWHERE)
    if not enough or (score < LEAST_COVERED and lead < LED):
        return Support(False, NOT_COVERED, missing, score)
    if SECOND not in best.scores and any(SECOND in passage.scores for passage in passages):
        # The words alone were declined before: only what was looked for once more can change that.
        return Support(False, NOT_COVERED, missing, score)
    if question.wants_value and not _has_value(question, extract):
        return Support(False, "die gesuchte Angabe steht nicht in den Fundstellen", (), score)
    return Support(True, score=score)


def _signs(passages: float, statement: float, words: int, lead: float) -> float:
    """What speaks for an answer: passages and the best statement cover the question, and search found one place.

    A question of many words is seldom covered by chance, so that less of it need be.
    """
    return passages + statement + _EACH_WORD * math.log(max(words, 2)) + min(lead, _MOST_LEAD)


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
        # What the index holds elsewhere must not be called missing.
        if covered == 0.0 and roles[concept] > OTHER and concept not in matcher.known:
            missing.append((weight, matcher.labels[concept]))
    missing.sort(key=lambda pair: -pair[0])
    return 0.5 * in_best + 0.5 * in_cited - _MISSING * lacking, tuple(label for _, label in missing)


def truly_missing(words: Sequence[str], matcher: ConceptMatcher) -> tuple[str, ...]:
    """Those of the words that may be called missing: not those that the index holds somewhere else."""
    held = {label for concept, label in enumerate(matcher.labels) if concept in matcher.known}
    return tuple(word for word in words if not any(same(word, label) for label in held))


def _beside(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> tuple[str, ...]:
    """Words of everyday law that no passage cited speaks of, where half of the question hangs on them.

    What is said of a line in a laundry is no answer about a dog's.
    """
    if sum(role >= FIRST for role in importance(question, matcher)) > _FEW:
        return ()
    words = other_field(question.text, _cited(passages, extract))
    cited = {sentence.chunk_id for sentence in extract.sentences}
    found = [extractor.passage_concepts(n) for n, passage in enumerate(passages) if passage.chunk_id in cited]
    spoken = {label for c, label in enumerate(matcher.labels) if _most(found, c) >= _SPOKEN_OF}
    return tuple(word for word in words if not any(same(word, label) for label in spoken))


def _nothing_but_title(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> tuple[str, ...]:
    """The words of the question that do not name the best document, where no passage cited speaks of any of them.

    Whose terms and conditions they are is said on every page of them; who manages that company is not.
    """
    if extract.best is None:
        return ()
    best = passages[extract.best.statement.passage]
    named = matcher.concepts(best.title)
    roles = importance(question, matcher)
    rest = [c for c, role in enumerate(roles) if role >= OTHER and named.get(c, 0.0) < _SPOKEN_OF]
    # A verb alone is said in many ways: „informiert“, „angemeldet“.
    if not named or not any(matcher.labels[c][:1].isupper() for c in rest):
        return ()
    cited = {sentence.chunk_id for sentence in extract.sentences}
    found = [
        extractor.passage_concepts(n)
        for n, passage in enumerate(passages)
        if passage.chunk_id in cited and home(passage) == home(best)
    ]
    return () if any(_most(found, c) >= _SPOKEN_OF for c in rest) else tuple(matcher.labels[c] for c in rest)


def _cited(passages: Sequence[Passage], extract: Extract) -> list[str]:
    """All words of the passages that the answer cites."""
    cited = {sentence.chunk_id for sentence in extract.sentences}
    return [" ".join((p.text, p.title, *p.heading_path)) for p in passages if p.chunk_id in cited]


def _missing_marks(question: Question, passages: Sequence[Passage], extract: Extract) -> tuple[str, ...]:
    """Identifiers that were asked for and stand neither in a statement of the answer nor above it in its document.

    A row of a table speaks of its own number alone: where the mark stands in a row, the answer must be that row.
    """
    by_id = {passage.chunk_id: passage for passage in passages}
    cited = {home(by_id[sentence.chunk_id]) for sentence in extract.sentences}
    missing: list[str] = []
    for mark in identifiers(question.text):
        if any(bears(text, mark) for sentence in extract.sentences for text in sentence.slices):
            continue
        bearing = [passage for passage in passages if home(passage) in cited and holds(passage, mark)]
        if not any(not _in_row(passage, mark) for passage in bearing):
            missing.append(mark)
    return tuple(missing)


def _in_row(passage: Passage, mark: str) -> bool:
    return any(one.table and bears(one.text, mark) for one in statements(passage))


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
    texts = [*(scored.read for scored in near), *(sentence.text for sentence in extract.sentences)]
    said = counted(question.text)
    if said is not None and any(said.search(text) for text in texts):
        return True
    return any(signs_of(text, wants) for text in texts)


def _is_formula(passage: Passage) -> bool:
    return any(is_formula(heading) for heading in passage.heading_path[-1:])


def _missing_names(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor, extract: Extract
) -> tuple[str, ...]:
    """Names that were asked for and stand neither in the best statement's section nor, but for laws, its document.

    A name that has another wording („PUE“) may be spoken of by that.
    """
    if not question.names or extract.best is None:
        return ()
    number = extract.best.statement.passage
    best = passages[number]
    near = [p for p in passages if home(p) == home(best) and (best.law is None or p.section == best.section)]
    texts = [fold(comparable(" ".join((p.text, p.title, *p.heading_path)))) for p in near]
    # A statute names a land in many a list; the answer is about it only where what is said names it.
    said = [" ".join((best.title, *best.heading_path)), *(text for one in extract.sentences for text in one.slices)]
    by_place = texts if best.law is None else [fold(comparable(" ".join(said)))]
    norms = norms_in(question.text)
    found = extractor.passage_concepts(number)
    spoken = {matcher.labels[concept] for concept, strength in found.items() if strength >= _PLAINLY}
    return tuple(
        name
        for name in question.names
        if not any(fold(norms.get(name, name)) in text for text in (by_place if is_land(name) else texts))
        and not any(same(name, label) for label in spoken)
        # What a document of one's own is about it need not name in every part.
        and not (best.law is None and is_company(name) and not name.isupper())
    )
