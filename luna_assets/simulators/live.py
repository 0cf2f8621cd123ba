"""The live steps: everything due since the cursor, in bounded batches, each committed together with its cursor.

A tick that dies is repeated from the cursor. After a pause the steps are caught up, as many as fit into a tick; the
lag says how far behind the present the last step is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, LiteralString

from psycopg.types.json import Jsonb

from luna_assets.simulators.register import Registered, ensure_products, simulated_meters
from luna_assets.simulators.write import write_step
from luna_rules.series.calendar import DAY, QUARTER_HOUR_S, berlin_day
from luna_rules.simulation.prices import auction_frame, intraday_frame, products, published_until
from resources.database import Connection
from resources.series.writer import write_prices

if TYPE_CHECKING:
    from luna_rules.simulation.simulator import MeterSimulator

ROWS_AT_ONCE = 40_000
TICK_BUDGET_S = 4.0
"""No further batch begins after this: a tick must end long before Dagster gives up on it (60 s)."""
CATCH_UP = timedelta(days=7)
"""Further back than this the live steps do not reach; a backfill does."""

_TAKE: LiteralString = """
SELECT state, speed, settings, cursor_ts, started_at FROM simulators WHERE name = %s FOR UPDATE
"""
_ADVANCE: LiteralString = """
UPDATE simulators SET cursor_ts = %(cursor)s, lag_s = %(lag)s, ticked_at = now(), error = %(error)s,
    settings = settings || %(settings)s,
    state = CASE WHEN %(ended)s THEN 'stopped' ELSE state END,
    stopped_at = CASE WHEN %(ended)s THEN now() ELSE stopped_at END
WHERE name = %(name)s
"""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the settings say about live steps."""

    seed: int
    meter_step_s: int
    market_step_s: int
    markets: tuple[str, ...]
    day_products: tuple[str, ...]


@dataclass(slots=True)
class Tick:
    """What a tick did."""

    running: bool
    rows: int = 0
    first: datetime | None = None
    cursor: datetime | None = None
    lag_s: float = 0.0
    batches: int = 0
    ended: bool = False
    message: str = ""

    @property
    def quarters(self) -> int:
        """Quarter-hours that were closed by this tick."""
        if self.first is None or self.cursor is None:
            return 0
        return int(self.cursor.timestamp()) // QUARTER_HOUR_S - int(self.first.timestamp()) // QUARTER_HOUR_S


@dataclass(frozen=True, slots=True)
class _State:
    speed: float
    settings: dict[str, object]
    cursor: datetime
    target: datetime
    now: datetime
    fresh: bool
    """Just started: what is known without waiting for a step is written at once."""


WriteSpan = Callable[[datetime, datetime], int]
"""Writes the steps of a span and says how many rows they were."""


def present() -> datetime:
    """The clock of the ticks that are given no moment."""
    return datetime.now(UTC)


