"""Columns that already bear our names, from JSON, Parquet or Arrow: through the same reader as the plain CSV."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import polars as pl

from luna_rules.importing import assemble
from luna_rules.importing.model import ImportOptions, MeterFound, ParsedFile, RowFault, UnreadableFileError
from luna_rules.importing.plain import PRICE_COLUMNS, READING_COLUMNS, PlainReader
from luna_rules.importing.rows import Shape
from luna_rules.series.frames import empty_prices, empty_readings

_TIMES: Final = ("ts", "ts_utc", "timestamp", "timestamp_utc", "time", "datetime", "utc_timestamp")
_UTC_NAMES: Final = frozenset({"ts_utc", "timestamp_utc", "utc_timestamp"})
_SYNONYMS: Final = {
    "price": "price_eur_mwh",
    "price_eur_per_mwh": "price_eur_mwh",
    "volume_mwh": "volume",
    "resolution_s": "interval_s",
    "interval_seconds": "interval_s",
}
_READING_VALUES: Final = frozenset({"consumption_kw", "production_kw", "voltage"})


def ours(names: list[str]) -> str | None:
    """Which target a table with these columns is for; None where the names are not ours."""
    known = {_SYNONYMS.get(name, name) for name in names}
    if not known & set(_TIMES):
        return None
    if known & _READING_VALUES:
        return "smart_meter_readings"
    return "market_prices" if "price_eur_mwh" in known else None


def parse_frame(
    frame: pl.DataFrame,
    options: ImportOptions,
    layout: str,
    facts: dict[str, str],
    lines: Sequence[int] | None = None,
) -> ParsedFile:
    """Readings or prices of a frame with our column names. Raises `UnreadableFileError`.

    Faults name the rows by `lines`, the number of each in the file; without it rows count from 1.
    """
    frame = frame.rename(
        {name: _SYNONYMS[name] for name in frame.columns if name in _SYNONYMS and _SYNONYMS[name] not in frame.columns}
    )
    target = ours(frame.columns)
    if target is None:
        raise UnreadableFileError(
            "time_missing",
            "Die Spalten ts und consumption_kw (oder price_eur_mwh) fehlen.",
            missing=["ts"],
            header=frame.columns,
        )
    if frame.height > options.max_rows:
        raise UnreadableFileError("too_many_rows", f"Die Datei hat mehr als {options.max_rows} Zeilen. Bitte teilen.")
    time = next(name for name in _TIMES if name in frame.columns)
    frame = frame.with_columns(_written_time(frame[time], time in _UTC_NAMES).alias("ts"))
    warnings: list[str] = []
    if target == "smart_meter_readings":
        if "meter_id" not in frame.columns:
            if options.meter_id is None:
                raise UnreadableFileError(
                    "meter_missing",
                    "Die Datei nennt keinen Zähler. Bitte den Zähler angeben (meter_id).",
                    missing=["meter_id"],
                )
            frame = frame.with_columns(meter_id=pl.lit(options.meter_id))
        wanted = [name for name in READING_COLUMNS if name in frame.columns]
    else:
        frame, said = _named_prices(frame, options)
        warnings += said
        wanted = [name for name in PRICE_COLUMNS if name in frame.columns]
    written = frame.select([_as_text(frame[name]) for name in wanted])
    buffer = io.BytesIO()
    written.write_csv(buffer, include_header=False, null_value="")
    shape = Shape(target, ",", tuple(wanted), 0, False)
    buffer.seek(0)
    reader = PlainReader(buffer, shape, options)
    parsed = read_all(reader, layout)
    faults = [_placed(fault, lines) for fault in parsed.faults]
    return replace(parsed, faults=faults, warnings=[*warnings, *parsed.warnings], facts={**parsed.facts, **facts})


def _placed(fault: RowFault, lines: Sequence[int] | None) -> RowFault:
    """The fault under the row's own number: the reader counts a header line before the rows."""

    def own(number: int) -> int:
        row = number - 1
        return lines[row - 1] if lines is not None and 0 < row <= len(lines) else row

    reason = re.sub(r"(?<=es gilt Zeile )[0-9]{1,9}(?=\.$)", lambda found: str(own(int(found[0]))), fault.reason)
    return RowFault(own(fault.line), fault.column, fault.value, reason)


