"""References to provisions as people write them, and the names of laws."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.references import LawNames, Reference, as_written, find_laws, find_references

NAMES = LawNames(
    {
        "EnWG": "EnWG",
        "Energiewirtschaftsgesetz": "EnWG",
        "Gesetz über die Elektrizitäts- und Gasversorgung": "EnWG",
        "EEG 2023": "EEG 2023",
        "EEG": "EEG 2023",
        "Erneuerbare-Energien-Gesetz": "EEG 2023",
        "StromStG": "StromStG",
        "StromGVV": "StromGVV",
        "GasGVV": "GasGVV",
        "GModG": "GModG",
        "GEG": "GModG",
        "Wärmelieferverordnung": "WärmeLV",
        "KAV": "KAV",
        "NAV": "NAV",
        "KSG": "KSG",
    }
)


def only(text: str) -> Reference:
    (found,) = find_references(text, NAMES)
    return found


@pytest.mark.parametrize(
    ("text", "section", "law"),
    [
        ("§ 41a EnWG", "§ 41a", "EnWG"),
        ("§41 a EnWG", "§ 41a", "EnWG"),
        ("Paragraf 41 a Energiewirtschaftsgesetz", "§ 41a", "EnWG"),
        ("Paragraph 3 des EnWG", "§ 3", "EnWG"),
        ("EnWG 41a", "§ 41a", "EnWG"),
        ("Was regelt enwg 14a genau?", "§ 14a", "EnWG"),
        ("Was steht in EEG 2023 § 38?", "§ 38", "EEG 2023"),
        ("EEG 2023 38a", "§ 38a", "EEG 2023"),
        ("par. 5a stromgvv", "§ 5a", "StromGVV"),
        ("§ 14a Absatz 2 des Energiewirtschaftsgesetzes", "§ 14a", "EnWG"),
        ("§ 7 des Erneuerbare-Energien-Gesetzes", "§ 7", "EEG 2023"),
        ("§ 5 der Waermelieferverordnung", "§ 5", "WärmeLV"),
        ("§ 3 EnGW", "§ 3", "EnWG"),
        ("§ 3 Energiewirtschafsgesetz", "§ 3", "EnWG"),
        ("Gesetz über die Elektrizitäts- und Gasversorgung § 7", "§ 7", "EnWG"),
        ("§ 71 GEG", "§ 71", "GModG"),
        ("§ 20 ff. EEG", "§ 20", "EEG 2023"),
        ("Anlage 2 EEG", "Anlage 2", "EEG 2023"),
        ("Art. 3", "Art. 3", None),
        ("Anlage 1 zum EEG", "Anlage 1", "EEG 2023"),
        ("Anlage 1 EEG 2023", "Anlage 1", "EEG 2023"),
        ("der 40c EnWG", "§ 40c", "EnWG"),
        ("PARAGRAF 41 A ENWG", "§ 41a", "EnWG"),
        ("Section 14a of the EnWG", "§ 14a", "EnWG"),
        ("Annex 1 to the EEG", "Anlage 1", "EEG 2023"),
        ("§ 47k GWB", "§ 47k", None),
        ("§ 12 dieses Gesetzes", "§ 12", None),
        ("§ 3 der Verordnung", "§ 3", None),
    ],
)
def test_spellings(text: str, section: str, law: str | None) -> None:
    found = only(text)
    assert found.section == section
    assert found.canonical == law


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("§ 9 Abs. 1 Satz 2 Nr. 3 Buchst. b StromStG", ("1", "2", "3", "b")),
        ("§ 9 Absatz 1 S. 2 Nummer 3 Buchstabe b StromStG", ("1", "2", "3", "b")),
        ("EnWG §41a Abs. 2", ("2", None, None, None)),
        ("§ 9 (3) EnWG", ("3", None, None, None)),
        ("§ 9 II 2 StromStG", ("2", "2", None, None)),
        ("§ 13 Abs. 2, 2a EnWG", ("2", None, None, None)),
        ("§ 3 Nr. 15 EnWG", (None, None, "15", None)),
        ("§ 8 Absatz 5a Satz 1 erster Halbsatz", ("5a", "1", None, None)),
        ("EnWG § 41 V", ("5", None, None, None)),
        ("§ 14a EnWG Absatz 2 Satz 3 Nummer 1", ("2", "3", "1", None)),
        ("§ 14a Abs 2 S 1 EnWG", ("2", "1", None, None)),
        ("section 14a EnWG, subsection 2", ("2", None, None, None)),
    ],
)
def test_details(text: str, details: tuple[str | None, ...]) -> None:
    found = only(text)
    assert (found.paragraph, found.sentence, found.number, found.letter) == details


def test_several_sections_share_their_law() -> None:
    for text, sections in (
        ("§§ 20, 21 EEG", ["§ 20", "§ 21"]),
        ("§§ 4 bis 7 EEG", ["§ 4", "§ 7"]),
        ("§ 9 und § 10 EEG", ["§ 9", "§ 10"]),
        ("§ 20 i. V. m. § 21b EEG", ["§ 20", "§ 21b"]),
    ):
        found = find_references(text, NAMES)
        assert [reference.section for reference in found] == sections
        assert {reference.canonical for reference in found} == {"EEG 2023"}
        assert text[found[-1].start : found[-1].end].endswith("EEG")


def test_the_end_of_a_range_is_marked() -> None:
    assert [found.through for found in find_references("§§ 36 bis 38 EnWG", NAMES)] == [False, True]
    assert [found.through for found in find_references("§§ 36, 38 EnWG", NAMES)] == [False, False]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("paragraph vierzehn a enwg", "paragraph 14a enwg"),
        ("Paragraf einundvierzig Absatz zwei", "Paragraf 41 Absatz 2"),
        ("§ 41 Abs. V EnWG", "§ 41 Abs. 5 EnWG"),
        ("§41a,b EnWG", "§§ 41a, 41b EnWG"),
        ("§ 41 a-d EnWG", "§§ 41a, 41b, 41c, 41d EnWG"),
        ("Absatz 2 Satz 1 des § 14a EnWG", "§ 14a Absatz 2 Satz 1 EnWG"),
        ("Satz 1 von Absatz 2 § 14a EnWG", "§ 14a Absatz 2 Satz 1 EnWG"),
        ("im zweiten Absatz des § 14a EnWG", "im § 14a Absatz 2 EnWG"),
        ("subsection (2) of section 14a EnWG", "section 14a Absatz 2 EnWG"),
        ("Pragraph 14a EnWG", "§ 14a EnWG"),
        ("$ 14a EnWG", "§ 14a EnWG"),
        ("§14aEnWG", "§14a EnWG"),
        ("§ 14a Absatz 2 EnWG", "§ 14a Absatz 2 EnWG"),
        ("Was kostet der Paragraf drei Monate später?", "Was kostet der Paragraf 3 Monate später?"),
    ],
)
def test_what_is_spoken_becomes_written(spoken: str, written: str) -> None:
    assert as_written(spoken) == written


@pytest.mark.parametrize(
    ("text", "laws"),
    [
        ("Was steht im EnWG in § 41a?", ["EnWG"]),
        ("EEG 2023 und KSG", ["EEG 2023", "KSG"]),
        ("Energiewirtschafsgesetz", ["EnWG"]),
        ("Was sagt die PV dazu?", []),
        ("Im Gesetz über die Elektrizitäts- und Gasversorgung", ["EnWG"]),
    ],
)
def test_laws_without_a_provision(text: str, laws: list[str]) -> None:
    assert [found.canonical for found in find_laws(text, NAMES)] == laws


def test_the_law_behind_wins_over_one_before_that_belongs_elsewhere() -> None:
    found = find_references("nach EnWG § 5 und nach § 6 StromStG", NAMES)
    assert [(reference.section, reference.canonical) for reference in found] == [("§ 5", "EnWG"), ("§ 6", "StromStG")]


def test_names_that_are_not_known_are_reported_as_written() -> None:
    (found,) = find_references("§ 433 BGB")
    assert (found.law, found.canonical) == ("BGB", None)
    (found,) = find_references("Artikel 6 der Verordnung (EU) 2022/2577")
    assert found.law == "Verordnung (EU) 2022/2577"
    (found,) = find_references("§ 12 der Netzreserveverordnung", NAMES)
    assert (found.law, found.canonical) == ("Netzreserveverordnung", None)


@pytest.mark.parametrize(
    "text",
    [
        "Was kostet EEG 2023 heute?",
        "Strom 50 kWh",
        "NAV 18 Prozent",
        "Das EnWG gilt.",
        "Artikel im Laden",
        "Im Absatz 2",
    ],
)
def test_what_is_no_reference(text: str) -> None:
    assert find_references(text, NAMES) == []


def test_names_are_matched_with_care() -> None:
    assert NAMES.match("energiewirtschaftsgesetzes") == "EnWG"
    assert NAMES.match("EEG 2021") == "EEG 2023"
    assert NAMES.match("waermelieferverordnung") == "WärmeLV"
    assert NAMES.match("StromGV") == "StromGVV"
    # Three letters are too few to forgive a slip: KAV, NAV and KSG are neighbours.
    assert NAMES.match("KAG") is None
    assert NAMES.match("StGVV") is None
    assert NAMES.match("") is None
    assert NAMES.exact("EnGW") is None


def test_two_laws_equally_near_are_no_match() -> None:
    names = LawNames(["AbcdeVO", "AbcdfVO"])
    assert names.match("AbcdgVO") is None
    assert names.match("AbcdeVO") == "AbcdeVO"


PARTS = st.sampled_from(
    [
        "§ ",
        "§§ ",
        "14a",
        " EnWG",
        "EEG 2023",
        " Abs. 2",
        " Satz 1",
        ", ",
        " und ",
        " bis ",
        "Art. ",
        " i. V. m. ",
        "\n",
        " II 2",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PARTS | st.text(max_size=6), max_size=25).map("".join))
def test_spans_lie_in_the_text_in_order(text: str) -> None:
    for names in (None, NAMES):
        found = find_references(text, names)
        assert [reference.start for reference in found] == sorted(reference.start for reference in found)
        for reference in found:
            assert 0 <= reference.start < reference.end <= len(text)


@pytest.mark.parametrize(
    "unit", ["a", "§", "§ 1 ", ", 1", " ", "Aa", "Abs. 1 ", "EnWG ", "A-", "AG", ",a", "14a EnWG "]
)
def test_odd_input_takes_linear_time(unit: str) -> None:
    begin = time.process_time()
    text = as_written("§ 1a" + unit * (100_000 // len(unit)))
    find_references(text, NAMES)
    assert time.process_time() - begin < 10
