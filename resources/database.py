"""Connections to the SQL database: pools, and transactions that carry the tenant.

Row-level security rests on the transaction settings made here; no other module sets them.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import LiteralString
from uuid import UUID

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import ConnStatus
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from resources.bounded_connection import BoundedConnection, DatabaseSilentError

DEFAULT_TENANT = UUID("00000000-0000-4000-8000-000000000001")
PUBLIC_SCOPE = UUID(int=0)
CONNECT_TIMEOUT_S = 5
_SILENCE_BEYOND_S = 2.0
"""A server that works ends a statement itself when its time is up; only then is it taken for one that hangs."""
DRAIN_LOCK = 7_221_502
"""Key of the session lock that the one living drain run holds while it takes documents from the queue."""
IMPORT_LOCK = 7_221_503
"""Key of the session lock that the one living run of imports holds."""
_DRAIN_LOCK_SEEN: LiteralString = (
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = 7221502"
    " AND objsubid = 1 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
DRAIN_LOCK_HELD: LiteralString = _DRAIN_LOCK_SEEN + " AND granted)"
"""Whether that lock is held by anyone: one row with one boolean."""
DRAIN_LOCK_WANTED: LiteralString = _DRAIN_LOCK_SEEN + " AND NOT granted)"
"""Whether anyone waits for that lock: one row with one boolean."""

_ANY_CORRECTION = " -c timescaledb.max_tuples_decompressed_per_dml_transaction=0"
"""TimescaleDB's community edition by itself lets a transaction touch 100,000 compressed rows at most, and two corrected
prices months apart touch all between them. Batches are bounded here; other servers pass over the setting."""

AsyncConnection = psycopg.AsyncConnection[TupleRow]
Connection = psycopg.Connection[TupleRow]

_SET_CONTEXT = "SELECT set_config('luna.tenant', %s, true), set_config('luna.actor', %s, true)"


def kept_alive(url: str) -> str:
    """The same address, over which a machine that vanished without a word is noticed after a minute (TCP only).

    Whoever only listens, or waits for a long statement, would not notice it by anything else.
    """
    return make_conninfo(url, keepalives=1, keepalives_idle=30, keepalives_interval=10, keepalives_count=3)


async def _still_there(connection: AsyncConnection) -> None:
    """Raise `psycopg.OperationalError` for a connection that the server has closed, so the pool takes another.

    Its farewell lies in the socket already; reading it costs no round trip, which asking the server would.
    """
    for _ in range(2):
        connection.pgconn.consume_input()
    if connection.pgconn.status != ConnStatus.OK:
        raise psycopg.OperationalError("the server closed the connection")


class AppDatabase:
    """The application's pool (role `luna_app`); every transaction names the tenant it acts for."""

    def __init__(self, url: str, *, min_size: int = 2, max_size: int = 8, query_limit_s: float = 10.0) -> None:
        self._silence_s = query_limit_s + _SILENCE_BEYOND_S
        self._pool: AsyncConnectionPool[BoundedConnection] = AsyncConnectionPool(
            kept_alive(url),
            connection_class=BoundedConnection,
            configure=self._bound,
            min_size=min_size,
            max_size=max_size,
            max_waiting=200,
            timeout=5,
            open=False,
            check=_still_there,
            # The pool's pauses between attempts double without end; given up early, the next request tries afresh.
            reconnect_timeout=3,
            kwargs={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": f"-c statement_timeout={query_limit_s * 1e3:.0f} -c timezone=UTC"
                " -c application_name=luna_api",
                "tcp_user_timeout": round(self._silence_s * 1e3),
            },
        )

    async def _bound(self, connection: BoundedConnection) -> None:
        connection.silence_s = self._silence_s

    async def open(self) -> None:
        """Open the pool; connections are made in the background, so a database that is down does not stop the start."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close(timeout=2)

    @asynccontextmanager
    async def transaction(self, tenant: UUID | None, *, admin: bool = False) -> AsyncGenerator[AsyncConnection]:
        """A transaction in which rows of `tenant` and public rows are visible; `admin` may write public rows.

        Raises `psycopg_pool.PoolTimeout` or `psycopg.OperationalError` when the database is down,
        `psycopg.errors.QueryCanceled` when a statement took too long, `DatabaseSilentError` when the database hangs.
        """
        try:
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_SET_CONTEXT, (str(tenant or ""), "admin" if admin else ""))
                yield connection
        except DatabaseSilentError:
            # The idle connections lead to the same server: nobody else is to wait for each of them in turn.
            await self._pool.drain()
            raise


@contextmanager
def worker_connection(url: str) -> Generator[Connection]:
    """A connection of the worker's role (all tenants, by explicit policy); transactions are the caller's."""
    with psycopg.connect(
        kept_alive(url),
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_S,
        options="-c timezone=UTC -c application_name=luna_worker -c statement_timeout=600000" + _ANY_CORRECTION,
    ) as connection:
        yield connection


def worker_pool(url: str, *, max_size: int = 4) -> ConnectionPool[Connection]:
    """A small synchronous pool of worker connections, not yet opened."""
    return ConnectionPool(url, min_size=0, max_size=max_size, timeout=10, open=False, kwargs={"autocommit": True})
