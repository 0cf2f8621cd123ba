"""A provision, an Absatz or an item that a law does not have is said not to be there, and how far the law reaches."""

from __future__ import annotations

from luna_api.prompts import load_prompts
from luna_rules.answers.absent import absent
from luna_rules.answers.compose import answer_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.question import read_question

FRAME = load_prompts().frame


def passage(number: int, text: str, absatz: str | None = None, section: str = "§ 3", law: str = "EnWG") -> Passage:
    return Passage(
        chunk_id=f"c{number}",
        text=text,
        title="Energiewirtschaftsgesetz",
        heading_path=(f"{section} – Begriffsbestimmungen",),
        law=law,
        section=section,
        paragraph=absatz,
        score=3.0,
        item_id=law,
    )


HEAD = passage(1, "Im Sinne dieses Gesetzes ist\n\n1. Netz eine Anlage zur Leitung,\n\n2. Kunde, wer Strom kauft,")
TAIL = passage(2, "3. Markt der Handel mit Strom,\n\n4. Zone ein Gebiet.")
CUT = passage(2, "3. Markt der Handel mit Strom,\n\n4. Zone ein Gebiet,")
ABSAETZE = [
    passage(n, f"({n}) Der Versorger hat dies zu tun und jenes zu lassen.", str(n), "§ 36") for n in range(1, 5)
]
OTHER = passage(9, "Der Netzbetreiber hat dies zu tun und jenes zu lassen.", None, "§ 4")


def asked(question: str, *passages: Passage) -> Answer:
    return answer_question(question, passages, WordMatcher(question), FRAME)


def test_an_item_that_the_list_does_not_have() -> None:
    answer = asked("Was steht in § 3 Nr. 200 EnWG?", HEAD, TAIL)
    assert not answer.answered
    assert "Nr. 200 gibt es in § 3 EnWG nicht" in answer.summary
    assert "bis Nr. 4" in answer.summary
    assert "§ 3 EnWG" in answer.next_question


def test_an_item_that_is_there_is_given() -> None:
    answer = asked("Was steht in § 3 Nr. 4 EnWG?", HEAD, TAIL)
    assert [sentence.text for sentence in answer.body_sentences] == ["4. Zone ein Gebiet."]


def test_a_list_that_may_go_on_is_given_from_its_beginning_and_says_so() -> None:
    for shown in ((HEAD, CUT), (TAIL,)):  # it goes on behind the last passage; its beginning was not found
        answer = asked("Was steht in § 3 Nr. 200 EnWG?", *shown)
        assert answer.answered
        assert "habe ich in § 3 EnWG nicht gefunden" in answer.summary
        assert "Anfang der Vorschrift" in answer.summary


def test_an_absatz_that_the_provision_does_not_have() -> None:
    for question in ("§ 36 Abs. 19 EnWG", "Welche Frist gilt nach § 36 Abs. 19 EnWG?"):
        answer = asked(question, *ABSAETZE)
        assert not answer.answered
        assert "Absatz 19 hat § 36 EnWG nicht" in answer.summary
        assert "bis Absatz 4" in answer.summary


def test_where_an_absatz_between_was_not_found_it_is_not_told_how_far_the_provision_reaches() -> None:
    summary = asked("§ 36 Abs. 19 EnWG", *ABSAETZE[:2], ABSAETZE[3]).summary
    assert "Absatz 19 hat § 36 EnWG nicht" in summary
    assert "bis Absatz" not in summary


def test_a_provision_that_a_law_at_hand_does_not_have() -> None:
    answer = asked("Was regelt § 999 EnWG?", HEAD, OTHER)
    assert not answer.answered
    assert "§ 999 EnWG gibt es nicht" in answer.summary


def test_of_a_law_that_is_not_at_hand_nothing_is_claimed() -> None:
    lookup = read_question("Was regelt § 999 EnWG?").lookup
    assert lookup is not None
    other = Passage(chunk_id="x", text="Text.", title="Messstellenbetriebsgesetz", law="MsbG", section="§ 4")
    assert absent(lookup, [other]) is None


def test_what_is_there_is_not_called_absent() -> None:
    for question in ("§ 36 Abs. 2 EnWG", "§ 36 EnWG", "§§ 36 und 999 EnWG", "§ 3 Nr. 3 EnWG", "Was ist ein Netz?"):
        lookup = read_question(question).lookup
        assert lookup is None or absent(lookup, [HEAD, TAIL, *ABSAETZE]) is None, question
