"""The rights that the extraction child gives up: tried in a process of its own, for they do not come back."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from resources.extractor import EmbeddedExtractor
from tests.integration.extractor.conftest import child_of

ROOT = Path(__file__).resolve().parents[3]
PROBE = r"""
import ctypes, os, socket, subprocess, sys, threading
sys.path.insert(0, sys.argv[1])
from resources.extractor import sandbox
target = int(sys.argv[2])
measures = sandbox.apply(1500 * 1024 * 1024, 60)
def refused(action):
    try:
        action()
    except OSError as error:
        return type(error).__name__
    except Exception as error:
        return "other " + type(error).__name__
    return "allowed"
results = {
    "read": refused(lambda: open("/etc/passwd").read()),
    "write": refused(lambda: open("/tmp/probe-of-the-sandbox", "w")),
    "list": refused(lambda: os.listdir("/")),
    "network": refused(lambda: socket.socket()),
    "program": refused(lambda: os.execv("/bin/true", ["true"])),
    "process": refused(os.fork),
    "signal": refused(lambda: os.kill(target, 9)),
    "root": refused(lambda: os.setuid(0)) if os.getuid() else "allowed",
}
done = []
thread = threading.Thread(target=lambda: done.append(1))
thread.start()
thread.join()
results["thread"] = "allowed" if done else "missing"
try:
    block = bytearray(2 * 1024 * 1024 * 1024)
    results["memory"] = "allowed"
except MemoryError:
    results["memory"] = "MemoryError"
print(repr((measures, results)))
"""


def _probe() -> tuple[dict[str, str], dict[str, str]]:
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", PROBE, str(ROOT), str(bystander.pid)],
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert bystander.poll() is None
        measures, results = eval(done.stdout)  # noqa: S307 - the probe above wrote it
        return measures, results
    finally:
        bystander.kill()
        bystander.wait()


@pytest.fixture(scope="module")
def probed() -> tuple[dict[str, str], dict[str, str]]:
    return _probe()


@pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"), reason="no system call table for this machine")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the measures are Linux's")
def test_seccomp_refuses_files_network_programs_and_signals(probed: tuple[dict[str, str], dict[str, str]]) -> None:
    measures, results = probed
    if "Seccomp:" not in Path("/proc/self/status").read_text(encoding="utf-8"):
        pytest.skip("this kernel is built without seccomp")
    assert measures["seccomp"].startswith("on")
    for action in ("read", "write", "list", "network", "program", "process", "signal"):
        assert results[action] == "PermissionError", action


def test_threads_and_memory_within_bounds_stay_possible(probed: tuple[dict[str, str], dict[str, str]]) -> None:
    measures, results = probed
    assert results["thread"] == "allowed"
    assert results["memory"] == "MemoryError"
    assert measures["rlimits"] == "on"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
def test_root_is_given_up(probed: tuple[dict[str, str], dict[str, str]]) -> None:
    measures, results = probed
    assert measures["user"].startswith("uid ")
    assert results["root"] == "PermissionError"


def test_child_reports_its_measures(extractor: EmbeddedExtractor) -> None:
    measures = extractor.describe()
    assert {"rlimits", "user", "no_new_privs", "landlock", "seccomp"} <= set(measures)
    assert "pypdfium2" in extractor.version
    assert "kreuzberg" in extractor.version


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted in /proc")
def test_child_inherits_no_descriptor_and_no_environment() -> None:
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    os.environ["LUNA_TEST_SECRET"] = "must not be seen"
    try:
        with EmbeddedExtractor() as extractor:
            pid = child_of(extractor).pid
            try:
                links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except PermissionError:
                pytest.skip("another user's descriptors cannot be seen here")
            assert environment.strip(b"\x00") == b""
            assert str(Path(f"/proc/self/fd/{reader}").readlink()) not in links
            # Its own status, where the peak of its memory stands, it has opened by itself.
            allowed = {os.devnull, f"/proc/{pid}/status"}
            assert all(link.startswith("pipe:") or link in allowed for link in links), links
    finally:
        del os.environ["LUNA_TEST_SECRET"]
        os.close(reader)
        os.close(writer)