def tick_meters(connection: Connection, setup: Setup, *, now: datetime | None = None) -> Tick:
    """Write the meters' steps that are due."""
    registered, faults = simulated_meters(connection)
    step = setup.meter_step_s
    count = sum(len(one.meters) for one in registered)

    def write(start: datetime, end: datetime) -> int:
        rows = 0
        if start == end:
            return rows
        for one in registered:
            frame = _simulator(one, setup.seed).readings(start, end, step).frame()
            begin = datetime.fromtimestamp(int(start.timestamp()) // QUARTER_HOUR_S * QUARTER_HOUR_S, UTC)
            ids = [meter.meter_id for meter in one.meters]
            report = write_step(connection, one.tenant, ids, frame, begin, end, step)
            rows += report.loaded + report.updated + report.unchanged
        return rows

    fault = "; ".join(faults[:3]) or (None if count else "no simulated meter is registered")
    return _tick(connection, "smartmeter", step, max(count, 1), write, fault, now)


def tick_market(connection: Connection, setup: Setup, *, now: datetime | None = None) -> Tick:
    """Write the running prices that are due, and each auction when its time has come."""
    ensure_products(connection, setup.markets, products(setup.day_products, setup.market_step_s))

    def write(start: datetime, end: datetime) -> int:
        report = write_prices(
            connection, None, intraday_frame(setup.markets, start, end, setup.market_step_s, seed=setup.seed)
        )
        # Begun within a day, its auction was yesterday: the first span writes it, later ones find it there.
        known = published_until(start - timedelta(seconds=1))
        first, last = berlin_day(start), published_until(end)
        if last > known or not _has_auction(connection, setup.markets, start):
            first = first if not _has_auction(connection, setup.markets, start) else known + DAY
            report.add(
                write_prices(
                    connection, None, auction_frame(setup.markets, setup.day_products, first, last, seed=setup.seed)
                )
            )
        return report.loaded + report.updated + report.unchanged

    return _tick(connection, "market", setup.market_step_s, len(setup.markets), write, None, now)


def _tick(
    connection: Connection,
    name: str,
    step_s: int,
    series: int,
    write: WriteSpan,
    fault: str | None,
    now: datetime | None,
) -> Tick:
    done = Tick(running=False)
    begun = time.monotonic()
    span = timedelta(seconds=max(ROWS_AT_ONCE // series, 1) * step_s)
    while True:
        with connection.transaction():
            state = _state(connection, name, step_s, now or present())
            if state is None:
                done.message = done.message or "stopped"
                return done
            done.running = True
            done.first = done.first or state.cursor
            end = min(state.cursor + span, state.target)
            rows = write(state.cursor, end) if end > state.cursor or state.fresh else 0
            caught_up = end >= state.target
            done.ended = state.speed > 1 and caught_up and state.target >= _floor(state.now, step_s)
            done.cursor, done.lag_s = end, (state.now - end).total_seconds()
            done.rows += rows
            done.batches += 1
            connection.execute(
                _ADVANCE,
                {
                    "name": name,
                    "cursor": end,
                    "lag": done.lag_s,
                    "error": fault,
                    "ended": done.ended,
                    "settings": Jsonb({"fresh": False, "rows": _whole(state.settings.get("rows")) + rows}),
                },
            )
        if caught_up or time.monotonic() - begun > TICK_BUDGET_S:
            return done


def _state(connection: Connection, name: str, step_s: int, now: datetime) -> _State | None:
    row = connection.execute(_TAKE, (name,)).fetchone()
    if row is None or row[0] != "running":
        return None
    speed, settings, cursor, started = float(row[1]), dict(row[2] or {}), row[3], row[4]
    present = _floor(now, step_s)
    begin = settings.get("begin")
    if settings.get("fresh") or cursor is None:
        if isinstance(begin, str):
            cursor = datetime.fromisoformat(begin)
        elif cursor is None:
            cursor = datetime.fromtimestamp(int(now.timestamp()) // QUARTER_HOUR_S * QUARTER_HOUR_S, UTC)
    if speed <= 1:
        cursor = max(cursor, present - CATCH_UP)
    cursor = _floor(cursor, step_s)
    target = present
    if speed > 1 and isinstance(begin, str) and started is not None:
        # Simulated time runs from `begin` on, `speed` times as fast as the clock, until it has caught it up.
        simulated = datetime.fromisoformat(begin) + (now - started) * speed
        target = max(cursor, min(present, _floor(simulated, step_s)))
    return _State(speed, settings, cursor, target, now, bool(settings.get("fresh")))


def _has_auction(connection: Connection, markets: Sequence[str], moment: datetime) -> bool:
    row = connection.execute(
        "SELECT count(*) FROM market_prices WHERE market = ANY (%s) AND product = 'DE-LU-15MIN' AND ts = %s",
        (list(markets), _floor(moment, QUARTER_HOUR_S)),
    ).fetchone()
    return bool(row and row[0] == len(markets))


_SIMULATORS: dict[tuple[object, ...], MeterSimulator] = {}


def _simulator(registered: Registered, seed: int) -> MeterSimulator:
    """The simulator of a tenant's meters, kept from tick to tick while they are the same."""
    from luna_rules.simulation.simulator import MeterSimulator

    key = (seed, registered.tenant, *registered.meters)
    if key not in _SIMULATORS:
        for other in [one for one in _SIMULATORS if one[1] == registered.tenant]:
            del _SIMULATORS[other]
        _SIMULATORS[key] = MeterSimulator(registered.meters, seed)
    return _SIMULATORS[key]


def _floor(moment: datetime, step_s: int) -> datetime:
    return datetime.fromtimestamp(int(moment.timestamp()) // step_s * step_s, UTC)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
