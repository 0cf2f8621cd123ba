"""Runs the contract of the object store on real servers that speak S3: MinIO and versitygw, built from their source.

Where Go or the sources cannot be had, a server is reported as not obtained; one that was built and fails is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.places import ROOT, free_port
from tests.services.process import serving

CACHE = ROOT / ".cache" / "services" / "go"
BUILD_TIMEOUT_S = 900
START_TIMEOUT_S = 30
PYTEST_TIMEOUT_S = 300
ACCESS_KEY, SECRET_KEY = "luna-test", "luna-test-secret"


@dataclass(frozen=True, slots=True)
class Server:
    """A server: the Go package it is built from, how it is started, and the variables that carry its keys."""

    name: str
    package: str
    arguments: tuple[str, ...]
    key_variables: tuple[str, str]

    @property
    def program(self) -> Path:
        """Where its program is."""
        return CACHE / "bin" / self.name


SERVERS = (
    Server(
        "minio",
        "github.com/minio/minio@latest",
        ("server", "--address", "127.0.0.1:{port}", "--console-address", "127.0.0.1:{console}", "{folder}"),
        ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
    ),
    Server(
        "versitygw",
        "github.com/versity/versitygw/cmd/versitygw@latest",
        ("--port", "127.0.0.1:{port}", "posix", "{folder}"),
        ("ROOT_ACCESS_KEY", "ROOT_SECRET_KEY"),
    ),
)


def run(folder: Path) -> tuple[int, dict[str, str]]:
    """Build, start, test, stop. The exit code of the suite, and what became of each server."""
    told: dict[str, str] = {}
    with ExitStack() as stack:
        addresses: dict[str, str] = {}
        for server in SERVERS:
            missing = _build(server)
            if missing is not None:
                told[server.name] = f"cannot be had here: {missing}"
                continue
            try:
                addresses[server.name] = stack.enter_context(_running(server, folder / server.name))
                told[server.name] = "runs"
            except TimeoutError as fault:
                told[server.name] = f"obtained, but it does not start: {fault}"
                return 1, told
        if not addresses:
            return 0, told
        code = _suite(addresses)
        return code, told | {"object store suite": "passed" if code == 0 else f"FAILED (pytest ended with {code})"}


def _build(server: Server) -> str | None:
    """Make the program where it is missing; why that cannot be done, or None."""
    if server.program.exists():
        return None
    go = shutil.which("go")
    if go is None:
        return "Go is not installed"
    environment = os.environ | {"GOBIN": str(server.program.parent), "GOFLAGS": "-buildvcs=false"}
    try:
        built = subprocess.run(
            [go, "install", server.package],
            env=environment,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the build took longer than {BUILD_TIMEOUT_S} s"
    return None if built.returncode == 0 else "the build failed"


@contextmanager
def _running(server: Server, folder: Path) -> Iterator[str]:
    folder.mkdir(parents=True)
    port, console = free_port(), free_port()
    words = [word.format(port=port, console=console, folder=folder) for word in server.arguments]
    keys = dict(zip(server.key_variables, (ACCESS_KEY, SECRET_KEY), strict=True))
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), **keys}
    command = [str(server.program), *words]
    with serving(command, folder.parent / f"{server.name}.log", environment) as process:
        _wait(port, process, server.name)
        yield f"http://127.0.0.1:{port}"


def _wait(port: int, process: subprocess.Popen[bytes], name: str) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until and process.poll() is None:
        try:
            # Any answer will do; without a signature it is a refusal.
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"{name} gave no answer within {START_TIMEOUT_S} s, or ended")


def _suite(addresses: Mapping[str, str]) -> int:
    environment = os.environ | {"LUNA_TEST_S3": " ".join(f"{name}={url}" for name, url in addresses.items())}
    suites = ("tests/contract/test_object_store.py", "tests/contract/test_drop_bucket.py")
    command = [sys.executable, "-m", "pytest", *suites, "--timeout=120"]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=PYTEST_TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1
