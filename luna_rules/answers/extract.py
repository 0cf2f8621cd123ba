"""The extractive answer: which sentences of the passages found answer the question, word for word as they stand there.

Only cutting passages into statements and choosing among them belongs here; whether they suffice is `support`'s verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from luna_rules.answers import layout
from luna_rules.answers.frame import heading_of
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.question import NUMERIC, Lookup, Place, Question, Want, wanted
from luna_rules.answers.text import only_words
from luna_rules.documents.sentences import ITEM_MARKER, split_sentences

MOST_SENTENCES = 5
MOST_CHARACTERS = 1_800
_WHOLE_LIST = 900
"""A list up to this length is given whole; from a longer one the items that answer are chosen."""

_HEADING = 0.5
_AROUND = 0.35
_AROUND_VALUE = 0.55
_UNIT = 0.15
_RULE = 0.08
_SAME = 0.92
_TABLE = 0.9
_ROW = 0.12
"""What it is worth that a row of a table bears the number or letter that was asked for: „Modul B“."""
_HEADER_ONLY = 0.6
_OTHER_ROW = 0.95
_NEARLY = 0.6
_ELSEWHERE = 0.75
_STRONG = 0.75
_RIVAL = 0.85
_HALF = 0.4
_NEW = 0.1
_FIRM_WORTH = 0.06
_MARK = re.compile(r"(?<!\w)(?:[A-Z]|\d+)(?!\w)")
_ABSATZ = re.compile(r"\(\d{1,3}[a-z]{0,2}\)\s")
_SKIP = re.compile(r"\s*(?:#{1,6}\s|<|\(weggefallen\)|-\s*\|?$|Inhaltsübersicht)")
_RULER = re.compile(r"[\s|:-]*")
_NUMBER = (
    r"(?:\d(?:[\d., ]*\d)?(?!\.)|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig|dreißig"
    r"|fünfzig|hundert|"
    r"\w*hundert\w*|\w*tausend\w*|eine[nmrs]?|eines|anderthalb)"
)
_SIGNS: dict[Want, re.Pattern[str]] = {
    "duration": re.compile(
        rf"\b{_NUMBER}\s*(?:Kalender|Werk|Arbeits)?-?(?:jahre?n?s?|monate?n?s?|wochen?|tage?n?s?|stunden?"
        rf"|minuten?|sekunden?"
        r"|vollbenutzungsstunden)\b|\b(?:unverzüglich|jederzeit|unbefristet|dauerhaft|jährlich|monatlich"
        r"|vierteljährlich"
        r"|halbjährlich|zwei(?:jährig|wöchig|monatig)\w*|\w+jährige?[nrs]?)\b",
        re.I,
    ),
    "date": re.compile(
        r"\b\d{1,2}\.\s?(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
        r"|\b\d{1,2}\.\d{1,2}\.\d{2,4}\b|\bJahr(?:es)? \d{4}\b"
        rf"|\b{_NUMBER}\s*(?:Kalender|Werk|Arbeits)?-?(?:jahre?n?s?|monate?n?s?|wochen?|tage?n?s?|stunden?)\b"
        rf"|\b(?:unverzüglich|spätestens|frühestens|ab dem|sobald|wenn|vor Beginn|nach Ablauf|zum Ende)\b",
        re.I,
    ),
    "amount": re.compile(
        rf"\b{_NUMBER}\s*(?:Prozent|vom Hundert|v\. ?H\.|%|Euro|Cent|ct|EUR|€|Millionen|Milliarden|[kmgt]w(?:h|p)?\b|"
        r"(?:kilo|mega|giga|tera)?(?:watt|wattstunden?|voltampere|volt)\b|tonnen?|kubikmeter|quadratmeter|metern?"
        r"|kilometern?|"
        r"einwohner\w*|kunden|wohnungen|stellplätze\w*|fünftel|drittel|viertel|grad)|\b(?:Hälfte|Drittel|Viertel"
        r"|kostenlos|"
        r"unentgeltlich|kostenfrei|auf null)\b|\d",
        re.I,
    ),
    "money": re.compile(
        rf"\b{_NUMBER}\s*(?:Millionen |Milliarden |Mio\. |Mrd\. )?(?:Euro|Cent|ct|EUR|€|Pfennig|DM|Prozent"
        rf"|vom Hundert|%)"
        r"|\b(?:kostenlos|unentgeltlich|kostenfrei|entgeltfrei|auf null)\b",
        re.I,
    ),
    "percent": re.compile(
        rf"\b{_NUMBER}\s*(?:Prozent|Prozentpunkte?|vom Hundert|v\. ?H\.|%)|\b(?:Hälfte|Drittel|vollständig)\b", re.I
    ),
    "distance": re.compile(rf"\b{_NUMBER}\s*(?:Metern?|Kilometern?|km|m)\b", re.I),
    "body": re.compile(
        r"\b(?:\w*(?:behörde|agentur|amt|ministerium|betreiber|lieferant|versorger|unternehmen|stelle|gericht|kammer|"
        r"kommission|verbraucher|kunde|eigentümer|vermieter|gemeinde|länder|bund)\w*)\b",
        re.I,
    ),
    "modal": re.compile(
        r"\b(?:darf|dürfen|kann|können|muss|müssen|soll|sollen|ist verpflichtet|sind verpflichtet|ist berechtigt"
        r"|sind berechtigt"
        r"|unzulässig|zulässig|verboten|ist nicht|hat .{1,80} zu \w+en|haben .{1,80} zu \w+en|Anspruch|verlangen"
        r"|unwirksam"
        r"|ausgenommen|befreit|gilt nicht|gelten nicht|weder)\b",
        re.I,
    ),
    "reason": re.compile(r"\b(?:um .{1,80} zu|Zweck|Ziel|weil|da |aufgrund|damit|dient)\b", re.I),
    "definition": re.compile(r"\b(?:ist|sind|im Sinne|bedeutet|bezeichnet|gilt als)\b", re.I),
}
_WORTH: dict[Want, float] = {
    "duration": 0.30, "date": 0.22, "amount": 0.24, "money": 0.28, "percent": 0.30, "distance": 0.34, "body": 0.06,
    "modal": 0.08,
    "reason": 0.08, "definition": 0.06,
}  # fmt: skip
_QUANTITY = re.compile(
    r"\b(?:Euro|Cent|EUR|[kmgt]w(?:h|p)?|(?:kilo|mega|giga|tera)?(?:watt|wattstunden?|volt\w*)|tonnen?|\w*metern?"
    r"|einwohner\w*"
    r"|kunden|wohnungen|stellplätze\w*)\b|€",
    re.I,
)
_UNITS_ASKED = (
    (re.compile(r"\b(?:kw|kilowatt)\b", re.I), re.compile(r"\b(?:kW|Kilowatt)\b")),
    (re.compile(r"\b(?:mw|megawatt)\b", re.I), re.compile(r"\b(?:MW|Megawatt)\b")),
    (re.compile(r"\b(?:gw|gigawatt)\b", re.I), re.compile(r"\b(?:GW|Gigawatt)\b")),
    (re.compile(r"\b[kmg]wh\b|\bwattstunde|\wwattstunde|verbrauch\b", re.I), re.compile(r"\b[kMG]Wh\b|wattstunden?\b")),
    (re.compile(r"\bcent\b|\bct\b", re.I), re.compile(r"\bCent\b|\bct\b")),
    (re.compile(r"\beuro\b|\beur\b|€", re.I), re.compile(r"\bEuro\b|\bEUR\b|€")),
    (re.compile(r"\bmetern?\b|\babstand\b", re.I), re.compile(r"\b(?:Kilom|M)etern?\b")),
    (re.compile(r"\btonnen?\b", re.I), re.compile(r"\bTonnen?\b")),
)
_FIRM = re.compile(
    r"\b(?:höchstens|längstens|spätestens|mindestens|beträgt|betragen|endet|dauert|gültig|\w*dauer|laufzeit"
    r"|nicht mehr als"
    r"|bis zu)\b",
    re.I,
)
_HOLLOW = re.compile(
    r"bleibt unberührt|bleiben unberührt|gilt entsprechend|gelten entsprechend|ist entsprechend anzuwenden|"
    r"sind entsprechend anzuwenden|findet keine Anwendung|bleiben unbeschadet|^\W*Seiten? \d+\b[^:]{0,20}:",
    re.I,
)


@dataclass(slots=True)
class Statement:
    """A sentence, or a lead-in with the items of its list: what can be cited without tearing sense apart."""

    passage: int
    spans: list[tuple[int, int]]
    items: list[list[tuple[int, int]]] = field(default_factory=list["list[tuple[int, int]]"])
    table: bool = False

    @property
    def start(self) -> int:
        """Where the statement begins in its passage."""
        return self.spans[0][0] if self.spans else self.items[0][0][0]

    @property
    def last(self) -> int:
        """Where its last own part begins: a row of a table stands behind the header that it shares with others."""
        return self.spans[-1][0] if self.spans else self.start


@dataclass
class Scored:
    """A statement with what speaks for it."""

    statement: Statement
    text: str
    concepts: Mapping[int, float]
    signs: frozenset[Want]
    score: float
    coverage: float

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The longer words, for telling what was said already."""
        return frozenset(_TOKEN.findall(self.text.lower()))


