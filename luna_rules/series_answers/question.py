"""Whether a question is about series, and what it asks for. German, and simple English.

Questions of law speak of consumption and prices too, so a question counts only where subject, measure and time go
together, no word of law or of contracts stands in it, and hardly a word is left that nothing here knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from luna_rules.series_answers import words
from luna_rules.series_answers.plan import Measure, MeterName, Per, Plan, Quantity
from luna_rules.series_answers.timewords import Times, read_times

_LONGEST: Final = 300
"""A longer question is a story; stories are about cases, not about series."""
_SHORT: Final = 9
"""So few words may name subject and time alone: „Mein Verbrauch gestern“."""
_THRESHOLD: Final = re.compile(
    r"\b(?P<how>über|oberhalb(?: von)?|mehr als|höher als|größer als|mindestens|above|over|more than|unter(?:halb)?"
    r"(?: von)?|weniger als|niedriger als|kleiner als|below|under|less than)\s+(?:(?:den|die|der)\s+)?"
    r"(?P<sign>-|minus\s+)?(?P<number>\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?)\s*"
    r"(?P<unit>(?:eur|€|euro)(?:\s*(?:/|pro|je)\s*(?:mwh|megawattstunde))?|(?:ct|cent)(?:\s*(?:/|pro|je)\s*(?:kwh"
    r"|kilowattstunde))?|mw\b|kw\b|kilowatt\b|watt\b|w\b|volt\b|v\b)"
)
_FEW: Final = 3
"""„Die günstigsten Stunden“ are so many."""
_MOST_RANKED: Final = 24
_BELOW: Final = ("unter", "weniger", "niedriger", "kleiner", "below", "under", "less")


def read_question(question: str, now: datetime, meters: Sequence[MeterName] = ()) -> Plan | None:
    """The plan of a question about series as seen at `now` (aware); None for any other question.

    `meters` are those whose names may occur in it.
    """
    text = " ".join(question.lower().replace("\u00a0", " ").split()).strip(' ?!.…"„“')
    if not text or len(text) > _LONGEST:
        return None
    if not words.MAY_BE_SERIES.search(text) and not _named(text, meters):
        return None
    polite = words.POLITE.sub(" ", text)
    if words.LAW.search(words.VOLTAGE_BAND.sub(" ", polite) if words.VOLTAGE.search(polite) else polite):
        return None
    named = _named(polite, meters)
    times = read_times(_nameless(polite, named, meters), now)
    threshold, factor_unit, without = _threshold(polite)
    quantity, strength = ("price", 2) if factor_unit == "EUR" else _subject(without, times, named)
    if quantity is None:
        return None
    if strength < 2 and words.CONTRACT.search(polite):
        return None
    if quantity != "price" and not named and words.WHOLE_REGION.search(polite) and not words.OWN.search(polite):
        return None
    by_weekday = quantity != "price" and len(words.DAYS_OF_WEEK.findall(polite)) > 1
    measure = "max" if by_weekday else _measure(without, quantity, times, named, bounded=threshold is not None)
    left = _left_over(times.rest)
    if measure is None and times.spans and not left and len(text.split()) <= _SHORT:
        measure = "value" if quantity in ("price", "voltage") else "sum"
    if measure is None or not _holds(without, quantity, strength, measure, times):
        return None
    if len(left) > (0 if strength == 0 else 1 if strength == 1 else 3):
        return None
    if measure in ("above", "below") and factor_unit == "W" and quantity == "price":
        return None
    per, count, together = _ranks(without, quantity, measure, times)
    weekdays = tuple(sorted(times.weekdays)) if times.weekdays else None
    if by_weekday:
        # „Am Wochenende mehr als an Werktagen?“: all days of the week beside each other say it.
        per, count, weekdays = "weekday", 7, None
        times = replace(times, narrowed="", spans=() if times.weekend_atom else times.spans)
    return Plan(
        quantity=quantity,
        measure=measure,
        spans=times.spans,
        compare=_compares(without, times),
        now=times.now or (not times.spans and bool(words.PRESENT.search(without)) and measure == "value"),
        per=per,
        count=count,
        together=together,
        threshold=threshold,
        market=_market(without),
        product=_product(without),
        meters=named,
        clock=times.clock,
        weekdays=weekdays,
        narrowed=times.narrowed,
        impossible=times.impossible,
        words=tuple(left),
    )


def follow_up(question: str, previous: Sequence[str], now: datetime, meters: Sequence[MeterName] = ()) -> Plan | None:
    """The plan of „Und gestern?“ behind a question about series: the same, of another time. None for anything else."""
    if not previous or len(question.split()) > _SHORT:
        return None
    text = " ".join(question.lower().split()).strip(' ?!.…"„“')
    before = read_question(previous[-1], now, meters) or follow_up(previous[-1], previous[:-1], now, meters)
    if before is None or words.LAW.search(text):
        return None
    named = _named(text, meters)
    times = read_times(_nameless(text, named, meters), now, before.spans[0] if before.spans else None)
    if not (times.spans or times.impossible or (named and not before.of_market)):
        return None
    if _left_over(times.rest):
        return None
    if not times.spans and not times.impossible:
        return replace(before, meters=named)
    return replace(
        before,
        spans=times.spans,
        meters=named or before.meters,
        compare=len(times.spans) == 2,
        now=False,
        clock=times.clock or before.clock,
        weekdays=tuple(sorted(times.weekdays)) if times.weekdays else before.weekdays,
        narrowed=times.narrowed or before.narrowed,
        impossible=times.impossible,
    )


def _named(text: str, meters: Sequence[MeterName]) -> tuple[str, ...]:
    """The meters whose id or name stands in the text; the longest names win where one holds another."""
    found: list[tuple[str, str]] = []
    for meter in meters:
        for name in (meter.meter_id, meter.name):
            wanted = " ".join(name.lower().split())
            if (
                len(wanted) > 2
                and wanted not in words.NO_NAMES
                and re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text)
            ):
                found.append((wanted, meter.meter_id))
    kept = [meter_id for name, meter_id in found if not any(name != other and name in other for other, _ in found)]
    return tuple(dict.fromkeys(kept))


def _nameless(text: str, named: Sequence[str], meters: Sequence[MeterName]) -> str:
    """The text without names of meters: the 1 of „haus-1 letzte Woche“ counts no weeks."""
    names = {name for meter in meters if meter.meter_id in named for name in (meter.meter_id, meter.name) if name}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(' '.join(name.lower().split()))}(?!\w)", "\x00", text)
    return text


def _threshold(text: str) -> tuple[float | None, str, str]:
    """The bound named in EUR/MWh, kW or V, its unit's kind, and the text without it."""
    match = _THRESHOLD.search(text)
    if match is None:
        return None, "", text
    raw = match["number"]
    if "," in raw or re.fullmatch(r"\d{1,3}(?:\.\d{3})+", raw):
        raw = raw.replace(".", "")
    number = float(raw.replace(",", ".")) * (-1 if match["sign"] else 1)
    unit = match["unit"]
    rest = text[: match.start()] + " " + match["how"] + " " + text[match.end() :]
    if unit.startswith(("ct", "cent")):
        return number * 10, "EUR", rest
    if unit.startswith(("eur", "€")):
        return number, "EUR", rest
    if unit.startswith("v"):
        return number, "V", rest
    if unit in ("watt", "w"):
        return number / 1000, "W", rest
    return number * (1000 if unit == "mw" else 1), "W", rest


