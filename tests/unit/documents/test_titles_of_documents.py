"""What a plain text without headings is called: its first line, alone or above the lines that go on with it."""

from __future__ import annotations

import pytest

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText


def _title(text: str) -> str | None:
    return chunk_document(ExtractedText(text=text, media_type="text/plain", markup="plain")).title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Preisblatt Moorstrom\n\nDer Preis beträgt 30 Cent.", "Preisblatt Moorstrom"),
        (
            "Lieferbedingungen der Moorstrom GmbH\nfür die Belieferung von Haushalten außerhalb der Grundversorgung"
            " mit Strom\nStand: Mai 2026\n\nWir liefern ab Mai.",
            "Lieferbedingungen der Moorstrom GmbH",
        ),
        ("Moorstrom GmbH\nPostfach 11 40\n14461 Musterstadt\n\nFrau\nAnna Muster", "Moorstrom GmbH"),
        (
            "Pachtvertrag zur Errichtung einer\nPhotovoltaikanlage\n\nEs gilt:",
            "Pachtvertrag zur Errichtung einer Photovoltaikanlage",
        ),
        ("Wir liefern Strom,\nsolange Sie zahlen\n\nUnd sonst nicht.", None),
        ("Der Preis steigt\nzum Jahresende.\n\nWir bitten um Verständnis.", None),
        (
            "Lieferbedingungen Seite 1\nMoorstrom GmbH\n\nMoorstrom für zu Hause\n\nWir liefern ab Mai.",
            "Moorstrom für zu Hause",
        ),
        ("12\n\nDer Preis beträgt 30 Cent.", None),
        ("a\nb\nc\nd\ne\n\nf", None),
    ],
)
def test_the_first_line_is_the_title_where_no_line_beside_it_is_a_sentence(text: str, title: str | None) -> None:
    assert _title(text) == title


def test_a_law_is_not_called_by_the_running_header_above_its_title() -> None:
    text = (
        "Stauwehrgesetz Seite 1 von 9\nEin Dienst des Amtes\n\nGesetz über Stauwehre (Stauwehrgesetz - StauWG)\n\n"
        "§ 1 Zweck\n\nEs gilt für Wehre.\n\n§ 2 Prüfung\n\nSie sind zu prüfen.\n\n§ 3 Kosten\n\nDie trägt er."
    )
    document = chunk_document(ExtractedText(text=text, media_type="application/pdf", markup="plain"))
    assert document.title == "Gesetz über Stauwehre (Stauwehrgesetz - StauWG)"
    assert document.law_names[:2] == ("StauWG", "Stauwehrgesetz")


def test_a_clause_that_a_line_break_cuts_is_no_heading() -> None:
    text = (
        "Bedingungen\n\n1. Preise\n1.1 Wir informieren Sie sechs Wochen vorher über eine\nPreisänderung.\n"
        "1.2 Sie können den Vertrag ohne Einhaltung einer Frist zum Zeitpunkt\nkündigen.\n\n"
        "2. Abrechnung\n2.1 Auf Wunsch rechnen wir monatlich ab. Jede zusätzliche\nRechnung kostet 3 Euro.\n"
    )
    document = chunk_document(ExtractedText(text=text, media_type="text/plain", markup="plain"), target_tokens=20)
    headings = {heading for chunk in document.chunks for heading in chunk.heading_path}
    assert headings == {"1. Preise", "2. Abrechnung"}
