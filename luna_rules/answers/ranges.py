"""Which rows or items of a list hold for the quantity that a question names: „300.000 Einwohner“, „8.000 kWh im Jahr“.

Rows of such lists differ by a range alone, so their words tell nothing: „bis 100.000 Einwohner“ follows upon „bis
25.000 Einwohner“ and means those between.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from luna_rules.answers.claims import normalise
from luna_rules.answers.model import Passage
from luna_rules.answers.scoring import Scored
from luna_rules.answers.tables import shown
from luna_rules.quantities.ranges import Measure, Range, measures, ranges
from luna_rules.quantities.years import in_year

_NO_CASE = frozenset(("money", "percent", "percentpoint", "month", "day", "workday", "minute", "second"))
"""What these count is told by an answer rather than the case that is asked about."""


def cases_asked(question: str) -> list[Measure]:
    """The quantities in a question that may tell a case, in their order."""
    return [case for case, _ in measures(normalise(question)) if case.kind not in _NO_CASE]


def rows_in_range(question: str, passages: Sequence[Passage], ranked: Sequence[Scored]) -> list[Scored]:
    """Statements in their order, without rows of tables that hold for another quantity or year than is asked for."""
    tables: dict[tuple[int, tuple[int, int]], list[Scored]] = {}
    for scored in ranked:
        if scored.statement.table:
            tables.setdefault((scored.statement.passage, scored.statement.spans[0]), []).append(scored)
    others: set[int] = set()
    for rows in tables.values():
        rows.sort(key=lambda scored: scored.statement.spans[-1])
        texts = [shown(passages[one.statement.passage].text[slice(*one.statement.spans[-1])]) for one in rows]
        held = zip(rows, in_range(question, texts), in_year(question, texts), strict=True)
        others.update(id(row) for row, of_range, of_year in held if not (of_range and of_year))
    return [scored for scored in ranked if id(scored) not in others]


def in_range(question: str, texts: Sequence[str]) -> list[bool]:
    """Which of a list's rows or items, in their order, hold for the first quantity of a question that they name.

    All of them where there is none, or none of them holds. What names no such quantity holds for all.
    """
    units = {asked.kind: asked for asked in reversed(cases_asked(question))}
    texts = [normalise(text) for text in texts]
    named = (unit for unit in reversed(units) if any(any(ranges(text, unit)) for text in texts))
    asked = units.get(next(named, ""))
    if asked is None:
        return [True] * len(texts)
    found: list[bool | None] = []
    before: Decimal | None = None
    for text in texts:
        own = list(ranges(text, asked.kind))
        if not own:
            found.append(None)
            continue
        one = own[0]
        if len(own) == 1 and one.low is None and one.high is not None and before is not None and before < one.high:
            own = [Range(before, one.high, to_high=one.to_high)]
        before = one.high if len(own) == 1 else None
        found.append(any(held.holds(asked.value) for held in own))
    return [own is not False for own in found] if any(found) else [True] * len(texts)
