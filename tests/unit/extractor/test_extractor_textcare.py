"""The common care for text: what is normalised, and above all what is left alone."""

from __future__ import annotations

import re
import unicodedata

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


_MARKS = "a ä\t\n\r\x0b\x0c\x85\x1c\x07\u2028\u2029\u00a0\u00ad\u202f\u2003\u3000\u2011\u200b\u0308\uf0b7\ufeff\ud800"


@given(st.text(st.sampled_from(_MARKS) | st.characters()))
def test_clean_is_what_its_rules_say_one_after_the_other(text: str) -> None:
    expected = re.sub("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029", "\n", text)
    expected = re.sub("(?m)^([^\\S\n]*)[\uf020-\uf0ff\x01-\x08\x0e-\x1f](?=[^\\S\n])", r"\1•", expected)
    expected = "".join(char for char in expected if not _dropped(ord(char)))
    expected = unicodedata.normalize("NFC", expected)
    expected = expected.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2011", "-")
    expected = re.sub(r"[^\S\n]+(?=\n|\Z)", "", expected)
    assert clean(text) == re.sub(r"\n{3,}", "\n\n", expected).strip("\n")


def _dropped(code: int) -> bool:
    return (
        (unicodedata.category(chr(code)) == "Cc" and code not in (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85))
        or code in (0xAD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF)
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or 0xFDD0 <= code <= 0xFDEF
        or 0xFFF0 <= code <= 0xFFFF
        or 0xD800 <= code <= 0xDFFF
    )


@given(st.text())
def test_clean_is_final(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    once.encode("utf-8")
    assert "\r" not in once
    assert "\x00" not in once
