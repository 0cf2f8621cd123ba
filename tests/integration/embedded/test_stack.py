"""The whole embedded stack through the `luna` command: start, faults, stop; nothing is left behind."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from resources.embedded.home import LAYOUT
from resources.embedded.postgres import EmbeddedPostgres
from tests.conftest import ROOT, free_port
from tests.stack import LUNA, Stack

MISSING = [name for name in ("luna_assets.definitions", "luna_api.app") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not yet in the tree: {', '.join(MISSING)}"),
    pytest.mark.timeout(900),
]
# What needs a running stack is a drill: one is started for all of them there.
PARTS = {"postgres", "code_server", "webserver", "daemon", "api"}
GB = 1024**3


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("stack") / "Größe ä")
    with stack:
        yield stack
    assert left_of(stack) == []


def left_of(stack: Stack) -> list[str]:
    """Command lines of processes that belong to the stack's home."""
    found: list[str] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("LUNA_HOME") == str(stack.home) or process.cwd().startswith(str(stack.home)):
                found.append(" ".join(process.cmdline()))
    return found


def within(seconds: float, check: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.2)
    return False


def pids(stack: Stack) -> dict[str, int]:
    return {part["name"]: part["pid"] for part in stack.status()["parts"]}


def healthy(stack: Stack) -> bool:
    return stack.status()["overall"] == "ok"


def supervisor_of(stack: Stack) -> int:
    return int(json.loads((stack.home / "run" / "stack.json").read_text("utf-8"))["pid"])


@contextlib.contextmanager
def foreground(stack: Stack, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen([*LUNA, "dev"], cwd=ROOT, env=stack.environment, stdout=out, stderr=out)
        try:
            assert within(300, lambda: "hält alles an" in log.read_text("utf-8")), log.read_text("utf-8")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            stack.down()


@pytest.mark.drill
def test_status_tells_every_part_and_the_idle_memory_is_below_a_gigabyte(running: Stack) -> None:
    told = running.luna("status", "--json")
    status = json.loads(told.stdout)
    assert {part["name"] for part in status["parts"]} == PARTS
    assert {part["state"] for part in status["parts"]} == {"ok"}
    assert all(part["pid"] and part["memory_bytes"] > 1024**2 for part in status["parts"])
    assert status["memory_bytes"] < GB
    assert "Datenbank" in running.luna("status").stdout


@pytest.mark.drill
def test_page_api_and_dagster_answer_on_loopback_only(running: Stack) -> None:
    assert httpx.get(f"{running.base}/health").status_code == 200
    assert httpx.get(f"http://127.0.0.1:{running.ports['DAGSTER_PORT']}/server_info").status_code == 200
    ports = set(running.ports.values())
    listening = {
        # gRPC names the same address in its IPv6 spelling
        connection.laddr.ip.removeprefix("::ffff:")
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port in ports
    }
    assert listening == {"127.0.0.1"}


@pytest.mark.drill
def test_secrets_are_neither_in_command_lines_nor_readable_by_others(running: Stack) -> None:
    kept = json.loads((running.home / "secrets.json").read_text("utf-8"))
    assert not [line for line in left_of(running) if any(secret in line for secret in kept.values())]
    telling = [
        path
        for path in running.home.rglob("*")
        if path.is_file()
        and path.suffix in {".json", ".conf", ".yaml", ".log"}
        and any(secret.encode() in path.read_bytes() for secret in kept.values())
    ]
    assert running.home / "run" / "parts" / "code_server.json" in telling
    assert [path for path in telling if path.stat().st_mode & 0o077] == []
    assert running.home.stat().st_mode & 0o077 == 0


@pytest.mark.drill
def test_a_second_start_says_so_and_starts_nothing(running: Stack) -> None:
    before = pids(running)
    told = running.luna("dev")
    assert "läuft bereits" in told.stderr
    assert pids(running) == before


@pytest.mark.drill
def test_a_start_with_another_port_names_the_one_in_use(running: Stack) -> None:
    port = free_port()
    other = Stack(running.home, **{**{k: str(v) for k, v in running.ports.items()}, "API_PORT": str(port)})
    told = other.luna("dev", "--detach", check=False)
    assert told.returncode == 1
    assert f"API_PORT={running.ports['API_PORT']}" in told.stderr


@pytest.mark.drill
def test_killed_parts_come_back(running: Stack) -> None:
    before = pids(running)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.3)
    assert within(300, lambda: healthy(running)), running.luna("status", check=False).stdout
    after = pids(running)
    assert set(after) == PARTS
    assert not set(after.values()) & set(before.values())


