"""A table of any layout to readings: its blocks read, joined, and checked against what the file itself states."""

from __future__ import annotations

from typing import Final

import polars as pl

from luna_rules.importing import assemble
from luna_rules.importing.blocks import BlockReader
from luna_rules.importing.context import Context, Extracted
from luna_rules.importing.grid import Grid
from luna_rules.importing.layout import Layout, recognise, shown_header
from luna_rules.importing.model import Faults, ImportOptions, Mapping, MeterFound, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import Decimal, decide_decimal, is_german_text
from luna_rules.importing.rows import meter_found
from luna_rules.importing.shapes import respelled_long
from luna_rules.series.frames import empty_prices
from luna_rules.series.ids import is_malo, is_melo

_FINE_S: Final = 43_200
_SAME_TIME_LEAST: Final = 10


def parse_grids(grids: list[Grid], options: ImportOptions, faults: Faults) -> ParsedFile:
    """Readings of all tables of a file. Raises `UnreadableFileError` with what is missing."""
    context = Context(options, faults)
    parts: list[Extracted] = []
    signature = ""
    refused: UnreadableFileError | None = None
    for grid in grids:
        try:
            layout = recognise(respelled_long(grid, options.timezone), options.mapping)
            part = _extract(layout, context)
        except UnreadableFileError as error:
            if len(grids) == 1:
                raise
            refused = refused or error
            if grid.frame.height > 1:
                context.warn(f"Das Blatt „{grid.name}“ wurde nicht gelesen: {error.reason}")
            continue
        signature = signature or layout.signature
        parts.append(part)
    if not parts:
        raise refused or UnreadableFileError("empty", "Die Datei enthält keine Werte.")
    return _finish(parts, signature, context)


def _extract(layout: Layout, context: Context) -> Extracted:
    grid, first = layout.grid, layout.first
    body = grid.frame.slice(first)
    context.rows += body.height
    decimal = _decimal(layout, context)
    context.facts |= {
        "encoding": grid.encoding,
        "separator": grid.separator,
        "decimal": {"comma": ",", "point": ".", "either": None}[decimal],
        "header": shown_header(layout),
        "first_line": int(body["line"][0]),
    }
    if grid.name:
        context.facts["sheet"] = grid.name
    if layout.stated_sum_kwh is not None:
        context.facts["stated_sum_kwh"] = layout.stated_sum_kwh
    mapping = context.options.mapping or Mapping()
    longs: list[pl.DataFrame] = []
    registers: list[pl.DataFrame] = []
    obis: dict[str, set[str]] = {}
    aliases: dict[str, tuple[str | None, str | None]] = {}
    for block in layout.blocks:
        if not block.values:
            continue
        if block.start is None and block.single is None:
            context.warn("Spalten ohne eigene Zeit wurden nicht gelesen: " + ", ".join(v.header for v in block.values))
            continue
        reader = BlockReader(layout, block, context, mapping, decimal)
        long, register = reader.read()
        longs.append(long)
        registers.append(register)
        for meter, codes in reader.obis.items():
            obis.setdefault(meter, set()).update(codes)
        aliases |= reader.aliases
    if not longs:
        raise UnreadableFileError("value_missing", "Es wurde keine Spalte mit Messwerten erkannt.", missing=["value"])
    return Extracted(pl.concat(longs), pl.concat(registers), obis, aliases)


def _decimal(layout: Layout, context: Context) -> Decimal:
    columns = [
        layout.grid.column(value.column).slice(layout.first) for block in layout.blocks for value in block.values
    ]
    if layout.grid.origin == "sheet":
        return "comma" if is_german_text(columns) else "either"
    units = {value.unit for block in layout.blocks for value in block.values if value.unit not in {None, "V"}}
    small = bool(units) and units <= {"W", "Wh"}
    decimal, evident = decide_decimal(columns, small)
    if not evident and small:
        context.warn("Zeichen vor drei Ziffern gelten als Trennzeichen der Tausender, weil die Einheit W oder Wh ist.")
        return decimal
    if not evident and layout.grid.separator == "," and decimal == "comma":
        return "point"
    if not evident:
        sign, name = (",", "Dezimalkomma") if decimal == "comma" else (".", "Dezimalpunkt")
        context.warn(f"Ob „1{sign}234“ Tausender trennt, ist nicht erkennbar; das Zeichen gilt als {name}.")
    return decimal


