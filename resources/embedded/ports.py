"""Who listens on a port of this machine, and which one is free."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Literal

import psutil

LOOPBACK = "127.0.0.1"


Obstacle = Literal["taken", "address", "forbidden"]


def obstacle(port: int, address: str = LOOPBACK) -> Obstacle | None:
    """Why no server could listen on `port` of `address` now: somebody else does, the address is not one of this
    machine, or this user may not.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as probe:
            # as the servers do: a port whose last connections linger in TIME_WAIT is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except PermissionError:
        return "forbidden"
    except (OSError, UnicodeError) as fault:
        return "taken" if isinstance(fault, OSError) and fault.errno == errno.EADDRINUSE else "address"
    return None


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` of `address` now."""
    return obstacle(port, address) is None


def free_port_near(port: int) -> int:
    """The next free port above `port`, or any free one."""
    for candidate in range(port + 1, min(port + 200, 65536)):
        if is_free(candidate):
            return candidate
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def holder_pid(port: int) -> int | None:
    """Process id of who listens on `port`, as far as this user may know it."""
    with contextlib.suppress(psutil.AccessDenied, PermissionError):
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
                return connection.pid
    return None


def holder_of(port: int) -> str | None:
    """Who listens on `port`, as „name (PID n)“."""
    pid = holder_pid(port)
    if pid is None:
        return None
    try:
        return f"{psutil.Process(pid).name()} (PID {pid})"
    except psutil.Error:
        return f"PID {pid}"
