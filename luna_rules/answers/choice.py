"""Which scored statements make the answer: the best, then what adds to it, and nothing twice.

Only the choice belongs here; how a chosen statement is cut for the answer is `extract`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from luna_rules.answers.gather import PART, asked_parts
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.places import same_section
from luna_rules.answers.question import NUMERIC, Question, Want, wanted
from luna_rules.answers.scoring import MARK, WHOLE_LIST, Scored
from luna_rules.answers.tables import shown

MOST_SENTENCES = 5
MOST_CHARACTERS = 1_800
_SAME = 0.92
_OTHER_ROW = 0.95
_SAID = 0.5
_UNSAID = 0.3
_AS_GOOD = 0.85
_MOST_BESIDE = 3
_NEARLY = 0.6
_ELSEWHERE = 0.75
_STRONG = 0.75
_RIVAL = 0.85
_HALF = 0.4
_NEW = 0.1
_LOOKED_AT = 120
_WHOLE = 0.5
_PART = 0.6
_AROUND = 0.6
_VALUED = 1.2
_UNVALUED = 0.7
_SHORT = 30
_OF_PART = 0.35
_FIRST = 0.9
"""How near the best statement of the section that search puts first must come to the best one to stand in its place."""
_ASKED = 0.3
"""What it counts that people ask a statement's Absatz what was asked."""


class _Taken:
    """The statements chosen so far, and what they say already; each of them is compared once with each candidate."""

    def __init__(self) -> None:
        self.statements: list[Scored] = []
        self._said: dict[int, float] = {}
        self._heard = 0
        self._repeated: dict[int, tuple[int, float]] = {}

    def said(self) -> Mapping[int, float]:
        """How plainly each concept is spoken of by one of them."""
        for scored in self.statements[self._heard :]:
            for concept, strength in scored.concepts.items():
                self._said[concept] = max(strength, self._said.get(concept, 0.0))
        self._heard = len(self.statements)
        return self._said

    def repeated(self, scored: Scored) -> float:
        """How much of a statement's words one of them says already, from 0 to 1."""
        compared, most = self._repeated.get(id(scored), (0, 0.0))
        for other in self.statements[compared:]:
            most = max(most, _overlap(scored.vocabulary, other.vocabulary))
        self._repeated[id(scored)] = len(self.statements), most
        return most


