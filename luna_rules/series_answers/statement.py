"""The shapes between results and sentences. No behaviour beyond leaving out what was named by the question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from luna_rules.series_answers.query import Result
from luna_rules.series_answers.spans import Span


@dataclass(frozen=True, slots=True)
class Asked:
    """One stretch of a question with what its queries gave, by name; `at` is its place in the question."""

    at: int
    span: Span
    results: Mapping[str, Result]


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence and the results (stretch, name) that its numbers come from.

    `label` is what it repeats of the question's own words about time or the series' name: nothing to be proven.
    """

    text: str
    rests_on: tuple[tuple[int, str], ...]
    label: str = ""
    constants: tuple[float, ...] = ()
    named: str = ""

    @property
    def bare(self) -> str:
        """The sentence without the words that name time and series."""
        text = self.text
        for part in (self.label, self.label[:1].upper() + self.label[1:], self.named):
            if part:
                text = text.replace(part, " ")
        return text
