"""Keeps the parts of the embedded stack running: writes supervisord's configuration, starts, asks and stops it.

Restarting is the `supervisor` library's work. The stack outlives the command that started it and is found again through
`LUNA_HOME/run/stack.json`; what a killed supervisor left behind is found through a mark in its environment.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import secrets as random
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import httpx
import psutil
import psycopg
from supervisor.xmlrpc import SupervisorTransport  # pyright: ignore[reportMissingTypeStubs]

from resources.embedded.errors import EmbeddedError, refuse_unusable
from resources.embedded.home import open_home, write_private
from resources.embedded.lock import held
from resources.embedded.parts import LOOPBACK, Part, PartName, build_parts, fault_of
from resources.embedded.postgres import EmbeddedPostgres
from resources.migrate import MigrationError, migrate
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings

MARK = "LUNA_STACK"
HEALTHY_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 90.0
_LOCK_TIMEOUT_S = 150.0
_SOCKET_LIMIT = 107
_TABLES = ["runs", "event_logs", "instigators", "daemon_heartbeats"]

State = Literal["ok", "starting", "fault", "stopped"]
Overall = Literal["ok", "degraded", "stopped"]
Report = Callable[[str, str], None]
"""Called with a part's title and what just happened to it."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How one part is."""

    name: PartName
    title: str
    state: State
    detail: str
    pid: int | None
    memory_bytes: int
    uptime_s: int | None
    port: int | None


@dataclass(frozen=True, slots=True)
class StackStatus:
    """How the stack is: `ok` when every part is healthy, `stopped` when none runs."""

    overall: Overall
    home: str
    memory_bytes: int
    parts: tuple[PartStatus, ...]