class Chooser:
    """Chooses among the scored statements of `passages` for one question."""

    def __init__(
        self,
        question: Question,
        passages: Sequence[Passage],
        matcher: ConceptMatcher,
        around: Callable[[int], Mapping[int, float]],
        asked_of: Callable[[int], float],
    ) -> None:
        """`around` tells what a passage as a whole speaks of, `asked_of` how much of the question people ask of what
        its Absatz answers; both by its number."""
        self._around = around
        self._asked_of = asked_of
        self._question = question
        self._passages = passages
        self._matcher = matcher
        self._weights = list(matcher.weights)
        self._total = sum(self._weights) or 1.0
        self._marks = set(MARK.findall(question.text))
        self._best_rows: Mapping[tuple[int, tuple[int, int] | None], Scored] = {}

    def choose(self, ranked: list[Scored], named: Sequence[Scored] = ()) -> list[Scored]:
        """From statements with the best first: what is to be read first, then what adds to it, as it was chosen.

        `named` are rows of tables that were asked for by name and belong to the answer.
        """
        taken = _Taken()
        chosen = taken.statements
        length = 0
        best = ranked[0].score
        self._best_rows = _best_rows(ranked)
        candidates = [scored for scored in ranked[:60] if scored.score >= 0.45 * best]
        wants_left = set(self._question.wants)
        parts = self._part_needs()
        lead = self._lead(candidates)
        found = self._for_parts(ranked[:_LOOKED_AT], parts, lead)
        found += [one for one in self._of_part_searches(ranked) if one not in found]
        if found and not named:
            found = self._led(lead, found)
        found = [*named, *(one for one in found if one not in named)]
        for pick in found:
            if chosen and length + _size(pick) > MOST_CHARACTERS:
                continue
            chosen.append(pick)
            length += _size(pick)
            wants_left -= pick.signs
            candidates = [scored for scored in candidates if scored is not pick]
        if chosen:
            parts = [(need, wants) for need, wants in parts if not any(self._meets(s, need, wants) for s in chosen)]
        while candidates and len(chosen) < MOST_SENTENCES:
            pick: Scored | None = lead
            if chosen:
                pick = None
                gains = [self._gain(scored, taken, wants_left, parts) for scored in candidates]
                # What is passed over now adds nothing later, either.
                for gain, scored in sorted(zip(gains, candidates, strict=True), key=lambda one: -one[0]):
                    if gain < (0.46 + 0.04 * len(chosen)) * best:
                        break
                    if self._adds(scored, chosen, parts) and length + _size(scored) <= MOST_CHARACTERS:
                        pick = scored
                        break
                    candidates.remove(scored)
            if pick is None:
                break
            candidates.remove(pick)
            chosen.append(pick)
            length += _size(pick)
            beside = _beside(pick, candidates)
            if beside and length + sum(len(row.text) for row in beside) <= MOST_CHARACTERS:
                chosen += beside
                length += sum(len(row.text) for row in beside)
                candidates = [scored for scored in candidates if scored not in beside]
            wants_left -= pick.signs
            parts = [(need, wants) for need, wants in parts if not self._meets(pick, need, wants)]
        return chosen

    def _lead(self, candidates: Sequence[Scored]) -> Scored:
        """The statement to be read first: the best of all, or of search's first section where that comes near.

        Search sees how all of a section fits the whole question, so it decides between statements that fit alike.
        """
        first = self._passages[0]
        near = (one for one in candidates if one.score >= _FIRST * candidates[0].score)
        return next((scored for scored in near if self._of_section(scored, first)), candidates[0])

    def _led(self, lead: Scored, found: Sequence[Scored]) -> list[Scored]:
        """What was found for the parts of a question, what is of the section to be read first before the rest.

        Where search finds the first part's answer for that part alone, too, the order of the question stays.
        """
        if self._passages[found[0].statement.passage].scores.get(PART) == 1:
            return list(found)
        here = self._passages[lead.statement.passage]
        first = next((scored for scored in found if self._of_section(scored, here)), lead)
        return [first, *(scored for scored in found if scored is not first)]

    def _of_section(self, scored: Scored, passage: Passage) -> bool:
        return same_section(self._passages[scored.statement.passage], passage)

    def _for_parts(
        self, ranked: list[Scored], parts: list[tuple[frozenset[int], frozenset[Want]]], lead: Scored
    ) -> list[Scored]:
        """For each part of a question for several things what answers it best, or `lead` where it does so as well."""
        found: list[Scored] = []
        best = ranked[0].score if ranked else 0.0
        shared = frozenset[int].intersection(*(need for need, _ in parts)) if parts else frozenset[int]()
        for need, wants in parts:
            own = need - shared or need
            total = sum(self._weights[concept] for concept in own)
            if not total:
                continue
            worth = [self._worth(scored, own, wants) / total + _WHOLE * scored.score / best for scored in ranked]
            place = max(range(len(ranked)), key=lambda number: worth[number])
            own_place = next((number for number, scored in enumerate(ranked) if scored is lead), place)
            if worth[own_place] >= _FIRST * worth[place]:
                place = own_place
            if worth[place] >= _PART and ranked[place] not in found:
                found.append(ranked[place])
        return found

    def _of_part_searches(self, ranked: list[Scored]) -> list[Scored]:
        """The best statement of what the search for each part put first, where it speaks of the part."""
        found: list[Scored] = []
        for number, part in enumerate(asked_parts(self._question), 1):
            need = self._matcher_of(part)
            total = sum(self._weights[concept] for concept in need)
            near = [
                scored
                for scored in ranked
                if self._passages[scored.statement.passage].scores.get(PART) == number and len(scored.text) >= _SHORT
            ]
            if not near or not total:
                continue
            wants = frozenset(wanted(part))
            best = max(near, key=lambda scored: self._worth(scored, frozenset(need), wants) / total + scored.score)
            if self._worth(best, frozenset(need), wants) / total >= _OF_PART:
                found.append(best)
        return found

    def _worth(self, scored: Scored, need: frozenset[int], wants: frozenset[Want]) -> float:
        """How much of a part a statement speaks of, with less for what only stands around it."""
        around = self._around(scored.statement.passage)
        spoken = sum(
            self._weights[concept] * max(scored.concepts.get(concept, 0.0), _AROUND * around.get(concept, 0.0))
            for concept in need
        )
        if wants & NUMERIC:
            return spoken * (_VALUED if wants & scored.signs & NUMERIC else _UNVALUED)
        return spoken

    def _adds(self, scored: Scored, chosen: list[Scored], parts: list[tuple[frozenset[int], frozenset[Want]]]) -> bool:
        """Whether a further statement speaks of the question nearly as well as the best, or of what is still open."""
        best = chosen[0]
        if scored.statement.table and not self._marked(scored) and any(self._marked(row) for row in chosen):
            return False
        row = self._best_rows.get(scored.statement.place) if scored.statement.table else None
        if row and (scored.score < _OTHER_ROW * row.score or (_says_less(scored, row) and row in chosen)):
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
        row = shown(self._passages[scored.statement.passage].text[slice(*scored.statement.spans[-1])])
        return bool(self._marks & set(MARK.findall(row)))

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
        taken: _Taken,
        wants_left: set[Want],
        parts: list[tuple[frozenset[int], frozenset[Want]]],
    ) -> float:
        """The score, less what is said already, more for concepts and parts of the question still open."""
        gain = scored.score
        repeated = taken.repeated(scored)
        if repeated > _SAME:
            return 0.0
        said = taken.said()
        new = 0.0
        for concept, strength in scored.concepts.items():
            new += self._weights[concept] * max(0.0, strength - said.get(concept, 0.0))
        gain += 0.4 * new / self._total
        if scored.signs & wants_left:
            gain += 0.06
        if parts and any(self._meets(scored, need, wants) for need, wants in parts):
            gain += 0.12
        if any(other.statement.passage == scored.statement.passage for other in taken.statements):
            gain += 0.03
        gain += _ASKED * self._asked_of(scored.statement.passage)
        return gain * (1.0 - 0.6 * max(0.0, repeated - 0.3))


