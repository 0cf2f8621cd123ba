"""The other projects' packages for the ingestion benchmark, in an environment of their own under `.cache/`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".cache" / "ingestion"
PACKAGES = (
    "haystack-ai==3.4.0",
    "llama-index-core==0.14.25",
    "pgvector-haystack==8.1.2",
    "llama-index-vector-stores-postgres==0.9.0",
)


def libraries() -> Path:
    """The folder of their packages, installed where they are not there yet. Raises CalledProcessError."""
    python = VENV / "bin" / "python"
    wanted = "\n".join(PACKAGES)
    mark = VENV / "packages.txt"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=120)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *PACKAGES]
        subprocess.run(install, check=True, timeout=1800)
        mark.write_text(wanted, "utf-8")
    return next((VENV / "lib").glob("python*/site-packages"))
