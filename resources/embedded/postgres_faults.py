"""What keeps the database server from being made or started, in German sentences that say what to do next."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path

from resources.embedded.errors import EmbeddedError

MIN_FREE_BYTES = 256 * 1024 * 1024
"""With less room the server is not started: it would fail in the middle of a write."""


def refuse_full_disk(home: Path) -> None:
    """Raise `EmbeddedError` where the disk of `home` has less than `MIN_FREE_BYTES` left; do nothing otherwise."""
    free = shutil.disk_usage(home).free
    if free < MIN_FREE_BYTES:
        raise EmbeddedError(_no_space(home, free))


def explain_os_error(fault: OSError, home: Path) -> str:
    """What a fault of the file system below `home` means."""
    if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _no_space(home, shutil.disk_usage(home).free)
    if fault.errno == errno.EROFS:
        return _read_only(home)
    if fault.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"In {fault.filename or home} darf Luna nicht schreiben oder lesen. "
            "Bitte die Rechte richten oder ein anderes LUNA_HOME setzen."
        )
    return f"LUNA_HOME {home} ist nicht benutzbar: {fault.strerror or fault} ({fault.filename or home})."


def explain_log(text: str, home: Path, log: Path) -> str:
    """What the server's or a tool's own words `text` mean; `log` is named as the place where more is found."""
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return _no_space(home, shutil.disk_usage(home).free)
    if "Read-only file system" in text:
        return _read_only(home)
    said = re.findall(r"(?:FATAL|PANIC|ERROR|error):\s*(.+)", text)
    last = said[-1].strip() if said else "ohne Angabe von Gründen"
    return f"PostgreSQL ist nicht gestartet: {last}. Näheres in {log}."


def _no_space(home: Path, free: int) -> str:
    return (
        f"Auf dem Datenträger von {home} ist kein Platz mehr (frei: {free // 1_048_576} MB, "
        f"nötig: {MIN_FREE_BYTES // 1_048_576} MB). Bitte aufräumen oder ein anderes LUNA_HOME setzen."
    )


def _read_only(home: Path) -> str:
    return f"{home} liegt auf einem schreibgeschützten Datenträger. Bitte ein anderes LUNA_HOME setzen."
