"""Starts a real Tika server from Maven's archive and runs the tests of the extractor against it.

Where Java, Maven or the archive cannot be had, that is reported; a server that was obtained and fails is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.places import ROOT, free_port
from tests.services.process import serving

VERSION = "3.2.2"
CACHE = ROOT / ".cache" / "services" / "tika"
JAR = CACHE / f"tika-server-standard-{VERSION}.jar"
DOWNLOAD_TIMEOUT_S = 600
START_TIMEOUT_S = 60
PYTEST_TIMEOUT_S = 600


def run(folder: Path) -> tuple[int, dict[str, str]]:
    """Obtain, start, test, stop. The exit code of the suite, and what became of the server."""
    missing = _obtain()
    if missing is not None:
        return 0, {"Tika": f"cannot be had here: {missing}"}
    port = free_port()
    java = shutil.which("java") or "java"
    command = [java, "-Xmx600m", "-jar", str(JAR), "--host", "127.0.0.1", "--port", str(port)]
    with serving(command, folder / "tika.log") as process:
        version = _version(port, process)
        if version is None:
            return 1, {"Tika": f"obtained, but it gave no answer within {START_TIMEOUT_S} s"}
        code = _suite(port)
    return code, {"Tika": version, "Tika suite": "passed" if code == 0 else f"FAILED (pytest ended with {code})"}


def _obtain() -> str | None:
    """The server's archive in the cache; why it cannot be had, or None."""
    if shutil.which("java") is None:
        return "Java is not installed"
    if JAR.exists():
        return None
    maven = shutil.which("mvn")
    if maven is None:
        return "Maven is not installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    artifact = f"org.apache.tika:tika-server-standard:{VERSION}"
    command = [maven, "-q", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={CACHE}"]
    try:
        copied = subprocess.run(command, capture_output=True, timeout=DOWNLOAD_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"the download took longer than {DOWNLOAD_TIMEOUT_S} s"
    return None if copied.returncode == 0 and JAR.exists() else "the download failed"


def _version(port: int, process: subprocess.Popen[bytes]) -> str | None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/version", timeout=2).text.strip()
        except httpx.TransportError:
            time.sleep(0.3)
    return None


def _suite(port: int) -> int:
    environment = os.environ | {"LUNA_TEST_TIKA": f"http://127.0.0.1:{port}"}
    command = [sys.executable, "-m", "pytest", "tests/services/test_tika.py", "--timeout=120"]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=PYTEST_TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1
