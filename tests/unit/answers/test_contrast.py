"""A question for the difference between things is answered by what tells of each, said apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.gather import ground, searches
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.things import things_of

FRAME = load_prompts().frame
QUESTION = "Was ist der Unterschied zwischen Grundversorgung und Ersatzversorgung?"


def passage(number: int, text: str, heading: str, law: str | None = "XG", score: float = 3.0) -> Passage:
    section = f"§ {number}" if law else None
    return Passage(
        chunk_id=f"c{number}",
        text=text,
        title=law or "FAQ",
        heading_path=(f"{section} – {heading}" if section else heading,),
        law=law,
        section=section,
        score=score,
        item_id=law or "faq",
    )


BASIC = passage(36, "Die Grundversorgung ist die Belieferung von Haushalten zu Allgemeinen Preisen.", "Grundversorgung")
FALLBACK = passage(38, "Wer ohne Vertrag Energie bezieht, gilt als vom Versorger beliefert.", "Ersatzversorgung")
OTHERS = [passage(n, "Der Netzbetreiber hat dies und jenes zu tun.", "Sonstiges", score=1.0) for n in range(1, 12)]


def asked(question: str, *found: list[Passage]) -> Answer:
    """The answer where the searches gave `found`, each the passages for one of them."""
    ready = ground(question, found, 6)
    return answer_question(question, ready.passages, WordMatcher(question), FRAME)


@pytest.mark.parametrize(
    ("question", "things"),
    [
        (QUESTION, ("Grundversorgung", "Ersatzversorgung")),
        (
            "Worin unterscheiden sich der Anschlussnehmer und der Anschlussnutzer?",
            ("Anschlussnehmer", "Anschlussnutzer"),
        ),
        ("Worin unterscheidet sich eine Umlage von einer Steuer?", ("Umlage", "Steuer")),
        ("Was unterscheidet die Marktprämie von der Einspeisevergütung?", ("Marktprämie", "Einspeisevergütung")),
        ("Grundversorgung oder Ersatzversorgung – was ist der Unterschied?", ("Grundversorgung", "Ersatzversorgung")),
        ("Unterschied Grundversorgung Ersatzversorgung", ("Grundversorgung", "Ersatzversorgung")),
        ("Unterschied zwischen Grund- und Ersatzversorgung", ("Grundversorgung", "Ersatzversorgung")),
        ("Abgrenzung Ladepunkt von Ladeeinrichtung", ("Ladepunkt", "Ladeeinrichtung")),
        ("Unterschied zwischen Kunde, Verbraucher und Händler?", ("Kunde", "Verbraucher", "Händler")),
        ("What is the difference between basic supply and fallback supply?", ("basic supply", "fallback supply")),
        ("How does a meter differ from a gateway?", ("meter", "gateway")),
        ("Was ist Ersatzversorgung?", ()),
        ("Was ist der Unterschied zwischen § 36 EnWG und § 38 EnWG?", ()),
        ("Darf zwischen Kunden und Händlern unterschieden werden?", ()),
        ("Worin unterscheiden sich der Ausweis nach Bedarf und der nach Verbrauch bei der Berechnung?", ()),
    ],
)
def test_the_things_whose_difference_is_asked_for(question: str, things: tuple[str, ...]) -> None:
    assert things_of(read_question(question)) == things


def test_each_thing_is_searched_for_as_if_asked_alone() -> None:
    each = [search.question for search in searches(QUESTION, 6)]
    alone = [
        search.question
        for thing in ("Grundversorgung", "Ersatzversorgung")
        for search in searches(f"Was ist {thing}?", 6)
    ]
    assert each == [QUESTION, *alone]


def test_each_thing_is_told_of_under_its_name() -> None:
    answer = asked(QUESTION, OTHERS, [BASIC, *OTHERS], [], [FALLBACK, *OTHERS], [])
    assert answer.answered
    assert [sentence.chunk_id for sentence in answer.body_sentences] == ["c36", "c38"]
    body = answer.render_body()
    assert body.index("Zu „Grundversorgung“:\nDie Grundversorgung ist") < body.index("Zu „Ersatzversorgung“:\nWer ohne")
    assert not answer.summary_chunk_id, "the line above claims nothing of the matter"


def test_of_what_nothing_is_told_it_is_said_so() -> None:
    answer = asked(QUESTION, OTHERS, [BASIC, *OTHERS], [], OTHERS, [])
    assert answer.answered
    assert [sentence.chunk_id for sentence in answer.body_sentences] == ["c36"]
    assert "„Ersatzversorgung“" in answer.summary


def test_without_ground_for_any_it_is_declined() -> None:
    assert not asked(QUESTION, OTHERS, OTHERS, [], OTHERS, []).answered


def test_definitions_of_one_law_stand_beside_each_other() -> None:
    question = "Unterschied zwischen Anschlussnehmer und Anschlussnutzer"
    taker = passage(41, "Anschlussnehmer ist jeder Eigentümer eines Grundstücks.", "Anwendungsbereich", "NV")
    plant = passage(42, "Anschlussnehmer ist der Betreiber eines Kraftwerks.", "Begriffe", "KV", score=4.0)
    user = passage(43, "Anschlussnutzer ist jeder, der einen Anschluss nutzt.", "Anwendungsbereich", "NV")
    answer = asked(question, OTHERS, [plant, taker, *OTHERS], [], [user, *OTHERS], [])
    assert [sentence.chunk_id for sentence in answer.body_sentences] == ["c41", "c43"]


def test_a_document_that_compares_them_itself_answers() -> None:
    text = "Der Unterschied: Die Grundversorgung beruht auf einem Vertrag, die Ersatzversorgung nicht."
    faq = replace(passage(50, text, "Fragen", law=None), score=5.0)
    answer = asked(QUESTION, [faq, *OTHERS], [BASIC, *OTHERS], [], [FALLBACK, *OTHERS], [])
    assert answer.body_sentences[0].chunk_id == "c50"
    assert "Zu „" not in answer.render_body()
