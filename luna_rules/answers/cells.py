"""The one cell of a table's row that a question asks for, as a summary can say it."""

from __future__ import annotations

import re
from collections.abc import Callable

from luna_rules.answers.model import AnswerSentence
from luna_rules.answers.question import Question, Want
from luna_rules.answers.rows import own_words
from luna_rules.answers.signs import cells_with_units, unit_pattern, value_spans
from luna_rules.answers.tables import header_and_row
from luna_rules.documents.strokes import cells_of

_NUMBER = re.compile(r"[-–+]?\d")
_LONGEST = 60


def cell_asked(question: Question, row: AnswerSentence, wants: list[Want]) -> str:
    """„Talstrom Öko, Arbeitspreis 36,20 ct/kWh“; empty where the column is not told, or the row not its label.

    The column is the one whose name the question says best, or whose unit it names, or the only one with a value of the
    kind that was asked for.
    """
    if not row.table or len(row.slices) < 2:
        return ""
    header, cells = header_and_row(row.slices)
    if not 1 < len(cells_of(cells)) == len(cells_of(header)):
        return ""
    (_, label), *others = cells_with_units(header, cells)
    values = [(name, cell) for name, cell in others if _NUMBER.match(cell) and len(cell) <= _LONGEST]
    asked = own_words(question.text)
    if not label or _NUMBER.match(label) or not values:
        return ""
    unit = unit_pattern(question.text)
    tests: list[Callable[[str, str], int]] = [
        lambda name, _: len(own_words(name) & asked),
        lambda _, cell: int(unit is not None and unit.search(cell) is not None),
        lambda _, cell: int(bool(value_spans(cell, wants))),
    ]
    for test in tests:
        worth = [test(name, cell) for name, cell in values]
        if max(worth) and worth.count(max(worth)) == 1:
            name, cell = values[worth.index(max(worth))]
            return f"{label}, {name} {cell}" if name else f"{label}, {cell}"
    return ""
