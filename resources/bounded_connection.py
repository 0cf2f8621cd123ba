"""A connection to the SQL database that does not wait without end for a server that has gone silent.

The server's own `statement_timeout` ends what takes too long while it works. A server that hangs (stopped, its disk
gone, its machine unreachable without a word) ends nothing; there the one who asked has to stop waiting.
"""

from __future__ import annotations

from collections.abc import Generator
from time import monotonic
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import TupleRow
from psycopg.waiting import Ready, Wait

_Result = TypeVar("_Result")
_WAKE_S = 0.1
_CANCEL_S = 2.0
"""How long a request to cancel may take; a server that hangs does not answer that either."""


class DatabaseSilentError(psycopg.OperationalError):
    """The server neither answered nor closed the connection for `silence_s` seconds; the connection is closed."""

    def __init__(self, silence_s: float) -> None:
        super().__init__(f"the server was silent for {silence_s:g} s")
        self.silence_s = silence_s


class BoundedConnection(psycopg.AsyncConnection[TupleRow]):
    """A connection that is closed, and raises `DatabaseSilentError`, once the server was silent for `silence_s`.

    Only silence counts: as long as bytes go either way, a large result may take as long as it takes.
    """

    silence_s: float = 12.0

    async def wait(
        self,
        gen: PQGen[_Result],
        interval: float = _WAKE_S,
        timeout: float | None = None,  # noqa: ASYNC109  the library's own signature
    ) -> _Result:
        """Wait for one exchange with the server; a `timeout` of the caller's (notifications) replaces the limit."""
        if timeout is not None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(_not_silent(gen, self.silence_s), interval)
        except DatabaseSilentError:
            # What comes later would be taken for the answer to another statement.
            self.pgconn.finish()
            raise

    async def cancel_safe(self, *, timeout: float = 30.0) -> None:  # noqa: ASYNC109  the library's own signature
        """Ask the server to end the statement; where it does not take that in time, the connection is closed."""
        try:
            await super().cancel_safe(timeout=min(timeout, _CANCEL_S))
        except psycopg.OperationalError:
            self.pgconn.finish()
            raise


def _not_silent(gen: PQGen[_Result], silence_s: float) -> Generator[Wait, Ready | int, _Result]:
    """The same exchange; raises `DatabaseSilentError` where the socket was not ready for `silence_s` at a stretch.

    Whoever waits sends what the socket is ready for, and 0 each time that it woke without anything.
    """
    heard = monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                heard = monotonic()
            elif monotonic() - heard >= silence_s:
                raise DatabaseSilentError(silence_s)
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
