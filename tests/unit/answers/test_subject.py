"""A statute that uses the words of a question answers only what it is about: law, thing, tenants, land."""

from __future__ import annotations

import pytest

from luna_rules.answers.compose import assess_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.subject import NOT_THE_THING, OTHER_LAW
from luna_rules.answers.support import NOT_NAMED


class OneUnknown(WordMatcher):
    """A matcher whose index has never seen one word of the question."""

    def __init__(self, question: str, word: str) -> None:
        super().__init__(question)
        self._missing = frozenset(n for n, label in enumerate(self.labels) if label == word)

    @property
    def unknown(self) -> frozenset[int]:
        return self._missing


def law(text: str, *, name: str = "GModG", heading: str = "§ 35 Decken", **scores: float) -> Passage:
    return Passage(
        chunk_id="a",
        text=text,
        title=f"{name} Gesetz",
        heading_path=(heading,),
        law=name,
        section="§ 35",
        score=1.0,
        scores=scores,
        item_id="i",
    )


CELLAR = "Eigentümer von Einfamilienhäusern müssen die Decke über dem Keller beim Bau dämmen."


def test_a_law_that_is_named_must_be_the_one_cited() -> None:
    question = "Verbietet das EEG den Bau von Einfamilienhäusern ohne Decke über dem Keller?"
    assert assess_question(question, [law(CELLAR)], WordMatcher(question)).reason == OTHER_LAW
    assert assess_question(question, [law(CELLAR, name="EEG 2023")], WordMatcher(question)).supported
    assert assess_question(question, [law(CELLAR, named=0.5)], WordMatcher(question)).supported


@pytest.mark.parametrize("word", ["VNB", "ÖPNV", "Rechtsverordnung", "EEG-Vergütung"])
def test_abbreviations_and_words_that_only_look_like_a_law_name_none(word: str) -> None:
    question = f"Müssen Einfamilienhäuser beim Bau die Decke über dem Keller dämmen, {word}?"
    passage = law(f"{CELLAR} {word}")
    assert assess_question(question, [passage], WordMatcher(question)).reason != OTHER_LAW


def test_what_is_asked_for_must_be_known_to_the_index_or_spoken_of() -> None:
    question = "Welche Schutzart trägt der Elektriker bei Arbeiten an der Anlage?"
    text = "Arbeiten an der Anlage darf nur ein Elektriker ausführen, der bei den Arbeiten die Anlage trägt."
    refused = assess_question(question, [law(text)], OneUnknown(question, "Schutzart"))
    assert refused.reason == NOT_THE_THING
    assert refused.missing == ("Schutzart",)
    # Another word of the question may be unknown: it is not what is asked for.
    assert assess_question(question, [law(text)], OneUnknown(question, "Elektriker")).reason != NOT_THE_THING


def test_a_rule_need_not_call_a_term_a_term() -> None:
    question = "Innerhalb welcher Frist ist der Anschluss herzustellen?"
    text = "Der Anschluss ist innerhalb von vier Wochen herzustellen."
    assert assess_question(question, [law(text)], OneUnknown(question, "Frist")).supported


def test_what_a_landlord_must_do_is_answered_where_tenants_are_spoken_of() -> None:
    question = "Muss der Vermieter die Leitungen am Stellplatz dulden?"
    text = "Der Vermieter hat die Leitungen am Stellplatz zu dulden."
    assert assess_question(question, [law(text)], WordMatcher(question)).supported
    owner = text.replace("Vermieter", "Eigentümer")
    assert not assess_question(question, [law(owner)], WordMatcher(question)).supported
    used = f"{owner} Das gilt auch für Nutzer."
    assert assess_question(question, [law(used)], WordMatcher(question)).supported


def test_a_land_that_is_named_must_stand_in_what_is_said() -> None:
    question = "Wie lange darf ein Kraftwerk in Frankreich laufen?"
    text = "Ein Kraftwerk darf zehn Jahre laufen."
    elsewhere = law("Anlagen in Frankreich sind in der Liste aufgeführt, auch wenn sie ruhen und niemand sie nennt.")
    assert assess_question(question, [law(text), elsewhere], WordMatcher(question)).reason == NOT_NAMED
    assert assess_question(
        question, [law(text.replace("laufen", "in Frankreich laufen"))], WordMatcher(question)
    ).supported
