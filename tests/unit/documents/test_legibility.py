"""Text layers that are none must be told from short, foreign and numeric text."""

from __future__ import annotations

from pathlib import Path

import pytest

from luna_rules.documents.legibility import assess_legibility

DOCUMENTS = Path(__file__).parents[3] / ".." / "shared" / "data" / "documents" / "official_pdf"

GERMAN = (
    "Der Netzbetreiber hat den Anschluss unverzüglich herzustellen und die Kosten nachvollziehbar "
    "darzulegen. Soweit der Kunde widerspricht, entscheidet die Regulierungsbehörde nach Anhörung der "
    "Beteiligten binnen zwei Monaten über die Höhe der Entgelte, wobei wirtschaftliche Belange, "
    "technische Möglichkeiten und Umweltschutz zu berücksichtigen sind. Gegen die Entscheidung kann "
    "Beschwerde beim Oberlandesgericht eingelegt werden."
)


@pytest.mark.parametrize(
    "text",
    [
        GERMAN,
        "This is English!",
        "c’est comme ci comme ça",
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím.",
        "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق",
        "人人生而自由，在尊严和权利上一律平等。",
        "Übersicht",
        "12,5",
        "kWh",
        "\n".join(f"{n};{n * 1.5:.2f};kWh;DE000{n}X" for n in range(500)),
        '"1";"2";"3"\n' * 200,
        "| 1 | 2 |\n|---|---|\n" * 50,
        "Unterschrift ........................................\n" * 20,
        "π = 3,14; ∑ x² ≤ 5",
        "Trenn\ufffdung kommt vor. " * 20,
        "Adresse: /c12 ist ein Pfad. " + GERMAN,
    ],
)
def test_genuine_text_passes(text: str) -> None:
    found = assess_legibility(text)
    assert found.ok, found.reason
    assert found.reason == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "keinen Text"),
        (" \n\f\t\xa0", "keinen Text"),
        ("".join(f"/c{ord(char)}" for char in GERMAN), "Codes"),
        (" ".join(f"/g{ord(char)}" for char in GERMAN), "Codes"),
        ("".join(f"(cid:{ord(char)})" for char in GERMAN), "Codes"),
        ("\ue001\ue002\ue003 \ue004\ue005", "Steuerzeichen"),
        ("\ufffd\ufffd\ufffd \ufffd\ufffd ab", "Steuerzeichen"),
        ("".join(chr(ord(char) % 28 + 1) for char in GERMAN), "Steuerzeichen"),
        ("!\n#$\n%\n%#() $)\n$%\n3\n4%&\n" * 5, "Buchstaben oder Ziffern"),
        (GERMAN.lower().translate({97 + n: 97 + (n + 3) % 26 for n in range(26)}), "keine Wörter"),
        ("".join(chr(0x61 + (ord(char) * 7) % 26) if char.isalpha() else char for char in GERMAN), "keine Wörter"),
    ],
)
def test_broken_text_layers_are_refused_with_a_reason(text: str, reason: str) -> None:
    found = assess_legibility(text)
    assert not found.ok
    assert reason in found.reason
    assert found.reason.endswith(".")


def test_a_long_text_is_judged_by_its_parts() -> None:
    assert assess_legibility(GERMAN * 3_000).ok
    assert not assess_legibility("\ue001" * 3_000_000).ok


@pytest.mark.skipif(not DOCUMENTS.is_dir(), reason="../shared/data/documents is not on this machine")
def test_official_files() -> None:
    pdfium = pytest.importorskip("pypdfium2")
    bad: set[str] = set()
    for path in sorted(DOCUMENTS.glob("*.pdf")):
        document = pdfium.PdfDocument(path)
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        if not assess_legibility(text).ok:
            bad.add(path.name.split("_bgbl")[0])
    assert bad == {"pfav", "sdlwindv", "zvfv"}
