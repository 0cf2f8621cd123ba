"""The gold questions hold against the laws: every provision exists as a passage, every evidence stands in it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from luna_rules.evaluation.questions import read_questions
from tests.places import ROOT, SHARED

LAWS = SHARED / "data" / "law" / "current"
GOLD = ROOT / "data" / "gold"
SPLIT = GOLD / "questions_split.jsonl"
FRESH = GOLD / "questions_fresh.jsonl"
SECOND = GOLD / "questions_second.jsonl"
SUPPORT = GOLD / "questions_support.jsonl"
THIRD = GOLD / "questions_third.jsonl"
FOURTH = GOLD / "questions_fourth.jsonl"
SHORT = GOLD / "questions_short.jsonl"
FILES = [
    SPLIT,
    FRESH,
    SECOND,
    SUPPORT,
    THIRD,
    FOURTH,
    SHORT,
    GOLD / "law_questions_own.jsonl",
    GOLD / "answerability_own.jsonl",
]

needs_laws = pytest.mark.skipif(not LAWS.is_dir(), reason="the laws (../shared/data/law/current) are not here")


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text).replace("\xa0", " ")).casefold()


@cache
def passages() -> dict[tuple[str, str], str]:
    from luna_rules.documents.chunking import chunk_document
    from luna_rules.documents.model import ExtractedText

    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(LAWS.glob("*.md")):
        text = path.read_text("utf-8")
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        for chunk in document.chunks:
            found[path.stem, chunk.section or ""].append(chunk.text)
    return {place: plain(" ".join(parts)) for place, parts in found.items()}


@needs_laws
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_gold_provision_is_a_passage(path: Path) -> None:
    missing = [
        f"{row['id']}: {one['law']} {one['section']}"
        for row in rows(path)
        for one in row["gold"]
        if (one["law"], one["section"]) not in passages()
    ]
    assert not missing


@needs_laws
def test_every_evidence_stands_in_its_provision() -> None:
    wrong: list[str] = []
    for row in [*rows(SPLIT), *rows(FRESH), *rows(SECOND), *rows(SUPPORT), *rows(THIRD), *rows(FOURTH), *rows(SHORT)]:
        texts = [passages()[one["law"], one["section"]] for one in row["gold"]]
        if row["kind"] == "multi":
            assert len(row["evidence"]) == len(texts), row["id"]
            fits = all(plain(words) in text for words, text in zip(row["evidence"], texts, strict=True))
        else:
            fits = all(any(plain(words) in text for text in texts) for words in row["evidence"])
        if not fits:
            wrong.append(f"{row['id']}: {row['evidence']}")
    assert not wrong


@needs_laws
def test_the_questions_of_laws_and_documents_have_their_evidence_there() -> None:
    documents = {path.stem: plain(path.read_text("utf-8")) for path in (GOLD / "documents").iterdir()}
    wrong: list[str] = []
    for row in rows(GOLD / "questions_answers.jsonl"):
        assert bool(row["gold"]) == (row["kind"] in ("law", "document")), row["id"]
        assert row["use"] in ("tune", "report"), row["id"]
        for one in row["gold"]:
            text = documents[one["document"]] if "document" in one else passages()[one["law"], one["section"]]
            wrong += [f"{row['id']}: {words}" for words in row["evidence"] if plain(words) not in text]
    assert not wrong


def test_the_halves_are_balanced_and_share_no_provision() -> None:
    questions = read_questions(SPLIT.read_text("utf-8"), SPLIT.name)
    assert len(questions) >= 400
    counts = Counter((one.kind, one.split) for one in questions)
    for kind in {one.kind for one in questions}:
        assert abs(counts[kind, "tune"] - counts[kind, "hold"]) <= 6, kind
    halves: defaultdict[object, set[str | None]] = defaultdict(set)
    for one in questions:
        for provision in one.gold:
            halves[provision].add(one.split)
    both = [place for place, found in halves.items() if len(found) > 1]
    assert not both


def test_short_questions_that_are_counted_share_no_provision_with_the_others() -> None:
    halves: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in rows(SHORT):
        halves[row["split"]] |= {(one["law"], one["section"]) for one in row["gold"]}
    assert set(halves) == {"tune", "report"}
    assert not halves["tune"] & halves["report"]


def test_a_question_is_asked_once_in_a_file() -> None:
    for path in FILES:
        asked = Counter(one.question for one in read_questions(path.read_text("utf-8"), path.name))
        assert not [text for text, count in asked.items() if count > 1], path.name


def test_several_answers_name_several_provisions() -> None:
    both = [
        one
        for path in (SPLIT, FRESH, SECOND, THIRD, FOURTH, SHORT)
        for one in read_questions(path.read_text("utf-8"), path.name)
    ]
    for one in both:
        assert bool(one.gold) == (one.kind not in {"offtopic", "energy_absent"}), one.id
        assert not one.needs_all or len(set(one.gold)) > 1, one.id
