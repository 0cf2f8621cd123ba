"""Asks Dagster to work off the queue of documents, at most one run at a time, beside the upload that caused it.

When Dagster is down nothing is lost: the document stands in the database, and Dagster's own sensor finds it there.
"""

import asyncio
import time

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from resources.database import DRAIN_LOCK_HELD, AppDatabase
from resources.orchestrator import ALIVE, Orchestrator, OrchestratorError, Run

DRAIN_JOB = "documents_drain"
BEGINNING_S = 10.0
"""A run younger than this may not hold the lock yet."""


class DrainStarter:
    """Launches the drain when none is alive; calls that come together are one launch."""

    def __init__(self, orchestrator: Orchestrator, database: AppDatabase) -> None:
        self._orchestrator = orchestrator
        self._database = database
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
                if alive and not await self._is_ending(alive[0]):
                    self.run_id = alive[0].run_id
                else:
                    self.run_id = await self._orchestrator.launch(DRAIN_JOB)
                self.down = False
            except OrchestratorError as fault:
                if not self.down:
                    structlog.get_logger("luna_api.ingest").warning("drain_not_launched", fault=str(fault))
                self.down = True

    async def _is_ending(self, run: Run) -> bool:
        """Whether a run that has begun no longer looks into the queue: it has let go of the drain's lock.

        A second run beside one that is at work would end at once, so a wrong guess costs little.
        """
        if run.start_time_s is None or time.time() - run.start_time_s < BEGINNING_S:
            return False
        try:
            async with self._database.transaction(None) as sql:
                row = await (await sql.execute(DRAIN_LOCK_HELD)).fetchone()
        except (psycopg.Error, PoolTimeout):
            return False
        return not (row and row[0])
