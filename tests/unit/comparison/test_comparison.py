"""Comparing two wordings of a provision: the question is understood, differences are exact, quotations verbatim."""

from __future__ import annotations

import datetime as dt
import lzma
from pathlib import Path

import pytest

from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.model import Passage
from luna_rules.comparison.answer import compare
from luna_rules.comparison.question import Comparison, asked_comparison
from luna_rules.comparison.wording import differences, sentences
from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText
from tests.places import SHARED

TODAY = dt.date(2026, 11, 21)
HISTORY = SHARED / "data" / "law" / "history"
DAYS = (dt.date(2022, 12, 31), dt.date(2024, 12, 31))
OLD = "(1) Der Anschluss ist binnen vier Wochen herzustellen. Die Kosten trägt der Betreiber. Er teilt den Termin mit."
NEW = "(1) Der Anschluss ist binnen zwei Wochen herzustellen. Er teilt den Termin mit. Ein Entgelt wird nicht erhoben."


def passage(chunk_id: str, text: str) -> Passage:
    return Passage(chunk_id, text, "Musteranschlussgesetz", section="§ 1", law="MuAG")


@pytest.mark.parametrize(
    ("question", "before", "after", "subject"),
    [
        (
            "Was hat sich an § 14a EnWG zwischen 2022 und 2024 geändert?",
            dt.date(2022, 12, 31),
            dt.date(2024, 12, 31),
            "Was hat sich an § 14a EnWG geändert?",
        ),
        (
            "Unterschied § 36 EnWG 31.12.2021 und 1. Januar 2023",
            dt.date(2021, 12, 31),
            dt.date(2023, 1, 1),
            "Unterschied § 36 EnWG",
        ),
        ("Was ist seit 2023 in § 3 EnWG anders?", dt.date(2022, 12, 31), TODAY, "Was ist § 3 EnWG anders?"),
        (
            "How did § 8 EEG 2023 change between 2023 and 2025?",
            dt.date(2023, 12, 31),
            dt.date(2025, 12, 31),
            "How did § 8 EEG 2023 change ?",
        ),
    ],
)
def test_two_days_and_a_word_of_change_ask_for_a_comparison(
    question: str, before: dt.date, after: dt.date, subject: str
) -> None:
    assert asked_comparison(question, TODAY) == Comparison(before, after, subject)


@pytest.mark.parametrize(
    "question",
    [
        "Was galt 2022 nach § 14a EnWG?",
        "Was regelt § 14a EnWG zwischen 2022 und 2024?",
        "Wann muss mir eine Preisänderung mitgeteilt werden?",
        "Was hat sich an § 8 EEG 2023 geändert?",
        "Was hat sich 2022 und 2022 geändert?",
    ],
)
def test_other_questions_compare_nothing(question: str) -> None:
    assert asked_comparison(question, TODAY) is None


def test_days_after_today_are_today() -> None:
    asked = asked_comparison("Wie ändert sich § 5 EnWG zwischen 2024 und 2030?", TODAY)
    assert asked is not None
    assert asked.after == TODAY


def test_sentences_are_changed_new_or_gone() -> None:
    found = differences(sentences([("a", OLD)]), sentences([("b", NEW)]))
    assert [
        (one.kind, one.before.words if one.before else "", one.after.words if one.after else "") for one in found
    ] == [
        (
            "changed",
            "(1) Der Anschluss ist binnen vier Wochen herzustellen.",
            "(1) Der Anschluss ist binnen zwei Wochen herzustellen.",
        ),
        ("removed", "Die Kosten trägt der Betreiber.", ""),
        ("added", "", "Ein Entgelt wird nicht erhoben."),
    ]


def test_line_breaks_and_moves_are_no_difference() -> None:
    assert differences(sentences([("a", "Eins gilt. Zwei\ngilt.")]), sentences([("b", "Zwei gilt. Eins gilt.")])) == ()


