"""A model that answers from the middle of a long table is given the column heads, and may cite them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Database, free_port
from tests.fake_ollama import Script, fake_ollama, passage_with
from tests.integration.api.conftest import Api, ready, serve

HEADS = "| Kennung | Standort | Nennleistung (MVA) |"
TABLE = f"# Ausbauplan Talheim\n\n{HEADS}\n|---|---|---|\n" + "".join(
    f"| UW-{1000 + n} | Umspannwerk Talheim {n} | {20 + n} |\n" for n in range(260)
)


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(models={"gross:latest": 8192}, digests={"gross:latest": "1" * 64})


@pytest.fixture(scope="module")
def api(module_database: Database, script: Script) -> Iterator[Api]:
    port = free_port()
    home, host = module_database.settings.home, f"http://127.0.0.1:{port}"
    with (
        fake_ollama(script, port),
        serve(module_database, home, generate_model="gross", ollama_host=host) as running,
    ):
        yield running


def test_heads_of_a_cut_table_are_read_and_cited(api: Api, script: Script) -> None:
    def pieces(prompt: str) -> list[str]:
        row, heads = passage_with(prompt, "UW-1255"), passage_with(prompt, HEADS)
        assert row != heads
        return [f"Die Nennleistung (MVA) von UW-1255 am Standort Umspannwerk Talheim 255 beträgt 275 {heads} {row}."]

    script.pieces = pieces
    name = api.tenant()
    with api.admin(name) as admin:
        ready(api, admin, TABLE, name="ausbauplan.md", title="Ausbauplan Talheim")
        data = admin.post("/rag/ask", json={"question": "Welche Nennleistung hat UW-1255?"}).json()["data"]
        receipt = admin.get(f"/answers/{data['answer_id']}").json()["data"]
    assert data["mode"] == "generative", data
    assert "beträgt 275" in data["answer"]
    texts = [one["payload"]["text"] for one in data["citations"]]
    assert [HEADS in text for text in texts].count(True) == 1
    assert ["UW-1255" in text for text in texts].count(True) == 1
    assert not any(HEADS in text and "UW-1255" in text for text in texts)
    assert {one["chunk_id"] for one in data["citations"]} <= {one["chunk_id"] for one in receipt["ground"]}