@dataclass(frozen=True, slots=True)
class Extract:
    """The statements chosen, best first in `ranked`, in reading order in `sentences`."""

    sentences: tuple[AnswerSentence, ...]
    ranked: tuple[Scored, ...]
    best: Scored | None


def _begins_line(text: str, at: int) -> bool:
    line = text.rfind("\n", 0, at) + 1
    return not text[line:at].strip()


def statements(passage: Passage, number: int = 0) -> list[Statement]:
    """The statements of a passage in reading order, without page furniture and bare headings."""
    text = passage.text
    headings = (*passage.heading_path, passage.title)
    found: list[Statement] = []
    spans, torn = _spans(text)
    group: Statement | None = None
    header: list[tuple[int, int]] = []
    for index, (start, end) in enumerate(spans):
        if start in torn and found and found[-1].spans and not found[-1].items:
            found[-1].spans.append((start, end))
            continue
        line_start = _begins_line(text, start)
        if line_start and text.startswith("|", start):
            group = None
            if not _RULER.fullmatch(text[start:end]):
                row = layout.row_cells(text, (start, end))
                if not header and index + 1 < len(spans) and _RULER.fullmatch(text[slice(*spans[index + 1])]):
                    header = [row]
                elif row[0] < row[1]:
                    found.append(Statement(number, [*header, row], table=True))
            continue
        header = []
        if line_start and _SKIP.match(text, start):
            group = None
            continue
        if line_start and layout.is_heading(text[start:end], headings):
            continue
        rows = layout.table_rows(text, (start, end))
        if rows is not None:
            lead = [rows[0]] if rows[0] else []
            found += [Statement(number, [*lead, row], table=True) for row in rows[1]]
            group = None
            continue
        is_item = line_start and ITEM_MARKER.match(text, start) is not None and not _ABSATZ.match(text, start)
        if is_item:
            if group is None or (not group.items and not _leads_in(text, group)):
                group = Statement(number, [])
                found.append(group)
            group.items.append([(start, end)])
            continue
        if group is not None and group.items and not line_start:
            group.items[-1].append((start, end))
            continue
        if group is not None and group.items and text[start : start + 1].islower():
            # What closes the sentence behind its list belongs to every item.
            group.items.append([(start, end)])
            group = None
            continue
        upcoming = spans[index + 1][0] if index + 1 < len(spans) else None
        leads = upcoming is not None and _begins_line(text, upcoming) and ITEM_MARKER.match(text, upcoming) is not None
        if line_start and not leads and layout.is_label(text[start:end]):
            group = None
            continue
        group = Statement(number, [(start, end)])
        found.append(group)
        if not leads:
            group = None
    return [one for statement in found for one in _apart(text, statement)]


