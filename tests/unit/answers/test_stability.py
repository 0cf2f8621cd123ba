"""The same question and passages get the same verdict, whatever the index around them looks like."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BENCH = ROOT / "tests" / "bench"
LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
QUESTIONS = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"


@pytest.mark.skipif(
    not (LAWS.is_dir() and QUESTIONS.is_file()), reason="the laws or their questions are not at ../shared"
)
def test_the_verdict_does_not_hang_on_how_often_the_index_counts_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCH), *sys.path])
    import answer_quality as bench_of

    from luna_rules.answers.compose import assess_question
    from luna_rules.answers.gather import ground, searches
    from luna_rules.answers.matching import QueryMatcher

    bench = bench_of.load(LAWS)
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
