"""The unit of a column: by its cells, its unit column, its header, the lines above, its OBIS code – or asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from luna_rules.importing.columns import Columns
from luna_rules.importing.context import Context
from luna_rules.importing.layout import Block, Layout, ValueColumn
from luna_rules.importing.model import Mapping
from luna_rules.importing.numbers import Decimal, parse_numbers
from luna_rules.importing.timing import Times
from luna_rules.importing.vocabulary import UNITS, exact_unit
from luna_rules.series.obis import parse_obis

_BEHIND: Final = r"\d\s*(kWh|Wh|MWh|kW|W|MW)$"
Listing = Callable[[pl.Series, str, pl.Series, str], None]


class Units:
    """The units of one block's columns."""

    def __init__(
        self, layout: Layout, block: Block, body: pl.DataFrame, columns: Columns, decimal: Decimal, listing: Listing
    ) -> None:
        self.layout, self.block, self.body, self.columns = layout, block, body, columns
        self.decimal: Decimal = decimal
        self.listing = listing

    @property
    def _context(self) -> Context:
        return self.columns.context

    @property
    def _mapping(self) -> Mapping:
        return self.columns.mapping

    def factors(self, value: ValueColumn, times: Times) -> pl.Series:
        """What each number is multiplied with to give kW. Raises `UnreadableFileError` where no unit is known."""
        hours = times.interval.cast(pl.Float64) / 3600
        written = self._written(value)
        if written is None or written.null_count():
            unit = None if written is not None and value.unit is None else self._unit(value, times)
            if written is None:
                written = pl.repeat(unit, self.body.height, dtype=pl.String, eager=True)
            elif unit is not None:
                written = written.fill_null(unit)
            else:
                numbers = parse_numbers(self.body[f"c{value.column}"], self.decimal).value
                self.listing(
                    written.is_null() & (numbers != 0).fill_null(False), value.header, self.body[f"c{value.column}"],
                    "Die Einheit fehlt; in anderen Zeilen steht sie beim Wert.",
                )  # fmt: skip
                written = (
                    pl.DataFrame({"u": written, "n": numbers})
                    .select(pl.when(pl.col("n") == 0).then(pl.coalesce("u", pl.lit("kW"))).otherwise("u"))
                    .to_series()
                )
        return self._scaled(written, hours)

    def of_register(self, value: ValueColumn) -> pl.Series:
        """What each standing of a register is multiplied with to give kWh."""
        unit = self._mapping.unit or value.unit or self.layout.preamble_unit
        if unit is not None and UNITS[unit.lower()][0] != "energy":
            unit = None
        written = self._written(value)
        if unit is None and (written is None or written.null_count() == len(written)) and value.hint.obis is None:
            self._context.warn("Die Datei nennt keine Einheit der Zählerstände; sie gelten als kWh.")
        names = pl.repeat(unit or "kWh", self.body.height, dtype=pl.String, eager=True)
        if written is not None:
            names = pl.select(pl.coalesce(written, names)).to_series()
        table = {
            name: UNITS[name.lower()][1] if UNITS[name.lower()][0] == "energy" else None
            for name in names.unique().drop_nulls().to_list()
        }
        return names.replace_strict(table, return_dtype=pl.Float64)

    def _scaled(self, names: pl.Series, hours: pl.Series) -> pl.Series:
        known: list[str] = sorted(names.unique().drop_nulls().to_list())
        self._context.facts["unit"] = ", ".join(known)
        expression = pl.lit(None, pl.Float64)
        for unit in known:
            measure, scale = UNITS[unit.lower()]
            factor = scale / pl.col("h") if measure == "energy" else pl.lit(scale)
            expression = pl.when(pl.col("u") == unit).then(factor).otherwise(expression)
        return pl.DataFrame({"u": names, "h": hours}).select(expression).to_series()

    def _written(self, value: ValueColumn) -> pl.Series | None:
        """The unit of each row as its own cell or the unit column names it; None where neither does."""
        if self._mapping.unit is not None:
            return None
        behind = self._named(self.body[f"c{value.column}"].str.strip_chars().str.extract(_BEHIND))
        if behind.null_count() < len(behind):
            if value.hint.unit is not None and set(behind.drop_nulls().unique()) - {value.hint.unit}:
                self._context.warn(
                    f"In den Zellen von „{value.header}“ steht eine andere Einheit als in der Kopfzeile; "
                    "es gilt die der Zelle."
                )
            return behind
        if self.block.unit is None or value.hint.unit is not None:
            return None
        column = self.body[f"c{self.block.unit}"]
        table = {text: exact_unit(text) for text in column.unique().drop_nulls().to_list()}
        unknown = [text for text, unit in table.items() if unit is None]
        self.listing(
            column.is_in(unknown), self.layout.header[self.block.unit], column,
            "Unbekannte Einheit; möglich sind kWh, Wh, MWh, kW, W und MW.",
        )  # fmt: skip
        named = self._named(column)
        return named if named.null_count() < len(named) else None

    @staticmethod
    def _named(column: pl.Series) -> pl.Series:
        table = {text: exact_unit(text) for text in column.unique().drop_nulls().to_list()}
        return column.replace_strict(table, default=None, return_dtype=pl.String)

    def _unit(self, value: ValueColumn, times: Times) -> str:
        unit = self._mapping.unit or value.unit or self.layout.preamble_unit
        if value.hint.measure in {"energy", "power"} and unit is not None and unit == self.layout.preamble_unit:
            measured = UNITS[unit.lower()][0]
            if measured != value.hint.measure and measured not in {"energy", "power"}:
                unit = None
        if unit is not None:
            return unit
        code = value.hint.obis or parse_obis(self.layout.preamble_obis or "")
        if code is not None and (code.is_register or code.is_period or code.is_power):
            unit = "kW" if code.is_power else "kWh"
            self._context.warn(f"Die Datei nennt keine Einheit; nach der OBIS-Kennzahl {code.text} sind es {unit}.")
            return unit
        numbers = parse_numbers(self.body[f"c{value.column}"], self.decimal).value.drop_nulls()
        if times.base_s == 3600 and _looks_like_kwh(numbers):
            self._context.warn(
                "Die Datei nennt keine Einheit. Bei Stundenwerten sind kWh und kW gleich; angenommen wurde kWh."
            )
            return "kWh"
        raise self.columns.missing(
            "unit_missing",
            "Die Datei nennt keine Einheit. kWh je Intervall und kW unterscheiden sich hier um den Faktor "
            f"{round(3600 / times.base_s, 3) if times.base_s else 4:g}; bitte die Einheit angeben.",
            "unit",
        )


def _looks_like_kwh(numbers: pl.Series) -> bool:
    """Values with decimals of a household or a trade: Wh would be whole and large, MWh tiny."""
    if not len(numbers):
        return False
    broken = (numbers != numbers.round(0)).sum() / len(numbers)
    highest = numbers.max()
    return broken > 0.3 and isinstance(highest, float) and 0.05 <= highest < 5_000