def _spans(text: str) -> tuple[list[tuple[int, int]], set[int]]:
    """The sentences without page furniture, and where one goes on that it had torn.

    Lines of a table that a number's point seemed to end are joined again.
    """
    found: list[tuple[int, int]] = []
    torn: set[int] = set()
    for span in split_sentences(text):
        for number, part in enumerate(layout.without_furniture(text, span)):
            if number:
                torn.add(part[0])
            if found and text[found[-1][1] : part[0]] == "\n" and text[part[0]].isdigit():
                joined = (found[-1][0], part[1])
                if layout.table_rows(text, joined) is not None:
                    found[-1] = joined
                    continue
            found.append(part)
    return found, torn


def _apart(text: str, statement: Statement) -> list[Statement]:
    """The bullets of a list that nothing leads in, each by itself; numbered items belong to a sentence elsewhere."""
    if statement.spans or len(statement.items) < 2 or any(text[item[0][0]].isalnum() for item in statement.items):
        return [statement]
    return [Statement(statement.passage, list(item)) for item in statement.items]


def _leads_in(text: str, group: Statement) -> bool:
    end = group.spans[-1][1]
    return text[end - 1 : end] not in ".!?" or bool(group.items)


def _text(passage: Passage, statement: Statement) -> str:
    spans = [*statement.spans, *(span for item in statement.items for span in item)]
    return " ".join(passage.text[start:end] for start, end in spans)


