"""Tables of prices from other sources (SMARD, ENTSO-E, exchanges): one time, a column in EUR/MWh or ct/kWh.

A file may hold several auctions of one day (only the first is the day-ahead price) and several bidding zones.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

import polars as pl

from luna_rules.importing.context import Context
from luna_rules.importing.grid import Grid
from luna_rules.importing.layout import Block, Layout, ValueColumn, recognise, shown_header
from luna_rules.importing.model import FAULTS_KEPT, Faults, ImportOptions, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import decide_decimal, is_german_text, parse_numbers
from luna_rules.importing.price_zones import is_mean_of_neighbours, is_own, zone_in
from luna_rules.importing.shapes import respelled_long
from luna_rules.importing.timing import read_times
from luna_rules.importing.typed import parse_frame
from luna_rules.importing.vocabulary import price_factor
from luna_rules.importing.zones import zone_of

_SEQUENCE_HEAD: Final = re.compile(r"(?i)^(sequence|sequenz|auction|auktion)")
_FIRST_AUCTION: Final = r"(?i)^(sequence\s*1|sequenz\s*1|1|without sequence|ohne sequenz|sdac)$"
_AREA_HEAD: Final = re.compile(
    r"(?i)^(area|gebiet|bidding\s*zone|gebotszone|marktgebiet|market\s*area|map\s*code|zone)"
)


def parse_price_grid(grid: Grid, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Prices of a table. Raises `UnreadableFileError`."""
    context = Context(options, faults)
    layout = recognise(respelled_long(grid, options.timezone), options.mapping)
    layout, area = _one_series(layout, context)
    block, value = _column(layout)
    grid = layout.grid
    body = grid.frame.slice(layout.first)
    column = body[f"c{value.column}"]
    if grid.origin == "sheet":
        decimal = "comma" if is_german_text([column]) else "either"
    else:
        decimal = decide_decimal([column])[0]
    numbers = parse_numbers(column, decimal)
    for mask, reason in ((numbers.not_finite, "NaN und unendlich sind keine Preise."), (numbers.wrong, "Keine Zahl.")):
        for line, shown in pl.DataFrame({"l": body["line"], "v": column}).filter(mask).iter_rows():
            faults.add(line, value.header, shown, reason)
    mapping = options.mapping
    zone = (mapping.zone if mapping else None) or zone_of(layout, block, context) or options.timezone
    groups = pl.repeat("", body.height, dtype=pl.String, eager=True)
    times = read_times(
        grid, block, layout.first, numbers.value.is_not_null(), groups, zone, mapping.stamp if mapping else None, None
    )
    for note in times.notes:
        context.warn(note)
    for mask, reason in (
        (times.bad & times.shown.is_not_null() & numbers.value.is_not_null(), "Keine Zeit."),
        (times.missing, f"Diese Ortszeit gibt es nicht (Beginn der Sommerzeit, {zone})."),
    ):
        for line, shown in pl.DataFrame({"l": body["line"], "v": times.shown}).filter(mask).iter_rows():
            faults.add(line, layout.header[_lead(block)], shown, reason)
    factor = _factor(layout, value)
    frame = pl.DataFrame(
        {
            "ts": times.start,
            "price_eur_mwh": numbers.value * factor,
            "interval_s": times.interval,
            "line": body["line"],
        }
    ).filter(pl.col("ts").is_not_null() & pl.col("price_eur_mwh").is_not_null())
    if frame.is_empty():
        raise UnreadableFileError("no_values", "Die Tabelle enthält keinen einzigen lesbaren Preis.")
    area = area or zone_in(value.header) or next((found for text in layout.header if (found := _area(text))), None)
    if area is not None and options.product is None:
        if not is_own(area):
            context.warn(f"Die Datei nennt die Gebotszone {area}; die Preise gelten für sie und nicht für DE-LU.")
        frame = frame.with_columns(
            product=pl.concat_str(pl.lit(f"{area}-"), (pl.col("interval_s") // 60).cast(pl.String), pl.lit("MIN"))
        )
    parsed = parse_frame(
        frame,
        options,
        "price_table",
        {
            "encoding": grid.encoding or "", "separator": grid.separator or "", "stamp": times.stamp, "zone": zone,
            "unit": {1.0: "EUR/MWh", 10.0: "ct/kWh", 1000.0: "EUR/kWh"}.get(factor, "ct/MWh"),
        },
        frame["line"].to_list(),
    )  # fmt: skip
    parsed.warnings = [*context.warnings, *parsed.warnings]
    parsed.faults = sorted([*faults.listed, *parsed.faults], key=lambda fault: fault.line)[:FAULTS_KEPT]
    parsed.faults_total += faults.total
    parsed.header_signature = layout.signature
    parsed.rows_read = body.height
    return parsed


def _one_series(layout: Layout, context: Context) -> tuple[Layout, str | None]:
    """The rows of the first auction and of one bidding zone, and that zone where a column names it."""
    grid, area = layout.grid, None
    keep = pl.lit(True)
    for place, name in enumerate(layout.header):
        column = grid.column(place).slice(layout.first)
        texts: list[str] = column.drop_nulls().unique().to_list()
        if _SEQUENCE_HEAD.match(name.strip()) and len(texts) > 1:
            first = pl.col(f"c{place}").str.contains(_FIRST_AUCTION)
            if not column.str.contains(_FIRST_AUCTION).any():
                continue
            keep &= first.fill_null(False)
            context.warn("Die Datei enthält mehrere Auktionen; gelesen wurde nur die erste (Sequenz 1).")
        elif _AREA_HEAD.match(name.strip()):
            zones = {text: zone_in(text) for text in texts}
            found = {zone for zone in zones.values() if zone is not None}
            wanted = "DE-LU" if "DE-LU" in found else found.copy().pop() if len(found) == 1 else None
            if len(found) > 1 and wanted is None:
                raise UnreadableFileError(
                    "value_ambiguous",
                    f"Die Datei enthält mehrere Gebotszonen ({', '.join(sorted(found)[:6])}). Bitte nur eine liefern.",
                    missing=["value"],
                    header=shown_header(layout),
                    header_signature=layout.signature,
                )
            area = wanted
            if len(texts) > 1 and wanted is not None:
                keep &= pl.col(f"c{place}").is_in([text for text, zone in zones.items() if zone == wanted])
                context.warn(f"Die Datei enthält mehrere Gebotszonen; gelesen wurde nur {wanted}.")
    top, body = grid.frame.head(layout.first), grid.frame.slice(layout.first)
    return replace(layout, grid=replace(grid, frame=pl.concat([top, body.filter(keep)]))), area


def _area(text: str) -> str | None:
    """The zone of a header such as `BZN|FR`, which stands beside the price without values of its own."""
    return zone_in(text) if "|" in text else None


def _factor(layout: Layout, value: ValueColumn) -> float:
    """What the price is multiplied with to give EUR/MWh. Raises `UnreadableFileError` where no unit is named."""
    if value.hint.price_factor is not None:
        return value.hint.price_factor
    if value.role == "price_eur_mwh":
        return 1.0
    rows = [layout.grid.row(place) for place in range(layout.first)]
    rows.append(layout.grid.row(layout.first))
    named = {factor for row in rows for cell in row if (factor := price_factor(cell)) is not None}
    if len(named) == 1:
        return named.pop()
    raise UnreadableFileError(
        "unit_missing",
        "Die Datei nennt keine Einheit der Preise; EUR/MWh, ct/kWh und EUR/kWh unterscheiden sich um das Zehn- und das "
        "Tausendfache. Sind es EUR/MWh, bitte die Spalte als price_eur_mwh zuordnen.",
        missing=["unit"],
        header=shown_header(layout),
        header_signature=layout.signature,
    )


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
        priced = [pair for pair in priced if not is_mean_of_neighbours(pair[1].header)] or priced
        priced = [pair for pair in priced if zone_in(pair[1].header) == "DE-LU"] or priced
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
