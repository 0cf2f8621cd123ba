"""Excel workbooks (XLSX): each sheet under its name, its blocks of cells as tables.

Numbers are written the German way (decimal comma, dates as 31.12.2024) as a reader in Germany sees them in Excel;
formulas are not calculated, the last saved result counts.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from xml.etree import ElementTree

from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, heading, one_line, table, whole_number
from resources.extractor.formats.xmlparts import (
    Element,
    attribute,
    child,
    children,
    core_title,
    descendants,
    local,
    main_part,
    parse,
    relations,
)
from resources.extractor.limits import Limits

_BUILT_IN = (
    {9: "0%", 10: "0.00%", 14: "d", 15: "d", 16: "d", 17: "d", 18: "h", 19: "h", 20: "h", 21: "h", 22: "d h"}
    | {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 45: "h", 46: "h", 47: "h"}
    | dict.fromkeys([*range(27, 37), *range(50, 59)], "d")
)


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of a workbook as Markdown."""
    container = Container(data, limits)
    part = main_part(container, "xl/workbook.xml")
    linked = relations(container, part)
    root = parse(container.read_xml(part))
    properties = child(root, "workbookPr")
    since_1904 = properties is not None and (attribute(properties, "date1904") or "0") in ("1", "true")
    strings = _strings(container, [entry.target for entry in linked.values() if entry.kind == "sharedStrings"])
    formats = _formats(container, [entry.target for entry in linked.values() if entry.kind == "styles"])
    blocks: list[str] = []
    size = 0
    for sheet in children(child(root, "sheets"), "sheet"):
        key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
        relation = linked.get(key)
        if relation is None or relation.kind != "worksheet" or not container.has(relation.target):
            continue
        texts: list[str] = []
        for block in _blocks(_rows(container, relation.target, strings, formats, since_1904, limits)):
            text = block_text(block, limits)
            size += len(text)
            if size > limits.text_chars:
                raise ExtractionError("too_large", "Die Tabelle enthält mehr Text, als verarbeitet werden kann.")
            texts.append(text)
        texts += _drawings(container, relation.target)
        if any(texts):
            blocks.append(heading(2, attribute(sheet, "name") or "Tabelle"))
            blocks += texts
    return Extracted(text="\n\n".join(blocks), title=core_title(container))


def _strings(container: Container, targets: list[str]) -> list[str]:
    found: list[str] = []
    for target in targets:
        if container.has(target):
            for entry in children(parse(container.read_xml(target)), "si"):
                found.append(_rich(entry))
    return found


def _rich(element: Element) -> str:
    """Text of a cell or shared string; reading aids (`rPh`) are no text of their own."""
    pieces: list[str] = []
    for part in element:
        name = local(part)
        if name == "t":
            pieces.append(part.text or "")
        elif name == "r":
            pieces += [run.text or "" for run in children(part, "t")]
    return "".join(pieces)


def _formats(container: Container, targets: list[str]) -> list[str]:
    """The number format of each cell style."""
    for target in targets:
        if not container.has(target):
            continue
        root = parse(container.read_xml(target))
        named = {
            int(attribute(entry, "numFmtId") or "0"): attribute(entry, "formatCode") or ""
            for entry in children(child(root, "numFmts"), "numFmt")
        }
        identities = [int(attribute(entry, "numFmtId") or "0") for entry in children(child(root, "cellXfs"), "xf")]
        return [named.get(identity, _BUILT_IN.get(identity, "")) for identity in identities]
    return []


def _rows(
    container: Container, target: str, strings: list[str], formats: list[str], since_1904: bool, limits: Limits
) -> Iterator[tuple[int, list[str]]]:
    body = container.read_xml(target)
    expected = 1
    try:
        for _, element in ElementTree.iterparse(io.BytesIO(body), events=("end",)):  # noqa: S314 - checked above
            if local(element) != "row":
                continue
            number = whole_number(element.get("r")) or expected
            expected = number + 1
            cells: list[str] = []
            for at, cell in enumerate(children(element, "c")):
                column = _column(cell.get("r"), at if len(cells) <= at else len(cells))
                if column >= limits.table_columns:
                    break
                cells += [""] * (column - len(cells))
                cells.append(_cell(cell, strings, formats, since_1904))
            element.clear()
            yield number, cells
    except (ElementTree.ParseError, ValueError):
        raise ExtractionError("damaged") from None


