"""A story before a question weighs less than the question; what is no story keeps its weight."""

from __future__ import annotations

import pytest

from luna_rules.search import words
from luna_rules.search.stories import told_weights

STORY = "Mein Onkel bekam gestern einen Brief aus Leipzig."
ASKED = "Darf der Grundversorger die Belieferung trotz bezahlter Rechnung unterbrechen?"


def weights(text: str) -> dict[str, float]:
    concepts = [word for word in dict.fromkeys(words.tokens(text)) if word.lower() not in words.FUNCTION_WORDS]
    return dict(zip(concepts, told_weights(text, concepts), strict=True))


@pytest.mark.parametrize("text", [f"{STORY} {ASKED}", f"{ASKED} {STORY}"])
def test_what_is_told_weighs_less_than_what_is_asked(text: str) -> None:
    found = weights(text)
    assert found["Onkel"] == found["Brief"] < 1
    assert found["Grundversorger"] == found["unterbrechen"] == 1


def test_a_word_that_is_told_and_asked_keeps_its_weight() -> None:
    found = weights(f"Der Grundversorger schickte gestern einen Brief. {ASKED}")
    assert found["Grundversorger"] == 1
    assert found["Brief"] < 1


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        f"{STORY} {STORY}",
        f"{ASKED} Und wie lange muss er die Sperre vorher androhen?",
        f"{STORY} Darf er das?",
        "Zähler defekt. Wer zahlt?",
        "",
    ],
    ids=["one question", "no question", "two questions", "leans on the story", "short", "empty"],
)
def test_no_story_changes_nothing(text: str) -> None:
    assert set(weights(text).values()) <= {1.0}


def test_an_abbreviation_ends_no_sentence() -> None:
    text = (
        "Darf der Grundversorger nach § 19 Abs. 2 der Verordnung bzw. Satzung die Belieferung ca. zwei Wochen sperren?"
    )
    assert set(weights(text).values()) == {1.0}
