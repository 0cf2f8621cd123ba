"""Answers as the command line shows them."""

from __future__ import annotations

import io

from rich.console import Console

from luna_cli.answers import print_answer
from luna_cli.client import Json

SUGGESTION = "Falls Ihnen ein Dokument vorliegt, laden Sie es hoch."
NEXT = "Was regelt § 6 NAV?"


def shown(data: Json) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_answer(console, data)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_an_answer_that_declines_says_nothing_twice() -> None:
    answer = f"Hier muss ich passen.\n\n{SUGGESTION}\n\nAls Nächstes böte sich an: {NEXT}"
    text = shown({"answer": answer, "suggestion": SUGGESTION, "next_question": NEXT})
    assert text.count(SUGGESTION) == text.count(NEXT) == 1


def test_suggestion_and_next_question_follow_an_answer() -> None:
    text = shown({"answer": "Zwei Wochen.", "suggestion": SUGGESTION, "next_question": NEXT})
    assert f"Vorschlag: {SUGGESTION}" in text
    assert f"Nächste Frage: {NEXT}" in text