class Extractor:
    """Chooses statements for one question over the passages found for it, which come best first."""

    def __init__(self, question: Question, passages: Sequence[Passage], matcher: ConceptMatcher) -> None:
        self._question = question
        self._passages = passages
        self._matcher = matcher
        self._weights = list(matcher.weights)
        self._total = sum(self._weights) or 1.0
        self._sections: dict[object, dict[int, float]] = {}
        self._headings: dict[str, Mapping[int, float]] = {}
        self._statements: list[list[tuple[Statement, str, Mapping[int, float]]]] = []
        for number, passage in enumerate(passages):
            found = [(statement, _text(passage, statement)) for statement in statements(passage, number)]
            self._statements.append(
                [(statement, text, self._own_concepts(passage, statement, text)) for statement, text in found]
            )
        self._unit = unit_pattern(question.text)
        self._marks = set(_MARK.findall(question.text))
        self._around = [self._surroundings(number, passage) for number, passage in enumerate(passages)]

    def _surroundings(self, number: int, passage: Passage) -> tuple[Mapping[int, float], Mapping[int, float]]:
        heading = self._heading(passage, passage.heading_path)
        wide: dict[int, float] = {}
        for _, text, own in self._statements[number]:
            for concept, strength in (own if len(text) <= _WHOLE_LIST else self._matcher.concepts(text)).items():
                wide[concept] = max(strength, wide.get(concept, 0.0))
        for concept, strength in self._concepts(" ".join((passage.title, *passage.heading_path))).items():
            wide[concept] = max(strength * 0.8, wide.get(concept, 0.0))
        return heading, wide

    def _heading(self, passage: Passage, path: Sequence[str]) -> Mapping[int, float]:
        return self._concepts(" ".join((*path[-2:], passage.section or "")))

    def _own_concepts(self, passage: Passage, statement: Statement, text: str) -> Mapping[int, float]:
        """What a statement speaks of; of a long list the lead-in and the one item that says most."""
        if len(text) <= _WHOLE_LIST or not statement.items:
            return self._matcher.concepts(text)
        lead = dict(self._matcher.concepts(" ".join(passage.text[start:end] for start, end in statement.spans)))
        best: Mapping[int, float] = {}
        most = -1.0
        for item in statement.items:
            own = self._matcher.concepts(" ".join(passage.text[start:end] for start, end in item))
            worth = sum(self._weights[c] * max(0.0, s - lead.get(c, 0.0)) for c, s in own.items())
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
        return sum(self._weights[c] * s for c, s in self.passage_concepts(number).items()) / self._total

    def scored(self) -> list[Scored]:
        """All statements of all passages with their scores, best first."""
        top = max((passage.score for passage in self._passages), default=0.0)
        found: list[Scored] = []
        for number, passage in enumerate(self._passages):
            relative = passage.score / top if top > 0 else 1.0
            rank = 0.55 * relative + 0.45 / (1.0 + 0.35 * number)
            for place, (statement, text, own) in enumerate(self._statements[number]):
                found.append(self._score(statement, text, own, place, rank))
        found.sort(key=lambda scored: (-scored.score, scored.statement.passage, scored.statement.start))
        return found

    def _score(self, statement: Statement, text: str, own: Mapping[int, float], place: int, rank: float) -> Scored:
        heading, wide = self._around[statement.passage]
        passage = self._passages[statement.passage]
        path = headings_at(passage, statement.start)
        if path != passage.heading_path:
            heading = self._heading(passage, path)
        section = self._section(statement.passage)
        signs = signs_of(text, self._question.wants)
        if {"amount", "percent"} <= signs and not _QUANTITY.search(text):
            signs -= {"amount"}
        unit = self._unit is not None and self._unit.search(text) is not None
        # A sentence with the sum that was asked for need not repeat what the sum is for.
        around = _AROUND_VALUE if unit or signs & NUMERIC else _AROUND
        total = 0.0
        covered = 0.0
        context = 0.0
        for concept, weight in enumerate(self._weights):
            here = own.get(concept, 0.0)
            covered += weight * max(here, _HEADING * heading.get(concept, 0.0))
            near = max(wide.get(concept, 0.0), 0.8 * section.get(concept, 0.0))
            context += weight * near
            total += weight * max(here, _HEADING * heading.get(concept, 0.0), around * near)
        score = total / self._total
        worth = sum(_WORTH[want] for want in signs) + (_UNIT if unit else 0.0)
        score += worth * min(1.0, 0.3 + 1.4 * score)
        if signs & NUMERIC and _FIRM.search(text):
            score += _FIRM_WORTH
        if place == 0 and self._passages[statement.passage].paragraph in (None, "1"):
            score += _RULE * context / self._total
        if len(text) > 1_500:
            score *= 0.9
        if _HOLLOW.search(text) and len(text) < 260:
            score *= 0.7
        if statement.table:
            score *= _TABLE
            row = passage.text[slice(*statement.spans[-1])]
            if self._marks.intersection(_MARK.findall(row)):
                score += _ROW
            elif not self._matcher.concepts(row):
                score *= _HEADER_ONLY
        if len(text) < 30:
            score *= 0.5
        score += 0.05 / (1 + place)
        score *= 0.35 + 0.65 * rank
        return Scored(statement, text, own, signs, score, covered / self._total)

    def extract(self) -> Extract:
        """The statements that answer: the best, then what adds to it, in the order of the law."""
        question = self._question
        if question.place is not None and (found := self._read_place(question.place)) is not None:
            return found
        if question.lookup is not None:
            found = self._look_up(question.lookup)
            if found is not None:
                return found
        ranked = self.scored()
        if not ranked:
            return Extract((), (), None)
        chosen = self._choose(ranked)
        return Extract(self._in_order(chosen), tuple(ranked), ranked[0])

    def _choose(self, ranked: list[Scored]) -> list[Scored]:
        chosen: list[Scored] = []
        length = 0
        best = ranked[0].score
        candidates = [scored for scored in ranked[:60] if scored.score >= 0.45 * best]
        wants_left = set(self._question.wants)
        parts = self._part_needs()
        while candidates and len(chosen) < MOST_SENTENCES:
            pick = max(candidates, key=lambda scored: self._gain(scored, chosen, wants_left, parts))
            gain = self._gain(pick, chosen, wants_left, parts)
            if chosen and gain < (0.46 + 0.04 * len(chosen)) * best:
                break
            candidates.remove(pick)
            if chosen and not self._adds(pick, chosen, parts):
                continue
            size = min(len(pick.text), _WHOLE_LIST)
            if chosen and length + size > MOST_CHARACTERS:
                continue
            chosen.append(pick)
            length += size
            wants_left -= pick.signs
            parts = [(need, wants) for need, wants in parts if not self._meets(pick, need, wants)]
        return chosen

    def _adds(self, scored: Scored, chosen: list[Scored], parts: list[tuple[frozenset[int], frozenset[Want]]]) -> bool:
        """Whether a further statement speaks of the question nearly as well as the best, or of what is still open."""
        best = chosen[0]
        if scored.statement.table and not self._marked(scored) and any(self._marked(row) for row in chosen):
            return False
        if scored.statement.table and any(
            row.statement.passage == scored.statement.passage
            and row.statement.spans[0] == scored.statement.spans[0]
            and scored.score < _OTHER_ROW * row.score
            for row in chosen
        ):
            return False
        one, other = (self._passages[each.statement.passage] for each in (scored, best))
        elsewhere = (one.item_id, one.title) != (other.item_id, other.title)
        if scored.coverage >= (_ELSEWHERE if elsewhere else _NEARLY) * best.coverage:
            return True
        if parts and any(self._meets(scored, need, wants) for need, wants in parts):
            return True
        if elsewhere or scored.coverage < _HALF * best.coverage:
            return scored.score >= (_RIVAL if elsewhere else _STRONG) * best.score
        if scored.signs & NUMERIC or scored.score >= _STRONG * best.score:
            return True
        new = sum(
            self._weights[concept] * max(0.0, strength - max(other.concepts.get(concept, 0.0) for other in chosen))
            for concept, strength in scored.concepts.items()
        )
        return new >= _NEW * self._total

    def _marked(self, scored: Scored) -> bool:
        """Whether a row of a table bears the number or letter that was asked for."""
        if not scored.statement.table:
            return False
        row = self._passages[scored.statement.passage].text[slice(*scored.statement.spans[-1])]
        return bool(self._marks & set(_MARK.findall(row)))

    def _part_needs(self) -> list[tuple[frozenset[int], frozenset[Want]]]:
        """For each part of the question the concepts and kinds of answer that belong to it alone."""
        if len(self._question.parts) < 2:
            return []
        return [(frozenset(self._matcher_of(part)), frozenset(wanted(part))) for part in self._question.parts]

    def _matcher_of(self, part: str) -> Mapping[int, float]:
        return {c: s for c, s in self._matcher.concepts(part).items() if s >= 0.5}

    @staticmethod
    def _meets(scored: Scored, need: frozenset[int], wants: frozenset[Want]) -> bool:
        hits = sum(1 for concept in need if scored.concepts.get(concept, 0.0) >= 0.3)
        return hits * 2 >= len(need) and (not wants or bool(wants & scored.signs))

    def _gain(
        self,
        scored: Scored,
        chosen: list[Scored],
        wants_left: set[Want],
        parts: list[tuple[frozenset[int], frozenset[Want]]],
    ) -> float:
        """The score, less what is said already, more for concepts and parts of the question still open."""
        gain = scored.score
        if not chosen:
            return gain
        repeated = max(_overlap(scored.vocabulary, other.vocabulary) for other in chosen)
        if repeated > _SAME:
            return 0.0
        new = 0.0
        for concept, strength in scored.concepts.items():
            before = max(other.concepts.get(concept, 0.0) for other in chosen)
            new += self._weights[concept] * max(0.0, strength - before)
        gain += 0.4 * new / self._total
        if scored.signs & wants_left:
            gain += 0.06
        if parts and any(self._meets(scored, need, wants) for need, wants in parts):
            gain += 0.12
        if any(other.statement.passage == scored.statement.passage for other in chosen):
            gain += 0.03
        return gain * (1.0 - 0.6 * max(0.0, repeated - 0.3))

    def _in_order(self, chosen: list[Scored]) -> tuple[AnswerSentence, ...]:
        first: dict[int, int] = {}
        for scored in chosen:
            first.setdefault(scored.statement.passage, len(first))
        chosen = sorted(chosen, key=lambda scored: (first[scored.statement.passage], scored.statement.last))
        return _one_header(tuple(self._sentence(scored) for scored in chosen))

    def _sentence(self, scored: Scored) -> AnswerSentence:
        passage = self._passages[scored.statement.passage]
        spans, complete = self._slices(passage, scored)
        slices = tuple(passage.text[start:end] for start, end in spans)
        table = scored.statement.table
        return AnswerSentence("\n".join(slices), passage.chunk_id, tuple(spans), slices, scored.score, complete, table)

    def _slices(self, passage: Passage, scored: Scored) -> tuple[list[tuple[int, int]], bool]:
        statement = scored.statement
        if not statement.items:
            return list(statement.spans), True
        every = [(item[0][0], item[-1][1]) for item in statement.items]
        if len(scored.text) <= _WHOLE_LIST:
            return [*statement.spans, *(span for item in statement.items for span in item)], True
        worth: list[tuple[float, int]] = []
        for place, (start, end) in enumerate(every):
            text = passage.text[start:end]
            own = self._matcher.concepts(text)
            value = sum(self._weights[c] * s for c, s in own.items()) / self._total
            value += sum(_WORTH[want] for want in self._question.wants if _SIGNS[want].search(text))
            worth.append((value, place))
        room = _WHOLE_LIST - sum(end - start for start, end in statement.spans)
        keep: set[int] = set()
        for _, place in sorted(worth, key=lambda pair: (-pair[0], pair[1])):
            needed = [place, *_parents(passage.text, every, place)]
            size = sum(every[p][1] - every[p][0] for p in needed if p not in keep)
            if keep and size > room:
                continue
            keep.update(needed)
            room -= size
            if len(keep) >= 6 or room <= 0:
                break
        if (
            not passage.text[every[-1][0]].isdigit()
            and passage.text[every[-1][0]].islower()
            and not ITEM_MARKER.match(passage.text, every[-1][0])
        ):
            keep.add(len(every) - 1)
        kept = [span for place in sorted(keep) for span in statement.items[place]]
        return [*statement.spans, *kept], len(keep) == len(every)

    def _read_place(self, place: Place) -> Extract | None:
        """Leading statements of the part of a document that was named."""
        ranked = [
            scored
            for scored in self.scored()
            if is_place(self._passages[scored.statement.passage], place, scored.statement.start)
        ]
        if not ranked:
            return None
        return self._leading(sorted(ranked, key=lambda s: (s.statement.passage, s.statement.last)), ranked)

    def _look_up(self, lookup: Lookup) -> Extract | None:
        """Leading sentences of the provision that was named, or what of it speaks of the rest of the question."""
        hits = [n for n, passage in enumerate(self._passages) if is_provision(passage, lookup)]
        if not hits:
            return None
        best_law = self._passages[hits[0]].law or self._passages[hits[0]].title
        hits = [n for n in hits if (self._passages[n].law or self._passages[n].title) == best_law]
        ranked = [scored for scored in self.scored() if scored.statement.passage in set(hits)]
        if not ranked:
            return None
        if not lookup.only:
            return Extract(self._in_order(self._choose(ranked)), tuple(ranked), ranked[0])
        order = sorted(hits, key=lambda n: (_absatz_key(self._passages[n].paragraph), n))
        in_order = sorted(ranked, key=lambda s: (order.index(s.statement.passage), s.statement.start))
        return self._leading(in_order, in_order)

    def _leading(self, in_order: list[Scored], ranked: list[Scored]) -> Extract:
        """Statements from the beginning on, as many as an answer holds."""
        in_order = [s for s in in_order if len(s.text) >= 30] or in_order
        chosen: list[Scored] = []
        length = 0
        for scored in in_order:
            size = min(len(scored.text), _WHOLE_LIST)
            if chosen and (length + size > MOST_CHARACTERS or len(chosen) >= MOST_SENTENCES):
                break
            chosen.append(scored)
            length += size
        return Extract(_one_header(tuple(self._sentence(scored) for scored in chosen)), tuple(ranked), in_order[0])


