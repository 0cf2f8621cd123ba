"""Waiting for documents without asking the database all the time: one listening connection for the whole process.

The worker notifies `luna_items` with the item's id at each change of stage. Where the listener is down, callers ask the
row now and then; a lost notification therefore costs time, never the result.
"""

import asyncio
import contextlib
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

import psycopg
import structlog

from resources.database import CONNECT_TIMEOUT_S, kept_alive

CHANNEL = "luna_items"
POLL_S = 0.4
POLL_WHILE_LISTENING_S = 2.0
_RECONNECT_S = 2.0


class ItemWatcher:
    """Hands notifications to those who wait for an item."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None
        self.listening = False

    def start(self) -> None:
        """Begin to listen, in the background."""
        self._task = asyncio.create_task(self._listen(), name="item-watcher")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def watch(self, item_id: UUID) -> Generator[asyncio.Event]:
        """An event that is set at each change of the item; to be opened before the row is first read."""
        event = asyncio.Event()
        self._waiting.setdefault(str(item_id), set()).add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[str(item_id)]
            waiting.discard(event)
            if not waiting:
                del self._waiting[str(item_id)]

    async def changed(self, event: asyncio.Event, timeout_s: float) -> None:
        """Return at the next change, or when it is time to look oneself."""
        poll = POLL_WHILE_LISTENING_S if self.listening else POLL_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), max(0.01, min(poll, timeout_s)))
        event.clear()

    async def _listen(self) -> None:
        log = structlog.get_logger("luna_api.ingest")
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    kept_alive(self._url),
                    autocommit=True,
                    connect_timeout=CONNECT_TIMEOUT_S,
                    application_name="luna_api_listener",
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self.listening = True
                    self._wake_all()
                    async for notice in connection.notifies():
                        for event in self._waiting.get(notice.payload, ()):
                            event.set()
            except (psycopg.Error, OSError) as fault:
                log.warning("listener_down", fault=type(fault).__name__)
            finally:
                self.listening = False
            await asyncio.sleep(_RECONNECT_S)

    def _wake_all(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