def _subject(text: str, times: Times, named: Sequence[str]) -> tuple[Quantity | None, int]:
    """What it is about, and how surely (0 to 3)."""
    produced = words.PRODUCTION.search(text)
    own = words.OWN_SERIES.search(text) or words.DID.search(text)
    if words.COST.search(text) and (words.OWN_COST.search(text) or (words.OWN_SERIES.search(text) or named)):
        return ("production" if produced and not words.CONSUMED.search(text) else "consumption"), 3
    if words.AUTARKY.search(text) or words.SELF_USE.search(text):
        return "consumption", 3 if words.OWN.search(text) or named else 2
    voltage = words.VOLTAGE.search(text)
    if voltage and (words.OWN.search(text) or named or times):
        return "voltage", 2
    if words.MARKET_STRONG.search(text):
        return "price", 2
    if own or (named and not words.MARKET_WEAK.search(text)):
        return ("production" if produced and not words.CONSUMED.search(text) else "consumption"), 3
    if words.MARKET_WEAK.search(text):
        return "price", 1
    if produced and times:
        return "production", 1
    if words.CONSUMPTION.search(text) and times:
        return "consumption", 1
    if words.ONLY_DATA.search(text) and words.GAPS.search(text) and times:
        return "consumption", 2
    return None, 0


