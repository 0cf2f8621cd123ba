"""Provisions of which nothing is left but their heading."""

from __future__ import annotations

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.statements import statements

OTHER = Passage(
    "c2", "Nach dem Zuschlag nach § 34 gilt die Regel entsprechend.", law="WindG", section="§ 97", score=0.9
)


def heading_alone(heading: str) -> Passage:
    return Passage(
        "c1", heading, heading_path=("Abschnitt 4", heading), law="EnWG", section="§ 34", scores={"lookup": 10.0}
    )


@pytest.mark.parametrize("heading", ["§ 34 – (aufgehoben)", "§ 34 (weggefallen)", "§ 34 – (gegenstandslos)"])
def test_a_repealed_provision_answers_that_it_is_repealed(heading: str) -> None:
    question = "Was regelt § 34 EnWG?"
    found = Extractor(read_question(question), [heading_alone(heading), OTHER], WordMatcher(question)).extract()
    assert [sentence.slices for sentence in found.sentences] == [(heading,)]


def test_other_headings_say_nothing() -> None:
    assert statements(heading_alone("§ 34 – Vorteilsabschöpfung")) == []
