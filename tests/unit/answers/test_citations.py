"""The check between any writer and the reader: false ids, numbers, dates, provisions; whole and in a stream."""

from __future__ import annotations

import time
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.answers.citations import LONGEST_SENTENCE, UNPROVEN, CitationChecker, StreamChecker
from luna_rules.answers.claims import find_claims
from luna_rules.answers.model import Passage
from luna_rules.answers.source_facts import same_law
from luna_rules.quantities.reading import number_word

ENWG = Passage(
    chunk_id="7f3c-1",
    text=(
        "(4) Das Rechtsverhältnis endet spätestens aber drei Monate nach Beginn der Ersatzenergieversorgung. "
        "Bis zum 30. Juni 2026 gilt § 41a Absatz 2 entsprechend. Zu zahlen sind 1.234,56 Euro, höchstens 15 vom "
        "Hundert. "
        "Der Umkreis beträgt 2 500 Meter. Nach § 36 des Energiefinanzierungsgesetzes bleibt das so."
    ),
    title="Gesetz über die Elektrizitäts- und Gasversorgung (Energiewirtschaftsgesetz - EnWG)",
    heading_path=("Teil 4", "§ 38 – Ersatzversorgung mit Energie"),
    section="§ 38",
    paragraph="4",
    law="EnWG",
)
OTHER = Passage(chunk_id="b-2", text="Der Betrag liegt bei 80 Euro.", law="StromGVV", section="§ 19", paragraph="2")


def checker(instructions: str = "") -> CitationChecker:
    return CitationChecker([ENWG, OTHER], instructions=instructions)


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie endet nach 3 Monaten [chunk 7f3c-1].",
        "Sie endet nach drei Monaten. [chunk 7f3c-1]",
        "Die Dreimonatsfrist zählt [chunk 7f3c-1].",
        "Stichtag ist der 30.06.2026 [chunk 7f3c-1].",
        "Stichtag ist der 30. Juni [chunk 7f3c-1].",
        "Stichtag ist 2026-06-30 [chunk 7f3c-1].",
        "Zu zahlen sind 1234,56 € [chunk 7f3c-1].",
        "Höchstens 15 % sind es [chunk 7f3c-1].",
        "Im Umkreis von 2.500 Metern, also 2,5 km, gilt das [chunk 7f3c-1].",
        "Nach § 38 Abs. 4 EnWG endet das [chunk 7f3c-1].",
        "Nach § 38 des Energiewirtschaftsgesetzes endet das [chunk 7f3c-1].",
        "§ 41a gilt entsprechend [chunk 7f3c-1].",
        "§ 36 EnFG bleibt [chunk 7f3c-1].",
        "Es sind 3 Monate und 80 Euro [chunk 7f3c-1] [chunk b-2].",
        "Es sind 3 Monate und 80 Euro [chunk 7f3c-1, b-2].",
        "Es sind 3 Monate und 80 Euro [chunk 7f3c-1; chunk b-2].",
        "Es sind 80 Euro [Chunk: b-2].",
        "Es sind 80 Euro ［chunk b-2］.",
        "Es sind ８０ Euro [chunk b-2].",
        "Das CO2 spielt keine Rolle [chunk b-2].",
        "1. Es sind 80 Euro [chunk b-2].",
    ],
)
def test_a_claim_that_stands_in_its_source_passes(sentence: str) -> None:
    checked = checker().check_sentence(sentence)
    assert checked.verdict == "ok", checked.reasons
    assert "chunk" in checked.text.lower()


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Sie endet nach 4 Monaten [chunk 7f3c-1].", "Zahl"),
        ("Sie endet nach vier Monaten [chunk 7f3c-1].", "Zahl"),
        ("Sie endet nach 3 Wochen [chunk 7f3c-1].", "Zahl"),
        ("Sie endet nach 3 Jahren [chunk 7f3c-1].", "Zahl"),
        ("Sie endet nach einem Monat [chunk 7f3c-1].", "Zahl"),
        ("Es sind 80 Prozent [chunk b-2].", "Zahl"),
        ("Es sind 8 0 Euro und 81 Euro [chunk b-2].", "Zahl"),
        ("Stichtag ist der 30.06.2027 [chunk 7f3c-1].", "Datum"),
        ("Stichtag ist der 1. Juli 2026 [chunk 7f3c-1].", "Datum"),
        ("Nach § 39 EnWG endet das [chunk 7f3c-1].", "Vorschrift"),
        ("Nach § 38 EEG endet das [chunk 7f3c-1].", "Vorschrift"),
        ("Nach § 38b EnWG endet das [chunk 7f3c-1].", "Vorschrift"),
        ("Nach den §§ 38 und 39 EnWG endet das [chunk 7f3c-1].", "Vorschrift"),
        ("Nach § 38 Abs. 7 EnWG endet das [chunk 7f3c-1].", "Gliederung"),
        ("Das steht fest [chunk 7f3c-9].", "nicht gefundene"),
        ("Es sind 80 Euro [chunk b-2] [chunk b-3].", "nicht gefundene"),
        ("Es sind 80 Euro [chunk b-2, b-3].", "nicht gefundene"),
        ("Es sind 80 Euro [chunk ].", "nicht gefundene"),
        ("Es sind 80 Euro [chunk b-2", "unvollständig"),
        ("Es sind ８１ Euro [chunk b-2].", "Zahl"),
        ("Es sind 8\u200b1 Euro [chunk b-2].", "Zahl"),
        ("Es sind \u202e18\u202c Euro [chunk b-2].", "Zahl"),
        ("Es sind 𝟠𝟙 Euro [chunk b-2].", "Zahl"),
        ("Es sind ②① Euro [chunk b-2].", "Zahl"),
        ("Es sind fünfhunderttausend Euro [chunk b-2].", "Zahl"),
        ("Es sind 80.000 Euro [chunk b-2].", "Zahl"),
        ("Es sind 80 Mio. Euro [chunk b-2].", "Zahl"),
        ("Mehr unter https://example.org/?q=geheim [chunk b-2].", "Adresse"),
        ("![Bild](https://example.org/x.png) [chunk b-2]", "Adresse"),
        ("<|im_start|>system Es sind 80 Euro [chunk b-2].", "Steuerzeichen"),
    ],
)
def test_a_claim_that_does_not_stand_in_its_source_is_dropped(sentence: str, reason: str) -> None:
    check = checker()
    checked = check.check_sentence(sentence)
    assert checked.verdict == "dropped"
    assert checked.text == ""
    assert any(reason in why for why in checked.reasons), checked.reasons
    assert check.dropped == [checked]


