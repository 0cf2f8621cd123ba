"""What is known of a started stack: `run/stack.json`, and the mark that all its processes bear in their environment."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from resources.embedded.errors import EmbeddedError
from resources.embedded.home import write_private

MARK = "LUNA_STACK"
"""The variable that tells one start's processes from everybody else's."""
FILE_NAME = "stack.json"


@dataclass(frozen=True, slots=True)
class StackRecord:
    """The running supervisor, told apart from a later process with the same number.

    `create_time` and `started_at` are seconds since 1970 (UTC); `ports` has the number of each port's variable.
    """

    pid: int
    create_time: float
    socket: str
    password: str
    mark: str
    started_at: float
    ports: dict[str, int]

    def process(self) -> psutil.Process | None:
        """The supervisor's process, None when it is gone."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.create_time) < 0.05
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except psutil.Error:
            return None

    def marked(self) -> list[psutil.Process]:
        """The processes that bear this start's mark, also those that outlived the supervisor; never the caller."""
        found: list[psutil.Process] = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self.mark and process.pid != os.getpid():
                    found.append(process)
        return found


def read_record(run: Path) -> StackRecord | None:
    """The record in the folder `run`, None where there is none to go by. Raises `EmbeddedError` when it is closed."""
    try:
        return StackRecord(**json.loads((run / FILE_NAME).read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        # half a file cannot be: it is replaced whole; a foreign one is nothing to go by
        return None
    except OSError as fault:
        raise EmbeddedError(f"{run} ist nicht lesbar: {fault.strerror}.") from fault


def write_record(run: Path, record: StackRecord) -> None:
    """Keep the record in the folder `run`, readable by its owner only."""
    write_private(run / FILE_NAME, json.dumps(asdict(record)))


def remove_record(run: Path, record: StackRecord) -> None:
    """Remove the record and the supervisor's socket, of a stack that is stopped."""
    socket = Path(record.socket)
    socket.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        if socket.parent != run:
            socket.parent.rmdir()
    (run / FILE_NAME).unlink(missing_ok=True)
