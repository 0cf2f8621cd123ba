"""Which files an ingest takes, under which reference, and how it bears an API that is busy, doubles or fails."""

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from luna_cli.answers import place, print_answer
from luna_cli.client import ApiFaultError, LunaClient, NotRunningError
from luna_cli.ingest import Ingest, Source, UnusableError, find_sources
from resources.settings import load_settings
from tests.local_server import LocalServer
from tests.places import free_port

Answer = tuple[int, dict[str, str], Any]


def touch(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_folders_are_walked_and_hidden_files_left_out(tmp_path: Path) -> None:
    for name in ("b/c.md", "a.md", ".hidden.md", ".git/config", "b/.x/y.md"):
        touch(tmp_path / "docs" / name)
    found = find_sources([tmp_path / "docs"])
    assert [source.reference for source in found] == ["a.md", "b/c.md"]


def test_a_file_named_by_itself_has_no_reference(tmp_path: Path) -> None:
    file = touch(tmp_path / "Vertrag.md")
    assert find_sources([file]) == [Source(file, None)]


def test_references_are_one_form_of_unicode(tmp_path: Path) -> None:
    touch(tmp_path / "Gro\u0308ße.md")
    assert [source.reference for source in find_sources([tmp_path])] == ["Größe.md"]


def test_a_file_reached_twice_is_taken_once(tmp_path: Path) -> None:
    file = touch(tmp_path / "docs" / "a.md")
    assert len(find_sources([tmp_path / "docs", file, tmp_path / "docs"])) == 1


def test_two_folders_with_the_same_reference_are_refused(tmp_path: Path) -> None:
    touch(tmp_path / "one" / "a.md")
    touch(tmp_path / "two" / "a.md")
    with pytest.raises(UnusableError, match=r"a\.md.*zwei der Ordner"):
        find_sources([tmp_path / "one", tmp_path / "two"])
    assert len(find_sources([tmp_path])) == 2


def test_loops_of_links_end(tmp_path: Path) -> None:
    touch(tmp_path / "a.md")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert len(find_sources([tmp_path])) == 1


class FaultyApi:
    """An API that answers what a test tells it: faults the real one cannot be brought to on demand."""

    def __init__(self, answer: Callable[[str, str, int], Answer]) -> None:
        self.seen: list[tuple[str, str, str | None]] = []
        self.in_flight = self.most_in_flight = 0
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
                with lock:
                    outer.in_flight += 1
                    outer.most_in_flight = max(outer.most_in_flight, outer.in_flight)
                    outer.seen.append((self.command, self.path, self.headers.get("X-Admin-Key")))
                    count = sum(path == self.path for _, path, _ in outer.seen)
                threading.Event().wait(0.02)
                status, headers, data = answer(self.path, body, count)
                with lock:
                    outer.in_flight -= 1
                good = status < 400
                told = {"status": "ok" if good else "error", "message": f"Satz {status}", "data": data, "trace_id": "t"}
                content = json.dumps(told).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = _serve  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = LocalServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def client(self, home: Path) -> LunaClient:
        overrides = {"luna_home": home, "api_port": self.server.server_port, "admin_api_key": "sixteen-characters"}
        return LunaClient(load_settings(overrides))


@pytest.fixture
def faulty() -> Iterator[Callable[[Callable[[str, str, int], Answer]], FaultyApi]]:
    made: list[FaultyApi] = []

    def make(answer: Callable[[str, str, int], Answer]) -> FaultyApi:
        made.append(FaultyApi(answer))
        return made[-1]

    yield make
    for api in made:
        api.server.shutdown()
        api.server.server_close()


def run(api: FaultyApi, home: Path, sources: list[Source]) -> Any:
    with api.client(home) as client:
        return Ingest(client, {"kind": "document", "tags": ["a", "b"]}).run(sources, Console(quiet=True))


Make = Callable[[Callable[[str, str, int], Answer]], FaultyApi]


def test_each_outcome_is_counted_and_at_most_four_are_in_flight(faulty: Make, tmp_path: Path) -> None:
    bodies: list[str] = []

    def answer(path: str, body: str, count: int) -> Answer:
        if path.endswith("/doc"):
            bodies.append(body)
            # By the name of the file: the form's random boundary may well hold the letters of „bad".
            if 'filename="same' in body:
                return 409, {}, {"item_id": "i-same", "status": "ready"}
            if 'filename="huge' in body:
                return 413, {}, None
            return 202, {}, {"item_id": "i-bad" if 'filename="bad' in body else "i-good", "status": "received"}
        if path.endswith("i-bad"):
            return 200, {}, {"status": "failed", "error": "verschlüsselt"}
        return 200, {}, {"status": "ready" if count > 3 else "processing"}

    api = faulty(answer)
    files = [touch(tmp_path / "d" / f"{name}.md", name) for name in ("good", "bad", "same", "huge")]
    files += [touch(tmp_path / "d" / f"same{number}.md", f"same{number}") for number in range(20)]
    summary = run(api, tmp_path, find_sources([tmp_path / "d"]))
    assert (summary.count("ready"), summary.count("unchanged"), summary.count("failed")) == (1, 21, 2)
    assert [(result.source.path.name, result.reason) for result in summary.failures] == [
        ("bad.md", "verschlüsselt"),
        ("huge.md", "Satz 413"),
    ]
    assert api.most_in_flight <= 4
    assert {key for _, _, key in api.seen} == {"sixteen-characters"}
    good = next(body for body in bodies if "good.md" in body)
    for expected in ('name="external_ref"', 'name="wait"\r\n\r\n0', 'name="tags"\r\n\r\na', 'name="tags"\r\n\r\nb'):
        assert expected in good


def test_a_pipe_gets_lines_at_intervals(faulty: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(path: str, body: str, count: int) -> Answer:
        if path.endswith("/doc"):
            return 202, {}, {"item_id": f"i-{len(body)}-{count}", "status": "received"}
        return 200, {}, {"status": "ready" if count > 2 else "processing"}

    monkeypatch.setattr("luna_cli.ingest.LINE_EVERY_S", 0.2)
    for number in range(12):
        touch(tmp_path / "d" / f"{number}.md", "x" * number)
    told = io.StringIO()
    begun = time.monotonic()
    with faulty(answer).client(tmp_path) as client:
        Ingest(client, {}).run(find_sources([tmp_path / "d"]), Console(file=told))
    intervals = (time.monotonic() - begun) / 0.2
    lines = told.getvalue().splitlines()
    assert lines[0] == "12 Dateien werden aufgenommen."
    assert 2 <= len(lines) <= intervals + 3
    assert all(re.fullmatch(r"Nach \d+ s: \d+ von 12 hochgeladen, \d+ von 12 fertig\.", line) for line in lines[1:])


def test_a_busy_api_is_asked_again(faulty: Make, tmp_path: Path) -> None:
    def answer(path: str, body: str, count: int) -> Answer:
        if count < 3:
            return (503, {}, {"part": "db"}) if count == 1 else (429, {"Retry-After": "1"}, None)
        return 200, {}, {"item_id": "i", "status": "ready"}

    api = faulty(answer)
    summary = run(api, tmp_path, [Source(touch(tmp_path / "a.md"), None)])
    assert summary.count("ready") == 1
    assert len(api.seen) == 3


def test_a_file_that_vanished_is_a_failure_and_no_crash(faulty: Make, tmp_path: Path) -> None:
    api = faulty(lambda path, body, count: (200, {}, {"item_id": "i", "status": "ready"}))
    summary = run(api, tmp_path, [Source(tmp_path / "gone.md", None), Source(touch(tmp_path / "a.md"), None)])
    assert (summary.count("ready"), summary.count("failed")) == (1, 1)


def test_another_program_on_the_port_is_told(tmp_path: Path, faulty: Make) -> None:
    api = faulty(lambda path, body, count: (200, {}, None))
    api.server.RequestHandlerClass.do_GET = lambda self: self.send_error(418)  # type: ignore[attr-defined]
    with api.client(tmp_path) as client, pytest.raises(ApiFaultError, match="nicht Luna"):
        client.get("/items", patience_s=0)


def test_nobody_on_the_port_is_told(tmp_path: Path) -> None:
    overrides = {"luna_home": tmp_path, "api_port": free_port(), "admin_api_key": "sixteen-characters"}
    with LunaClient(load_settings(overrides)) as client, pytest.raises(NotRunningError, match="antwortet niemand"):
        client.check()


def test_an_answer_shows_numbers_instead_of_ids_and_square_brackets_survive() -> None:
    chunk = "0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"
    console = Console(record=True, width=100, markup=False, quiet=False, file=None)
    with console.capture() as captured:
        print_answer(
            console,
            {
                "answer": f"Es gilt [1, S. 3] § 14a. [chunk {chunk}]",
                "summary": "",
                "citations": [{"chunk_id": chunk, "payload": {"title": "EnWG", "section": "§ 14a", "paragraph": "2"}}],
            },
        )
    assert "Es gilt [1, S. 3] § 14a. [1]" in captured.get()
    assert "[1] EnWG, § 14a, Abs. 2" in captured.get()


def test_a_place_without_section_falls_back_to_its_heading() -> None:
    assert place({"title": "Merkblatt", "heading_path": ["A", "B"], "page": 3}) == "Merkblatt, B, S. 3"
    assert place({"file_name": "a.pdf"}) == "a.pdf"
