"""What is kept of texts between questions is told apart by all that it depends on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_rules.answers.energies import energies_of
from luna_rules.answers.model import Passage
from luna_rules.answers.statements import headings_at, statements

TEXT = "Lieferung\n\nDer Kunde zahlt monatlich. Der Versorger liefert.\n\n2. Abrechnung\n\nDie Abrechnung folgt im Mai."
PASSAGE = Passage("c1", TEXT, title="Bedingungen", heading_path=("Lieferung",))


def said(passage: Passage, number: int = 0) -> list[str]:
    return [one.text for one in statements(passage, number)]


def test_the_same_text_is_told_apart_by_its_number_and_heading() -> None:
    assert [one.passage for one in statements(PASSAGE, 3)] == [3] * len(said(PASSAGE))
    assert {one.passage for one in statements(PASSAGE, 4)} == {4}
    assert said(PASSAGE) == said(PASSAGE, 7)
    assert "Lieferung" not in said(PASSAGE)
    assert said(replace(PASSAGE, title="Lieferung", heading_path=())) == said(PASSAGE)
    assert "Der Kunde zahlt monatlich." not in said(replace(PASSAGE, begins=TEXT.index("Der Versorger")))


def test_headings_within_a_text_count_for_documents_not_for_laws() -> None:
    of_document, of_law = PASSAGE, replace(PASSAGE, law="XG")
    at = TEXT.index("Die Abrechnung")
    assert headings_at(of_document, at) == ("2. Abrechnung",)
    assert [one.headings for one in statements(of_document) if one.start == at] == [("2. Abrechnung",)]
    assert [one.headings for one in statements(of_law) if one.start == at] == [("Lieferung",)]


@pytest.mark.parametrize(
    ("text", "energies"),
    [
        *((word, {"strom"}) for word in (
            "Stromsteuer", "Haushaltsstrom", "Elektrizität", "elektrische Anlage", "Photovoltaikanlage", "Solarstrom",
            "SOLAR", "PV", "Kilowattstunde", "Kilowattstunden", "Wallbox", "Ladepunkte", "Wechselrichter",
            "Niederspannung", "electricity", "Wärmepumpe", "WÄRMEPUMPEN",
        )),
        *((word, {"gas"}) for word in ("Erdgas", "Flüssiggas", "Gas", "GAS", "Niederdruckanschluss", "natural gas")),
        *((word, set[str]()) for word in ("Gast", "Gasometer", "Biogasanlage", "Kilowattstd", "Fernwärme", "upvc", "")),
        ("Strom und Gas", {"strom", "gas"}),
    ],
)  # fmt: skip
def test_an_energy_is_told_by_any_of_its_words(text: str, energies: set[str]) -> None:
    assert energies_of(text) == energies