@dataclass(frozen=True, slots=True)
class UpResult:
    """What `up` found: whether the stack ran before, parts that are not healthy, seconds it took."""

    already_running: bool
    faults: dict[PartName, str]
    applied_migrations: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Record:
    """`stack.json`: the running supervisor, told apart from a later process with the same number."""

    pid: int
    create_time: float
    socket: str
    password: str
    mark: str
    started_at: float
    ports: dict[str, int]

    def process(self) -> psutil.Process | None:
        """The supervisor's process, None when it is gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < 0.05
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None


class Stack:
    """The embedded stack of one home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home
        self.run = self.home / "run"
        self.logs = self.home / "logs"

    # -- up ------------------------------------------------------------------------------------------------------------

    def up(self, report: Report) -> UpResult:
        """Start what does not run yet and wait until it is healthy. Raises `EmbeddedError` when nothing can run."""
        begun = time.monotonic()
        open_home(self.home)
        with self._locked():
            record = self._record()
            if record is not None and record.process() is not None:
                self._same_ports(record)
                faults = self._start_missing(record, report)
                return UpResult(True, faults, (), time.monotonic() - begun)
            self._sweep(record)
            faults, applied = self._fresh_start(report)
        return UpResult(False, faults, applied, time.monotonic() - begun)

    def _fresh_start(self, report: Report) -> tuple[dict[PartName, str], tuple[str, ...]]:
        kept = load_secrets(self.settings)
        urls = database_urls(self.settings, kept)
        postgres = self.postgres()
        self._check_ports(build_ports(self.settings))
        if postgres is not None:
            report("Datenbank", "wird vorbereitet")
            postgres.prepare()
        parts = build_parts(self.settings, urls, postgres)
        record = self._start_supervisor(parts)
        try:
            if postgres is not None:
                self._spawn(record, "postgres")
                self._await_database(record, postgres)
                report("Datenbank", "bereit")
            try:
                migrated = migrate(urls, kept)
            except MigrationError as fault:
                raise EmbeddedError(f"Das Schema lässt sich nicht anheben: {fault}") from fault
            except Exception as fault:
                if postgres is None:
                    raise EmbeddedError(
                        f"Die Datenbank aus DATABASE_URL ist nicht benutzbar: {_first_line(fault)}"
                    ) from fault
                raise
            if migrated.applied:
                report("Datenbank", f"Schema angehoben ({len(migrated.applied)} Schritte)")
            rest = [part for part in parts if part.name != "postgres"]
            # Dagster's processes make its tables, and two that do it at once get in each other's way
            late = {"daemon"} if not _has_dagster_tables(urls.dagster) else set[str]()
            for part in rest:
                if part.name not in late:
                    self._spawn(record, part.name)
            if late:
                self._await_dagster_tables(urls.dagster)
                self._spawn(record, "daemon")
            faults = self._await_healthy(record, rest, report)
            if "webserver" not in faults:
                self._end_orphaned_runs(record.started_at)
        except BaseException:
            self._stop(record)
            raise
        return faults, migrated.applied

    def _start_missing(self, record: _Record, report: Report) -> dict[PartName, str]:
        parts = self._parts()
        states = self._states(record)
        for part in parts:
            if states.get(part.name, {}).get("statename") in {"STOPPED", "EXITED", "FATAL"}:
                self._spawn(record, part.name)
        return self._await_healthy(record, parts, report)

    def _await_database(self, record: _Record, postgres: EmbeddedPostgres) -> None:
        deadline = time.monotonic() + 60
        while (fault := postgres.connect_fault()) is not None:
            state = self._states(record).get("postgres", {}).get("statename")
            if state in {"FATAL", "EXITED", "BACKOFF"} or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Die Datenbank startet nicht: {fault}. Zuletzt schrieb sie: {self._last_line('postgres')} "
                    f"(mehr in {self._log('postgres')})"
                )
            time.sleep(0.05)

    def _await_dagster_tables(self, url: str) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not _has_dagster_tables(url):
            time.sleep(0.1)

    def _await_healthy(self, record: _Record, parts: list[Part], report: Report) -> dict[PartName, str]:
        postgres = self.postgres()
        waiting: dict[PartName, Part] = {part.name: part for part in parts}
        faults: dict[PartName, str] = {}
        deadline = time.monotonic() + HEALTHY_TIMEOUT_S
        while waiting:
            states = self._states(record)
            for name, part in list(waiting.items()):
                state = str(states.get(name, {}).get("statename", "UNKNOWN"))
                fault = "beendet sich immer wieder" if state == "FATAL" else None
                if state == "RUNNING" or (state == "STARTING" and part.port is not None):
                    answer = fault_of(part, self.settings, postgres)
                    if answer is None:
                        report(part.title, "bereit")
                        del waiting[name]
                        continue
                    if time.monotonic() > deadline:
                        fault = answer
                elif fault is None and time.monotonic() > deadline:
                    fault = f"Zustand {state}"
                if fault is not None:
                    faults[name] = f"{fault}; zuletzt: {self._last_line(name)} (mehr in {self._log(name)})"
                    report(part.title, f"gestört: {faults[name]}")
                    del waiting[name]
            if waiting:
                time.sleep(0.15)
        return faults

    def _end_orphaned_runs(self, before: float) -> None:
        """No run of an earlier start can be alive; left alone it would stay „started“ and block the next one."""
        ask = (
            "query Alive($before: Float) { runsOrError(filter: {statuses: [STARTED, STARTING, CANCELING, NOT_STARTED], "
            "createdBefore: $before}) { ... on Runs { results { runId } } } }"
        )
        end = (
            "mutation End($runId: String!) { terminateRun(runId: $runId, "
            "terminatePolicy: MARK_AS_CANCELED_IMMEDIATELY) { __typename } }"
        )
        url = f"{self.settings.dagster_url}/graphql"
        with contextlib.suppress(httpx.HTTPError, ValueError, KeyError, TypeError):
            answer = httpx.post(
                url, json={"query": ask, "variables": {"before": before}}, timeout=10, trust_env=False
            ).json()
            for run in answer["data"]["runsOrError"]["results"]:
                variables = {"runId": run["runId"]}
                httpx.post(url, json={"query": end, "variables": variables}, timeout=10, trust_env=False)

    # -- down ----------------------------------------------------------------------------------------------------------

    def down(self) -> bool:
        """Stop everything of this home; False when nothing ran. Also ends what a killed supervisor left behind."""
        if not self.run.exists():
            return False
        with self._locked():
            record = self._record()
            if record is not None and record.process() is not None:
                self._stop(record)
                return True
            return self._sweep(record)

    def _stop(self, record: _Record) -> None:
        process = record.process()
        if process is not None:
            try:
                self._stop_clients(record)
                self._call(record, "supervisor.shutdown")
            except EmbeddedError:
                process.terminate()
            try:
                process.wait(timeout=_STOP_TIMEOUT_S)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        self._sweep(record)

    def _stop_clients(self, record: _Record) -> None:
        """Everything but the database ends at the same time; the database then has nobody to wait for."""
        names = [name for name in self._states(record) if name != "postgres"]
        for name in names:
            with contextlib.suppress(xmlrpc.client.Fault):
                self._call(record, "supervisor.stopProcess", name, False)
        deadline = time.monotonic() + _STOP_TIMEOUT_S / 2
        while time.monotonic() < deadline:
            states = self._states(record)
            if not any(states[name].get("statename") == "STOPPING" for name in names):
                return
            time.sleep(0.1)

    def _sweep(self, record: _Record | None) -> bool:
        """End what bears the mark of `record` and this home's database server; tells whether there was anything."""
        left = [] if record is None else _marked(record.mark)
        for step, patience in ((signal.SIGTERM, 8.0), (signal.SIGKILL, 5.0)):
            for process in left:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(step)
            _, alive = psutil.wait_procs(left, timeout=patience) if left else ([], [])
            if not alive:
                break
        found = bool(left)
        postgres = self.postgres()
        if postgres is not None and postgres.is_running():
            postgres.stop()
            found = True
        elif postgres is not None:
            postgres.remove_socket_folder()
        if record is not None:
            Path(record.socket).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                if Path(record.socket).parent != self.run:
                    Path(record.socket).parent.rmdir()
            (self.run / "stack.json").unlink(missing_ok=True)
        return found

    # -- status --------------------------------------------------------------------------------------------------------

    def is_running(self) -> bool:
        """Whether a supervisor of this home lives."""
        record = self._record()
        return record is not None and record.process() is not None

    def has_crashed(self) -> bool:
        """Whether the supervisor ended without having been asked to; `down` removes its record, a crash does not."""
        record = self._record()
        return record is not None and record.process() is None

    def status(self) -> StackStatus:
        """How each part is, with the memory of its processes (proportional share where the system tells it)."""
        record = self._record()
        if record is None or record.process() is None:
            return StackStatus("stopped", str(self.home), 0, ())
        try:
            states = self._states(record)
        except EmbeddedError:
            states = {}
        postgres = self.postgres()
        parts = tuple(self._part_status(part, states.get(part.name, {}), postgres) for part in self._parts())
        overall: Overall = "ok" if all(part.state == "ok" for part in parts) else "degraded"
        supervisor = _memory(record.pid, children=False)
        return StackStatus(overall, str(self.home), supervisor + sum(part.memory_bytes for part in parts), parts)

    def _part_status(self, part: Part, info: dict[str, object], postgres: EmbeddedPostgres | None) -> PartStatus:
        name = str(info.get("statename", "UNKNOWN"))
        pid = int(str(info.get("pid") or 0)) or None
        state: State
        if name in {"RUNNING", "STARTING"}:
            fault = fault_of(part, self.settings, postgres)
            state, detail = ("ok", "") if fault is None else ("fault", fault)
            if name == "STARTING" and (fault is not None or part.port is None):
                state, detail = "starting", "startet"
        elif name == "STOPPED":
            state, detail = "stopped", "angehalten"
        else:
            said = {"BACKOFF": "startet nach einem Absturz neu", "FATAL": "beendet sich immer wieder"}
            state, detail = "fault", f"{said.get(name, name)}; zuletzt: {self._last_line(part.name)}"
        started = float(str(info.get("start") or 0))
        uptime = int(time.time() - started) if pid and started else None
        return PartStatus(part.name, part.title, state, detail, pid, _memory(pid) if pid else 0, uptime, part.port)

    # -- pieces --------------------------------------------------------------------------------------------------------

    def postgres(self) -> EmbeddedPostgres | None:
        """The embedded database server, None when `DATABASE_URL` names another."""
        if self.settings.database_url is not None:
            return None
        return EmbeddedPostgres(self.home, self.settings.db_port, load_secrets(self.settings).db_owner_password)

    def log_path(self, part: PartName) -> Path:
        """Where the part's output is kept."""
        return self._log(part)

    def _parts(self) -> list[Part]:
        urls = database_urls(self.settings, load_secrets(self.settings))
        return list(build_parts(self.settings, urls, self.postgres()))

    def _check_ports(self, wanted: dict[str, tuple[str, int]]) -> None:
        seen: dict[int, str] = {}
        for variable, (address, port) in wanted.items():
            if port in seen:
                raise EmbeddedError(
                    f"{seen[port]} und {variable} stehen beide auf {port}. Zwei Dienste an einer Tür gehen nicht; "
                    f"bitte einen der beiden ändern."
                )
            seen[port] = variable
            refuse_unusable(variable, port, address)

    def _same_ports(self, record: _Record) -> None:
        wanted = {variable: port for variable, (_, port) in build_ports(self.settings).items()}
        for variable, port in record.ports.items():
            if wanted.get(variable) != port:
                raise EmbeddedError(
                    f"Luna läuft in {self.home} bereits mit {variable}={port}. "
                    f"Bitte {variable}={port} setzen, oder zuerst „luna down“ aufrufen."
                )

    def _start_supervisor(self, parts: tuple[Part, ...]) -> _Record:
        mark, password = random.token_hex(12), random.token_urlsafe(18)
        folder = self.run / "parts"
        folder.mkdir(mode=0o700, exist_ok=True)
        templates = Path(__file__).parent
        for name in ("dagster.yaml", "workspace.yaml"):
            write_private(self.home / "dagster" / name, (templates / name).read_text("utf-8"))
        for part in parts:
            env = part.env if part.name == "postgres" else {**part.env, MARK: mark}
            description = {
                "argv": part.argv,
                "env": env,
                "cwd": str(part.cwd),
                "end_signal": int(part.stop_signal),
            }
            write_private(folder / f"{part.name}.json", json.dumps(description))
        control = self._control_socket()
        write_private(self.run / "supervisord.conf", _configuration(parts, control, password))
        with (self.logs / "supervisord.out").open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-s", "-c", "supervisord.conf"],
                # relative paths in the configuration need no quoting: they start here
                cwd=self.run,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONUTF8": "1", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        record = _Record(
            pid=process.pid,
            create_time=psutil.Process(process.pid).create_time(),
            socket=str(control),
            password=password,
            mark=mark,
            started_at=time.time(),
            ports={variable: port for variable, (_, port) in build_ports(self.settings).items()},
        )
        write_private(self.run / "stack.json", json.dumps(asdict(record)))
        deadline = time.monotonic() + 15
        while True:
            with contextlib.suppress(EmbeddedError):
                self._call(record, "supervisor.getState")
                return record
            if process.poll() is not None or time.monotonic() > deadline:
                self._sweep(record)
                raise EmbeddedError(
                    f"Die Aufsicht über die Dienste startet nicht. Näheres in {self.logs / 'supervisord.out'}."
                )
            time.sleep(0.03)

    def _control_socket(self) -> Path:
        near = self.run / "supervisor.sock"
        # the library first makes it under a longer name
        if len(os.fsencode(near)) + 12 <= _SOCKET_LIMIT:
            near.unlink(missing_ok=True)
            return near
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.mkdtemp(prefix=f"luna-{mark}-")) / "s"

    def _spawn(self, record: _Record, name: PartName) -> None:
        try:
            self._call(record, "supervisor.startProcess", name, False)
        except xmlrpc.client.Fault as fault:
            if "ALREADY_STARTED" not in fault.faultString:
                raise EmbeddedError(f"{name} startet nicht: {fault.faultString}") from fault

    def _states(self, record: _Record) -> dict[str, dict[str, object]]:
        try:
            rows = cast("list[dict[str, object]]", self._call(record, "supervisor.getAllProcessInfo"))
        except xmlrpc.client.Fault as fault:
            if "SHUTDOWN_STATE" not in fault.faultString:
                raise
            # Somebody else is stopping everything right now.
            return {}
        return {str(row["name"]): row for row in rows}

    def _call(self, record: _Record, method: str, *arguments: object) -> object:
        transport = SupervisorTransport("luna", record.password, f"unix://{record.socket}")
        proxy = xmlrpc.client.ServerProxy(f"http://{LOOPBACK}", transport=cast("xmlrpc.client.Transport", transport))
        try:
            return getattr(proxy, method)(*arguments)
        except (OSError, http.client.HTTPException, xmlrpc.client.ProtocolError) as fault:
            raise EmbeddedError(f"Die Aufsicht über die Dienste antwortet nicht: {fault}") from fault
        finally:
            transport.close()

    def _record(self) -> _Record | None:
        try:
            kept = json.loads((self.run / "stack.json").read_text("utf-8"))
            return _Record(**kept)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            # half a file cannot be: it is replaced whole; a foreign one is nothing to go by
            return None
        except OSError as fault:
            raise EmbeddedError(f"{self.run} ist nicht lesbar: {fault.strerror}.") from fault

    def _log(self, name: PartName) -> Path:
        return self.logs / f"{name}.log"

    def _last_line(self, name: PartName) -> str:
        try:
            with self._log(name).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
                lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
        except OSError:
            lines = []
        return lines[-1].strip()[:300] if lines else "nichts"

    def _locked(self) -> AbstractContextManager[None]:
        told = f"Ein anderer Aufruf startet oder stoppt {self.home} gerade und wird nicht fertig."
        return held(self.run / "stack.lock", _LOCK_TIMEOUT_S, told)


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


