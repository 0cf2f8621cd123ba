"""ENTSO-E day-ahead prices (A44), read by an XML parser that takes no document types, entities or deep nesting.

Only auction sequence 1 is the day-ahead price; curve type A03 leaves out points that repeat the one before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.parsers import expat

import polars as pl

from luna_rules.importing.model import Faults, ImportOptions, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import whole_number
from luna_rules.importing.rows import EARLIEST, LATEST
from luna_rules.importing.typed import parse_frame

_ZONES: Final = {
    "10Y1001A1001A82H": "DE-LU",
    "10YAT-APG------L": "AT",
    "10YCH-SWISSGRIDZ": "CH",
    "10YFR-RTE------C": "FR",
    "10YNL----------L": "NL",
    "10YBE----------2": "BE",
    "10YCZ-CEPS-----N": "CZ",
    "10YPL-AREA-----S": "PL",
    "10YDK-1--------W": "DK1",
    "10YDK-2--------M": "DK2",
}
"""Bidding zones by their EIC code (ENTSO-E list of area codes)."""
_DEPTH: Final = 32
_WITH_ATTRIBUTES: Final = frozenset({"Worksheet", "Row", "Cell"})
_POINTS: Final = 5_000_000
_PRICE: Final = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,18})?")


@dataclass
class Node:
    """An element: its name without namespace, text, children, and the attributes of the few that need them."""

    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    children: list[Node] = field(default_factory=list["Node"])

    def all(self, name: str) -> list[Node]:
        """Children of that name."""
        return [child for child in self.children if child.name == name]

    def find(self, *path: str) -> str | None:
        """Text of the first descendant along the path."""
        node = self
        for name in path:
            following = next((child for child in node.children if child.name == name), None)
            if following is None:
                return None
            node = following
        return node.text.strip()


def read_xml(content: bytes) -> Node:
    """The tree of an XML document. Raises `UnreadableFileError` for entities, document types and what is no XML."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    root = Node("")
    stack = [root]
    texts: list[list[str]] = [[]]
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(stack) > _DEPTH or count > 4 * _POINTS:
            raise UnreadableFileError("bomb", "Das XML ist zu tief oder zu groß.")
        node = Node(name.rpartition("}")[2])
        if node.name in _WITH_ATTRIBUTES:
            node.attributes = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        stack[-1].children.append(node)
        stack.append(node)
        texts.append([])

    def end(name: str) -> None:
        del name
        node = stack.pop()
        node.text = "".join(texts.pop())

    def text(data: str) -> None:
        texts[-1].append(data)

    def refuse(*arguments: object) -> int:
        del arguments
        raise UnreadableFileError(
            "bomb", "Das XML enthält einen Dokumenttyp oder Entitäten; beides wird nicht gelesen."
        )

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise UnreadableFileError("broken", f"Das XML ist fehlerhaft (Zeile {error.lineno}).") from error
    except (LookupError, ValueError) as error:
        raise UnreadableFileError(
            "broken", "Das XML nennt eine Zeichenkodierung, die nicht lesbar ist; richtig ist etwa UTF-8."
        ) from error
    return root.children[0]


