"""Spellings, stems, tokens and numbers."""

import pytest

from luna_rules.search import words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Waermepumpe", "Wärmepumpe"),
        ("Aerger", "Ärger"),
        ("Strasse", "Straße"),
        ("GEBUEHREN", "Gebühr"),
        ("Anschlüsse", "Anschluss"),
        ("Steuern", "Steuer"),
        ("Stromzaehlers", "Stromzähler"),
        ("Kuendigungen", "Kündigung"),
    ],
)
def test_spellings_and_forms_meet(one: str, other: str) -> None:
    assert words.stem(words.spelling(one)) == words.stem(words.spelling(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zähler", "Zahl"),
        ("Förderung", "Forderung"),
        ("Wärme", "warm"),
        ("Fläche", "flach"),
        ("Verbraucher", "Verbrauch"),
    ],
)
def test_words_that_differ_by_umlaut_or_agent_stay_apart(one: str, other: str) -> None:
    assert words.stem(words.spelling(one)) != words.stem(words.spelling(other))


@pytest.mark.parametrize("word", ["neue", "Steuer", "Quelle", "aktuell", "Dauer", "Israel"])
def test_vowels_that_are_no_transcription_stay(word: str) -> None:
    assert words.spelling(word) == word.lower()


def test_tokens_keep_references_numbers_and_ids() -> None:
    found = words.tokens(words.clean("§ 41 a Abs. 2 sind es 10 000 kWh, 2.500 m² oder 0,5 % (BK6-22-300)."))
    assert found == ["§ 41 a", "Abs", "2", "sind", "es", "10 000", "kWh", "2.500", "m2", "oder", "0,5", "BK6-22-300"]
    assert words.reference("§ 41 a") == "§41a"


@pytest.mark.parametrize(
    ("raw", "number"), [("10.000", "10000"), ("10 000", "10000"), ("2,50", "2,5"), ("2030", "2030")]
)
def test_numbers_have_one_form(raw: str, number: str) -> None:
    assert words.is_number(raw)
    assert words.number(raw) == number


def test_words_hyphenated_at_line_ends_are_joined() -> None:
    assert words.tokens(words.clean("Strom-\nversorgung und Netz\u00adanschluss")) == [
        "Stromversorgung",
        "und",
        "Netzanschluss",
    ]
