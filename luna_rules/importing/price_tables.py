"""Tables of prices from other sources (SMARD, exchanges): one time, a column in EUR/MWh or ct/kWh."""

from __future__ import annotations

import re

import polars as pl

from luna_rules.importing.grid import Grid
from luna_rules.importing.layout import Block, Layout, ValueColumn, recognise, shown_header
from luna_rules.importing.model import Faults, ImportOptions, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import decide_decimal, parse_numbers
from luna_rules.importing.shapes import respelled_long
from luna_rules.importing.timing import read_times
from luna_rules.importing.typed import parse_frame


def parse_price_grid(grid: Grid, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Prices of a table. Raises `UnreadableFileError`."""
    grid = respelled_long(grid, options.timezone)
    layout = recognise(grid, options.mapping)
    block, value = _column(layout)
    body = grid.frame.slice(layout.first)
    column = body[f"c{value.column}"]
    decimal = "either" if grid.origin == "sheet" else decide_decimal([column])[0]
    numbers = parse_numbers(column, decimal)
    for mask, reason in ((numbers.not_finite, "NaN und unendlich sind keine Preise."), (numbers.wrong, "Keine Zahl.")):
        for line, shown in pl.DataFrame({"l": body["line"], "v": column}).filter(mask).iter_rows():
            faults.add(line, value.header, shown, reason)
    mapping = options.mapping
    zone = mapping.zone if mapping and mapping.zone else options.timezone
    groups = pl.repeat("", body.height, dtype=pl.String, eager=True)
    times = read_times(
        grid, block, layout.first, numbers.value.is_not_null(), groups, zone, mapping.stamp if mapping else None, None
    )
    for mask, reason in (
        (times.bad & times.shown.is_not_null() & numbers.value.is_not_null(), "Keine Zeit."),
        (times.missing, f"Diese Ortszeit gibt es nicht (Beginn der Sommerzeit, {zone})."),
    ):
        for line, shown in pl.DataFrame({"l": body["line"], "v": times.shown}).filter(mask).iter_rows():
            faults.add(line, layout.header[_lead(block)], shown, reason)
    factor = value.hint.price_factor or 1.0
    frame = pl.DataFrame(
        {"ts": times.start, "price_eur_mwh": numbers.value * factor, "interval_s": times.interval}
    ).filter(pl.col("ts").is_not_null() & pl.col("price_eur_mwh").is_not_null())
    if frame.is_empty():
        raise UnreadableFileError("no_values", "Die Tabelle enthält keinen einzigen lesbaren Preis.")
    parsed = parse_frame(
        frame,
        options,
        "price_table",
        {"encoding": grid.encoding or "", "separator": grid.separator or "", "stamp": times.stamp},
    )
    parsed.faults = faults.listed
    parsed.faults_total += faults.total
    parsed.header_signature = layout.signature
    parsed.rows_read = body.height
    return parsed


def _lead(block: Block) -> int:
    """The column that holds the time. Raises `UnreadableFileError`."""
    time = block.start or block.single
    if time is None:
        raise UnreadableFileError("time_missing", "Die Zeitspalte fehlt.", missing=["ts"])
    return time.column


def _column(layout: Layout) -> tuple[Block, ValueColumn]:
    mapped = [(block, value) for block in layout.blocks for value in block.values if value.role == "price_eur_mwh"]
    priced = [(block, value) for block in layout.blocks for value in block.values if value.hint.measure == "price"]
    if mapped:
        return mapped[0]
    if len(priced) > 1:
        body = layout.grid.frame.slice(layout.first)
        priced = [pair for pair in priced if body[f"c{pair[1].column}"].null_count() < body.height] or priced
    if len(priced) > 1:
        ours = [
            pair
            for pair in priced
            if re.search(
                r"deutschland\s*/\s*luxemburg|germany\s*/\s*luxembourg|\bDE[-_/ ]?LU\b", pair[1].header, re.IGNORECASE
            )
        ]
        priced = ours or priced
    if len(priced) == 1:
        return priced[0]
    raise UnreadableFileError(
        "value_ambiguous" if priced else "value_missing",
        "Mehrere Spalten enthalten Preise. Bitte eine davon als price_eur_mwh zuordnen."
        if priced
        else "In keiner Spalte wurden Preise (EUR/MWh, ct/kWh) erkannt. Bitte die Spalten zuordnen.",
        missing=["value"],
        header=shown_header(layout),
        header_signature=layout.signature,
    )