def _configuration(parts: tuple[Part, ...], control: Path, password: str) -> str:
    def safe(text: str) -> str:
        return text.replace("%", "%%")

    launch = Path(__file__).with_name("launch.py")
    lines = [
        "; Written by Luna at every start.",
        "[supervisord]",
        "logfile=../logs/supervisord.log",
        "logfile_maxbytes=5MB",
        "logfile_backups=2",
        "pidfile=supervisord.pid",
        "childlogdir=../logs",
        "identifier=luna",
        *(["user=root"] if os.geteuid() == 0 else []),
        "[unix_http_server]",
        f"file={'supervisor.sock' if control.name == 'supervisor.sock' else safe(str(control))}",
        "chmod=0700",
        "username=luna",
        f"password={password}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for part in parts:
        command = f"{shlex.quote(sys.executable)} -I -S {shlex.quote(str(launch))} parts/{part.name}.json"
        lines += [
            f"[program:{part.name}]",
            f"command={safe(command)}",
            f"priority={part.order}",
            "autostart=false",
            "autorestart=true",
            f"startsecs={part.start_s}",
            "startretries=4",
            f"stopsignal={part.stop_signal.name.removeprefix('SIG')}",
            f"stopwaitsecs={part.stop_wait_s}",
            # Dagster's runs are children of the code server and end with it
            f"stopasgroup={'true' if part.name == 'code_server' else 'false'}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile=../logs/{part.name}.log",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=3",
        ]
    return "\n".join(lines) + "\n"


def _has_dagster_tables(url: str) -> bool:
    """Whether the last of Dagster's three storages has its tables."""
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="luna_wait") as connection:
            row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = ANY(%s)", (_TABLES,)).fetchone()
    except psycopg.OperationalError:
        return False
    return row is not None and row[0] == len(_TABLES)


def _marked(mark: str) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
    return found


def _memory(pid: int, *, children: bool = True) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if children else [])]:
            with contextlib.suppress(psutil.Error):
                full = one.memory_full_info()
                total += int(getattr(full, "pss", 0) or full.rss)
    return total


def _first_line(fault: Exception) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
