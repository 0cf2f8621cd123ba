"""The data folder of the database server: made, refused where it is another's, configured, its password set."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from resources.embedded.errors import EmbeddedError
from resources.embedded.postgres_binaries import Binaries, RunAs, version
from resources.embedded.postgres_faults import explain_log

OWNER = "luna_owner"
DATABASE = "luna"
_TOOL_TIMEOUT_S = 600.0
"""initdb takes seconds, on a busy disk a minute; what takes longer hangs."""

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


def server_environment() -> dict[str, str]:
    """The whole environment of the server and its tools."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


class DataFolder:
    """The data folder of one home's server, which must not be running while this is used.

    `log` takes what PostgreSQL's tools said when they failed. Faults are `EmbeddedError`s, and `OSError`s of the disk.
    """

    def __init__(self, home: Path, owner_password: str, run_as: RunAs | None, binaries: Binaries, log: Path) -> None:
        self.folder = home / "postgres"
        self.path = self.folder / "data"
        self._home = home
        self._password = owner_password
        self._run_as = run_as
        self._log = log
        self._binaries = binaries

    def check_version(self) -> None:
        """Raise `EmbeddedError` where something else lies in its place, or data of another major version."""
        marker = self.path / "PG_VERSION"
        brought = version().split(".")[0]
        if not marker.exists():
            if self.path.exists() and any(self.path.iterdir()):
                raise EmbeddedError(
                    f"{self.path} ist weder leer noch ein Datenordner von PostgreSQL. "
                    "Bitte den Ordner beiseitelegen oder ein anderes LUNA_HOME setzen."
                )
            return
        found = marker.read_text("ascii").strip()
        if found != brought:
            raise EmbeddedError(
                f"Die Daten in {self.path} gehören zu PostgreSQL {found}, diese Luna bringt {brought} mit. "
                "Mit der älteren Luna per pg_dump sichern und hier wieder einspielen, "
                "oder ein anderes LUNA_HOME setzen; angefasst wurde nichts."
            )

    def make_parent(self) -> None:
        """Make the folder above the data; it belongs to the server's user."""
        self._own_folder(self.folder)

    def make(self) -> None:
        """Make the data with the database `luna` and its owner; do nothing where there are data."""
        if (self.path / "PG_VERSION").exists():
            return
        # Made beside the final place and renamed at the end: an interrupted start leaves no half data folder.
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        if self.path.exists():
            self.path.rmdir()
        self._own_folder(fresh)
        password = self.folder / "password"
        try:
            self._write(password, self._password + "\n")
            self._tool(
                [
                    "initdb",
                    *self._place(fresh),
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
            fresh.rename(self.path)
        finally:
            password.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def configure(self, sockets: Path) -> None:
        """Write the configuration, with the server's sockets in the folder `sockets`."""
        quoted = str(sockets).replace("'", "''")
        self._write(self.path / "luna.conf", f"{_CONFIGURATION}unix_socket_directories = '{quoted}'\n")
        main = self.path / "postgresql.conf"
        text = main.read_text("utf-8")
        line = "include_if_exists = 'luna.conf'"
        if line not in text:
            self._write(main, f"{text}\n{line}\n")

    def align_password(self) -> None:
        """After secrets were lost and made anew, the owner gets the new password instead of being locked out."""
        marker = self.path / "luna_owner.sha256"
        if marker.exists() and marker.read_text("ascii") == self._password_digest():
            return
        literal = self._password.replace("'", "''")
        self._single_user(f"ALTER ROLE {OWNER} PASSWORD '{literal}'", self.path)
        self._write(marker, self._password_digest())

    def _password_digest(self) -> str:
        return hashlib.sha256(self._password.encode()).hexdigest()

    def _place(self, folder: Path) -> list[str]:
        return ["-D", str(folder) if self._run_as is None else "/proc/self/cwd"]

    def _single_user(self, statement: str, folder: Path) -> None:
        self._tool(["postgres", "--single", *self._place(folder), "postgres"], folder, stdin=statement + "\n")

    def _tool(self, command: list[str], folder: Path, stdin: str = "") -> None:
        name, *arguments = command
        user = self._run_as
        try:
            result = subprocess.run(
                [self._binaries.path(name), *arguments],
                cwd=folder,
                env=server_environment(),
                input=stdin.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=_TOOL_TIMEOUT_S,
                umask=0o077,
                user=user.uid if user else None,
                group=user.gid if user else None,
                extra_groups=[] if user else None,
            )
        except subprocess.TimeoutExpired as fault:
            raise EmbeddedError(
                f"{name} ist nach {_TOOL_TIMEOUT_S:.0f} s nicht fertig und wurde beendet. "
                f"Bitte nachsehen, ob der Datenträger von {self._home} antwortet."
            ) from fault
        output = result.stdout.decode("utf-8", "replace")
        # single-user mode exits with 0 although the statement failed
        if result.returncode != 0 or "ERROR:" in output or "FATAL:" in output:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(output)
            raise EmbeddedError(explain_log(output, self._home, self._log))

    def _own_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._run_as is not None:
            os.chown(path, self._run_as.uid, self._run_as.gid)

    def _write(self, path: Path, text: str) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        if self._run_as is not None:
            os.chown(path, self._run_as.uid, self._run_as.gid)
