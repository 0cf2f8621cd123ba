"""`luna eval`: which questions are asked, what is told, and that the held half is never told question by question."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from luna_cli.client import LunaClient
from luna_cli.evaluate import GOLD, SETS, Evaluation, ask_all, load, print_evaluation, to_json
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
        ["bgb"],
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
    assert "1 Frage ausgelassen, weil ihr ein Gesetz fehlt (bgb)" in told
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
    with pytest.raises(QuestionFileError, match=r"--split tune trifft keine Frage\. Keine Frage nennt hier"):
        load(str(path), "tune")
    with pytest.raises(QuestionFileError, match="Richtig wäre hier hold oder tune"):
        load("own", "hld")


def test_counted_questions_are_known_whatever_their_file_calls_the_half() -> None:
    for name in ("second", "support", "fresh", "third", "fourth", "short"):
        halves = {one.split for one in load(str(GOLD / f"questions_{name}.jsonl"), None)}
        assert halves <= {"tune", "report"}, name
        assert "report" in halves, name


def test_nothing_but_questions_without_an_answer_needs_no_table(found: Evaluation) -> None:
    absent = Outcome(GoldQuestion("q-4", "Wetter?", "offtopic", ()), ())
    told = printed(Evaluation([absent]), misses=False)
    assert "nur ohne --no-answers" in told
    assert "Bootstrap" not in told


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match="own, dev, third, all"):
        load(str(tmp_path / "fehlt.jsonl"), None)
    (tmp_path / "bild.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(QuestionFileError, match="Byte 1 ist kein UTF-8"):
        load(str(tmp_path / "bild.jsonl"), None)
    with pytest.raises(QuestionFileError, match="ist ein Ordner"):
        load(str(tmp_path), None)


class Index:
    """An API that holds § 2 of the KAV and nothing else, and tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []

    def get(self, path: str) -> dict[str, object]:
        assert path.startswith("/items?")
        return {"items": [{"item_id": "i-1", "law_names": ["KAV", "Konzessionsabgabenverordnung"]}]}

    def post(self, path: str, body: dict[str, object], *, patience_s: float) -> dict[str, object]:
        assert patience_s
        self.asked.append({"path": path, **body})
        return {"hits": [{"item_id": "i-1", "payload": {"section": "§ 2"}}], "answered": True}


def ask(index: Index, sections: list[str], *, check: bool) -> Evaluation:
    named = [
        GoldQuestion(f"q-{number}", "Wie viel?", "number", (Provision("kav", section),))
        for number, section in enumerate(sections, 1)
    ]
    return ask_all(cast("LunaClient", index), named, check=check)


def test_a_section_that_the_law_does_not_have_is_told_before_anything_is_asked() -> None:
    index = Index()
    with pytest.raises(QuestionFileError, match="Frage q-2: „gold“ nennt „2“, das gibt es im aufgenommenen") as fault:
        ask(index, ["§ 2", "2", "§ 3"], check=True)
    assert '"section": "§ 2"' in str(fault.value), "a right example, taken from what the law has"
    assert all(one["filters"] == {"item_id": ["i-1"]} for one in index.asked), "nothing else was asked"


def test_sections_are_looked_up_once_each_and_only_where_wanted() -> None:
    index = Index()
    found = ask(index, ["§ 2", "§ 2"], check=True)
    assert [one.ranks for one in found.outcomes] == [(1,), (1,)]
    assert sum("filters" in one for one in index.asked) == 1
    loose = Index()
    assert [one.ranks for one in ask(loose, ["§ 3"], check=False).outcomes] == [(0,)]
    assert not any("filters" in one for one in loose.asked)


def test_a_law_that_is_not_in_the_index_is_named() -> None:
    question = GoldQuestion("q-1", "Wie viel?", "number", (Provision("bgb", "§ 1"), Provision("kav", "§ 2")))
    found = ask_all(cast("LunaClient", Index()), [question, question], check=True)
    assert (found.left_out, found.missing) == (["q-1", "q-1"], ["bgb"])
