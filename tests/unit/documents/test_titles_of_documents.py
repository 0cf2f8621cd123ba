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
        ("Wir liefern Strom,\nsolange Sie zahlen\n\nUnd sonst nicht.", None),
        ("Der Preis steigt\nzum Jahresende.\n\nWir bitten um Verständnis.", None),
        ("12\n\nDer Preis beträgt 30 Cent.", None),
        ("a\nb\nc\nd\ne\n\nf", None),
    ],
)
def test_the_first_line_is_the_title_where_no_line_beside_it_is_a_sentence(text: str, title: str | None) -> None:
    assert _title(text) == title
