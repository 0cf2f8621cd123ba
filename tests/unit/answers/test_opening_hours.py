"""„Wann …?“ is answered by hours and days of the week, as house rules and notices write them."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.signs import value_spans

FRAME = load_prompts().frame


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Wann hat die Geschäftsstelle geöffnet?", "Die Geschäftsstelle hat dienstags von 9 bis 12 Uhr geöffnet."),
        ("Wann ist der Notdienst erreichbar?", "Der Notdienst ist rund um die Uhr erreichbar."),
        ("Wann wird der Müll geholt?", "Der Müll wird donnerstags geholt."),
        ("Bis wann muss die Meldung vorliegen?", "Die Meldung muss bis 14:30 Uhr vorliegen."),
    ],
)
def test_hours_and_days_answer(question: str, text: str) -> None:
    passage = Passage("c1", text, title="Aushang", score=1.0)
    assert answer_question(question, [passage], WordMatcher(question), FRAME).answered


@pytest.mark.parametrize("text", ["Die Geschäftsstelle ist geöffnet.", "Die Werktage zählen.", "Uhren werden geprüft."])
def test_other_words_of_time_are_no_value(text: str) -> None:
    assert value_spans(text, ["date"]) == []
