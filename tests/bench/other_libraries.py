"""The other projects' packages for a benchmark, in an environment of their own under `.cache/`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CACHE = Path(__file__).resolve().parents[2] / ".cache"
INSTALL_TIMEOUT_S = 1800


def environment(name: str, packages: Sequence[str]) -> Path:
    """The Python that has these packages, installed where they are not there yet. Raises CalledProcessError."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    wanted = "\n".join(packages)
    mark = folder / "packages.txt"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
        subprocess.run(install, check=True, timeout=INSTALL_TIMEOUT_S)
        mark.write_text(wanted, "utf-8")
    return python


def packages_of(python: Path) -> Path:
    """The folder where an environment's packages lie."""
    return next((python.parents[1] / "lib").glob("python*/site-packages"))
