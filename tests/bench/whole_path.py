"""Benchmark of the whole path on a stack of its own: start, upload, the laws, search under load, answers, memory.

`python -m tests.bench.whole_path [--laws FOLDER]` prints a table; ratios compare figures of the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.places import ROOT, SHARED
from tests.stack import Stack

UPLOADS_COLD = 3
UPLOADS_WARM = 20
LINGER_S = 45.0


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ten_pages(number: int) -> bytes:
    """A PDF of ten pages with text of its own."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen import canvas

    out = io.BytesIO()
    page = canvas.Canvas(out, pagesize=A4, invariant=1)
    for sheet in range(10):
        page.setFont("Helvetica", 11)
        for line in range(40):
            page.drawString(
                60,
                780 - 18 * line,
                f"Dokument {number}, Seite {sheet + 1}: Der Zähler Nr. {number * 1000 + sheet * 40 + line}"
                " misst den Verbrauch der Anlage.",
            )
        page.drawString(60, 40, f"Die Kennung Quarzfalter{number:04d} gilt für {number + 3} Monate.")
        page.showPage()
    page.save()
    return out.getvalue()


def upload_until_cited(stack: Stack, number: int) -> float:
    """Seconds from the upload until `rag/ask` cites the document."""
    data = ten_pages(number)
    begun = time.monotonic()
    response = stack.api.post(
        "/ingest/doc", files={"file": (f"quarzfalter-{number}.pdf", data, "application/pdf")}, data={"wait": "30"}
    )
    item = stack.data(response)
    question = {"question": f"Wie lange gilt die Kennung Quarzfalter{number:04d}?"}
    answer = stack.data(stack.api.post("/rag/ask", json=question))
    cited = {one["payload"]["item_id"] for one in answer["citations"]}
    if item["item_id"] not in cited:
        raise AssertionError(f"document {number} is not cited: {answer['answer']}")
    return time.monotonic() - begun


def uploads(stack: Stack) -> dict[str, Any]:
    """Uploads with no run alive (each launches one), and uploads that a lingering run takes."""
    cold: list[float] = []
    for number in range(UPLOADS_COLD):
        time.sleep(LINGER_S + 5)
        cold.append(upload_until_cited(stack, number))
    warm = [upload_until_cited(stack, 100 + number) for number in range(UPLOADS_WARM)]
    return {
        "upload_cold_s": {"p50": statistics.median(cold), "p95": percentile(cold, 0.95)},
        "upload_warm_s": {"p50": statistics.median(warm), "p95": percentile(warm, 0.95)},
    }


def laws(stack: Stack, folder: Path) -> dict[str, Any]:
    """`luna ingest` of the laws until all can be found, and the run process's peak memory."""
    peak = 0
    begun = time.monotonic()
    process = psutil.Popen(
        [sys.executable, "-m", "luna_cli.main", "ingest", str(folder)], cwd=ROOT, env=stack.environment
    )
    code_server = next(part["pid"] for part in stack.status()["parts"] if part["name"] == "code_server")
    while process.poll() is None:
        for child in psutil.Process(code_server).children(recursive=True):
            try:
                peak = max(peak, child.memory_info().rss)
            except psutil.Error:
                continue
        time.sleep(0.2)
    return {
        "laws_s": time.monotonic() - begun,
        "laws_exit_code": process.returncode,
        "laws_run_process_peak_mb": peak / 1e6,
    }


