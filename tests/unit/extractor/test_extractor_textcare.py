"""The common care for text: what is normalised, and above all what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.extractor.textcare import clean, join_hyphenated


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Netz-\nbetreiber", "Netzbetreiber"),
        ("Strom-\nund Gasnetz", "Strom- und Gasnetz"),
        ("Mess- \n  stellen", "Messstellen"),
        ("EEG-\nUmlage", "EEG-Umlage"),
        ("EEG-\numlage", "EEG-umlage"),
        ("Baden-\nWürttemberg", "Baden-Württemberg"),
        ("DIN EN-\n50160", "DIN EN-50160"),
        ("Netz\u00ad\nbetreiber", "Netzbetreiber"),
        ("Vor- oder\nNachteil", "Vor- oder\nNachteil"),
        ("Liste:\n- Punkt", "Liste:\n- Punkt"),
        ("2019-\n2020", "2019-\n2020"),
        ("Wort -\nweiter", "Wort -\nweiter"),
        ("Absatz-\n\nNeuer", "Absatz-\n\nNeuer"),
    ],
)
def test_hyphens_at_line_ends(before: str, after: str) -> None:
    assert join_hyphenated(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("Gru\u0308\u00dfe", "Grüße"),
        ("a\x00b\x07c", "abc"),
        ("1\u00a0234\u202f€", "1 234 €"),
        ("Netz\u00adbetreiber", "Netzbetreiber"),
        ("a   \n\n\n\n b", "a\n\n b"),
        ("m² CO₂ § 14a Abs. 1 „x“ – 5 %", "m² CO₂ § 14a Abs. 1 „x“ – 5 %"),
        ("\uf0b7 Punkt", "• Punkt"),
        ("\x06 Punkt", "• Punkt"),
        ("\ufeffText", "Text"),
        ("a\ud800b", "ab"),
        ("\n\nText\n\n", "Text"),
    ],
)
def test_clean(before: str, after: str) -> None:
    assert clean(before) == after


@given(st.text())
def test_clean_is_final(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")
    assert "\r" not in once
    assert "\x00" not in once
