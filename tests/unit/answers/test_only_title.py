"""A document whose title names the thing is not declined for a verb that it says in another way."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage

FRAME = load_prompts().frame
TEXT = "Eine Wallbox über 4,2 kW muss beim Netzbetreiber angemeldet werden. Das gilt seit 2024."


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("Wer muss bei einer Wallbox über 4,2 kW informiert werden?", True),
        ("Wer ist Geschäftsführer der Wallbox?", False),
    ],
)
def test_only_another_noun_declines(question: str, answered: bool) -> None:
    passage = Passage("c1", TEXT, title="Wallbox", heading_path=("Wallbox",), score=1.0, item_id="w")
    assert answer_question(question, [passage], WordMatcher(question), FRAME).answered is answered