@pytest.mark.drill
def test_ingest_counts_new_unchanged_and_failed_and_search_finds(running: Stack, tmp_path: Path) -> None:
    assert within(300, lambda: healthy(running))
    folder = tmp_path / "Akten"
    (folder / "Netz ä").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "hidden.md").write_text("# Verborgen\n\nNicht aufnehmen.\n", "utf-8")
    wallbox = folder / "Netz ä" / "Wallbox.md"
    wallbox.write_text("# Wallbox\n\nEine Wallbox über 4,2 kW muss beim Netzbetreiber angemeldet werden.\n", "utf-8")
    (folder / "broken.pdf").write_bytes(b"\x00\x01\x02 no document at all" * 50)

    first = running.luna("ingest", str(folder), "--tags", "netz, wallbox", "--valid-from", "2024-01-01", check=False)
    assert first.returncode == 1
    assert "1 aufgenommen, 0 unverändert, 1 gescheitert." in first.stdout
    assert "broken.pdf" in first.stdout
    (folder / "broken.pdf").unlink()

    again = running.luna("ingest", str(folder))
    assert "0 aufgenommen, 1 unverändert, 0 gescheitert." in again.stdout

    wallbox.write_text(wallbox.read_text("utf-8") + "\nDas gilt seit 2024.\n", "utf-8")
    assert "1 aufgenommen" in running.luna("ingest", str(folder)).stdout
    items = running.data(running.api.get("/items", params={"query": "Wallbox"}))
    assert "Verborgen" not in json.dumps(items, ensure_ascii=False)

    hits = json.loads(running.luna("search", "Wallbox anmelden", "--json").stdout)["hits"]
    payload = hits[0]["payload"]
    assert (payload["file_name"], payload["version"]) == ("Wallbox.md", 2)
    answer = running.luna("ask", "Wer muss bei einer Wallbox über 4,2 kW informiert werden?")
    assert "Netzbetreiber" in answer.stdout
    assert "[chunk" not in answer.stdout


@pytest.mark.drill
def test_migrate_beside_the_running_stack_and_doctor_find_nothing_to_do(running: Stack) -> None:
    assert "Nichts zu tun" in running.luna("migrate").stdout
    findings = json.loads(running.luna("doctor", "--json", check=False).stdout)
    assert [finding for finding in findings if finding["verdict"] == "fault"] == []
    assert {"pgvector", "API_PORT", "Speicherplatz"} <= {finding["subject"] for finding in findings}


@pytest.mark.drill
def test_a_foreground_start_outlives_its_supervisor_and_its_own_death(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "home")
    with foreground(stack, tmp_path / "log") as process:
        first = pids(stack)
        os.kill(supervisor_of(stack), signal.SIGKILL)
        assert within(300, lambda: healthy(stack) and not set(pids(stack).values()) & set(first.values()))
        assert "Aufsicht" in (tmp_path / "log").read_text("utf-8")
        for pid in first.values():
            assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE

        process.kill()
        process.wait()
        assert healthy(stack)
        assert "läuft bereits" in stack.luna("dev", "--detach").stderr
        assert "angehalten" in stack.luna("down").stderr
        assert left_of(stack) == []
    assert "lief nichts" in stack.luna("down").stderr


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "home")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", stack.ports["DAGSTER_PORT"]))
        holder.listen()
        told = stack.luna("dev", "--detach", check=False)
    assert told.returncode == 1
    assert f"Port {stack.ports['DAGSTER_PORT']} (DAGSTER_PORT)" in told.stderr
    assert f"PID {os.getpid()}" in told.stderr
    assert "Traceback" not in told.stderr
    assert left_of(stack) == []
    assert not (stack.home / "postgres").exists()


def test_a_home_of_a_newer_release_is_left_alone(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "home")
    stack.home.mkdir()
    mark = {"layout": LAYOUT + 1, "release": "99.0", "created_at": "2030-01-01T00:00:00+00:00"}
    (stack.home / "luna.json").write_text(json.dumps(mark), "utf-8")
    for command in (["dev", "--detach"], ["migrate"]):
        told = stack.luna(*command, check=False)
        assert told.returncode == 1
        assert "neueren Luna (99.0" in told.stderr
    assert [path.name for path in stack.home.iterdir()] == ["luna.json"]


@pytest.mark.drill
def test_with_database_url_no_server_of_ours_is_started_and_ctrl_c_stops_the_rest(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "elsewhere", free_port(), "owner of another place") as server:
        stack = Stack(tmp_path / "home", DATABASE_URL=server.url)
        with foreground(stack, tmp_path / "log") as process:
            assert set(pids(stack)) == PARTS - {"postgres"}
            assert not (stack.home / "postgres").exists()
            process.send_signal(signal.SIGINT)
            assert process.wait(200) == 0
            assert left_of(stack) == []
        assert stack.luna("status", check=False).returncode == 3
        assert server.is_running()
    unreachable = Stack(tmp_path / "third", DATABASE_URL=server.url)
    told = unreachable.luna("dev", "--detach", check=False)
    assert told.returncode == 1
    assert "DATABASE_URL" in told.stderr
    assert left_of(unreachable) == []
