"""`luna eval`: which questions are asked, what is told, and that the held half is never told question by question."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from luna_cli.evaluate import SETS, Evaluation, load, print_evaluation, to_json
from luna_rules.evaluation.metrics import Outcome
from luna_rules.evaluation.questions import GoldQuestion, Provision, QuestionFileError


def outcome(name: str, split: str | None, rank: int, *, answered: bool = True) -> Outcome:
    asked = GoldQuestion(name, f"Frage {name}?", "number", (Provision("kav", "§ 2"),), split)
    return Outcome(asked, (rank,), answered, search_s=0.012, answer_s=0.02)


@pytest.fixture
def found() -> Evaluation:
    absent = Outcome(GoldQuestion("q-4", "Wetter?", "offtopic", (), "tune"), (), False)
    return Evaluation(
        [outcome("q-1", "tune", 1), outcome("q-2", "hold", 0, answered=False), outcome("q-3", "tune", 7), absent],
        ["q-9"],
    )


def printed(found: Evaluation, *, misses: bool) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False)
    print_evaluation(console, found, misses=misses)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_halves_are_told_apart_and_together(found: Evaluation) -> None:
    told = printed(found, misses=False)
    assert told.index("(hold)") < told.index("(tune)") < told.index("Zusammen")
    assert "Zu Recht abgelehnt: 1 von 1" in told
    assert "Zu Unrecht abgelehnt: 1 von 3" in told
    assert "1 Fragen ausgelassen" in told
    assert "Median 12 ms" in told
    assert "0,50" in told, "German decimals"


def test_what_is_for_reporting_only_is_never_listed(found: Evaluation) -> None:
    found.outcomes.append(outcome("q-5", "report", 0, answered=False))
    told = printed(found, misses=True)
    assert "q-3" in told
    assert "q-2" not in told
    assert "q-5" not in told
    assert "(report)" in told, "but counted"
    assert "q-1" not in told, "found and answered is no miss"
    rows = to_json(found)["questions"]
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == ["q-1", "q-3", "q-4"]


def test_named_sets_and_halves() -> None:
    whole, tuned, held = load("own", None), load("own", "tune"), load("own", "hold")
    assert len(whole) == len(tuned) + len(held)
    assert {one.split for one in tuned} == {"tune"}
    assert set(SETS["own"]) < set(SETS["all"])
    assert {one.split for one in load("third", None)} == {"report"}


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "fragen.jsonl"
    path.write_text('{"id": "a", "question": "Wer?", "kind": "number", "gold": []}\n', "utf-8")
    assert [one.id for one in load(str(path), None)] == ["a"]
    with pytest.raises(QuestionFileError, match="--split tune trifft keine Frage"):
        load(str(path), "tune")


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match="own, dev, third, all"):
        load(str(tmp_path / "fehlt.jsonl"), None)
    (tmp_path / "bild.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QuestionFileError, match="nicht zu lesen"):
        load(str(tmp_path / "bild.jsonl"), None)
    with pytest.raises(QuestionFileError, match="nicht zu lesen"):
        load(str(tmp_path), None)