def _column(reference: str | None, default: int) -> int:
    found = re.match(r"[A-Za-z]{1,3}", reference or "")
    if not found:
        return default
    number = 0
    for letter in found.group().upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(element: Element, strings: list[str], formats: list[str], since_1904: bool) -> str:
    kind = element.get("t") or "n"
    if kind == "inlineStr":
        inline = child(element, "is")
        return _rich(inline) if inline is not None else ""
    value = child(element, "v")
    text = (value.text or "") if value is not None else ""
    if not text:
        return ""
    if kind == "s":
        place = whole_number(text)
        return strings[place] if place is not None and place < len(strings) else ""
    if kind == "b":
        return "WAHR" if text == "1" else "FALSCH"
    if kind != "n":
        return text
    style = whole_number(element.get("s"))
    code = formats[style] if style is not None and style < len(formats) else ""
    return number_text(text, code, since_1904=since_1904)


def number_text(text: str, code: str, *, since_1904: bool = False) -> str:
    """A stored number as its format shows it, as far as it changes the meaning: date, time, percentage, decimals."""
    try:
        value = float(text)
    except ValueError:
        return text
    # Quoted words, escaped signs, colours and locales say nothing about the kind of number.
    plain = re.sub(r'"[^"]*"|\\.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|_.', "", code.split(";")[0]).lower()
    if (
        plain
        and plain != "general"
        and re.search(r"[dyhjt]|m{1,5}(?!\w)|s", plain)
        and not re.search(r"[0#?]", plain.replace("s.0", ""))
    ):
        shown = _date(value, plain, since_1904)
        if shown is not None:
            return shown
    decimals = re.search(r"\.([0#?]+)", plain)
    places = len(decimals.group(1)) if decimals else None
    if "%" in plain:
        return f"{_decimal(value * 100, places)} %"
    return _decimal(value, places if places and "e" not in plain else None)


def _date(value: float, code: str, since_1904: bool) -> str | None:
    if not 0 <= value < 2_958_466:
        return None
    has_day = re.search(r"[dyj]", code) is not None or ("m" in code and not re.search(r"[hs]", code))
    has_time = re.search(r"[hs]", code) is not None
    origin = datetime(1904, 1, 1) if since_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones
    if not since_1904 and value < 60:
        # Excel counts a 29 February 1900 that never was.
        origin += timedelta(days=1)
    moment = origin + timedelta(seconds=round(value * 86_400))
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    if not has_day:
        return clock
    if re.search(r"d", code) is None and "m" in code and re.search(r"[yj]", code) and not has_time:
        return moment.strftime("%m.%Y")
    day = moment.strftime("%d.%m.%Y")
    return f"{day} {clock}" if has_time else day


def _decimal(value: float, places: int | None) -> str:
    """German decimals. A format may add zeros, but it never takes digits away that were stored."""
    shown = f"{value:.15g}"
    if "e" in shown:
        shown = f"{value:.15f}".rstrip("0").rstrip(".") if abs(value) < 1 else f"{value:.0f}"
    whole, _, fraction = shown.partition(".")
    if places and len(fraction) < places:
        fraction = fraction.ljust(places, "0")
    return f"{whole},{fraction}" if fraction else whole


def _blocks(rows: Iterator[tuple[int, list[str]]]) -> Iterator[list[list[str]]]:
    """Rows that belong together: an empty row ends a block."""
    block: list[list[str]] = []
    last = 0
    for number, cells in rows:
        filled = any(value.strip() for value in cells)
        if block and (not filled or number > last + 1):
            yield block
            block = []
        if filled:
            block.append(cells)
            last = number
    if block:
        yield block


def block_text(block: list[list[str]], limits: Limits) -> str:
    """A block as a table; where it has one column only, as lines."""
    first = min(next((at for at, value in enumerate(row) if value.strip()), len(row)) for row in block)
    rows = [row[first:] for row in block]
    if all(sum(1 for value in row if value.strip()) <= 1 for row in rows) and len({_only(row) for row in rows}) == 1:
        return "\n".join(one_line(" ".join(row)) for row in rows)
    return table(rows, limits.table_columns)


def _only(row: list[str]) -> int:
    return next((at for at, value in enumerate(row) if value.strip()), 0)


def _drawings(container: Container, target: str) -> list[str]:
    """Text of shapes that lie over the sheet."""
    found: list[str] = []
    for relation in relations(container, target).values():
        if relation.kind == "drawing" and relation.target and container.has(relation.target):
            for body in descendants(parse(container.read_xml(relation.target)), "txBody"):
                lines = [one_line("".join(run.text or "" for run in descendants(entry, "t"))) for entry in body]
                text = "\n".join(line for line in lines if line)
                if text:
                    found.append(text)
    return found
