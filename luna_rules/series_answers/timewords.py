"""Reading times out of German (and simple English) questions: absolute and relative dates, ranges, clock, weekdays.

`now` is given by the caller, so that the same question means the same at the same moment. Words that are read are
blanked, so that nothing is read twice; what they were joined by („bis“, „mit“, „seit“) then makes ranges of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from luna_rules.series_answers import spans
from luna_rules.series_answers.atom import Atom
from luna_rules.series_answers.atoms import find_atoms
from luna_rules.series_answers.spans import BERLIN, Span

_RANGE_JOIN = re.compile(
    r"^\s*(?:uhr)?\s*(?:bis(?:\s+(?:einschließlich|inklusive|inkl\.?))?(?:\s+(?:zum|zur|zu|dem|den|der|ende))?"
    r"|[-–—]|to|until|till|through)\s*(?:the\s+)?$"
)
_BETWEEN_JOIN = re.compile(r"^\s*(?:und|and)\s+(?:dem\s+|the\s+)?$|^\s*(?:und|and)\s*$")
_BETWEEN_BEFORE = re.compile(r"(?:zwischen|between)\s+(?:dem\s+|den\s+|der\s+|the\s+)?$")
_DIFFERENCE = re.compile(r"unterschied|differenz|vergleich|difference|compare")
_SINCE = re.compile(r"\b(?:seit|ab|since)\s+(?:dem\s+|der\s+|den\s+|beginn\s+|anfang\s+)?(?:des\s+)?$")
_LIST_JOIN = re.compile(
    r"^\s*(?:,|und|and|mit|zu|zum|gegen|gegenüber|versus|vs\.?|oder|with|to|bzw\.?|beziehungsweise|im vergleich"
    r"(?:\s+(?:zu|mit))?|verglichen mit|compared (?:to|with)|than|als|dem|im|in|\s)*\s*$"
)
_ALL = re.compile(
    r"\b(?:jemals|aller zeiten|überhaupt|insgesamt|gesamten? zeitraum|bisher|bislang|so far|ever|all time|historisch\w*"
    r"|seit beginn(?: der aufzeichnung\w*)?)\b"
)
_NOW = re.compile(
    r"\b(?:jetzt|aktuell\w*|momentan\w*|derzeit|gerade(?: eben)?|zurzeit|zur zeit|in diesem moment|im moment"
    r"|right now|currently|current)\b"
)
_UNIT_BEHIND = (
    r"(?!\s*(?:kwh|kw\b|mwh|gwh|w\b|wh\b|v\b|volt|eur|€|euro|cent|ct|%|prozent|stunden|werte|zähler|paragr|abs))"
)
_CLOCK_RANGE = re.compile(
    r"\b(?:zwischen|von|between|from)?\s*(\d{1,2})(?:[:.](\d{2}))?\s*(?:uhr)?\s*(?:bis|und|-|–|to|and)\s*"
    r"(\d{1,2})(?:[:.](\d{2}))?\s*(?:uhr|h\b|o'?clock)"
)
_CLOCK = re.compile(
    r"\b(?:(?:um|gegen|at)\s+)?(?:genau\s+)?(\d{1,2})(?:[:.](\d{2}))?\s*(?:uhr(?:\s+(\d{2})\b(?!\s*\.))?|h\b(?!\w)"
    r"|o'?clock)"
)
_CLOCK_BARE = re.compile(rf"\b(?:um|gegen|at)\s+(\d{{1,2}})[:.](\d{{2}})\b{_UNIT_BEHIND}")
_CLOCK_ENGLISH = re.compile(r"\b(?:at\s+)?(\d{1,2})(?::(\d{2}))?\s*(am(?!\s+\w)|am(?=\s+(?:on|in|to|until)\b)|pm)\b")
_OF_DAY = r"(?:(?<=heute )|(?<=morgen )|(?<=gestern ))"
_DAY_PARTS: tuple[tuple[re.Pattern[str], int, int, str], ...] = (
    (re.compile(r"\b(?:nachts|in der nacht|nächtens|at night)\b"), 22, 6, "nachts (22 bis 6 Uhr)"),
    (
        re.compile(
            rf"\b(?:(?<=heute )morgen|(?<=gestern )morgen|{_OF_DAY}früh|frühmorgens|morgens"
            r"|am morgen"
            r"|in der früh|am frühen morgen|in the morning)\b"
        ),
        6,
        9,
        "morgens (6 bis 9 Uhr)",
    ),
    (
        re.compile(rf"\b(?:{_OF_DAY}vormittag|vormittags|am vormittag)\b"),
        9,
        12,
        "vormittags (9 bis 12 Uhr)",
    ),
    (
        re.compile(rf"\b(?:{_OF_DAY}mittag|mittags|am mittag|zur mittagszeit|at noon)\b"),
        11,
        14,
        "mittags (11 bis 14 Uhr)",
    ),
    (
        re.compile(rf"\b(?:{_OF_DAY}nachmittag|nachmittags|am nachmittag|in the afternoon)\b"),
        12,
        18,
        "nachmittags (12 bis 18 Uhr)",
    ),
    (
        re.compile(rf"\b(?:{_OF_DAY}abend|abends|am abend|in the evening)\b"),
        17,
        22,
        "abends (17 bis 22 Uhr)",
    ),
)
_WEEKDAY_STEMS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_EVERY_DAY = re.compile(
    r"\b(?:an\s+(?:den\s+)?)?(montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)(?:s|en)\b"
)
_WORKDAYS = re.compile(
    r"\b(?:werktags|wochentags|unter der woche|an (?:den )?(?:werk|arbeits|wochen)tagen|on weekdays|weekdays)\b"
)
_WEEKENDS = re.compile(r"\b(?:an (?:den )?wochenenden|on weekends|weekends)\b")
_WEEKEND_AT = re.compile(r"\b(?:am|an|on the) (?:wochenende|weekend)\b")


_LAST_HOURS = re.compile(
    r"\b(?:in\s+den\s+|der\s+|die\s+|in\s+the\s+)?(?:letzten|vergangenen|last|past)\s+(\d{1,3}|zwei|drei|vier|sechs|zwölf)\s+"
    r"(?:stunden|hours)\b"
)
_YEARLY = frozenset(("day", "week", "month", "quarter", "season"))
_FEW = {"zwei": 2, "drei": 3, "vier": 4, "sechs": 6, "zwölf": 12}


@dataclass(frozen=True, slots=True)
class Times:
    """What a question says about time. `everything` asks for all there is, `now` for the present moment.

    `clock` narrows each day to minutes of its local clock `[from, to)` (over midnight when from > to), `weekdays` to
    some days of the week (0 is Monday); `narrowed` says both in words. `impossible` is a date that does not exist.
    """

    spans: tuple[Span, ...] = ()
    clock: tuple[int, int] | None = None
    weekdays: frozenset[int] | None = None
    narrowed: str = ""
    everything: bool = False
    now: bool = False
    ranged: bool = False
    weekend_atom: bool = False
    impossible: str = ""
    rest: str = ""

    def __bool__(self) -> bool:
        """Whether any time was named."""
        return bool(self.spans or self.clock or self.weekdays or self.everything or self.now or self.impossible)


def read_times(question: str, now: datetime, base: Span | None = None) -> Times:
    """The times in a question, as seen at `now` (aware); „im Jahr davor“ at its beginning goes back from `base`.

    Raises ValueError for a `now` without a zone.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    text = " ".join(question.lower().replace("\u00a0", " ").split())
    today = now.astimezone(BERLIN).date()
    clock, narrowed, part_of_day, text = _read_clock(text)
    weekdays, days_said, text = _read_weekdays(text)
    hours, text = _last_hours(text, now)
    whole = text
    atoms, text, impossible = find_atoms(text, today)
    atoms = sorted([*atoms, *hours], key=lambda atom: atom.start)
    weekend, weekend_only = _WEEKEND_AT.search(text), False
    if weekend:
        text = _blank(text, weekend)
        if atoms:
            weekdays, days_said = frozenset((5, 6)), "an Wochenenden"
        else:
            atoms, weekend_only = [_weekend_atom(today, weekend.start(), weekend.end())], True
    try:
        found = list(_joined(text, atoms, now, today, base))
    except (ValueError, OverflowError):
        # „KW 53 und KW 2 2025“: what the year of another word makes of it does not exist.
        found, impossible = [], whole[atoms[0].start : atoms[-1].end].replace("\x00", " ").strip()
    ranged = any(joined for _, joined in found)
    result = [span for span, _ in found]
    everything = bool(_ALL.search(text)) and not result
    present = bool(_NOW.search(text)) and not result
    text = _NOW.sub(_blanks, _ALL.sub(_blanks, text))
    if clock and len(result) == 1 and result[0].grain == "day":
        day = result[0].first_day
        left_out = spans.left_out_hour(day, *clock)
        result = [] if left_out else [spans.clock_span(day, *clock)]
        impossible = left_out or impossible
        clock, narrowed = None, ""
    elif clock and not part_of_day and not result and not weekdays:
        # „Um 17 Uhr“ alone is said of today.
        result = [spans.clock_span(today, *clock)] if not everything else result
        clock, narrowed = (clock, narrowed) if everything else (None, "")
    said = ", ".join(part for part in (days_said, narrowed) if part)
    return Times(tuple(result), clock, weekdays, said, everything, present, ranged, weekend_only, impossible, text)


