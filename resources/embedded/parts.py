"""What the embedded stack consists of: each part's command, environment, port and sign of health.

Children get exactly the environment written here; nothing leaks in from the shell.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import httpx
from pydantic import SecretStr

from resources.embedded.ports import LOOPBACK
from resources.embedded.postgres import EmbeddedPostgres
from resources.secrets import DatabaseUrls
from resources.settings import Settings

PartName = Literal["postgres", "code_server", "webserver", "daemon", "api"]
ROOT = Path(__file__).resolve().parents[2]
CONNECTION_AGE_S = 1
"""How old a connection of Dagster's webserver may be when it is taken again; a database takes longer to come back."""
TITLES: dict[PartName, str] = {
    "postgres": "Datenbank",
    "code_server": "Dagster-Code",
    "webserver": "Dagster-Oberfläche",
    "daemon": "Dagster-Dienst",
    "api": "API und Seite",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One process that is kept running."""

    name: PartName
    argv: tuple[str, ...]
    env: dict[str, str]
    cwd: Path
    order: int
    """Lower starts earlier and stops later."""
    port: int | None
    port_variable: str | None
    address: str = LOOPBACK
    stop_signal: signal.Signals = signal.SIGTERM
    stop_wait_s: int = 10
    start_s: int = 6
    """A process that ends within this time counts as a failed start; after some of these it is given up."""

    @property
    def title(self) -> str:
        """The part's name for people."""
        return TITLES[self.name]


def build_parts(settings: Settings, urls: DatabaseUrls, postgres: EmbeddedPostgres | None) -> tuple[Part, ...]:
    """The parts of the stack that `settings` describe, in the order of their start."""
    home = settings.home
    python = sys.executable
    ours = child_environment(settings)
    dagster = {**ours, **dagster_environment(settings, urls)}
    workspace = str(home / "dagster" / "workspace.yaml")
    level = settings.log_level.lower()
    parts: list[Part] = []
    if postgres is not None:
        parts.append(
            Part(
                name="postgres",
                argv=tuple(postgres.argv()),
                env=postgres.environment(),
                cwd=home,
                order=10,
                port=settings.db_port,
                port_variable="DB_PORT",
                start_s=1,
                stop_signal=signal.SIGINT,
                stop_wait_s=30,
            )
        )
    parts.append(
        Part(
            name="code_server",
            argv=(
                *(python, "-m", "luna_assets.code_server", "api", "grpc", "-m", "luna_assets.definitions"),
                *("--host", LOOPBACK, "--port", str(settings.code_server_port), "--location-name", "luna_assets"),
                *("--use-python-environment-entry-point", "--log-level", level, "--log-format", "json"),
            ),
            env=dagster,
            cwd=ROOT,
            order=20,
            port=settings.code_server_port,
            port_variable="CODE_SERVER_PORT",
        )
    )
    parts.append(
        Part(
            name="webserver",
            argv=(
                *(python, "-m", "dagster_webserver", "--host", LOOPBACK, "--port", str(settings.dagster_port)),
                *("--workspace", workspace, "--dagster-log-level", level, "--log-format", "json"),
                # A connection that it kept from before the database's restart would fail the first launch after it.
                *("--db-pool-recycle", str(CONNECTION_AGE_S)),
            ),
            env=dagster,
            cwd=ROOT,
            order=30,
            port=settings.dagster_port,
            port_variable="DAGSTER_PORT",
        )
    )
    parts.append(
        Part(
            name="daemon",
            argv=(
                *(python, "-m", "dagster._daemon", "run", "--workspace", workspace),
                *("--log-level", level, "--log-format", "json"),
            ),
            env=dagster,
            cwd=ROOT,
            order=30,
            port=None,
            port_variable=None,
            # it has no port to ask, so its health is that it stayed
            start_s=3,
        )
    )
    parts.append(
        Part(
            name="api",
            argv=(
                *(python, "-m", "uvicorn", "luna_api.app:create_app", "--factory"),
                *("--host", settings.bind_address, "--port", str(settings.api_port), "--no-access-log"),
                *("--no-server-header", "--timeout-graceful-shutdown", "5", "--log-level", level),
                *("--log-config", str(Path(__file__).with_name("uvicorn_logging.json"))),
            ),
            env=ours,
            cwd=ROOT,
            order=40,
            port=settings.api_port,
            port_variable="API_PORT",
            address=settings.bind_address,
        )
    )
    return tuple(parts)


def build_ports(settings: Settings) -> dict[str, tuple[str, int]]:
    """The variable of each port that the stack listens on, with address and number."""
    ports = {
        "API_PORT": (settings.bind_address, settings.api_port),
        "DAGSTER_PORT": (LOOPBACK, settings.dagster_port),
        "CODE_SERVER_PORT": (LOOPBACK, settings.code_server_port),
    }
    if settings.database_url is None:
        ports["DB_PORT"] = (LOOPBACK, settings.db_port)
    return ports


def child_environment(settings: Settings) -> dict[str, str]:
    """The settings as variables, and what a Python process needs beside them."""
    values: dict[str, str] = {}
    for name, value in settings:
        # Whether EMBED_MODEL was set counts (`Settings.index_model`), so its default is not set for children.
        if value is None or (name == "embed_model" and name not in settings.model_fields_set):
            continue
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        values[name.upper()] = str(plain)
    values["LUNA_HOME"] = str(settings.home)
    return {
        **values,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(Path.home()),
        "TMPDIR": tempfile.gettempdir(),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        # two cores are shared by all parts: a thread pool per process only costs memory
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # glibc keeps an arena per thread otherwise; the servers have many threads
        "MALLOC_ARENA_MAX": "2",
        "NO_COLOR": "1",
    }


def dagster_environment(settings: Settings, urls: DatabaseUrls) -> dict[str, str]:
    """What `dagster.yaml` and `workspace.yaml` ask of the environment."""
    database = urlsplit(urls.dagster)
    folder = settings.home / "dagster"
    return {
        "DAGSTER_HOME": str(folder),
        "LUNA_DAGSTER_DB_USER": unquote(database.username or ""),
        "LUNA_DAGSTER_DB_PASSWORD": unquote(database.password or ""),
        "LUNA_DAGSTER_DB_HOST": database.hostname or LOOPBACK,
        "LUNA_DAGSTER_DB_PORT": str(database.port or 5432),
        "LUNA_DAGSTER_DB_NAME": database.path.lstrip("/"),
        "LUNA_CODE_SERVER_HOST": LOOPBACK,
        "LUNA_CODE_SERVER_PORT": str(settings.code_server_port),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }


def fault_of(part: Part, settings: Settings, postgres: EmbeddedPostgres | None) -> str | None:
    """Why the part does not answer yet, None when it is healthy. The daemon has no port: its process is its health."""
    try:
        if part.name == "postgres" and postgres is not None:
            return postgres.connect_fault()
        if part.name == "code_server":
            socket.create_connection((LOOPBACK, settings.code_server_port), timeout=1).close()
        elif part.name == "webserver":
            return location_fault(settings)
        elif part.name == "api":
            answer = httpx.get(f"{settings.api_url}/health", timeout=5, trust_env=False)
            if answer.status_code != 200:
                return f"/health antwortet mit {answer.status_code}"
    except (OSError, httpx.HTTPError) as fault:
        return f"{type(fault).__name__}: {fault}"
    return None


def location_fault(settings: Settings) -> str | None:
    """Why the webserver does not serve the code location, None when it does."""
    query = (
        "{ workspaceOrError { ... on Workspace { locationEntries { name loadStatus "
        "locationOrLoadError { __typename ... on PythonError { message } } } } } }"
    )
    answer = httpx.post(f"{settings.dagster_url}/graphql", json={"query": query}, timeout=5, trust_env=False)
    answer.raise_for_status()
    try:
        entries = answer.json()["data"]["workspaceOrError"]["locationEntries"]
        entry = next(entry for entry in entries if entry["name"] == "luna_assets")
        location = entry["locationOrLoadError"] or {}
    except (ValueError, KeyError, TypeError, StopIteration):
        return "kennt den Code-Standort luna_assets noch nicht"
    if location.get("__typename") == "PythonError":
        return str(location.get("message", "")).strip().splitlines()[0][:300]
    return None if location.get("__typename") == "RepositoryLocation" else "lädt den Code-Standort"
