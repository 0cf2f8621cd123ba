"""When what vectors find alone refuses an index version, and when it says too little to."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest

from luna_rules.evaluation.by_vectors import as_judged_elsewhere, at_least, by_luck, judge

LAWS = by_luck(8781, [3] * 105)
"""As the laws are: 8,781 passages, 105 questions, about three passages that answer each."""


@pytest.mark.parametrize(
    ("hits", "live", "holds", "told"),
    [
        (69, 69, True, "Allein über Vektoren: 69 von 105 Probefragen, die damals laufende Fassung 69 von 105."),
        (35, 69, True, "Allein über Vektoren: 35 von 105 Probefragen, die damals laufende Fassung 69 von 105."),
        (34, 69, False, "Das ist weniger als die Hälfte."),
        (3, 69, False, "Das ist weniger als die Hälfte."),
        (1, 69, False, "Das ist nicht mehr, als der Zufall fände (0,2)."),
        (
            0,
            None,
            False,
            "Allein über Vektoren: 0 von 105 Probefragen. Das ist nicht mehr, als der Zufall fände (0,2).",
        ),
        (15, None, True, "Allein über Vektoren: 15 von 105 Probefragen."),
        (69, 0, True, "die damals laufende Fassung 0 von 105."),
        (5, 9, True, "die damals laufende Fassung 9 von 105."),
        (0, 9, False, "Das ist nicht mehr, als der Zufall fände (0,2)."),
    ],
)
def test_the_figure_is_held_against_the_live_one_and_against_luck(
    hits: int, live: int | None, holds: bool, told: str
) -> None:
    verdict = judge(hits, live, LAWS)
    assert (verdict.holds, verdict.judged) == (holds, True)
    assert told in verdict.said
    assert verdict.summary()["hits_live"] == live


def test_out_of_a_blind_model_any_other_leads() -> None:
    assert judge(1, 0, LAWS).holds, "the live one is no better, nothing gets worse"
    assert judge(20, 95, LAWS, spared=True).holds
    assert not judge(20, 95, LAWS).holds


def test_too_few_questions_or_passages_say_nothing() -> None:
    few = judge(0, 19, by_luck(8781, [3] * 19))
    assert (few.holds, few.judged) == (True, False)
    assert few.said.endswith("Für ein Urteil sind das zu wenige Probefragen.")
    lucky = judge(0, 25, by_luck(20, [1] * 25))
    assert (lucky.holds, lucky.judged) == (True, False)
    assert lucky.said.endswith("Für ein Urteil sind das zu wenige Passagen.")
    assert not judge(0, 25, by_luck(30, [1] * 25)).holds


def test_where_own_figures_say_nothing_those_of_the_public_corpus_do() -> None:
    refused, held = judge(1, 69, LAWS), judge(69, 69, LAWS)
    few = judge(0, None, [])
    taken = as_judged_elsewhere(few, refused.summary())
    assert not taken.holds
    assert taken.said.startswith("Im öffentlichen Bestand fand dieses Modell zu wenig. Allein über Vektoren: 1 von 105")
    assert as_judged_elsewhere(few, held.summary()) is few
    assert as_judged_elsewhere(few, None) is few
    assert as_judged_elsewhere(held, refused.summary()) is held, "own figures count more"


def test_luck_is_what_drawing_five_gives() -> None:
    assert by_luck(10, [0, 1, 10]) == pytest.approx([0, 0.5, 1])
    assert by_luck(3, [1]) == [1], "where there are fewer than five, all are drawn"
    likely = [0.1, 0.5, 0.25]
    for hits in range(5):
        counted = sum(
            prod(one if won else 1 - one for one, won in zip(likely, wins, strict=True))
            for wins in product((False, True), repeat=3)
            if sum(wins) >= hits
        )
        assert at_least(hits, likely) == pytest.approx(counted)


def test_an_empty_index_is_no_reason_to_fail() -> None:
    assert judge(0, None, []).holds
    assert by_luck(0, []) == []
