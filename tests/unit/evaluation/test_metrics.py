"""Measures: worked examples that can be checked by hand, and what a file of questions may not hold."""

from __future__ import annotations

import json

import pytest

from luna_rules.evaluation.bootstrap import estimate
from luna_rules.evaluation.metrics import Outcome, by_split, figures
from luna_rules.evaluation.questions import (
    GoldQuestion,
    Provision,
    QuestionFileError,
    evidence_share,
    law_key,
    ranks_of,
    read_questions,
)


def question(kind: str = "paraphrase", *gold: tuple[str, str], split: str | None = None) -> GoldQuestion:
    return GoldQuestion("q", "?", kind, tuple(Provision(law_key(law), section) for law, section in gold), split)


def test_ranks_count_distinct_sections_and_any_name_of_the_law() -> None:
    asked = question("multi", ("EnWG-BJNR197010005", "§ 38"), ("StromGVV-BJNR239110006", "§ 5"))
    found = [
        (("Energiewirtschaftsgesetz", "EnWG"), "§ 36"),
        (("Energiewirtschaftsgesetz", "EnWG"), "§ 36"),
        (("Energiewirtschaftsgesetz", "EnWG"), "§ 38"),
        (("StromGVV",), None),
    ]
    assert ranks_of(asked, found) == (2, 0)


def test_hit_reciprocal_and_completeness() -> None:
    asked = question("multi", ("EnWG", "§ 1"), ("EnWG", "§ 2"))
    both = Outcome(asked, (2, 5))
    one = Outcome(asked, (1, 6))
    late = Outcome(asked, (0, 11))
    assert (both.hit, both.reciprocal, both.complete) == (True, 0.5, True)
    assert (one.hit, one.reciprocal, one.complete) == (True, 1.0, False)
    assert (late.hit, late.reciprocal, late.complete) == (False, 0.0, False)


def test_figures_keep_refusals_apart_from_search() -> None:
    asked, absent = question("number", ("KAV", "§ 2")), question("offtopic")
    told = figures(
        [
            Outcome(asked, (1,), answered=True, evidence=1.0),
            Outcome(asked, (0,), answered=False),
            Outcome(absent, (), answered=False),
            Outcome(absent, (), answered=True),
        ]
    )
    assert [one.kind for one in told.kinds] == ["number", "all"]
    whole = told.kind()
    assert whole is not None
    assert (whole.n, whole.hit.value, whole.reciprocal.value, whole.complete) == (2, 0.5, 0.5, None)
    assert told.refusals is not None
    assert (told.refusals.absent, told.refusals.refused_rightly) == (2, 1)
    assert (told.refusals.answerable, told.refusals.refused_wrongly) == (2, 1)
    assert json.loads(json.dumps(told.summary()))["kinds"]["number"]["hit_at_5"]["n"] == 2


def test_search_alone_tells_nothing_of_refusals() -> None:
    assert figures([Outcome(question("number", ("KAV", "§ 2")), (1,))]).refusals is None
    assert figures([]).kinds == ()


def test_halves_are_told_apart() -> None:
    parts = by_split([Outcome(question("x", split="hold"), ()), Outcome(question("x"), ())])
    assert {name: len(part) for name, part in parts.items()} == {"hold": 1, "": 1}


def test_the_interval_holds_the_mean_and_shrinks_with_more_questions() -> None:
    few, many = estimate([0.0, 1.0] * 10), estimate([0.0, 1.0] * 1000)
    assert few.low < few.value == 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 5
    assert few == estimate([0.0, 1.0] * 10), "the same numbers must give the same interval"


def test_all_right_is_not_certainty() -> None:
    perfect = estimate([1.0] * 30)
    assert (perfect.low, perfect.high) == (0.9, 1.0)
    with pytest.raises(ValueError, match="empty"):
        estimate([])


def test_a_known_interval() -> None:
    # normal approximation for 300 of 400: 0.75 ± 1.96 · sqrt(0.75 · 0.25 / 400) = 0.7076 … 0.7924
    found = estimate([1.0] * 300 + [0.0] * 100)
    assert found.low == pytest.approx(0.7076, abs=0.01)
    assert found.high == pytest.approx(0.7924, abs=0.01)


def test_evidence_ignores_marks_case_and_line_breaks() -> None:
    asked = GoldQuestion("q", "?", "number", (), None, ("zwei Wochen", "drei Jahre"))
    assert evidence_share(asked, "mit einer Frist von zwei\n[chunk 1] WOCHEN") == 0.5
    assert evidence_share(question(), "zwei Wochen") is None


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("kein JSON", "kein gültiges JSON, der Fehler liegt bei Zeichen 1 "),
        ('{"id": "a", "question": "?}', "kein gültiges JSON, der Fehler liegt bei Zeichen 25 "),
        ("[1]", "kein JSON-Objekt"),
        ('{"id": "a", "kind": "x"}', "„question“ fehlt"),
        ('{"id": "a", "question": " ", "kind": "x"}', "„question“ fehlt"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [{"law": "EnWG"}]}', "„gold“ nennt kein Gesetz"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": "EnWG"}', "„gold“ ist keine Liste"),
        ('{"id": "a", "question": "?", "kind": "x"}', "„gold“ fehlt"),
        ('{"id": "a", "question": "?", "kind": "x", "golds": []}', "„gold“ fehlt"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [], "split": 1}', "„split“ ist 1, das ist keine Hälfte"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [], "split": "Hold"}', '„split“ ist "Hold"'),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [], "use": "reprot"}', '„use“ ist "reprot"'),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [], "evidence": [1]}', "„evidence“ enthält"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": [], "evidence": [""]}', "„evidence“ enthält"),
        ('{"id": "a", "question": "?", "kind": "x", "gold": []}\n' * 2, "steht schon in Zeile 1"),
        ("", "keine Frage"),
    ],
)
def test_a_bad_file_is_told_with_line_and_example(line: str, told: str) -> None:
    with pytest.raises(QuestionFileError, match=told) as fault:
        read_questions(line, "fragen.jsonl")
    assert "fragen.jsonl" in str(fault.value)
    assert "Richtig wäre" in str(fault.value) or "zum Beispiel" in str(fault.value)


def test_a_half_may_stand_under_use_and_a_byte_order_mark_before_all() -> None:
    line = '{"id": "a", "question": "Was\u2028gilt?", "kind": "x", "gold": [], "use": "report"}'
    assert [one.split for one in read_questions(f"\ufeff{line}\r\n", "fragen.jsonl")] == ["report"]
