"""What only an own price list says is found behind laws that speak of the same thing without saying it."""

from __future__ import annotations

from tests.integration.api.conftest import Api, ready

LAW = "# Musterpreisangabenverordnung (MPAngV)\n\n" + "".join(
    f"## § {number} – Grundpreis\n\n(1) Der Grundpreis für Waren der Gruppe {letter} ist anzugeben. Grundpreis ist der "
    f"Preis je Mengeneinheit. Der Grundpreis steht neben dem Gesamtpreis.\n\n"
    for number, letter in enumerate("ABCDEFGH", 1)
)
OTHER = "# Musterwegegesetz (MWegG)\n\n" + "".join(
    f"## § {number} – {what}\n\n(1) Über {what} entscheidet die Gemeinde auf Antrag der Anlieger.\n\n"
    for number, what in enumerate(
        ("Brücken", "Stege", "Treppen", "Rampen", "Geländer", "Laternen", "Bänke", "Schilder", "Poller", "Zäune",
         "Hecken", "Gräben", "Dämme", "Furten", "Tunnel", "Tore", "Schranken", "Mauern", "Brunnen", "Beete"),
        1,
    )
)  # fmt: skip
PRICES = """# Talstrom

## Konditionen

Für jede gelieferte Kilowattstunde werden 31,50 ct berechnet, Grundpreis 11,90 Euro im Monat. Mahnungen kosten 2,50
Euro, eine Sperrung 48 Euro, die Wiederinbetriebnahme 52 Euro während der üblichen Arbeitszeiten. Zwischenrechnungen
sind zweimal im Jahr kostenfrei, jede weitere wird mit 9 Euro in Rechnung gestellt. Abschläge werden zum Ersten eines
Monats abgebucht; wer überweist, gibt seine Vertragsnummer an. Die Lieferung beginnt, sobald der bisherige Versorger
und der Netzbetreiber sie bestätigt haben, gewöhnlich nach drei Wochen. Fragen beantwortet der Kundendienst im Rathaus
am Marktplatz, montags bis freitags von 8 bis 16 Uhr, auch am Telefon oder mit einem Brief an die genannte Anschrift.
"""


ASKED = {"question": "Wie hoch ist der Grundpreis?", "top_k": 3}


def test_an_own_price_list_answers_where_laws_do_not(api: Api) -> None:
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, LAW, name="mpangv.md", kind="regulation")
        ready(api, admin, OTHER, name="mwegg.md", kind="regulation")
        before = admin.post("/rag/ask", json=ASKED).json()["data"]
        ready(api, admin, PRICES, name="preisblatt.md")
        search = admin.post("/rag/search", json=ASKED).json()["data"]
        after = admin.post("/rag/ask", json=ASKED).json()["data"]
        receipt = admin.get(f"/answers/{after['answer_id']}").json()["data"]
    assert not before["answered"]
    assert [hit["payload"]["title"] for hit in search["hits"]].count("Talstrom") == 0, "laws stand before it"
    assert after["answered"]
    assert "11,90 Euro im Monat" in after["answer"]
    assert {one["payload"]["title"] for one in after["citations"]} == {"Talstrom"}
    assert {one["chunk_id"] for one in receipt["ground"]} == set(after["chunks_used"])
