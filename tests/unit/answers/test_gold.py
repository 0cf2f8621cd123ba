"""Answers on the real laws: what may not get worse, and what may not hang on chance.

Figures in full are printed by `tests/bench/answer_quality.py`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import assess_question
from luna_rules.answers.gather import ground, searches
from luna_rules.answers.matching import QueryMatcher

ROOT = Path(__file__).resolve().parents[3]
BENCH = ROOT / "tests" / "bench"
LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
FIRST = load_prompts().frame.templates["next_question.first"]
SHORT = ROOT / "data" / "gold" / "questions_short.jsonl"
QUESTIONS = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"


@pytest.fixture(scope="module")
def answer_quality() -> Iterator[Any]:
    """The bench as a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(BENCH), *sys.path])
        import answer_quality

        yield answer_quality


@pytest.fixture(scope="module")
def bench(answer_quality: Any) -> Any:
    """The laws, learnt once: that takes longer than to ask all questions."""
    if not (LAWS.is_dir() and QUESTIONS.is_file()):
        pytest.skip("the laws or their questions are not at ../shared")
    return answer_quality.load(LAWS)


def test_answers_on_the_laws_hold(answer_quality: Any, bench: Any) -> None:
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


def test_questions_of_a_few_words_are_answered_and_declined(answer_quality: Any, bench: Any) -> None:
    """Nobody explains himself in a search box: as many short questions must be answered as long ones."""
    cases = [json.loads(line) for line in SHORT.read_text(encoding="utf-8").splitlines()]
    rows = [answer_quality.ask(bench, case, 6) for case in cases if case["split"] == "tune"]
    absent = [row for row in rows if row.case["kind"] in answer_quality.NOT_ANSWERABLE]
    answerable = [row for row in rows if row.case["kind"] not in answer_quality.NOT_ANSWERABLE]
    assert sum(row.broken for row in rows) == 0
    assert sum(not row.answer.answered for row in answerable) <= 2
    assert sum(row.answer.answered for row in absent) <= 7
    proven = [row.evidence for row in answerable if row.evidence is not None]
    assert sum(proven) / len(proven) >= 0.7


def test_the_verdict_does_not_hang_on_how_often_the_index_counts_a_word(bench: Any) -> None:
    """The same question and passages get the same verdict, whatever the index around them looks like."""
    total = len(bench.passages)

    def seen(term: str) -> int:
        return bench.frequency.get(term, 0)

    counts: list[tuple[Callable[[str], int], int]] = [
        (seen, total),
        (lambda term: 2 * seen(term), 2 * total),  # old and new segments side by side
        (lambda term: (seen(term) + 1) // 2 if seen(term) else 0, (total + 1) // 2),
        (lambda term: seen(term) + seen(term) // 5, total),
    ]
    changed: list[str] = []
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)["question"]
        found = [bench.find(search.question, search.limit) for search in searches(question, 6)]
        passages = ground(question, found, 6).passages
        query = bench.engine.parser.parse(question)
        verdicts = {
            assess_question(
                question, passages, QueryMatcher(query, bench.analyser, frequency=often, total=of)
            ).supported
            for often, of in counts
        }
        if len(verdicts) > 1:
            changed.append(question)
    assert changed == []
