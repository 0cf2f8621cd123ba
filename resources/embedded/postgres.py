"""PostgreSQL from a wheel: starts and stops the server of a home, tells whether it lives and answers.

The server belongs to one `LUNA_HOME`. Nothing the wheel's own wrapper does is used: it attaches to dead servers.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import psycopg

from resources.embedded.errors import EmbeddedError, PortTakenError
from resources.embedded.lock import held
from resources.embedded.ports import is_free
from resources.embedded.postgres_binaries import Binaries, unprivileged_user
from resources.embedded.postgres_data import DATABASE, OWNER, DataFolder, server_environment
from resources.embedded.postgres_faults import explain_log, explain_os_error, refuse_full_disk
from resources.embedded.postgres_processes import end_server, end_survivors, pid_file_lines, pid_of
from resources.embedded.sockets import PostgresSockets

_LOCK_TIMEOUT_S = 90.0

StopMode = Literal["smart", "fast", "immediate"]
_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


class EmbeddedPostgres:
    """The database server of one home; also a context manager that stops what it started.

    `start` makes the data folder when there is none. Faults are `EmbeddedError`s. `install` is another installation to
    run (see `Binaries`).
    """

    def __init__(self, home: Path, port: int, owner_password: str, install: Path | None = None) -> None:
        self.home = home.expanduser().resolve()
        self.port = port
        self.log = self.home / "logs" / "postgres.log"
        self.run_as = unprivileged_user()
        self._binaries = Binaries(self.run_as, install)
        self._data_folder = DataFolder(self.home, owner_password, self.run_as, self._binaries, self.log)
        self.folder = self._data_folder.folder
        self.data = self._data_folder.path
        self._sockets = PostgresSockets(self.home, self.run_as)
        self._password = owner_password
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address of the database `luna` for its owner, over TCP."""
        return f"postgresql://{OWNER}:{quote(self._password)}@127.0.0.1:{self.port}/{DATABASE}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.stop()

    def start(self, timeout_s: float = 60.0) -> bool:
        """Start the server and wait until it answers; False when this home's server already ran."""
        with self._locked():
            running = self.running_port()
            if running is not None:
                if running != self.port:
                    raise EmbeddedError(
                        f"Die Datenbank von {self.home} läuft bereits auf Port {running}. "
                        f"Bitte DB_PORT={running} setzen oder zuerst „luna down“ aufrufen."
                    )
                if self._await_running(timeout_s):
                    return False
            self._prepare()
            offset = self.log.stat().st_size if self.log.exists() else 0
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.argv(),
                    env=self.environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            try:
                self._wait_started(self._process, offset, timeout_s)
            except BaseException:
                self.stop("immediate")
                raise
        return True

    def stop(self, mode: StopMode = "fast", timeout_s: float = 30.0) -> None:
        """Stop this home's server, whoever started it; returns when no process of it is left."""
        pid = self._postmaster_pid()
        if self._process is not None and self._process.poll() is None:
            pid = self._process.pid
        if pid is not None:
            end_server(self.data, pid, self._process, _SIGNALS[mode], timeout_s)
        self._process = None
        end_survivors(self.data)
        self.remove_socket_folder()

    def remove_socket_folder(self) -> None:
        """Leave nothing in the temp folder; for a server that has been stopped."""
        self._sockets.remove()

    def is_running(self) -> bool:
        """Whether this home's server process lives (not yet: whether it answers)."""
        return self._postmaster_pid() is not None

    def running_port(self) -> int | None:
        """The port on which this home's server runs, None when it does not."""
        if self._postmaster_pid() is None:
            return None
        lines = self._pid_file_lines()
        return int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else self.port

    def prepare(self) -> None:
        """Everything before the start, for a supervisor that then runs `argv`; the server must not be running."""
        with self._locked():
            self._prepare()

    def argv(self) -> list[str]:
        """The command that is the server, in the foreground."""
        server = self._binaries.path("postgres")
        if self.run_as is None:
            return [server, "-D", str(self.data), "-p", str(self.port)]
        shim = str(Path(__file__).with_name("as_user.py"))
        owner = [str(self.run_as.uid), str(self.run_as.gid), str(self.data)]
        return [sys.executable, "-I", "-S", shim, *owner, server, "-D", "/proc/self/cwd", "-p", str(self.port)]

    def environment(self) -> dict[str, str]:
        """The server's whole environment."""
        return server_environment()

    # -- before the start ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._data_folder.make_parent()
            refuse_full_disk(self.home)
            self._data_folder.check_version()
            self._remove_stale_lock()
            if not is_free(self.port):
                raise PortTakenError("DB_PORT", self.port)
            self._data_folder.make()
            self._data_folder.configure(self._sockets.make())
            self._data_folder.align_password()
        except OSError as fault:
            raise EmbeddedError(explain_os_error(fault, self.home)) from fault

    # -- is it alive ---------------------------------------------------------------------------------------------------

    def _pid_file_lines(self) -> list[str]:
        try:
            return pid_file_lines(self.data)
        except PermissionError as fault:
            raise EmbeddedError(explain_os_error(fault, self.home)) from fault

    def _postmaster_pid(self) -> int | None:
        """The pid of the lock file, when that process really is this home's server and no later owner of the number."""
        return pid_of(self._pid_file_lines(), self.data)

    def _remove_stale_lock(self) -> None:
        lines = self._pid_file_lines()
        pid = self._postmaster_pid()
        if pid is not None:
            raise EmbeddedError(f"Die Datenbank von {self.home} läuft bereits (PID {pid}).")
        end_survivors(self.data)
        # the socket has a lock of its own, with the same number in it
        self._sockets.remove_sockets()
        if lines:
            # PostgreSQL itself would refuse when the number now belongs to any other process
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    # -- the start -----------------------------------------------------------------------------------------------------

    def _await_running(self, timeout_s: float) -> bool:
        """Whether the server that is there gets ready; False when it was just about to end."""
        deadline = time.monotonic() + timeout_s
        while self.is_running():
            fault = self.connect_fault()
            if fault is None:
                return True
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Die Datenbank von {self.home} läuft, antwortet aber nicht: {fault}. Näheres in {self.log}."
                )
            time.sleep(0.05)
        return False

    def _wait_started(self, process: subprocess.Popen[bytes], offset: int, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            if process.poll() is not None:
                raise EmbeddedError(explain_log(self._log_since(offset), self.home, self.log))
            if self.connect_fault() is None:
                return
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Die Datenbank ist nach {timeout_s:.0f} s noch nicht bereit. Näheres in {self.log}."
                )
            time.sleep(0.03)

    def connect_fault(self) -> str | None:
        """Why the server does not accept the owner's connection, None when it does."""
        try:
            psycopg.connect(self.url, connect_timeout=2, application_name="luna_wait").close()
        except psycopg.OperationalError as fault:
            return str(fault).strip().splitlines()[-1]
        return None

    def _log_since(self, offset: int) -> str:
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode("utf-8", "replace")

    @contextlib.contextmanager
    def _locked(self) -> Generator[None]:
        """One start of a home at a time."""
        run = self.home / "run"
        told = f"Ein anderer Start von {self.home} ist seit über {_LOCK_TIMEOUT_S:.0f} s im Gange."
        with contextlib.ExitStack() as lock:
            try:
                run.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock.enter_context(held(run / "postgres.lock", _LOCK_TIMEOUT_S, told))
            except OSError as fault:
                raise EmbeddedError(explain_os_error(fault, self.home)) from fault
            yield
