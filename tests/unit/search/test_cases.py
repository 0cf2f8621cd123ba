"""Quantities of questions, and the Absatz of a section that holds for them."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from luna_rules.quantities.ranges import counted
from luna_rules.search.cases import quantities_named, read_case
from luna_rules.search.laws import law_keys, section_key
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.query import QueryParser
from luna_rules.search.tables import SearchTables
from luna_rules.search.words import clean
from resources.search_tables import load_search_tables
from tests.places import SHARED

LAWS = SHARED / "data" / "law" / "current"


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("Anschluss meiner 10-kW-Anlage", 10_000, "power"),
        ("8 kWp auf dem Dach", 8_000, "power"),
        ("Balkonkraftwerk mit 800 Watt", 800, "power"),
        ("bei 5.000 kWh im Jahr", 5_000_000, "energy"),
        ("7,5 GWh", 7_500_000_000, "energy"),
        ("Stadt mit 30 000 Einwohnern", 30_000, counted("Einwohner")),
        ("Betrieb mit 300 Mitarbeitern", 300, counted("Beschäftigte")),
        ("Laden mit 600 m² Fläche", 600, "area"),
    ],
)
def test_quantities_are_read_in_the_unit_of_their_kind(text: str, value: int, kind: str) -> None:
    (found,) = quantities_named(clean(text))
    assert (found.value, found.kind) == (value, kind)
    assert found.written in clean(text)


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("with 6,000 kWh a year", 6_000_000, "energy"),
        ("1.5 megawatts", 1_500_000, "power"),
        ("20 kilowatt hours", 20_000, "energy"),
        ("a town of 20,000 people", 20_000, counted("Einwohner")),
        ("more than 20 parking spaces", 20, counted("Stellplätze")),
        ("a roof of 1,250.5 square metres", Decimal("1250.5"), "area"),
    ],
)
def test_english_quantities(text: str, value: int | Decimal, kind: str) -> None:
    (found,) = quantities_named(text, english=True)
    assert (found.value, found.kind) == (value, kind)


@pytest.mark.parametrize("text", ["§ 14a EnWG", "in 20 Jahren", "30 Euro", "EEG 2023 Werk", "kW", "A10 kWx", ""])
def test_other_numbers_are_no_quantities(text: str) -> None:
    assert quantities_named(text) == ()


@pytest.mark.parametrize(
    ("text", "kind", "inside", "outside"),
    [
        ("über 30 bis 100 kW", "power", 100_000, 30_000),
        ("bis 2 MW", "power", 2_000_000, 2_000_001),
        ("ab 25 kW", "power", 25_000, 24_999),
        ("unter 10000 Einwohner", counted("Einwohner"), 9_999, 10_000),
        ("über 250 bis 500 m²", "area", 251, 250),
    ],
)
def test_cases_hold_between_their_bounds(text: str, kind: str, inside: int, outside: int) -> None:
    case = read_case(text)
    assert case.kind == kind
    assert case.holds(Decimal(inside))
    assert not case.holds(Decimal(outside))


@pytest.mark.parametrize(
    "line", ["EEG 8\t(7) 30 kW", "EEG 8\tbis 30 kW", "EEG 8", "EEG\t(7) bis 30 kW", "EEG 8\t(7) bis 30 Äpfel"]
)
def test_a_malformed_line_is_named_with_a_right_example(line: str) -> None:
    with pytest.raises(ValueError, match=r"Table cases, line 2.*KWKG 4.*über 100 kW"):
        SearchTables.parse(cases=f"# comment\n{line}")


TABLES = SearchTables.parse(
    sections="EEG 8\t(6) Wie lange dauert der Anschluss der Anlage? | (7) Kleine Dächer anmelden | (4) Netz voll",
    cases="EEG_2023 8\t(7) bis 30 kW | (6) über 30 kW | (6a) über 30 bis 100 kW",
)
CHUNKS = [ChunkFields("EEG", "§ 8 Anschluss", "Anlagen", "§ 8", str(n), ("EEG 2023",)) for n in (4, 6, 7)]


@pytest.mark.parametrize(
    ("question", "best", "worse"),
    [
        ("Wie lange dauert der Anschluss meiner Anlage?", "6", "7"),
        ("Wie lange dauert der Anschluss meiner 10-kW-Anlage?", "7", "6"),
        ("Wie lange dauert der Anschluss meiner Anlage mit 10 kW?", "7", "6"),
        ("Wie lange dauert der Anschluss meiner 50-kW-Anlage?", "6", "7"),
        ("Wie lange dauert der Anschluss der Anlage bei 5000 kWh?", "6", "7"),
    ],
)
def test_the_quantity_tells_the_absatz(question: str, best: str, worse: str) -> None:
    query = QueryParser(Lexicon.learn(CHUNKS), TABLES).parse(question)
    weights = {one.paragraph.removeprefix("@abs/"): one.weight for one in query.hints[0].paragraphs}
    assert weights[best] == max(weights.values())
    assert weights[best] > weights.get(worse, 0)


def test_the_absatz_that_holds_speaks_of_the_quantity() -> None:
    query = QueryParser(Lexicon.learn(CHUNKS), TABLES).parse("Wie lange dauert der Anschluss meiner 10-kW-Anlage?")
    place = next(i for i, group in enumerate(query.content_groups) if "10" in group.asked)
    spoken = {one.paragraph: one.spoken[place] for one in query.hints[0].paragraphs}
    assert spoken["@abs/7"] == 1
    assert spoken["@abs/6"] == 0


@pytest.mark.skipif(not LAWS.is_dir(), reason="the laws (../shared/data/law/current) are not here")
def test_every_case_is_of_an_absatz_that_the_laws_have() -> None:
    from luna_rules.documents.laws import paragraphs, parse_law
    from luna_rules.documents.model import ExtractedText

    files = {re.split("-BJNR", path.stem)[0].replace("_", " "): path for path in LAWS.glob("*.md")}
    wrong: list[str] = []
    for one in load_search_tables().cases:
        for law in one.laws:
            path = next(path for name, path in files.items() if set(law_keys(name)) & set(law_keys(law)))
            text = path.read_text("utf-8")
            parsed = parse_law(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
            assert parsed is not None
            sections = [s for s in parsed.sections if section_key(s.label) == section_key(one.section)]
            own = {paragraph.number for section in sections for paragraph in paragraphs(text, section)}
            wrong += [f"{law} {one.section} ({label})" for label, _ in one.paragraphs if label not in own]
    assert wrong == []
