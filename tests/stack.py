"""A whole embedded stack in a folder of its own, on free ports, for smoke test, drills and benchmarks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.places import ROOT, free_port

LUNA = [sys.executable, "-m", "luna_cli.main"]


class StackError(RuntimeError):
    """The stack did not do what was asked; the text holds what it printed."""


class Stack:
    """`luna dev --detach` … `luna down`, with the API at hand.

    `variables` are set beside the ports and the home. As a context manager it always stops what it started.
    """

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.ports = {name: free_port() for name in ("API_PORT", "DB_PORT", "DAGSTER_PORT", "CODE_SERVER_PORT")}
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.endswith("_PORT")},
            **{name: str(port) for name, port in self.ports.items()},
            "LUNA_HOME": str(home),
            "LUNA_ENV": "dev",
            "OMP_NUM_THREADS": "1",
            **variables,
        }
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    def luna(self, *arguments: str, timeout_s: float = 400, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the `luna` command against this stack."""
        done = subprocess.run(
            [*LUNA, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if check and done.returncode != 0:
            raise StackError(f"luna {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def up(self) -> float:
        """Start the stack; returns the seconds until `luna dev --detach` came back."""
        begun = time.monotonic()
        self.luna("dev", "--detach")
        return time.monotonic() - begun

    def down(self) -> None:
        """Stop it."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self.luna("down")

    @property
    def base(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self.ports['API_PORT']}"

    @property
    def admin_key(self) -> str:
        """The administrator's key of this home."""
        return str(json.loads((self.home / "secrets.json").read_text("utf-8"))["admin_api_key"])

    @property
    def api(self) -> httpx.Client:
        """A client that acts as the administrator."""
        if self._client is None:
            self._client = httpx.Client(
                base_url=f"{self.base}/api/v1", headers={"X-Admin-Key": self.admin_key}, timeout=150
            )
        return self._client

    def data(self, response: httpx.Response) -> Any:
        """The `data` of an answer; raises with its message when it is none of the good ones."""
        if response.status_code >= 400:
            raise StackError(
                f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
            )
        return response.json()["data"]

    def ingest(self, path: Path, *, wait_s: int = 60, **fields: str) -> Any:
        """Upload one file and wait until it can be found."""
        with path.open("rb") as file:
            response = self.api.post(
                "/ingest/doc", files={"file": (path.name, file)}, data={"wait": str(wait_s), **fields}
            )
        return self.data(response)

    def status(self) -> Any:
        """What `luna status --json` says."""
        return json.loads(self.luna("status", "--json", check=False).stdout)

    def wait_healthy(self, timeout_s: float = 300) -> float:
        """Wait until the API and what it needs answer; returns the seconds it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout_s:
            try:
                if httpx.get(f"{self.base}/health", params={"ready": "1"}, timeout=30).status_code == 200:
                    return time.monotonic() - begun
            except httpx.HTTPError:
                pass
            time.sleep(0.25)
        raise StackError(f"the API was not ready within {timeout_s} s")
