"""One part of a plain CSV: the quick way for parts without a fault, the careful way that names each fault."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import polars as pl

from luna_rules.importing.model import Faults, ImportOptions, MeterFound
from luna_rules.importing.numbers import LARGEST
from luna_rules.importing.stamps import parse_epoch, parse_stamps, to_instant
from luna_rules.importing.statuses import MISSING, is_known_quality, status_quality
from luna_rules.importing.text import LINE_LIMIT, split_line
from luna_rules.series.frames import UTC_TIME
from luna_rules.series.ids import location_kind
from luna_rules.series.localtime import local_to_utc

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
ID_LIMIT: Final = 100
_CAREFUL_BYTES: Final = 512 * 1024
_NULLS: Final = ["", "null", "NULL", "None"]
_FAST: Final = (
    ("%Y-%m-%dT%H:%M:%SZ", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", True),
    ("%Y-%m-%dT%H:%M:%S+00:00", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$", True),
    ("%Y-%m-%d %H:%M:%S+00:00", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$", True),
    ("%Y-%m-%d %H:%M:%S+00", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00$", True),
    ("%Y-%m-%dT%H:%M:%S%z", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", True),
    ("%Y-%m-%d %H:%M:%S%z", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$", True),
    ("%Y-%m-%dT%H:%M:%S", r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$", False),
    ("%Y-%m-%d %H:%M:%S", r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$", False),
)


@dataclass(frozen=True)
class Shape:
    """What the header says: target, separator, columns, where the rows begin, decimal comma or point."""

    target: str
    separator: str
    columns: tuple[str, ...]
    body_at: int
    decimal_comma: bool

    @property
    def is_readings(self) -> bool:
        """Readings or prices."""
        return self.target == "smart_meter_readings"

    @property
    def values(self) -> tuple[str, ...]:
        """The columns that hold a measured or traded value."""
        names = ("consumption_kw", "production_kw", "voltage") if self.is_readings else ("price_eur_mwh", "volume")
        return tuple(name for name in names if name in self.columns)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that name whose value it is."""
        return ("meter_id",) if self.is_readings else ("market", "product")


@dataclass(frozen=True)
class Part:
    """Whole lines and the number of the first of them in the file."""

    content: bytes
    first_line: int


@dataclass
class State:
    """What one part must know of those before it: rows of the doubled hour."""

    naive: list[datetime] = field(default_factory=list[datetime])
    group: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Parsed:
    """Good rows (with `line`), how many were read and how many held no value."""

    frame: pl.DataFrame
    rows: int
    without_value: int
    local_times: int
    ambiguous_once: int


