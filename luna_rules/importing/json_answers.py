"""JSON: rows as objects, columns of arrays (our own answers too), and the answers of price services."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final, cast

import orjson
import polars as pl

from luna_rules.importing.grid import Grid, clipped, refuse_too_large
from luna_rules.importing.json_rows import columns_as_rows, flattened, json_lines, nested_pairs
from luna_rules.importing.model import Faults, ImportOptions, ParsedFile, UnreadableFileError
from luna_rules.importing.price_tables import parse_price_grid
from luna_rules.importing.stamps import is_stamp
from luna_rules.importing.tabular import parse_grids
from luna_rules.importing.typed import ours, parse_frame

_WRAPPERS: Final = ("data", "readings", "rows", "values", "items", "results", "series", "prices")
_DEPTH: Final = 3
_NESTED: Final = 10
Object = Mapping[str, object]


def parse_json(content: bytes, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Readings or prices of a JSON document. Raises `UnreadableFileError`."""
    document = _load(content)
    if isinstance(document, list):
        rows = cast("list[object]", document)
        return _objects(nested_pairs(rows) or rows, {}, options, faults)
    if not isinstance(document, dict):
        raise UnreadableFileError("no_table", "Das JSON ist weder eine Liste von Zeilen noch ein Objekt mit Spalten.")
    return _object(cast("dict[str, object]", document), options, faults, 0)


def _load(content: bytes) -> object:
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as first:
        if lines := json_lines(content):
            return lines
        try:
            # NaN and Infinity are no JSON, but are written; they become faults of their rows.
            return json.loads(content)
        except (ValueError, RecursionError):
            line = content.count(b"\n", 0, first.pos) + 1
            raise UnreadableFileError(
                "broken", f"Das JSON ist fehlerhaft (Zeile {line}): {first.msg[:120]}."
            ) from first


def _object(document: dict[str, object], options: ImportOptions, faults: Faults, depth: int) -> ParsedFile:
    if "unix_seconds" in document and "price" in document:
        return _energy_charts(document, options)
    data = document.get("data")
    if isinstance(data, list) and data and isinstance(data[0], dict) and "marketprice" in data[0]:
        return _awattar(cast("list[object]", data), options)
    if "series" in document and "meta_data" in document:
        return _smard(cast("list[object]", document["series"]), options)
    if set(document) == {"timestamps"}:
        raise UnreadableFileError(
            "no_values", "Das ist ein Verzeichnis von SMARD (timestamps), es enthält selbst keine Werte."
        )
    arrays = {key: cast("list[object]", value) for key, value in document.items() if isinstance(value, list)}
    if arrays and ours(list(arrays)):
        return _columns(document, arrays, options)
    if depth < _DEPTH:
        common = {key: value for key, value in document.items() if isinstance(value, str | int | float)}
        for name in _WRAPPERS:
            inner = document.get(name)
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                return _objects(cast("list[object]", inner), common, options, faults)
            if isinstance(inner, dict):
                return _object({**common, **cast("dict[str, object]", inner)}, options, faults, depth + 1)
    if rows := columns_as_rows(arrays):
        return _objects(rows, {}, options, faults)
    if nested := _nested_rows(document):
        return _objects(nested, {}, options, faults)
    if pairs := nested_pairs(document):
        return _objects(pairs, {}, options, faults)
    raise UnreadableFileError(
        "no_table",
        "Im JSON wurde keine Zeitreihe erkannt. Lesbar sind eine Liste von Objekten mit meter_id, ts und "
        "consumption_kw oder Spalten gleicher Länge.",
        header=list(document)[:50],
    )


