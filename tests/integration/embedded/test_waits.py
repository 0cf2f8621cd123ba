"""What the embedded stack waits for has an end: a stuck supervisor, a tool that hangs, an absent Dagster."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from resources.embedded import postgres_data, supervisord
from resources.embedded.dagster_start import end_orphaned_runs
from resources.embedded.errors import EmbeddedError
from resources.embedded.postgres_binaries import Binaries
from resources.embedded.postgres_data import DataFolder
from resources.embedded.stack_record import StackRecord
from resources.embedded.supervisord import Supervisord
from tests.conftest import free_port


def record_of(path: Path, *, alive: bool = True) -> StackRecord:
    created = psutil.Process().create_time()
    return StackRecord(os.getpid(), created if alive else 0.0, str(path), "secret", "mark", time.time(), {})


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Path]:
    """A socket that takes every connection and answers none, as a stopped process does."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(8)
        yield path


def test_a_supervisor_that_is_stuck_is_given_up(stuck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisord, "_CALL_TIMEOUT_S", 0.3)
    told: list[BaseException] = []

    def ask() -> None:
        try:
            Supervisord(record_of(stuck)).states()
        except EmbeddedError as fault:
            told.append(fault)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it is waited for without end"
    assert "antwortet nicht" in str(told[0])


def test_a_supervisor_that_has_ended_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisord, "START_TIMEOUT_S", 3_600.0)
    with pytest.raises(EmbeddedError, match="antwortet nicht"):
        Supervisord(record_of(tmp_path / "none", alive=False)).await_answer()


def test_a_tool_that_hangs_is_ended_and_leaves_no_half_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_data, "_TOOL_TIMEOUT_S", 0.5)
    tool = tmp_path / "install" / "bin" / "initdb"
    tool.parent.mkdir(parents=True)
    tool.write_text("#!/bin/sh\nexec sleep 3000\n", "utf-8")
    tool.chmod(0o755)
    home = tmp_path / "home"
    data = DataFolder(home, "secret", None, Binaries(None, tmp_path / "install"), home / "postgres.log")
    data.make_parent()
    with pytest.raises(EmbeddedError, match="initdb ist nach"):
        data.make()
    assert list(data.folder.iterdir()) == []


def test_runs_that_cannot_be_ended_are_told() -> None:
    said = end_orphaned_runs(f"http://127.0.0.1:{free_port()}", time.time())
    assert said is not None
    assert "Läufe von früher" in said
