"""Sentences about market prices."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from luna_rules.series_answers import say
from luna_rules.series_answers.plan import Plan
from luna_rules.series_answers.query import Result
from luna_rules.series_answers.spans import BERLIN
from luna_rules.series_answers.statement import Asked, Statement
from luna_rules.series_answers.subject import Subject


def statements(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    """What the results of one stretch say."""
    match plan.measure:
        case "negative" if plan.per != "interval":
            return _negative_groups(plan, subject, asked)
        case "negative":
            return _negative(plan, subject, asked)
        case "run":
            return _run(plan, subject, asked)
        case "median" | "deviation":
            return _spread_of(plan, subject, asked)
        case "base_peak":
            both = replace(plan, measure="base"), replace(plan, measure="peak")
            return [_base_or_peak(both[0], subject, asked), _base_or_peak(both[1], subject, asked, "peak")]
        case "max" | "min" if plan.together:
            return _together(plan, subject, asked)
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


def _negative_groups(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    rows = [row for row in asked.results["main"].rows if row[1]]
    when = _when(plan, asked)
    if not rows:
        return [_said(asked, f"{when} war keine Stunde negativ ({_basis(subject)}).")]
    found: list[Statement] = []
    if plan.per == "1d":
        days = f"{len(rows)} {'Tag' if len(rows) == 1 else 'Tagen'}"
        text = f"{when} war der Börsenpreis an {days} mindestens eine Stunde lang negativ ({_basis(subject)})."
        found.append(_said(asked, text, constants=(float(len(rows)),)))
    most = say.group(rows[0][0], plan.per)
    found.append(_said(asked, f"Die meisten negativen Stunden gab es {most}: {say.hours(int(rows[0][1]))}."))
    rest = [f"{say.group(row[0], plan.per)} ({say.hours(int(row[1]))})" for row in rows[1:3]]
    if rest:
        found.append(_said(asked, f"Dahinter folgen {say.listed(rest)}."))
    return found


def _run(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    longest, start = int(result.value("negative_run")), result.moment("negative_run_ts")
    when = _when(plan, asked)
    if not longest or start is None:
        return [_said(asked, f"{when} war keine Stunde negativ ({_basis(subject)}).")]
    begin, end = say.moment(start), say.moment(start + timedelta(hours=longest))
    text = f"{when} waren höchstens {say.hours(longest)} am Stück negativ, von {begin} bis {end} ({_basis(subject)})."
    ends = start + timedelta(hours=longest)
    local = ends.astimezone(BERLIN)
    known = (float(local.day), float(local.hour), float(local.year))
    total = say.hours(int(result.value("negative")))
    return [_said(asked, text, constants=known), _said(asked, f"Insgesamt waren es {total}.")]


def _spread_of(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    median, mean = float(result.value("median")), float(result.value("mean"))
    when = _when(plan, asked)
    middle = f"der Median des Börsenpreises bei {say.price_both(median)}, das Mittel bei {say.price(mean)}"
    deviation = result.value("sd")
    found = [_said(asked, f"{when} lag {middle}.")]
    if deviation is not None:
        said = f"Die Standardabweichung betrug {say.price(float(deviation))} ({_basis(subject)})."
        found.append(_said(asked, said))
    return found if plan.measure == "median" else found[::-1]


def _together(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    start = result.moment("group")
    if start is None:
        return []
    moment = say.interval(start, plan.together * 3_600)
    word = "Am teuersten" if plan.measure == "max" else "Am günstigsten"
    be = "sind" if asked.span.start > result.as_of else "waren"
    price = say.price_both(float(result.value("mean")))
    text = f"{word} {be} {say.hours(plan.together)} am Stück {moment}: im Mittel {price}."
    end = (start + timedelta(hours=plan.together)).astimezone(BERLIN)
    return [_said(asked, text, constants=(float(plan.together), float(end.hour), float(end.minute)))]


def _base_or_peak(plan: Plan, subject: Subject, asked: Asked, name: str = "main") -> Statement:
    result = asked.results[name]
    if not result.quality.values:
        text = f"{say.capital(asked.span.label)} gibt es keine Peak-Stunde (montags bis freitags von 8 bis 20 Uhr)."
        return _said(asked, text)
    value, count = float(result.value("mean")), int(result.value("count"))
    what = say.hours(count) if subject.interval_s >= 3_600 else say.quarters(count)
    if plan.measure == "base":
        basis = f"Mittel aller {what}, 0 bis 24 Uhr"
        kind = "Base-Preis"
    else:
        basis = f"Mittel der {what} montags bis freitags von 8 bis 20 Uhr"
        kind = "Peak-Preis"
    text = f"{say.capital(asked.span.label)} lag der {kind} bei {say.price_both(value)} ({basis})."
    return _said(asked, text, name)


def _ranked(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    per = plan.per
    value = float(result.rows[0][1])
    name = say.group(result.rows[0][0], per)
    word = "Am teuersten" if plan.measure == "max" else "Am günstigsten"
    mean = "" if per == "1h" and subject.interval_s == 3_600 else "im Mittel "
    when = f"{asked.span.label}{_narrowed(plan)}"
    found = [_said(asked, f"{word} {_be(asked)} der Strom {when} {name}: {mean}{say.price_both(value)}.")]
    if per in ("1d", "1w", "1mo", "1y"):
        low, high = float(result.value("min")), float(result.value("max"))
        found.append(_said(asked, f"Die Spanne reichte dabei von {say.price(low)} bis {say.price(high)}."))
    more = result.rows[1 : plan.count or 3]
    rest = [f"{say.group(row[0], per)} ({say.price(float(row[1]))})" for row in more]
    if rest:
        found.append(_said(asked, f"Dahinter {'folgt' if len(rest) == 1 else 'folgen'} {say.listed(rest)}."))
    return found


def _be(asked: Asked) -> str:
    """„ist“ for what is to come."""
    return "ist" if asked.span.start > asked.results["main"].as_of else "war"


def _lies(asked: Asked) -> str:
    return "liegt" if asked.span.start > asked.results["main"].as_of else "lag"


def _extreme(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    most = plan.measure == "max"
    value = float(result.value("max" if most else "min"))
    moment = result.moment("max_ts" if most else "min_ts")
    at = say.interval(moment, subject.interval_s) if isinstance(moment, datetime) else ""
    word = "Am höchsten" if most else "Am niedrigsten"
    when = f"{asked.span.label}{_narrowed(plan)}" if asked.span.grain not in ("day", "hour") else ""
    place = f"{when}, {at}" if when else at
    stands = "steht" if _be(asked) == "ist" else "stand"
    found = [_said(asked, f"{word} {stands} der Börsenpreis {place}: {say.price_both(value)}.")]
    mean = float(result.value("mean"))
    found.append(
        _said(asked, f"Im Mittel {_lies(asked)} er {asked.span.label}{_narrowed(plan)} bei {say.price(mean)}.")
    )
    return found


def _stats(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    mean, count = float(result.value("mean")), int(result.value("count"))
    if count == 1:
        moment = result.moment("max_ts")
        at = say.interval(moment, subject.interval_s) if moment else asked.span.label
        text = f"{say.capital(at)} {_lies(asked)} der Börsenpreis bei {say.price_both(mean)}."
        return [_said(asked, text)]
    low, high = float(result.value("min")), float(result.value("max"))
    low_at, high_at = (_at(result, name, subject.interval_s, asked) for name in ("min_ts", "max_ts"))
    when = _when(plan, asked)
    extremes = (
        f"Am niedrigsten {_be(asked)} er {low_at} mit {say.price(low)}, am höchsten {high_at} mit {say.price(high)}."
    )
    middle = f"{when} {_lies(asked)} der Börsenpreis im Mittel bei {say.price_both(mean)}."
    spread = (
        f"{when} {_lies(asked)} der Börsenpreis zwischen {say.price(low)} und {say.price(high)}: "
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
