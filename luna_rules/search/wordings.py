"""Which sections a question is about, told from curated everyday wordings of each section instead of the law's words.

The wordings are data (`data/search/sections_*.tsv`): words for what a section answers and questions that it answers,
written from the laws' text. They are held beside the parser and not in the index, so they can be edited without
indexing anew and help in every version of a law.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from luna_rules.search import laws, words
from luna_rules.search.analyser import Analyser
from luna_rules.search.cases import Case, Named
from luna_rules.search.tables import SectionCases, SectionWording
from luna_rules.search.wording_postings import Posting, english_term, law_name, postings, read_wordings

_UNKNOWN = 0.5
_MOST = 60
_MOST_BY_ABSATZ = 12
_LEAST = 0.25
_OTHER_CASE = 0.5

_F32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class AbsatzHint:
    """An Absatz of a hinted section (`paragraph`: its look-up term), with `weight` and `spoken` as a section's."""

    paragraph: str
    weight: float
    spoken: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hint:
    """A section that a question's wording points at. `laws` and `section` are look-up terms, all of them needed.

    `weight` (about 0…1): the share of the question's concepts that the section's wordings together speak of, rare ones
    counting more. `spoken` (about 0…1): how plainly they speak of each concept, in the order of the question's.
    `paragraphs`: the same for those of its Absätze that have wordings of their own, where the section is among the
    first few.
    """

    laws: tuple[str, ...]
    section: str
    weight: float
    spoken: tuple[float, ...] = ()
    paragraphs: tuple[AbsatzHint, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """The look-up terms whose postings are needed."""
        return (*self.laws, self.section, *(one.paragraph for one in self.paragraphs))


class _Alternative(Protocol):
    @property
    def terms(self) -> tuple[str, ...]: ...
    @property
    def weight(self) -> float: ...


class _Group(Protocol):
    @property
    def asked(self) -> str: ...
    @property
    def alternatives(self) -> Sequence[_Alternative]: ...
    @property
    def weight(self) -> float: ...
    @property
    def people(self) -> tuple[str, ...]: ...


class WordingIndex:
    """The wordings of all sections by their terms. Building one takes a moment; threads may share it."""

    def __init__(
        self,
        wordings: Iterable[SectionWording],
        analyser: Analyser,
        ignored: frozenset[str] = frozenset(),
        english_ignored: frozenset[str] = frozenset(),
        cases: Iterable[SectionCases] = (),
    ) -> None:
        """`ignored` and `english_ignored`: words of conversation, which say nothing of what a wording is about.

        `cases`: which Absätze of a section hold for which quantities.
        """
        written = read_wordings(tuple(wordings), ignored, english_ignored)
        self._places = written.places
        self.laws = tuple(dict.fromkeys(name for name, _ in self._places))
        """Look-up terms of the laws that have wordings."""
        self.spoken_german, self.spoken_english = written.spoken
        """Words of the wordings in either language, as spelled by `words.spelling`, for telling which is spoken."""
        self._labels = written.labels
        self._spans = written.spans
        self._postings, self._paragraphs = postings(written, analyser)
        self._cases: defaultdict[tuple[str, str], list[tuple[str, Case]]] = defaultdict(list)
        for one in cases:
            for law in one.laws:
                own = self._cases[law_name(law), laws.section_term(laws.section_key(one.section) or "")]
                own += [(laws.paragraph_term(label), case) for label, case in one.paragraphs]

    def find(self, groups: Sequence[_Group], *, english: bool, named: Sequence[Named] = ()) -> tuple[Hint, ...]:
        """The sections whose wordings speak of most of the question's concepts, best first, at most sixty.

        `named`: the question's quantities, by which the Absatz is told that holds for them.
        """
        count = len(self._places)
        if not count or not groups:
            return ()
        spoken = np.zeros((len(groups), count), np.float32)
        sums = np.zeros(count, np.float32)
        worth = np.zeros(len(groups), np.float32)
        said: list[_Said] = []
        for best, number, group in zip(spoken, range(len(groups)), groups, strict=True):
            own = self._said(group, english)
            alone = [(known[0], share) for known, share in own.ways if len(known) == 1]
            if alone:
                impacts = [one.impacts * share for one, share in alone]
                np.maximum.at(best, np.concatenate([one.sections for one, _ in alone]), np.concatenate(impacts))
            for known, share in own.ways:
                if len(known) > 1:
                    for one in known:
                        sums[one.sections] += one.impacts * share
                    np.maximum(best, sums, out=best)
                    sums.fill(0)
            if own.idf:
                best /= np.float32(own.idf)
            worth[number] = group.weight * (own.idf or _UNKNOWN)
            said.append(own)
        possible = float(worth.sum())
        if possible <= 0:
            return ()
        worth /= np.float32(possible)
        weights = worth @ spoken
        top = float(weights.max(initial=0.0))
        if top <= 0:
            return ()
        order = np.argsort(-weights, kind="stable")[:_MOST]
        order = order[weights[order] >= _LEAST * top]
        within = self._within(order[:_MOST_BY_ABSATZ], said, worth)
        for row in order[:_MOST_BY_ABSATZ].tolist() if named and within else ():
            within[row] = _by_case(within.get(row, ()), self._cases.get(self._places[row], ()), groups, named)
        rows = zip(order.tolist(), weights[order].round(4).tolist(), spoken[:, order].T.round(2).tolist(), strict=True)
        return tuple(
            Hint((law,), section, weight, tuple(own), within.get(row, ()))
            for row, weight, own in rows
            for law, section in (self._places[row],)
        )

    def _said(self, group: _Group, english: bool) -> _Said:
        """The ways in which a concept may be said, as far as the wordings know them."""
        idf = 0.0
        ways: list[tuple[list[Posting], np.float32]] = []
        for terms, weight in _ways(group, english):
            known = [self._postings[term] for term in terms if term in self._postings]
            if known:
                ways.append((known, np.float32(weight * len(known) / len(terms) ** 2)))
                idf = max(idf, max(one.idf for one in known))
        return _Said(ways, idf)

    def _within(
        self, sections: NDArray[np.int64], said: Sequence[_Said], worth: _F32
    ) -> dict[int, tuple[AbsatzHint, ...]]:
        """What the wordings of each Absatz of some sections speak of."""
        spans = [(row, *self._spans[row]) for row in sections.tolist()]
        paragraphs = np.concatenate([np.arange(start, end) for _, start, end in spans])
        ways = [(known, share) for own in said for known, share in own.ways]
        if not len(paragraphs) or not ways:
            return {}
        said_by = self._paragraphs.spoken(
            paragraphs,
            np.array([one.number for known, _ in ways for one in known], np.int32),
            np.repeat(np.arange(len(ways)), [len(known) for known, _ in ways]),
            np.repeat(np.array([share for _, share in ways], np.float32), [len(known) for known, _ in ways]),
            len(ways),
        )
        spoken = np.zeros((len(said), len(paragraphs)), np.float32)
        start = 0
        for best, own in zip(spoken, said, strict=True):
            if own.ways:
                best[:] = said_by[start : start + len(own.ways)].max(axis=0) / np.float32(own.idf or 1.0)
                start += len(own.ways)
        weights = (worth @ spoken).round(4).tolist()
        rounded = spoken.T.round(2).tolist()
        found: dict[int, tuple[AbsatzHint, ...]] = {}
        place = 0
        for row, first, last in spans:
            found[row] = tuple(
                AbsatzHint(label, weight, tuple(own))
                for label, weight, own in zip(self._labels[first:last], weights[place:], rounded[place:], strict=False)
                if weight > 0
            )
            place += last - first
        return found


def _by_case(
    hints: tuple[AbsatzHint, ...],
    cases: Sequence[tuple[str, Case]],
    groups: Sequence[_Group],
    named: Sequence[Named],
) -> tuple[AbsatzHint, ...]:
    """The Absätze of a section, those first that hold for the quantity of a question; those of other cases go back.

    An Absatz that holds for the quantity speaks of the concepts that name it, whatever its words.
    """
    asked = next((one for one in named if any(case.kind == one.kind for _, case in cases)), None)
    if asked is None:
        return hints
    holds: dict[str, bool] = {}
    for label, case in cases:
        if case.kind == asked.kind:
            holds[label] = holds.get(label, False) or case.holds(asked.value)
    own = set(words.tokens(asked.written))
    names = [bool(own & set(words.tokens(group.asked))) or asked.written in group.asked for group in groups]
    top = max((one.weight for one in hints), default=1.0)
    known = {one.paragraph: one for one in hints}
    for label, held in holds.items():
        one = known.get(label, AbsatzHint(label, 0.0, (0.0,) * len(groups)))
        spoken = tuple((1.0 if held else 0.0) if name else own for name, own in zip(names, one.spoken, strict=True))
        known[label] = replace(one, weight=top if held else one.weight * _OTHER_CASE, spoken=spoken)
    return tuple(one for one in known.values() if one.weight > 0)


@dataclass(frozen=True, slots=True)
class _Said:
    """How a concept may be said: terms that belong together, with what each of them counts; `idf`: of the rarest."""

    ways: list[tuple[list[Posting], np.float32]]
    idf: float


def _ways(group: _Group, english: bool) -> list[tuple[tuple[str, ...], float]]:
    ways = [(alternative.terms, alternative.weight) for alternative in group.alternatives]
    if group.people:
        ways.append((group.people, 1.0))
    if english:
        stems = tuple(english_term(raw) for raw in words.tokens(group.asked))
        if stems:
            ways.append((stems, 1.0))
    return ways