def _one_header(sentences: tuple[AnswerSentence, ...]) -> tuple[AnswerSentence, ...]:
    """Rows of one table under one header."""
    found: list[AnswerSentence] = []
    header: tuple[str, tuple[int, int]] | None = None
    for sentence in sentences:
        mine = (sentence.chunk_id, sentence.spans[0]) if sentence.table and len(sentence.spans) > 1 else None
        if mine is not None and mine == header:
            spans, slices = sentence.spans[1:], sentence.slices[1:]
            sentence = replace(sentence, spans=spans, slices=slices, text="\n".join(slices))
        header = mine
        found.append(sentence)
    return tuple(found)


def headings_at(passage: Passage, position: int) -> tuple[str, ...]:
    """The headings above a place in a passage, which may hold several small sections with their headings."""
    inner = layout.heading_at(passage.text, position)
    return (*passage.heading_path[:-1], inner) if inner else passage.heading_path


def is_place(passage: Passage, place: Place, position: int) -> bool:
    """Whether a position in a passage stands in the document and under the heading that were named."""
    headings = headings_at(passage, position)
    return (
        bool(headings)
        and only_words(passage.title) == only_words(place.title)
        and only_words(heading_of(headings)) == only_words(place.heading)
    )


def is_provision(passage: Passage, lookup: Lookup) -> bool:
    """Whether the passage belongs to the provision that was named (a law is only compared where search did not)."""
    own = re.search(r"\d+ ?[a-z]?", (passage.section or "").lower())
    if own is None or own.group().replace(" ", "") != lookup.number:
        return False
    if lookup.paragraph and passage.paragraph and lookup.paragraph.lower() != passage.paragraph.lower():
        return False
    if not lookup.law or passage.scores.get("lookup", 0.0) > 0:
        return True
    wanted_law = re.sub(r"[^a-z]", "", lookup.law.lower())
    names = [re.sub(r"[^a-zäöü]", "", name.lower()) for name in (passage.law or "", passage.title)]
    return any(name and (wanted_law.startswith(name[:12]) or wanted_law[:12] in name) for name in names)


