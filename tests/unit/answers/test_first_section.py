"""What is read first: the section that search puts first, unless another one answers clearly better."""

from __future__ import annotations

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.extract import Extractor
from luna_rules.answers.gather import PART
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question

QUESTION = "Prüft der Betreiber den Zähler auf Verlangen?"
BEST = "Der Betreiber prüft den Zähler auf Verlangen des Kunden."
COSTS = "Die Kosten der Prüfung des Zählers trägt der Kunde."
EXCHANGE = "Einen alten Zähler tauscht der Betreiber."


def passage(number: int, text: str, score: float = 1.0, **more: object) -> Passage:
    values: dict[str, object] = {"title": "Gesetz", "law": "X", "section": f"§ {number}", "item_id": "x", **more}
    return Passage(chunk_id=f"c{number}", text=text, score=score, **values)  # type: ignore[arg-type]


def said(question: str, *passages: Passage) -> list[str]:
    """The passages that the answer cites, as it is read."""
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract()
    return [one.chunk_id for one in found.sentences]


def best(question: str, *passages: Passage) -> str:
    """The passage of the statement that fits best."""
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract().best
    assert found is not None
    return passages[found.statement.passage].chunk_id


def test_where_two_sections_fit_alike_the_one_that_search_puts_first_is_read_first() -> None:
    nearly = passage(1, "Der Betreiber prüft den Zähler auf Verlangen eines anderen.", paragraph="2")
    better = passage(2, BEST, 0.99)
    assert best(QUESTION, nearly, better) == "c2"
    assert said(QUESTION, nearly, better) == ["c1", "c2"]


def test_what_fits_clearly_better_is_read_first_wherever_it_stands() -> None:
    other = passage(1, "Der Betreiber prüft den Zähler, wenn es der Kunde will, und teilt ihm das Ergebnis mit.")
    assert said(QUESTION, other, passage(2, BEST, 0.99)) == ["c2", "c1"]


def test_a_sentence_that_only_tells_of_the_case_is_not_read_before_the_answer() -> None:
    question = "Ich habe einen alten Zähler. Wer trägt die Kosten der Prüfung?"
    passages = (passage(1, COSTS), passage(2, EXCHANGE, 0.9), passage(3, "Die Prüfung dauert einen Tag.", 0.9))
    assert said(question, *passages)[0] == "c1"
    answer = answer_question(question, passages, WordMatcher(question), load_prompts().frame)
    assert answer.summary_chunk_id == "c1"


def test_of_two_questions_in_one_the_first_is_answered_first_where_its_own_search_finds_the_answer() -> None:
    question = "Wer tauscht einen alten Zähler und wer trägt die Kosten der Prüfung?"
    costs = passage(1, COSTS)
    assert said(question, costs, passage(2, EXCHANGE, 0.9)) == ["c1", "c2"]
    assert said(question, costs, passage(2, EXCHANGE, 0.9, scores={PART: 1.0})) == ["c2", "c1"]