def _last_hours(text: str, now: datetime) -> tuple[list[Atom], str]:
    """„In den letzten 24 Stunden“: back from the quarter-hour that has ended last."""
    match = _LAST_HOURS.search(text)
    if match is None:
        return [], text
    hours = _FEW.get(match[1]) or int(match[1])
    end = now.astimezone(UTC) - timedelta(seconds=now.timestamp() % 900)
    span = Span(end - timedelta(hours=hours), end, f"in den letzten {hours} Stunden", "range")
    atom = Atom(match.start(), match.end(), lambda _: span, kind="fixed")
    return ([atom] if hours else []), _blank(text, match)


def _blanks(match: re.Match[str]) -> str:
    return "\x00" * (match.end() - match.start())


def _blank(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + _blanks(match) + text[match.end() :]


def _minutes(hour: str, minute: str | None) -> int | None:
    value = int(hour) * 60 + int(minute or 0)
    return value if value <= 24 * 60 and int(minute or 0) < 60 else None


def _read_clock(text: str) -> tuple[tuple[int, int] | None, str, bool, str]:
    """Minutes of the day, how to say them, whether they are a part of the day („nachts“), and the text without them."""
    for match in _CLOCK_RANGE.finditer(text):
        first, last = _minutes(match[1], match[2]), _minutes(match[3], match[4])
        if first is not None and last is not None and first != last and first < 24 * 60:
            said = f"von {spans.clock(first)} bis {spans.clock(last)} Uhr"
            return (first, last), said, False, _blank(text, match)
    for pattern in (_CLOCK_ENGLISH, _CLOCK, _CLOCK_BARE):
        for match in pattern.finditer(text):
            hour, minute = match[1], match[2]
            if pattern is _CLOCK and not minute:
                minute = match[3]
            if pattern is _CLOCK_ENGLISH:
                hour = str(int(hour) % 12 + (12 if match[3] == "pm" else 0))
            first = _minutes(hour, minute)
            if first is None or first >= 24 * 60:
                continue
            last = first + (60 if first % 60 == 0 else 15)
            said = f"von {spans.clock(first)} bis {spans.clock(last)} Uhr"
            return (first, last), said, False, _blank(text, match)
    for pattern, first_hour, last_hour, said in _DAY_PARTS:
        match = pattern.search(text)
        if match:
            return (first_hour * 60, last_hour * 60), said, True, _blank(text, match)
    return None, "", False, text


def _read_weekdays(text: str) -> tuple[frozenset[int] | None, str, str]:
    match = _WORKDAYS.search(text)
    if match:
        return frozenset(range(5)), "montags bis freitags", _blank(text, match)
    match = _WEEKENDS.search(text)
    if match:
        return frozenset((5, 6)), "an Wochenenden", _blank(text, match)
    match = _EVERY_DAY.search(text)
    if match:
        stem = "samstag" if match[1] == "sonnabend" else match[1]
        return frozenset((_WEEKDAY_STEMS.index(stem),)), f"{stem}s", _blank(text, match)
    return None, "", text


def _weekend_atom(today: date, start: int, end: int) -> Atom:
    saturday = today - timedelta(days=(today.weekday() - 5) % 7)
    span = spans.days_span(saturday, saturday + timedelta(days=1))
    return Atom(start, end, lambda _: span, kind="fixed")


def _joined(text: str, atoms: list[Atom], now: datetime, today: date, base: Span | None) -> Iterator[tuple[Span, bool]]:
    """The stretches that the atoms make together; the flag tells that one was made of a beginning and an end."""
    if atoms and base is not None:
        atoms[0] = _shifted(atoms[0], base)
    years = _years(text, atoms)
    if base is not None:
        # „Und im April?“ behind a question about March 2024 means the April of that year.
        years = [
            base.first_day.year if year is None and atom.kind in _YEARLY else year
            for atom, year in zip(atoms, years, strict=True)
        ]
    at = 0
    while at < len(atoms):
        atom, before = atoms[at], text[: atoms[at].start]
        follower = atoms[at + 1] if at + 1 < len(atoms) else None
        last = follower.build(years[at + 1]) if follower and follower.kind != "dayless" else None
        between = text[atom.end : follower.start] if follower else ""
        if atom.kind == "dayless":
            begin = atom.with_month_of(last) if last else None
        else:
            begin = atom.build(years[at])
        at += 1
        if begin is None:
            continue
        if last and (_RANGE_JOIN.match(between) or _spans_between(text, before, between)):
            begin = _not_after(begin, last, atom)
            if begin.start < last.end:
                yield _between(begin, last), True
                at += 1
                continue
        if _SINCE.search(before) and atom.kind != "since" and begin.start < now:
            end = max(spans.midnight(today + timedelta(days=1)), begin.start + timedelta(days=1))
            yield _until_today(begin, end, today), True
        else:
            yield begin, atom.kind == "since"


def _spans_between(text: str, before: str, between: str) -> bool:
    """„zwischen Mai und Juli“ is one stretch, but two where the difference between them is asked."""
    return bool(_BETWEEN_JOIN.match(between) and _BETWEEN_BEFORE.search(before) and not _DIFFERENCE.search(text))


def _not_after(begin: Span, last: Span, atom: Atom) -> Span:
    """The beginning of a range in the year that makes it come before the end, where its own year is not said."""
    if atom.year is not None or atom.kind in ("fixed", "since", "dayless", "before"):
        return begin
    for year in (last.first_day.year, last.first_day.year - 1):
        if begin.start < last.end and begin.first_day.year == last.first_day.year:
            break
        begin = atom.build(year)
    return begin


def _years(text: str, atoms: list[Atom]) -> list[int | None]:
    """The year that each atom means: its own, or that of the next one that it is joined to."""
    years = [atom.year for atom in atoms]
    for at in range(len(atoms) - 2, -1, -1):
        between = text[atoms[at].end : atoms[at + 1].start]
        near = _RANGE_JOIN.match(between) or _LIST_JOIN.match(between)
        if years[at] is None and years[at + 1] is not None and near and atoms[at].kind == atoms[at + 1].kind:
            years[at] = years[at + 1]
    for at in range(1, len(atoms)):
        # „im Mai 2023 und 2024“: the second year speaks of the same month.
        between = text[atoms[at - 1].end : atoms[at].start]
        if (
            atoms[at].kind == "year"
            and atoms[at - 1].kind in ("month", "quarter", "week", "season", "day")
            and years[at - 1] is not None
            and _LIST_JOIN.match(between)
        ):
            earlier, year = atoms[at - 1], years[at]
            atoms[at] = Atom(atoms[at].start, atoms[at].end, lambda _, e=earlier, y=year: e.build(y), kind="fixed")
        if atoms[at].kind == "before":
            atoms[at] = _shifted(atoms[at], atoms[at - 1].build(years[at - 1]))
    return years


def _shifted(atom: Atom, base: Span) -> Atom:
    """„Im Jahr davor“ as the stretch before `base`; any other atom as it is."""
    if atom.shift is None:
        return atom
    moved = atom.shift(base)
    return Atom(atom.start, atom.end, lambda _: moved, kind="fixed")


def _between(first: Span, last: Span) -> Span:
    if first.grain == "year" and last.grain == "year":
        return spans.years_span(first.first_day.year, last.first_day.year)
    if first.grain == "month" and last.grain == "month":
        one, two = first.first_day, last.first_day
        if (one.year, one.month) == (two.year, two.month):
            return first
        said = f"{spans.MONTHS[one.month - 1]}{'' if one.year == two.year else f' {one.year}'}"
        label = f"von {said} bis {spans.MONTHS[two.month - 1]} {two.year}"
        return Span(first.start, last.end, label, "range")
    return Span(first.start, last.end, f"vom {spans.from_to(first.first_day, last.last_day)}", "range")


def _until_today(begin: Span, end: datetime, today: date) -> Span:
    return Span(begin.start, end, f"vom {spans.from_to(begin.first_day, today)}", "range")
