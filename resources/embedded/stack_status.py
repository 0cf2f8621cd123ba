"""How the parts of the stack are: state, memory and age of each, as `luna status` tells it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import Literal

import psutil

from resources.embedded.part_logs import last_line
from resources.embedded.parts import Part, PartName, fault_of
from resources.embedded.postgres import EmbeddedPostgres
from resources.settings import Settings

State = Literal["ok", "starting", "fault", "stopped"]
Overall = Literal["ok", "degraded", "stopped"]


@dataclass(frozen=True, slots=True)
class PartStatus:
    """How one part is."""

    name: PartName
    title: str
    state: State
    detail: str
    pid: int | None
    memory_bytes: int
    uptime_s: int | None
    port: int | None


@dataclass(frozen=True, slots=True)
class StackStatus:
    """How the stack is: `ok` when every part is healthy, `stopped` when none runs."""

    overall: Overall
    home: str
    memory_bytes: int
    parts: tuple[PartStatus, ...]


def part_status(
    part: Part, info: dict[str, object], settings: Settings, postgres: EmbeddedPostgres | None
) -> PartStatus:
    """How a part is: asked itself, and by what the supervisor tells of it (`info`, empty where it tells nothing)."""
    name = str(info.get("statename", "UNKNOWN"))
    pid = int(str(info.get("pid") or 0)) or None
    state: State
    if name in {"RUNNING", "STARTING"}:
        fault = fault_of(part, settings, postgres)
        state, detail = ("ok", "") if fault is None else ("fault", fault)
        if name == "STARTING" and (fault is not None or part.port is None):
            state, detail = "starting", "startet"
    elif name == "STOPPED":
        state, detail = "stopped", "angehalten"
    else:
        said = {
            "BACKOFF": "startet nach einem Absturz neu",
            "FATAL": "beendet sich immer wieder",
            "UNKNOWN": "seine Aufsicht antwortet nicht",
        }
        state, detail = "fault", f"{said.get(name, name)}; zuletzt: {last_line(settings.home, part.name)}"
    started = float(str(info.get("start") or 0))
    uptime = int(time.time() - started) if pid and started else None
    return PartStatus(part.name, part.title, state, detail, pid, memory_bytes(pid) if pid else 0, uptime, part.port)


def memory_bytes(pid: int, *, children: bool = True) -> int:
    """Memory of a process and its children: the proportional share where the system tells it, else what is resident."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in [process, *(process.children(recursive=True) if children else [])]:
            with contextlib.suppress(psutil.Error):
                full = one.memory_full_info()
                total += int(getattr(full, "pss", 0) or full.rss)
    return total