def _absatz_key(paragraph: str | None) -> tuple[int, str]:
    match = re.match(r"(\d+)([a-z]*)", paragraph or "")
    return (int(match[1]), match[2]) if match else (0, "")


def _parents(text: str, items: Sequence[tuple[int, int]], place: int) -> list[int]:
    """The items above an item in the nesting `1. → a) → aa)`."""
    level = _level(text, items[place][0])
    found: list[int] = []
    for above in range(place - 1, -1, -1):
        other = _level(text, items[above][0])
        if other < level:
            found.append(above)
            level = other
        if level == 0:
            break
    return found


def _level(text: str, at: int) -> int:
    match = ITEM_MARKER.match(text, at)
    mark = match.group().rstrip("\\.)") if match else ""
    if mark.isdigit() or not mark:
        return 0
    if len(mark) >= 2 and mark[0] == mark[1]:
        return 2
    return 1 if mark[0].isalpha() else 0


_TOKEN = re.compile(r"\w{4,}")


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of the shorter text's words the other has, too."""
    return len(one & other) / max(1, min(len(one), len(other)))


def unit_pattern(question: str) -> re.Pattern[str] | None:
    """How the unit that a question names is written in an answer; None where it names none."""
    return next((written for asked, written in _UNITS_ASKED if asked.search(question)), None)


