"""The extractive answer: which sentences of the passages found answer the question, word for word as they stand there.

Only the way from passages to the sentences of an answer belongs here; whether they suffice is `support`'s verdict.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile

from luna_rules.answers.above import located, whole
from luna_rules.answers.choice import MOST_CHARACTERS, MOST_SENTENCES, Chooser
from luna_rules.answers.headed import from_heading
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.places import absatz_key, is_place, is_provision, same_section
from luna_rules.answers.question import Lookup, Place, Question
from luna_rules.answers.ranges import in_range, rows_in_range
from luna_rules.answers.rows import rows_meant
from luna_rules.answers.scoring import WHOLE_LIST, Scored, StatementScorer
from luna_rules.answers.signs import SIGNS, WORTH
from luna_rules.answers.statements import Statement, parents
from luna_rules.answers.tables import shown
from luna_rules.documents.sentences import ITEM_MARKER
from luna_rules.quantities.years import in_year
from luna_rules.search.laws import section_key

_CLOSED = re.compile(r"(?:[.,;!?]|,?\s(?:und|oder|sowie))\s*$")
"""How an item ends that needs none below it."""
_NUMBERED = re.compile(r"\W?\d{1,3}[a-z]?\\?\.")
_SATZ = re.compile(r"\bSatz\s*([1-9]\d?)\b", re.I)


@dataclass(frozen=True, slots=True)
class Extract:
    """The statements chosen, best first in `ranked`, in reading order in `sentences`.

    `unlisted` are names in the question that a table of such names does not list.
    """

    sentences: tuple[AnswerSentence, ...]
    ranked: tuple[Scored, ...]
    best: Scored | None
    unlisted: tuple[str, ...] = ()


class Extractor:
    """Takes the answer to one question from the passages found for it, which come best first."""

    def __init__(
        self,
        question: Question,
        passages: Sequence[Passage],
        matcher: ConceptMatcher,
        today: date | None = None,
    ) -> None:
        passages = [whole(passage) for passage in passages]
        self._question = question
        self._passages = passages
        self._matcher = matcher
        self._scorer = StatementScorer(question, passages, matcher, today)
        self._chooser = Chooser(question, passages, matcher, self._scorer.passage_concepts, self._scorer.asked_of)

    @property
    def passages(self) -> Sequence[Passage]:
        """The passages as they are read, with what stands above those that begin amid a table or list."""
        return self._passages

    def passage_concepts(self, number: int) -> Mapping[int, float]:
        """What a passage as a whole speaks of, its heading and title included."""
        return self._scorer.passage_concepts(number)

    def share(self, number: int) -> float:
        """How much of the question a passage as a whole speaks of, from 0 to 1."""
        return self._scorer.share(number)

    def scored(self) -> list[Scored]:
        """All statements of all passages with their scores, best first."""
        return self._scorer.scored()

    def extract(self) -> Extract:
        """The statements that answer: the best, then what adds to it, in the order of the law."""
        question = self._question
        if question.place is not None and (found := self._read_place(question.place)) is not None:
            return found
        if question.lookup is not None:
            found = self._look_up(question.lookup)
            if found is not None:
                return found
        meant = rows_meant(question, self._passages, self.scored())
        ranked = rows_in_range(question.text, self._passages, meant.ranked)
        if not ranked:
            return Extract((), (), None, meant.unlisted)
        chosen = self._chooser.choose(ranked, meant.named)
        if begun := from_heading(question, self._passages, self._matcher, ranked):
            return self._begun(begun, chosen, ranked)
        return Extract(self._in_order(chosen), tuple(ranked), ranked[0], meant.unlisted)

    def _begun(self, begun: list[Scored], chosen: list[Scored], ranked: list[Scored]) -> Extract:
        """How a provision begins, then what was chosen besides of the same one."""
        here = self._passages[begun[0].statement.passage]
        more = [
            scored
            for scored in chosen
            if scored not in begun and same_section(self._passages[scored.statement.passage], here)
        ]
        lead = replace(begun[0], score=ranked[0].score)
        said = [lead, *begun[1:], *more[: MOST_SENTENCES - len(begun)]]
        return Extract(tuple(self._sentence(scored) for scored in said), tuple(ranked), lead)

    def _in_order(self, chosen: list[Scored]) -> tuple[AnswerSentence, ...]:
        """What answers first, a row with others of its table, the rest as it stands in the passages."""
        first: dict[int, int] = {}
        for scored in chosen:
            first.setdefault(scored.statement.passage, len(first))
        lead = chosen[0].statement if chosen else None

        def leads(one: Statement) -> bool:
            return one is lead or (one.table and lead is not None and lead.table and one.place == lead.place)

        chosen = sorted(
            chosen,
            key=lambda scored: (
                not leads(scored.statement),
                first[scored.statement.passage],
                scored.statement.last,
            ),
        )
        return _one_header(tuple(self._sentence(scored) for scored in chosen))

    def _sentence(self, scored: Scored) -> AnswerSentence:
        passage = self._passages[scored.statement.passage]
        spans, complete = self._slices(passage, scored)
        table = scored.statement.table
        places = [place for span in spans for place in located(passage, span)]
        texts = {one.chunk_id: one.text for one in passage.above} | {passage.chunk_id: passage.text[passage.begins :]}
        slices = tuple(shown(texts[chunk_id][slice(*span)]) for chunk_id, span in places)
        sources = tuple(chunk_id for chunk_id, _ in places)
        return AnswerSentence(
            "\n".join(slices),
            passage.chunk_id,
            tuple(span for _, span in places),
            slices,
            scored.score,
            complete,
            table,
            sources if set(sources) != {passage.chunk_id} else (),
        )

    def _slices(self, passage: Passage, scored: Scored) -> tuple[list[tuple[int, int]], bool]:
        statement = scored.statement
        if not statement.items:
            return list(statement.spans), True
        every = [(item[0][0], item[-1][1]) for item in statement.items]
        said = [shown(passage.text[slice(*item)]) for item in every]
        of_year = in_year(self._question.text, said)
        if not all(of_year):
            of_year = _with_parents(passage.text, every, of_year)
        left = len(scored.text) - sum(len(text) for text, held in zip(said, of_year, strict=True) if not held)
        if left <= WHOLE_LIST:
            kept = [span for item, held in zip(statement.items, of_year, strict=True) if held for span in item]
            return [*statement.spans, *kept], all(of_year) and not passage.begins
        worth: list[tuple[float, int]] = []
        for place, text in enumerate(said):
            if every[place][0] < passage.begins:
                continue  # what leads others in says nothing by itself
            own = self._matcher.concepts(text)
            value = sum(self._scorer.weights[c] * s for c, s in own.items()) / self._scorer.total
            value += sum(WORTH[want] for want in self._question.wants if SIGNS[want].search(text))
            worth.append((value, place))
        held = [one and other for one, other in zip(in_range(self._question.text, said), of_year, strict=True)]
        room = WHOLE_LIST - sum(len(shown(passage.text[slice(*span)])) for span in statement.spans)
        keep: set[int] = set()
        for _, place in sorted(worth, key=lambda pair: (-pair[0], pair[1])):
            needed = [place, *parents(passage.text, every, place), *self._below(passage.text, every, place)]
            if not all(held[number] for number in needed):
                continue
            size = sum(len(said[p]) for p in needed if p not in keep)
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

    @staticmethod
    def _below(text: str, every: Sequence[tuple[int, int]], place: int) -> list[int]:
        """The items under one that leads in to them and says nothing without: „davon nicht mehr als“."""
        if _CLOSED.search(text[slice(*every[place])]):
            return []
        under = range(place + 1, len(every))
        return list(takewhile(lambda below: place in parents(text, every, below), under))

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
        ranked = rows_in_range(self._question.text, self._passages, ranked)
        if not ranked:
            return None
        if not lookup.only and not self._asks_for_all(hits):
            return Extract(self._in_order(self._chooser.choose(ranked)), tuple(ranked), ranked[0])
        order = sorted(hits, key=lambda n: (absatz_key(self._passages[n].paragraph), not _begins(self._passages[n]), n))
        in_order = sorted(ranked, key=lambda s: (order.index(s.statement.passage), s.statement.start))
        if len(lookup.numbers) > 1:
            in_order = self._section_by_section(in_order, lookup)
        if lookup.item:
            in_order = self._item(in_order, lookup.item) or in_order
        elif lookup.paragraph and (satz := _SATZ.search(self._question.text)):
            in_order = in_order[int(satz[1]) - 1 :] or in_order
        return self._leading(in_order, in_order)

    def _item(self, in_order: list[Scored], number: str) -> list[Scored]:
        """The item of that number, with what is listed under it, and the sentence that leads it in."""
        found: list[Scored] = []
        own = re.compile(rf"\W?{re.escape(number)}\\?\.")
        for scored in in_order:
            statement, text = scored.statement, self._passages[scored.statement.passage].text
            kept: list[list[tuple[int, int]]] = []
            for item in statement.items:
                if own.match(text, item[0][0]) or (kept and not _NUMBERED.match(text, item[0][0])):
                    kept.append(item)
                elif kept:
                    break
            if kept:
                said = " ".join(text[item[0][0] : item[-1][1]] for item in kept)
                found.append(replace(scored, statement=replace(statement, items=kept), text=said))
            elif not statement.items and own.match(text, statement.start):
                found.append(scored)
        return found

    def _asks_for_all(self, hits: list[int]) -> bool:
        """Whether every noun of the question stands in the provision's own heading."""
        nouns = [
            number
            for number, label in enumerate(self._matcher.labels)
            if label[:1].isupper() and label not in self._question.laws
        ]
        headings = {heading for n in hits for heading in self._passages[n].heading_path[-1:]}
        if self._question.wants or not nouns or len(headings) != 1:
            return False
        said = self._matcher.concepts(headings.pop())
        return all(number in said for number in nouns)

    def _section_by_section(self, in_order: list[Scored], lookup: Lookup) -> list[Scored]:
        """The first sentences of each of several provisions before the second ones, in the order of the provisions."""
        places: dict[str | None, int] = {}
        for number in lookup.numbers:
            for passage in self._passages:
                if section_key(passage.section or "") == number:
                    places.setdefault(passage.section, len(places))
        seen: dict[str | None, int] = {}
        turns: list[tuple[int, int, Scored]] = []
        for scored in in_order:
            section = self._passages[scored.statement.passage].section
            seen[section] = seen.get(section, 0) + 1
            turns.append((seen[section], places.get(section, len(places)), scored))
        room = max(1, MOST_SENTENCES // max(1, len(places)))
        kept = [turn for turn in turns if turn[0] <= room]
        return [scored for _, _, scored in sorted(kept, key=lambda turn: (turn[1], turn[0]))]

    def _leading(self, in_order: list[Scored], ranked: list[Scored]) -> Extract:
        """Statements from the beginning on, as many as an answer holds."""
        in_order = [s for s in in_order if len(s.text) >= 30] or in_order
        chosen: list[Scored] = []
        length = 0
        for scored in in_order:
            size = min(len(scored.text), WHOLE_LIST)
            if chosen and (length + size > MOST_CHARACTERS or len(chosen) >= MOST_SENTENCES):
                break
            chosen.append(scored)
            length += size
        return Extract(_one_header(tuple(self._sentence(scored) for scored in chosen)), tuple(ranked), in_order[0])


def _with_parents(text: str, items: Sequence[tuple[int, int]], held: Sequence[bool]) -> list[bool]:
    """Without items under one that does not hold, and without those of which nothing is left that they lead in."""
    above = [parents(text, items, place) for place in range(len(items))]
    kept = [one and all(held[number] for number in over) for one, over in zip(held, above, strict=True)]
    leading = {number for over in above for number in over}
    led = {number for one, over in zip(kept, above, strict=True) if one for number in over}
    return [one and (place not in leading or place in led) for place, one in enumerate(kept)]


def _one_header(sentences: tuple[AnswerSentence, ...]) -> tuple[AnswerSentence, ...]:
    """Rows of one table under one header, and under one row that leads them in; items of one list under one lead-in."""
    found: list[AnswerSentence] = []
    before: tuple[tuple[str, tuple[int, int]], ...] = ()
    for sentence in sentences:
        mine = sentence.located
        same = 0
        while same < min(len(mine) - 1, len(before)) and before[same] == mine[same]:
            same += 1
        if same:
            slices, sources = sentence.slices[same:], sentence.sources[same:]
            sources = sources if set(sources) != {sentence.chunk_id} else ()
            spans = sentence.spans[same:]
            sentence = replace(sentence, spans=spans, slices=slices, text="\n".join(slices), sources=sources)
        before = mine
        found.append(sentence)
    return tuple(found)


def _begins(passage: Passage) -> bool:
    """Whether a passage is the beginning of its Absatz."""
    return passage.paragraph is not None and not passage.begins and passage.text.startswith(f"({passage.paragraph})")
