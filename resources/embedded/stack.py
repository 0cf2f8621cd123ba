"""The embedded stack of a home: brought up, taken down, told how it is.

Restarting is the `supervisor` library's work. The stack outlives the command that started it and is found again through
`LUNA_HOME/run/stack.json`; what a killed supervisor left behind is found through a mark in its environment.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import psutil
import psycopg

from resources.embedded.dagster_start import await_dagster_tables, end_orphaned_runs, has_dagster_tables
from resources.embedded.errors import EmbeddedError, refuse_unusable
from resources.embedded.home import open_home
from resources.embedded.lock import held
from resources.embedded.part_logs import last_line, log_file, supervisord_output
from resources.embedded.parts import TITLES, Part, PartName, build_parts, build_ports, fault_of
from resources.embedded.postgres import EmbeddedPostgres
from resources.embedded.stack_record import StackRecord, read_record, remove_record
from resources.embedded.stack_status import Overall, StackStatus, memory_bytes, part_status
from resources.embedded.supervisord import Supervisord, start_supervisord
from resources.migrate import MigrationError, migrate
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings

HEALTHY_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 90.0
_LOCK_TIMEOUT_S = 150.0

Report = Callable[[str, str], None]
"""Called with a part's title and what just happened to it."""


@dataclass(frozen=True, slots=True)
class UpResult:
    """What `up` found: whether the stack ran before, parts that are not healthy, seconds it took."""

    already_running: bool
    faults: dict[PartName, str]
    applied_migrations: tuple[str, ...]
    seconds: float


