"""Follow-up questions that stand by themselves, and the context that a generator gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_rules.answers.context import build_context, with_leads
from luna_rules.answers.followup import Turn, condense, is_follow_up
from luna_rules.answers.model import Passage

ASKED = [Turn("Wie lange bekomme ich Ersatzversorgung mit Strom?", "Drei Monate [chunk a].")]


@pytest.mark.parametrize(
    ("question", "condensed"),
    [
        ("Und gilt das auch für Gas?", "Wie lange bekomme ich Ersatzversorgung mit Gas?"),
        ("Und was ist mit Wärme?", "Wie lange bekomme ich Ersatzversorgung mit Wärme?"),
        ("und bei Gas", "Wie lange bekomme ich Ersatzversorgung mit Gas?"),
    ],
)
def test_a_contrasted_word_replaces_its_like(question: str, condensed: str) -> None:
    assert condense(question, ASKED) == condensed


@pytest.mark.parametrize(
    "question", ["Wie lange?", "Warum?", "Und wann genau?", "Und was kostet das?", "Gilt das auch für Mieter?"]
)
def test_a_bare_question_inherits_the_subject(question: str) -> None:
    condensed = condense(question, ASKED)
    assert "Ersatzversorgung" in condensed
    assert condensed != question


@pytest.mark.parametrize(
    "question",
    [
        "Wie hoch ist die Stromsteuer?",
        "Was regelt § 14a EnWG?",
        "Wer ist der Grundversorger?",
        "Darf der Netzbetreiber meine Wallbox drosseln?",
        "Gültigkeitsdauer Energieausweis",
        "Ist das Messstellenbetriebsgesetz auf Gaszähler anwendbar?",
        "",
        "😀",
    ],
)
def test_a_question_that_stands_by_itself_is_left_alone(question: str) -> None:
    assert condense(question, ASKED) == question


def test_without_history_nothing_changes() -> None:
    assert condense("Und für Gas?", []) == "Und für Gas?"


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Und nach Absatz 2?", ("Absatz 2", "§ 14a", "EnWG")),
        ("Und § 41b?", ("§ 41b", "EnWG")),
        ("§ 14c", ("§ 14c", "EnWG")),
    ],
)
def test_a_bare_provision_inherits_the_law(question: str, parts: tuple[str, ...]) -> None:
    condensed = condense(question, [Turn("Was regelt § 14a EnWG?")])
    assert all(part in condensed for part in parts)


def test_a_law_named_in_another_question_before_is_inherited() -> None:
    history = [Turn("Was regelt § 14a EnWG?"), Turn("Und § 41a?", condensed="§ 41a EnWG?")]
    assert condense("Und § 41b?", history) == "§ 41b EnWG?"


@pytest.mark.parametrize(
    ("asked", "question", "condensed"),
    [
        ("Was regelte 2024 § 4 StromNZV?", "Und in Absatz 2?", "in Absatz 2 § 4 StromNZV (Stand 2024)?"),
        ("Was galt am 30. Juni 2022 nach § 14a EnWG?", "Und § 41b?", "§ 41b EnWG (Stand 30. Juni 2022)?"),
        ("Was regelte 2024 § 4 StromNZV?", "Wie hoch?", "Wie hoch: regelte § 4 StromNZV (Stand 2024)?"),
        ("Was galt am 30. Juni 2022 nach § 14a EnWG?", "Und heute?", "heute: galt § 14a EnWG?"),
        ("Was galt am 30. Juni 2022 nach § 14a EnWG?", "Und 2023?", "Was galt nach § 14a EnWG (Stand 2023)?"),
        ("Was regelt § 14a EnWG?", "Und am 1.1.2022?", "Was regelt § 14a EnWG (Stand 1.1.2022)?"),
        ("Was galt 2022 für Netzentgelte?", "Was regelt § 20 EnWG?", "Was regelt § 20 EnWG?"),
    ],
)
def test_the_day_that_was_asked_for_holds_until_another_is_named(asked: str, question: str, condensed: str) -> None:
    assert condense(question, [Turn(asked)]) == condensed


def test_a_year_of_prices_is_not_the_day_of_a_law() -> None:
    assert "Stand" not in condense("Und 2023?", [Turn("Wie hoch war der Strompreis 2022?")])


def test_compounds_are_replaced_too() -> None:
    assert (
        condense("Und für Gas?", [Turn("Wie kündige ich meinen Stromvertrag?")]) == "Wie kündige ich meinen Gasvertrag?"
    )


def test_a_chain_of_follow_ups_goes_back_to_the_subject() -> None:
    history = [*ASKED, Turn("Warum?"), Turn("Und wann?")]
    assert "Ersatzversorgung" in condense("Wie hoch?", history)


def test_only_the_last_ten_turns_count() -> None:
    history = [
        Turn("Was kostet die Fernwärme?"),
        *[Turn(f"Wie hoch ist die Stromsteuer im Jahr 20{n}?") for n in range(10, 20)],
    ]
    assert "Fernwärme" not in condense("Warum?", history)


def test_follow_ups_are_told_from_questions() -> None:
    assert is_follow_up("Und für Gas?")
    assert not is_follow_up("Wie lange dauert die Ersatzversorgung mit Gas?")


def passage(number: int, section: str, paragraph: str, words: int = 10, item: str = "enwg") -> Passage:
    return Passage(f"c{number}", "Wort " * words, section=section, paragraph=paragraph, item_id=item, law="EnWG")


def test_passages_of_a_section_are_joined_in_reading_order_with_their_ids() -> None:
    found = [
        passage(3, "§ 14a", "3"),
        passage(9, "§ 41", "1"),
        passage(1, "§ 14a", "1"),
        passage(2, "§ 14a", "2a"),
        passage(4, "§ 14a", "2"),
    ]
    context = build_context(found, budget=10_000)
    assert [b.name for b in context.blocks] == ["§ 14a EnWG", "§ 41 EnWG"]
    assert [p.chunk_id for p in context.passages] == ["c1", "c4", "c2", "c3", "c9"]
    assert context.left_out == ()


def test_what_does_not_fit_is_left_out_and_said() -> None:
    found = [passage(1, "§ 1", "1", 50), passage(2, "§ 2", "1", 500), passage(3, "§ 3", "1", 20)]
    context = build_context(found, budget=130, overhead=10)
    assert [p.chunk_id for p in context.passages] == ["c1", "c3"]
    assert context.left_out == ("c2",)
    assert context.tokens <= 130


def test_a_passage_found_twice_is_given_once() -> None:
    found = [passage(1, "§ 1", "1"), passage(1, "§ 1", "1")]
    assert len(build_context(found, budget=1000).passages) == 1
    assert build_context([], budget=1000).blocks == ()


def test_sections_of_different_documents_are_not_joined() -> None:
    found = [passage(1, "§ 1", "1"), passage(2, "§ 1", "2", item="eeg")]
    assert len(build_context(found, budget=1000).blocks) == 2


def test_what_leads_a_cut_passage_in_is_given_once_and_where_it_stands() -> None:
    head = passage(1, "Anlage", "1")
    rows = [replace(passage(number, "Anlage", "1"), above=(head,)) for number in (7, 8)]
    context = build_context(
        with_leads([*rows, passage(4, "§ 4", "1")]), budget=1000, position=lambda one: int(one.chunk_id[1:])
    )
    assert [one.chunk_id for one in context.passages] == ["c1", "c7", "c8", "c4"]


def test_of_a_long_table_the_heads_lead_in_and_all_of_it_where_it_was_found_and_fits() -> None:
    heads = "| Kennung | Leistung |\n|---|---|\n"
    table = replace(passage(1, "Anlage", "1"), text=heads + "| a | 1 |\n" * 200)
    row = replace(passage(9, "Anlage", "1"), text="| b | 2 |\n", above=(table, passage(2, "Anlage", "1", words=400)))
    assert [(one.chunk_id, one.text) for one in with_leads([row])] == [("c9", row.text), ("c1", heads.rstrip())]
    texts = {
        budget: {one.chunk_id: one.text for one in build_context(with_leads([row, table]), budget=budget).passages}
        for budget in (120, 5000)
    }
    assert texts[120] == {"c9": row.text, "c1": heads.rstrip()}
    assert texts[5000] == {"c9": row.text, "c1": table.text}


def test_of_a_long_list_its_beginning_leads_in() -> None:
    above = tuple(passage(number, "§ 3", "1", words=200) for number in (1, 2, 3))
    assert [one.chunk_id for one in with_leads([replace(passage(9, "§ 3", "1"), above=above)])] == ["c9", "c1"]
