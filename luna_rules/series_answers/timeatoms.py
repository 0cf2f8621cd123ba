"""The single time words of a question: a date, a month, a week, „gestern“, „letzte Woche“, with their places in it.

How atoms join to ranges is `timewords`. A date without its year means the latest such one that has begun.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from luna_rules.series_answers import spans
from luna_rules.series_answers.feasts import CLOCK_CHANGE, FEASTS, between_years, clock_change
from luna_rules.series_answers.spans import Span

Kind = Literal["day", "dayless", "week", "month", "quarter", "season", "year", "fixed", "since", "before"]


@dataclass(frozen=True, slots=True)
class Atom:
    """A time word at its place in the text. `build` makes its stretch in the given year (None: the latest one).

    `dayless` is a day of the month whose month stands further on („vom 3. bis 5. Mai“); `before` shifts what stands
    before it („Mai 2024 gegenüber dem Vorjahr“).
    """

    start: int
    end: int
    build: Callable[[int | None], Span]
    kind: Kind
    year: int | None = None
    day: int = 0
    shift: Callable[[Span], Span] | None = None

    def with_month_of(self, other: Span) -> Span:
        """The day of this atom in the month in which `other` ends, or in the month before where that comes later."""
        last = other.last_day
        try:
            day = last.replace(day=self.day)
        except ValueError:
            day = last
        if day > last:
            year, month = spans.add_months(last.year, last.month, -1)
            day = date(year, month, min(self.day, spans.month_end(year, month).day))
        return spans.day_span(day)


_MONTH_WORDS = {
    "januar": 1, "jänner": 1, "jaenner": 1, "jan": 1, "january": 1, "februar": 2, "feber": 2, "feb": 2, "february": 2,
    "märz": 3, "maerz": 3, "mär": 3, "mrz": 3, "march": 3, "april": 4, "apr": 4, "mai": 5, "juni": 6, "jun": 6,
    "june": 6, "juli": 7, "jul": 7, "july": 7, "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9,
    "oktober": 10, "okt": 10, "october": 10, "oct": 10, "november": 11, "nov": 11, "dezember": 12, "dez": 12,
    "december": 12, "dec": 12, "may": 5,
}  # fmt: skip
_NUMBER_WORDS = {
    "ein": 1, "eine": 1, "einem": 1, "einen": 1, "einer": 1, "eines": 1, "one": 1, "a": 1, "zwei": 2, "two": 2,
    "drei": 3, "three": 3, "vier": 4, "four": 4, "fünf": 5, "five": 5, "sechs": 6, "six": 6, "sieben": 7, "seven": 7,
    "acht": 8, "neun": 9, "zehn": 10, "ten": 10, "zwölf": 12, "twelve": 12, "vierzehn": 14, "dreißig": 30,
    "thirty": 30,
}  # fmt: skip
_DAY_ORDINALS = {"ersten": 1, "zweiten": 2, "dritten": 3, "vierten": 4, "fünften": 5}
_ORDINALS = {"erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_WEEKDAYS = {
    "montag": 0, "dienstag": 1, "mittwoch": 2, "donnerstag": 3, "freitag": 4, "samstag": 5, "sonnabend": 5,
    "sonntag": 6, "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}  # fmt: skip
_SEASONS = {
    "frühjahr": 3, "frühling": 3, "fruehjahr": 3, "fruehling": 3, "spring": 3, "sommer": 6, "summer": 6, "herbst": 9,
    "autumn": 9, "winter": 12,
}  # fmt: skip
_SEASON_NAMES = {3: "Frühjahr", 6: "Sommer", 9: "Herbst", 12: "Winter"}
_MONTH = "|".join(sorted((word for word in _MONTH_WORDS if word != "may"), key=len, reverse=True))
_ENGLISH_MONTH = _MONTH + "|may"
_WEEKDAY = "|".join(sorted(_WEEKDAYS, key=len, reverse=True))
_SEASON = "|".join(_SEASONS)
_NUMBER = r"\d{1,4}|" + "|".join(sorted((w for w in _NUMBER_WORDS if w != "a"), key=len, reverse=True))
_YEAR = r"(?:19|20)\d{2}"
_OF_YEAR = (
    rf"(?:(?:\s+|\s?/\s?)(?:(?:im\s+jahr(?:e)?|des\s+jahres|von|of|in)\s+)?(?P<y>{_YEAR})"
    r"|\s*'(?P<yy>\d{2})\b|\s+(?P<yrel>(?:(?:des|vom|im)\s+)?(?:letzten|vorigen|vergangenen|dieses|vorletzten)\s+jahr(?:es|s)?))?"
)
_LAST = r"letzte|vergangene|vorige|zurückliegende|last|past|previous"
_THIS = r"diese|laufende|aktuelle|heurige|this|current"
_BEFORE_LAST = r"vorletzte|vorvorige"
_NEXT = r"nächste|kommende|next"
_END = r"(?:n|r|s|m)?"
_WHICH = rf"(?P<which>{_BEFORE_LAST}|{_LAST}|{_THIS}|{_NEXT}){_END}"
_UNIT = r"tag(?:e|en|es)?|woche|wochen|monat(?:e|en|s)?|quartal(?:e|en|s)?|jahr(?:e|en|es)?|stunden?|wochenende[sn]?"
_ENGLISH_UNIT = r"days?|weeks?|months?|quarters?|years?|hours?|weekend"

_Maker = Callable[[re.Match[str], date], Atom | None]
_NO_YEAR_BEHIND = (
    r"(?!\s*(?:kwh|kw\b|mwh?\b|gwh|wh?\b|v\b|volt|eur|€|euro|cent|ct\b|%|prozent|stunden|werte|viertelstunden|mal\b"
    r"|[-/]\d|,\d|\.\d))"
)


def find_atoms(text: str, today: date) -> tuple[list[Atom], str, str]:
    """Atoms in the order of the text, the text with their places blanked, and a date that does not exist (or nothing).

    `text` is in lower case.
    """
    atoms: list[Atom] = []
    impossible = ""
    for pattern, make in _PATTERNS:
        for match in list(pattern.finditer(text)):
            if "\x00" in match.group():
                continue
            try:
                atom = make(match, today)
            except (ValueError, OverflowError):
                impossible = match.group().strip()
                text = text[: match.start()] + "\x00" * (match.end() - match.start()) + text[match.end() :]
                continue
            if atom is None:
                continue
            atoms.append(atom)
            text = text[: atom.start] + "\x00" * (atom.end - atom.start) + text[atom.end :]
    return sorted(atoms, key=lambda atom: atom.start), text, impossible


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBER_WORDS[word]


def _named_year(match: re.Match[str], today: date) -> int | None:
    groups = match.groupdict()
    if groups.get("y"):
        year = int(groups["y"])
        return year if year > 99 else 2000 + year
    if groups.get("yy"):
        return 2000 + int(groups["yy"])
    said = groups.get("yrel") or ""
    if said:
        return today.year - (2 if "vorletzten" in said else 0 if "dieses" in said else 1)
    return None


def _latest(today: date, build: Callable[[int], Span]) -> Callable[[int | None], Span]:
    """The stretch in a given year, or else in the latest year in which it has begun."""

    def made(year: int | None) -> Span:
        if year is not None:
            return build(year)
        for candidate in range(today.year, today.year - 9, -1):
            try:
                span = build(candidate)
            except (ValueError, OverflowError):
                continue
            if span.first_day <= today:
                return span
        raise ValueError("no such date in the last years")

    return made


def _atom(match: re.Match[str], kind: Kind, year: int | None, today: date, build: Callable[[int], Span]) -> Atom:
    made = _latest(today, build)
    made(year)
    return Atom(match.start(), match.end(), made, kind, year)


def _fixed(match: re.Match[str], span: Span, kind: Kind = "fixed") -> Atom:
    return Atom(match.start(), match.end(), lambda _: span, kind)


def _date(match: re.Match[str], today: date) -> Atom | None:
    groups = match.groupdict()
    name = groups.get("name")
    month = _MONTH_WORDS[name] if name else int(groups["m"] or 0)
    day = _DAY_ORDINALS.get(groups["d"] or "") or int(groups["d"] or 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _atom(match, "day", _named_year(match, today), today, lambda year: spans.day_span(date(year, month, day)))


def _dayless(match: re.Match[str], _: date) -> Atom | None:
    day = int(match["d"])
    if not 1 <= day <= 31:
        return None

    def unknown(_: int | None) -> Span:
        raise ValueError("a day without a month")

    return Atom(match.start(), match.end("dot"), unknown, "dayless", day=day)


def _week(match: re.Match[str], today: date) -> Atom:
    week = int(match["w"])
    return _atom(match, "week", _named_year(match, today), today, lambda year: spans.iso_week_span(year, week))


def _ordinal(match: re.Match[str]) -> int:
    groups = match.groupdict()
    return int(groups["n"]) if groups.get("n") else _ORDINALS[groups["o"]]


def _quarter(match: re.Match[str], today: date) -> Atom:
    number = _ordinal(match)
    return _atom(match, "quarter", _named_year(match, today), today, lambda year: spans.quarter_span(year, number))


def _half(match: re.Match[str], today: date) -> Atom | None:
    number = _ordinal(match)
    if number > 2:
        return None
    return _atom(match, "quarter", _named_year(match, today), today, lambda year: spans.half_span(year, number))


def _month(match: re.Match[str], today: date) -> Atom:
    groups = match.groupdict()
    month = _MONTH_WORDS[groups["name"]] if groups.get("name") else int(groups["m"])
    year = _named_year(match, today)
    which = groups.get("which")
    if which and year is None:
        first = _latest(today, lambda candidate: spans.month_span(candidate, month))(None).first_day
        running = (first.year, first.month) == (today.year, today.month)
        year = first.year - (1 if running and re.match(_LAST, which) else 0)
        year -= 1 if re.match(_BEFORE_LAST, which) else 0
        year = today.year if re.match(_THIS, which) else year
    part = groups.get("part")

    def build(year: int) -> Span:
        if not part:
            return spans.month_span(year, month)
        last = spans.month_end(year, month).day
        name = f"{spans.MONTHS[month - 1]} {year}"
        if part.startswith(("anfang", "early")):
            return spans.days_span(date(year, month, 1), date(year, month, 10), f"Anfang {name}")
        if part.startswith("mitte"):
            return spans.days_span(date(year, month, 11), date(year, month, 20), f"Mitte {name}")
        return spans.days_span(date(year, month, 21), date(year, month, last), f"Ende {name}")

    return _atom(match, "month", year, today, build)


def _season(match: re.Match[str], today: date) -> Atom:
    groups = match.groupdict()
    first = _SEASONS[match["name"]]
    year = _named_year(match, today)
    which = groups.get("which") or ""

    def build(year: int) -> Span:
        end_year, end_month = spans.add_months(year, first, 2)
        name = f"{_SEASON_NAMES[first]} {year}" + (f"/{(year + 1) % 100:02d}" if first == 12 else "")
        months = f"{spans.MONTHS[first - 1]} bis {spans.MONTHS[end_month - 1]}"
        return spans.days_span(date(year, first, 1), spans.month_end(end_year, end_month), f"im {name} ({months})")

    if which and year is None:
        span = _latest(today, build)(None)
        if re.match(_LAST, which) and span.last_day >= today:
            span = build(span.first_day.year - 1)
        if re.match(_BEFORE_LAST, which):
            span = build(span.first_day.year - 1)
        return _fixed(match, span)
    return _atom(match, "season", year, today, build)


def _between_years(match: re.Match[str], today: date) -> Atom:
    year = int(match["first"]) if match["first"] else _named_year(match, today)
    return _fixed(match, _latest(today, between_years)(year))


def _clock_change(match: re.Match[str], today: date) -> Atom:
    """In the month or season that is named; else the latest one."""
    year, named = _named_year(match, today), match["when"] or ""
    months = (3,) if named in ("märz", "frühjahr", "frühling") else (10,) if named else (3, 10)
    found = [_latest(today, lambda y, month=month: clock_change(y, month))(year) for month in months]
    begun = [span for span in found if span.first_day <= today] or found
    return _fixed(match, max(begun, key=lambda span: span.start))


def _month_years_ago(match: re.Match[str], today: date) -> Atom:
    month, years = _MONTH_WORDS[match["name"]], _number(match["n"])
    return _fixed(match, spans.month_span(today.year - years, month))


def _feast(match: re.Match[str], today: date) -> Atom:
    build = FEASTS[match["name"]]
    return _atom(match, "day", _named_year(match, today), today, build)


_DAY_WORDS = {
    "vorgestern": -2, "gestern": -1, "gestrigen": -1, "gestrige": -1, "yesterday": -1, "heute": 0, "heutigen": 0,
    "heutige": 0, "today": 0, "übermorgen": 2, "morgen": 1, "morgigen": 1, "morgige": 1, "tomorrow": 1,
    "vortag": -1,
}  # fmt: skip


def _day_word(match: re.Match[str], today: date) -> Atom:
    return _fixed(match, spans.day_span(today + timedelta(days=_DAY_WORDS[match["name"]])))


def _night(match: re.Match[str], today: date) -> Atom:
    start = today - timedelta(days=2 if "vorletzte" in match.group() or "vorgestern" in match.group() else 1)
    span = spans.clock_span(start, 22 * 60, 6 * 60)
    label = f"in der Nacht vom {spans.day_name(start)} auf den {(start + timedelta(days=1)).day}. (22 bis 6 Uhr)"
    return _fixed(match, Span(span.start, span.end, label, "hour"))


def _step(which: str) -> int:
    if re.match(_BEFORE_LAST, which):
        return -2
    return -1 if re.match(_LAST, which) else 1 if re.match(_NEXT, which) else 0


def _relative_unit(match: re.Match[str], today: date) -> Atom | None:
    return _fixed(match, _unit_span(match["unit"], _step(match["which"]), today))


def _unit_span(unit: str, step: int, today: date) -> Span:
    if unit.startswith(("wochenend", "weekend")):
        saturday = today - timedelta(days=(today.weekday() - 5) % 7)
        if step < 0:
            running = today.weekday() >= 5
            saturday += timedelta(days=7 * (step + (0 if running else 1)))
        elif step > 0 or today.weekday() < 5:
            saturday += timedelta(days=7)
        return spans.days_span(saturday, saturday + timedelta(days=1))
    if unit.startswith(("tag", "day")):
        return spans.day_span(today + timedelta(days=step))
    if unit.startswith(("woche", "week")):
        return spans.week_span(today + timedelta(days=7 * step))
    if unit.startswith(("monat", "month")):
        return spans.month_span(*spans.add_months(today.year, today.month, step))
    if unit.startswith(("quart",)):
        number = today.year * 4 + (today.month - 1) // 3 + step
        return spans.quarter_span(number // 4, number % 4 + 1)
    if unit.startswith(("jahr", "year")):
        return spans.year_span(today.year + step)
    raise ValueError(unit)


def _last_many(match: re.Match[str], today: date) -> Atom | None:
    """The last days and weeks end yesterday, whole months, quarters and years with the last whole one."""
    count, unit = _number(match["n"]), match["unit"]
    if not 1 <= count <= 4_000:
        return None
    yesterday = today - timedelta(days=1)
    if unit.startswith(("stund", "hour")):
        days = (count + 23) // 24
        return _fixed(match, spans.days_span(today - timedelta(days=days), today))
    if unit.startswith(("tag", "day")):
        first = today - timedelta(days=count)
    elif unit.startswith(("woche", "week")):
        first = today - timedelta(days=7 * count)
    elif unit.startswith(("monat", "month")):
        first = date(*spans.add_months(today.year, today.month, -count), 1)
        yesterday = today.replace(day=1) - timedelta(days=1)
    elif unit.startswith("quart"):
        now = _unit_span("quartal", 0, today).first_day
        first = date(*spans.add_months(now.year, now.month, -3 * count), 1)
        yesterday = now - timedelta(days=1)
    else:
        return _fixed(match, spans.years_span(today.year - count, today.year - 1))
    return _fixed(match, spans.days_span(first, yesterday), "since")


def _ago(match: re.Match[str], today: date) -> Atom | None:
    count, unit = _number(match["n"]), match["unit"]
    if count > 4_000:
        return None
    if match.groupdict().get("since"):
        return _fixed(match, spans.days_span(_back(unit, count, today), today), "since")
    if unit.startswith(("woche", "week")):
        return _fixed(match, spans.week_span(today - timedelta(days=7 * count)))
    if unit.startswith(("monat", "month")):
        return _fixed(match, spans.month_span(*spans.add_months(today.year, today.month, -count)))
    if unit.startswith(("jahr", "year")):
        return _fixed(match, spans.year_span(today.year - count))
    if unit.startswith(("tag", "day")):
        return _fixed(match, spans.day_span(today - timedelta(days=count)))
    return None


def _back(unit: str, count: int, today: date) -> date:
    if unit.startswith(("woche", "week")):
        return today - timedelta(days=7 * count)
    if unit.startswith(("monat", "month")):
        year, month = spans.add_months(today.year, today.month, -count)
        return date(year, month, min(today.day, spans.month_end(year, month).day))
    if unit.startswith(("jahr", "year")):
        return date(
            today.year - count, today.month, min(today.day, spans.month_end(today.year - count, today.month).day)
        )
    return today - timedelta(days=count)


def _weekday(match: re.Match[str], today: date) -> Atom:
    """The latest such day before today; „diesen Montag“ lies in this week, „am Montag letzter Woche“ in the last."""
    wanted = _WEEKDAYS[match["name"]]
    week = match.groupdict().get("week")
    which = match.groupdict().get("which") or ""
    monday = today - timedelta(days=today.weekday())
    if week:
        step = -2 if re.match(_BEFORE_LAST, week) else -1 if re.match(_LAST, week) else 0
        return _fixed(match, spans.day_span(monday + timedelta(days=wanted + 7 * step)))
    if which and re.match(_THIS, which):
        return _fixed(match, spans.day_span(monday + timedelta(days=wanted)))
    if which and re.match(_NEXT, which):
        return _fixed(match, spans.day_span(today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)))
    day = today - timedelta(days=(today.weekday() - wanted - 1) % 7 + 1)
    if which and re.match(_BEFORE_LAST, which):
        day -= timedelta(days=7)
    return _fixed(match, spans.day_span(day))


def _year_alone(match: re.Match[str], today: date) -> Atom | None:
    year = int(match["y"])
    if year > today.year + 1:
        return None
    return Atom(match.start(), match.end(), lambda given: spans.year_span(given or year), "year", year)


def _heuer(match: re.Match[str], today: date) -> Atom:
    return _fixed(match, spans.year_span(today.year))


_UNITS_BEFORE = {"vorjahr": "jahr", "vormonat": "monat", "vorwoche": "woche"}


def _period_before(match: re.Match[str], today: date) -> Atom:
    """„Vorjahr“, „Vormonat“, „die Woche davor“: of what stands before it, or of today where nothing does."""
    word = match["name"]
    unit = next((unit for start, unit in _UNITS_BEFORE.items() if word.startswith(start)), word)
    step = 1 if match.groupdict().get("after") else -1

    def shift(base: Span) -> Span:
        first = base.first_day
        if unit == "jahr":
            return _other_year(base, step)
        if unit == "monat":
            return spans.month_span(*spans.add_months(first.year, first.month, step))
        if unit == "quartal":
            return _unit_span(unit, step, first)
        if unit == "tag":
            return spans.day_span(first + timedelta(days=step))
        return spans.week_span(first + timedelta(days=7 * step))

    span = _unit_span(unit, step, today)
    return Atom(match.start(), match.end(), lambda _: span, "before", shift=shift)


def _other_year(base: Span, step: int) -> Span:
    """The same stretch, `step` years later."""
    first, last = base.first_day, base.last_day
    if base.grain == "year":
        return spans.year_span(first.year + step)
    if base.grain == "month":
        return spans.month_span(first.year + step, first.month)
    if base.grain == "quarter":
        return spans.quarter_span(first.year + step, (first.month + 2) // 3)
    if base.grain == "week":
        iso = first.isocalendar()
        weeks = date(iso.year + step, 12, 28).isocalendar().week
        return spans.iso_week_span(iso.year + step, min(iso.week, weeks))
    moved = [
        date(d.year + step, d.month, min(d.day, spans.month_end(d.year + step, d.month).day)) for d in (first, last)
    ]
    return spans.day_span(moved[0]) if first == last else spans.days_span(moved[0], moved[1])


def _patterns() -> Iterator[tuple[re.Pattern[str], _Maker]]:
    yield re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)"), _date
    yield re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)(?!\s*uhr)"), _date
    yield (
        re.compile(
            rf"\b(?P<d>\d{{1,2}}(?=\.)|ersten|zweiten|dritten|vierten|fünften)\.?\s?(?P<name>{_MONTH})\b\.?{_OF_YEAR}"
        ),
        _date,
    )
    yield re.compile(rf"\b(?P<name>{_ENGLISH_MONTH})\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*uhr),?{_OF_YEAR}"), _date
    yield re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?\s(?P<name>{_ENGLISH_MONTH})\b{_OF_YEAR}"), _date
    yield re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?!\d)"), _date
    yield re.compile(r"(?<![\d.,])(?P<d>\d{1,2})(?P<dot>\.)\s*(?=(?:bis|und|[-–])\s*(?:zum\s+|dem\s+)?\x00)"), _dayless
    yield (
        re.compile(
            r"\b(?:kw|kalenderwoche|calendar week|week)\s*(?P<w>\d{1,2})\b"
            rf"(?:\s*/\s*(?P<yy>\d{{2}})\b|{_OF_YEAR.replace('(?P<yy>', '(?P<yz>')})"
        ),
        _week,
    )
    yield re.compile(rf"\b(?P<w>\d{{1,2}})\.\s*(?:kw|kalenderwoche)\b{_OF_YEAR}"), _week
    yield re.compile(rf"\bq\s?(?P<n>[1-4])\b{_OF_YEAR}"), _quarter
    yield re.compile(rf"(?<!\d)(?P<n>[1-4])\.\s*(?:quartals?|vierteljahr(?:es)?)\b{_OF_YEAR}"), _quarter
    yield (
        re.compile(
            rf"\b(?P<o>erste|zweite|dritte|vierte|first|second|third|fourth)[nrsm]?\s+(?:quartals?|quarter)\b{_OF_YEAR}"
        ),
        _quarter,
    )
    yield re.compile(rf"\bh\s?(?P<n>[12])\b{_OF_YEAR}"), _half
    yield re.compile(rf"(?<!\d)(?P<n>[12])\.\s*halbjahr(?:es|s)?\b{_OF_YEAR}"), _half
    yield re.compile(rf"\b(?P<o>erste|zweite|first|second)[nrsm]?\s+(?:halbjahr(?:es|s)?|half)\b{_OF_YEAR}"), _half
    yield (
        re.compile(rf"\b{CLOCK_CHANGE}(?:\s+im\s+(?P<when>märz|oktober|frühjahr|frühling|herbst))?{_OF_YEAR}"),
        _clock_change,
    )
    yield re.compile(rf"\bvor\s+(?P<n>{_NUMBER})\s+jahr(?:en)?\s+im\s+(?P<name>{_MONTH})\b"), _month_years_ago
    yield re.compile(rf"\bim\s+(?P<name>{_MONTH})\s+vor\s+(?P<n>{_NUMBER})\s+jahr(?:en)?\b"), _month_years_ago
    yield (
        re.compile(
            rf"\b(?:{_WHICH}\s+)?(?:(?P<part>anfang|mitte|ende|early|late)\s+)?\b(?P<name>{_MONTH})\b\.?{_OF_YEAR}"
        ),
        _month,
    )
    yield re.compile(rf"\b(?:in|of|during|since)\s(?P<name>may)\b{_OF_YEAR}"), _month
    yield re.compile(rf"(?<![\d.,/])(?P<m>0?[1-9]|1[0-2])/(?P<y>{_YEAR})(?!\d)"), _month
    yield re.compile(rf"\b(?:{_WHICH}\s+)?(?P<name>{_SEASON})s?\b(?:\s+(?P<y>{_YEAR})(?:/\d{{2,4}})?)?"), _season
    yield (
        re.compile(
            r"\bzwischen (?:den (?:jahren|feiertagen)|weihnachten(?: (?P<first>20\d{2}))? und (?:neujahr|silvester))\b"
            rf"{_OF_YEAR}"
        ),
        _between_years,
    )
    feasts = "|".join(sorted((re.escape(name) for name in FEASTS), key=len, reverse=True))
    yield re.compile(rf"\b(?P<name>{feasts})(?:en|stage?n?)?\b{_OF_YEAR}"), _feast
    yield (
        re.compile(
            r"\b(?:(?:in der )?(?:letzten?|vergangenen?|vorletzten?) nacht|(?:heute|gestern|vorgestern) nacht"
            r"|last night)\b"
        ),
        _night,
    )
    yield (
        re.compile(
            rf"\b(?:{_WHICH}\s+)?(?P<name>{_WEEKDAY})\s+(?:(?:in )?(?:der )?)"
            rf"(?P<week>{_BEFORE_LAST}|{_LAST}|{_THIS})[nr]? woche\b"
        ),
        _weekday,
    )
    yield (
        re.compile(rf"\b(?P<name>{_WEEKDAY})\s+vor (?P<week>einer) woche\b"),
        lambda m, t: _weekday(m, t - timedelta(days=7)),
    )
    yield re.compile(rf"\b(?:{_LAST}){_END}\s+(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT}|{_ENGLISH_UNIT})\b"), _last_many
    yield re.compile(rf"\b(?P<n>\d{{1,4}})\s+(?:{_LAST}){_END}\s+(?P<unit>{_UNIT}|{_ENGLISH_UNIT})\b"), _last_many
    yield re.compile(rf"\b(?P<since>seit|for)\s+(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT}|{_ENGLISH_UNIT})\b"), _ago
    yield re.compile(rf"\bvor\s+(?P<n>{_NUMBER})\s+(?P<unit>{_UNIT})\b"), _ago
    yield re.compile(rf"\b(?P<n>{_NUMBER}|a)\s+(?P<unit>{_ENGLISH_UNIT})\s+ago\b"), _ago
    yield (
        re.compile(
            r"\b(?:(?:im|das|am|in der|die|den|dem)\s+)?(?P<name>jahr|monat|woche|tag|quartal)\s+"
            r"(?:davor|zuvor|vorher|(?P<after>danach|darauf))\b"
        ),
        _period_before,
    )
    yield re.compile(rf"\b{_WHICH}\s+(?P<unit>{_UNIT}|{_ENGLISH_UNIT})\b"), _relative_unit
    yield re.compile(rf"\b(?:{_WHICH}\s+)?(?P<name>{_WEEKDAY})\b(?!\s+(?:bis\s+freitag\s+8))"), _weekday
    yield (
        re.compile(r"\b(?P<name>vorjahr(?:es|s)?(?:monat|zeitraum|woche|quartal)?e?s?|vormonat\w{0,2}|vorwoche)\b"),
        _period_before,
    )
    yield re.compile(r"\b(?P<name>" + "|".join(sorted(_DAY_WORDS, key=len, reverse=True)) + r")\b"), _day_word
    yield re.compile(r"\bheuer\b"), _heuer
    yield re.compile(rf"(?<![\d.,/§-])\b(?P<y>20\d{{2}}|19[89]\d)\b(?!\d){_NO_YEAR_BEHIND}"), _year_alone


_PATTERNS = tuple(_patterns())