def _nested_rows(document: object) -> list[object]:
    """The rows of a list of objects with a time, wherever it stands; lists of the same names follow one another.

    Empty where there is none, or where lists of different names compete.
    """
    found: dict[frozenset[str], list[object]] = {}
    waiting: list[tuple[object, int]] = [(document, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, dict):
            inner = list(cast("dict[str, object]", value).values())
        elif isinstance(value, list):
            inner = cast("list[object]", value)
            first = inner[0] if inner else None
            if isinstance(first, dict) and any(_is_time(cell) for cell in cast("dict[str, object]", first).values()):
                found.setdefault(frozenset(cast("dict[str, object]", first)), []).extend(inner)
                continue
        else:
            continue
        if depth < _NESTED:
            # What is put last is taken first, so that lists come in the order of the document.
            waiting += [(one, depth + 1) for one in reversed(inner) if isinstance(one, dict | list)]
    return next(iter(found.values())) if len(found) == 1 else []


def _is_time(cell: object) -> bool:
    return isinstance(cell, str) and is_stamp(cell)


def _columns(document: dict[str, object], arrays: dict[str, list[object]], options: ImportOptions) -> ParsedFile:
    lengths = {name: len(values) for name, values in arrays.items() if name in {"ts", *_value_names(arrays)}}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        raise UnreadableFileError("broken", f"Die Spalten sind verschieden lang ({shown}).")
    height = next(iter(lengths.values()), 0)
    if not height:
        raise UnreadableFileError("header_only", "Die Spalten im JSON sind leer.")
    columns = {name: [_text(value) for value in values] for name, values in arrays.items() if len(values) == height}
    for name in ("meter_id", "market", "product"):
        if isinstance(document.get(name), str) and name not in columns:
            columns[name] = [cast("str", document[name])] * height
    step = _resolution(document.get("resolution"))
    if step is not None and "interval_s" not in columns:
        columns["interval_s"] = [str(step)] * height
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    return parse_frame(frame, options, "json_columns", {"encoding": "utf-8"})


def _value_names(arrays: Mapping[str, Sequence[object]]) -> set[str]:
    return set(arrays) & {
        "consumption_kw",
        "production_kw",
        "voltage",
        "price_eur_mwh",
        "price",
        "volume",
        "quality",
        "meter_id",
    }


def _resolution(named: object) -> int | None:
    """Seconds of our own `resolution`: 15m, 1h, `900`; a day's length varies and is left to the distances."""
    if not isinstance(named, str):
        return None
    known = {"1m": 60, "5m": 300, "15m": 900, "15min": 900, "30m": 1800, "1h": 3600, "60m": 3600, "60min": 3600}
    return known.get(named.lower())


def _objects(rows: list[object], common: Object, options: ImportOptions, faults: Faults) -> ParsedFile:
    if not rows:
        raise UnreadableFileError("header_only", "Die Liste im JSON ist leer.")
    rows = [flattened(row) for row in rows]
    names: dict[str, None] = {}
    for row in rows[:1000]:
        if isinstance(row, dict):
            names |= dict.fromkeys(cast("dict[str, object]", row))
    if not names:
        raise UnreadableFileError("no_table", "Die Liste im JSON enthält keine Objekte mit Spaltennamen.")
    refuse_too_large(0, len(names))
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    if not ours(list(columns)):
        refuse_too_large(len(rows), len(columns))
    for row in rows:
        cells = cast("dict[str, object]", row) if isinstance(row, dict) else {}
        for name, column in columns.items():
            column.append(_text(cells.get(name)))
    for name in ("meter_id", "market", "product"):
        if name in common and name not in columns:
            columns[name] = [str(common[name])] * len(rows)
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    if ours(list(columns)):
        return parse_frame(frame, options, "json_rows", {"encoding": "utf-8"})
    table = pl.concat([pl.DataFrame({name: [name] for name in columns}), frame])
    renamed = table.rename({name: f"c{place}" for place, name in enumerate(columns)})
    grid = Grid(clipped(renamed).with_columns(line=pl.int_range(pl.len(), dtype=pl.Int64)), "sheet", encoding="utf-8")
    if options.target == "market_prices":
        return parse_price_grid(grid, options, faults)
    return parse_grids([grid], options, faults)


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    return orjson.dumps(value, default=str).decode()[:200]


def _price_frame(times: list[object], prices: list[object]) -> pl.DataFrame:
    return pl.DataFrame(
        {"ts": [_text(time) for time in times], "price_eur_mwh": [_text(price) for price in prices]},
        schema={"ts": pl.String, "price_eur_mwh": pl.String},
    )


def _energy_charts(document: dict[str, object], options: ImportOptions) -> ParsedFile:
    times, prices = document["unix_seconds"], document["price"]
    if not isinstance(times, list) or not isinstance(prices, list) or len(times) != len(prices):
        raise UnreadableFileError("broken", "unix_seconds und price sind nicht gleich lang.")
    unit = str(document.get("unit", "EUR/MWh")).replace(" ", "").lower()
    if unit not in {"eur/mwh", "euro/mwh", "€/mwh"}:
        raise UnreadableFileError("unit_missing", f"Die Einheit „{document.get('unit')}“ ist nicht EUR/MWh.")
    frame = _price_frame(cast("list[object]", times), cast("list[object]", prices))
    return _prices(frame, options, "energy-charts", str(document.get("license_info", "")))


def _awattar(rows: list[object], options: ImportOptions) -> ParsedFile:
    times: list[object] = []
    prices: list[object] = []
    for row in rows:
        cells = cast("dict[str, object]", row) if isinstance(row, dict) else {}
        unit = str(cells.get("unit", "Eur/MWh")).lower()
        if unit != "eur/mwh":
            raise UnreadableFileError("unit_missing", f"Die Einheit „{cells.get('unit')}“ ist nicht EUR/MWh.")
        times.append(cells.get("start_timestamp"))
        prices.append(cells.get("marketprice"))
    return _prices(_price_frame(times, prices), options, "awattar", "")


def _smard(series: list[object], options: ImportOptions) -> ParsedFile:
    if options.product is None:
        raise UnreadableFileError(
            "product_missing",
            "Die Datei von SMARD sagt nicht, was sie enthält (Preis, Last, Erzeugung). Bitte das Produkt angeben, "
            "etwa DE-LU-60MIN.",
            missing=["product"],
        )
    times: list[object] = []
    prices: list[object] = []
    for pair in series:
        if isinstance(pair, list) and len(pair) == 2:
            times.append(pair[0])
            prices.append(pair[1])
        elif isinstance(pair, dict):
            cells = cast("dict[str, object]", pair)
            versions = cells.get("versions")
            last = cast("list[object]", versions)[-1] if isinstance(versions, list) and versions else None
            times.append(cells.get("timestamp"))
            prices.append(cast("dict[str, object]", last).get("value") if isinstance(last, dict) else None)
    return _prices(_price_frame(times, prices), options, "smard", "")


def _prices(frame: pl.DataFrame, options: ImportOptions, layout: str, licence: str) -> ParsedFile:
    """A price that is not published is no fault, only no row."""
    if frame.is_empty():
        raise UnreadableFileError("header_only", "Die Antwort enthält keine Preise.")
    kept = frame.filter(pl.col("price_eur_mwh").is_not_null())
    if kept.is_empty():
        raise UnreadableFileError("no_values", "Die Antwort enthält keinen einzigen Preis.")
    facts = {"encoding": "utf-8"} | ({"licence": licence} if licence else {})
    return parse_frame(kept, options, layout, facts)