def _finish(parts: list[Extracted], signature: str, context: Context) -> ParsedFile:
    long = pl.concat([part.long for part in parts])
    registers = pl.concat([part.registers for part in parts])
    if long.is_empty() and registers.is_empty():
        raise UnreadableFileError("no_values", "Die Datei enthält Zeiten, aber keinen einzigen lesbaren Wert.")
    long, registers = _named(long, registers, context, parts)
    long = _tariffs(long)
    long, controls = _controls(long, context)
    readings, exact, conflicts = assemble.widen(long, context.faults)
    if exact:
        context.warn(f"{exact} Werte kommen mehrfach gleich vor und zählen einmal.")
    if conflicts >= _SAME_TIME_LEAST and conflicts > 0.5 * readings.height:
        raise UnreadableFileError(
            "time_missing",
            f"Auf eine Zeit kommen mehrere Werte ({conflicts} Zeilen für {readings.height} Zeiten): Die Uhrzeit, die "
            "Kennung des Zählers oder die Richtung (Bezug, Einspeisung) wurde nicht erkannt. "
            "Bitte die Spalten zuordnen.",
            missing=["ts"],
            header=[str(cell) for cell in _as_list(context.facts.get("header"))],
            header_signature=signature,
        )
    if conflicts:
        context.warn(f"{conflicts} Zeiten kommen mehrfach mit anderem Wert vor; es gilt die letzte Zeile.")
    _check_stated(readings, context)
    codes: dict[str, set[str]] = {}
    aliases: dict[str, tuple[str | None, str | None]] = {}
    for part in parts:
        for meter, found in part.obis.items():
            codes.setdefault(context.options.meter_id or meter, set()).update(found)
        aliases |= part.aliases
    counted = dict(readings.group_by("meter_id").len().iter_rows())
    meters = [
        _with_alias(
            meter_found(meter, counted.get(meter, 0), tuple(sorted(codes.get(meter, ())))), aliases.get(meter), context
        )
        for meter in sorted({*counted, *registers["meter_id"].unique().drop_nulls().to_list()})
    ]
    context.facts |= {
        "rows_without_value": context.without_value,
        "consumption_kwh": _kwh(readings, "consumption_kw"),
        "production_kwh": _kwh(readings, "production_kw"),
    }
    return ParsedFile(
        layout="table",
        readings=readings,
        prices=empty_prices(),
        register_readings=registers.unique(["meter_id", "obis", "ts"], keep="last").sort("meter_id", "obis", "ts"),
        control_sums=controls,
        meters=meters,
        faults=context.faults.listed,
        faults_total=context.faults.total,
        facts=dict(context.facts),
        warnings=context.warnings,
        rows_read=context.rows,
        header_signature=signature,
    )


def _kwh(readings: pl.DataFrame, name: str) -> float | None:
    if readings[name].null_count() == readings.height:
        return None
    return round(float(readings.select((pl.col(name) * pl.col("interval_s") / 3600).sum()).item()), 6)


def _with_alias(found: MeterFound, alias: tuple[str | None, str | None] | None, context: Context) -> MeterFound:
    """The locations that stand beside a meter's id, or in the file under another name."""
    market, metering = alias or (None, None)
    written = context.facts.get("meter_in_file")
    if isinstance(written, str):
        market, metering = (written if is_malo(written) else market), (written if is_melo(written) else metering)
    return MeterFound(
        found.meter_id, found.market_location or market, found.metering_location or metering, found.obis, found.rows
    )


def _tariffs(long: pl.DataFrame) -> pl.DataFrame:
    """Tariff registers of one time add up to the total."""
    split = long["series"].str.contains("#", literal=True)
    if not split.any():
        return long
    summed = (
        long.filter(split)
        .unique(["meter_id", "series", "ts"], keep="last", maintain_order=True)
        .with_columns(series=pl.col("series").str.split("#").list.first())
        .group_by("meter_id", "series", "ts")
        .agg(pl.col("interval_s").first(), pl.col("value").sum(), pl.col("quality").max(), pl.col("line").min())
    )
    return pl.concat([long.filter(~split), summed.select(long.columns)])


