"""Columns of written numbers: decimal comma or point, thousands, units behind the number, placeholders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

Decimal = Literal["comma", "point", "either"]

LARGEST: Final = 1e15
"""No measured value and no price is larger; what is multiplied with a unit's factor must stay a number."""
PLACEHOLDERS: Final = frozenset(
    {"", "-", "--", "---", "–", "n/a", "na", "n.a.", "null", "none", "#nv", "#n/a", "nil", "k.a.", "k. a.", "*", "."}
)
_PLACEHOLDER_LIST: Final = sorted(PLACEHOLDERS)
_NUMBER: Final = (
    r"^[+-]?(\d{1,3}([.,' \u00a0\u202f\u2019]\d{3})+|\d+)?([.,]\d+)?([eE][+-]?\d{1,3})?"
    r"\s*(kWh|Wh|MWh|kW|W|MW|V|€|EUR)?-?$"
)
NUMBER: Final = re.compile(_NUMBER)
_NOT_A_NUMBER: Final = r"(?i)^[+-]?(nan|inf(inity)?|∞|unendlich|1\.#(inf|qnan|ind).*)$"


@dataclass(frozen=True)
class Numbers:
    """`value` is null where `missing` (nothing measured) or where a fault names why not."""

    value: pl.Series
    not_finite: pl.Series
    wrong: pl.Series


def whole_number(text: str, digits: int = 9) -> int | None:
    """A whole number of ASCII digits, at most `digits` of them; None for any other text.

    `str.isdigit` holds for „²“ too, which `int` refuses, as it does more than 4,300 digits; and what goes on to count
    seconds or rows must stay within what a time or a row number can hold.
    """
    if not 0 < len(text) <= digits or not text.isascii() or not text.isdigit():
        return None
    return int(text)


def is_number(text: str) -> bool:
    """Whether a cell is a number in one of the spellings."""
    return bool(NUMBER.match(text)) and any(letter.isdigit() for letter in text)


def is_placeholder(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().lower() in PLACEHOLDERS


def is_german_text(columns: list[pl.Series]) -> bool:
    """Whether numbers that a sheet holds as text use the comma: then a point before three digits is no decimal."""
    if not columns:
        return False
    cells = pl.concat([column.cast(pl.String).rename("n") for column in columns]).drop_nulls()
    comma = cells.str.contains(r"^[+-]?[\d.]*\d,\d+$").sum()
    point = cells.str.contains(r"^[+-]?\d+\.\d+([eE]-?\d+)?$") & ~cells.str.contains(r"^[+-]?\d{1,3}(\.\d{3})+$")
    return comma > 0 and not point.any()


def decide_decimal(columns: list[pl.Series], small_unit: bool = False) -> tuple[Decimal, bool]:
    """How numbers are written, and whether that was evident: `1.234` alone could be a thousand.

    Numbers of three digits without a mark beside `1.234` tell that it is one; so does a unit as small as W or Wh.
    """
    if not columns:
        return "point", True
    cells = pl.concat([column.cast(pl.String).rename("n") for column in columns]).drop_nulls()

    def count(pattern: str) -> int:
        return int(cells.str.contains(pattern).sum())

    comma = count(r"^[+-]?\d*,\d{1,2}$|^[+-]?\d*,\d{4,}$|^[+-]?0,\d+$|^[+-]?\d{4,},\d+$|^[+-]?\d{1,3}(\.\d{3})+,\d+$")
    point = count(
        r"^[+-]?\d*\.\d{1,2}$|^[+-]?\d*\.\d{4,}$|^[+-]?0\.\d+$|^[+-]?\d{4,}\.\d+$|^[+-]?\d{1,3}(,\d{3})+\.\d+$|\d[eE]-?\d"
    )
    if comma or point:
        return ("comma" if comma >= point else "point"), True
    thousands_comma, thousands_point = count(r","), count(r"\.")
    if not thousands_comma and not thousands_point:
        return "point", True
    whole = count(r"^[+-]?[1-9]\d{2}$")
    if (whole or small_unit) and not (thousands_comma and thousands_point) and not count(r"^[+-]?0\d*[.,]"):
        return ("point" if thousands_comma else "comma"), bool(whole)
    return ("comma" if thousands_comma >= thousands_point else "point"), False


def parse_numbers(column: pl.Series, decimal: Decimal) -> Numbers:
    """Numbers of a column of text. A number written the other way round than `decimal` is wrong, not guessed."""
    raw = column.cast(pl.String).str.strip_chars()
    frame = pl.DataFrame({"raw": raw}).with_columns(
        text=pl.when(pl.col("raw").str.to_lowercase().is_in(_PLACEHOLDER_LIST)).then(None).otherwise("raw")
    )
    frame = frame.with_columns(
        text=pl.col("text")
        .str.replace(r"\s*(kWh|Wh|MWh|kW|W|MW|V|€|EUR)$", "")
        .str.replace_all(r"[\s'\x{a0}\x{202f}\x{2019}]", "")
        .str.replace("−", "-", literal=True)
        .str.replace(r"^(\d.*)-$", "-${1}")
    )
    comma_form = pl.col("text").str.contains(r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)?(,\d+)?([eE][+-]?\d{1,3})?$")
    point_form = pl.col("text").str.contains(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d{1,3})?$")
    from_comma = pl.col("text").str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    from_point = pl.col("text").str.replace_all(",", "", literal=True)
    if decimal == "comma":
        plain = pl.when(comma_form).then(from_comma)
    elif decimal == "point":
        plain = pl.when(point_form).then(from_point)
    else:
        plain = (
            pl.when(pl.col("text").str.contains(",", literal=True) & comma_form)
            .then(from_comma)
            .when(point_form)
            .then(from_point)
        )
    frame = frame.with_columns(value=plain.cast(pl.Float64, strict=False))
    frame = frame.with_columns(value=pl.when(pl.col("value").abs() <= LARGEST).then("value"))
    result = frame.select(
        "value",
        not_finite=pl.col("text").str.contains(_NOT_A_NUMBER).fill_null(False),
        wrong=(pl.col("text").is_not_null() & pl.col("value").is_null()),
    )
    return Numbers(result["value"], result["not_finite"], result["wrong"] & ~result["not_finite"])
