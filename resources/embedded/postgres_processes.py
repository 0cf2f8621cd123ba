"""Which processes are the database server of a data folder, and how they are made to end.

A process counts by where it lives, not by its number alone: numbers are given to others after a crash.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil


def pid_file_lines(data: Path) -> list[str]:
    """Lines of the server's own lock file (first its pid, fourth its port), none where there is no such file.

    Raises `PermissionError` where the folder is closed to this user.
    """
    try:
        return (data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def pid_of(lines: list[str], data: Path) -> int | None:
    """The pid that the lock file's `lines` name, if that process really is the server of `data`."""
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if is_server_of(data, pid) else None


def is_server_of(data: Path, pid: int) -> bool:
    """Whether process `pid` lives and belongs to the server of `data` (the server itself or one of its backends)."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
            return False
        try:
            # the server lives in its data folder, whatever its command line says
            return Path(process.cwd()) == data
        except psutil.AccessDenied:
            return str(data) in process.cmdline()
    except psutil.Error:
        return False


def end_server(
    data: Path, pid: int, child: subprocess.Popen[bytes] | None, first: signal.Signals, timeout_s: float
) -> None:
    """Ask the server `pid` to end with the signal `first`; after `timeout_s` it is made to.

    `child` is the server where this process started it: it is waited for, so that no zombie is left.
    """
    for step, patience_s in ((first, timeout_s), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, step)
        if _gone(data, pid, child, patience_s):
            break


def end_survivors(data: Path) -> None:
    """Backends outlive a killed postmaster for a while and hold its memory; who does not end is ended."""
    patience = time.monotonic() + 2.0
    survivors = _survivors(data)
    while survivors and time.monotonic() < patience:
        time.sleep(0.05)
        survivors = _survivors(data)
    for step in (signal.SIGQUIT, signal.SIGKILL):
        for process in survivors:
            with contextlib.suppress(psutil.Error):
                process.send_signal(step)
        _, survivors = psutil.wait_procs(survivors, timeout=3.0)
        if not survivors:
            return


def _survivors(data: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if is_server_of(data, process.pid)]


def _gone(data: Path, pid: int, child: subprocess.Popen[bytes] | None, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if child is not None and child.pid == pid:
            if child.poll() is not None:
                return True
        elif not is_server_of(data, pid):
            return True
        time.sleep(0.02)
    return False
