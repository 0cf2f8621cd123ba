"""Drill: each process is killed with -9 while fifty documents are ingested; nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import psutil
import psycopg
import pytest

from resources.database import DRAIN_LOCK
from resources.secrets import database_urls, load_secrets
from resources.settings import load_settings
from tests.stack import Stack

pytestmark = pytest.mark.drill

DOCUMENTS = 50
BEGUN = 10
SECTIONS = 40
"""So many that the documents are more than one group that is written together."""
ENDED_WITHIN_S = 180.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("drill") / "home") as running:
        running.wait_healthy()
        yield running


def document(marker: str, number: int) -> tuple[str, bytes]:
    paragraphs = "\n\n".join(
        f"## Abschnitt {part}\n\nDokument {marker} Nummer {number} beschreibt in Abschnitt {part} den Anschluss einer "
        f"Wallbox mit {number + part} Kilowatt. Der Netzbetreiber prüft den Antrag binnen {part + 2} Wochen." * 3
        for part in range(SECTIONS)
    )
    return f"{marker}-{number:02d}.md", f"# Merkblatt {marker} {number}\n\n{paragraphs}\n".encode()


def upload(stack: Stack, marker: str) -> None:
    for number in range(DOCUMENTS):
        name, data = document(marker, number)
        for _ in range(120):
            try:
                response = stack.api.post(
                    "/ingest/doc",
                    files={"file": (name, data, "text/markdown")},
                    data={"wait": "0", "external_ref": name},
                )
            except httpx.HTTPError:
                time.sleep(0.5)
                continue
            if response.status_code < 500:
                assert response.status_code in (200, 202, 409), response.text
                break
            time.sleep(0.5)
        else:
            pytest.fail(f"{name} could not be uploaded within a minute")


def parts(stack: Stack) -> dict[str, int]:
    """Process ids by part, from the supervisor."""
    return {part["name"]: part["pid"] for part in stack.status()["parts"] if part.get("pid")}


def owner(stack: Stack) -> psycopg.Connection[tuple[object, ...]]:
    settings = load_settings({"luna_home": stack.home, "db_port": stack.ports["DB_PORT"], "database_url": None})
    return psycopg.connect(database_urls(settings, load_secrets(settings)).owner, autocommit=True, connect_timeout=60)


def kill_part(name: str) -> Callable[[Stack], None]:
    def kill(stack: Stack) -> None:
        os.kill(parts(stack)[name], signal.SIGKILL)

    return kill


def kill_run_worker(stack: Stack) -> None:
    """The run's process is a descendant of the code server; it holds the drain lock."""
    code_server = psutil.Process(parts(stack)["code_server"])
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        workers = [child for child in code_server.children(recursive=True) if _is_run_worker(child)]
        if workers:
            for worker in workers:
                worker.kill()
            return
        time.sleep(0.1)
    pytest.fail("no run worker was seen")


def _is_run_worker(process: psutil.Process) -> bool:
    """Runs are forked from the code server's fork server, which is itself such a process."""
    try:
        parent = process.parent()
        return parent is not None and all("forkserver" in " ".join(one.cmdline()) for one in (process, parent))
    except psutil.Error:
        return False


def states(stack: Stack, marker: str) -> list[tuple[str, str, int]]:
    with owner(stack) as connection:
        rows = connection.execute(
            "SELECT file_name, status, coalesce(length(error), 0) FROM items"
            " WHERE file_name LIKE %s AND deleted_at IS NULL",
            (f"{marker}-%",),
        ).fetchall()
    return [(str(name), str(status), int(str(length))) for name, status, length in rows]


def wait_until_amid(stack: Stack, marker: str) -> int:
    """Wait until some documents have been begun; how many have ended by then."""
    deadline = time.monotonic() + ENDED_WITHIN_S
    while time.monotonic() < deadline:
        rows = states(stack, marker)
        if sum(status != "received" for _, status, _ in rows) >= BEGUN:
            return sum(status in ("ready", "failed") for _, status, _ in rows)
        time.sleep(0.02)
    raise AssertionError("no document was begun")


