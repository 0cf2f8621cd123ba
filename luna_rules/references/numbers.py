"""Finds numbers with their units and dates in German text, in one form whatever way they are written.

For comparing what an answer claims with what its source says; the number of a provision or a list item is none.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("januar", "jänner", "jan"),
            ("februar", "feb"),
            ("märz", "maerz", "mär", "mrz"),
            ("april", "apr"),
            ("mai",),
            ("juni", "jun"),
            ("juli", "jul"),
            ("august", "aug"),
            ("september", "sept", "sep"),
            ("oktober", "okt"),
            ("november", "nov"),
            ("dezember", "dez"),
        ),
        start=1,
    )
    for name in names
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"(?<![\w.,])(?:(?P<day>\d{{1,2}})\.\s*(?P<month>{_MONTH})\b\.?(?:\s*(?P<year>(?:19|20)\d\d)(?!\d))?"
    r"|(?P<day2>\d{1,2})\.\s?(?P<month2>\d{1,2})\.\s?(?P<year2>(?:19|20)?\d\d)(?!\d)"
    r"|(?P<year3>(?:19|20)\d\d)-(?P<month3>\d\d)-(?P<day3>\d\d)(?!\d)"
    rf"|(?P<month4>{_MONTH})\s+(?P<year4>(?:19|20)\d\d)(?!\d))",
    re.IGNORECASE,
)

_ONES = ["null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf"]
_TEENS = ["dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"]
_TENS = ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"]


def _number_words() -> dict[str, int]:
    words = {word: value for value, word in enumerate([*_ONES, *_TEENS]) if value}
    for place, tens in enumerate(_TENS):
        words[tens] = 20 + 10 * place
        for one in range(1, 10):
            words[f"{_ONES[one]}und{tens}"] = 20 + 10 * place + one
    below = dict(words)
    for one in range(1, 10):
        for word in ("hundert", "tausend"):
            words[f"{_ONES[one]}{word}"] = one * (100 if word == "hundert" else 1000)
    for word, value in below.items():
        words[f"einhundert{word}"] = words[f"hundert{word}"] = 100 + value
    words.update(hundert=100, tausend=1000, zwo=2, zweier=2, dreier=3, dreissig=30, fuenf=5, zwoelf=12, fuenfzig=50)
    for form in ("eins", "eine", "einen", "einem", "einer", "eines"):
        words[form] = 1
    return words


_WORDS = _number_words()
_ARTICLES = frozenset(("ein", "eine", "einen", "einem", "einer", "eines"))
_SCALES = {"tsd": 3, "tausend": 3, "mio": 6, "million": 6, "millionen": 6, "mrd": 9, "milliarde": 9, "milliarden": 9}

_UNITS: list[tuple[str, str]] = [
    (r"Prozentpunkte?n?", "Prozentpunkt"),
    (r"%|Prozent\w*|v\. ?H\.|vom Hundert|percent", "%"),
    (r"Promille|‰", "‰"),
    (r"(?:ct|cent)\s*(?:/|pro|je)\s*(?:kWh|Kilowattstunde)", "ct/kWh"),
    (r"(?:€|EUR|Euro)\s*(?:/|pro|je)\s*(?:kWh|Kilowattstunde)", "EUR/kWh"),
    (r"(?:€|EUR|Euro)\s*(?:/|pro|je)\s*(?:MWh|Megawattstunde)", "EUR/MWh"),
    (r"(?:€|EUR|Euro)\s*(?:/|pro|je)\s*(?:kWp?|Kilowatt)", "EUR/kW"),
    (r"(?:€|EUR|Euro)\s*(?:/|pro|je)\s*(?:a|Jahr)", "EUR/Jahr"),
    (r"€|EUR|Euro", "EUR"),
    (r"ct|Cents?", "ct"),
    (r"kWh|Kilowattstunden?", "kWh"),
    (r"MWh|Megawattstunden?", "MWh"),
    (r"GWh|Gigawattstunden?", "GWh"),
    (r"TWh|Terawattstunden?", "TWh"),
    (r"kWp", "kWp"),
    (r"kVA", "kVA"),
    (r"kW|Kilowatt", "kW"),
    (r"MW|Megawatt", "MW"),
    (r"GW|Gigawatt", "GW"),
    (r"Wh|Wattstunden?", "Wh"),
    (r"W|Watt", "W"),
    (r"kV|Kilovolt", "kV"),
    (r"V|Volt", "V"),
    (r"A|Ampere", "A"),
    (r"Hz|Hertz", "Hz"),
    (r"°\s?C|Grad Celsius", "°C"),
    (r"km|Kilometern?", "km"),
    (r"m²|m2|qm|Quadratmetern?", "m²"),
    (r"m³|m3|Kubikmetern?", "m³"),
    (r"mm|Millimetern?", "mm"),
    (r"cm|Zentimetern?", "cm"),
    (r"Metern?|m", "m"),
    (r"Tonnen?|t", "t"),
    (r"Jahre[ns]?|Jahr(?:es)?|Kalenderjahre?[ns]?|a", "Jahr"),
    (r"Monate?[ns]?|Kalendermonate?[ns]?|Kalendermonaten", "Monat"),
    (r"Wochen?|Kalenderwochen?", "Woche"),
    (r"Werktage?[ns]?|Werktages|Arbeitstage?[ns]?", "Werktag"),
    (r"Tage?[ns]?|Tages|Kalendertage?[ns]?", "Tag"),
    (r"Viertelstunden?", "Viertelstunde"),
    (r"Stunden?|h|Std\.", "Stunde"),
    (r"Minuten?|min|Min\.", "Minute"),
    (r"Sekunden?|s", "Sekunde"),
]
_CASED = frozenset(("W", "V", "A", "m", "t", "a", "h", "s", "min"))
_UNIT = re.compile(
    r"[ \xa0\u202f-]*(?:\r?\n[ \t]*)?(?:"
    + "|".join(
        f"(?P<u{place}>{pattern if any(part in _CASED for part in pattern.split('|')) else '(?i:' + pattern + ')'})"
        for place, (pattern, _) in enumerate(_UNITS)
    )
    + r")(?![^\W_])"
)
_TIMES = frozenset(("Jahr", "Monat", "Woche", "Werktag", "Tag", "Stunde", "Minute", "Sekunde", "Viertelstunde"))
_ADJECTIVE = re.compile(
    r"(?P<number>\d{1,4}|[a-zäöüß]{3,20}?)-?"
    r"(?P<unit>jährig|monatig|wöchig|tägig|stündig|minütig|prozentig)(?:e[nrsm]?)?(?![^\W_])",
    re.I,
)
_ADJECTIVE_UNITS = {
    "jährig": "Jahr",
    "monatig": "Monat",
    "wöchig": "Woche",
    "tägig": "Tag",
    "stündig": "Stunde",
    "minütig": "Minute",
    "prozentig": "%",
}
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>[-−–](?=\d))?"
    r"(?P<number>\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d{1,3}(?:[ \xa0\u202f']\d{3})+(?:,\d+)?(?!\d)|\d+(?:[.,]\d+)?)"
    r"(?![\d])"
)
_SCALE = re.compile(r"[ \xa0]*(Tsd|Tausend|Mio|Million(?:en)?|Mrd|Milliarden?)\b\.?", re.IGNORECASE)
_SPELT = re.compile(r"(?<![\w-])[a-zäöüß]{2,24}(?![\w-])", re.IGNORECASE)
_NAMING = re.compile(
    r"(?:§|§§|\b(?:Paragra(?:f|ph)(?:en)?|Art(?:ikels?|\.)?|Abs(?:atz(?:es)?|ätzen?|\.)?|Satz(?:es)?|Sätzen?|S\.|Nr\."
    r"|Nrn\.|Nummern?|Ziff(?:er|\.)|Buchst(?:abe|\.)|Anlagen?|Anhang|Anhangs|Seiten?|Rn\.|Kapitel|Abschnitts?|Teils?|Halbsatz|"
    r"Unterabsatz|BGBl\. I+|Tabelle|Abbildung|Fußnote))"
    r"\s*(?:\d{1,4}[a-z]?\s*(?:,|und|oder|bis|sowie)\s*)*\Z",
    re.IGNORECASE,
)
_MARKER = re.compile(r"(?:\A|[\r\n])[ \t]*\(?\Z")


@dataclass(frozen=True, slots=True)
class NumberMention:
    """A number at `text[start:end]`, unit included; `unit` is normalised (`%`, `EUR`, `ct/kWh`, `Monat`) or None."""

    start: int
    end: int
    value: Decimal
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date at `text[start:end]`. `day` is None for „Juni 2026“, `year` is None for „1. Januar“."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None

    @property
    def value(self) -> dt.date | None:
        """The day of the calendar, where day, month and year are all named."""
        return dt.date(self.year, self.month, self.day) if self.year and self.day else None


def find_dates(text: str) -> list[DateMention]:
    """All dates of a text in order; impossible ones (31.02.) are left out, a year of two digits is of this century."""
    found: list[DateMention] = []
    for match in _DATE.finditer(text):
        groups = match.groupdict()
        day = next((int(groups[key]) for key in ("day", "day2", "day3") if groups[key]), None)
        written = next(groups[key] for key in ("month", "month2", "month3", "month4") if groups[key])
        month = int(written) if written.isdigit() else _MONTHS[written.lower()]
        year = next((int(groups[key]) for key in ("year", "year2", "year3", "year4") if groups[key]), None)
        if year is not None and year < 100:
            year += 2000
        try:
            dt.date(year or 2000, month, day or 1)
        except ValueError:
            continue
        found.append(DateMention(match.start(), match.end(), year, month, day))
    return found


def parse_number(written: str) -> Decimal:
    """The value of digits as Germans write them: `1.234,56`, `20 000`, `3,5`; a single point before other than three
    digits is a decimal point. Raises ValueError for anything else."""
    digits = re.sub(r"[ \xa0\u202f']", "", written.replace("−", "-").replace("–", "-"))
    if re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?", digits):
        digits = digits.replace(".", "")
    if not re.fullmatch(r"-?\d+(?:[.,]\d+)?", digits):
        raise ValueError(f"{written!r} is not a number")
    return Decimal(digits.replace(",", "."))


def number_word(word: str) -> int | None:
    """The value of a number word (`drei`, `vierundzwanzig`, `zweihundert`), None for other words."""
    return _WORDS.get(word.lower())


def find_numbers(text: str) -> list[NumberMention]:
    """All numbers of a text in order, in digits and in words, with the unit that follows.

    Left out: dates, numbers that name a provision („§ 14a Absatz 2“) or open a list item, and „ein“ before anything but
    a span of time („eines Monats“ is 1 Monat).
    """
    taken = [(date.start, date.end) for date in find_dates(text)]
    found: list[NumberMention] = []
    position = 0
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        while position < len(taken) and taken[position][1] <= start:
            position += 1
        if position < len(taken) and taken[position][0] < end:
            continue
        glued = text[end : end + 1]
        naming = _NAMING.search(text, max(0, start - 48), start)
        adjective = _ADJECTIVE.match(text, start)
        if adjective is not None:
            unit = _ADJECTIVE_UNITS[adjective.group("unit").lower()]
            found.append(NumberMention(start, adjective.end(), Decimal(adjective.group("number")), unit))
            continue
        if naming is not None or (glued in ".)" and glued and _MARKER.search(text, max(0, start - 8), start)):
            continue
        mention = _measure(text, start, end, parse_number(match.group()))
        if mention.unit is None and glued.isalpha():
            # „14a“, „2b“: the name of something, no amount.
            continue
        found.append(mention)
    for match in _SPELT.finditer(text):
        word = match.group().lower()
        value = _WORDS.get(word)
        if value is None:
            adjective = _ADJECTIVE.match(text, match.start()) if word.endswith(_ENDINGS) else None
            spelt = _WORDS.get(adjective.group("number").lower()) if adjective else None
            if adjective and spelt:
                unit = _ADJECTIVE_UNITS[adjective.group("unit").lower()]
                found.append(NumberMention(match.start(), match.end(), Decimal(spelt), unit))
            continue
        mention = _measure(text, *match.span(), Decimal(value))
        if word in _ARTICLES and mention.unit not in _TIMES and mention.value == 1:
            continue
        found.append(mention)
    found.sort(key=lambda mention: mention.start)
    # „fünf vom Hundert“: the word of a unit is no number of its own.
    return [mention for place, mention in enumerate(found) if not place or mention.start >= found[place - 1].end]


_ENDINGS = tuple(stem + ending for stem in _ADJECTIVE_UNITS for ending in ("", "e", "en", "er", "es", "em"))


def _measure(text: str, start: int, end: int, value: Decimal) -> NumberMention:
    scale = _SCALE.match(text, end)
    if scale is not None:
        value *= Decimal(10) ** _SCALES[scale.group(1).lower()]
        end = scale.end()
    unit = _UNIT.match(text, end)
    if unit is None:
        return NumberMention(start, end, value)
    if unit.group() == "a":
        # „5a“ is a number of a provision or a house, „5 a“ are years.
        return NumberMention(start, end, value)
    place = next(int(name[1:]) for name, part in unit.groupdict().items() if part)
    return NumberMention(start, unit.end(), value, _UNITS[place][1])
