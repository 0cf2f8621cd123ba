"""Where the stack's processes write what they say, and the last of it."""

from __future__ import annotations

import os
from pathlib import Path


def log_file(home: Path, name: str) -> Path:
    """Where the output of the part `name` is kept."""
    return home / "logs" / f"{name}.log"


def supervisord_output(home: Path) -> Path:
    """Where the supervisor itself says why it does not start."""
    return home / "logs" / "supervisord.out"


def last_line(home: Path, name: str) -> str:
    """The last line that the part `name` wrote, of at most 300 characters; „nichts“ where there is none."""
    try:
        with log_file(home, name).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4096))
            lines = [line for line in log.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1].strip()[:300] if lines else "nichts"
