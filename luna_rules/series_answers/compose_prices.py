"""Sentences about market prices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from luna_rules.series_answers import say
from luna_rules.series_answers.plan import Plan
from luna_rules.series_answers.query import Result
from luna_rules.series_answers.statement import Asked, Statement
from luna_rules.series_answers.subject import Subject


def statements(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    """What the results of one stretch say."""
    match plan.measure:
        case "negative":
            return _negative(plan, subject, asked)
        case "above" | "below":
            return _counted(plan, subject, asked)
        case "base" | "peak":
            return [_base_or_peak(plan, subject, asked)]
        case "max" | "min" if plan.per != "interval":
            return _ranked(plan, subject, asked)
        case "max" | "min":
            return _extreme(plan, subject, asked)
        case "course":
            return _course(plan, subject, asked)
        case _:
            return _stats(plan, subject, asked)


def comparison(plan: Plan, subject: Subject, one: Asked, other: Asked) -> list[Statement]:
    """How two stretches differ."""
    rests = ((one.at, "main"), (other.at, "main"))
    first, second = one.results["main"], other.results["main"]
    if plan.measure == "negative":
        a, b = int(first.value("negative")), int(second.value("negative"))
        text = (
            f"{say.capital(one.span.label)} waren es {say.hours(a)} mit negativem Preis, "
            f"{other.span.label} {say.hours(b)} ({_basis(subject)})."
        )
        return [_labelled(text, rests, one, other)]
    if "mean" not in first.columns or "mean" not in second.columns or plan.measure in ("max", "min"):
        return []
    a, b = float(first.value("mean")), float(second.value("mean"))
    more = "höher" if b > a else "niedriger"
    change = f", das sind {say.percent(abs((b - a) / a))}" if a > 0 else ""
    text = (
        f"Im Mittel lag der Preis {one.span.label} bei {say.price(a)} und {other.span.label} bei {say.price(b)}: "
        f"{say.price(abs(b - a))} {more}{change}."
    )
    if abs(b - a) < 0.005:
        text = f"Im Mittel lag der Preis {one.span.label} und {other.span.label} gleich hoch, bei {say.price(a)}."
    return [_labelled(text, rests, one, other)]


def _labelled(text: str, rests: tuple[tuple[int, str], ...], one: Asked, other: Asked) -> Statement:
    return Statement(text, rests, label=one.span.label, named=other.span.label)


def _said(asked: Asked, text: str, name: str = "main", **more: Any) -> Statement:
    return Statement(text, ((asked.at, name),), label=asked.span.label, **more)


def _narrowed(plan: Plan) -> str:
    return f" {plan.narrowed}" if plan.narrowed else ""


def _when(plan: Plan, asked: Asked) -> str:
    return say.capital(asked.span.label) + _narrowed(plan)


def _basis(subject: Subject) -> str:
    if subject.interval_s < 3_600:
        return "gezählt nach Stundenmitteln"
    return "gezählt nach Stundenpreisen"


def _at(result: Result, name: str, seconds: int, asked: Asked) -> str:
    moment = result.moment(name)
    if moment is None:
        return ""
    return say.interval(moment, seconds, day=asked.span.grain not in ("day", "hour"))


def _negative(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    count, values = int(result.value("negative")), int(result.value("count"))
    when = _when(plan, asked)
    if count == 0:
        lowest = say.price(float(result.value("min")))
        text = (
            f"{when} war keine der {say.hours(values)} negativ ({_basis(subject)}); der niedrigste Wert war {lowest}."
        )
        found = [_said(asked, text)]
    else:
        verb = "war der Börsenpreis in" if count != values else "war der Börsenpreis in allen"
        of = f" von {say.hours(values)}" if count != values else ""
        found = [_said(asked, f"{when} {verb} {say.hours(count)}{of} negativ ({_basis(subject)}).")]
        lowest = say.price(float(result.value("min")))
        at = _at(result, "min_ts", 3_600, asked)
        found.append(_said(asked, f"Am tiefsten stand er {at}: {lowest}."))
    if "quarters" in asked.results:
        quarters = asked.results["quarters"]
        negative = int(quarters.value("negative"))
        text = (
            f"Nach einzelnen Viertelstunden gezählt sind es {say.quarters(negative)}, "
            f"also {say.number(negative / 4)} Stunden."
        )
        found.append(_said(asked, text, "quarters"))
    return found


def _counted(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    count, values = int(result.value(plan.measure)), int(result.value("count"))
    word = "über" if plan.measure == "above" else "unter"
    bound = say.price(plan.threshold or 0.0)
    text = (
        f"{_when(plan, asked)} lag der Preis in {say.hours(count)} von {say.hours(values)} {word} {bound} "
        f"({_basis(subject)})."
    )
    return [_said(asked, text)]


def _base_or_peak(plan: Plan, subject: Subject, asked: Asked) -> Statement:
    result = asked.results["main"]
    value, count = float(result.value("mean")), int(result.value("count"))
    what = say.hours(count) if subject.interval_s >= 3_600 else say.quarters(count)
    if plan.measure == "base":
        basis = f"Mittel aller {what}, 0 bis 24 Uhr"
        name = "Base-Preis"
    else:
        basis = f"Mittel der {what} montags bis freitags von 8 bis 20 Uhr"
        name = "Peak-Preis"
    text = f"{say.capital(asked.span.label)} lag der {name} bei {say.price_both(value)} ({basis})."
    return _said(asked, text)


def _ranked(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    per = plan.per
    value = float(result.rows[0][1])
    name = say.group(result.rows[0][0], per)
    word = "Am teuersten" if plan.measure == "max" else "Am günstigsten"
    mean = "" if per == "1h" and subject.interval_s == 3_600 else "im Mittel "
    when = f"{asked.span.label}{_narrowed(plan)}"
    found = [_said(asked, f"{word} war der Strom {when} {name}: {mean}{say.price_both(value)}.")]
    if per in ("1d", "1w", "1mo", "1y"):
        low, high = float(result.value("min")), float(result.value("max"))
        found.append(_said(asked, f"Die Spanne reichte dabei von {say.price(low)} bis {say.price(high)}."))
    rest = [f"{say.group(row[0], per)} ({say.price(float(row[1]))})" for row in result.rows[1:3]]
    if rest:
        found.append(_said(asked, f"Dahinter folgen {say.listed(rest)}."))
    return found


def _extreme(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    most = plan.measure == "max"
    value = float(result.value("max" if most else "min"))
    moment = result.moment("max_ts" if most else "min_ts")
    at = say.interval(moment, subject.interval_s) if isinstance(moment, datetime) else ""
    word = "Am höchsten" if most else "Am niedrigsten"
    when = f"{asked.span.label}{_narrowed(plan)}" if asked.span.grain not in ("day", "hour") else ""
    place = f"{when}, {at}" if when else at
    found = [_said(asked, f"{word} stand der Börsenpreis {place}: {say.price_both(value)}.")]
    mean = float(result.value("mean"))
    found.append(_said(asked, f"Im Mittel lag er {asked.span.label}{_narrowed(plan)} bei {say.price(mean)}."))
    return found


def _stats(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    mean, count = float(result.value("mean")), int(result.value("count"))
    if count == 1:
        moment = result.moment("max_ts")
        at = say.interval(moment, subject.interval_s) if moment else asked.span.label
        text = f"{say.capital(at)} lag der Börsenpreis bei {say.price_both(mean)}."
        return [_said(asked, text)]
    low, high = float(result.value("min")), float(result.value("max"))
    low_at, high_at = (_at(result, name, subject.interval_s, asked) for name in ("min_ts", "max_ts"))
    when = _when(plan, asked)
    extremes = f"Am niedrigsten war er {low_at} mit {say.price(low)}, am höchsten {high_at} mit {say.price(high)}."
    middle = f"{when} lag der Börsenpreis im Mittel bei {say.price_both(mean)}."
    spread = (
        f"{when} lag der Börsenpreis zwischen {say.price(low)} und {say.price(high)}: "
        f"eine Spanne von {say.price(high - low)}."
    )
    if plan.measure == "spread":
        return [_said(asked, spread), _said(asked, extremes), _said(asked, f"Im Mittel waren es {say.price(mean)}.")]
    return [_said(asked, middle), _said(asked, extremes)]


def _course(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    if int(result.value("count")) == 1:
        return _stats(plan, subject, asked)
    mean, low, high = (float(result.value(name)) for name in ("mean", "min", "max"))
    low_at, high_at = (_at(result, name, subject.interval_s, asked) for name in ("min_ts", "max_ts"))
    when = _when(plan, asked)
    found = [
        _said(
            asked,
            f"{when} lag der Börsenpreis im Mittel bei {say.price_both(mean)}, zwischen {say.price(low)} ({low_at}) "
            f"und {say.price(high)} ({high_at}).",
        )
    ]
    before = asked.results.get("before")
    if before is not None and before.quality.values:
        earlier = float(before.value("mean"))
        more = "mehr" if mean > earlier else "weniger"
        change = f" ({say.percent(abs((mean - earlier) / earlier))} {more})" if earlier > 0 and mean > 0 else ""
        text = f"In den sieben Tagen davor waren es im Mittel {say.price(earlier)}{change}."
        found.append(Statement(text, ((asked.at, "main"), (asked.at, "before")), label=asked.span.label))
    peak = asked.results.get("peak")
    if peak is not None and peak.quality.values and peak.value("mean") is not None:
        text = f"Der Peak-Preis (montags bis freitags, 8 bis 20 Uhr) lag bei {say.price(float(peak.value('mean')))}."
        found.append(_said(asked, text, "peak"))
    for name, word in (("dearest", "Der teuerste Tag"), ("cheapest", "Der günstigste Tag")):
        ranked = asked.results.get(name)
        if ranked is not None and ranked.rows:
            day = say.group(ranked.rows[0][0], "1d").removeprefix("am ")
            text = f"{word} war der {day} mit im Mittel {say.price(float(ranked.rows[0][1]))}."
            found.append(_said(asked, text, name))
    negative = asked.results.get("negative")
    if negative is not None and negative.quality.values:
        count = int(negative.value("negative"))
        text = f"Negativ war der Preis in {say.hours(count)} ({_basis(subject)})."
        if count == 0:
            text = f"Negative Preise gab es keine ({_basis(subject)})."
        found.append(_said(asked, text, "negative"))
    return found
