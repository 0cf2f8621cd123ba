"""One block of columns to single values in kW and V, and to register readings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from luna_rules.importing import assemble
from luna_rules.importing.columns import Columns
from luna_rules.importing.context import Context
from luna_rules.importing.counters import begins_daily, only_rises, running_on
from luna_rules.importing.directions import series_of_words
from luna_rules.importing.layout import Block, Layout, ValueColumn
from luna_rules.importing.model import Mapping
from luna_rules.importing.numbers import Decimal, parse_numbers
from luna_rules.importing.rows import EARLIEST, LATEST
from luna_rules.importing.stamps import parse_epoch
from luna_rules.importing.statuses import MISSING, flagged_substitute, is_substitute_flag, status_quality
from luna_rules.importing.timing import Times, read_times, refuse_states
from luna_rules.importing.units import Units
from luna_rules.importing.vocabulary import UNITS, part_of_total
from luna_rules.importing.zones import zone_of
from luna_rules.series.ids import is_malo, is_melo
from luna_rules.series.obis import Direction, parse_obis

_SERIES: Final[dict[Direction, str]] = {"consumption": "consumption_kw", "production": "production_kw"}
_REGISTER_OF: Final = {"consumption_kw": "1.8.0", "production_kw": "2.8.0"}
_FOOTER: Final = (
    r"(?i)summe|gesamt|total|\bsum\b|mittel|average|durchschnitt|\bmin(imum|imal\w*)?\b|\bmax(imum|imal\w*)?\b|spitze|"
    r"anzahl|ende|hinweis|quelle|legende|copyright|©"
)


class BlockReader:
    """One block of columns to single values."""

    def __init__(self, layout: Layout, block: Block, context: Context, mapping: Mapping, decimal: Decimal) -> None:
        self.layout, self.block, self.context, self.mapping = layout, block, context, mapping
        self.decimal: Decimal = decimal
        self.first = layout.first
        self.body = layout.grid.frame.slice(layout.first)
        self.lines = self.body["line"]
        self.columns = Columns(layout, block, self.body, context, mapping)
        self.units = Units(layout, block, self.body, self.columns, decimal, self._list_values)
        self.obis: dict[str, set[str]] = {}
        self.aliases: dict[str, tuple[str | None, str | None]] = {}

    def read(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Values in kW or V, and register readings."""
        block = self.block
        meters = self._meters()
        codes = self._text(block.obis if block.obis is not None else block.words)
        groups = pl.select(pl.concat_str([meters.fill_null(""), codes.fill_null("")], separator="\x1f")).to_series()
        energy, registers, voltages = self.columns.choose()
        numbers = {value.column: self._numbers(value) for value in (*energy, *registers, *voltages)}
        energy, registers = self._counters(energy, registers, numbers, groups)
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
        zone = self.mapping.zone or zone_of(self.layout, block, self.context) or self.context.options.timezone
        times = read_times(self.layout.grid, block, self.first, used, groups, zone, self.mapping.stamp, pair)
        if energy and block.end is None:
            refuse_states(times, used, groups)
        keep = self._judge_times(times)
        self._note_times(times, bool(energy or voltages))
        longs = [
            self._values(value, self._signed(value, numbers[value.column]), meters, codes, times, keep)
            for value in energy
        ]
        longs += [self._voltages(value, numbers[value.column], meters, times, keep) for value in voltages]
        register = [self._registers(value, numbers[value.column], meters, codes, times, keep) for value in registers]
        found = pl.concat(register) if register else assemble.empty_registers().with_columns(line=pl.lit(0, pl.Int64))
        if not energy and found.height:
            lead = block.start or block.single
            if lead is not None and lead.kind == "date":
                self.context.warn("Zählerstände ohne Uhrzeit gelten als Stände am Ende ihres Tages.")
            longs.append(self._advances(found))
        long = pl.concat(longs) if longs else pl.DataFrame(schema=dict(assemble.LONG_SCHEMA))
        if energy:
            anything = pl.repeat(False, self.body.height, eager=True, dtype=pl.Boolean)
            for value in energy:
                anything = anything | numbers[value.column].is_not_null()
            self.context.without_value += int((keep & ~anything).sum())
        return long, found.drop("line")

    def _counters(
        self, energy: list[ValueColumn], registers: list[ValueColumn], numbers: dict[int, pl.Series], groups: pl.Series
    ) -> tuple[list[ValueColumn], list[ValueColumn]]:
        """Columns that only rise are registers where the file does not say what they are; else a note asks."""
        days = 0 if self.block.end is not None else self._days()
        daily = [
            value
            for value in energy
            if days and value.role is None and _either_way(begins_daily, numbers[value.column], groups, days)
        ]
        for value in daily:
            newest_first = not begins_daily(numbers[value.column], groups, days)
            numbers[value.column] = (
                running_on(numbers[value.column].reverse(), groups.reverse()).reverse()
                if newest_first
                else running_on(numbers[value.column], groups)
            )
            self.context.warn(
                f"Die Werte in „{value.header}“ steigen und beginnen immer wieder neu: Sie gelten als Tageszähler."
            )
        rising = [
            value
            for value in energy
            if value not in daily and self._may_count(value) and _either_way(only_rises, numbers[value.column], groups)
        ]
        told = [
            v for v in rising if v.unit or v.hint.measure or self.layout.preamble_unit or self.block.obis is not None
        ]
        counters = [value for value in rising if value not in told]
        for values, note in (
            (counters, "Sie gelten als Zählerstände. Sind es Werte je Intervall, bitte die Einheit angeben."),
            (told, "Sind es Zählerstände, bitte die Spalte als „register“ zuordnen."),
        ):
            if values:
                shown = ", ".join(f"„{value.header}“" for value in values)
                self.context.warn(f"Die Werte in {shown} steigen nur. {note}")
        counters += daily
        return [value for value in energy if value not in counters], [*registers, *counters]

    def _days(self) -> int:
        """How many days the column of the time names, as written; 0 where it names none."""
        lead = self.block.start or self.block.single
        if lead is None:
            return 0
        column = self.body[f"c{lead.column}"]
        if lead.kind == "epoch":
            return parse_epoch(column).dt.date().drop_nulls().n_unique()
        return column.str.extract(r"(\d{1,4}[./-]\d{1,2}[./-]\d{1,4})").drop_nulls().n_unique()

    def _may_count(self, value: ValueColumn) -> bool:
        """Whether a column of values could hold a counter's standings: nobody said otherwise."""
        if value.role is not None or self.mapping.unit is not None or value.hint.obis is not None:
            return False
        return value.unit is None or UNITS[value.unit.lower()][0] == "energy"

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

    def _list_values(self, mask: pl.Series, column: str, shown: pl.Series, reason: str) -> None:
        self._list(mask.fill_null(False) & ~self._footer_rows(), column, shown, reason)

    def _note_times(self, times: Times, intervals: bool) -> None:
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
        if times.stamp_source == "angenommen" and intervals:
            context.warn(
                "Ob die Zeitstempel Beginn oder Ende des Intervalls nennen, ist nicht erkennbar; sie gelten als Beginn."
            )
        if times.ambiguous_once:
            context.warn(
                f"{times.ambiguous_once} Zeitstempel der doppelten Stunde kommen nur einmal vor; "
                "sie gelten als Sommerzeit, die wiederholte Stunde fehlt."
            )

    # frames

    def _row_meters(self, value: ValueColumn, meters: pl.Series) -> pl.Series:
        if self.block.meter is None and value.meter is not None:
            self.context.facts["meter_source"] = "Kopfzeile"
            return pl.repeat(value.meter, len(meters), dtype=pl.String, eager=True)
        return meters

    def _signed(self, value: ValueColumn, numbers: pl.Series) -> pl.Series:
        """Feed-in that is written below zero turned round; a balance of both directions is named."""
        below = int((numbers < 0).sum())
        if not below or self.block.obis is not None or self.block.words is not None:
            return numbers
        if self.columns.direction(value) == "production" and not int((numbers > 0).sum()):
            self.context.warn(
                f"Die Werte in „{value.header}“ stehen unter null; sie gelten als Einspeisung ohne Vorzeichen."
            )
            return numbers.abs()
        self.context.warn(
            f"{below} Werte in „{value.header}“ sind negativ. Ist das ein Saldo aus Bezug und Einspeisung, "
            "bitte beide Richtungen getrennt liefern."
        )
        return numbers

    def _series_table(self, codes: pl.Series, otherwise: Direction) -> dict[str, str]:
        """The series of each OBIS code, or of each word that names a direction."""
        texts: list[str] = codes.unique().drop_nulls().to_list()
        if self.block.obis is not None:
            return {text: _series_of(text) for text in texts}
        return series_of_words(texts, otherwise)

    def _values(
        self, value: ValueColumn, numbers: pl.Series, meters: pl.Series, codes: pl.Series, times: Times, keep: pl.Series
    ) -> pl.DataFrame:
        direction = self.columns.direction(value)
        named = self.layout.preamble_obis
        if value.hint.obis is not None:
            named = value.hint.obis.text
        if direction is None and self.block.obis is None and self.block.words is None:
            self.context.warn("Ob Bezug oder Einspeisung, nennt die Datei nicht; die Werte gelten als Bezug.")
        series = pl.repeat(_SERIES[direction or "consumption"], len(numbers), dtype=pl.String, eager=True)
        if self.block.obis is not None or self.block.words is not None:
            table = self._series_table(codes, direction or "consumption")
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
                "value": numbers * self.units.factors(value, times),
                "quality": quality,
                "line": self.lines,
            },
            schema=assemble.LONG_SCHEMA,
        )
        tariff = str(value.hint.obis.tariff) if value.hint.obis is not None and value.hint.obis.tariff else None
        part = tariff or (part_of_total(value.header) if value.column in self.columns.parts else None)
        if part:
            frame = frame.with_columns(series=pl.concat_str("series", pl.lit("#"), pl.lit(part)))
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
        header = self.layout.header[value.status] if value.status < len(self.layout.header) else ""
        yes_or_no = is_substitute_flag(header, written.unique().to_list())
        derived = len({other.status for other in self.block.values if other.status is not None}) > 1
        for text in written.unique().to_list():
            quality = flagged_substitute(text) if yes_or_no else status_quality(text)
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
        direction = self.columns.direction(value) or "consumption"
        code = value.hint.obis.text if value.hint.obis else {"consumption": "1.8.0", "production": "2.8.0"}[direction]
        if self.block.words is not None:
            table = {text: _REGISTER_OF.get(name) for text, name in self._series_table(codes, direction).items()}
            codes = codes.replace_strict(table, default=None, return_dtype=pl.String)
        frame = pl.DataFrame(
            {
                "meter_id": self._row_meters(value, meters),
                "obis": codes.fill_null(code),
                "ts": times.written,
                "value_kwh": numbers * self.units.of_register(value),
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


def _either_way(test: Callable[..., bool], numbers: pl.Series, groups: pl.Series, *more: int) -> bool:
    """Whether it holds in the order of the file, or from its end: many portals write the newest row first."""
    return test(numbers, groups, *more) or test(numbers.reverse(), groups.reverse(), *more)


def _series_of(code: str) -> str:
    obis = parse_obis(code)
    if obis is None or obis.direction is None or obis.is_register:
        return ""
    return _SERIES[obis.direction]
