"""What speaks for a statement: the words of the question in it and around it, the kind of answer, its place.

Only scoring belongs here; which of the scored statements make the answer is `choice`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from luna_rules.answers.fitness import Fitness
from luna_rules.answers.identifiers import bears, home, identifiers
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import NUMERIC, Question, Want
from luna_rules.answers.roles import FIRST, importance
from luna_rules.answers.signs import FIRM, QUANTITY, WORTH, signs_of, unit_pattern, with_units
from luna_rules.answers.statements import Statement, first_line, statements
from luna_rules.answers.tables import header_and_row, shown

WHOLE_LIST = 900
"""A list up to this length is given whole; from a longer one the items that answer are chosen."""

MARK = re.compile(r"(?<!\w)(?:[A-Z]|\d+)(?!\w)")
"""Numbers and letters by which a row of a table is asked for: „Modul B“."""

_HEADING = 0.5
_OF_TITLE = 0.5
"""What the title of a document that is no law counts: all that it says is said of what its title names."""
_QUESTION = 0.85
"""What a heading counts that is a question, as in a FAQ: what stands below it answers that."""
_AROUND = 0.35
_AROUND_VALUE = 0.55
_BEFORE = 0.65
"""What the sentence right before counts in a document that is no law, where one often answers the other, unless it
holds a value of the wanted kind itself."""
_BESIDE_PLAINEST = 0.5
"""The share of what the plainest statement with a value says, below which another one speaks of another thing."""
_UNNAMED = 0.65
"""What a statement is worth whose document does not bear a name that the question says and another document bears."""
_RARE = 0.6
_BORNE = 0.75
_UNBORNE = 0.3
_UNIT = 0.15
_RULE = 0.08
_TABLE = 0.9
_ROW = 0.12
"""What it is worth that a row of a table bears the number or letter that was asked for: „Modul B“."""
_HEADER_ONLY = 0.6
_FIRM_WORTH = 0.06
_IDENTIFIED = 0.3
_OTHER_NUMBER = 0.3
"""What a row is worth that bears another number than the one that was asked for."""
_SHORT = 260
"""Characters of a statement that says little beside „bleibt unberührt“."""
_LEAST_ROLE = 0.35
_NO_SUBJECT = 0.55
_LITTLE = 0.3
_MEANT = 0.9
"""What it counts that people use a word for what a section answers, beside the section's own words."""
_OTHER_ABSATZ = 0.2
"""What a statement loses where people ask another Absatz of its section, not its own, what was asked."""
_ASKED = 0.1
"""What it counts that people ask its own what was asked."""
_WHOLE_SECTION = 0.8
"""What wordings of a section count for each Absatz where nobody told them apart."""
_IN_TITLE = 0.5
_PART_OF_TITLE = 0.85
"""What „die Steuer“ counts for „Stromsteuer“ where the law's title names that: there it can mean nothing else."""
_HOLLOW = re.compile(
    r"bleibt unberührt|bleiben unberührt|gilt entsprechend|gelten entsprechend|ist entsprechend anzuwenden|"
    r"sind entsprechend anzuwenden|findet keine Anwendung|bleiben unbeschadet|^\W*Seiten? \d+\b[^:]{0,20}:",
    re.I,
)
_TOKEN = re.compile(r"\w{4,}")


