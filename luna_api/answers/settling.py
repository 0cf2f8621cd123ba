"""Work on answers that goes on when their readers have left: each is noted, and the end of the process waits for it."""

import asyncio
from collections.abc import Coroutine

import structlog

from luna_api.answers.schemas import AnswerData

CLOSE_S = 4.0
"""So long the end of the process waits; whoever ends it (supervisor, container) allows it about ten seconds in all."""


class Settling:
    """The notes under way, held so that none is lost with its reader."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[AnswerData]] = set()

    def begin(self, noting: Coroutine[None, None, AnswerData]) -> asyncio.Task[AnswerData]:
        """Note an answer whether or not its reader stays."""
        task = asyncio.create_task(noting)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def close(self, within_s: float = CLOSE_S) -> None:
        """Wait until what is under way is noted; what takes longer than `within_s` seconds is given up, and told."""
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=within_s)
        if not left:
            return
        structlog.get_logger("luna_api.answers").warning("answers_not_noted", count=len(left), waited_s=within_s)
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=1.0)

    def _done(self, task: asyncio.Task[AnswerData]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            structlog.get_logger("luna_api.answers").warning("answer_not_noted", fault=type(fault).__name__)
