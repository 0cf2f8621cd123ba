"""Builds a real Ollama server from its source, starts it on the loopback and runs the tests of models against it.

The build takes minutes once (much longer on a busy machine), so it is done only where `LUNA_TEST_OLLAMA=1` asks for it;
a server that was built before is used always. Where Go, a compiler or the source cannot be had, that is reported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.places import ROOT, free_port
from tests.services.debian import SUITE, CannotBeHadError, ToolError, _run, _updated_apt
from tests.services.process import serving

VERSION = "v0.17.4"
CACHE = ROOT / ".cache" / "services" / "ollama"
BINARY = ROOT / ".cache" / "services" / "go" / "bin" / "ollama"
WANTED = "LUNA_TEST_OLLAMA"
HEADERS = ("nlohmann-json3-dev", "libstb-dev", "libminiaudio-dev")
BUILD_TIMEOUT_S = 3600
START_TIMEOUT_S = 60
PYTEST_TIMEOUT_S = 600


def run(folder: Path) -> tuple[int, dict[str, str]]:
    """Obtain, start, test, stop. The exit code of the suite, and what became of the server."""
    missing = _obtain()
    if missing is not None:
        return 0, {"Ollama": missing}
    with started(folder) as address:
        version = address and _said_version(address)
        if address is None or version is None:
            return 1, {"Ollama": f"built, but it gave no answer within {START_TIMEOUT_S} s"}
        code = _suite(address)
    return code, {
        "Ollama": f"{VERSION} (says {version})",
        "Ollama suite": "passed" if code == 0 else f"FAILED (pytest ended with {code})",
    }


@contextmanager
def started(folder: Path) -> Generator[str | None]:
    """The address of the server that was built, its models in `folder`; None where it does not answer in time."""
    port = free_port()
    environment = os.environ | {
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(folder / "models"),
        "HOME": str(folder),
        "OLLAMA_KEEP_ALIVE": "30s",
        "OLLAMA_NUM_PARALLEL": "1",
    }
    address = f"http://127.0.0.1:{port}"
    with serving([str(BINARY), "serve"], folder / "ollama.log", environment) as process:
        until = time.monotonic() + START_TIMEOUT_S
        while _said_version(address) is None and time.monotonic() < until and process.poll() is None:
            time.sleep(0.3)
        yield address if _said_version(address) else None


def _obtain() -> str | None:
    """The server's program in the cache; why it is not there, or None."""
    if BINARY.exists():
        return None
    if not os.environ.get(WANTED):
        return f"not built yet; {WANTED}=1 builds it (minutes, once)"
    for tool in ("go", "g++"):
        if shutil.which(tool) is None:
            return f"cannot be had here: {tool} is not installed"
    try:
        includes = _headers()
    except (CannotBeHadError, ToolError, OSError) as fault:
        return f"cannot be had here: {fault}"
    BINARY.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "GOBIN": str(BINARY.parent),
        "CGO_ENABLED": "1",
        "CGO_CPPFLAGS": " ".join(f"-I{path}" for path in includes),
    }
    command = ["go", "install", f"github.com/ollama/ollama@{VERSION}"]
    try:
        built = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"cannot be had here: the build took longer than {BUILD_TIMEOUT_S} s"
    if built.returncode != 0 or not BINARY.exists():
        told = [line for line in built.stderr.splitlines() if "error" in line] or ["no reason given"]
        return f"cannot be had here: the build failed ({told[0][:160]})"
    return None


def _headers() -> list[Path]:
    """Folders with the headers that the source names but does not bring, from Debian's packages."""
    tree = CACHE / "tree"
    include = tree / "usr" / "include"
    if not (include / "miniaudio.h").exists():
        print(f"Ollama: asking this machine's Debian mirror for headers ({SUITE}) ...", flush=True)
        apt = _updated_apt(CACHE / "apt")
        apt.run("apt-get", "download", *HEADERS, timeout_s=300)
        for package in sorted((apt.folder / "packages").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(tree)], 60)
        shutil.rmtree(apt.folder, ignore_errors=True)
    # The source says miniaudio/miniaudio.h, where it brings a folder of its own for others.
    nested = CACHE / "nested" / "miniaudio"
    nested.mkdir(parents=True, exist_ok=True)
    shutil.copy2(include / "miniaudio.h", nested / "miniaudio.h")
    return [include, nested.parent, include / "nlohmann", include / "stb"]


def _said_version(address: str) -> str | None:
    try:
        return str(httpx.get(f"{address}/api/version", timeout=2).json()["version"])
    except (httpx.TransportError, ValueError, KeyError):
        return None


def _suite(address: str) -> int:
    environment = os.environ | {"LUNA_TEST_OLLAMA_HOST": address}
    command = [sys.executable, "-m", "pytest", "tests/services/test_ollama.py", "--timeout=300"]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=PYTEST_TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1
