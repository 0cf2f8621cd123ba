"""Where the Unix sockets of a home lie: below the home where its path is short enough, otherwise in the temp folder."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path

from resources.embedded.postgres_binaries import RunAs

SOCKET_PATH_LIMIT = 107
"""Bytes that a socket's path may have; the kernel takes no longer one."""


class PostgresSockets:
    """The folder of the sockets of one home's database server, which `run_as` owns (None: Luna's own user)."""

    def __init__(self, home: Path, run_as: RunAs | None) -> None:
        self._owner_uid = run_as.uid if run_as else os.getuid()
        self._reaches_home = run_as is None
        self._near = home / "run" / "postgres"
        self._far = Path(tempfile.gettempdir()) / f"luna-pg-{self._owner_uid}-{_mark(home)}"

    def make(self) -> Path:
        """The folder, made where it is missing: below the home if the server's user may go there."""
        if self._reaches_home and len(os.fsencode(self._near / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_LIMIT:
            self._near.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._near
        far = self._far
        with contextlib.suppress(FileExistsError):
            far.mkdir(mode=0o700)
            os.chown(far, self._owner_uid, -1)
        found = far.lstat()
        if not far.is_dir() or far.is_symlink() or found.st_uid != self._owner_uid:
            # somebody else made that name first: his folder is not ours to trust
            far = Path(tempfile.mkdtemp(prefix="luna-pg-"))
            os.chown(far, self._owner_uid, -1)
        return far

    def remove_sockets(self) -> None:
        """Remove the sockets and their locks, of a server that is gone."""
        for folder in (self._near, self._far):
            for left in folder.glob(".s.PGSQL.*"):
                left.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the sockets and the folder itself, as far as nothing else lies in it."""
        self.remove_sockets()
        for folder in (self._near, self._far):
            with contextlib.suppress(OSError):
                folder.rmdir()


def control_socket(home: Path) -> Path:
    """Where the supervisor of `home` listens; what a dead one left in that place is removed."""
    near = home / "run" / "supervisor.sock"
    # the library first makes it under a longer name
    if len(os.fsencode(near)) + 12 <= SOCKET_PATH_LIMIT:
        near.unlink(missing_ok=True)
        return near
    return Path(tempfile.mkdtemp(prefix=f"luna-{_mark(home)}-")) / "s"


def _mark(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
