"""Starts Dagster's code server so that a run begins in a fraction of a second: `python -m luna_assets.code_server …`.

Dagster spawns each run as a fresh interpreter, which imports Dagster again. Here runs are forked from a small server
process that has imported everything once and has neither threads nor connections, so a fork of it is safe.
"""

import multiprocessing
from multiprocessing import forkserver
from multiprocessing.context import BaseContext
from types import SimpleNamespace

from dagster._cli import main as dagster_main
from dagster._grpc import server as grpc_server

PRELOADED = ["luna_assets.definitions", "dagster._grpc.server", "dagster._core.execution.api", "dagster_postgres"]
"""What every run imports anyway."""


def forking_context(_method: str | None = None) -> BaseContext:
    """The multiprocessing context that runs are made in, whatever method was asked for."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def main() -> None:
    """Serve the code location; arguments as for `dagster api grpc`."""
    # The server asks its module-level `multiprocessing` for "spawn" and offers no setting for it.
    setattr(grpc_server, "multiprocessing", SimpleNamespace(get_context=forking_context))  # noqa: B010 (not exported)
    # Its first use would wait for the imports; now they happen while the server starts.
    forking_context()
    forkserver.ensure_running()
    dagster_main()


if __name__ == "__main__":
    main()