def _controls(long: pl.DataFrame, context: Context) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take daily sums out from between finer values; they serve as a check."""
    usual = long.group_by("meter_id", "series").agg(
        fine=(pl.col("interval_s") <= _FINE_S).sum(), whole=(pl.col("interval_s") >= 82_800).sum()
    )
    both = usual.filter((pl.col("fine") >= 4) & (pl.col("whole") > 0))
    if both.is_empty():
        return long, assemble.empty_controls()
    long = long.join(
        both.select("meter_id", "series", _both=pl.lit(True)),
        on=["meter_id", "series"],
        how="left",
        maintain_order="left",
    )
    daily = pl.col("_both").fill_null(False) & (pl.col("interval_s") >= 82_800)
    controls = (
        long.filter(daily)
        .select("meter_id", "series", "ts", "interval_s", kwh=pl.col("value") * pl.col("interval_s") / 3600)
        .unique(["meter_id", "series", "ts"], keep="last")
        .sort("meter_id", "series", "ts")
    )
    fine = long.filter(~daily).drop("_both")
    checked = fine.sort("ts").join_asof(
        controls.sort("ts").select("meter_id", "series", "kwh", day="ts", length="interval_s"),
        left_on="ts",
        right_on="day",
        by=["meter_id", "series"],
        strategy="backward",
        check_sortedness=False,
    )
    sums = (
        checked.filter(pl.col("ts") < pl.col("day") + pl.duration(seconds=pl.col("length").cast(pl.Int64)))
        .group_by("meter_id", "series", "day")
        .agg(part=(pl.col("value") * pl.col("interval_s") / 3600).sum(), kwh=pl.col("kwh").first())
    )
    differing = sums.filter((pl.col("part") - pl.col("kwh")).abs() > (0.01 + 0.005 * pl.col("kwh").abs())).height
    context.facts |= {
        "control_days": controls.height,
        "control_days_checked": sums.height,
        "control_days_differing": differing,
    }
    alone = controls.height - sums.height
    context.warn(
        f"{controls.height} Tagessummen stehen zwischen den Einzelwerten; sie dienen der Kontrolle"
        + (f" ({differing} weichen ab)" if differing else "")
        + (f"; für {alone} Tage gibt es nur die Summe, sie wurde nicht geladen." if alone else ".")
    )
    return fine, controls


def _check_stated(readings: pl.DataFrame, context: Context) -> None:
    stated = context.facts.get("stated_sum_kwh")
    if not isinstance(stated, float):
        return
    sums = [value for name in ("consumption_kw", "production_kw") if (value := _kwh(readings, name)) is not None]
    if all(abs(total - stated) > max(0.01, 0.001 * stated) for total in sums):
        context.warn(f"Die Datei nennt als Summe {stated:g} kWh, gelesen wurden {sums[0] if sums else 0:g} kWh.")


def _named(
    long: pl.DataFrame, registers: pl.DataFrame, context: Context, parts: list[Extracted]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Every value gets its meter: from the file, or the one that was given."""
    options = context.options
    found = set(long["meter_id"].drop_nulls().unique().to_list()) | set(
        registers["meter_id"].drop_nulls().unique().to_list()
    )
    nameless = bool(long["meter_id"].null_count() or registers["meter_id"].null_count())
    if options.meter_id is None:
        if nameless:
            raise UnreadableFileError(
                "meter_missing",
                "Die Datei nennt keinen Zähler. Bitte den Zähler angeben (meter_id).",
                missing=["meter_id"],
                header=[str(cell) for cell in _as_list(context.facts.get("header"))],
            )
        return long, registers
    if not found or (len(found) == 1 and not nameless):
        given = found.pop() if found else options.meter_id
        if given != options.meter_id:
            context.warn(f"Die Datei nennt den Zähler „{given}“; geladen wird für „{options.meter_id}“.")
            context.facts["meter_in_file"] = given
        name = pl.lit(options.meter_id).alias("meter_id")
        return long.with_columns(name), registers.with_columns(name)
    if options.meter_id in found:
        context.warn(f"Die Datei enthält {len(found)} Zähler; geladen wird nur „{options.meter_id}“.")
        mine = pl.col("meter_id") == options.meter_id
        return long.filter(mine), registers.filter(mine)
    raise UnreadableFileError(
        "several_meters",
        f"Die Datei enthält {len(found)} Zähler ({', '.join(sorted(found)[:5])}); "
        f"„{options.meter_id}“ ist nicht dabei.",
    )


def _as_list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
