"""A question for yes or no wants no value, though a clause in it names one that somebody decides on."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import NUMERIC, wanted


@pytest.mark.parametrize(
    "question",
    [
        "Darf der Verlag vorschreiben, was die Zeitung kostet?",
        "Muss die Stadt festlegen, bis wann der Plan fertig ist?",
        "Kann der Betreiber bestimmen, wie hoch der Preis sein soll?",
    ],
)
def test_whether_somebody_may_decide_on_a_value_is_asked_for_yes_or_no(question: str) -> None:
    assert not NUMERIC.intersection(wanted(question))


@pytest.mark.parametrize(
    "question",
    [
        "Können Sie mir sagen, wie hoch die Steuer ist?",
        "Kann mir jemand sagen, wann die Frist endet?",
        "Darf ich wissen, wie hoch der Preis ist?",
        "Darf er mehr verlangen, wie hoch ist die Grenze?",
        "Kann ich bestimmen, wann abgelesen wird, und wie hoch ist die Gebühr?",
    ],
)
def test_who_asks_to_be_told_a_value_or_asks_for_it_besides_wants_it(question: str) -> None:
    assert NUMERIC.intersection(wanted(question))


def test_the_answer_may_do_without_the_value() -> None:
    question = "Darf der Verlag bestimmen, was die Zeitung im Laden kostet?"
    text = "Der Verlag darf bestimmen, zu welchem Preis die Zeitung im Laden verkauft wird."
    passage = Passage("c1", text, title="Gesetz", law="X", section="§ 1", score=1.0)
    assert answer_question(question, [passage], WordMatcher(question), load_prompts().frame).answered
