"""Shapes of the simulators' calls."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Literal["smartmeter", "market"]


class SimulatorOrder(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """What a simulator is to do. `speed` above 1 runs through the past and stops at the present."""

    simulator: Name
    action: Literal["start", "stop"]
    speed: Annotated[float, Meta(ge=1, le=100_000)] = 1.0
    from_: datetime | None = None
    """Where simulated time begins: with `speed` above 1 anything in the past, else at most seven days ago."""


class SimulatorState(msgspec.Struct, kw_only=True):
    """How a simulator is doing; times are UTC, `lag_s` is for how long the next step has been due."""

    simulator: Name
    state: Literal["running", "stopped"]
    speed: float
    interval_s: int
    last_step: datetime | None
    lag_s: float | None
    rows: int
    """Rows written by live steps since the last start."""
    series: int
    """Simulated meters of the tenant, or products of the simulated markets."""
    started_at: datetime | None
    stopped_at: datetime | None
    ticked_at: datetime | None
    error: str | None


class SimulatorStates(msgspec.Struct):
    """All simulators."""

    simulators: list[SimulatorState]
