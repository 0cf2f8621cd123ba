"""Which sentences are taken: verbatim, whole, of the kind that was asked for, and in the order of the law."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.signs import signs_of
from luna_rules.answers.statements import statements


def passage(text: str, number: int = 1, score: float = 1.0, **more: object) -> Passage:
    values: dict[str, object] = {"chunk_id": f"c{number}", "title": "Gesetz", "score": score, **more}
    return Passage(text=text, **values)  # type: ignore[arg-type]


def chosen(question: str, *passages: Passage) -> tuple[AnswerSentence, ...]:
    return Extractor(read_question(question), passages, WordMatcher(question)).extract().sentences


LIST = (
    "(2) Der Lieferant darf die Lieferung einstellen, wenn\n\n1. der Kunde trotz Mahnung nicht zahlt,\n\n"
    "2. der Rückstand mindestens zwei Raten beträgt und\n\n3. die Folgen nicht außer Verhältnis stehen.\n\n"
    "Satz 1 gilt nicht im Winter."
)


def test_a_lead_in_stays_with_its_items() -> None:
    first, last = statements(passage(LIST))
    assert [len(item) for item in first.items] == [1, 1, 1]
    assert LIST[first.spans[0][0] : first.spans[0][1]].endswith("wenn")
    assert LIST[last.spans[0][0] :] == "Satz 1 gilt nicht im Winter."


def test_the_close_of_a_sentence_behind_its_list_belongs_to_it() -> None:
    text = (
        "Die Frist beträgt\n\n1. für Haushalte zwei Wochen,\n\n2. für Betriebe einen Monat,\n\n"
        "sofern nichts anderes gilt."
    )
    (only,) = statements(passage(text))
    assert text[only.items[-1][0][0] :] == "sofern nichts anderes gilt."


def test_an_absatz_mark_is_no_list_item() -> None:
    assert [s.items for s in statements(passage("(1) Erstens gilt dies. Zweitens jenes."))] == [[], []]


def test_headings_and_rulers_are_no_statements() -> None:
    assert statements(passage("# § 1 – Zweck\n\n| --- | --- |\n")) == []


def test_markup_of_a_table_behind_a_number_is_no_item() -> None:
    text = '(2) Die Entlastung beträgt\n\n1. <table width="100%">\n<tbody>\n</tbody>\n</table>\n\nSie wird gewährt.'
    found = statements(passage(text))
    assert [text[slice(*one.spans[0])] for one in found] == ["(2) Die Entlastung beträgt", "Sie wird gewährt."]
    assert not any(one.items for one in found)


def test_slices_are_verbatim_and_carry_the_citation_each() -> None:
    (sentence,) = chosen("Wann darf der Lieferant die Lieferung einstellen?", passage(LIST.rsplit("\n\n", 1)[0]))
    assert len(sentence.slices) == 4
    assert all(piece in LIST for piece in sentence.slices)
    assert all(line.endswith("[chunk c1]") for line in sentence.render().splitlines())


def test_of_a_long_list_the_items_that_answer_are_taken_with_their_parents() -> None:
    fill = "".join(
        f"{n}. etwas ganz anderes über Vorgang {n}, {'das hier nichts zur Sache tut ' * 4},\n\n" for n in range(1, 9)
    )
    text = (
        f"Die Rechnung muss enthalten:\n\n{fill}9. Angaben zum Tarif, und zwar\n\na) den Grundpreis,\n\n"
        "b) die Kündigungsfrist des Vertrags,\n\n10. den Namen."
    )
    (sentence,) = chosen("Muss die Kündigungsfrist des Vertrags auf der Rechnung stehen?", passage(text))
    assert sentence.slices[0] == "Die Rechnung muss enthalten:"
    kept = "\n".join(sentence.slices)
    assert "b) die Kündigungsfrist des Vertrags," in kept
    assert "9. Angaben zum Tarif, und zwar" in kept
    assert not sentence.complete
    assert sentence.render().endswith("[…]")
    assert len(kept) < len(text) / 1.5


def test_an_item_that_leads_in_brings_the_items_below_it() -> None:
    fill = "".join(
        f"{n}. etwas ganz anderes über Vorgang {n}, {'das hier nichts zur Sache tut ' * 4},\n\n" for n in range(1, 9)
    )
    own = "9. bei einem Haushalt mit Messsystem nicht mehr als 120 Euro, davon nicht mehr als"
    rest = "in den Fällen, die eine Behörde für Fälle dieser Art bestimmt hat, " * 5
    under = [f"a) die Hälfte für den Betreiber {rest}und", f"b) ein Viertel für den Nutzer {rest}sonst nichts,"]
    text = f"In Rechnung zu stellen sind\n\n{fill}{own}\n\n{under[0]}\n\n{under[1]}\n\n10. sonst 20 Euro."
    (sentence,) = chosen("Was kostet einen Haushalt das Messsystem?", passage(text))
    assert not sentence.complete
    place = sentence.slices.index(own)
    assert list(sentence.slices[place + 1 : place + 3]) == under


def test_a_question_for_a_duration_prefers_the_sentence_that_has_one() -> None:
    text = (
        "Die Ersatzversorgung mit Strom dient der Sicherheit der Kunden. "
        "Die Ersatzversorgung endet spätestens nach drei Monaten. Die Ersatzversorgung ist gesondert auszuweisen."
    )
    ranked = Extractor(
        read_question("Wie lange dauert die Ersatzversorgung?"), [passage(text)], WordMatcher("Ersatzversorgung")
    ).extract()
    assert ranked.best is not None
    assert "drei Monaten" in ranked.best.text


class AskedOf(WordMatcher):
    """As if people asked all that was asked of one Absatz, whatever its words."""

    def __init__(self, question: str, paragraph: str) -> None:
        super().__init__(question)
        self._paragraph = paragraph

    def meant(self, law: str | None, section: str | None, paragraph: str | None = None) -> Mapping[int, float]:
        if paragraph not in (None, self._paragraph):
            return {}
        return dict.fromkeys(range(len(self.labels)), 0.9)


@pytest.mark.parametrize("paragraph", ["1", "2"])
def test_of_two_absaetze_that_fit_alike_the_one_that_people_ask_comes_first(paragraph: str) -> None:
    question = "Was passiert mit dem Zähler beim Umzug?"
    texts = ("Der Zähler bleibt im Haus des Kunden.", "Der Zähler ist dem Betreiber zu melden.")
    passages = [
        passage(text, number, law="NAV", section="§ 22", paragraph=f"{number}") for number, text in enumerate(texts, 1)
    ]
    found = Extractor(read_question(question), passages, AskedOf(question, paragraph)).extract()
    assert found.sentences[0].chunk_id == f"c{paragraph}"
    beside = Extractor(read_question(question), passages, WordMatcher(question)).extract()
    assert beside.ranked[0].score != found.ranked[0].score
    assert {one.chunk_id for one in beside.sentences} == {"c1", "c2"}


def test_a_span_that_has_passed_is_no_duration() -> None:
    question = "Wie lange gilt die Notversorgung?"
    kept = passage("Der Versorger hat die Preise der Notversorgung der mindestens letzten sechs Monate vorzuhalten.", 1)
    ends = passage("Die Notversorgung endet spätestens drei Monate nach ihrem Beginn.", 2)
    assert chosen(question, kept, ends)[0].chunk_id == "c2"
    assert signs_of(kept.text, ["duration"]) == frozenset()
    assert signs_of(ends.text, ["duration"]) == {"duration"}
    assert signs_of("Die Belege der letzten zwei Jahre sind drei Jahre aufzubewahren.", ["duration"]) == {"duration"}


def test_each_part_of_a_question_is_answered() -> None:
    texts = (
        "Die Kündigungsfrist des Vertrags beträgt zwei Wochen.",
        "Zu den Umlagen zählt auch die Offshore-Netzumlage des Betreibers.",
        "Die Geldbuße beträgt höchstens 500 Euro.",
    )
    passages = [passage(text, n, 1.0 - n / 10) for n, text in enumerate(texts)]
    found = chosen("Wie lange ist die Kündigungsfrist und wie hoch ist die Geldbuße?", *passages)
    assert {s.chunk_id for s in found} >= {"c0", "c2"}


def test_the_same_thing_is_not_said_twice() -> None:
    text = "Der Netzbetreiber muss den Anschluss binnen acht Wochen herstellen."
    other = "Die Kosten für den Anschluss trägt der Anschlussnehmer nach billigem Ermessen."
    found = chosen(
        "Wann muss der Netzbetreiber den Anschluss herstellen?", passage(text, 1), passage(text, 2), passage(other, 3)
    )
    assert [s.text for s in found].count(text) == 1


def test_a_looked_up_provision_is_given_from_its_beginning_in_order() -> None:
    law = {"law": "EnWG", "section": "§ 41c"}
    passages = [
        passage("(2) Das Instrument muss unabhängig sein und darf nichts kosten.", 2, 1.0, paragraph="2", **law),
        passage(
            "(1) Verbraucher haben Zugang zu einem Vergleichsinstrument der Behörde.", 1, 0.9, paragraph="1", **law
        ),
        passage(
            "(1) Etwas ganz anderes steht in dieser Vorschrift geschrieben.",
            3,
            0.8,
            paragraph="1",
            law="EEG",
            section="§ 41c",
        ),
    ]
    found = chosen("Was regelt § 41c EnWG?", *passages)
    assert [s.chunk_id for s in found] == ["c1", "c2"]


def test_an_answer_stays_short() -> None:
    text = " ".join(
        f"Der Netzbetreiber muss den Anschluss Nummer {n} unverzüglich selbst herstellen." for n in range(60)
    )
    found = chosen("Muss der Netzbetreiber den Anschluss herstellen?", passage(text))
    assert 1 <= len(found) <= 5


def test_no_passages_give_nothing() -> None:
    assert chosen("Wie lange?") == ()
    assert chosen("Wie lange?", passage("")) == ()


def test_several_provisions_are_read_one_after_the_other() -> None:
    found = [
        passage(
            f"Die Vorschrift Nummer {n} regelt etwas Eigenes. Sie geht noch weiter und weiter.",
            n,
            section=f"§ {n}",
            law="EnWG",
        )
        for n in (38, 36, 37)
    ]
    read = [sentence.chunk_id for sentence in chosen("§§ 36-38 EnWG", *found)]
    assert list(dict.fromkeys(read)) == ["c36", "c37", "c38"]


def test_a_stray_point_behind_the_sign_does_not_hide_a_provision() -> None:
    found = passage("Die Vorschrift regelt die Konzessionsabgaben der Gemeinden.", section="§ 48", law="EnWG")
    assert read_question("Was steht im §. 48 EnWG?").lookup is not None
    assert chosen("Was steht im §. 48 EnWG?", found)


def test_the_sentence_right_below_a_heading_is_read() -> None:
    text = "## Spitzenlast\nDie Spitzenlast darf 850 kW nicht überschreiten. Ab 800 kW wird abgeschaltet."
    read = [text[slice(*one.spans[0])] for one in statements(passage(text))]
    assert read[0] == "Die Spitzenlast darf 850 kW nicht überschreiten."


def test_the_note_of_the_source_is_no_statement() -> None:
    text = "(Fundstelle: BGBl. I 2020, 3178)\n\nDie Höhe der Marktprämie wird berechnet."
    assert [text[slice(*one.spans[0])] for one in statements(passage(text))] == [
        "Die Höhe der Marktprämie wird berechnet."
    ]
