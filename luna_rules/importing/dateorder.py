"""Which number of a date is the day: told by what cannot be a month, else by which reading makes the days follow."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Order = Literal["dmy", "mdy", "ymd"]

_PARTS: Final = (
    r"^\s*(?:[A-Za-z]{2,10}\.?,?\s+)?(?P<a>\d{1,2})(?P<mark>[./-])(?P<b>\d{1,2})[./-](?P<c>\d{4}|\d{2})\b(?P<rest>.*)$"
)
_FORMATS: Final[dict[Order, tuple[str, str, str]]] = {
    "dmy": ("c", "b", "a"),
    "mdy": ("c", "a", "b"),
    "ymd": ("a", "b", "c"),
}
_ROWS_A_DAY: Final = 4
"""Fewer rows a day, and days cannot be told from months by how they follow."""


def decide_order(column: pl.Series) -> tuple[Order, bool]:
    """The order of dates that do not begin with a year of four digits, and whether it was evident.

    Dates with points are German. Otherwise an order that gives impossible dates is out; of the others the one whose
    days lie closest together is right, if the file holds several rows a day.
    """
    texts = column.drop_nulls()
    sample = texts.head(50)
    if not sample.str.contains(r"^\s*(?:[A-Za-z]{2,10}\.?,?\s+)?\d{1,2}[./-]\d{1,2}[./-]\d{2}").any():
        return "dmy", True
    parts = texts.head(40_000).str.extract_groups(_PARTS).struct.unnest().drop_nulls("a")
    short = bool((parts["c"].str.len_chars() == 2).all())
    if parts.is_empty() or (not short and bool((parts["mark"] == ".").all())):
        return "dmy", True
    orders: list[Order] = ["dmy"]
    if not bool((parts["mark"] == ".").all()):
        orders.append("mdy")
    if short:
        orders.append("ymd")
    spans: dict[Order, int] = {}
    days = 0
    for order in orders:
        dates = _dates(parts, order)
        if dates.null_count():
            continue
        spans[order] = (dates.max() - dates.min()).days  # type: ignore[operator,union-attr]
        days = max(days, dates.n_unique())
    if len(spans) == 1:
        return next(iter(spans)), True
    if not spans:
        return "dmy", True
    twelve = parts["rest"].str.contains(r"(?i)\d\s*[ap]\.?m\b").any()
    if days > 1 and parts.height >= _ROWS_A_DAY * days:
        best = min(spans, key=lambda order: spans[order])
        if list(spans.values()).count(spans[best]) == 1:
            return best, True
    if twelve and "mdy" in spans:
        return "mdy", True
    return "dmy" if "dmy" in spans else next(iter(spans)), bool((parts["mark"] == ".").all())


def _dates(parts: pl.DataFrame, order: Order) -> pl.Series:
    year, month, day = _FORMATS[order]
    full = pl.when(pl.col(year).str.len_chars() == 2).then(pl.concat_str(pl.lit("20"), year)).otherwise(year)
    return parts.select(
        pl.concat_str(full, pl.lit("-"), month, pl.lit("-"), day).str.to_date("%Y-%m-%d", strict=False)
    ).to_series()