class Stack:
    """The embedded stack of one home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home = settings.home
        self.run = self.home / "run"

    # -- up ------------------------------------------------------------------------------------------------------------

    def up(self, report: Report) -> UpResult:
        """Start what does not run yet and wait until it is healthy. Raises `EmbeddedError` when nothing can run."""
        begun = time.monotonic()
        open_home(self.home)
        with self._locked():
            record = read_record(self.run)
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
        _refuse_ports(build_ports(self.settings))
        if postgres is not None:
            report("Datenbank", "wird vorbereitet")
            postgres.prepare()
        parts = build_parts(self.settings, urls, postgres)
        record = start_supervisord(self.home, parts, _port_numbers(self.settings))
        supervisor = Supervisord(record)
        try:
            self._await_supervisor(supervisor)
            if postgres is not None:
                supervisor.start("postgres")
                self._await_database(supervisor, postgres)
                report("Datenbank", "bereit")
            try:
                migrated = migrate(urls, kept)
            except MigrationError as fault:
                raise EmbeddedError(f"Das Schema lässt sich nicht anheben: {fault}") from fault
            except (psycopg.Error, OSError) as fault:
                if postgres is None:
                    raise EmbeddedError(
                        f"Die Datenbank aus DATABASE_URL ist nicht benutzbar: {_first_line(fault)}"
                    ) from fault
                raise
            if migrated.applied:
                report("Datenbank", f"Schema angehoben ({len(migrated.applied)} Schritte)")
            rest = [part for part in parts if part.name != "postgres"]
            # Dagster's processes make its tables, and two that do it at once get in each other's way
            late = {"daemon"} if not has_dagster_tables(urls.dagster) else set[str]()
            for part in rest:
                if part.name not in late:
                    supervisor.start(part.name)
            if late:
                await_dagster_tables(urls.dagster)
                supervisor.start("daemon")
            faults = self._await_healthy(supervisor, rest, report)
            if "webserver" not in faults:
                left = end_orphaned_runs(self.settings.dagster_url, record.started_at)
                if left is not None:
                    report(TITLES["webserver"], left)
        except BaseException:
            self._stop(record)
            raise
        return faults, migrated.applied

    def _start_missing(self, record: StackRecord, report: Report) -> dict[PartName, str]:
        supervisor = Supervisord(record)
        parts = self._parts()
        states = supervisor.states()
        for part in parts:
            if states.get(part.name, {}).get("statename") in {"STOPPED", "EXITED", "FATAL"}:
                supervisor.start(part.name)
        return self._await_healthy(supervisor, parts, report)

    def _await_supervisor(self, supervisor: Supervisord) -> None:
        try:
            supervisor.await_answer()
        except EmbeddedError as fault:
            raise EmbeddedError(
                f"Die Aufsicht über die Dienste startet nicht. Näheres in {supervisord_output(self.home)}."
            ) from fault

    def _await_database(self, supervisor: Supervisord, postgres: EmbeddedPostgres) -> None:
        deadline = time.monotonic() + 60
        while (fault := postgres.connect_fault()) is not None:
            state = supervisor.states().get("postgres", {}).get("statename")
            if state in {"FATAL", "EXITED", "BACKOFF"} or time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Die Datenbank startet nicht: {fault}. Zuletzt schrieb sie: {last_line(self.home, 'postgres')} "
                    f"(mehr in {log_file(self.home, 'postgres')})"
                )
            time.sleep(0.05)

    def _await_healthy(self, supervisor: Supervisord, parts: list[Part], report: Report) -> dict[PartName, str]:
        postgres = self.postgres()
        waiting: dict[PartName, Part] = {part.name: part for part in parts}
        faults: dict[PartName, str] = {}
        deadline = time.monotonic() + HEALTHY_TIMEOUT_S
        while waiting:
            states = supervisor.states()
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
                    faults[name] = (
                        f"{fault}; zuletzt: {last_line(self.home, name)} (mehr in {log_file(self.home, name)})"
                    )
                    report(part.title, f"gestört: {faults[name]}")
                    del waiting[name]
            if waiting:
                time.sleep(0.15)
        return faults

    # -- down ----------------------------------------------------------------------------------------------------------

    def down(self) -> bool:
        """Stop everything of this home; False when nothing ran. Also ends what a killed supervisor left behind."""
        if not self.run.exists():
            return False
        with self._locked():
            record = read_record(self.run)
            if record is not None and record.process() is not None:
                self._stop(record)
                return True
            return self._sweep(record)

    def _stop(self, record: StackRecord) -> None:
        process = record.process()
        if process is not None:
            try:
                supervisor = Supervisord(record)
                _stop_clients(supervisor)
                supervisor.shut_down()
            except EmbeddedError:
                process.terminate()
            try:
                process.wait(timeout=_STOP_TIMEOUT_S)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)
        self._sweep(record)

    def _sweep(self, record: StackRecord | None) -> bool:
        """End what bears the mark of `record` and this home's database server; tells whether there was anything."""
        left = [] if record is None else record.marked()
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
            remove_record(self.run, record)
        return found

    # -- status --------------------------------------------------------------------------------------------------------

    def is_running(self) -> bool:
        """Whether a supervisor of this home lives."""
        record = read_record(self.run)
        return record is not None and record.process() is not None

    def has_crashed(self) -> bool:
        """Whether the supervisor ended without having been asked to; `down` removes its record, a crash does not."""
        record = read_record(self.run)
        return record is not None and record.process() is None

    def status(self) -> StackStatus:
        """How each part is, with the memory of its processes (proportional share where the system tells it)."""
        record = read_record(self.run)
        if record is None or record.process() is None:
            return StackStatus("stopped", str(self.home), 0, ())
        try:
            states = Supervisord(record).states()
        except EmbeddedError:
            states = {}
        postgres = self.postgres()
        parts = tuple(part_status(part, states.get(part.name, {}), self.settings, postgres) for part in self._parts())
        overall: Overall = "ok" if all(part.state == "ok" for part in parts) else "degraded"
        supervisor = memory_bytes(record.pid, children=False)
        return StackStatus(overall, str(self.home), supervisor + sum(part.memory_bytes for part in parts), parts)

    # -- pieces --------------------------------------------------------------------------------------------------------

    def postgres(self) -> EmbeddedPostgres | None:
        """The embedded database server, None when `DATABASE_URL` names another."""
        if self.settings.database_url is not None:
            return None
        return EmbeddedPostgres(self.home, self.settings.db_port, load_secrets(self.settings).db_owner_password)

    def _parts(self) -> list[Part]:
        urls = database_urls(self.settings, load_secrets(self.settings))
        return list(build_parts(self.settings, urls, self.postgres()))

    def _same_ports(self, record: StackRecord) -> None:
        wanted = _port_numbers(self.settings)
        for variable, port in record.ports.items():
            if wanted.get(variable) != port:
                raise EmbeddedError(
                    f"Luna läuft in {self.home} bereits mit {variable}={port}. "
                    f"Bitte {variable}={port} setzen, oder zuerst „luna down“ aufrufen."
                )

    def _locked(self) -> AbstractContextManager[None]:
        told = f"Ein anderer Aufruf startet oder stoppt {self.home} gerade und wird nicht fertig."
        return held(self.run / "stack.lock", _LOCK_TIMEOUT_S, told)


def _stop_clients(supervisor: Supervisord) -> None:
    """Everything but the database ends at the same time; the database then has nobody to wait for."""
    names = [name for name in supervisor.states() if name != "postgres"]
    for name in names:
        supervisor.stop(name)
    deadline = time.monotonic() + _STOP_TIMEOUT_S / 2
    while time.monotonic() < deadline:
        states = supervisor.states()
        if not any(states.get(name, {}).get("statename") == "STOPPING" for name in names):
            return
        time.sleep(0.1)


def _refuse_ports(wanted: dict[str, tuple[str, int]]) -> None:
    seen: dict[int, str] = {}
    for variable, (address, port) in wanted.items():
        if port in seen:
            raise EmbeddedError(
                f"{seen[port]} und {variable} stehen beide auf {port}. Zwei Dienste an einer Tür gehen nicht; "
                f"bitte einen der beiden ändern."
            )
        seen[port] = variable
        refuse_unusable(variable, port, address)


def _port_numbers(settings: Settings) -> dict[str, int]:
    return {variable: port for variable, (_, port) in build_ports(settings).items()}


def _first_line(fault: Exception) -> str:
    lines = str(fault).strip().splitlines()
    return lines[0] if lines else type(fault).__name__
