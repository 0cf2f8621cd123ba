"""Items and sentences of a provision that are asked for by their number."""

from __future__ import annotations

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question


def provision(chunk_id: str, section: str, paragraph: str | None, text: str) -> Passage:
    return Passage(chunk_id, text, law="HofG", section=section, paragraph=paragraph, scores={"lookup": 10.0})


LIST = provision(
    "c1",
    "§ 4",
    "1",
    "(1) Der Betreiber hat Folgendes aufzuheben:\n\n1. die Rechnung des vergangenen Jahres,\n\n2. von den Messwerten"
    "\n\na) die des Winters,\n\nb) die des Sommers und\n\n3. den Vertrag.",
)
LATER = provision(
    "c2", "§ 5", "2", "Nach den Sätzen 1 bis 3 der Anlage 1 wird verfahren, soweit nichts anderes bestimmt ist."
)
FIRST = provision(
    "c3", "§ 5", "2", "(2) Der Hof wird im Herbst von allen gemeinsam gefegt. Das Laub kommt auf den Kompost."
)
TERMS = provision(
    "c4",
    "§ 3",
    None,
    "14. Besen\n\nein Werkzeug zum Fegen des Hofes,\n\n15. Kompost\n\nein Haufen von Laub und Schalen,\n\n15a. Laub\n\n"
    "was im Herbst von den Bäumen fällt,",
)


def said(question: str, *passages: Passage) -> str:
    found = Extractor(read_question(question), list(passages), WordMatcher(question)).extract()
    return " ".join(sentence.text for sentence in found.sentences)


@pytest.mark.parametrize(
    ("question", "wanted", "others"),
    [
        ("§ 4 Abs. 1 Nr. 1 HofG", ["Folgendes aufzuheben", "die Rechnung"], ["Messwerten", "Vertrag"]),
        ("Was regelt § 4 Abs. 1 Nummer 2 HofG?", ["Messwerten", "Winters", "Sommers"], ["Rechnung", "Vertrag"]),
        ("§ 4 Abs. 1 Ziffer 3 HofG", ["Folgendes aufzuheben", "Vertrag"], ["Rechnung", "Messwerten"]),
        ("§ 4 Abs. 1 Nr. 1 und 3 HofG", ["Rechnung", "Vertrag"], []),
        ("§ 4 Abs. 1 Nr. 3 HofG und § 5 Abs. 2 HofG", ["Rechnung", "Vertrag"], []),
        ("§ 4 Abs. 1 Nr. 9 HofG", ["Rechnung", "Vertrag"], []),
    ],
)
def test_an_item_comes_with_what_leads_it_in_and_what_is_under_it(
    question: str, wanted: list[str], others: list[str]
) -> None:
    answer = said(question, LIST)
    assert all(word in answer for word in wanted)
    assert not any(word in answer for word in others)


@pytest.mark.parametrize(("number", "term"), [("14", "Besen"), ("15", "Kompost"), ("15a", "Laub")])
def test_an_entry_of_definitions(number: str, term: str) -> None:
    answer = said(f"§ 3 Nr. {number} HofG", TERMS)
    assert answer.startswith(f"{number}. {term}")
    assert answer.count("\n") <= 2


def test_the_beginning_of_an_absatz_comes_before_the_rest_of_it() -> None:
    assert said("§ 5 Abs. 2 Satz 1 HofG", LATER, FIRST).startswith("(2) Der Hof wird")
    assert said("§ 5 Abs. 2 Satz 2 HofG", LATER, FIRST).startswith("Das Laub kommt")


def test_a_list_goes_on_below_a_line_that_closes_one_of_its_items() -> None:
    text = (
        "(1) Ordnungswidrig handelt, wer\n\n1. ohne Befugnis\n\na) den Hof fegt oder\n\nb) das Laub verbrennt\n\n"
        "und dies nicht anzeigt,\n\n2. den Besen versteckt oder\n\n3. den Kompost umsetzt."
    )
    answer = said("§ 6 Abs. 1 Nr. 3 HofG", provision("c5", "§ 6", "1", text))
    assert "Ordnungswidrig handelt, wer" in answer
    assert "den Kompost umsetzt" in answer
    assert "Besen" not in answer


def test_where_the_text_was_published_leads_no_item_in() -> None:
    text = "Fundstelle des Originaltextes: BGBl. I 2005, 22 - 23\n\n1. Kosten des Hofes;\n\n2. Kosten des Gartens."
    answer = said("Was sind die Kosten des Gartens?", Passage("c6", text, law="HofG", section="Anlage 2"))
    assert "Kosten des Gartens" in answer
    assert "Fundstelle" not in answer