def _measure(text: str, quantity: Quantity, times: Times, named: Sequence[str], *, bounded: bool) -> Measure | None:
    if quantity in ("consumption", "production") and words.COST.search(text):
        return "cost"
    if quantity != "price" and (words.BY_METER.search(text) or (len(named) > 1 and words.COMPARE.search(text))):
        return "by_meter"
    if quantity != "price" and words.AUTARKY.search(text):
        return "autarky"
    if quantity != "price" and words.SELF_USE.search(text):
        return "self_use"
    if words.GAPS.search(text) and quantity != "price":
        return "gaps"
    if quantity == "price" and words.NEGATIVE.search(text):
        return "run" if words.RUN.search(text) else "negative"
    if bounded:
        return "below" if any(word in text for word in _BELOW) else "above"
    if words.MEDIAN.search(text):
        return "median"
    if words.DEVIATION.search(text):
        return "deviation"
    most, least = words.MOST.search(text), words.LEAST.search(text)
    if quantity == "price" and words.PEAK.search(text) and words.BASE.search(text):
        return "base_peak"
    if quantity == "price" and words.PEAK.search(text) and not (most or least):
        return "peak"
    if quantity == "price" and words.BASE.search(text) and not (most or least):
        return "base"
    if words.COURSE.search(text) and not (most or least):
        return "course"
    if most and least:
        return "spread"
    if most:
        return "max"
    if least:
        return "min"
    if words.PLURAL_BEST.search(text):
        return "max" if re.search(r"\b(?:teuer|höch|größ)sten\b", text) else "min"
    if words.SPREAD.search(text):
        return "spread"
    if quantity == "voltage" and words.VOLTAGE_BAND.search(text):
        return "value"
    if words.MEAN.search(text):
        return "mean"
    if quantity in ("consumption", "production") and words.AMOUNT.search(text):
        return "sum"
    if words.COURSE_WEAK.search(text) and (times or quantity != "price"):
        return "course"
    if _compares(text, times):
        return "value"
    return "value" if words.VALUE.search(text) else None


def _holds(text: str, quantity: Quantity, strength: int, measure: Measure, times: Times) -> bool:
    """Whether what was found is enough: a weak subject needs a time, a reason is not asked of figures."""
    if re.search(r"\b(?:warum|wieso|weshalb|why)\b", text) and not times:
        return False
    if measure == "cost" and not (times or words.AT_MARKET.search(text)):
        return False
    if measure == "negative" and not (times or words.COUNTED.search(text) or words.NEGATIVE_ASKED.search(text)):
        return False
    if strength <= 1:
        return bool(times) or (measure in ("max", "min") and bool(words.PAST.search(text)))
    if quantity == "price" and measure == "value":
        asked = bool(times) or bool(words.PAST.search(text) or words.PRESENT.search(text))
        return asked and bool(words.PRICE_WORD.search(text))
    return bool(times) or measure != "value" or bool(words.DID.search(text))


def _compares(text: str, times: Times) -> bool:
    return len(times.spans) >= 2 and (bool(words.COMPARE.search(text)) or len(times.spans) == 2)


def _ranks(text: str, quantity: Quantity, measure: Measure, times: Times) -> tuple[Per, int, int]:
    """Among what is ranked, how many of the best are wanted, and how many hours in a row."""
    per, count, together = _per(text, quantity, measure), 0, 0
    if per == "hour_of_day" and re.search(r"zu welcher stunde", text):
        per = "1h" if len(times.spans) == 1 and times.spans[0].days == 1 else per
    if measure in ("max", "min"):
        found = words.COUNT_OF.search(text)
        best = words.PLURAL_BEST.search(text)
        unit = found["unit"] if found else best["unit"] if best else ""
        if unit:
            count = min(words.counted(found["n"]), _MOST_RANKED) if found else _FEW
            per = words.UNIT_PER[unit[0]]
        if words.IN_A_ROW.search(text) and per == "1h" and quantity == "price":
            count, together = 0, max(2, min(count, 24))
    return per, count, together


def _per(text: str, quantity: Quantity, measure: Measure) -> Per:
    if measure not in ("max", "min", "spread", "course", "mean", "sum", "value", "negative", "above", "below"):
        return "interval"
    for pattern, per in words.PER:
        if pattern.search(text):
            return per
    return "interval"


def _market(text: str) -> str:
    for name in ("eex", "apx"):
        if re.search(rf"\b{name}\b", text):
            return name.upper()
    return "EPEX"


def _product(text: str) -> str:
    if "intraday" in text:
        return "INTRADAY"
    match = re.search(r"\bde-lu-(15|60)min\b", text)
    if match:
        return f"DE-LU-{match[1]}MIN"
    if re.search(r"\bviertelst(?:unden|ündlich)\w*-?(?:preise?|produkt)|15-?min(?:uten)?-?(?:preise?|produkt)", text):
        return "DE-LU-15MIN"
    return ""


def _left_over(rest: str) -> list[str]:
    """Words of the question that nothing here knows."""
    rest = _THRESHOLD.sub(" ", rest)
    return [word for word in re.findall(r"[a-zäöüß][\wäöüß-]+", rest) if not words.KNOWN.fullmatch(word)]
