"""Verbs that a question takes apart are heard as one word where the corpus has it."""

from __future__ import annotations

import pytest

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.query import QueryParser, verb_forms
from luna_rules.search.separable import parted_verbs
from luna_rules.search.words import spelling, stem

from .sample import TABLES

KNOWN = {
    stem(spelling(word)) for word in ("festlegen", "Anmeldung", "zurücksetzen", "anfallen", "zulassen", "vorlegen")
}


@pytest.mark.parametrize(
    ("question", "heard"),
    [
        ("Wer legt die Netzentgelte fest?", [("legt", "festlegen")]),
        ("Wie setze ich den Energiemonitor zurück?", [("setze", "zurücksetze")]),
        ("Meldet man die Anlage beim Netzbetreiber an?", [("Meldet", "anmelden")]),
        ("Fällt dafür Steuer an, und wer legt den Plan vor?", [("Fällt", "anfällen"), ("legt", "vorlegen")]),
        ("Welche Behörde lässt Geräte zu und wer zahlt?", [("lässt", "zulässen")]),
        ("Was gilt von heute an?", []),
        ("Wie dreht man das Gas auf?", []),
        ("Wer legt die Netzentgelte?", []),
        ("legt fest", []),
        ("", []),
    ],
)
def test_a_parted_verb_is_put_together(question: str, heard: list[tuple[str, str]]) -> None:
    found = parted_verbs(question, verb_forms, KNOWN.__contains__)
    assert [(one.verb, one.whole) for one in found] == heard


def test_the_whole_verb_is_searched_for_and_its_particle_is_no_concept() -> None:
    said = ("Die Festlegung der Entgelte", "Die Behörde kann sie festlegen", "Festlegung und Entgelte")
    lexicon = Lexicon.learn([ChunkFields("Gesetz", f"§ {n}", text, f"§ {n}") for n, text in enumerate(said, 1)])
    groups = QueryParser(lexicon, TABLES).parse("Wer legt die Entgelte fest?").content_groups
    assert [group.asked for group in groups] == ["legt", "Entgelte"]
    assert groups[0].alternatives[0].terms == (stem("festlegen"),)
    assert stem("legt") in {term for other in groups[0].alternatives for term in other.terms}
