"""Runs the suites on real servers: the database's on TimescaleDB, the object store's on servers that speak S3, the
extractor's on Tika, the models' on Ollama, the index's on Qdrant.

TimescaleDB is Debian's, the Apache edition. `TIMESCALEDB_INSTALL` names the folder (the one that has `bin`) of another
PostgreSQL with TimescaleDB and pgvector, for instance with the community edition.

Obtain, start, run pytest, stop, sum up. The exit code is pytest's. Where a server cannot be had the run passes and its
summary says so; a server that was obtained and does not start is a failure.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import psycopg

from resources.embedded.errors import EmbeddedError
from resources.embedded.postgres import EmbeddedPostgres
from resources.embedded.postgres_binaries import may_enter, unprivileged_user
from tests.conftest import POSTGRES_URL_VARIABLE, ROOT, free_port
from tests.postgres import HASTY, with_settings
from tests.services import ollama, qdrant, s3, tika
from tests.services.debian import CannotBeHadError, Obtained, ToolError, copied_to, obtain

CACHE = ROOT / ".cache" / "services" / "timescaledb"
INSTALL_VARIABLE = "TIMESCALEDB_INSTALL"
SUITES = (
    "tests/services",
    "tests/integration/sql",
    "tests/integration/documents",
    "tests/integration/series",
    "tests/contract/passage_index",
    "tests/integration/api",
)
IN_PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
PYTEST_TIMEOUT_S = 1500


class TimescaleServer(EmbeddedPostgres):
    """The server Luna embeds, run from other binaries and with TimescaleDB loaded."""

    def __init__(self, home: Path, install: Path) -> None:
        super().__init__(home, free_port(), secrets.token_hex(12), install)

    @property
    def maintenance_url(self) -> str:
        """Address of the database `postgres`."""
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        """Address of a database for the owner."""
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def argv(self) -> list[str]:
        """The command that is the server, with TimescaleDB loaded.

        Its schedulers stay off: one of them connects to every database, also while a test copies that database, which
        PostgreSQL then refuses. They work off policies, which the Apache edition does not have.
        """
        settings = {
            "shared_preload_libraries": "timescaledb",
            "timescaledb.max_background_workers": "0",
            "timescaledb.telemetry_level": "off",
        }
        return with_settings(super().argv(), settings | HASTY)

    def install_extension(self) -> dict[str, str]:
        """Put TimescaleDB into every database made from now on; what runs, by name and version."""
        with psycopg.connect(self.database_url("template1"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION timescaledb")
            row = connection.execute(
                "SELECT current_setting('server_version'), current_setting('timescaledb.license', true),"
                " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),"
                " (SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
            ).fetchone()
        assert row is not None
        server, edition, timescale, vector = map(str, row)
        return {"PostgreSQL": server, "TimescaleDB": f"{timescale} ({edition} edition)", "pgvector": vector}


def main() -> int:
    """The whole run. Returns the exit code."""
    signal.signal(signal.SIGTERM, _terminated)
    codes: list[int] = []
    for part in (s3.run, tika.run, ollama.run, qdrant.run):
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="luna-services-") as folder:
            code, told = part(Path(folder))
        _summary(told, [f"{time.monotonic() - begun:.1f} s"])
        codes.append(code)
    codes.append(database())
    return max(codes)


def database() -> int:
    """The suites of the database on TimescaleDB. Returns the exit code."""
    try:
        obtained = _given() or obtain(CACHE)
    except CannotBeHadError as fault:
        _summary({"TimescaleDB": f"cannot be had here: {fault}"}, ["nothing ran; plain PostgreSQL: make test"])
        return 0
    except ToolError as fault:
        _summary({"TimescaleDB": f"there, but it cannot be made ready: {fault}"}, [f"see {CACHE.relative_to(ROOT)}"])
        return 1
    how = "named" if INSTALL_VARIABLE in os.environ else "from the cache" if obtained.cached else "obtained"
    print(f"TimescaleDB: {how} in {obtained.seconds:.1f} s", flush=True)
    times = [f"{how} in {obtained.seconds:.1f} s"]
    try:
        with ExitStack() as stack:
            begun = time.monotonic()
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luna-services-")))
            server = stack.enter_context(_server(folder, obtained))
            versions = server.install_extension()
            times.append(f"started in {time.monotonic() - begun:.1f} s")
            print(f"TimescaleDB: runs; {', '.join(f'{name} {what}' for name, what in versions.items())}", flush=True)
            begun = time.monotonic()
            code = _pytest(server.maintenance_url)
            times.append(f"tests in {time.monotonic() - begun:.1f} s")
    except (EmbeddedError, ToolError, psycopg.Error) as fault:
        _summary({"TimescaleDB": f"obtained, but the server failed: {fault}"} | obtained.versions, times)
        return 1
    result = "passed" if code == 0 else f"FAILED (pytest ended with {code})"
    _summary({"TimescaleDB suites": result} | versions | obtained.versions, times)
    return code


def _given() -> Obtained | None:
    """The PostgreSQL that the environment names instead of Debian's; it is used where it lies."""
    named = os.environ.get(INSTALL_VARIABLE)
    if not named:
        return None
    install = Path(named)
    program = install / "bin" / "postgres"
    if not program.is_file():
        raise ToolError(f"{INSTALL_VARIABLE}={named} has no bin/postgres; example: /usr/lib/postgresql/18")
    user = unprivileged_user()
    if user is not None and not may_enter(program, user):
        raise ToolError(f"{INSTALL_VARIABLE}={named}: the user {user.name} may not enter it")
    return Obtained(install, {}, 0.0, cached=True)


def _server(folder: Path, obtained: Obtained) -> TimescaleServer:
    server = TimescaleServer(folder / "home", obtained.install)
    if server.run_as is not None and not may_enter(obtained.install / "bin" / "postgres", server.run_as):
        folder.chmod(0o755)
        server = TimescaleServer(folder / "home", copied_to(obtained, folder).install)
    return server


def _pytest(url: str) -> int:
    command = [sys.executable, "-m", "pytest", *SUITES, *IN_PARALLEL]
    try:
        return subprocess.run(
            command, cwd=ROOT, env=os.environ | {POSTGRES_URL_VARIABLE: url}, timeout=PYTEST_TIMEOUT_S, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        print(f"pytest was not done within {PYTEST_TIMEOUT_S} s", flush=True)
        return 1


def _summary(parts: dict[str, str], times: list[str]) -> None:
    print("\n-- services " + "-" * 60)
    width = max(map(len, parts)) + 1
    for name, what in parts.items():
        print(f"{name + ':':<{width}} {what}")
    print("; ".join(times), flush=True)


def _terminated(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
