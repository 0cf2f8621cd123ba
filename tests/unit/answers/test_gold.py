"""Answers on the real laws: what may not get worse. Figures in full are printed by `tests/bench/answer_quality.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from luna_api.prompts import load_prompts

ROOT = Path(__file__).resolve().parents[3]
BENCH = ROOT / "tests" / "bench"
LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
FIRST = load_prompts().frame.templates["next_question.first"]
QUESTIONS = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"


@pytest.mark.skipif(
    not (LAWS.is_dir() and QUESTIONS.is_file()), reason="the laws or their questions are not at ../shared"
)
def test_answers_on_the_laws_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    import answer_quality

    bench = answer_quality.load(LAWS)
    cases = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines() if line.strip()]
    rows = [answer_quality.ask(bench, case, 6) for case in cases]
    absent = [row for row in rows if row.case["kind"] in answer_quality.NOT_ANSWERABLE]
    answerable = [row for row in rows if row.case["kind"] not in answer_quality.NOT_ANSWERABLE]
    assert sum(row.broken for row in rows) == 0
    assert sum(row.answer.answered for row in absent) == 0
    assert sum(not row.answer.answered for row in answerable) <= 3
    offered = {row.answer.next_question for row in rows} - {"", *FIRST}
    assert len(offered) > len(rows) / 3
    for question in sorted(offered):
        assert answer_quality.ask(bench, {"question": question}, 6).answer.answered, question
    proven = [row.evidence for row in answerable if row.evidence is not None]
    assert sum(proven) / len(proven) >= 0.8