def uses_decimal_comma(lines: Sequence[str], separator: str, names: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether the numbers of a sample are written with a comma."""
    places = [place for place, name in enumerate(names) if name in numbers]
    commas = points = 0
    for line in lines:
        cells = split_line(line[:LINE_LIMIT], separator)
        for place in places:
            if place < len(cells):
                commas += "," in cells[place]
                points += "." in cells[place]
    return commas > points


def meter_found(meter: str, rows: int, obis: tuple[str, ...] = ()) -> MeterFound:
    """What an id tells about its meter."""
    kind = location_kind(meter)
    return MeterFound(meter, meter if kind == "malo" else None, meter if kind == "melo" else None, obis, rows)


def read_part(part: Part, shape: Shape, options: ImportOptions, faults: Faults, state: State) -> Parsed:
    """Typed rows of a part; each fault is named and costs one row."""
    before = State(state.naive, state.group)
    quick = _quick(part, shape, options, state)
    if quick is not None:
        return quick
    state.naive, state.group = before.naive, before.group
    cut = part.content.rfind(b"\n", 0, len(part.content) // 2) + 1
    if len(part.content) <= _CAREFUL_BYTES or not cut:
        return _careful(part, shape, options, faults, state)
    # One fault must not slow down the rows around it: only the piece that holds it is read line by line.
    first = read_part(Part(part.content[:cut], part.first_line), shape, options, faults, state)
    line = part.first_line + part.content.count(b"\n", 0, cut)
    second = read_part(Part(part.content[cut:], line), shape, options, faults, state)
    return Parsed(
        pl.concat([first.frame, second.frame], how="diagonal"),
        first.rows + second.rows,
        first.without_value + second.without_value,
        first.local_times + second.local_times,
        first.ambiguous_once + second.ambiguous_once,
    )


def _quick(part: Part, shape: Shape, options: ImportOptions, state: State) -> Parsed | None:
    schema: dict[str, pl.DataType] = {
        name: pl.Float64() if name in shape.values else pl.Int32() if name in {"quality", "interval_s"} else pl.String()
        for name in shape.columns
    }
    content = part.content
    if b'"' in content or b"\x00" in content:
        return None
    try:
        frame = pl.read_csv(
            content,
            has_header=False,
            schema=schema,
            separator=shape.separator,
            quote_char=None,
            null_values=_NULLS,
            decimal_comma=shape.decimal_comma,
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        return None
    lines = content.count(b"\n") + (not content.endswith(b"\n"))
    if frame.height != lines:
        return None
    ts, local, once = _quick_times(frame, shape, options, state)
    if ts is None:
        return None
    frame = frame.with_columns(
        ts=ts, line=pl.int_range(part.first_line, part.first_line + frame.height, dtype=pl.Int64)
    )
    if not _all_good(frame, shape):
        return None
    complete = _completed(frame, shape)
    empty = complete.select(pl.all_horizontal([pl.col(name).is_null() for name in shape.values]).sum()).item()
    kept = complete.filter(_holds_value(shape)) if empty else complete
    return Parsed(kept, frame.height, int(empty), frame.height if local else 0, once)


def _quick_times(
    frame: pl.DataFrame, shape: Shape, options: ImportOptions, state: State
) -> tuple[pl.Series | None, bool, int]:
    column = frame["ts"]
    first = column[0]
    if first is None:
        return None, False, 0
    for pattern, looks, zoned in _FAST:
        if re.match(looks, first):
            with contextlib.suppress(pl.exceptions.PolarsError):
                parsed = column.str.to_datetime(pattern, time_unit="us", strict=True)
                if zoned:
                    if parsed.dtype == pl.Datetime("us"):
                        parsed = parsed.dt.replace_time_zone("UTC")
                    return parsed.dt.convert_time_zone("UTC"), False, 0
                groups = frame.select(pl.concat_str(*shape.keys, separator="\x1f")).to_series()
                resolved, once, missing = _local(parsed, groups, options.timezone, state)
                return (None, False, 0) if missing.any() else (resolved, True, once)
            return None, False, 0
    return None, False, 0


def _local(naive: pl.Series, groups: pl.Series, zone: str, state: State) -> tuple[pl.Series, int, pl.Series]:
    """Instants of local times, with the rows of the doubled hour that earlier parts held before them."""
    before = len(state.naive)
    both = pl.concat([pl.Series(state.naive, dtype=pl.Datetime("us")), naive.cast(pl.Datetime("us"))])
    group = pl.concat([pl.Series(state.group, dtype=pl.String), groups.fill_null("")])
    resolved = local_to_utc(both, zone, group)
    doubled = pl.DataFrame({"naive": naive.cast(pl.Datetime("us")), "group": groups.fill_null("")}).filter(
        (pl.col("naive").dt.hour() == 2)
        & pl.col("naive").dt.month().is_in([3, 4, 9, 10, 11])
        & (pl.col("naive").dt.weekday() == 7)
    )
    if doubled.height:
        state.naive = [*state.naive, *doubled["naive"].to_list()][-100_000:]
        state.group = [*state.group, *doubled["group"].to_list()][-100_000:]
    return resolved.ts.slice(before), resolved.ambiguous_once, resolved.missing.slice(before)


def _all_good(frame: pl.DataFrame, shape: Shape) -> bool:
    checks = [pl.col("ts").is_between(EARLIEST, LATEST, closed="left").fill_null(False).all()]
    checks += [pl.col(name).is_not_null().all() for name in shape.keys]
    checks += [(pl.col(name).str.len_bytes() <= ID_LIMIT).all() for name in shape.keys]
    checks += [~pl.col(name).str.contains(r"^\s|\s$").any() for name in shape.keys]
    checks += [(pl.col(name).abs() <= LARGEST).fill_null(True).all() for name in shape.values]
    if not shape.is_readings:
        checks.append(pl.col("price_eur_mwh").is_not_null().all())
    if "interval_s" in shape.columns:
        checks.append(pl.col("interval_s").is_between(1, 31 * 86_400).fill_null(True).all())
    if not all(frame.select([check.alias(str(place)) for place, check in enumerate(checks)]).row(0)):
        return False
    if "quality" in shape.columns:
        codes = frame["quality"].unique().drop_nulls().to_list()
        return all(is_known_quality(code) and code & 0b111 != 4 for code in codes)
    return True


def _completed(frame: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    if not shape.is_readings:
        return frame if "volume" in frame.columns else frame.with_columns(volume=pl.lit(None, pl.Float64))
    added: list[pl.Expr] = [
        pl.lit(None, pl.Float64).alias(name)
        for name in ("consumption_kw", "production_kw", "voltage")
        if name not in frame.columns
    ]
    if "interval_s" not in frame.columns:
        added.append(pl.lit(None, pl.Int32).alias("interval_s"))
    quality = pl.col("quality").fill_null(0) if "quality" in frame.columns else pl.lit(0, pl.Int32)
    return frame.with_columns(*added, quality.cast(pl.Int32).alias("quality"))


def _holds_value(shape: Shape) -> pl.Expr:
    return pl.any_horizontal([pl.col(name).is_not_null() for name in shape.values])


def _careful(part: Part, shape: Shape, options: ImportOptions, faults: Faults, state: State) -> Parsed:
    text = part.content.decode("utf-8", errors="replace")
    width = len(shape.columns)
    kept: list[tuple[int, list[str | None]]] = []
    rows = 0
    for number, line in enumerate(text.split("\n"), start=part.first_line):
        line = line.rstrip("\r")
        if not line or line.isspace():
            continue
        rows += 1
        if len(line) > LINE_LIMIT:
            faults.add(number, "", line[:200], f"Die Zeile hat {len(line)} Zeichen, erlaubt sind {LINE_LIMIT}.")
            continue
        if "\x00" in line:
            faults.add(number, "", line[:200], "Die Zeile enthält NUL-Bytes.")
            continue
        cells: list[str | None] = [cell.strip() for cell in split_line(line, shape.separator)]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            faults.add(number, "", line[:200], f"Die Zeile hat {len(cells)} Felder, erwartet sind {width}.")
            continue
        kept.append((number, cells))
    columns = {
        name: pl.Series(name, [cells[place] for _, cells in kept], dtype=pl.String)
        for place, name in enumerate(shape.columns)
    }
    frame = pl.DataFrame(columns).with_columns(
        line=pl.Series([number for number, _ in kept], dtype=pl.Int64),
        _bad=pl.repeat(False, len(kept), eager=True, dtype=pl.Boolean),
    )
    judge = _Judge(frame, faults)
    for name in shape.keys:
        judge.reject(name, pl.col(name) == "", "Die Kennung fehlt.")
        judge.reject(name, pl.col(name).str.len_bytes() > ID_LIMIT, f"Die Kennung ist länger als {ID_LIMIT} Zeichen.")
    for name in shape.values:
        judge.number(name, shape.decimal_comma)
    if not shape.is_readings:
        judge.reject("price_eur_mwh", pl.col("price_eur_mwh").is_null(), "Der Preis fehlt.")
    if "interval_s" in shape.columns:
        judge.interval()
    if "quality" in shape.columns:
        judge.quality()
    local, once = judge.times(shape, options, state)
    good = judge.good()
    complete = _completed(good, shape)
    with_value = complete.filter(_holds_value(shape))
    return Parsed(with_value, rows, complete.height - with_value.height, local, once)


class _Judge:
    """A frame of strings that becomes typed column by column; a row is rejected for its first fault."""

    def __init__(self, frame: pl.DataFrame, faults: Faults) -> None:
        self.frame = frame
        self.faults = faults

    def reject(self, name: str, wrong: pl.Expr, reason: str, shown: pl.Series | None = None) -> None:
        """List the rows for which `wrong` holds."""
        mask = self.frame.select(wrong.fill_null(False) & ~pl.col("_bad")).to_series()
        number = int(mask.sum())
        if not number:
            return
        listed = self.frame.select("line").with_columns(value=shown if shown is not None else self.frame[name])
        listed = listed.filter(mask).head(self.faults.room)
        for line, value in listed.iter_rows():
            self.faults.add(line, name, value, reason)
        self.faults.count_only(number - listed.height)
        self.frame = self.frame.with_columns(_bad=pl.col("_bad") | mask)

    def number(self, name: str, comma: bool) -> None:
        """A column of numbers; NaN and infinity are none."""
        raw = self.frame[name]
        text = pl.col(name).str.replace_all(r"[\s\x{a0}]", "")
        if comma:
            text = text.str.replace(",", ".", literal=True)
        number = pl.when(~text.str.to_lowercase().is_in(["", "null", "none"])).then(text)
        self.frame = self.frame.with_columns(_text=number)
        self.reject(
            name,
            pl.col("_text").str.contains(r"(?i)^[+-]?(nan|inf(inity)?)$"),
            "NaN und unendlich sind keine Messwerte; leer lassen, wo nichts gemessen ist.",
            raw,
        )
        self.frame = self.frame.with_columns(pl.col("_text").cast(pl.Float64, strict=False).alias(name))
        self.reject(
            name,
            pl.col("_text").is_not_null() & pl.col(name).is_null(),
            "Keine Zahl; richtig ist etwa " + ("0,125." if comma else "0.125."),
            raw,
        )
        self.reject(name, pl.col(name).abs() > LARGEST, "Die Zahl ist zu groß.", raw)
        self.frame = self.frame.drop("_text")

    def interval(self) -> None:
        """Interval lengths in whole seconds."""
        raw = self.frame["interval_s"]
        text = pl.when(pl.col("interval_s") != "").then("interval_s")
        self.frame = self.frame.with_columns(_text=text).with_columns(
            interval_s=pl.col("_text").cast(pl.Int32, strict=False)
        )
        wrong = pl.col("_text").is_not_null() & ~pl.col("interval_s").is_between(1, 31 * 86_400).fill_null(False)
        self.reject("interval_s", wrong, "Keine Länge in Sekunden; richtig ist etwa 900.", raw)
        self.frame = self.frame.drop("_text")

    def quality(self) -> None:
        """Codes of this platform or words such as ERSATZWERT; FEHLT is a gap."""
        raw = self.frame["quality"]
        table: dict[str, int | None] = {}
        for text in raw.unique().drop_nulls().to_list():
            digits = re.fullmatch(r"\d{1,10}", text)
            if digits:
                code = int(text)
                table[text] = (MISSING if code & 0b111 == 4 else code) if is_known_quality(code) else None
            else:
                table[text] = status_quality(text)
        self.frame = self.frame.with_columns(
            quality=raw.replace_strict(table, default=None, return_dtype=pl.Int32) if table else pl.lit(0, pl.Int32)
        )
        self.reject("quality", pl.col("quality").is_null(), "Unbekannte Güte; richtig ist etwa 0 oder ERSATZWERT.", raw)
        gap = pl.col("quality") == MISSING
        self.frame = self.frame.with_columns(
            *[
                pl.when(gap).then(None).otherwise(name).alias(name)
                for name in ("consumption_kw", "production_kw", "voltage")
                if name in self.frame.columns
            ]
        ).with_columns(quality=pl.when(gap).then(0).otherwise("quality"))

    def times(self, shape: Shape, options: ImportOptions, state: State) -> tuple[int, int]:
        """Instants; local times by the zone. Gives how many were local and how many ambiguous only once."""
        raw = self.frame["ts"]
        stamps = parse_stamps(raw)
        instants = to_instant(stamps.naive, stamps.offset_minutes)
        epoch = to_instant(parse_epoch(raw.str.extract(r"^(\d{9,13}(?:\.\d+)?)$")), pl.repeat(0, len(raw), eager=True))
        groups = self.frame.select(pl.concat_str(*shape.keys, separator="\x1f")).to_series()
        unzoned = self.frame.select(
            pl.when(pl.lit(instants).is_null() & pl.lit(epoch).is_null()).then(pl.lit(stamps.naive))
        ).to_series()
        local, once, missing = _local(unzoned, groups, options.timezone, state)
        self.frame = self.frame.with_columns(
            ts=pl.Series(pl.select(pl.coalesce(instants, epoch, local)).to_series()).cast(UTC_TIME), _missing=missing
        )
        self.reject(
            "ts",
            pl.col("_missing"),
            f"Diese Ortszeit gibt es nicht (Beginn der Sommerzeit, {options.timezone}).",
            raw,
        )
        self.reject("ts", pl.col("ts").is_null(), "Keine Zeit; richtig ist etwa 2025-01-31T13:45:00Z.", raw)
        self.reject(
            "ts",
            ~pl.col("ts").is_between(EARLIEST, LATEST, closed="left"),
            "Die Zeit liegt außerhalb von 1990 bis 2099.",
            raw,
        )
        return int(unzoned.is_not_null().sum()), once

    def good(self) -> pl.DataFrame:
        """The rows without a fault."""
        return self.frame.filter(~pl.col("_bad")).drop("_bad", "_missing", strict=False)