def test_the_answer_counts_labels_and_cites_both_wordings() -> None:
    before, after = (
        passage("11111111-1111-1111-1111-111111111111", OLD),
        passage("2" * 8 + "-2222" * 3 + "-" + "2" * 12, NEW),
    )
    answer = compare("§ 1 MuAG", [before], [after], DAYS)
    assert answer.answered
    assert answer.summary == (
        "§ 1 MuAG hat sich zwischen dem 31.12.2022 und dem 31.12.2024 geändert: "
        "1 Satz geändert, 1 Satz neu und 1 Satz weggefallen."
    )
    rendered = [one.render() for one in answer.body_sentences]
    assert rendered[0].startswith("Bisher (Stand 31.12.2022):\n(1) Der Anschluss ist binnen vier Wochen")
    assert rendered[1].startswith("Danach (Stand 31.12.2024):\n(1) Der Anschluss ist binnen zwei Wochen")
    assert [one.split(" (")[0] for one in rendered[2:]] == ["Weggefallen", "Neu"]
    checker = CitationChecker([before, after])
    for text in rendered:
        label, quoted = text.split("\n", 1)
        assert label.endswith(":")
        assert all(piece.verdict == "ok" for piece in checker.check_text(quoted))


def test_the_same_wording_is_stated_and_a_missing_one_admitted() -> None:
    same = compare("§ 1 MuAG", [passage("a", OLD)], [passage("b", OLD)], DAYS)
    assert same.answered
    assert "denselben Wortlaut" in same.summary
    missing = compare("§ 1 MuAG", [], [passage("b", OLD)], DAYS)
    assert not missing.answered
    assert "für den 31.12.2022 keine Fassung" in missing.summary


def test_many_differences_are_counted_and_some_quoted() -> None:
    many = " ".join(f"Nummer {letter} kommt dazu." for letter in "abcdefghij")
    answer = compare("§ 1 MuAG", [passage("a", "Eine Regel gilt.")], [passage("b", f"Eine Regel gilt. {many}")], DAYS)
    assert "10 Sätze neu" in answer.summary
    assert len(answer.body_sentences) == 8
    assert "2 weitere" in answer.summary


def test_a_wording_made_anew_shows_what_went_and_what_came() -> None:
    old = " ".join(f"Absatz {letter} regelte dieses und jenes." for letter in "abcdefghij")
    new = " ".join(f"Künftig bestimmt Buchstabe {letter} Entgelte, Fristen sowie Termine." for letter in "abcdefghij")
    answer = compare("§ 1 MuAG", [passage("a", old)], [passage("b", new)], DAYS)
    assert {one.chunk_id for one in answer.body_sentences} == {"a", "b"}


@pytest.mark.skipif(not HISTORY.is_dir(), reason="the former versions (../shared/data/law/history) are not here")
def test_real_versions_of_one_provision() -> None:
    def section(path: Path, number: str) -> list[Passage]:
        text = lzma.decompress(path.read_bytes()).decode("utf-8")
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        return [
            Passage(f"{path.parent.name}-{place}", chunk.text, section=chunk.section, law="EnWG")
            for place, chunk in enumerate(document.chunks)
            if chunk.section == number
        ]

    before = section(HISTORY / "2021-12-31" / "EnWG.md.xz", "§ 14a")
    after = section(HISTORY / "2025-01-31" / "EnWG.md.xz", "§ 14a")
    answer = compare("§ 14a EnWG", before, after, (dt.date(2021, 12, 31), dt.date(2025, 1, 31)))
    assert answer.answered
    assert "geändert:" in answer.summary
    known = {one.chunk_id: one.text for one in (*before, *after)}
    assert answer.body_sentences
    assert all(known[one.chunk_id][one.spans[0][0] : one.spans[0][1]] == one.text for one in answer.body_sentences)
    assert not {one.text for one in answer.body_sentences if one.chunk_id.startswith("2025")} & set(
        " ".join(known[key] for key in known if key.startswith("2021")).split("\n")
    )
