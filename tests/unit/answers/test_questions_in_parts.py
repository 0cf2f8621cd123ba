"""A question for several things is searched for part by part, and each part is answered from its own section."""

from __future__ import annotations

from luna_api.prompts import load_prompts
from luna_rules.answers.compose import answer_question
from luna_rules.answers.gather import PART, asked_parts, ground, searches
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question

QUESTION = "Wer schuldet die Steuer bei gestohlenem Strom und wer trägt die Kosten der Eichung?"


def passage(number: int, text: str, score: float) -> Passage:
    return Passage(
        chunk_id=f"c{number}", text=text, title="Gesetz", law="X", section=f"§ {number}", score=score, item_id="x"
    )


TAX = passage(1, "Wer Strom widerrechtlich entnimmt, schuldet die Steuer bei gestohlenem Strom.", 3.0)
FEE = passage(2, "Die Kosten der Eichung trägt der Verwender des Messgeräts.", 1.0)
OTHERS = [passage(n, "Steuer und Strom und Kosten werden auch hier genannt, mehr nicht.", 2.0) for n in range(3, 12)]


def test_each_part_is_searched_for() -> None:
    asked = [search.question for search in searches(QUESTION, 6)]
    assert asked[0] == QUESTION
    assert asked[1:] == list(asked_parts(read_question(QUESTION)))
    assert len(asked) == 3


def test_a_question_for_one_thing_is_searched_for_once() -> None:
    assert len(searches("Wer schuldet die Steuer bei gestohlenem Strom?", 6)) == 1
    # A part without a thing of its own cannot be searched for.
    assert len(searches("Der Versorger will Geld im Voraus. Wann darf er das?", 6)) == 1
    assert len(searches("Darf der Vertrag gekündigt werden, und welche Frist gilt?", 6)) == 1


def test_what_the_search_for_a_part_puts_first_is_among_the_passages_and_marked() -> None:
    found = ground(QUESTION, [[TAX, *OTHERS], [TAX, *OTHERS], [FEE, *OTHERS]], 3).passages
    marks = {one.chunk_id: one.scores.get(PART) for one in found}
    assert marks["c1"] == 1.0
    assert marks["c2"] == 2.0
    assert marks["c3"] is None


def test_each_part_is_answered() -> None:
    found = ground(QUESTION, [[TAX, *OTHERS], [TAX, *OTHERS], [FEE, *OTHERS]], 3).passages
    answer = answer_question(QUESTION, found, WordMatcher(QUESTION), load_prompts().frame)
    assert {"c1", "c2"} <= {one.chunk_id for one in answer.body_sentences}


def test_the_summary_speaks_of_the_sentence_that_is_read_first() -> None:
    asked = "Wer trägt die Kosten der Eichung und wer schuldet die Steuer bei gestohlenem Strom?"
    found = ground(asked, [[TAX, *OTHERS], [FEE, *OTHERS], [TAX, *OTHERS]], 3).passages
    answer = answer_question(asked, found, WordMatcher(asked), load_prompts().frame)
    assert {"c1", "c2"} <= {one.chunk_id for one in answer.body_sentences}
    assert answer.summary_chunk_id == answer.body_sentences[0].chunk_id
