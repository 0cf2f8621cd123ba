"""Runs the contract of the passage index on a Qdrant server, where `QDRANT_URL` names one.

No registry has the server, so it is not obtained here; `make test` runs the same suites on the client's own engine.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.places import ROOT

SUITES = (
    "tests/contract/passage_index",
    "tests/contract/test_index_engines.py",
    "tests/contract/test_index_models.py",
    "tests/integration/documents/test_roll_back.py",
)
PYTEST_TIMEOUT_S = 1200


def run(_: Path) -> tuple[int, dict[str, str]]:
    """The exit code, and what ran. A server that is named and does not answer is a failure."""
    url = os.environ.get("QDRANT_URL")
    if not url:
        return 0, {"Qdrant": "cannot be had here: it is in no registry, and QDRANT_URL names no server"}
    key = os.environ.get("QDRANT_API_KEY")
    try:
        answer = httpx.get(url, headers={"api-key": key} if key else {}, timeout=5, trust_env=False)
        version = str(answer.raise_for_status().json()["version"])
    except (httpx.HTTPError, ValueError, KeyError) as fault:
        return 1, {"Qdrant": f"QDRANT_URL names a server that does not answer as Qdrant does: {fault}"}
    command = [sys.executable, "-m", "pytest", *SUITES, "-k", "qdrant-server", "--timeout=300"]
    try:
        code = subprocess.run(command, cwd=ROOT, timeout=PYTEST_TIMEOUT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return 1, {"Qdrant": f"{version}; pytest was not done within {PYTEST_TIMEOUT_S} s"}
    return code, {"Qdrant": f"{version}; the contract of the index {'held' if code == 0 else 'FAILED'}"}