@dataclass
class Scored:
    """A statement with what speaks for it. `read`: its text with the units that stand above a row's numbers."""

    statement: Statement
    text: str
    read: str
    concepts: Mapping[int, float]
    signs: frozenset[Want]
    score: float
    coverage: float

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The longer words, for telling what was said already."""
        return frozenset(_TOKEN.findall(self.text.lower()))


class StatementScorer:
    """Scores the statements of passages, which come best first, for one question."""

    def __init__(
        self,
        question: Question,
        passages: Sequence[Passage],
        matcher: ConceptMatcher,
        today: date | None = None,
    ) -> None:
        self._question = question
        self._passages = passages
        self._matcher = matcher
        self._asked = list(matcher.weights)
        roles = importance(question, matcher)
        self.weights = [
            weight * (_LEAST_ROLE + (1 - _LEAST_ROLE) * role)
            for weight, role in zip(matcher.weights, roles, strict=True)
        ]
        self._nouns = [(c, self.weights[c]) for c, role in enumerate(roles) if role >= FIRST]
        self.total = sum(self.weights) or 1.0
        self._sections: dict[object, dict[int, float]] = {}
        self._headings: dict[str, Mapping[int, float]] = {}
        self._statements = [
            [(one, self._own_concepts(passage, one)) for one in statements(passage, number)]
            for number, passage in enumerate(passages)
        ]
        self._fitness = Fitness(question, today)
        self._unit = unit_pattern(question.text)
        self._marks = set(MARK.findall(question.text))
        self._identifiers = identifiers(question.text)
        self._asked_of, self._beside = self._answering()
        self._around = [self._surroundings(number, passage) for number, passage in enumerate(passages)]
        self._elsewhere = self._away()
        self._plainest = [self._most_said(number, passage) for number, passage in enumerate(passages)]

    def _surroundings(self, number: int, passage: Passage) -> tuple[Mapping[int, float], Mapping[int, float]]:
        heading = self._heading(passage, passage.heading_path)
        wide: dict[int, float] = {}
        for one, own in self._statements[number]:
            whole = own if len(one.text) <= WHOLE_LIST else self._matcher.concepts(one.text)
            for concept, strength in whole.items():
                wide[concept] = max(strength, wide.get(concept, 0.0))
        for concept, strength in self._concepts(" ".join((passage.title, *passage.heading_path))).items():
            wide[concept] = max(strength * 0.8, wide.get(concept, 0.0))
        for concept, strength in self._matcher.meant(passage.law, passage.section).items():
            wide[concept] = max(strength * _MEANT, wide.get(concept, 0.0))
        return heading, wide

    def _away(self) -> frozenset[str]:
        """The documents without a rare noun of the question that one of those which are no laws bears plainly.

        „Wie oft zahle ich bei Havelstrom einen Abschlag?“ asks for the terms of that company, not for a statute.
        """
        homes: dict[str, dict[int, float]] = {}
        own: set[str] = set()
        for passage, (_, wide) in zip(self._passages, self._around, strict=True):
            key = home(passage)
            spoken = homes.setdefault(key, {})
            for concept, strength in wide.items():
                spoken[concept] = max(strength, spoken.get(concept, 0.0))
            if passage.law is None:
                own.add(key)
        rare = [
            concept
            for concept, label in enumerate(self._matcher.labels)
            if label[:1].isupper() and self._asked[concept] >= _RARE
        ]
        away: set[str] = set()
        for concept in rare:
            if any(homes[key].get(concept, 0.0) >= _BORNE for key in own):
                away.update(key for key, spoken in homes.items() if spoken.get(concept, 0.0) < _UNBORNE)
        return frozenset(away) if len(away) < len(homes) else frozenset()

    def _most_said(self, number: int, passage: Passage) -> float:
        """How much of the question one statement with a value of the wanted kind says itself, in a document that is no
        law; 0 for laws, whose sums often stand in sentences that do not repeat what they are for."""
        if passage.law is not None or not NUMERIC & set(self._question.wants):
            return 0.0
        valued = (
            own
            for statement, own in self._statements[number]
            if NUMERIC & signs_of(_with_units(passage, statement), self._question.wants)
        )
        return max((sum(self.weights[c] * s for c, s in own.items()) for own in valued), default=0.0) / self.total

    def _answering(self) -> tuple[list[float], list[float]]:
        """How much of the question people ask of what each passage's Absatz answers (0 to about 1), and how that
        compares with the Absatz of its section that they ask most of it (0 to 1, 1 where nothing tells)."""
        own = [self._asked_share(p, p.paragraph) if p.paragraph else 0.0 for p in self._passages]
        most: dict[object, float] = {}
        for passage, share in zip(self._passages, own, strict=True):
            key = (passage.law, passage.section)
            most[key] = max(share, most.get(key, 0.0))
        tops = [most[passage.law, passage.section] for passage in self._passages]
        asked = [
            share if top else _WHOLE_SECTION * self._asked_share(passage)
            for passage, share, top in zip(self._passages, own, tops, strict=True)
        ]
        beside = [
            share / top if top and passage.paragraph else 1.0
            for passage, share, top in zip(self._passages, own, tops, strict=True)
        ]
        return asked, beside

    def _asked_share(self, passage: Passage, paragraph: str | None = None) -> float:
        meant = self._matcher.meant(passage.law, passage.section, paragraph)
        return sum(self.weights[c] * s for c, s in meant.items()) / self.total

    def asked_of(self, number: int) -> float:
        """How much of the question people ask of what a passage's Absatz answers, from 0 to about 1."""
        return self._asked_of[number]

    def _heading(self, passage: Passage, path: Sequence[str]) -> Mapping[int, float]:
        return self._concepts(" ".join((*path[-2:], passage.section or "")))

    def _own_concepts(self, passage: Passage, statement: Statement) -> Mapping[int, float]:
        """What a statement speaks of; of a long list the lead-in and the one item that says most."""
        if len(statement.text) <= WHOLE_LIST or not statement.items:
            return self._matcher.concepts(statement.text)
        lead = dict(self._matcher.concepts(" ".join(shown(passage.text[slice(*span)]) for span in statement.spans)))
        best: Mapping[int, float] = {}
        most = -1.0
        for item in statement.items:
            own = self._matcher.concepts(" ".join(shown(passage.text[slice(*span)]) for span in item))
            worth = sum(self.weights[c] * max(0.0, s - lead.get(c, 0.0)) for c, s in own.items())
            if worth > most:
                best, most = own, worth
        for concept, strength in best.items():
            lead[concept] = max(strength, lead.get(concept, 0.0))
        return lead

    def _section(self, number: int) -> Mapping[int, float]:
        """What the passages found of one section speak of together: a rule and its sums often stand in two Absätze."""
        passage = self._passages[number]
        key = (passage.item_id or passage.title, passage.section or passage.heading_path)
        found = self._sections.get(key)
        if found is None:
            found = self._sections[key] = {}
            for other, (_, wide) in zip(self._passages, self._around, strict=True):
                if (other.item_id or other.title, other.section or other.heading_path) == key:
                    for concept, strength in wide.items():
                        found[concept] = max(strength, found.get(concept, 0.0))
        return found

    def _concepts(self, heading: str) -> Mapping[int, float]:
        """Headings and titles repeat from passage to passage."""
        found = self._headings.get(heading)
        if found is None:
            found = self._headings[heading] = self._matcher.concepts(heading)
        return found

    def passage_concepts(self, number: int) -> Mapping[int, float]:
        """What a passage as a whole speaks of, its heading and title included."""
        return self._around[number][1]

    def share(self, number: int) -> float:
        """How much of the question a passage as a whole speaks of, from 0 to 1."""
        return sum(self._asked[c] * s for c, s in self.passage_concepts(number).items()) / (sum(self._asked) or 1.0)

    def scored(self) -> list[Scored]:
        """All statements of all passages with their scores, best first."""
        top = max((passage.score for passage in self._passages), default=0.0)
        found: list[Scored] = []
        for number, passage in enumerate(self._passages):
            rank = passage.score / top if top > 0 else 1.0
            for place, (statement, own) in enumerate(self._statements[number]):
                found.append(self._score(statement, own, place, rank))
        found.sort(key=lambda scored: (-scored.score, scored.statement.passage, scored.statement.start))
        return found

    def _score(self, statement: Statement, own: Mapping[int, float], place: int, rank: float) -> Scored:
        text = statement.text
        heading, wide = self._around[statement.passage]
        passage = self._passages[statement.passage]
        path = statement.headings
        if path != passage.heading_path:
            # What stands right below the title is no more about it than the rest of the document.
            heading = {} if path[-1:] == (passage.title,) else self._heading(passage, path)
        above = _QUESTION if path and path[-1].endswith("?") else _HEADING
        section = self._section(statement.passage)
        read = _with_units(passage, statement)
        signs = signs_of(read, self._question.wants)
        if {"amount", "percent"} <= signs and not QUANTITY.search(text):
            signs -= {"amount"}
        unit = self._unit is not None and self._unit.search(text) is not None
        # A sentence with the sum that was asked for need not repeat what the sum is for.
        around = _AROUND_VALUE if unit or signs & NUMERIC else _AROUND
        if around == _AROUND_VALUE and (plainest := self._plainest[statement.passage]):
            said = sum(self.weights[c] * s for c, s in own.items()) / self.total
            if said < _BESIDE_PLAINEST * plainest:
                around = _AROUND
        before: Mapping[int, float] = {}
        if passage.law is None and place and not statement.table:
            one, spoken = self._statements[statement.passage][place - 1]
            before = {} if NUMERIC & signs_of(one.text, self._question.wants) else spoken
        total = 0.0
        covered = 0.0
        context = 0.0
        title = self._concepts(passage.title)
        own = {
            concept: max(strength, _PART_OF_TITLE) if title.get(concept, 0.0) >= _IN_TITLE else strength
            for concept, strength in own.items()
        }
        for concept, weight in enumerate(self.weights):
            here = own.get(concept, 0.0)
            covered += weight * max(here, above * heading.get(concept, 0.0))
            near = max(wide.get(concept, 0.0), 0.8 * section.get(concept, 0.0))
            context += weight * near
            beside = max(around * near, _BEFORE * before.get(concept, 0.0)) if before else around * near
            if passage.law is None:
                beside = max(beside, _OF_TITLE * title.get(concept, 0.0))
            total += weight * max(here, above * heading.get(concept, 0.0), beside)
        score = total / self.total
        worth = sum(WORTH[want] for want in signs) + (_UNIT if unit else 0.0)
        score += worth * min(1.0, 0.3 + 1.4 * score)
        if signs & NUMERIC and FIRM.search(text):
            score += _FIRM_WORTH
        if place == 0 and self._passages[statement.passage].paragraph in (None, "1"):
            score += _RULE * context / self.total
        if len(text) > 1_500:
            score *= 0.9
        if len(text) < _SHORT and _HOLLOW.search(text):
            score *= 0.7
        if statement.table:
            score *= _TABLE
            row = " ".join(shown(passage.text[slice(*span)]) for span in statement.spans[1:] or statement.spans)
            if self._marks.intersection(MARK.findall(row)):
                score += _ROW
            elif not self._matcher.concepts(row):
                score *= _HEADER_ONLY
        if self._identifiers:
            if any(bears(text, mark) for mark in self._identifiers):
                score += _IDENTIFIED
            elif statement.table:
                score *= _OTHER_NUMBER
        if len(text) < 30:
            score *= 0.5
        score += 0.05 / (1 + place)
        score *= self._fitness.of(read, signs, first_line(passage, statement))
        if self._nouns and not any(
            max(own.get(c, 0.0), heading.get(c, 0.0), wide.get(c, 0.0)) > _LITTLE for c, _ in self._nouns
        ):
            score *= _NO_SUBJECT
        score += _ASKED * self._asked_of[statement.passage]
        score *= 1 - _OTHER_ABSATZ + _OTHER_ABSATZ * self._beside[statement.passage]
        score *= 0.35 + 0.65 * rank
        if self._elsewhere and home(passage) in self._elsewhere:
            score *= _UNNAMED
        return Scored(statement, text, read, own, signs, score, covered / self.total)


def _with_units(passage: Passage, statement: Statement) -> str:
    text = statement.text
    if not statement.table or len(statement.spans) < 2:
        return text
    header, row = header_and_row([shown(passage.text[slice(*span)]) for span in statement.spans])
    return f"{text} {with_units(header, row)}" if header else text