def wait_until_all_ended(stack: Stack, marker: str) -> float:
    begun = time.monotonic()
    rows: list[tuple[str, str, int]] = []
    while time.monotonic() - begun < ENDED_WITHIN_S:
        try:
            rows = states(stack, marker)
        except psycopg.OperationalError:
            rows = []
        if len(rows) == DOCUMENTS and all(status in ("ready", "failed") for _, status, _ in rows):
            return time.monotonic() - begun
        time.sleep(1)
    raise AssertionError(
        f"not all ended: {[row for row in rows if row[1] not in ('ready', 'failed')][:5]} of {len(rows)}"
    )


@pytest.mark.parametrize(
    ("part", "kill"),
    [
        ("api", kill_part("api")),
        ("run worker", kill_run_worker),
        ("daemon", kill_part("daemon")),
        ("code server", kill_part("code_server")),
        ("database", kill_part("postgres")),
    ],
)
def test_every_document_ends_after_a_kill(stack: Stack, part: str, kill: Callable[[Stack], None]) -> None:
    marker = f"{part.replace(' ', '')}{uuid4().hex[:6]}"
    with ThreadPoolExecutor(1) as uploads:
        uploading = uploads.submit(upload, stack, marker)
        ended = wait_until_amid(stack, marker)
        kill(stack)
        uploading.result()
    assert ended < DOCUMENTS, "the kill came too late"
    took = wait_until_all_ended(stack, marker)
    stack.wait_healthy()
    rows = states(stack, marker)
    assert len({name for name, _, _ in rows}) == len(rows) == DOCUMENTS
    assert all(status == "ready" or length > 0 for _, status, length in rows)
    check_index(stack, marker)
    end_lingering(stack)
    check_runs(stack)
    print(f"{part}: {ended} of {DOCUMENTS} had ended before the kill, all {took:.0f} s after the last was uploaded")


def check_index(stack: Stack, marker: str) -> None:
    """Each ready document is found, with each passage once."""
    with owner(stack) as connection:
        doubled = connection.execute(
            """SELECT count(*) FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id
               WHERE i.file_name LIKE %s GROUP BY i.id, c.chunk_idx HAVING count(*) > 1""",
            (f"{marker}-%",),
        ).fetchall()
        ready = connection.execute(
            "SELECT id FROM items WHERE status = 'ready' AND file_name LIKE %s", (f"{marker}-%",)
        ).fetchall()
    assert not doubled
    item_id = str(ready[0][0])
    answer = stack.api.post(
        "/rag/search", json={"question": "Wallbox Netzbetreiber Antrag", "top_k": 50, "filters": {"item_id": item_id}}
    )
    hits = stack.data(answer)["hits"]
    assert hits
    assert len({hit["chunk_id"] for hit in hits}) == len(hits)


def end_lingering(stack: Stack) -> None:
    """A run stays for further documents unless another one waits for the lock; nobody waits here for that."""
    with owner(stack) as connection:
        connection.execute("SET lock_timeout = '150s'")
        connection.execute("SELECT pg_advisory_lock(%s)", (DRAIN_LOCK,))


def check_runs(stack: Stack, timeout_s: float = 200) -> None:
    """Dagster shows no run that hangs: what says it is alive works on something or ends."""
    statuses = "[QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]"
    query = f"{{ runsOrError(filter: {{statuses: {statuses}}}) {{ ... on Runs {{ results {{ runId }} }} }} }}"
    begun = time.monotonic()
    alive: list[object] = []
    while time.monotonic() - begun < timeout_s:
        try:
            body = httpx.post(
                f"http://127.0.0.1:{stack.ports['DAGSTER_PORT']}/graphql", json={"query": query}, timeout=30
            ).json()
            alive = body["data"]["runsOrError"]["results"]
            if not alive:
                return
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            pass
        time.sleep(2)
    raise AssertionError(f"runs hang: {alive}")
