"""The first line of an answer: short, verbatim, never the body once more; no value where one would mislead."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage

FRAME = load_prompts().frame


def ask(question: str, *texts: str) -> Answer:
    passages = [
        Passage(
            f"c{number}",
            text,
            title="Gesetz",
            heading_path=("§ 7 – Laufzeiten",),
            section="§ 7",
            paragraph=str(number + 1),
            law="EnWG",
            score=1.0 - number / 100,
        )
        for number, text in enumerate(texts)
    ]
    answer = answer_question(question, passages, WordMatcher(question), FRAME)
    assert answer.answered, answer.reason
    mark = f"{answer.summary} [chunk {answer.summary_chunk_id}]"
    assert {one.verdict for one in CitationChecker(passages).check_text(mark)} == {"ok"}
    return answer


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        (
            "Wie lange gilt der Energieausweis?",
            "Der Energieausweis ist für eine Gültigkeitsdauer von zehn Jahren auszustellen.",
            "für eine Gültigkeitsdauer von zehn Jahren",
        ),
        (
            "Wie hoch ist der Grundpreis im Tarif?",
            "Der Grundpreis im Tarif beträgt 7,95 € im Monat und wird abgebucht.",
            "7,95 € im Monat",
        ),
        (
            "Wie hoch ist die Umlage?",
            "Für die Umlage zahlen Sie nicht mehr als 59,90 ct/kWh brutto, gleich wann.",
            "nicht mehr als 59,90 ct/kWh brutto",
        ),
        (
            "Bis wann ist der Bericht abzugeben?",
            "Der Bericht ist der Behörde bis zum 30. September des Jahres vorzulegen, in dem er entsteht.",
            "bis zum 30. September des Jahres",
        ),
        (
            "Wie weit muss der Abstand der Anlage sein?",
            "Der Abstand der Anlage zur Bebauung muss 2\u00a0500 Meter betragen, sonst ist die Anlage unzulässig.",
            "2 500 Meter",
        ),
        (
            "Wie schnell muss der Betreiber antworten?",
            "Der Betreiber muss unverzüglich, spätestens aber innerhalb von acht Wochen, dem Kunden antworten.",
            "spätestens innerhalb von acht Wochen",
        ),
        (
            "Wie lange dauert die Belieferung?",
            "Die Belieferung endet mit dem Vertrag, spätestens jedoch drei Monate nach ihrem Beginn von selbst.",
            "spätestens drei Monate nach ihrem Beginn",
        ),
        (
            "Bis wann sind Änderungen zu melden?",
            "Änderungen muss der Betreiber innerhalb eines Monats nach ihrem Eintritt im Verzeichnis melden.",
            "innerhalb eines Monats nach ihrem Eintritt",
        ),
        (
            "Um wie lange wird der Vertrag verlängert?",
            "Der Vertrag wird ohne Kündigung um jeweils weitere fünf Jahre stillschweigend verlängert.",
            "um jeweils weitere fünf Jahre",
        ),
    ],
)
def test_the_value_asked_for_comes_first_with_its_provision(question: str, text: str, value: str) -> None:
    assert ask(question, text).summary.endswith(f": {value} (§ 7 Abs. 1 EnWG).")


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Was ist eine Ersatzversorgung?", ["Ersatzversorgung ist die Lieferung ohne Vertrag."]),
        ("Darf der Lieferant den Vertrag kündigen?", ["Der Lieferant darf den Vertrag kündigen."]),
        (
            "Wie lange gilt der Vertrag?",
            ["Der Vertrag gilt drei Monate, in Härtefällen gilt der Vertrag sechs Monate."],
        ),
        (
            "Wie lange gilt der Vertrag?",
            ["Der Vertrag gilt im Regelfall drei Monate.", "Der Vertrag gilt im Regelfall sechs Monate."],
        ),
        ("Wie lange läuft der Vertrag und was kostet er?", ["Der Vertrag läuft drei Monate und kostet 5 Euro."]),
        ("Wie lange darf der Vertrag gelten?", ["Der Vertrag gilt nicht drei Monate."]),
        ("Gilt der Vertrag nach drei Monaten und bis wann?", ["Der Vertrag gilt noch nach drei Monaten."]),
    ],
)
def test_where_no_single_value_answers_the_summary_names_the_place(question: str, texts: list[str]) -> None:
    answer = ask(question, *texts)
    assert "§ 7 Abs." in answer.summary
    assert "Laufzeiten" in answer.summary
    assert "Monate" not in answer.summary


def test_a_time_that_has_passed_is_not_how_long_something_takes() -> None:
    text = (
        "Der Lieferant hat auf seiner Seite die Preise der Lieferung der mindestens letzten sechs Monate vorzuhalten."
    )
    assert "Monate" not in ask("Wie lange dauert die Lieferung?", text).summary


def test_no_sentence_of_the_body_is_printed_twice() -> None:
    answer = ask("Wie lange gilt der Vertrag?", "(1) Der Vertrag gilt drei Monate. Der Vertrag endet von selbst.")
    rendered = answer.render()
    for sentence in answer.body_sentences:
        assert sentence.text not in answer.summary
        assert rendered.count(sentence.text.removeprefix("(1) ")) == 1


def test_a_table_is_not_poured_into_the_summary() -> None:
    text = "| Modul | Laufzeit |\n| --- | --- |\n| Modul A | drei Monate |\n| Modul B | zwei Jahre |\n"
    answer = ask("Wie lange ist die Laufzeit von Modul B?", text)
    assert "zwei Jahre" in answer.render_body()
    assert "|" not in answer.summary


def test_a_value_of_a_sentence_that_does_not_speak_of_the_question_is_not_given_alone() -> None:
    text = (
        "Der Lieferant darf wegen jeder Mahnung Ersatz verlangen. Dabei muss der Rückstand des Haushaltskunden "
        "mindestens 100 Euro betragen."
    )
    assert "100 Euro" not in ask("Wie teuer ist eine Mahnung des Lieferanten?", text).summary


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Wie hoch ist die Pauschale?", "Die Pauschale beträgt das Doppelte des Grundpreises oder 500 Euro."),
        ("Wie hoch ist die Pauschale?", "Die Pauschale beträgt 500 Euro oder das Doppelte des Grundpreises im Jahr."),
        (
            "Wie hoch ist die Pauschale?",
            "Die Pauschale, die der Kunde einmal im Jahr schuldet, beträgt 500 Euro, mindestens aber den Grundpreis, "
            "der zuletzt für die Abnahme in Rechnung gestellt worden ist, und den Aufschlag dazu.",
        ),
    ],
)
def test_a_value_is_not_said_without_what_may_hold_in_its_stead(question: str, text: str) -> None:
    answer = ask(question, text)
    assert "500 Euro" not in answer.summary
    assert text in answer.render()


def test_a_value_ends_before_half_a_word() -> None:
    answer = ask("Wie hoch ist der Zuschlag?", "Der Zuschlag beträgt 40 Prozent der Kosten des Neu- oder Ausbaus.")
    assert "40 Prozent der Kosten (" in answer.summary


def test_a_year_before_a_value_is_no_part_of_it() -> None:
    answer = ask("Wie hoch ist der Höchstwert?", "Der Höchstwert beträgt im Jahr 2023 16,07 Cent pro Kilowattstunde.")
    assert "2023 16" not in answer.summary
    assert "16,07 Cent pro Kilowattstunde" in answer.summary