def test_a_claim_without_citation_is_marked_right_behind_it() -> None:
    check = checker()
    assert check.check_sentence("Die Frist ist kurz.").text == f"Die Frist ist kurz. {UNPROVEN}"
    assert check.check_sentence("Es sind 80 Euro.").verdict == "marked"
    assert len(check.marked) == 2


@pytest.mark.parametrize(
    "sentence",
    ["Haben Sie schon gekündigt?", "Voraussetzungen sind:", "---", "Dazu steht in den Passagen nichts.", ""],
)
def test_what_claims_nothing_needs_no_citation(sentence: str) -> None:
    assert checker().check_sentence(sentence).verdict == "ok"


def test_an_admission_with_a_number_is_still_a_claim() -> None:
    assert checker().check_sentence("In den Passagen steht nichts, es sind aber 81 Euro.").verdict == "marked"


def test_repeated_instructions_are_dropped() -> None:
    rules = "Antworte nur aus den gegebenen Passagen. Hinter jeder Aussage steht der Verweis auf die Passage."
    check = checker(rules)
    assert (
        check.check_sentence("Hinter jeder Aussage steht der Verweis auf die Passage [chunk b-2].").verdict == "dropped"
    )
    assert check.check_sentence("Es sind 80 Euro [chunk b-2].").verdict == "ok"


def test_validity_dates_of_the_passage_count_as_source() -> None:
    passage = Passage("x", "Der Tarif gilt.", valid_to=date(2026, 12, 31))
    assert CitationChecker([passage]).check_sentence("Der Tarif gilt bis 31.12.2026 [chunk x].").verdict == "ok"


TEXT = (
    "Die Versorgung endet z. B. nach drei Monaten gem. Abs. 4 [chunk 7f3c-1]. Am 30. Juni 2026 ist Schluss. "
    "[chunk 7f3c-1]\n\n"
    "Danach kommt nichts. Falsch ist das [chunk zz]. Voraussetzungen:\n1. Es sind 80 Euro [chunk b-2].\n"
    "2. Es sind 3 Monate und 80 Euro [chunk 7f3c-1][chunk b-2]. Nach 4 Monaten ist Schluss [chunk 7f3c-1]."
)
EXPECTED = ["ok", "ok", "marked", "dropped", "ok", "ok", "ok", "dropped"]


def stream(pieces: list[str]) -> list[tuple[str, str]]:
    check = StreamChecker(checker())
    found = [c for piece in pieces for c in check.feed(piece)]
    return [(c.verdict, c.rendered) for c in [*found, *check.finish()]]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 11, 16, 40, 100, 10_000])
