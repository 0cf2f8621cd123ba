"""Answers from later parts of long tables and lists: heads and lead-ins are there, and cited where they stand."""

from __future__ import annotations

import io
from typing import Any

import docx
import httpx
import pytest

from tests.integration.api.conftest import Api, ready, upload

SITES = 260


def rows() -> list[tuple[str, str, str]]:
    return [(f"UW-{1000 + n}", f"Umspannwerk Talheim {n}", f"{20 + n}") for n in range(SITES)]


HEADS = ("Kennung", "Standort", "Nennleistung (MVA)")
TABLE = "# Ausbauplan Talheim\n\n| " + " | ".join(HEADS) + " |\n|---|---|---|\n"
ROWS = "".join("| " + " | ".join(row) + " |\n" for row in rows())
LIST = "# Anschlussbedingungen Bergheim\n\nDer Anschlussnehmer hat vor der Inbetriebsetzung vorzulegen:\n\n" + "".join(
    f"{n}. das Prüfprotokoll der {what}, unterzeichnet von einer eingetragenen Fachkraft, bestätigt durch "
    f"den Hersteller der Anlage, ergänzt um Lageplan, Datenblatt und Lichtbild und übermittelt als Datei im Format der "
    f"Bergheimer Netzplanung, die Änderungen auf Verlangen innerhalb der Frist nachfordern kann,\n\n"
    for n, what in enumerate(
        ("Erdungsanlage", "Schaltanlage", "Trafostation", "Fernwirkanlage", "Blitzschutzanlage", "Batterieanlage",
         "Wandleranlage", "Notstromanlage", "Lüftungsanlage", "Brandmeldeanlage", "Kompensationsanlage", "Ladeanlage",
         "Wechselrichter", "Kabelstrecke", "Messanlage", "Schutzeinrichtung", "Übergabestation", "Spannungsregelung"),
        1,
    )
)  # fmt: skip


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("Zählerliste Waldheim", 1)
    table = document.add_table(rows=1, cols=3)
    for cell, head in zip(table.rows[0].cells, ("Gerät", "Aufstellungsort", "Baujahr"), strict=True):
        cell.text = head
    for n in range(120):
        cells = table.add_row().cells
        for cell, said in zip(cells, (f"WZ-{5000 + n}", f"Heizzentrale Waldheim {n}", str(1990 + n % 30)), strict=True):
            cell.text = said
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@pytest.fixture(scope="module")
def client(api: Api) -> httpx.Client:
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, TABLE + ROWS, name="ausbauplan.md", title="Ausbauplan Talheim")
        ready(api, admin, LIST, name="tab.md", title="Anschlussbedingungen Bergheim")
        upload(admin, word_file(), name="zaehler.docx", title="Zählerliste Waldheim")
        api.work()
    return api.user(tenant=name)


def ask(client: httpx.Client, question: str) -> dict[str, Any]:
    response = client.post("/rag/ask", json={"question": question})
    assert response.status_code == 200, response.text
    return response.json()["data"]


def pieces(data: dict[str, Any]) -> list[tuple[str, str]]:
    """The lines of an answer with the text of the passage that each cites."""
    texts = {one["chunk_id"]: one["payload"]["text"] for one in data["citations"]}
    found = [line.rsplit(" [chunk ", 1) for line in data["answer"].split("\n") if "[chunk " in line]
    return [(said, texts[mark.rstrip("]")]) for said, mark in found]


@pytest.mark.parametrize(
    ("question", "row", "head"),
    [
        ("Welche Nennleistung hat UW-1255?", "UW-1255", "Kennung | Standort | Nennleistung (MVA)"),
        ("Welches Baujahr hat die Heizzentrale mit dem Gerät WZ-5110?", "WZ-5110", "Gerät | Aufstellungsort | Baujahr"),
    ],
)
def test_a_row_of_a_long_table_is_read_under_its_heads(
    client: httpx.Client, question: str, row: str, head: str
) -> None:
    data = ask(client, question)
    assert data["answered"]
    said = pieces(data)
    of_head = next(text for piece, text in said if piece == head)
    of_row = next(text for piece, text in said if piece.startswith(row))
    assert head.split(" | ")[0] in of_head
    assert row in of_row
    assert row not in of_head
    assert head.split(" | ")[0] not in of_row


def test_an_item_of_a_long_list_comes_with_its_sentence(client: httpx.Client) -> None:
    data = ask(client, "Ist ein Prüfprotokoll der Schutzeinrichtung vorzulegen?")
    said = pieces(data)
    of_lead = next(text for piece, text in said if piece.startswith("Der Anschlussnehmer hat vor"))
    of_item = next(text for piece, text in said if piece.startswith("16. das Prüfprotokoll der Schutzeinrichtung"))
    assert of_lead != of_item


def test_what_leads_in_stands_in_the_receipt(client: httpx.Client) -> None:
    data = ask(client, "Welche Nennleistung hat UW-1254?")
    response = client.get(f"/answers/{data['answer_id']}")
    assert response.status_code == 200, response.text
    cited = [one["chunk_id"] for one in response.json()["data"]["ground"] if one["cited"]]
    assert sorted(cited) == sorted(data["chunks_used"])
    assert len(cited) > 1
