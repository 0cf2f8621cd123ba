"""Measures over asked questions, by kind and over all: hit@5, MRR@10, all of several answers, refusals, evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luna_rules.evaluation.bootstrap import Estimate, estimate
from luna_rules.evaluation.questions import GoldQuestion

HIT_AT = 5
MRR_AT = 10
ALL = "all"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a question.

    `ranks` as of `ranks_of`; `answered` None where only search was asked; `evidence` the share found in the answer;
    seconds as the asker waited.
    """

    question: GoldQuestion
    ranks: tuple[int, ...]
    answered: bool | None = None
    evidence: float | None = None
    search_s: float | None = None
    answer_s: float | None = None

    @property
    def best(self) -> int:
        """The best rank of a gold provision, 0 where none was found."""
        return min((rank for rank in self.ranks if rank), default=0)

    @property
    def hit(self) -> bool:
        """A gold provision is among the first five sections."""
        return 0 < self.best <= HIT_AT

    @property
    def reciprocal(self) -> float:
        """1/rank of the best gold provision among the first ten sections, else 0."""
        return 1 / self.best if 0 < self.best <= MRR_AT else 0.0

    @property
    def complete(self) -> bool:
        """All gold provisions are among the first five sections."""
        return bool(self.ranks) and all(0 < rank <= HIT_AT for rank in self.ranks)


@dataclass(frozen=True, slots=True)
class KindFigures:
    """Search on the answerable questions of a kind. `complete` only where several provisions are needed."""

    kind: str
    n: int
    hit: Estimate
    reciprocal: Estimate
    complete: Estimate | None


@dataclass(frozen=True, slots=True)
class Refusals:
    """How many questions without an answer were refused, and how many with one were refused wrongly."""

    absent: int
    refused_rightly: int
    answerable: int
    refused_wrongly: int
    evidence: Estimate | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that is reported; `refusals` None where no answers were asked. Kinds sorted, the sum last."""

    kinds: tuple[KindFigures, ...]
    refusals: Refusals | None

    def kind(self, name: str = ALL) -> KindFigures | None:
        """The figures of a kind, or of all."""
        return next((one for one in self.kinds if one.kind == name), None)

    def summary(self) -> dict[str, object]:
        """For JSON and for the metadata of a materialisation."""
        told: dict[str, object] = {
            "kinds": {
                one.kind: {
                    "n": one.n,
                    "hit_at_5": one.hit.rounded(),
                    "mrr_at_10": one.reciprocal.rounded(),
                    "all_in_5": one.complete.rounded() if one.complete else None,
                }
                for one in self.kinds
            }
        }
        if self.refusals is not None:
            told["refusals"] = {
                "unanswerable": self.refusals.absent,
                "refused_rightly": self.refusals.refused_rightly,
                "answerable": self.refusals.answerable,
                "refused_wrongly": self.refusals.refused_wrongly,
                "evidence_in_answer": self.refusals.evidence.rounded() if self.refusals.evidence else None,
            }
        return told


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Measures by kind and over all. Questions without an answer count only for refusals."""
    answerable = [one for one in outcomes if one.question.answerable]
    groups: dict[str, list[Outcome]] = {}
    for one in answerable:
        groups.setdefault(one.question.kind, []).append(one)
    kinds = [_kind(name, groups[name]) for name in sorted(groups)]
    if answerable:
        kinds.append(_kind(ALL, answerable))
    asked = [one for one in outcomes if one.answered is not None]
    return Figures(tuple(kinds), _refusals(asked) if asked else None)


def by_split(outcomes: Sequence[Outcome]) -> Mapping[str, list[Outcome]]:
    """Outcomes by the half that their questions belong to; those of files without halves under an empty name."""
    parts: dict[str, list[Outcome]] = {}
    for one in outcomes:
        parts.setdefault(one.question.split or "", []).append(one)
    return parts


def _kind(name: str, outcomes: Sequence[Outcome]) -> KindFigures:
    several = [float(one.complete) for one in outcomes if one.question.needs_all]
    hit = estimate([float(one.hit) for one in outcomes])
    reciprocal = estimate([one.reciprocal for one in outcomes])
    return KindFigures(name, len(outcomes), hit, reciprocal, estimate(several) if several else None)


def _refusals(asked: Sequence[Outcome]) -> Refusals:
    absent = [one for one in asked if not one.question.answerable]
    rest = [one for one in asked if one.question.answerable]
    shares = [one.evidence for one in rest if one.evidence is not None]
    return Refusals(
        absent=len(absent),
        refused_rightly=sum(not one.answered for one in absent),
        answerable=len(rest),
        refused_wrongly=sum(not one.answered for one in rest),
        evidence=estimate(shares) if shares else None,
    )
