"""MSCONS (EDI@Energy MIG 2.4c): metered values as German market partners exchange them.

One file may hold several messages, locations and series. The counts in UNT and UNZ are checked: a message that does
not hold what it says is not loaded. A cancellation takes back what an earlier message of the file brought; for other
files it is named in the facts (`cancels`), beside the documents read (`documents`).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from luna_rules.importing import assemble
from luna_rules.importing.edifact import Characters, Segment, characters_of, decode_edifact, segments
from luna_rules.importing.model import Faults, ImportOptions, MeterFound, ParsedFile, UnreadableFileError
from luna_rules.importing.numbers import whole_number
from luna_rules.importing.rows import EARLIEST, LATEST, meter_found
from luna_rules.series.frames import empty_prices
from luna_rules.series.obis import Obis, find_obis, parse_obis
from luna_rules.series.quality import Flag, Method, Status, encode

_SUM: Final = "79"
_MISSING: Final = "Z30"
_QUALITIES: Final[dict[str, int]] = {
    "220": encode(),
    "67": encode(Status.ERSATZWERT),
    "201": encode(Status.VORLAEUFIGERWERT),
    "Z18": encode(Status.VORLAEUFIGERWERT),
    "187": encode(Status.PROGNOSEWERT),
    "20": encode(flags=Flag.UNUSABLE),
}
_METHODS: Final[dict[str, Method]] = {
    "Z92": Method.Z92_INTERPOLATION,
    "Z93": Method.Z93_HOLD,
    "Z95": Method.Z95_HISTORICAL,
    "ZJ2": Method.ZJ2_STATISTICAL,
}
_UNITS: Final[dict[str, tuple[str, float]]] = {
    "KWH": ("energy", 1.0),
    "MWH": ("energy", 1000.0),
    "WHR": ("energy", 0.001),
    "KWT": ("power", 1.0),
    "MAW": ("power", 1000.0),
    "WTT": ("power", 0.001),
}
_CLOCKS: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_LOCAL: Final = "Zeiten ohne Versatz zu UTC (Format 203) gelten als Ortszeit."
_LONGEST_S: Final = 90_000
_WARNINGS: Final = 100
_LONGEST_SUM: Final = timedelta(days=5 * 366)
_FARTHEST: Final = timedelta(hours=14)
"""No zone is farther from UTC."""
_LOCATIONS: Final = frozenset({"172", "Z16", "Z17", "Z04"})


@dataclass
class _Value:
    segment: int
    qualifier: str
    number: str
    unit: str
    begin: datetime | None = None
    end: datetime | None = None
    reading: datetime | None = None
    method: Method = Method.NONE
    fault: tuple[str, str] | None = None


@dataclass
class _Rows:
    """Columns of what one message brought."""

    long: list[tuple[str, str, datetime, int | None, float, int, int]] = field(
        default_factory=list[tuple[str, str, datetime, int | None, float, int, int]]
    )
    registers: list[tuple[str, str, datetime, float]] = field(default_factory=list[tuple[str, str, datetime, float]])
    controls: list[tuple[str, str, datetime, int, float]] = field(
        default_factory=list[tuple[str, str, datetime, int, float]]
    )
    codes: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    unended: list[int] = field(default_factory=list[int])
    """Places in `long` that hold kWh of an interval whose end was not written."""
    values: int = 0
    missing: int = 0


@dataclass
class _Message:
    """A message while it is read."""

    reference: str
    first: int
    kind: str
    document: str = ""
    function: str = ""
    refers: list[str] = field(default_factory=list[str])
    check: str = ""
    offset: timedelta | None = None
    location: str | None = None
    obis: Obis | None = None
    obis_text: str = ""
    rows: _Rows = field(default_factory=_Rows)
    value: _Value | None = None
    skipped: set[str] = field(default_factory=set[str])


class _Reader:
    """Segments to messages."""

    def __init__(self, chars: Characters, options: ImportOptions, faults: Faults) -> None:
        self.chars, self.options, self.faults = chars, options, faults
        self.zone = ZoneInfo(options.timezone)
        self.message: _Message | None = None
        self.done: list[_Message] = []
        self.rejected = 0
        self.messages = 0
        self.before = 0
        self.closed = False
        self.kinds: set[str] = set()
        self.sender = ""
        self.warnings: list[str] = []
        self.interchange = ""

    def take(self, segment: Segment) -> None:
        """One segment further."""
        match segment.tag:
            case "UNB":
                # One file may hold several interchanges, one behind the other; each counts its own messages.
                self.before, self.closed = self.messages, False
                self.sender, self.interchange = segment.get(2), segment.get(5)
            case "UNH":
                if self.message is not None:
                    self._reject(self.message, segment.number, "Das Segment UNT fehlt.")
                self.message = _Message(segment.get(1), segment.number, segment.get(2))
                self.messages += 1
                self.kinds.add(segment.get(2))
            case "UNZ":
                self._close(segment)
            case _ if self.message is not None:
                self._inside(self.message, segment)
            case _:
                pass

    def finish(self) -> None:
        """After the last segment."""
        if self.message is not None:
            self._reject(self.message, self.message.first, "Die Nachricht ist abgeschnitten: UNT fehlt.")
            self.message = None
        if not self.closed:
            self.faults.add(0, "UNZ", "", "Das Segment UNZ fehlt: die Übertragung ist unvollständig.")

    def _close(self, segment: Segment) -> None:
        self.closed = True
        count = segment.get(1)
        found = self.messages - self.before
        if whole_number(count) != found:
            self.faults.add(
                segment.number, "UNZ", count, f"UNZ zählt {count or 'keine'} Nachrichten, enthalten sind {found}."
            )

    def _inside(self, message: _Message, segment: Segment) -> None:
        tag = segment.tag
        if tag in {"LOC", "LIN", "PIA", "QTY", "UNT", "NAD"}:
            self._store(message)
        match tag:
            case "BGM":
                message.document, message.function = segment.get(2), segment.get(3)
            case "RFF":
                qualifier = segment.get(1)
                if qualifier == "Z13":
                    message.check = segment.get(1, 1)
                elif qualifier in {"ACW", "AGI", "TN"}:
                    message.refers.append(segment.get(1, 1))
            case "LOC" if segment.get(1) in _LOCATIONS:
                message.location = segment.get(2) or None
                message.obis, message.obis_text = None, ""
            case "LIN":
                message.obis, message.obis_text = None, ""
            case "PIA":
                message.obis_text = segment.get(2)
                message.obis = parse_obis(segment.get(2)) or find_obis(segment.get(2))
            case "QTY":
                message.value = _Value(segment.number, segment.get(1), segment.get(1, 1), segment.get(1, 2))
            case "DTM" if message.value is not None:
                self._time(message.value, segment, message.offset)
            case "DTM" if segment.get(1) == "735":
                message.offset = self._offset(segment.get(1, 1))
            case "STS" if message.value is not None:
                for element in segment.elements:
                    for component in element:
                        message.value.method = _METHODS.get(component, message.value.method)
            case "UNT":
                self._end(message, segment)
            case _:
                pass

    @staticmethod
    def _offset(text: str) -> timedelta | None:
        """`+0100` of older message versions: the offset of all stamps that carry none."""
        found = re.fullmatch(r"([+-])([0-9]{2}):?([0-9]{2})?", text)
        if found is None:
            return None
        length = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if length > _FARTHEST:
            return None
        return -length if found[1] == "-" else length

    def _time(self, value: _Value, segment: Segment, offset: timedelta | None) -> None:
        qualifier, text, form = segment.get(1), segment.get(1, 1), segment.get(1, 2)
        if qualifier not in {"163", "164", "7", "9"}:
            return
        moment = self._moment(text, form, offset)
        if moment is None:
            value.fault = (
                text,
                f"Keine Zeit im Format 303 (Segment DTM+{qualifier}), richtig ist etwa 202106010000?+00.",
            )
        elif qualifier == "163":
            value.begin = moment
        elif qualifier == "164":
            value.end = moment
        else:
            value.reading = moment

    def _moment(self, text: str, form: str, offset: timedelta | None) -> datetime | None:
        """The instant of formats 303 and 304 (with an offset) and 203, 204 and 102 (without one)."""
        try:
            if form in {"303", "304"}:
                found = re.fullmatch(r"([0-9]{12}(?:[0-9]{2})?)([+-][0-9]{2})([0-9]{2})?", text)
                named = self._offset(f"{found[2]}{found[3] or ''}") if found else None
                if not found or named is None:
                    return None
                return datetime.strptime(found[1], _CLOCKS[len(found[1])]).replace(tzinfo=UTC) - named
            if form not in {"203", "204", "102"} or len(text) != {"203": 12, "204": 14, "102": 8}[form]:
                return None
            moment = datetime.strptime(text, _CLOCKS[len(text)]).replace(tzinfo=UTC)
            if offset is not None:
                return moment - offset
            if form != "102" and _LOCAL not in self.warnings:
                self.warnings.append(_LOCAL)
            return moment.replace(tzinfo=self.zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _store(self, message: _Message) -> None:
        """Keep the value that is now complete, or name its fault."""
        value, message.value = message.value, None
        if value is None:
            return
        rows = message.rows
        rows.values += 1
        fault = value.fault or self._fault(message, value)
        if fault is not None:
            self.faults.add(value.segment, "QTY", fault[0], fault[1])
            return
        if value.qualifier == _MISSING:
            rows.missing += 1
            return
        obis, meter = message.obis, message.location
        if obis is None or meter is None:
            return
        number = float(value.number.replace(self.chars.decimal, "."))
        if obis.direction is None or not obis.is_electricity:
            message.skipped.add(message.obis_text)
            return
        rows.codes.setdefault(meter, set()).add(obis.text)
        series = f"{obis.direction}_kw"
        if (value.reading is not None and value.begin is None) or obis.is_register:
            at = value.reading or value.end or value.begin
            if at is not None:
                rows.registers.append((meter, obis.text, at, number * _UNITS.get(value.unit, ("energy", 1.0))[1]))
            return
        begin = value.begin
        if begin is None:
            return
        seconds = int((value.end - begin).total_seconds()) if value.end else None
        measure, factor = _UNITS.get(value.unit, ("power" if obis.is_power else "energy", 1.0))
        if seconds is not None and (value.qualifier == _SUM or seconds > _LONGEST_S):
            rows.controls.append((meter, series, begin, seconds, number * factor))
            return
        if value.qualifier == _SUM:
            return
        if measure == "energy" and seconds is not None:
            factor *= 3600 / seconds
        elif measure == "energy":
            rows.unended.append(len(rows.long))
        quality = _QUALITIES[value.qualifier]
        if value.method != Method.NONE and quality == encode(Status.ERSATZWERT):
            quality = encode(Status.ERSATZWERT, value.method)
        rows.long.append((meter, series, begin, seconds, number * factor, quality, value.segment))

    def _fault(self, message: _Message, value: _Value) -> tuple[str, str] | None:
        if value.qualifier not in _QUALITIES and value.qualifier not in {_SUM, _MISSING}:
            return value.qualifier, "Unbekannter Mengenqualifier; bekannt sind 220, 67, 201, 20, 187, Z18, Z30 und 79."
        if message.location is None:
            return value.number, "Die Lokation (LOC+172) fehlt."
        if message.obis is None:
            return message.obis_text or value.number, "Die OBIS-Kennzahl (PIA+5) fehlt oder ist unlesbar."
        decimal = re.escape(self.chars.decimal)
        if value.qualifier != _MISSING and not re.fullmatch(
            rf"-?[0-9]{{1,18}}(?:{decimal}[0-9]{{1,18}})?", value.number
        ):
            return value.number, f"Keine Zahl mit dem Dezimalzeichen „{self.chars.decimal}“ (Segment UNA)."
        if (
            value.unit
            and value.unit not in _UNITS
            and message.obis.direction is not None
            and message.obis.is_electricity
        ):
            return value.unit, "Unbekannte Einheit; möglich sind KWH und KWT."
        if value.begin is None and value.reading is None:
            return value.number, "Die Zeit fehlt (DTM+163 oder DTM+7)."
        for moment in (value.begin, value.end, value.reading):
            if moment is not None and not EARLIEST <= moment < LATEST:
                return moment.isoformat(), "Die Zeit liegt außerhalb von 1990 bis 2099."
        if value.begin is not None and value.end is not None and value.end <= value.begin:
            return value.number, "Das Ende (DTM+164) liegt nicht nach dem Beginn (DTM+163)."
        if value.begin is not None and value.end is not None and value.end - value.begin > _LONGEST_SUM:
            return value.number, "Zwischen Beginn (DTM+163) und Ende (DTM+164) liegen mehr als fünf Jahre."
        return None

    def _end(self, message: _Message, segment: Segment) -> None:
        self.message = None
        count = segment.number - message.first + 1
        if segment.get(1) != str(count):
            self._reject(message, segment.number, f"UNT zählt {segment.get(1)} Segmente, enthalten sind {count}.")
        elif segment.get(2) != message.reference:
            self._reject(message, segment.number, "Die Referenzen in UNH und UNT stimmen nicht überein.")
        else:
            self.done.append(message)

    def _reject(self, message: _Message, number: int, reason: str) -> None:
        self.rejected += 1
        self.faults.add(number, "UNT", message.reference, f"{reason} Die Nachricht wurde nicht geladen.")


def parse_mscons(content: bytes, options: ImportOptions, faults: Faults) -> ParsedFile:
    """Readings of an interchange. Raises `UnreadableFileError`."""
    chars, text = characters_of(decode_edifact(content))
    reader = _Reader(chars, options, faults)
    count = 0
    for segment in segments(text, chars):
        reader.take(segment)
        count = segment.number
    reader.finish()
    if not reader.messages:
        raise UnreadableFileError("no_table", "Die EDIFACT-Datei enthält keine Nachricht (UNH).")
    if "MSCONS" not in reader.kinds:
        raise UnreadableFileError(
            "foreign", f"Die EDIFACT-Datei enthält {', '.join(sorted(reader.kinds))[:60]} und keine Messwerte (MSCONS)."
        )
    return _assembled(reader, count)


def _assembled(reader: _Reader, count: int) -> ParsedFile:
    faults, options = reader.faults, reader.options
    messages, cancels = _without_cancelled([m for m in reader.done if m.kind == "MSCONS"], reader)
    for message in messages:
        _end_by_the_next(message.rows, faults)
    long = pl.DataFrame([row for m in messages for row in m.rows.long], schema=assemble.LONG_SCHEMA, orient="row")
    registers = pl.DataFrame(
        [row for m in messages for row in m.rows.registers], schema=assemble.REGISTER_SCHEMA, orient="row"
    )
    controls = pl.DataFrame(
        [row for m in messages for row in m.rows.controls], schema=assemble.CONTROL_SCHEMA, orient="row"
    )
    if long.is_empty() and registers.is_empty() and controls.is_empty() and not cancels:
        listed = faults.listed
        if not listed and (foreign := sorted({code for m in messages for code in m.skipped})):
            raise UnreadableFileError(
                "no_values",
                f"Die Datei enthält nur Reihen, die keine Wirkarbeit Strom sind ({', '.join(foreign)[:80]}), etwa Gas "
                "oder Blindarbeit. Gelesen werden Bezug (1.…) und Einspeisung (2.…) von Strom.",
            )
        raise UnreadableFileError(
            "no_values",
            "Die Datei enthält keinen einzigen lesbaren Messwert." + (f" {listed[0].reason}" if listed else ""),
        )
    long, registers, controls, renamed = _for_meter(long, registers, controls, options, reader.warnings)
    readings, exact, conflicts = assemble.widen(long, faults)
    if exact:
        reader.warnings.append(f"{exact} Werte kommen mehrfach gleich vor und zählen einmal.")
    if conflicts:
        reader.warnings.append(
            f"{conflicts} Zeiten kommen mehrfach mit anderem Wert vor; es gilt die letzte Nachricht."
        )
    skipped = sorted({code for m in messages for code in m.skipped})
    if skipped:
        reader.warnings.append("Nicht gelesen wurden die Reihen " + ", ".join(skipped) + " (keine Wirkarbeit Strom).")
    if reader.rejected:
        reader.warnings.append(f"{reader.rejected} Nachrichten wurden nicht geladen, weil ihre Zählung nicht stimmt.")
    codes: dict[str, set[str]] = {}
    for message in messages:
        for meter, found in message.rows.codes.items():
            codes.setdefault(renamed or meter, set()).update(found)
    counted = dict(readings.group_by("meter_id").len().iter_rows())
    meters: list[MeterFound] = [
        meter_found(meter, counted.get(meter, 0), tuple(sorted(codes.get(meter, ()))))
        for meter in sorted({*counted, *registers["meter_id"].unique().to_list()})
    ]
    return ParsedFile(
        layout="mscons",
        readings=readings,
        prices=empty_prices(),
        register_readings=registers.unique(["meter_id", "obis", "ts"], keep="last").sort("meter_id", "obis", "ts"),
        control_sums=controls.unique(["meter_id", "series", "ts"], keep="last").sort("meter_id", "series", "ts"),
        meters=meters,
        faults=faults.listed,
        faults_total=faults.total,
        facts={
            "decimal": reader.chars.decimal,
            "zone": "UTC",
            "stamp": "start",
            "unit": "kWh",
            "segments": count,
            "messages": reader.messages,
            "sender": reader.sender,
            "interchange": reader.interchange,
            "documents": [m.document for m in messages],
            "cancels": cancels,
            "check_ids": sorted({m.check for m in messages if m.check}),
            "rows_without_value": sum(m.rows.missing for m in messages),
        },
        warnings=reader.warnings,
        rows_read=sum(m.rows.values for m in reader.done),
    )


def _end_by_the_next(rows: _Rows, faults: Faults) -> None:
    """Intervals without DTM+164 last as long as their series usually goes from one begin to the next.

    Where that is longer than a day, the end is unknown and the value is a fault.
    """
    if not rows.unended:
        return
    begins: dict[tuple[str, str], list[datetime]] = {}
    for meter, series, begin, *_ in rows.long:
        begins.setdefault((meter, series), []).append(begin)
    usual: dict[tuple[str, str], int] = {}
    for key, moments in begins.items():
        moments.sort()
        steps = Counter(int((later - one).total_seconds()) for one, later in pairwise(moments) if later > one)
        usual[key] = steps.most_common(1)[0][0] if steps else assemble.DEFAULT_INTERVAL_S
    endless: set[int] = set()
    for place in rows.unended:
        meter, series, begin, _, kwh, quality, number = rows.long[place]
        seconds = usual[meter, series]
        if seconds > _LONGEST_S:
            endless.add(place)
            faults.add(
                number, "QTY", f"{kwh:g}",
                "Das Ende (DTM+164) fehlt, und der nächste Wert beginnt erst nach mehr als einem Tag.",
            )  # fmt: skip
            continue
        rows.long[place] = (meter, series, begin, seconds, kwh * 3600 / seconds, quality, number)
    if endless:
        rows.long = [row for place, row in enumerate(rows.long) if place not in endless]


def _without_cancelled(messages: list[_Message], reader: _Reader) -> tuple[list[_Message], list[str]]:
    """Messages that hold, and the documents that are taken back but are not in this file."""
    kept: dict[str, list[tuple[int, _Message]]] = {}
    elsewhere: list[str] = []
    for place, message in enumerate(messages):
        if message.function != "1":
            kept.setdefault(message.document, []).append((place, message))
            continue
        named = [reference for reference in message.refers if reference]
        elsewhere += [reference for reference in dict.fromkeys(named) if kept.pop(reference, None) is None]
        if len(reader.warnings) < _WARNINGS:
            shown = ", ".join(named)[:200] or "ohne Bezug"
            reader.warnings.append(f"Die Nachricht {message.document[:35]} storniert {shown}.")
    whole = sorted((pair for pairs in kept.values() for pair in pairs), key=lambda pair: pair[0])
    return [message for _, message in whole], elsewhere


def _for_meter(
    long: pl.DataFrame, registers: pl.DataFrame, controls: pl.DataFrame, options: ImportOptions, warnings: list[str]
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, str | None]:
    wanted = options.meter_id
    found = sorted({*long["meter_id"].unique().to_list(), *registers["meter_id"].unique().to_list()})
    if wanted is None or not found:
        return long, registers, controls, None
    if wanted in found:
        if len(found) > 1:
            warnings.append(f"Die Datei enthält {len(found)} Lokationen; geladen wird nur „{wanted}“.")
        mine = pl.col("meter_id") == wanted
        return long.filter(mine), registers.filter(mine), controls.filter(mine), None
    if len(found) == 1:
        warnings.append(f"Die Datei nennt die Lokation „{found[0]}“; geladen wird für „{wanted}“.")
        name = pl.lit(wanted).alias("meter_id")
        return long.with_columns(name), registers.with_columns(name), controls.with_columns(name), wanted
    raise UnreadableFileError(
        "several_meters",
        f"Die Datei enthält {len(found)} Lokationen ({', '.join(found[:5])}); „{wanted}“ ist nicht dabei.",
    )
