"""Figures and times in German words: `936,28 EUR/MWh`, „am 12. Dezember 2024 von 17 bis 18 Uhr“."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from luna_rules.series_answers.spans import BERLIN, MONTHS, clock, day_name

WEEKDAYS_SAID = ("montags", "dienstags", "mittwochs", "donnerstags", "freitags", "samstags", "sonntags")


def number(value: float, decimals: int = 2) -> str:
    """`1.234,50`; a value that rounds to zero has no sign."""
    text = f"{value:,.{decimals}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace(",", "\x00").replace(".", ",").replace("\x00", ".").replace("-", "−")


def price(value: float) -> str:
    """A price with the unit of the exchange."""
    return f"{number(value)} EUR/MWh"


def price_both(value: float) -> str:
    """A price as the exchange and as a household reads it."""
    return f"{price(value)} ({number(value / 10)} ct/kWh)"


def energy(kwh: float) -> str:
    """Energy, the finer the smaller."""
    size = abs(kwh)
    return f"{number(kwh, 2 if size < 100 else 1 if size < 10_000 else 0)} kWh"


def euros(value: float) -> str:
    """Money."""
    return f"{number(value)} EUR"


def power(kw: float) -> str:
    """Power."""
    size = abs(kw)
    return f"{number(kw, 3 if size < 1 else 2 if size < 1_000 else 1)} kW"


def volts(value: float) -> str:
    """Voltage."""
    return f"{number(value, 1)} V"


def percent(ratio: float) -> str:
    """A ratio of 0 to 1 in per cent."""
    return f"{number(100 * ratio, 1)} %"


def hours(count: int) -> str:
    """`1 Stunde`, `457 Stunden`."""
    return f"{number(count, 0)} {'Stunde' if count == 1 else 'Stunden'}"


def quarters(count: int) -> str:
    """`1 Viertelstunde`, `12 Viertelstunden`."""
    return f"{number(count, 0)} {'Viertelstunde' if count == 1 else 'Viertelstunden'}"


def interval(start: datetime, seconds: int, *, day: bool = True) -> str:
    """An interval by the local clock: „am 12. Dezember 2024 von 17 bis 18 Uhr“; of the hour that comes twice, which."""
    local = start.astimezone(BERLIN)
    end = (start + timedelta(seconds=seconds)).astimezone(BERLIN)
    first, last = local.hour * 60 + local.minute, end.hour * 60 + end.minute
    if seconds >= 86_400 - 3_600:
        return f"am {day_name(local.date())}"
    if last == 0:
        last = 1440
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset() and _ambiguous(local)
    zone = f" ({'Winterzeit' if local.fold else 'Sommerzeit'})" if twice else ""
    said = f"von {clock(first)} bis {clock(last)} Uhr{zone}"
    return f"am {day_name(local.date())} {said}" if day else said


def moment(at: datetime) -> str:
    """`12. Mai 2024, 13 Uhr`."""
    local = at.astimezone(BERLIN)
    return f"{day_name(local.date())}, {clock(local.hour * 60 + local.minute)} Uhr"


def _ambiguous(local: datetime) -> bool:
    earlier, later = local.replace(fold=0).utcoffset(), local.replace(fold=1).utcoffset()
    return earlier is not None and later is not None and earlier > later


def group(value: object, per: str) -> str:
    """What a group is called: a day, a month, an hour of the day, a weekday."""
    if per == "hour_of_day":
        hour = int(str(value))
        return f"zwischen {hour} und {hour + 1} Uhr"
    if per == "weekday":
        return WEEKDAYS_SAID[int(str(value))]
    if per == "month_of_year":
        return f"im {MONTHS[int(str(value)) - 1]}"
    start = datetime.fromisoformat(str(value)).astimezone(BERLIN)
    if per == "1h":
        return interval(start, 3_600)
    if per == "1w":
        return f"in der Woche ab dem {day_name(start.date())}"
    if per == "1mo":
        return f"im {MONTHS[start.month - 1]} {start.year}"
    if per == "1y":
        return f"im Jahr {start.year}"
    return f"am {day_name(start.date())}"


def listed(parts: Sequence[str]) -> str:
    """`a, b und c`."""
    return " und ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def capital(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]
