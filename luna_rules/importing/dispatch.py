"""From bytes to the reader that understands them, by what the bytes are and never by the file's name."""

from __future__ import annotations

import io
from typing import Final

import polars as pl

from luna_rules.importing import containers
from luna_rules.importing.grid import Grid, clipped, refuse_too_large, sheet_grids, text_grid
from luna_rules.importing.model import Faults, ImportOptions, ParsedFile, UnreadableFileError
from luna_rules.importing.plain import PRICE_COLUMNS, READING_COLUMNS, reader_of, recognise
from luna_rules.importing.price_tables import parse_price_grid
from luna_rules.importing.tabular import parse_grids
from luna_rules.importing.text import decode
from luna_rules.importing.typed import ours, parse_frame, read_all

_CALENDAR_D: Final = 700_000
"""Days before and after 1970 that a column of times may hold; others are no times."""
_OURS: Final = frozenset({*READING_COLUMNS, *PRICE_COLUMNS})


def parse_content(content: bytes, options: ImportOptions) -> ParsedFile:
    """Read a file of any known kind. Raises `UnreadableFileError`."""
    _check_zone(options)
    unpacked = containers.unpack(content, options.max_bytes)
    faults = Faults()
    parsed = _parsed(unpacked, options, faults)
    if unpacked.packed:
        parsed.facts["packed"] = unpacked.packed
    parsed.facts["kind"] = unpacked.kind
    _check_target(parsed, options)
    return parsed


def _parsed(unpacked: containers.Unpacked, options: ImportOptions, faults: Faults) -> ParsedFile:
    content = unpacked.content
    match unpacked.kind:
        case "edifact":
            from luna_rules.importing.mscons import parse_mscons

            return parse_mscons(content, options, faults)
        case "json":
            from luna_rules.importing.json_answers import parse_json

            return parse_json(content, options, faults)
        case "xml":
            return _xml(content, options, faults)
        case "html":
            from luna_rules.importing.markup import html_grid

            return _tables([html_grid(content, options)], options, faults)
        case "parquet" | "arrow":
            return _columnar(content, unpacked.kind, options, faults)
        case "xlsx" | "xls" | "ods":
            return _tables(sheet_grids(content, options), options, faults)
        case _:
            return _text(content, options, faults)


