"""Numbers and codes that mean one thing: told from quantities, and needed in what an answer is taken from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.gather import ground
from luna_rules.answers.identifiers import bears, identifiers
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.second import second_search, with_second

FRAME = load_prompts().frame
LIST = Passage(
    chunk_id="l-1",
    text="| Zähler | Misst |\n| --- | --- |\n| 48210 | Strombezug Presse |\n| 48307 | Druckluftkompressor |",
    title="Anlagenliste",
    item_id="list",
    score=2.0,
)
CONTRACT = Passage(
    chunk_id="v-1",
    text="Wärmeliefervertrag Nr. WL-20931 zwischen der Nahwärme und der Wohnbau.",
    title="vertrag.txt",
    item_id="contract",
    score=1.5,
)
TERM = replace(CONTRACT, chunk_id="v-2", text="Der Vertrag beginnt am 1. Oktober 2024 und läuft zehn Jahre.", score=1.4)


def ask(question: str, *passages: Passage) -> Answer:
    return answer_question(question, passages, WordMatcher(question), FRAME)


@pytest.mark.parametrize(
    ("question", "marks"),
    [
        ("Welche Schutzart schreibt die DIN EN 61439 für Schränke vor?", ("61439",)),
        ("Wie hoch ist der Arbeitspreis im Tarif Fix 36?", ("Fix 36",)),
        ("Wie hoch ist der Arbeitspreis im Tarif ab 2024?", ()),
        ("Was misst der Zähler Nr. 100020?", ("100020",)),
        ("Was misst der Zähler 7?", ("7",)),
        ("Was steht zu Quarzfalter0007?", ("Quarzfalter0007",)),
        ("Worum geht es unter dem Aktenzeichen BK6-22-300?", ("BK6-22-300",)),
        ("Was bedeutet der Fehler F.F.02?", ("F.F.02",)),
        ("Was steht im Register 1.8.0?", ("1.8.0",)),
        ("Wem gehört 1LGZ0072348811?", ("1LGZ0072348811",)),
        ("Was kosten 10.000 kWh im Jahr 2024?", ()),
        ("Gilt das ab einem Verbrauch über 100000 kWh?", ()),
        ("Was gilt für Gemeinden mit 100000 Einwohnern?", ()),
        ("Was regelt § 14a EnWG für 14a-Anlagen?", ()),
        ("Was steht in § 3 Nr. 24 EnWG?", ()),
        ("Was steht in Anlage 1 EEG 2023?", ()),
        ("Was galt am 31.12.2025 um 10:30 Uhr?", ()),
        ("Wie läuft der 24-Stunden-Lieferantenwechsel?", ()),
        ("Wie viel CO2 steckt in Erdgas?", ()),
        ("Was war in den 1970er-Jahren?", ()),
    ],
)
def test_identifiers_are_told_from_quantities_and_provisions(question: str, marks: tuple[str, ...]) -> None:
    assert identifiers(question) == marks


def test_a_mark_is_found_however_it_is_grouped_and_never_within_another() -> None:
    assert bears("Zeichen: WL 20931.", "WL-20931")
    assert bears("DE 0004 7218 23", "DE0004721823")
    assert not bears("Zähler 1000201", "100020")
    assert not bears("Zähler 48460", "48460-B")


def test_a_number_that_no_document_bears_is_declined_and_named() -> None:
    answer = ask("Was misst der Zähler Nr. 100020?", LIST)
    assert not answer.answered
    assert answer.missing == ("100020",)
    assert "100020" in answer.summary


def test_the_row_that_bears_the_number_answers() -> None:
    answer = ask("Was misst der Zähler Nr. 48307?", LIST)
    assert answer.answered
    assert "Druckluftkompressor" in answer.render_body()
    assert "Presse" not in answer.render_body()


def test_a_number_in_the_head_of_a_document_holds_for_the_rest_of_it() -> None:
    assert ask("Wie lange läuft der Vertrag WL-20931?", TERM, CONTRACT).answered
    assert not ask("Wie lange läuft der Vertrag WL-20999?", TERM, CONTRACT).answered


def test_documents_without_the_number_are_left_out() -> None:
    other = replace(TERM, chunk_id="o-1", item_id="other", score=3.0)
    read = ground("Wie lange läuft der Vertrag WL-20931?", [[other, TERM, CONTRACT]], 6)
    assert {passage.item_id for passage in read.passages} == {"contract"}


class Knowing(WordMatcher):
    """A matcher that knows which of the question's words the corpus holds."""

    def __init__(self, question: str, *held: str) -> None:
        super().__init__(question)
        self._held = frozenset(number for number, label in enumerate(self.labels) if label in held)

    @property
    def known(self) -> frozenset[int]:
        return self._held


def test_what_the_index_holds_is_searched_for_once_more_and_never_called_missing() -> None:
    question = "Was misst der Zähler 100020 im Keller?"
    far = replace(LIST, chunk_id="l-9", text="Der Zähler 100020 im Keller misst den Wärmebezug der Halle.", item_id="x")
    matcher = Knowing(question, "100020", "Keller", "Zähler", "misst")
    refused = answer_question(question, [LIST], matcher, FRAME)
    assert not refused.answered
    assert refused.missing == ()
    assert "100020" not in refused.summary
    wanted = second_search(question, [LIST], matcher)
    assert wanted is not None
    assert wanted.question == "100020"
    again = with_second(question, ground(question, [[LIST]], 6), [far], matcher, 6)
    answer = answer_question(question, again.passages, matcher, FRAME)
    assert answer.answered
    assert "Wärmebezug" in answer.render_body()


def test_nothing_is_searched_for_that_the_index_does_not_hold() -> None:
    question = "Was misst der Zähler 100020?"
    matcher = Knowing(question, "Zähler")
    matcher_unknown = type("Unknown", (Knowing,), {"unknown": property(lambda self: frozenset({0, 1, 2}) - self.known)})
    assert second_search(question, [LIST], matcher_unknown(question, "Zähler")) is None
    assert second_search("Danke!", [LIST], matcher) is None
