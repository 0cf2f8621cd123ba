"""Where things are on this machine, for tests and scripts. Needs nothing but the standard library."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import socket
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# Below the ports that systems give to outgoing connections and to whoever asks for any port: between the moment when a
# port is found free and the moment when a server takes it nobody else comes by. Each worker of a parallel run has a
# room of its own.
_ROOMS = 4
_SIZE = 3_000
_FIRST = 20_000


def _room() -> range:
    worker = re.search(r"\d+$", os.environ.get("PYTEST_XDIST_WORKER", ""))
    number = int(worker.group()) if worker else secrets.randbelow(_ROOMS)
    first = _FIRST + _SIZE * (number % _ROOMS)
    return range(first, first + _SIZE)


def _ports() -> itertools.cycle[int]:
    room = _room()
    begin = secrets.randbelow(len(room))
    return itertools.cycle([*room[begin:], *room[:begin]])


_NEXT = _ports()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on right now, and that nobody was given before in this process."""
    for port in itertools.islice(_NEXT, _SIZE):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port from {_FIRST} to {_FIRST + _ROOMS * _SIZE} is free")
