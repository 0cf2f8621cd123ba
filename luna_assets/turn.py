"""One run at a time works off a queue: it waits a moment for its turn, and gives back what it held, come what may."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import psycopg

from resources.database import Connection

PATIENCE_S = 1.0
_PAUSE_S = 0.05


def take_turn(try_lock: Callable[[Connection], bool], connection: Connection) -> bool:
    """Become the one run; False where another one stays it.

    The server lets go of a dead run's lock a moment after its connection is gone, so it is asked more than once.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not try_lock(connection):
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_S)
    return True


@contextmanager
def turn(
    unlock: Callable[[Connection], None],
    release: Callable[[], object],
    connection: Connection,
    log: Callable[[str], None],
) -> Generator[None]:
    """A turn that was taken: whatever ends it, the lock is given back; what a fault leaves claimed is put back before.

    Where the database is away the next run takes the claimed over, and the lock ends with its connection; the log says
    so.
    """
    try:
        yield
    except BaseException:
        try:
            release()
        except psycopg.Error as fault:
            log(f"could not put back what was claimed: {fault}; the next run takes it over")
        raise
    finally:
        if not connection.closed:
            try:
                unlock(connection)
            except psycopg.Error as fault:
                log(f"could not give back the lock: {fault}; it ends with the connection")
