"""How answers of a kind are written: durations, dates, sums, shares, permissions, and the values among them.

Only the patterns and what they find belong here; what a find is worth to a question is `scoring`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from luna_rules.answers.question import Want
from luna_rules.documents.strokes import cells_of

_NUMBER = (
    r"(?:\d(?:[\d., ]*\d)?(?!\.)|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig|dreißig"
    r"|fünfzig|hundert|"
    r"\w*hundert\w*|\w*tausend\w*|eine[nmrs]?|eines|anderthalb)"
)
_WEEKDAY = (
    r"(?:(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)s?|werktags|wochentags|feiertags)"
)
SIGNS: dict[Want, re.Pattern[str]] = {
    "duration": re.compile(
        rf"\b{_NUMBER}\s*(?:Kalender|Werk|Arbeits)?-?(?:jahre?n?s?|monate?n?s?|wochen?|tage?n?s?|stunden?"
        rf"|minuten?|sekunden?"
        r"|vollbenutzungsstunden)\b|\b(?:unverzüglich|jederzeit|unbefristet|dauerhaft|jährlich|monatlich"
        r"|vierteljährlich"
        r"|halbjährlich|zwei(?:jährig|wöchig|monatig)\w*|\w+jährige?[nrs]?)\b",
        re.I,
    ),
    "date": re.compile(
        r"\b\d{1,2}\.\s?(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
        r"|\b\d{1,2}\.\d{1,2}\.\d{2,4}\b|\bJahr(?:es)? \d{4}\b"
        rf"|\b{_NUMBER}\s*(?:Kalender|Werk|Arbeits)?-?(?:jahre?n?s?|monate?n?s?|wochen?|tage?n?s?|stunden?)\b"
        rf"|\b(?:unverzüglich|spätestens|frühestens|ab dem|sobald|wenn|vor Beginn|nach Ablauf|zum Ende)\b"
        rf"|\b\d{{1,2}}(?:[.:]\d\d)?\s*Uhr\b|\brund um die Uhr\b|\b{_WEEKDAY}\b",
        re.I,
    ),
    "amount": re.compile(
        rf"\b{_NUMBER}\s*(?:Prozent|vom Hundert|v\. ?H\.|%|Euro|Cent|ct|EUR|€|Millionen|Milliarden|[kmgt]w(?:h|p)?\b|"
        r"(?:kilo|mega|giga|tera)?(?:watt|wattstunden?|voltampere|volt)\b|tonnen?|kubikmeter|quadratmeter|metern?"
        r"|kilometern?|"
        r"einwohner\w*|kunden|wohnungen|stellplätze\w*|fünftel|drittel|viertel|grad)|\b(?:Hälfte|Drittel|Viertel"
        r"|kostenlos|"
        r"unentgeltlich|kostenfrei|auf null)\b|\d",
        re.I,
    ),
    "money": re.compile(
        rf"\b{_NUMBER}\s*(?:Millionen |Milliarden |Mio\. |Mrd\. )?(?:Euro|Cent|ct|EUR|€|Pfennig|DM|Prozent"
        rf"|vom Hundert|%)"
        r"|\b(?:kostenlos|unentgeltlich|kostenfrei|entgeltfrei|auf null)\b"
        r"|\bkeine[nrm]? (?:\w+ ){0,2}(?:Kosten|Entgelte?|Gebühr\w*)\b",
        re.I,
    ),
    "percent": re.compile(
        rf"\b{_NUMBER}\s*(?:Prozent|Prozentpunkte?|vom Hundert|v\. ?H\.|%)|\b(?:Hälfte|Drittel|vollständig)\b", re.I
    ),
    "distance": re.compile(rf"\b{_NUMBER}\s*(?:Metern?|Kilometern?|km|m)\b", re.I),
    "body": re.compile(
        r"\b(?:\w*(?:behörde|agentur|amt|ministerium|betreiber|lieferant|versorger|unternehmen|stelle|gericht|kammer|"
        r"kommission|verbraucher|kunde|eigentümer|vermieter|gemeinde|länder|bund)\w*)\b",
        re.I,
    ),
    "modal": re.compile(
        r"\b(?:darf|dürfen|kann|können|muss|müssen|soll|sollen|ist verpflichtet|sind verpflichtet|ist berechtigt"
        r"|sind berechtigt"
        r"|unzulässig|zulässig|verboten|ist nicht|hat .{1,80} zu \w+en|haben .{1,80} zu \w+en|Anspruch|verlangen"
        r"|unwirksam"
        r"|ausgenommen|befreit|gilt nicht|gelten nicht|weder)\b",
        re.I,
    ),
    "reason": re.compile(r"\b(?:um .{1,80} zu|Zweck|Ziel|weil|da |aufgrund|damit|dient)\b", re.I),
    "definition": re.compile(r"\b(?:ist|sind|im Sinne|bedeutet|bezeichnet|gilt als)\b", re.I),
}
_KEPT_TEXTS = 16_384
WORTH: dict[Want, float] = {
    "duration": 0.30, "date": 0.22, "amount": 0.24, "money": 0.28, "percent": 0.30, "distance": 0.34, "body": 0.06,
    "modal": 0.08,
    "reason": 0.08, "definition": 0.06,
}  # fmt: skip
QUANTITY = re.compile(
    r"\b(?:Euro|Cent|EUR|[kmgt]w(?:h|p)?|(?:kilo|mega|giga|tera)?(?:watt|wattstunden?|volt\w*)|tonnen?|\w*metern?"
    r"|einwohner\w*"
    r"|kunden|wohnungen|stellplätze\w*)\b|€",
    re.I,
)
_UNITS_ASKED = (
    (re.compile(r"\b(?:kw|kilowatt)\b", re.I), re.compile(r"\b(?:kW|Kilowatt)\b")),
    (re.compile(r"\b(?:mw|megawatt)\b", re.I), re.compile(r"\b(?:MW|Megawatt)\b")),
    (re.compile(r"\b(?:gw|gigawatt)\b", re.I), re.compile(r"\b(?:GW|Gigawatt)\b")),
    (re.compile(r"\b[kmg]wh\b|\bwattstunde|\wwattstunde|verbrauch\b", re.I), re.compile(r"\b[kMG]Wh\b|wattstunden?\b")),
    (re.compile(r"\bcent\b|\bct\b", re.I), re.compile(r"\bCent\b|\bct\b")),
    (re.compile(r"\beuro\b|\beur\b|€", re.I), re.compile(r"\bEuro\b|\bEUR\b|€")),
    (re.compile(r"\bmetern?\b|\babstand\b", re.I), re.compile(r"\b(?:Kilom|M)etern?\b")),
    (re.compile(r"\btonnen?\b", re.I), re.compile(r"\bTonnen?\b")),
)
FIRM = re.compile(
    r"\b(?:höchstens|längstens|spätestens|mindestens|beträgt|betragen|endet|dauert|gültig|\w*dauer|laufzeit"
    r"|nicht mehr als"
    r"|bis zu)\b",
    re.I,
)


def unit_pattern(question: str) -> re.Pattern[str] | None:
    """How the unit that a question names is written in an answer; None where it names none."""
    return next((written for asked, written in _UNITS_ASKED if asked.search(question)), None)


_PASSED = re.compile(r"\b(?:letzt|vorig|vergangen|vorangegangen|vorhergehend)e[nrs]?\s*\Z", re.I)
_NO_VALUE = re.compile(r"[\d., ]*|[^\W\d_]{3,} ?[^\W\d_]*")
_REGULAR = re.compile(rf"(?:viertel|halb)?jährlich|monatlich|wöchentlich|täglich|{_WEEKDAY}", re.I)
_WORD_NUMBER = re.compile(
    r"(?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig|dreißig|fünfzig|\w*hundert\w*"
    r"|\w*tausend\w*|anderthalb|eine[nmrs]?)\s",
    re.I,
)
_TERM_BEFORE = re.compile(r"\b(?:innerhalb|binnen|während|Dauer|Ablauf|Zeitraum|als|von)\s+$", re.I)
_YEAR_BEFORE = re.compile(r"(?:19|20)\d\d\s+(?=\d)")
"""„im Jahr 2023 16,07 Cent“: digits of one number are parted by threes."""
_DIGITS_BEFORE = re.compile(r"\d[\d.,\s]*$")


def value_spans(text: str, wants: Sequence[Want]) -> list[tuple[int, int]]:
    """Where values of the wanted kinds stand, without overlap; bare numbers and mere words of time are none."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(span for want in wants for span in _places(want, text)):
        written = text[start:end]
        if _NO_VALUE.fullmatch(written) and not (_WORD_NUMBER.match(written) or _REGULAR.fullmatch(written)):
            continue
        if written[:6].lower() == "eines " and not _TERM_BEFORE.search(text, max(0, start - 24), start):
            continue  # „zum Ende eines Monats“ is no duration, „innerhalb eines Monats“ is one
        # Groups of digits set apart by a special space belong to one number.
        if written[0].isdigit() and (before := _DIGITS_BEFORE.search(text, max(0, start - 20), start)):
            start = before.start()
        start += before.end() if (before := _YEAR_BEFORE.match(text[start:end])) else 0
        if found and start < found[-1][1]:
            found[-1] = (min(start, found[-1][0]), max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


_SCALED = re.compile(r"(?:\b(?:Mio|Mrd|Tsd)\.?|\b(?:Tausend|Millionen|Milliarden))\s*\Z")
"""Before a unit that is not the cell's own: „Investition (Mio. EUR)“."""
_UNIT = r"(?:Euro|EUR|€|Cents?|ct|%|Prozent|[kMGT]?Wp?h?|[kMGT]?VA|Jahren?|Monaten?|Wochen|Tagen?|Stunden|k?m)(?=\W|$)"
_YEARLY = r"\w+(?:\s?[·*x/]\s?(?:a|Jahr|Monat)\b)?"
_PER = rf"(?:\s?/\s?(?:\({_YEARLY}\)|{_YEARLY}))?"
_HEADER_UNIT = re.compile(rf"(?:(?<=[\s(\[/|])|\bin\s+){_UNIT}{_PER}|^{_UNIT}{_PER}\s*$")
_DATIVE = re.compile(r"\A(Jahre|Monate|Tage)n\Z")
_NO_NAME = re.compile(r"\([^\w]*\)|\[[^\w]*\]|\bin\s*$|\s(?=\s)")
_BARE = re.compile(r"\s*[-–+]?\d[\d.,\s\xa0]*\s*")


def with_units(header: str, row: str) -> str:
    """A table's row whose numbers have the units that stand above them: „142,80“ under „Grundpreis EUR/Jahr“.

    Columns are told by their strokes; cells left out at the beginning of a row or of the header shift none.
    """
    return " | ".join(cell for _, cell in cells_with_units(header, row))


def cells_with_units(header: str, row: str) -> list[tuple[str, str]]:
    """For each cell of a row what stands above it, without its unit, and the cell with it.

    („Grundpreis“, „142,80 EUR/Jahr“) for „142,80“ under „Grundpreis EUR/Jahr“.
    """
    heads, cells = cells_of(header), cells_of(row)
    shift = len(heads) - len(cells)
    found: list[tuple[str, str]] = []
    for place, cell in enumerate(cells):
        above = heads[place + shift].strip() if 0 <= place + shift < len(heads) else ""
        unit = _HEADER_UNIT.search(above) if _BARE.fullmatch(cell) else None
        if unit is None or _SCALED.search(above, 0, unit.start()):
            found.append((above, cell.strip()))
            continue
        name = f"{above[: unit.start()]} {above[unit.end() :]}"
        written = _DATIVE.sub(r"\1", unit.group().removeprefix("in ").strip())
        found.append((_NO_NAME.sub("", name).strip(" ,()[]/"), f"{cell.strip()} {written}"))
    return found


def signs_of(text: str, wants: Sequence[Want]) -> frozenset[Want]:
    """Which of the wanted kinds of answer `text` holds; a span of time that has passed is no duration."""
    return frozenset(
        want
        for want in wants
        if any(want != "duration" or not looks_back(text, start) for start, _ in _places(want, text))
    )


@lru_cache(maxsize=_KEPT_TEXTS)
def _places(want: Want, text: str) -> tuple[tuple[int, int], ...]:
    """Where signs of a kind of answer stand; kept, for other questions find many of the same statements."""
    return tuple(match.span() for match in SIGNS[want].finditer(text))


def looks_back(text: str, start: int) -> bool:
    """Whether the span of time that begins there has passed: „die Preise der letzten sechs Monate vorzuhalten“.

    Something is kept or counted over it; it is never how long something takes.
    """
    return _PASSED.search(text, max(0, start - 24), start) is not None
