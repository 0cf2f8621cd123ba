"""Asks Dagster to work off the queue of documents, at most one run at a time, beside the upload that caused it.

When Dagster is down nothing is lost: the document stands in the database, and Dagster's own sensor finds it there.
"""

import asyncio

import structlog

from resources.orchestrator import ALIVE, Orchestrator, OrchestratorError

DRAIN_JOB = "documents_drain"


class DrainStarter:
    """Launches the drain when none is alive; calls that come together are one launch."""

    def __init__(self, orchestrator: Orchestrator) -> None:
        self._orchestrator = orchestrator
        self._task: asyncio.Task[None] | None = None
        self._again = False
        self.down = False
        self.run_id: str | None = None

    def start(self) -> None:
        """See to it that a drain runs; returns at once."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name="drain-starter")

    async def settled(self, timeout_s: float) -> None:
        """Wait until it is known whether Dagster took the order, at most `timeout_s`."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=timeout_s)

    async def close(self) -> None:
        """Give up on what is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while self._again:
            self._again = False
            try:
                alive = await self._orchestrator.runs(job_name=DRAIN_JOB, statuses=ALIVE, limit=1)
                self.run_id = alive[0].run_id if alive else await self._orchestrator.launch(DRAIN_JOB)
                self.down = False
            except OrchestratorError as fault:
                if not self.down:
                    structlog.get_logger("luna_api.ingest").warning("drain_not_launched", fault=str(fault))
                self.down = True
