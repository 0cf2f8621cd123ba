"""Writes MSCONS interchanges (EDI@Energy MIG 2.4c) for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Marks:
    """Service characters as in UNA."""

    component: str = ":"
    element: str = "+"
    decimal: str = "."
    release: str = "?"
    terminator: str = "'"

    @property
    def una(self) -> str:
        """The segment that names them."""
        return f"UNA{self.component}{self.element}{self.decimal}{self.release} {self.terminator}"

    def text(self, value: str) -> str:
        """A component, with its service characters released."""
        if self.release == " ":
            return value
        special = {self.component, self.element, self.release, self.terminator}
        return "".join(self.release + char if char in special else char for char in value)

    def segment(self, tag: str, *elements: str | Sequence[str]) -> str:
        """`TAG+a:b+c'`"""
        written = [
            self.text(element) if isinstance(element, str) else self.component.join(map(self.text, element))
            for element in elements
        ]
        return self.element.join([tag, *written]) + self.terminator


@dataclass(frozen=True)
class Value:
    """One QTY; `reading`: a register reading instead of an interval."""

    begin: datetime
    amount: str
    qualifier: str = "220"
    length: timedelta = timedelta(minutes=15)
    method: str | None = None
    reading: bool = False
    unit: str | None = None


@dataclass(frozen=True)
class Series:
    """One LIN."""

    obis: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Location:
    """One LOC."""

    location: str
    series: Sequence[Series]


@dataclass(frozen=True)
class Message:
    """One UNH."""

    document: str
    locations: Sequence[Location]
    function: str = "9"
    refers: str | None = None
    marks: Marks = field(default_factory=Marks)


def _moment(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    hours = int(offset.total_seconds() // 3600)
    return moment.strftime("%Y%m%d%H%M") + f"{hours:+03d}"


def message(number: int, content: Message, marks: Marks, count_off_by: int = 0) -> str:
    """A message with its counts; `count_off_by` makes UNT wrong."""
    s = marks.segment
    parts = [
        s("UNH", str(number), ("MSCONS", "D", "04B", "UN", "2.4c")),
        s("BGM", "7", content.document, content.function),
        s("DTM", ("137", "202106011315+00", "303")),
        s("RFF", ("Z13", "13002")),
    ]
    if content.refers:
        parts.append(s("RFF", ("ACW", content.refers)))
    parts += [
        s("NAD", "MS", ("9900123456789", "", "293")),
        s("NAD", "MR", ("4012345000023", "", "9")),
        s("UNS", "D"),
        s("NAD", "DP"),
    ]
    for location in content.locations:
        parts.append(s("LOC", "172", location.location))
        for line, series in enumerate(location.series, start=1):
            parts += [s("LIN", str(line)), s("PIA", "5", (series.obis, "SRW"))]
            for value in series.values:
                amount = value.amount.replace(".", marks.decimal)
                parts.append(s("QTY", (value.qualifier, amount, *([value.unit] if value.unit else []))))
                if value.reading:
                    parts.append(s("DTM", ("7", _moment(value.begin), "303")))
                else:
                    parts += [
                        s("DTM", ("163", _moment(value.begin), "303")),
                        s("DTM", ("164", _moment(value.begin + value.length), "303")),
                    ]
                if value.method:
                    parts.append(s("STS", "Z32", "", value.method))
    parts.append(s("UNT", str(len(parts) + 1 + count_off_by), str(number)))
    return "".join(parts)


def interchange(
    messages: Sequence[Message],
    marks: Marks | None = None,
    *,
    line_breaks: bool = False,
    una: bool = True,
    wrong: int | None = None,
) -> bytes:
    """A whole file; `wrong` is the place of a message whose UNT miscounts."""
    marks = marks or Marks()
    s = marks.segment
    body = s("UNB", ("UNOC", "3"), ("9900123456789", "500"), ("4012345000023", "14"), ("210601", "1315"), "REF-1")
    for number, content in enumerate(messages, start=1):
        body += message(number, content, marks, 1 if wrong == number - 1 else 0)
    body += s("UNZ", str(len(messages)), "REF-1")
    text = (marks.una if una else "") + body
    if line_breaks:
        text = text.replace(marks.terminator, marks.terminator + "\r\n")
    return text.encode("latin-1")
