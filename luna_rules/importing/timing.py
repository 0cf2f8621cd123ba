"""From the time columns of a block to the start and length of each row's interval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import polars as pl

from luna_rules.importing import stamps
from luna_rules.importing.dateorder import Order, decide_order
from luna_rules.importing.grid import Grid
from luna_rules.importing.layout import Block, TimeColumns
from luna_rules.importing.model import Stamp, UnreadableFileError
from luna_rules.series.frames import UTC_TIME
from luna_rules.series.localtime import local_to_utc

DAY_S: Final = 86_400
LONGEST_S: Final = 90_000
_GRID_S: Final = (60, 300, 600, 900, 1800, 3600)
_JITTER_S: Final = 5
_SESSIONS_LEAST: Final = 6
_LENGTHS_MOST: Final = 3
_STATES_LEAST: Final = 20
_STEP_SLACK: Final = 0.15


@dataclass
class Times:
    """For each row: `start` (UTC), `interval_s`, `written` (the instant of the stamp itself, UTC), why not.

    `bad` rows hold no readable time, `missing` rows a local time that does not exist.
    """

    start: pl.Series
    interval: pl.Series
    written: pl.Series
    bad: pl.Series
    missing: pl.Series
    stamp: Stamp
    stamp_source: str
    base_s: int | None
    zone: str
    ambiguous_once: int
    shown: pl.Series
    notes: list[str]


@dataclass(frozen=True)
class _Written:
    naive: pl.Series
    offset: pl.Series
    shown: pl.Series
    has_clock: bool


def read_times(
    grid: Grid,
    block: Block,
    first: int,
    used: pl.Series,
    groups: pl.Series,
    zone: str,
    forced: Stamp | None,
    registers: tuple[pl.Series, pl.Series] | None,
) -> Times:
    """Times of all rows from `first` on. `used` marks rows that hold a value; `registers` is (register, advance)."""
    lead = block.start or block.single
    if lead is None:
        raise UnreadableFileError("time_missing", "Die Zeitspalte fehlt. Bitte die Spalten zuordnen.", missing=["ts"])
    notes: list[str] = []
    ending: _Written | None = None
    if lead.kind == "range":
        begin_text, end_text = stamps.split_ranges(grid.column(lead.column).slice(first))
        begin, ending = _parse(begin_text, notes), _parse(end_text, notes)
    else:
        begin = _read(grid, lead, first, notes)
        if block.start is not None and block.end is not None:
            ending = _read(grid, block.end, first, notes)
    if ending is not None:
        return _spans(begin, ending, groups, zone, notes)
    return _singles(begin, block, used, groups, zone, forced, registers, notes)


def _read(grid: Grid, time: TimeColumns, first: int, notes: list[str]) -> _Written:
    column = grid.column(time.column).slice(first)
    if time.kind == "epoch":
        naive = stamps.parse_epoch(column)
        return _Written(naive, pl.repeat(0, len(naive), dtype=pl.Int32, eager=True), column, True)
    if time.kind == "serial":
        naive = stamps.parse_serial(column)
        return _Written(naive, pl.repeat(None, len(naive), dtype=pl.Int32, eager=True), column, True)
    if time.kind == "pair" and time.clock is not None:
        clock_text = grid.column(time.clock).slice(first)
        day = stamps.parse_stamps(column, order=_order(column, notes))
        clock = stamps.parse_clock(clock_text)
        frame = pl.DataFrame({"day": day.naive.dt.truncate("1d"), "clock": clock, "a": column, "b": clock_text})
        joined = frame.select(
            naive=pl.col("day") + pl.col("clock"), shown=pl.concat_str("a", "b", separator=" ", ignore_nulls=True)
        )
        offset = pl.select(pl.coalesce(stamps.clock_offsets(clock_text), day.offset_minutes)).to_series()
        return _Written(joined["naive"], offset, joined["shown"], True)
    return _parse(column, notes)


def _parse(column: pl.Series, notes: list[str]) -> _Written:
    parsed = stamps.parse_stamps(column, order=_order(column, notes))
    return _Written(parsed.naive, parsed.offset_minutes, column, parsed.has_clock)


def _order(column: pl.Series, notes: list[str]) -> Order:
    order, evident = decide_order(column)
    if not evident:
        note = "Die Datumsangaben sind mehrdeutig; sie gelten als Tag/Monat/Jahr."
        if note not in notes:
            notes.append(note)
    return order


@dataclass(frozen=True)
class _Instants:
    ts: pl.Series
    missing: pl.Series
    once: int


def _instants(naive: pl.Series, offset: pl.Series, groups: pl.Series, zone: str) -> _Instants:
    local = pl.DataFrame({"n": naive, "o": offset}).select(pl.when(pl.col("o").is_null()).then("n")).to_series()
    exact = stamps.to_instant(naive, offset)
    if local.null_count() == len(local):
        return _Instants(exact, pl.repeat(False, len(naive), eager=True, dtype=pl.Boolean), 0)
    resolved = local_to_utc(local, zone, groups)
    return _Instants(
        pl.select(pl.coalesce(exact, resolved.ts)).to_series().cast(UTC_TIME), resolved.missing, resolved.ambiguous_once
    )


def _spans(begin: _Written, ending: _Written, groups: pl.Series, zone: str, notes: list[str]) -> Times:
    """Begin and end are written: the end only tells the length."""
    begins = _instants(begin.naive, begin.offset, groups, zone)
    frame = pl.DataFrame(
        {"start": begins.ts, "n0": begin.naive, "n1": ending.naive, "o0": begin.offset, "o1": ending.offset}
    ).with_columns(
        exact=pl.col("o0").is_not_null() & pl.col("o1").is_not_null(),
        length=(pl.col("n1") - pl.col("n0")).dt.total_seconds(),
    )
    frame = frame.with_columns(
        length=pl.when("exact")
        .then(pl.col("length") - (pl.col("o1") - pl.col("o0")).cast(pl.Int64) * 60)
        .otherwise("length")
    )
    # 00:14:59 and 23:59:59 name the last second, the day's 00:00 the next midnight.
    frame = frame.with_columns(
        length=pl.when(pl.col("length") % 60 == 59).then(pl.col("length") + 1).otherwise("length")
    ).with_columns(
        length=pl.when((pl.col("length") <= 0) & (pl.col("n1").dt.hour() == 0) & (pl.col("n1").dt.minute() == 0))
        .then(pl.col("length") + DAY_S)
        .otherwise("length")
    )
    base = _usual(frame["length"])
    if base is None:
        raise UnreadableFileError("time_missing", "Beginn und Ende der Intervalle sind nicht lesbar.", missing=["ts"])
    _refuse_no_profile(frame["length"], base)
    frame = frame.with_columns(
        change=(
            pl.col("n0")
            .dt.truncate("1d")
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.base_utc_offset()
            + pl.col("n0")
            .dt.truncate("1d")
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.dst_offset()
            != (pl.col("n0").dt.truncate("1d") + timedelta(days=1))
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.base_utc_offset()
            + (pl.col("n0").dt.truncate("1d") + timedelta(days=1))
            .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
            .dt.dst_offset()
        ).fill_null(False)
    )
    ends = _day_ends(frame["n0"], zone)
    frame = frame.with_columns(day_end=ends).with_columns(
        interval=pl.when("exact")
        .then("length")
        .when(pl.col("length") == DAY_S)
        .then((pl.col("day_end") - pl.col("start")).dt.total_seconds())
        .when(pl.col("change") & ((pl.col("length") - base).abs() == 3600) & (pl.col("length") < DAY_S))
        .then(base)
        .otherwise("length")
    )
    good = pl.col("interval").is_between(1, 32 * DAY_S)
    frame = frame.with_columns(interval=pl.when(good).then("interval").cast(pl.Int32))
    missing = begins.missing
    bad = frame.select(pl.col("start").is_null() | pl.col("interval").is_null()).to_series() & ~missing
    written = (
        frame.select(pl.col("start") + pl.duration(seconds=pl.col("interval").cast(pl.Int64)))
        .to_series()
        .cast(UTC_TIME)
    )
    return Times(
        begins.ts, frame["interval"], written, bad, missing, "start", "Beginn und Ende stehen in der Datei", base,
        zone, begins.once, begin.shown, notes,
    )  # fmt: skip


def _refuse_no_profile(lengths: pl.Series, base: int) -> None:
    """Sessions of a charger and months of a bill have a begin and an end too, but are no load profile."""
    if base > LONGEST_S:
        raise too_coarse(base)
    known = lengths.drop_nulls().filter(lengths.drop_nulls() > 0)
    if len(known) < _SESSIONS_LEAST or known.n_unique() <= _LENGTHS_MOST:
        return
    usual = known.value_counts(sort=True)["count"].head(_LENGTHS_MOST).sum()
    if usual < 0.6 * len(known):
        raise _uneven("Die Zeiträume sind verschieden lang (etwa Ladevorgänge)")


def refuse_states(times: Times, used: pl.Series, groups: pl.Series) -> None:
    """Raises `UnreadableFileError` where single stamps follow one another at no step: each change of a state."""
    if times.base_s is None or times.base_s >= DAY_S:
        return
    steps = (
        pl.DataFrame({"ts": times.start, "group": groups, "used": used})
        .filter("used")
        .drop_nulls("ts")
        .unique(["group", "ts"])
        .sort("group", "ts")
        .select((pl.col("ts").diff().over("group").dt.total_seconds() / times.base_s).alias("n"))
        .drop_nulls()["n"]
    )
    if len(steps) < _STATES_LEAST:
        return
    even = ((steps - steps.round(0)).abs() <= _STEP_SLACK) & (steps >= 1 - _STEP_SLACK)
    if float(even.sum()) < 0.6 * len(steps):
        raise _uneven("Die Zeiten folgen einander in keinem festen Abstand (etwa jede Änderung eines Zustands)")


def _uneven(what: str) -> UnreadableFileError:
    return UnreadableFileError(
        "uneven", f"{what}: das ist kein Lastgang. Lesbar sind Werte in gleich langen Intervallen."
    )


def too_coarse(base: int) -> UnreadableFileError:
    """The refusal of values of several days each."""
    return UnreadableFileError(
        "too_coarse",
        f"Zwischen zwei Werten liegen meist {base // DAY_S} Tage: das ist kein Lastgang. "
        "Lesbar sind Werte bis zur Länge eines Tages.",
    )


def _day_ends(naive: pl.Series, zone: str) -> pl.Series:
    """The instant one local day later."""
    return (
        (naive + timedelta(days=1))
        .dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
    )


def _usual(lengths: pl.Series) -> int | None:
    counted = lengths.drop_nulls().filter(lengths.drop_nulls() > 0).value_counts(sort=True)
    return int(counted.item(0, 0)) if counted.height else None


def _singles(
    begin: _Written,
    block: Block,
    used: pl.Series,
    groups: pl.Series,
    zone: str,
    forced: Stamp | None,
    registers: tuple[pl.Series, pl.Series] | None,
    notes: list[str],
) -> Times:
    last = begin.naive.dt.second().drop_nulls()
    last_second = len(last) > 1 and bool((last == 59).all())
    if last_second:
        begin = replace(begin, naive=begin.naive + timedelta(seconds=1))
    snapped = _on_the_grid(begin.naive, groups)
    if snapped is not None:
        notes.append("Die Zeitstempel schwanken um Sekunden; sie gelten als die nahe volle Viertelstunde oder Minute.")
    naive, shifted = _midnights(begin.naive if snapped is None else snapped, groups)
    if shifted:
        notes.append("„00:00“ steht am Ende des Tages und gilt als 24:00.")
    instants = _instants(naive, begin.offset, groups, zone)
    base = _base(instants.ts, used, groups)
    hint = block.single_hint
    daily = base is not None and base >= 82_800
    if base is not None and base > LONGEST_S:
        raise too_coarse(base)
    stamp, source = _position(
        naive, begin.offset, zone, base, used, hint, forced, shifted, registers, begin.has_clock, instants.ts
    )
    if last_second and forced is None:
        stamp, source = "end", "letzte Sekunde des Intervalls"
    if daily:
        return _days(naive, begin, groups, zone, stamp, source, notes)
    start = instants.ts
    missing = instants.missing
    written = start
    if stamp == "end" and base is not None:
        label = _label_style(naive, begin.offset, missing, zone, base)
        if label:
            moved = _instants(naive - timedelta(seconds=base), begin.offset, groups, zone)
            start, missing = moved.ts, moved.missing
            written = start + timedelta(seconds=base)
        else:
            start = start - timedelta(seconds=base)
    length = len(naive)
    interval = pl.repeat(base, length, dtype=pl.Int32, eager=True)
    bad = start.is_null() & ~missing
    return Times(
        start.cast(UTC_TIME),
        interval,
        written.cast(UTC_TIME),
        bad,
        missing,
        stamp,
        source,
        base,
        zone,
        instants.once,
        begin.shown,
        notes,
    )


def _on_the_grid(naive: pl.Series, groups: pl.Series) -> pl.Series | None:
    """The times rounded to their grid where they miss it by seconds; None where they keep it, or have none."""
    frame = pl.DataFrame({"n": naive, "g": groups})
    steps = frame.drop_nulls("n").select(pl.col("n").diff().over("g").dt.total_seconds()).to_series()
    usual = steps.filter(steps > 0).median()
    if not isinstance(usual, float):
        return None
    step = min(_GRID_S, key=lambda one: abs(one - usual))
    if abs(step - usual) > _JITTER_S:
        return None
    known = naive.drop_nulls()
    rounded = known.dt.round(f"{step}s")
    off = (known - rounded).dt.total_seconds().abs()
    if off.max() == 0 or (off <= _JITTER_S).mean() < 1 or rounded.n_unique() != known.n_unique():  # type: ignore[operator]
        return None
    return naive.dt.round(f"{step}s")


def _base(ts: pl.Series, used: pl.Series, groups: pl.Series) -> int | None:
    frame = pl.DataFrame({"ts": ts, "group": groups, "used": used})
    for part in (frame.filter("used"), frame):
        steps = (
            part.drop_nulls("ts")
            .unique(["group", "ts"])
            .sort("group", "ts")
            .select(pl.col("ts").diff().over("group").dt.total_seconds())
            .to_series()
        )
        usual = _usual(steps)
        if usual is not None:
            return DAY_S if 82_800 <= usual <= 90_000 else usual
    return None


def _midnights(naive: pl.Series, groups: pl.Series) -> tuple[pl.Series, bool]:
    """A day that ends with its own 00:00 means 24:00."""
    frame = pl.DataFrame({"n": naive, "g": groups}).with_columns(
        before=pl.col("n").shift().over("g"), after=pl.col("n").shift(-1).over("g")
    )
    midnight = (pl.col("n").dt.time() == pl.time(0, 0)) & pl.col("before").is_not_null()
    late = (
        midnight
        & (pl.col("before").dt.date() == pl.col("n").dt.date())
        & (pl.col("before").dt.hour() >= 22)
        & (pl.col("after").is_null() | (pl.col("after").dt.date() > pl.col("n").dt.date()))
    )
    counts = frame.select(late=late.sum(), midnights=midnight.sum()).row(0)
    if not counts[0] or counts[0] < 0.5 * counts[1]:
        return naive, False
    return frame.select(pl.when(late).then(pl.col("n") + timedelta(days=1)).otherwise("n")).to_series(), True


def _position(
    naive: pl.Series,
    offset: pl.Series,
    zone: str,
    base: int | None,
    used: pl.Series,
    hint: str | None,
    forced: Stamp | None,
    shifted: bool,
    registers: tuple[pl.Series, pl.Series] | None,
    has_clock: bool,
    instants: pl.Series,
) -> tuple[Stamp, str]:
    """Whether single stamps mark the start or the end, and what told it."""
    if forced is not None:
        return forced, "vorgegeben"
    if shifted:
        return "end", "„00:00“ schließt den Tag ab"
    if hint in {"start", "end"}:
        return ("start", "Kopfzeile") if hint == "start" else ("end", "Kopfzeile")
    if not has_clock:
        return "start", "Tagesdatum"
    if registers is not None:
        told = _by_register(*registers, instants)
        if told is not None:
            return told, "Zählerstände"
    local = instants.filter(used & instants.is_not_null())
    if len(local) and base is not None:
        wall = local.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        if offset.drop_nulls().len() == len(offset) and offset.n_unique() == 1:
            wall = naive.filter(used & instants.is_not_null())  # written in one fixed offset: its own midnight counts
        first, last = wall.min(), wall.max()
        first_s, last_s = _second_of_day(first), _second_of_day(last)
        if first_s == 0 and last_s != 0:
            return "start", "erster Wert um 00:00"
        if last_s == 0 and first_s != 0:
            return "end", "letzter Wert um 00:00"
    if hint == "read_at":
        return "end", "Ablesezeit"
    return "start", "angenommen"


def _second_of_day(moment: object) -> int:
    hour, minute, second = (getattr(moment, name) for name in ("hour", "minute", "second"))
    return int(hour) * 3600 + int(minute) * 60 + int(second)


def _by_register(register: pl.Series, advance: pl.Series, ts: pl.Series) -> Stamp | None:
    """The advance stands beside the register at its end, or at its start."""
    frame = (
        pl.DataFrame({"ts": ts, "r": register, "a": advance})
        .drop_nulls("ts")
        .sort("ts")
        .with_columns(back=pl.col("r").diff(), ahead=pl.col("r").shift(-1) - pl.col("r"))
        .drop_nulls()
        .filter(pl.col("back").is_not_null())
    )
    first = pl.DataFrame({"ts": ts, "r": register, "a": advance}).drop_nulls().sort("ts").head(1)
    if frame.height < 8 or (first.height and abs(first["r"][0] - first["a"][0]) < 1e-9):
        return None  # a running total that begins with its own first value stands at no moment
    end, start = frame.select(
        ((pl.col("back") - pl.col("a")).abs() <= 0.0015).mean(),
        ((pl.col("ahead") - pl.col("a")).abs() <= 0.0015).mean(),
    ).row(0)
    if end > 0.8 and end > start:
        return "end"
    return "start" if start > 0.8 and start > end else None


def _label_style(naive: pl.Series, offset: pl.Series, missing: pl.Series, zone: str, base: int) -> bool:
    """Whether ends are written as start plus interval on the clock's face (02:00 in spring, 03:00 twice in autumn)."""
    del base
    if offset.null_count() == 0:
        return False
    if missing.any():
        return True
    twice = (
        pl.DataFrame({"n": naive})
        .filter((pl.col("n").dt.minute() == 0) & pl.col("n").dt.hour().is_in([2, 3]) & (pl.col("n").dt.weekday() == 7))
        .group_by("n")
        .len()
        .with_columns(
            changes=_dst(pl.col("n").dt.truncate("1d"), zone)
            != _dst(pl.col("n").dt.truncate("1d") + timedelta(hours=12), zone)
        )
        .filter("changes")
    )
    threes = twice.filter((pl.col("n").dt.hour() == 3) & (pl.col("len") > 1)).height
    twos = twice.filter((pl.col("n").dt.hour() == 2) & (pl.col("len") > 1)).height
    return threes > twos


def _dst(naive: pl.Expr, zone: str) -> pl.Expr:
    """Summer time of local times, also in zones whose clocks change at midnight."""
    return naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.dst_offset()


def _days(
    naive: pl.Series, begin: _Written, groups: pl.Series, zone: str, stamp: Stamp, source: str, notes: list[str]
) -> Times:
    """Daily values: from local midnight to local midnight."""
    if stamp == "end" and begin.has_clock:
        naive = naive - timedelta(days=1)
    starts = _instants(naive, begin.offset, groups, zone)
    ends = _instants(naive + timedelta(days=1), begin.offset, groups, zone)
    interval = (ends.ts - starts.ts).dt.total_seconds().cast(pl.Int32)
    bad = starts.ts.is_null() & ~starts.missing
    return Times(
        starts.ts, interval, ends.ts, bad, starts.missing, stamp, source, DAY_S, zone, starts.once, begin.shown, notes
    )
