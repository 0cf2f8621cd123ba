"""A recognised table to readings: values in kW at the start of their interval, every doubt said or refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from luna_rules.importing import assemble
from luna_rules.importing.grid import Grid
from luna_rules.importing.layout import Block, Layout, ValueColumn, recognise, shown_header
from luna_rules.importing.matrix import unfold
from luna_rules.importing.model import Faults, ImportOptions, Mapping, MeterFound, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import Decimal, decide_decimal, parse_numbers
from luna_rules.importing.rows import EARLIEST, LATEST, meter_found
from luna_rules.importing.statuses import MISSING, status_quality
from luna_rules.importing.timing import Times, read_times
from luna_rules.importing.vocabulary import UNITS, exact_unit
from luna_rules.series.frames import empty_prices
from luna_rules.series.ids import is_malo, is_melo
from luna_rules.series.obis import Direction, parse_obis

_SERIES: Final[dict[Direction, str]] = {"consumption": "consumption_kw", "production": "production_kw"}
_FOOTER: Final = (
    r"(?i)summe|gesamt|total|\bsum\b|mittel|average|\bmin\b|\bmax\b|anzahl|ende|hinweis|quelle|legende|copyright|©"
)
_FINE_S: Final = 43_200


@dataclass
class Context:
    """What one table gathers while it is read."""

    options: ImportOptions
    faults: Faults
    warnings: list[str] = field(default_factory=list[str])
    facts: dict[str, str | int | float | bool | list[str] | None] = field(
        default_factory=dict[str, str | int | float | bool | list[str] | None]
    )
    without_value: int = 0
    rows: int = 0

    def warn(self, text: str) -> None:
        """Say it once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass
class Extracted:
    """Values, registers and what else a table held."""

    long: pl.DataFrame
    registers: pl.DataFrame
    obis: dict[str, set[str]]
    aliases: dict[str, tuple[str | None, str | None]]


def parse_grids(grids: list[Grid], options: ImportOptions, faults: Faults) -> ParsedFile:
    """Readings of all tables of a file. Raises `UnreadableFileError` with what is missing."""
    context = Context(options, faults)
    parts: list[Extracted] = []
    signature = ""
    refused: UnreadableFileError | None = None
    for grid in grids:
        try:
            layout = recognise(unfold(grid), options.mapping)
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
        reader = _BlockReader(layout, block, context, mapping, decimal)
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
    if layout.grid.origin == "sheet":
        return "either"
    columns = [
        layout.grid.column(value.column).slice(layout.first) for block in layout.blocks for value in block.values
    ]
    decimal, evident = decide_decimal(columns)
    if not evident and layout.grid.separator == "," and decimal == "comma":
        return "point"
    if not evident:
        sign, name = (",", "Dezimalkomma") if decimal == "comma" else (".", "Dezimalpunkt")
        context.warn(f"Ob „1{sign}234“ Tausender trennt, ist nicht erkennbar; das Zeichen gilt als {name}.")
    return decimal


