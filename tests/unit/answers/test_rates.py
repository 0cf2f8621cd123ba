"""Where the rate of a tax, a levy or a fee is asked for, what states it comes before what reduces it."""

from __future__ import annotations

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question

RATE = "Der Steuersatz für Strom beträgt 20,50 Euro für eine Megawattstunde."
REDUCED = "Der ermäßigte Steuersatz für Strom beträgt 11,42 Euro für eine Megawattstunde."


def first(question: str) -> str:
    passages = [
        Passage(
            chunk_id=f"c{number}", text=text, title="Stromsteuergesetz", law="StromStG", section=f"§ {number}", score=1
        )
        for number, text in ((9, REDUCED), (3, RATE))
    ]
    return Extractor(read_question(question), passages, WordMatcher(question)).extract().sentences[0].text


@pytest.mark.parametrize(
    "question", ["Steuersatz für Strom", "Stromsteuersatz", "Wie hoch ist der Steuersatz der Stromsteuer?"]
)
def test_the_rate_comes_before_what_reduces_it(question: str) -> None:
    assert first(question) == RATE


@pytest.mark.parametrize(
    "question", ["Ermäßigter Steuersatz für Strom", "Wie hoch ist der ermäßigte Steuersatz für Strom?"]
)
def test_what_reduces_it_is_given_where_that_is_asked_for(question: str) -> None:
    assert first(question) == REDUCED


def test_of_a_use_that_is_named_the_reduced_rate_may_be_the_rate() -> None:
    rail = "Wie hoch ist der Steuersatz für Strom im Schienenverkehr?"
    passages = [
        Passage(chunk_id=f"c{number}", text=text, title="StromStG", law="StromStG", section=f"§ {number}", score=1)
        for number, text in ((9, REDUCED.replace(" für Strom", " im Schienenverkehr")), (3, RATE))
    ]
    found = Extractor(read_question(rail), passages, WordMatcher(rail)).extract()
    assert found.ranked[0].statement.passage == 0
