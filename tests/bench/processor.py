"""Processor seconds of the database server's processes: they say what work costs, however loaded the machine is."""

from __future__ import annotations

from pathlib import Path

import psutil


class ServerTime:
    """Processor seconds of a PostgreSQL server of this machine, all its processes together, since this was made."""

    def __init__(self, data: Path) -> None:
        """`data` is the server's data folder."""
        self._server = psutil.Process(int((data / "postmaster.pid").read_text("ascii").splitlines()[0]))
        self._begun = self._spent()

    def seconds(self) -> float:
        """Seconds spent up to now."""
        return self._spent() - self._begun

    def _spent(self) -> float:
        # The time of processes that have ended is told with their parent's.
        own = self._server.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for child in self._server.children():
            try:
                times = child.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


def backend_seconds(pid: int) -> float:
    """Processor seconds of one connection's backend; NaN where it does not run on this machine."""
    try:
        process = psutil.Process(pid)
        if "postgres" not in process.name():
            return float("nan")
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return float("nan")
    return times.user + times.system