def test_a_stream_is_judged_the_same_however_it_is_cut(step: int) -> None:
    pieces = [TEXT[at : at + step] for at in range(0, len(TEXT), step)]
    assert [verdict for verdict, _ in stream(pieces)] == EXPECTED


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, len(TEXT)), max_size=12))
def test_any_cuts_give_the_same_text(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(TEXT)]
    assert stream([TEXT[a:b] for a, b in pairwise(bounds)]) == stream([TEXT])


def test_a_dropped_sentence_never_leaves_and_the_rest_stays_as_it_was() -> None:
    text = "".join(rendered for _, rendered in stream([TEXT]))
    assert "zz" not in text
    assert "4 Monaten ist" not in text
    assert f"Danach kommt nichts. {UNPROVEN}" in text
    assert "\n1. Es sind 80 Euro [chunk b-2]." in text


def test_nothing_leaves_before_its_citation_has_arrived() -> None:
    check = StreamChecker(checker())
    assert check.feed("Es sind 81 Euro. [chu") == []
    assert check.feed("nk b-") == []
    assert [c.verdict for c in [*check.feed("2] Weiter geht es"), *check.finish()]] == ["dropped", "marked"]


@pytest.mark.parametrize(
    "hostile",
    [
        "[" * 1_000_000,
        "[chunk " * 150_000,
        "a" * 1_000_000,
        "1." * 300_000,
        "].[" * 150_000,
        "\u200b" * 1_000_000,
        "1 000 " * 160_000,
        "§§ 1, 2, " * 100_000,
        "zwei" * 200_000,
        "\n" * 500_000,
        "[chunk b-2]" * 50_000,
        ". " * 150_000,
    ],
    ids=lambda text: repr(text[:9]),
)
def test_hostile_text_takes_linear_time(hostile: str) -> None:
    begun = time.process_time()
    check = StreamChecker(checker())
    longest = 0
    for at in range(0, len(hostile), 5_000):
        longest = max([longest, *(len(c.text) for c in check.feed(hostile[at : at + 5_000]))])
    longest = max([longest, *(len(c.text) for c in check.finish())])
    assert time.process_time() - begun < 15
    assert longest <= LONGEST_SENTENCE + 100


@given(st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_arbitrary_text_is_survived_and_no_unknown_id_leaves(text: str) -> None:
    checked = CitationChecker([OTHER]).check_text(text + " Es sind 99 Euro [chunk nie]. Ende [chunk b-2].")
    assert all("chunk nie" not in c.text for c in checked)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("drei", 3), ("zwölf", 12), ("einundzwanzig", 21), ("dreißig", 30), ("hundert", 100),
        ("zweihundertfünfzig", 250),
        ("fünfhunderttausend", 500_000), ("tausend", 1000), ("zweitausenddreihundert", 2300),
    ],
)  # fmt: skip
def test_number_words(word: str, value: int) -> None:
    assert number_word(word) == value


@pytest.mark.parametrize("word", ["ein", "Wasser", "achten", "hundertprozentig", "tausendfach", "und", "dreist"])
def test_other_words_are_no_numbers(word: str) -> None:
    assert number_word(word) is None


def test_claims_are_normalised() -> None:
    claims = find_claims("binnen zwei Wochen, bis 30.6.26, 7,5 GWh, 5 Mio. Euro, 30 bis 50 Prozent, § 41 a Abs. 2")
    assert {(a.dimension, f"{a.value:f}") for a in claims.amounts} == {
        ("day", "14"), ("energy", "7500000000"), ("money", "500000000"), ("percent", "30"), ("percent", "50"),
    }  # fmt: skip
    assert claims.dates == [(2026, 6, 30)]
    assert [s.number for s in claims.sections] == ["41a"]
    assert claims.parts == [("absatz", "2")]


@pytest.mark.parametrize(
    ("written", "names", "same"),
    [
        ("EnWG", ["Energiewirtschaftsgesetz"], True),
        ("Energiewirtschaftsgesetzes", ["EnWG"], True),
        ("EEG 2023", ["EEG"], True),
        ("StromGVV", ["Stromgrundversorgungsverordnung"], True),
        ("EEG", ["EnWG", "Energiewirtschaftsgesetz"], False),
        ("GasGVV", ["Stromgrundversorgungsverordnung"], False),
    ],
)
def test_laws_are_known_by_long_and_short_name(written: str, names: list[str], same: bool) -> None:
    assert same_law(written, names) is same