def _size(scored: Scored) -> int:
    """How many characters a statement takes of an answer; a long list is not given whole."""
    return min(len(scored.text), WHOLE_LIST)


def _beside(row: Scored, candidates: Sequence[Scored]) -> list[Scored]:
    """The rows under the same row that fit as well: one of „a) … 409 EUR“ and „b) … 1 217 EUR“ alone would mislead."""
    if not row.statement.above:
        return []
    found = [
        other
        for other in candidates
        if other.statement.passage == row.statement.passage
        and other.statement.spans[:-1] == row.statement.spans[:-1]
        and other.score >= _AS_GOOD * row.score
    ]
    return found if len(found) <= _MOST_BESIDE else []


def _best_rows(ranked: Sequence[Scored]) -> dict[tuple[int, tuple[int, int] | None], Scored]:
    """Each table's best row."""
    found: dict[tuple[int, tuple[int, int] | None], Scored] = {}
    for scored in ranked:
        if scored.statement.table:
            found.setdefault(scored.statement.place, scored)
    return found


def _says_less(row: Scored, best: Scored) -> bool:
    """Whether a row of the same table leaves out what the best one says of the question, and adds nothing to it."""
    lacks = any(s >= _SAID and row.concepts.get(c, 0.0) < _UNSAID for c, s in best.concepts.items())
    adds = any(s >= _SAID and best.concepts.get(c, 0.0) < _UNSAID for c, s in row.concepts.items())
    return lacks and not adds


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """How much of the shorter text's words the other has, too."""
    return len(one & other) / max(1, min(len(one), len(other)))
