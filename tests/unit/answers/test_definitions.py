"""What a question asks the meaning of, and which statements define it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from luna_rules.answers.definitions import DEFINED, asked_there, definition_of
from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question

POWER = "(1) Die Behörde kann Regelungen über steuerbare Lasten treffen, nach denen steuerbare Lasten gemeldet werden."
MEANING = "(3) Als steuerbare Lasten im Sinne von Absatz 1 gelten insbesondere Wärmepumpen und Speicher."


def of_section(section: str, title: str, texts: Sequence[tuple[str | None, str]]) -> list[Passage]:
    """Passages of one section, each with its Absatz, that search finds alike."""
    return [
        Passage(
            chunk_id=f"c{number}",
            text=text,
            title="Gesetz",
            heading_path=("Gesetz", f"{section} – {title}"),
            law="EnWG",
            section=section,
            paragraph=paragraph,
            score=3.0,
            item_id="x",
        )
        for number, (paragraph, text) in enumerate(texts)
    ]


@pytest.mark.parametrize(
    ("question", "provision", "term"),
    [
        ("Was sind steuerbare Lasten nach § 14a EnWG?", "§ 14a EnWG", "steuerbare Lasten"),
        ("Was ist ein Letztverbraucher im Sinne des § 3 Nr. 25 EnWG?", "§ 3 Nr. 25 EnWG", "Letztverbraucher"),
        ("Was bedeutet Grundversorgung in § 36 EnWG?", "§ 36 EnWG", "Grundversorgung"),
        ("Kundenanlage nach § 3 EnWG", "§ 3 EnWG", "Kundenanlage"),
        ("§ 14a EnWG steuerbare Lasten", "§ 14a EnWG", "steuerbare Lasten"),
        ("kündigen § 20 StromGVV", "§ 20 StromGVV", ""),
        ("Frist und Form nach § 20 StromGVV", "§ 20 StromGVV", ""),
        ("Was ist § 36 EnWG?", "§ 36 EnWG", ""),
        ("Was regelt § 36 EnWG?", "§ 36 EnWG", ""),
        ("Wie lange gilt das nach § 36 EnWG?", "§ 36 EnWG", ""),
    ],
)
def test_the_word_is_read_beside_the_provision_that_is_named(question: str, provision: str, term: str) -> None:
    assert asked_there(question, provision) == term


def test_what_defines_the_word_comes_first_within_the_provision_that_is_named() -> None:
    passages = of_section("§ 14a", "Steuerung von steuerbaren Lasten", [("1", POWER), ("3", MEANING)])
    question = "Was sind steuerbare Lasten nach § 14a EnWG?"
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract()
    assert found.sentences[0].text == MEANING


def test_an_entry_of_a_longer_name_defines_another_word() -> None:
    definition = definition_of("Kundenanlage")
    assert definition.strength("65. Kundenanlage\nEnergieanlage zur Abgabe von Energie, die klein ist,") == DEFINED
    assert definition.strength("66. Kundenanlage zur betrieblichen Eigenversorgung\nEnergieanlage, die groß ist,") == 0


@pytest.mark.parametrize("question", ["Was ist eine Kundenanlage nach § 3 EnWG?", "Kundenanlage nach § 3 EnWG"])
def test_the_entry_of_the_word_itself_comes_before_that_of_a_longer_name(question: str) -> None:
    # The longer name stands first, says the word more often, and has a line of its own.
    entries = (
        "66. Kundenanlage zur betrieblichen Eigenversorgung\n\nKundenanlage, die einem Betrieb dient,",
        "65. Kundenanlage\n\nEnergieanlage zur Abgabe von Energie, die klein ist,",
    )
    passages = of_section("§ 3", "Begriffsbestimmungen", [(None, text) for text in entries])
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract()
    assert found.sentences[0].text.startswith("65. Kundenanlage")