def _xml(content: bytes, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Prices of ENTSO-E, readings in the words of ESPI, or a workbook."""
    from luna_rules.importing.entsoe import parse_entsoe, read_xml
    from luna_rules.importing.espi import ROOTS, espi_grids
    from luna_rules.importing.markup import workbook_grids

    root = read_xml(content)
    if root.name == "Workbook":
        return _tables(workbook_grids(root, options), options, faults)
    if root.name in ROOTS:
        return parse_grids(espi_grids(root, options, faults), options, faults)
    return parse_entsoe(root, options, faults)


def _text(content: bytes, options: ImportOptions, faults: Faults) -> ParsedFile:
    shape = recognise(content[: 256 * 1024]) if options.mapping is None else None
    if shape is None and options.mapping is None and content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        content = decode(content).text.encode()
        shape = recognise(content[: 256 * 1024])
    if shape is not None:
        return read_all(reader_of(content, shape, options), "plain")
    return _tables([text_grid(content, faults, options)], options, faults)


def _tables(grids: list[Grid], options: ImportOptions, faults: Faults) -> ParsedFile:
    plain = _plain_sheet(grids[0])
    if plain is not None and options.mapping is None:
        return parse_frame(plain, options, "plain_sheet", {"sheet": grids[0].name})
    if options.target == "market_prices":
        return parse_price_grid(grids[0], options, faults)
    return parse_grids(grids, options, faults)


def _plain_sheet(grid: Grid) -> pl.DataFrame | None:
    """A sheet, or a text in another encoding, whose first row bears our own names."""
    names = [name.lower() for name in grid.row(0)] if grid.frame.height else []
    if len(set(names)) != len(names) or ours(names) is None or not ({"meter_id", "market"} & set(names)):
        return None
    if grid.frame.height == 1:
        raise UnreadableFileError("header_only", "Die Datei enthält nur die Kopfzeile und keine Werte.")
    renamed = grid.frame.drop("line").rename({f"c{place}": name or f"_{place}" for place, name in enumerate(names)})
    return renamed.slice(1)


def _columnar(content: bytes, kind: str, options: ImportOptions, faults: Faults) -> ParsedFile:
    try:
        source = io.BytesIO(content)
        if kind == "parquet":
            height = int(pl.scan_parquet(source).select(pl.len()).collect().item())
            if height > options.max_rows:
                raise UnreadableFileError(
                    "too_many_rows", f"Die Datei hat {height} Zeilen, höchstens {options.max_rows} sind erlaubt."
                )
            source.seek(0)
            frame = pl.read_parquet(source)
        else:
            frame = pl.read_ipc(source)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        # The reader of these formats panics at some damaged headers, which is no Exception.
        raise UnreadableFileError(
            "broken", f"Die Datei ({kind}) ist beschädigt und lässt sich nicht öffnen."
        ) from error
    if frame.is_empty():
        raise UnreadableFileError("header_only", "Die Datei enthält Spalten, aber keine Zeilen.")
    frame = frame.rename(
        {name: name.lower() for name in frame.columns} if len({n.lower() for n in frame.columns}) == frame.width else {}
    )
    named = ours(frame.columns) is not None
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime | pl.Date):
            second = 1 if isinstance(dtype, pl.Date) else {"ms": 10**3, "us": 10**6, "ns": 10**9}[dtype.time_unit]
            bound = _CALENDAR_D if isinstance(dtype, pl.Date) else _CALENDAR_D * 86_400 * second
            # The library panics where it writes a time beyond its calendar.
            within = pl.col(name).to_physical().is_between(-min(bound, 2**63 - 1), min(bound, 2**63 - 1))
            frame = frame.with_columns(pl.when(within).then(name).alias(name))
        elif isinstance(dtype, pl.Duration):
            frame = frame.with_columns(pl.col(name).dt.total_seconds())
        elif dtype.is_nested() or isinstance(dtype, pl.Binary | pl.Object):
            if named and name in _OURS:
                raise UnreadableFileError(
                    "broken",
                    f"Die Spalte „{name}“ enthält Listen oder Binärdaten; richtig sind einzelne Zeiten, Zahlen oder "
                    "Texte.",
                )
            frame = frame.with_columns(pl.lit(None, pl.String).alias(name))
    if named:
        return parse_frame(frame, options, kind, {})
    refuse_too_large(frame.height, frame.width)
    text = frame.select(pl.all().cast(pl.String, strict=False))
    table = pl.concat([pl.DataFrame({name: [name] for name in text.columns}, schema=text.schema), text])
    table = table.rename({name: f"c{place}" for place, name in enumerate(text.columns)})
    grid = Grid(clipped(table).with_columns(line=pl.int_range(pl.len(), dtype=pl.Int64)), "sheet")
    return _tables([grid], options, faults)


def _check_zone(options: ImportOptions) -> None:
    from zoneinfo import ZoneInfo

    for name in (options.timezone, options.mapping.zone if options.mapping else None):
        if name is None:
            continue
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise UnreadableFileError(
                "timezone", f"Die Zeitzone „{name[:60]}“ gibt es nicht; richtig ist etwa Europe/Berlin."
            ) from error


def _check_target(parsed: ParsedFile, options: ImportOptions) -> None:
    if options.target == "market_prices" and parsed.prices.is_empty() and parsed.readings.height:
        raise UnreadableFileError(
            "wrong_target",
            "Die Datei enthält Messwerte und keine Preise. Bitte als Ziel „smart_meter_readings“ wählen.",
        )
    if options.target == "smart_meter_readings" and parsed.readings.is_empty() and parsed.prices.height:
        raise UnreadableFileError(
            "wrong_target", "Die Datei enthält Preise und keine Messwerte. Bitte als Ziel „market_prices“ wählen."
        )