def parse_entsoe(document: Node, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Prices of an A44 document. Raises `UnreadableFileError`, with the service's own reason if it sent one."""
    if document.name == "Acknowledgement_MarketDocument":
        reason = document.find("Reason", "text") or "ohne Angabe von Gründen"
        raise UnreadableFileError("acknowledgement", f"ENTSO-E hat keine Daten geliefert: {reason[:300]}")
    if document.name != "Publication_MarketDocument" or document.find("type") != "A44":
        raise UnreadableFileError(
            "foreign",
            f"Das XML ist kein Preisdokument von ENTSO-E (A44), sondern „{document.name[:60]}“. Gelesen werden auch "
            "Green Button (ESPI), Auszüge von Smart-Meter-Gateways (AR 2418-6) und Arbeitsmappen in XML.",
        )
    rows: list[tuple[str, str, datetime, float]] = []
    skipped = 0
    for series in document.all("TimeSeries"):
        sequence = series.find("classificationSequence_AttributeInstanceComponent.position")
        if sequence not in {None, "1"}:
            skipped += 1
            continue
        unit = (series.find("currency_Unit.name"), series.find("price_Measure_Unit.name"))
        if unit != ("EUR", "MWH"):
            raise UnreadableFileError("unit_missing", f"Die Preise stehen in {unit[0]}/{unit[1]}, lesbar ist EUR/MWh.")
        rows += _series(series, options, faults)
        if len(rows) > _POINTS:
            raise UnreadableFileError("bomb", "Das Dokument enthält unmöglich viele Preise.")
    if not rows:
        raise UnreadableFileError("no_values", "Das Dokument enthält keine Preise der ersten Auktion (Sequenz 1).")
    frame = pl.DataFrame(
        {
            "market": [row[0] for row in rows],
            "product": [row[1] for row in rows],
            "ts": pl.Series([row[2] for row in rows], dtype=pl.Datetime("us", "UTC")),
            "price_eur_mwh": [row[3] for row in rows],
        }
    )
    parsed = parse_frame(frame, options, "entsoe", {"encoding": "utf-8"})
    parsed.faults = [*faults.listed, *parsed.faults]
    parsed.faults_total += faults.total
    if skipped:
        parsed.warnings.append(f"{skipped} Zeitreihen anderer Auktionen (Sequenz nicht 1) wurden nicht gelesen.")
    return parsed


def _series(series: Node, options: ImportOptions, faults: Faults) -> list[tuple[str, str, datetime, float]]:
    domain = series.find("in_Domain.mRID") or ""
    zone = _ZONES.get(domain)
    if zone is None and options.product is None:
        raise UnreadableFileError(
            "product_missing",
            f"Die Gebotszone {domain} ist nicht bekannt. Bitte das Produkt angeben.",
            missing=["product"],
        )
    repeats = series.find("curveType") == "A03"
    rows: list[tuple[str, str, datetime, float]] = []
    for period in series.all("Period"):
        step = _duration(period.find("resolution") or "")
        begin, end = (_moment(period.find("timeInterval", name)) for name in ("start", "end"))
        if step is None or begin is None or end is None or end <= begin:
            raise UnreadableFileError(
                "broken",
                "Ein Zeitraum des Dokuments hat keine lesbaren Grenzen oder keine lesbare Auflösung; richtig sind etwa "
                "2025-01-01T23:00Z, 2025-01-02T23:00Z und PT15M.",
            )
        product = (
            options.product
            or f"{zone}-{'15MIN' if step == timedelta(minutes=15) else f'{int(step.total_seconds() // 60)}MIN'}"
        )
        count = int((end - begin) / step)
        if count > _POINTS:
            raise UnreadableFileError("bomb", "Ein Zeitraum des Dokuments ist unmöglich lang.")
        prices: dict[int, float | None] = {}
        lost = False
        for point in period.all("Point"):
            position, written = point.find("position") or "", point.find("price.amount") or ""
            place = whole_number(position)
            if place is None or not 1 <= place <= count:
                faults.add(place or 0, "position", position, f"Keine Stelle des Zeitraums; richtig ist 1 bis {count}.")
                lost = True
            elif not _PRICE.fullmatch(written):
                faults.add(place, "price.amount", written, "Kein Preis; richtig ist etwa 85.12.")
                prices[place] = None
            else:
                if prices.get(place, float(written)) != float(written):
                    faults.add(place, "price.amount", written, "Die Stelle steht doppelt; es gilt der spätere Preis.")
                prices[place] = float(written)
        if lost and repeats:
            # Where a point belongs that repeats is not known: its neighbours would be written over its hours.
            faults.add(0, "position", f"{begin:%Y-%m-%dT%H:%MZ}", "Der Zeitraum ab dieser Zeit wurde nicht geladen.")
            continue
        last: float | None = None
        for place in range(1, count + 1):
            price = last = prices.get(place, last if repeats else None)
            if price is not None:
                rows.append((options.market or "EPEX", product, begin + (place - 1) * step, price))
    return rows


def _duration(text: str) -> timedelta | None:
    """The length of a step: from a minute to a day."""
    found = re.fullmatch(r"PT([0-9]{1,4})([MH])", text)
    if not found:
        return None
    length = timedelta(minutes=int(found[1])) if found[2] == "M" else timedelta(hours=int(found[1]))
    return length if timedelta() < length <= timedelta(days=1) else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.strptime(text or "", "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return moment if EARLIEST <= moment < LATEST else None