_NO_VALUE = re.compile(r"[\d., ]*|[^\W\d_]{3,} ?[^\W\d_]*")
_REGULAR = re.compile(r"(?:viertel|halb)?jährlich|monatlich|wöchentlich|täglich", re.I)
_WORD_NUMBER = re.compile(
    r"(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig|dreißig|fünfzig|\w*hundert\w*"
    r"|\w*tausend\w*|anderthalb|eine[nmrs]?)\s",
    re.I,
)
_DIGITS_BEFORE = re.compile(r"\d[\d.,\s]*$")


def value_spans(text: str, wants: Sequence[Want]) -> list[tuple[int, int]]:
    """Where values of the wanted kinds stand, without overlap; bare numbers and mere words of time are none."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(match.span() for want in wants for match in _SIGNS[want].finditer(text)):
        written = text[start:end]
        if _NO_VALUE.fullmatch(written) and not (_WORD_NUMBER.match(written) or _REGULAR.fullmatch(written)):
            continue
        # Groups of digits set apart by a special space belong to one number.
        if written[0].isdigit() and (before := _DIGITS_BEFORE.search(text, max(0, start - 20), start)):
            start = before.start()
        if found and start < found[-1][1]:
            found[-1] = (min(start, found[-1][0]), max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def signs_of(text: str, wants: Sequence[Want]) -> frozenset[Want]:
    """Which of the wanted kinds of answer `text` holds."""
    return frozenset(want for want in wants if _SIGNS[want].search(text))