class _BlockReader:
    """One block of columns to single values."""

    def __init__(self, layout: Layout, block: Block, context: Context, mapping: Mapping, decimal: Decimal) -> None:
        self.layout, self.block, self.context, self.mapping = layout, block, context, mapping
        self.decimal: Decimal = decimal
        self.first = layout.first
        self.body = layout.grid.frame.slice(layout.first)
        self.lines = self.body["line"]
        self.obis: dict[str, set[str]] = {}
        self.aliases: dict[str, tuple[str | None, str | None]] = {}

    def read(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Values in kW or V, and register readings."""
        block = self.block
        meters = self._meters()
        codes = self._text(block.obis)
        groups = pl.select(pl.concat_str([meters.fill_null(""), codes.fill_null("")], separator="\x1f")).to_series()
        energy, registers, voltages = self._choose()
        numbers = {value.column: self._numbers(value) for value in (*energy, *registers, *voltages)}
        used = pl.repeat(False, self.body.height, eager=True, dtype=pl.Boolean)
        for value in energy or registers:
            used = used | numbers[value.column].is_not_null()
        pair = None
        if energy and registers and block.obis is None:
            beside = next(
                (
                    r
                    for r in registers
                    if (r.hint.direction or "consumption") == (energy[0].hint.direction or "consumption")
                ),
                registers[0],
            )
            pair = (numbers[beside.column], numbers[energy[0].column])
        zone = self.mapping.zone or self.context.options.timezone
        times = read_times(self.layout.grid, block, self.first, used, groups, zone, self.mapping.stamp, pair)
        keep = self._judge_times(times)
        self._note_times(times)
        longs = [self._values(value, numbers[value.column], meters, codes, times, keep) for value in energy]
        longs += [self._voltages(value, numbers[value.column], meters, times, keep) for value in voltages]
        register = [self._registers(value, numbers[value.column], meters, codes, times, keep) for value in registers]
        found = pl.concat(register) if register else assemble.empty_registers().with_columns(line=pl.lit(0, pl.Int64))
        if not energy and found.height:
            longs.append(self._advances(found))
        long = pl.concat(longs) if longs else pl.DataFrame(schema=dict(assemble.LONG_SCHEMA))
        if energy:
            anything = pl.repeat(False, self.body.height, eager=True, dtype=pl.Boolean)
            for value in energy:
                anything = anything | numbers[value.column].is_not_null()
            self.context.without_value += int((keep & ~anything).sum())
        return long, found.drop("line")

    def _text(self, place: int | None) -> pl.Series:
        if place is None:
            return pl.repeat(None, self.body.height, dtype=pl.String, eager=True)
        return self.body[f"c{place}"]

    # meters

    def _meters(self) -> pl.Series:
        """The meter of each row; columns with a meter of their own override it."""
        block, context = self.block, self.context
        place = block.meter if block.meter is not None else block.device
        if place is not None and self.body[f"c{place}"].null_count() < self.body.height:
            column = self._text(place).fill_null(strategy="forward")
            context.facts["meter_source"] = "Spalte"
            for other in block.other_meters:
                pairs = pl.DataFrame({"m": column, "o": self._text(other)}).drop_nulls().unique("m")
                for meter, alias in pairs.iter_rows():
                    self.aliases[meter] = (alias if is_malo(alias) else None, alias if is_melo(alias) else None)
            return column
        meter = self.layout.preamble_meter
        if meter is not None:
            context.facts.setdefault("meter_source", "Vorspann")
        return pl.repeat(meter, self.body.height, dtype=pl.String, eager=True)

    # which columns

    def _choose(self) -> tuple[list[ValueColumn], list[ValueColumn], list[ValueColumn]]:
        """Columns of energy or power, of registers, of voltage; the others are named in the facts."""
        mapped = [value for value in self.block.values if value.role is not None]
        values = [value for value in self.block.values if value.role is None]
        if any(value.role in {"consumption", "production", "register"} for value in mapped):
            values = []
        registers = [v for v in values if v.hint.measure == "register"] + [v for v in mapped if v.role == "register"]
        voltages = [v for v in values if v.hint.measure == "voltage"] + [v for v in mapped if v.role == "voltage"]
        chosen = [v for v in mapped if v.role in {"consumption", "production"}]
        rest = [v for v in values if v not in registers and v not in voltages and v.hint.measure != "other"]
        priced = [v for v in rest if v.hint.measure == "price"]
        rest = [v for v in rest if v not in priced]
        if priced and not rest and not registers:
            raise UnreadableFileError(
                "wrong_target",
                "Die Datei enthält Preise und keine Messwerte. Bitte als Ziel „market_prices“ wählen.",
            )
        if not chosen:
            chosen = self._preferred(rest)
        unused = [v.header or f"#{v.column + 1}" for v in [*rest, *priced] if v not in chosen and self._count(v)]
        if unused:
            known = self.context.facts.get("unused_columns")
            before: list[str] = known if isinstance(known, list) else []
            self.context.facts["unused_columns"] = sorted({*before, *unused})
        return chosen, registers, voltages[:1]

    def _count(self, value: ValueColumn) -> int:
        return self.body.height - self.body[f"c{value.column}"].null_count()

    def _preferred(self, values: list[ValueColumn]) -> list[ValueColumn]:
        known = [
            v for v in values if v.hint.measure in {"energy", "power"} or v.unit is not None or v.meter is not None
        ]
        candidates = known or [v for v in values if v.hint.role in {None, "value"}]
        by_key: dict[tuple[str | None, str], list[ValueColumn]] = {}
        for value in candidates:
            direction = self._direction(value) or "?"
            by_key.setdefault((value.meter if self.block.meter is None else None, direction), []).append(value)
        unnamed = by_key.get((None, "?"), [])
        if len(unnamed) > 1 and self.block.obis is None:
            filled = [v for v in unnamed if self._count(v)]
            units = {v.unit for v in filled}
            if len(filled) > 1 and len(units) == 1 and not all(v.hint.measure == "power" for v in filled):
                return self._columns_as_meters(filled)
        chosen: list[ValueColumn] = []
        for group in by_key.values():
            chosen += self._best(group)
        if any(self._direction(v) == "consumption" for v in chosen) and any(self._direction(v) is None for v in chosen):
            chosen = [v for v in chosen if self._direction(v) is not None or v.meter is not None]
        return chosen

    def _best(self, group: list[ValueColumn]) -> list[ValueColumn]:
        """The total before the tariffs, energy before power, the fuller column before the emptier."""
        filled = [v for v in group if self._count(v)] or group[:1]
        totals = [v for v in filled if v.hint.obis is None or v.hint.obis.tariff == 0]
        if totals:
            order = {v.column: place for place, v in enumerate(totals)}
            return [
                min(
                    totals,
                    key=lambda v: (
                        v.unit is None,
                        UNITS[v.unit.lower()][0] != "energy" if v.unit else False,
                        -self._count(v),
                        order[v.column],
                    ),
                )
            ]
        self.context.warn("Der Gesamtwert fehlt; er wurde aus den Tarifregistern zusammengezählt.")
        return filled

    def _columns_as_meters(self, values: list[ValueColumn]) -> list[ValueColumn]:
        """Several columns of one kind without a direction: each header is a meter's number, or nothing is known."""
        names = [re.sub(r"[\[(].*?[\])]", "", v.header).strip() for v in values]
        if all(re.search(r"\d", name) or len(name) >= 3 for name in names) and len(set(names)) == len(names):
            self.context.facts["meter_source"] = "Kopfzeile"
            self.context.warn("Jede Wertspalte gilt als eigener Zähler, benannt nach ihrer Kopfzeile.")
            return [
                ValueColumn(v.column, v.header, v.hint, name, v.unit, v.direction, v.status, v.role)
                for v, name in zip(values, names, strict=True)
            ]
        raise self._missing(
            "value_ambiguous", "Mehrere Spalten könnten die Messwerte enthalten. Bitte die Spalten zuordnen.", "value"
        )

    def _direction(self, value: ValueColumn) -> Direction | None:
        if value.role in {"consumption", "production"}:
            return "consumption" if value.role == "consumption" else "production"
        if self.mapping.direction is not None:
            return self.mapping.direction
        return value.direction or self.layout.preamble_direction

    # numbers, units, times

    def _numbers(self, value: ValueColumn) -> pl.Series:
        column = self.body[f"c{value.column}"]
        parsed = parse_numbers(column, self.decimal)
        footer = self._footer_rows()
        for mask, reason in (
            (parsed.not_finite, "NaN und unendlich sind keine Messwerte."),
            (parsed.wrong, "Keine Zahl; richtig ist etwa " + ("0,125." if self.decimal == "comma" else "0.125.")),
        ):
            self._list(mask & ~footer, value.header or f"#{value.column + 1}", column, reason)
        return parsed.value

    def _footer_rows(self) -> pl.Series:
        """Rows behind or between the values that carry words instead of a time: sums, notes, the header again."""
        lead = self.block.start or self.block.single
        place = lead.column if lead else 0
        column = self.body[f"c{place}"]
        header = self.layout.header[place] if self.layout.header else ""
        again = (column == header) if header else pl.repeat(False, len(column), eager=True, dtype=pl.Boolean)
        return (column.str.contains(_FOOTER) | again).fill_null(False)

    def _judge_times(self, times: Times) -> pl.Series:
        """The rows whose time is good; the others are listed, except sums and notes."""
        footer = self._footer_rows()
        filled = times.shown.is_not_null()
        lead = self.block.start or self.block.single
        name = self.layout.header[lead.column] if lead is not None else ""
        values = pl.repeat(False, self.body.height, eager=True, dtype=pl.Boolean)
        for value in self.block.values:
            values = values | self.body[f"c{value.column}"].is_not_null()
        wrong = times.bad & filled & values & ~footer
        self._list(wrong, name, times.shown, "Keine Zeit; richtig ist etwa 31.01.2025 13:45.")
        self._list(
            times.missing, name, times.shown, f"Diese Ortszeit gibt es nicht (Beginn der Sommerzeit, {times.zone})."
        )
        outside = (times.start < EARLIEST).fill_null(False) | (times.start >= LATEST).fill_null(False)
        self._list(outside, name, times.shown, "Die Zeit liegt außerhalb von 1990 bis 2099.")
        blank = times.shown.is_null()
        self._list(blank & values, name, times.shown, "Die Zeit fehlt.")
        return ~(times.bad | times.missing | outside | blank)

    def _list(self, mask: pl.Series, column: str, shown: pl.Series, reason: str) -> None:
        number = int(mask.fill_null(False).sum())
        if not number:
            return
        listed = (
            pl.DataFrame({"line": self.lines, "value": shown})
            .filter(mask.fill_null(False))
            .head(self.context.faults.room)
        )
        for line, value in listed.iter_rows():
            self.context.faults.add(int(line), column, value, reason)
        self.context.faults.count_only(number - listed.height)

    def _note_times(self, times: Times) -> None:
        context = self.context
        finest = context.facts.get("interval_s")
        if times.base_s is not None and (not isinstance(finest, int) or times.base_s < finest):
            context.facts |= {
                "stamp": times.stamp,
                "stamp_source": times.stamp_source,
                "interval_s": times.base_s,
                "zone": times.zone,
            }
        for note in times.notes:
            context.warn(note)
        if times.stamp_source == "angenommen":
            context.warn(
                "Ob die Zeitstempel Beginn oder Ende des Intervalls nennen, ist nicht erkennbar; sie gelten als Beginn."
            )
        if times.ambiguous_once:
            context.warn(
                f"{times.ambiguous_once} Zeitstempel der doppelten Stunde kommen nur einmal vor; "
                "sie gelten als Sommerzeit, die wiederholte Stunde fehlt."
            )

    def _unit(self, value: ValueColumn, times: Times) -> str:
        unit = self.mapping.unit or value.unit or self.layout.preamble_unit
        if (
            value.hint.measure in {"energy", "power"}
            and unit is not None
            and self.mapping.unit is None
            and value.unit is None
        ):
            measured = UNITS[unit.lower()][0]
            if measured != value.hint.measure and measured not in {"energy", "power"}:
                unit = None
        if unit is not None:
            return unit
        code = value.hint.obis or parse_obis(self.layout.preamble_obis or "")
        if code is not None and (code.is_register or code.is_period):
            self.context.warn(f"Die Datei nennt keine Einheit; nach der OBIS-Kennzahl {code.text} sind es kWh.")
            return "kWh"
        numbers = self._numbers_quietly(value)
        if times.base_s == 3600 and _looks_like_kwh(numbers):
            self.context.warn(
                "Die Datei nennt keine Einheit. Bei Stundenwerten sind kWh und kW gleich; angenommen wurde kWh."
            )
            return "kWh"
        raise self._missing(
            "unit_missing",
            "Die Datei nennt keine Einheit. kWh je Intervall und kW unterscheiden sich hier um den Faktor "
            f"{round(3600 / times.base_s, 3) if times.base_s else 4:g}; bitte die Einheit angeben.",
            "unit",
        )

    def _numbers_quietly(self, value: ValueColumn) -> pl.Series:
        return parse_numbers(self.body[f"c{value.column}"], self.decimal).value.drop_nulls()

    def _missing(self, code: str, reason: str, what: str) -> UnreadableFileError:
        layout = self.layout
        lead = self.block.start or self.block.single
        header = shown_header(layout)
        columns = {header[lead.column]: "ts"} if lead is not None and lead.clock is None and self.block.single else {}
        values = [v for v in self.block.values if self._count(v)]
        if len(values) == 1:
            columns[header[values[0].column]] = self._direction(values[0]) or "consumption"
        stamp = self.context.facts.get("stamp")
        return UnreadableFileError(
            code,
            reason,
            missing=[what],
            header=header,
            header_signature=layout.signature,
            proposal=Mapping(columns=columns, stamp="end" if stamp == "end" else "start" if stamp == "start" else None),
        )

    # frames

    def _row_meters(self, value: ValueColumn, meters: pl.Series) -> pl.Series:
        if self.block.meter is None and value.meter is not None:
            self.context.facts["meter_source"] = "Kopfzeile"
            return pl.repeat(value.meter, len(meters), dtype=pl.String, eager=True)
        return meters

    def _factors(self, value: ValueColumn, times: Times) -> pl.Series:
        """What a number is multiplied with to give kW."""
        hours = times.interval.cast(pl.Float64) / 3600
        if self.block.unit is not None and self.mapping.unit is None and value.hint.unit is None:
            written = self._text(self.block.unit)
            table = {text: exact_unit(text) for text in written.unique().drop_nulls().to_list()}
            unknown = sorted(text for text, unit in table.items() if unit is None)
            names = written.replace_strict(table, default=None, return_dtype=pl.String)
            self._list(
                written.is_in(unknown), self.layout.header[self.block.unit], written,
                "Unbekannte Einheit; möglich sind kWh, Wh, MWh, kW, W und MW.",
            )  # fmt: skip
            known = [unit for unit in dict.fromkeys(table.values()) if unit is not None]
            if known:
                self.context.facts["unit"] = ", ".join(known)
                expression = pl.lit(None, pl.Float64)
                for unit in known:
                    expression = pl.when(pl.col("u") == unit).then(_factor(unit)).otherwise(expression)
                return pl.DataFrame({"u": names, "h": hours}).select(expression).to_series()
        unit = self._unit(value, times)
        self.context.facts["unit"] = unit
        return pl.DataFrame({"h": hours}).select(_factor(unit)).to_series()

    def _values(
        self, value: ValueColumn, numbers: pl.Series, meters: pl.Series, codes: pl.Series, times: Times, keep: pl.Series
    ) -> pl.DataFrame:
        direction = self._direction(value)
        named = self.layout.preamble_obis
        if value.hint.obis is not None:
            named = value.hint.obis.text
        if direction is None and self.block.obis is None:
            self.context.warn("Ob Bezug oder Einspeisung, nennt die Datei nicht; die Werte gelten als Bezug.")
        series = pl.repeat(_SERIES[direction or "consumption"], len(numbers), dtype=pl.String, eager=True)
        if self.block.obis is not None:
            table = {text: _series_of(text) for text in codes.unique().drop_nulls().to_list()}
            series = codes.replace_strict(table, default=None, return_dtype=pl.String).fill_null(
                _SERIES[direction or "consumption"]
            )
            foreign = sorted(text for text, name in table.items() if name == "")
            if foreign:
                self.context.warn("Nicht gelesen wurden die Reihen " + ", ".join(foreign) + ".")
        quality = self._quality(value)
        found = self._row_meters(value, meters)
        if named is not None:
            for meter in found.unique().drop_nulls().to_list():
                self.obis.setdefault(meter, set()).add(named)
        frame = pl.DataFrame(
            {
                "meter_id": found,
                "series": series,
                "ts": times.start,
                "interval_s": times.interval,
                "value": numbers * self._factors(value, times),
                "quality": quality,
                "line": self.lines,
            },
            schema=assemble.LONG_SCHEMA,
        )
        if value.hint.obis is not None and value.hint.obis.tariff:
            frame = frame.with_columns(series=pl.concat_str("series", pl.lit("#"), pl.lit(str(value.hint.obis.tariff))))
        return frame.filter(
            keep & pl.col("value").is_not_null() & (pl.col("quality") != MISSING) & (pl.col("series") != "")
        )

    def _voltages(
        self, value: ValueColumn, numbers: pl.Series, meters: pl.Series, times: Times, keep: pl.Series
    ) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "meter_id": self._row_meters(value, meters),
                "series": pl.repeat("voltage", len(numbers), dtype=pl.String, eager=True),
                "ts": times.start,
                "interval_s": times.interval,
                "value": numbers,
                "quality": self._quality(value),
                "line": self.lines,
            },
            schema=assemble.LONG_SCHEMA,
        ).filter(keep & pl.col("value").is_not_null())

    def _quality(self, value: ValueColumn) -> pl.Series:
        if value.status is None:
            return pl.repeat(0, self.body.height, dtype=pl.Int32, eager=True)
        written = self._text(value.status).fill_null("")
        table: dict[str, int] = {}
        unknown: list[str] = []
        derived = len({other.status for other in self.block.values if other.status is not None}) > 1
        for text in written.unique().to_list():
            quality = status_quality(text)
            if derived and text.strip().lower() in {"berechnet", "calculated"}:
                quality = 0  # beside measured series: worked out from them, not a substitute
            if quality is None:
                unknown.append(text)
            table[text] = 0 if quality is None else quality
        if unknown and len(unknown) <= 50:
            shown = ", ".join(f"„{text[:30]}“" for text in sorted(unknown)[:5])
            self.context.warn(f"Unbekannte Kennzeichen der Werte gelten als gemessen: {shown}.")
        return written.replace_strict(table, return_dtype=pl.Int32)

    def _registers(
        self, value: ValueColumn, numbers: pl.Series, meters: pl.Series, codes: pl.Series, times: Times, keep: pl.Series
    ) -> pl.DataFrame:
        unit = value.hint.unit or "kWh"
        factor = UNITS[unit.lower()][1] if UNITS[unit.lower()][0] == "energy" else 1.0
        direction = self._direction(value) or "consumption"
        code = value.hint.obis.text if value.hint.obis else {"consumption": "1.8.0", "production": "2.8.0"}[direction]
        frame = pl.DataFrame(
            {
                "meter_id": self._row_meters(value, meters),
                "obis": codes.fill_null(code),
                "ts": times.written,
                "value_kwh": numbers * factor,
                "line": self.lines,
            },
            schema={**assemble.REGISTER_SCHEMA, "line": pl.Int64()},
        )
        found = frame.filter(keep & pl.col("value_kwh").is_not_null())
        for meter in found["meter_id"].unique().drop_nulls().to_list():
            self.obis.setdefault(meter, set()).update(
                found.filter(pl.col("meter_id") == meter)["obis"].unique().to_list()
            )
        return found

    def _advances(self, registers: pl.DataFrame) -> pl.DataFrame:
        """Mean power between register readings, where the file holds nothing else."""
        self.context.warn("Die Datei enthält nur Zählerstände; die Werte wurden aus deren Differenzen gebildet.")
        self.context.facts["unit"] = "kWh"
        totals = registers.filter(pl.col("obis").str.contains(r"\.8\.0\b"))
        frame = (
            (totals if totals.height else registers)
            .unique(["meter_id", "obis", "ts"], keep="last", maintain_order=True)
            .sort("meter_id", "obis", "ts")
            .with_columns(
                kwh=(pl.col("value_kwh").shift(-1) - pl.col("value_kwh")).over("meter_id", "obis"),
                seconds=(pl.col("ts").shift(-1) - pl.col("ts")).dt.total_seconds().over("meter_id", "obis"),
            )
            .drop_nulls("kwh")
        )
        falling = frame.filter(pl.col("kwh") < -1e-9)
        for row in falling.head(self.context.faults.room).iter_rows(named=True):
            self.context.faults.add(row["line"], row["obis"], row["value_kwh"], "Der nächste Zählerstand ist kleiner.")
        self.context.faults.count_only(max(0, falling.height - self.context.faults.room))
        return frame.filter((pl.col("kwh") >= -1e-9) & (pl.col("seconds") <= 90_000)).select(
            "meter_id",
            series=pl.when(pl.col("obis").str.contains(r"(^|:)2\."))
            .then(pl.lit("production_kw"))
            .otherwise(pl.lit("consumption_kw")),
            ts="ts",
            interval_s=pl.col("seconds").cast(pl.Int32),
            value=pl.col("kwh") * 3600 / pl.col("seconds"),
            quality=pl.lit(0, pl.Int32),
            line="line",
        )


def _factor(unit: str) -> pl.Expr:
    measure, scale = UNITS[unit.lower()]
    return scale / pl.col("h") if measure == "energy" else pl.lit(scale)


def _looks_like_kwh(numbers: pl.Series) -> bool:
    """Values with decimals of a household or a trade: Wh would be whole and large, MWh tiny."""
    if not len(numbers):
        return False
    broken = (numbers != numbers.round(0)).sum() / len(numbers)
    highest = numbers.max()
    return broken > 0.3 and isinstance(highest, float) and 0.05 <= highest < 5_000


def _series_of(code: str) -> str:
    obis = parse_obis(code)
    if obis is None or obis.direction is None or obis.is_register:
        return ""
    return _SERIES[obis.direction]


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
