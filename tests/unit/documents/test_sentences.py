"""Where sentences end: law, prose, lists; and that no character is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luna_rules.documents.sentences import split_sentences

LAWS = Path(__file__).parents[3] / ".." / "shared" / "data" / "law" / "current"


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "Nach § 14a Abs. 2 S. 1 Nr. 3 EnWG gilt dies.",
        "Die Anlage, z. B. der Kessel, d. h. die Wärme, zählt.",
        "Art. 3 Nr. 2 Buchst. b gilt i. V. m. Absatz 2.",
        "Das Gesetz vom 29. August 2016 (BGBl. I S. 2034) gilt.",
        "Im 2. Halbjahr und im 1. Quartal steigt der Preis.",
        "Das kostet ca. 3,5 ct/kWh bzw. 5 Mio. Euro im Jahr.",
        "Dr. Maier und Prof. Dr. Schulz kommen am 3. Oktober.",
        "Die Frist endet am 31.12.2026 um 24 Uhr.",
        "Er verweist auf Nr. 3; die Regelung bleibt.",
        "Sie rief „Halt!“, und ging.",
        "Die Firma mit Sitz in Berlin, Müllerstr. 5, liefert.",
        "Der Wert (vgl. Abb. 3 und Tab. 4) ist max. 5 kW.",
    ],
)
def test_abbreviations_dates_and_ordinals_end_nothing(whole: str) -> None:
    assert sentences(whole) == [whole]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Es gilt Absatz 2.", "Die Frist beginnt."),
        ("Das war im Jahr 2016.", "Danach stieg der Preis."),
        ("Er verbraucht Strom, Gas usw.", "Die Rechnung folgt."),
        ("Der Verein heißt Sonne e. V.", "Er liefert Strom."),
        ("Gilt das?", "Ja."),
        ("„Nein.“", "Er ging."),
        ("Es gilt Buchstabe b.", "Die Behörde entscheidet."),
        ("Das sind 15.", "Das ist viel."),
        ("Er endet nach § 14a.", "Netzbetreiber zahlen."),
        ("The price is high.", "It falls."),
        ("هل هذا صحيح؟", "نعم."),
    ],
)
def test_sentences_end(first: str, second: str) -> None:
    assert sentences(f"{first} {second}") == [first, second]
    assert sentences(f"{first}\n\n{second}") == [first, second]


def test_items_rows_and_lead_ins_stand_alone() -> None:
    text = (
        "Die Behörde regelt:\n\n1. eins; auch zwei,\n2. zwei\nüber zwei Zeilen,\n\na) drei\n\naa)  \nvier\n\n"
        "(2) Neu. Alt.\n- Strich\n| a | b |\n|---|---|\n"
    )
    assert sentences(text) == [
        "Die Behörde regelt:",
        "1. eins; auch zwei,",
        "2. zwei\nüber zwei Zeilen,",
        "a) drei",
        "aa)  \nvier",
        "(2) Neu.",
        "Alt.",
        "- Strich",
        "| a | b |",
        "|---|---|",
    ]


def test_a_line_break_within_a_date_or_a_citation_is_no_item() -> None:
    assert len(sentences("Es gilt bis zum\n31. Dezember 2020 weiter.")) == 1
    assert len(sentences("Es gilt nach Satz\n3. Halbsatz zwei entsprechend weiter.")) == 1
    assert len(sentences("Ein Satz, der in der\nMitte umbrochen ist.")) == 1


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["Satz. ", "z. B. ", "1. ", "\n", "\n\n", "a) ", "Nr. 3 ", ": ", "„Ja!“ ", "| x |", "\r\n", "Abs. "]
        )
        | st.text(max_size=8),
        max_size=60,
    ).map("".join)
)
def test_spans_ascend_are_trimmed_and_cover_everything(text: str) -> None:
    place = 0
    for start, end in split_sentences(text):
        assert not text[place:start].strip()
        assert text[start:end] == text[start:end].strip() != ""
        place = end
    assert not text[place:].strip()


@pytest.mark.parametrize("unit", [" ", "\n", ".", "a. ", ". ", "(", "\n ", "\t", ".)", "1.\n"])
def test_odd_input_takes_linear_time(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    begin = time.process_time()
    split_sentences(text)
    assert time.process_time() - begin < 8


@pytest.mark.skipif(not LAWS.is_dir(), reason="../shared/data/law/current is not on this machine")
def test_laws_are_read_fast() -> None:
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(LAWS.glob("E*.md")))
    begin = time.process_time()
    found = split_sentences(text)
    taken = time.process_time() - begin
    # Far below what it takes, far above what anything quadratic would reach.
    assert len(text) / taken > 200_000
    cut = [text[start:end] for start, end in found if not text.startswith("\n\n", end)]
    assert not [sentence for sentence in cut if sentence.endswith((" Abs.", " Nr.", " BGBl.", "i. V."))]
