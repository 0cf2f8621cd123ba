"""What a word means is told by the provision headed by it, where no sentence defines the word."""

from __future__ import annotations

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.gather import ground, searches
from luna_rules.answers.headed import BESIDE, OPENS, WHOLE, fit, same_words
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question


def passage(
    number: int, text: str, *, section: str, heading: str, absatz: str | None = None, score: float = 3.0
) -> Passage:
    return Passage(
        chunk_id=f"c{number}",
        text=text,
        title="Gesetz",
        heading_path=("Gesetz", f"{section} – {heading}"),
        law="XG",
        section=section,
        paragraph=absatz,
        score=score,
        item_id="x",
    )


def said(question: str, *passages: Passage) -> list[str]:
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract()
    return [sentence.text for sentence in found.sentences]


BEGINNING = passage(
    1,
    "(1) Wer ohne Vertrag Energie bezieht, gilt als vom Versorger beliefert. Der Versorger stellt sie in Rechnung.",
    section="§ 38",
    heading="Ersatzversorgung mit Energie",
    absatz="1",
    score=2.0,
)
LATER = passage(
    2,
    "(3) Der Versorger darf die Preise der Ersatzversorgung anpassen. Die Ersatzversorgung ist kündbar.",
    section="§ 38",
    heading="Ersatzversorgung mit Energie",
    absatz="3",
)
POINTING = passage(
    3,
    "(1) Für die Ersatzversorgung nach § 38 des Energiewirtschaftsgesetzes gelten die §§ 4 und 5 entsprechend.",
    section="§ 3",
    heading="Ersatzversorgung",
    absatz="1",
)
DEFINING = passage(
    4, "4. „Ersatzversorgung“ die Belieferung ohne Vertrag,", section="§ 2", heading="Begriffsbestimmungen", score=1.0
)
OF_ANOTHER = passage(
    5,
    "5. „Ersatzversorgung für Gas“ die Belieferung mit Gas,",
    section="§ 2",
    heading="Begriffsbestimmungen",
    score=1.0,
)


@pytest.mark.parametrize(
    ("heading", "term", "worth"),
    [
        ("Vorauszahlungen", "Vorauszahlung", WHOLE),
        ("Grundversorgungspflicht", "Grundversorgung", WHOLE),
        ("Abschläge, Fälligkeit und Endabrechnung", "Abschlag", WHOLE),
        ("Einspeisevergütung und Mieterstromzuschlag", "Mieterstromzuschlag", BESIDE),
        ("Ersatzversorgung mit Energie", "Ersatzversorgung", OPENS),
        ("Gemeinschaftliche Gebäudeversorgung", "gemeinschaftliche Gebäudeversorgung", WHOLE),
        ("Beendigung der Ersatzversorgung", "Ersatzversorgung", 0.0),
        ("Netzanschluss", "Netz", 0.0),
        ("Vergütung und Beendigung der Ersatzversorgung", "Ersatzversorgung", 0.0),
    ],
)
def test_how_plainly_a_heading_names_a_word(heading: str, term: str, worth: float) -> None:
    assert fit(passage(1, "(1) Text.", section="§ 1", heading=heading), same_words(term)) == worth


def test_without_a_defining_sentence_the_provision_headed_by_the_word_answers_from_its_beginning() -> None:
    answer = said("Was ist Ersatzversorgung?", LATER, POINTING, BEGINNING)
    assert answer[0].startswith("(1) Wer ohne Vertrag Energie bezieht")
    assert answer[1] == "Der Versorger stellt sie in Rechnung."
    assert not any("entsprechend" in sentence for sentence in answer), "another provision tells nothing of the meaning"


def test_a_defining_sentence_comes_first() -> None:
    assert said("Was ist Ersatzversorgung?", LATER, BEGINNING, DEFINING)[0].startswith("4. „Ersatzversorgung“")


def test_the_definition_of_a_longer_name_is_none_of_the_word() -> None:
    assert said("Was ist Ersatzversorgung?", LATER, BEGINNING, OF_ANOTHER)[0].startswith("(1) Wer ohne Vertrag")


def test_other_questions_are_answered_by_what_is_said_of_them() -> None:
    assert "anpassen" in said("Darf der Versorger die Preise der Ersatzversorgung anpassen?", LATER, BEGINNING)[0]


def test_the_beginning_is_among_the_passages_however_far_behind() -> None:
    others = [
        passage(n, "(2) Die Ersatzversorgung wird genannt.", section=f"§ {n}", heading="Sonstiges", absatz="2")
        for n in range(10, 60)
    ]
    question = "Was ist Ersatzversorgung?"
    found = ground(question, [[*others, BEGINNING], []], 3).passages
    assert "c1" in {one.chunk_id for one in found}


def test_lists_of_definitions_are_searched_as_deep_as_the_question() -> None:
    limits = [search.limit for search in searches("Was ist Regelenergie?", 6)]
    assert limits == [150, 150]