def _as_text(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String or column.dtype.is_integer():
        return column.cast(pl.String)
    if column.dtype.is_float():
        return column.cast(pl.String)
    return column.cast(pl.String, strict=False)


def _written_time(column: pl.Series, utc: bool) -> pl.Series:
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone is None:
            return column.dt.strftime("%Y-%m-%dT%H:%M:%SZ" if utc else "%Y-%m-%dT%H:%M:%S")
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = column.cast(pl.String, strict=False)
    if utc:
        bare = text.str.contains(r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?$")
        return (
            pl.DataFrame({"t": text, "b": bare}).select(pl.when("b").then(pl.col("t") + "Z").otherwise("t")).to_series()
        )
    return text


def _named_prices(frame: pl.DataFrame, options: ImportOptions) -> tuple[pl.DataFrame, list[str]]:
    """Market and product where the file names none: the day-ahead auction of the bidding zone DE-LU."""
    said: list[str] = []
    if "market" not in frame.columns:
        frame = frame.with_columns(market=pl.lit(options.market or "EPEX"))
    if "product" not in frame.columns:
        product = options.product
        if product is None:
            said.append("Die Datei nennt keine Gebotszone; die Preise gelten für DE-LU.")
            product = _products(frame)
        frame = frame.with_columns(product=pl.lit(product) if isinstance(product, str) else product)
    return frame, said


def _products(frame: pl.DataFrame) -> str | pl.Expr:
    """`DE-LU-15MIN` or `DE-LU-60MIN`, by each row's own resolution or the distance of the file's times.

    A file that spans the change of the market time unit holds both.
    """
    step: object = None
    if "interval_s" in frame.columns:
        steps = frame["interval_s"].cast(pl.Int64, strict=False)
        if not steps.null_count() and steps.n_unique() > 1:
            quarter = pl.col("interval_s").cast(pl.Int64, strict=False) == 900
            return pl.when(quarter).then(pl.lit("DE-LU-15MIN")).otherwise(pl.lit("DE-LU-60MIN"))
        step = steps.drop_nulls().min()
    if step is None:
        times = frame["ts"].head(5_000).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False)
        if times.null_count() == len(times):
            times = (
                (frame["ts"].head(5_000).cast(pl.Float64, strict=False) * 1e6)
                .cast(pl.Int64, strict=False)
                .cast(pl.Datetime("us"))
            )
        steps = times.drop_nulls().sort().diff().dt.total_seconds().drop_nulls()
        number = steps.filter(steps > 0).mode().min() if len(steps) else None
        step = number if isinstance(number, int) else 3600
        step = step // 1000 if step > 100_000 else step  # milliseconds
    return "DE-LU-15MIN" if step == 900 else "DE-LU-60MIN"


def read_all(reader: PlainReader, layout: str) -> ParsedFile:
    """All parts of a plain file as one."""
    frames = list(reader)
    readings, prices = empty_readings(), empty_prices()
    exact = conflicts = 0
    if reader.shape.is_readings:
        readings = pl.concat(frames) if frames else readings
        if len(frames) > 1:
            readings, exact, conflicts = _again(
                readings, ("meter_id", "ts"), ("consumption_kw", "production_kw", "voltage"), reader, True
            )
        readings = pick_meter(readings, reader.options)
    else:
        prices = pl.concat(frames) if frames else prices
        if len(frames) > 1:
            prices, exact, conflicts = _again(
                prices, ("market", "product", "ts"), ("price_eur_mwh", "volume"), reader, False
            )
    reader.exact += exact
    reader.conflicts += conflicts
    return replace(summary(reader, layout), readings=readings, prices=prices)


def _again(
    frame: pl.DataFrame, key: tuple[str, ...], values: tuple[str, ...], reader: PlainReader, flagged: bool
) -> tuple[pl.DataFrame, int, int]:
    columns = frame.columns
    numbered = frame.with_columns(line=pl.lit(0, pl.Int64)) if not assemble.is_strictly_sorted(frame, key) else frame
    unique, exact, conflicts = assemble.unique_rows(numbered, key, values, reader.faults, flagged)
    return unique.select(columns), exact, conflicts


def pick_meter(readings: pl.DataFrame, options: ImportOptions) -> pl.DataFrame:
    """The rows of the meter that was asked for; a file of one meter is taken as that meter's."""
    if options.meter_id is None or readings.is_empty():
        return readings
    meters = readings["meter_id"].unique().to_list()
    if options.meter_id in meters:
        return readings.filter(pl.col("meter_id") == options.meter_id)
    if len(meters) == 1:
        return readings.with_columns(meter_id=pl.lit(options.meter_id))
    raise UnreadableFileError(
        "several_meters",
        f"Die Datei enthält {len(meters)} Zähler ({', '.join(sorted(meters)[:5])}); "
        f"„{options.meter_id}“ ist nicht dabei.",
    )


def summary(reader: PlainReader, layout: str) -> ParsedFile:
    """All but the rows."""
    meters: list[MeterFound] = reader.found()
    warnings = reader.warnings()
    wanted = reader.options.meter_id
    if wanted is not None and meters and wanted not in {meter.meter_id for meter in meters} and len(meters) == 1:
        warnings.append(f"Die Datei nennt den Zähler „{meters[0].meter_id}“; geladen wird für „{wanted}“.")
        meters = [replace(meters[0], meter_id=wanted)]
    elif wanted is not None and len(meters) > 1:
        warnings.append(f"Die Datei enthält {len(meters)} Zähler; geladen wird nur „{wanted}“.")
        meters = [meter for meter in meters if meter.meter_id == wanted]
    return ParsedFile(
        layout=layout,
        readings=empty_readings(),
        prices=empty_prices(),
        register_readings=assemble.empty_registers(),
        control_sums=assemble.empty_controls(),
        meters=meters,
        faults=reader.faults.listed,
        faults_total=reader.faults.total,
        facts={
            "separator": reader.shape.separator,
            "decimal": "," if reader.shape.decimal_comma else ".",
            "encoding": "utf-8",
            "stamp": "start",
            "unit": "kW" if reader.shape.is_readings else "EUR/MWh",
            "zone": reader.options.timezone if reader.local_times else "UTC",
            "rows_without_value": reader.without_value,
            "products": sorted(reader.products),
        },
        warnings=warnings,
        rows_read=reader.rows_read,
    )
