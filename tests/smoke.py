"""Smoke test: start, health, ingest a sample, ask, check that the citation holds, stop. Run by `make smoke`."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from tests.places import ROOT
from tests.stack import Stack

QUESTION = "Wie hoch ist der Nachlass im Modul A?"


def main() -> int:
    """Walk the whole path once and say what was seen. Returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="luna smoke ") as folder:
        begun = time.monotonic()
        with Stack(Path(folder) / "home") as stack:
            print(f"started in {time.monotonic() - begun:.1f} s; ready after {stack.wait_healthy():.1f} s more")
            begun = time.monotonic()
            item = stack.ingest(ROOT / "data" / "samples" / "sample.pdf")
            print(f"sample.pdf: {item['chunks']} chunks, run {item['run_id']}, {time.monotonic() - begun:.1f} s")
            assert item["chunks"] > 0, "no chunks"
            begun = time.monotonic()
            answer = stack.data(stack.api.post("/rag/ask", json={"question": QUESTION}))
            print(f"answer in {(time.monotonic() - begun) * 1000:.0f} ms:\n{answer['answer']}")
            assert answer["answered"], "the question was not answered"
            check_citations(stack, answer)
        print("stopped; smoke test passed")
    return 0


def check_citations(stack: Stack, answer: dict) -> None:
    """Every cited id is one of the citations, and each citation's text stands in the document where it says."""
    cited = set(re.findall(r"\[chunk ([0-9a-f-]{36})\]", answer["answer"]))
    assert cited, "the answer cites nothing"
    by_id = {one["chunk_id"]: one["payload"] for one in answer["citations"]}
    assert cited <= set(by_id), f"cited but not among the citations: {cited - set(by_id)}"
    for chunk_id in cited:
        payload = by_id[chunk_id]
        text = stack.data(stack.api.get(f"/items/{payload['item_id']}/text"))["text"]
        assert text[payload["char_start"] : payload["char_end"]] == payload["text"], f"{chunk_id} is not where it says"
        assert payload["run_id"], f"{chunk_id} names no run"
        print(f"citation {chunk_id[:8]} holds: {payload['title']}, page {payload['page']}, run {payload['run_id'][:8]}")


if __name__ == "__main__":
    sys.exit(main())
