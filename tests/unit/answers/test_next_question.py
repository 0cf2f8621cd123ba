"""The next question can be asked as it stands: worded as the reader's own, and answered by our own search."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.frame import ask_about, heading_of, quoted
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.question import Place, read_question

ROOT = Path(__file__).resolve().parents[3]
FRAME = load_prompts().frame
QUESTIONS = (
    "Wie lange kann ich ein gelöschtes Dokument wiederherstellen?",
    "Welche Dateien werden abgelehnt?",
    "Was ist eine Messlokation?",
    "Was ist ein Grundversorger?",
    "Wie hoch ist der Grundpreis von Mustertal Flex?",
    "Wie viele Minuten am Tag wird die Leistung gesenkt?",
    "Wer wird Bundeskanzler?",
    "Hallo Luna",
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    folder = tmp_path_factory.mktemp("corpus")
    for path in [*(ROOT / "data" / "seed").glob("*.md"), ROOT / "data" / "samples" / "sample.md"]:
        (folder / path.name).write_bytes(path.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "tests" / "bench"), *sys.path])
        import answer_quality  # pyright: ignore[reportMissingImports]

        yield answer_quality, answer_quality.load(folder)


def ask(corpus: tuple[Any, Any], question: str) -> Answer:
    bench = corpus[1]
    return answer_question(question, bench.find(question, 6), bench.matcher(question), FRAME)


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_offered_next_is_answered(corpus: tuple[Any, Any], question: str) -> None:
    offered = ask(corpus, question).next_question
    if offered:
        answer = ask(corpus, offered)
        assert answer.answered, (offered, answer.reason)
    else:
        assert ask(corpus, question).answered, "a refusal always has a question to go on with"


def test_most_answers_offer_something(corpus: tuple[Any, Any]) -> None:
    assert sum(bool(ask(corpus, question).next_question) for question in QUESTIONS) >= len(QUESTIONS) - 2


def test_the_part_of_a_document_that_was_named_is_read_from_its_beginning(corpus: tuple[Any, Any]) -> None:
    answer = ask(corpus, "Was steht in „Luna kennenlernen“ unter „Löschen und wiederherstellen“?")
    assert answer.body_sentences[0].text == "Ein gelöschtes Dokument ist sofort nicht mehr zu finden."
    assert len(answer.body_sentences) == 2
    assert "„Löschen und wiederherstellen“" in answer.summary


@pytest.mark.parametrize("key", ["provision", "document", "first"])
def test_it_is_the_readers_question_and_not_lunas(key: str) -> None:
    for text in FRAME.templates[f"next_question.{key}"]:
        assert text.endswith("?")
        assert not any(word in text for word in ("Sie", "Ihnen", "ich", "Möchten", "Soll"))


def test_lunas_words_stand_only_around_it() -> None:
    answer = answer_question("Wer wird Bundeskanzler?", [], WordMatcher("Bundeskanzler"), FRAME)
    assert answer.next_question in answer.render()
    assert answer.offer != answer.next_question
    assert answer.offer.endswith(answer.next_question)


def test_nothing_concrete_means_no_question() -> None:
    bare = Passage("c1", "Die Ersatzversorgung endet nach drei Monaten.", title="Notiz", score=1.0)
    answer = answer_question("Wie lange dauert die Ersatzversorgung?", [bare], WordMatcher("Ersatzversorgung"), FRAME)
    assert answer.answered
    assert (answer.next_question, answer.offer) == ("", "")


def test_formulas_are_not_offered() -> None:
    passage = Passage("c1", "Teil 1", title="Gesetz", heading_path=("Inhaltsübersicht",), law="EnWG")
    assert ask_about(FRAME, "Was?", passage) == ""


@pytest.mark.parametrize("heading", ["§ 37 – Inkrafttreten", "§ 9 – Außerkrafttreten", "§ 29 – Übergangsregelung"])
def test_since_when_a_law_applies_is_not_offered(heading: str) -> None:
    passage = Passage("c1", "Text.", title="Gesetz", heading_path=(heading,), section="§ 1", law="EnWG")
    assert ask_about(FRAME, "Was?", passage) == ""


def test_a_title_in_quotes_survives_the_way_back() -> None:
    passage = Passage("c1", "Text.", title="Merkblatt „Strom“", heading_path=("3 Was „Steuern“ bedeutet",))
    place = read_question(ask_about(FRAME, "Was?", passage)).place
    assert place == Place(quoted(passage.title), "Was ‚Steuern‘ bedeutet")


@pytest.mark.parametrize(
    ("heading", "bare"),
    [
        ("3 Was das Steuern bedeutet", "Was das Steuern bedeutet"),
        ("2.1 Ablesung", "Ablesung"),
        ("§ 38 – Ersatzversorgung", "Ersatzversorgung"),
        ("IV. Netze", "Netze"),
        ("2030 im Rückblick", "2030 im Rückblick"),
    ],
)
def test_headings_lose_their_number(heading: str, bare: str) -> None:
    assert heading_of([heading]) == bare
