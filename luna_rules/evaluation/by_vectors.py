"""Whether a search's vectors are worth anything by themselves, judged by gold questions asked of the vectors alone.

Words alone find nearly all gold questions, so a model that gives nonsense hardly shows in what the whole search finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Final

DRAWN: Final = 5
"""So many sections count as found (hit@5)."""
LEAST_QUESTIONS: Final = 20
"""With fewer, a question more or less would decide."""
MOST_CHANCE: Final = 0.2
"""Where luck alone answers a larger share of the questions, there are too few passages to tell it from merit."""
LEAST_LIVE: Final = 10
"""A live version that finds fewer by vectors alone is no measure: half of it would be within luck's reach."""
SURE: Final = 0.01
"""Figures that luck reaches more often than this are no better than chance."""
SHARE_OF_LIVE: Final = 0.5
"""Usable models differ by a third (the laws: the index's own vectors find 69 of 105, a bare bag of words 15); one that
loses more than half makes every question worse that has none of the passage's words."""


@dataclass(frozen=True, slots=True)
class ByVectors:
    """What the vectors of a new version find alone, beside those of the live one (None: nobody could ask them).

    `expected` is how many questions luck would answer. `judged` is False where the figures say too little to refuse
    anything. `said` (German) gives the figures, and where it does not hold, the reason.
    """

    questions: int
    hits: int
    live: int | None
    expected: float
    judged: bool
    holds: bool
    said: str

    def summary(self) -> dict[str, object]:
        """For whoever asks later why a version was promoted or refused."""
        return {
            "questions": self.questions,
            "hits": self.hits,
            "hits_live": self.live,
            "chance": round(self.expected, 2),
            "judged": self.judged,
            "holds": self.holds,
            "said": self.said,
        }


def by_luck(passages: int, answering: Sequence[int]) -> list[float]:
    """For each question how likely it is that one of its `answering` passages is among the five drawn of all."""
    drawn = min(DRAWN, passages)
    return [1 - comb(passages - min(some, passages), drawn) / comb(passages, drawn) for some in answering]


def at_least(hits: int, likely: Iterable[float]) -> float:
    """How likely luck answers at least so many questions, each answered with a likelihood of its own."""
    spread = [1.0]
    for one in likely:
        spread = [
            (spread[n] if n < len(spread) else 0.0) * (1 - one) + (spread[n - 1] if n else 0.0) * one
            for n in range(len(spread) + 1)
        ]
    return sum(spread[hits:])


def judge(hits: int, live: int | None, likely: Sequence[float], *, spared: bool = False) -> ByVectors:
    """Hold a new version's figure against the live one's and against luck (`likely`, one for each question).

    It does not hold where it is less than half of the live one's, or no better than luck although the live one's is (or
    there is none). `spared`: it is told but not judged, for a way out of a bad model must always be open.
    """
    few = len(likely) < LEAST_QUESTIONS
    expected = sum(likely)
    lucky = not few and expected > MOST_CHANCE * len(likely)
    judged = not (few or lucky or spared)
    worse = live is not None and live >= LEAST_LIVE and hits < SHARE_OF_LIVE * live
    blind = at_least(hits, likely) > SURE and (live is None or at_least(live, likely) <= SURE)
    figures = f"Allein über Vektoren: {hits} von {len(likely)} Probefragen"
    if live is not None:
        figures += f", die damals laufende Fassung {live} von {len(likely)}"
    reason = ""
    if few or lucky:
        reason = f" Für ein Urteil sind das zu wenige {'Probefragen' if few else 'Passagen'}."
    elif judged and blind:
        reason = f" Das ist nicht mehr, als der Zufall fände ({_number(expected)})."
    elif judged and worse:
        reason = " Das ist weniger als die Hälfte."
    return ByVectors(
        len(likely), hits, live, expected, judged, not judged or not (worse or blind), f"{figures}.{reason}"
    )


def as_judged_elsewhere(found: ByVectors, other: Mapping[str, object] | None) -> ByVectors:
    """The verdict on a model where a scope's own figures say too little: that of another scope (its `summary`), if that
    one was refused. A model of nonsense is no better for those who have no gold questions.
    """
    if found.judged or not other or other.get("holds") is not False:
        return found
    return replace(
        found,
        judged=True,
        holds=False,
        said=f"Im öffentlichen Bestand fand dieses Modell zu wenig. {other.get('said')}",
    )


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