def questions() -> list[str]:
    """The shared development questions."""
    lines = (SHARED / "eval" / "law_questions_dev.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["question"] for line in lines]


def other_questions() -> list[str]:
    """The house's own questions of all sets, each once, without those that are asked elsewhere here."""
    files = sorted((ROOT / "data" / "gold").glob("*.jsonl"))
    rows = [json.loads(line) for one in files for line in one.read_text("utf-8").splitlines()]
    asked = set(questions())
    return list(dict.fromkeys(row["question"] for row in rows if row["question"] not in asked))


def quality(stack: Stack) -> dict[str, Any]:
    """Hit@5 and MRR@10 over distinct sections by kind of question, refusals, and citations that do not hold."""
    rows = [json.loads(line) for line in (SHARED / "eval" / "law_questions_dev.jsonl").read_text("utf-8").splitlines()]
    found: dict[str, list[tuple[bool, float]]] = {}
    refused = {"rightly": 0, "unanswerable": 0, "wrongly": 0, "answerable": 0}
    broken = 0
    for row in rows:
        answer = stack.data(stack.api.post("/rag/ask", json={"question": row["question"]}))
        gold = {(one["law"], one["section"]) for one in row["gold"] or []}
        refused["answerable" if gold else "unanswerable"] += 1
        refused["wrongly" if gold else "rightly"] += not answer["answered"]
        broken += sum(not _holds(stack, one["payload"]) for one in answer["citations"])
        if not gold:
            continue
        hits = stack.data(stack.api.post("/rag/search", json={"question": row["question"], "top_k": 50}))["hits"]
        sections = list(
            dict.fromkeys((Path(hit["payload"]["file_name"]).stem, hit["payload"]["section"]) for hit in hits)
        )
        rank = next((place for place, section in enumerate(sections[:10], 1) if section in gold), 0)
        found.setdefault(row["kind"], []).append((0 < rank <= 5, 1 / rank if rank else 0.0))
    every = [one for ones in found.values() for one in ones]
    return {
        "quality": {
            kind: {
                "n": len(ones),
                "hit@5": statistics.mean(a for a, _ in ones),
                "mrr@10": statistics.mean(b for _, b in ones),
            }
            for kind, ones in {**found, "all": every}.items()
        },
        "refused": refused,
        "citations_that_do_not_hold": broken,
    }


def _holds(stack: Stack, payload: dict[str, Any]) -> bool:
    text = stack.data(stack.api.get(f"/items/{payload['item_id']}/text"))["text"]
    return bool(text[payload["char_start"] : payload["char_end"]] == payload["text"] and payload["run_id"])


async def _client(
    stack: Stack, path: str, bodies: list[bytes], times: list[float], until: float, *, once: bool = False
) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.ports["API_PORT"])
    failed = 0
    turn = 0
    try:
        while time.perf_counter() < until and not (once and turn == len(bodies)):
            body = bodies[turn % len(bodies)]
            turn += 1
            begun = time.perf_counter()
            writer.write(
                f"POST /api/v1{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Admin-Key: {stack.admin_key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - begun)
            failed += b" 200 " not in head.split(b"\r\n")[0] and b" 201 " not in head.split(b"\r\n")[0]
    finally:
        writer.close()
    return failed


def each_once(stack: Stack, asked: list[str]) -> dict[str, Any]:
    """Ask each question once from one connection, so that no answer comes from the cache; at most 180 s."""
    bodies = [json.dumps({"question": question}).encode() for question in asked]
    times: list[float] = []
    failed = asyncio.run(_client(stack, "/rag/ask", bodies, times, time.perf_counter() + 180, once=True))
    return {
        "asked": len(times),
        "p50_ms": statistics.median(times) * 1000,
        "p95_ms": percentile(times, 0.95) * 1000,
        "p99_ms": percentile(times, 0.99) * 1000,
        "longest_ms": max(times) * 1000,
        "failed": failed,
    }


def load(stack: Stack, path: str, extra: dict[str, object], *, clients: int, seconds: float) -> dict[str, Any]:
    """Ask the questions over and over from `clients` connections for `seconds`; the load generator shares the cores."""
    bodies = [json.dumps({"question": question, **extra}).encode() for question in questions()]
    times: list[float] = []

    async def run() -> int:
        until = time.perf_counter() + seconds
        shifted = [
            bodies[(7 * client) % len(bodies) :] + bodies[: (7 * client) % len(bodies)] for client in range(clients)
        ]
        return sum(await asyncio.gather(*(_client(stack, path, one, times, until) for one in shifted)))

    begun = time.perf_counter()
    failed = asyncio.run(run())
    spent = time.perf_counter() - begun
    return {
        "per_second": len(times) / spent,
        "p50_ms": statistics.median(times) * 1000,
        "p95_ms": percentile(times, 0.95) * 1000,
        "failed": failed,
    }


def main() -> int:
    """Run all and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, default=SHARED / "data" / "law" / "current")
    parser.add_argument("--no-uploads", action="store_true")
    arguments = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder:
        stack = Stack(Path(folder) / "home", RATE_LIMIT_ASK_PER_MINUTE="100000")
        try:
            results["first_start_s"] = stack.up()
            stack.wait_healthy()
            time.sleep(20)
            status = stack.status()
            results["idle_memory_mb"] = {part["name"]: round(part["memory_bytes"] / 1e6) for part in status["parts"]}
            results["idle_memory_total_mb"] = sum(results["idle_memory_mb"].values())
            stack.down()
            begun = time.monotonic()
            stack.up()
            stack.wait_healthy()
            stack.data(stack.api.post("/rag/ask", json={"question": "Was ist ein Modul 1?"}))
            results["start_to_first_answer_s"] = time.monotonic() - begun
            results.update(laws(stack, arguments.laws))
            results.update(quality(stack))
            load(stack, "/rag/search", {}, clients=2, seconds=5)
            results["search_8_clients"] = load(stack, "/rag/search", {}, clients=8, seconds=20)
            results["search_4_clients"] = load(stack, "/rag/search", {}, clients=4, seconds=20)
            results["search_1_client"] = load(stack, "/rag/search", {}, clients=1, seconds=10)
            results["ask_new_questions_1_client"] = each_once(stack, other_questions())
            results["ask_1_client"] = load(stack, "/rag/ask", {}, clients=1, seconds=15)
            if not arguments.no_uploads:
                results.update(uploads(stack))
        finally:
            stack.down()
    print(json.dumps(results, indent=1, default=lambda value: round(value, 3)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
