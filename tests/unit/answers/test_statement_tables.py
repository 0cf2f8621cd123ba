"""Statements of passages where a table without a header of words follows a list."""

from __future__ import annotations

from luna_rules.answers.model import Passage
from luna_rules.answers.statements import statements


def test_a_table_without_header_may_follow_a_list() -> None:
    text = (
        "1. 104 Megawatt im Falle von:\n\n|       |\n|:-----:|\n| 104 MW |\n\n"
        "Der Schwellenwert gilt für alle Anlagen.\n"
    )
    found = statements(Passage(chunk_id="c", text=text))
    assert any(text[slice(*span)].startswith("Der Schwellenwert") for one in found for span in one.spans)
