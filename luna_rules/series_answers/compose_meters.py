"""Sentences about meters: consumption, production, voltage, autarky."""

from __future__ import annotations

import re
from typing import Any

from luna_rules.series_answers import say
from luna_rules.series_answers.plan import Plan
from luna_rules.series_answers.statement import Asked, Statement
from luna_rules.series_answers.subject import Subject

_NOUNS = {
    "consumption": ("Ihr Verbrauch", "verbraucht"),
    "production": ("Ihre Erzeugung", "erzeugt oder eingespeist"),
    "voltage": ("die Spannung", ""),
}


def statements(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    """What the results of one stretch say."""
    match plan.measure:
        case "autarky" | "self_use":
            return _site(plan, subject, asked)
        case "above" | "below":
            return _counted(plan, subject, asked)
        case "gaps":
            return _gaps(plan, subject, asked)
        case "cost":
            return _cost(plan, subject, asked)
        case "by_meter":
            return _by_meter(plan, subject, asked)
        case "median" | "deviation":
            return _spread_of(plan, subject, asked)
        case _ if plan.now and plan.quantity != "voltage":
            return _present(plan, subject, asked)
        case _ if plan.quantity == "voltage":
            return _voltage(plan, subject, asked)
        case "max" | "min" if plan.per != "interval":
            return _ranked(plan, subject, asked)
        case "max" | "min" | "spread":
            return _extreme(plan, subject, asked)
        case "mean" | "sum" if plan.measure == "mean" or plan.per != "interval":
            return _mean(plan, subject, asked)
        case "course":
            return _course(plan, subject, asked)
        case _:
            return _sum(plan, subject, asked)


def comparison(plan: Plan, subject: Subject, one: Asked, other: Asked) -> list[Statement]:
    """How two stretches differ."""
    first, second = one.results["main"], other.results["main"]
    if "sum_kwh" not in first.columns or "sum_kwh" not in second.columns:
        return []
    a, b = float(first.value("sum_kwh")), float(second.value("sum_kwh"))
    more = "mehr" if b > a else "weniger"
    change = f" ({say.percent(abs((b - a) / a))})" if a else ""
    done = _NOUNS[plan.quantity][1]
    text = (
        f"{say.capital(one.span.label)} waren es {say.energy(a)}, {other.span.label} {say.energy(b)}: "
        f"{say.energy(abs(b - a))} {more}{change} {done}."
    )
    rests = ((one.at, "main"), (other.at, "main"))
    return [Statement(text, rests, label=one.span.label, named=other.span.label)]


def _said(asked: Asked, subject: Subject, text: str, name: str = "main", **more: Any) -> Statement:
    return Statement(text, ((asked.at, name),), label=asked.span.label, named=subject.name, **more)


def _when(plan: Plan, asked: Asked) -> str:
    return f"{asked.span.label}{' ' + plan.narrowed if plan.narrowed else ''}"


def _sum(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    total = float(result.value("sum_kwh"))
    noun, _ = _NOUNS[plan.quantity]
    text = f"{say.capital(noun)} lag {_when(plan, asked)} bei {say.energy(total)} ({subject.name})."
    found = [_said(asked, subject, text)]
    high, at = result.value("max"), result.moment("max_ts")
    if high is not None and at is not None and int(result.value("count")) > 1:
        day = asked.span.grain not in ("day", "hour")
        moment = say.interval(at, subject.interval_s, day=day)
        found.append(_said(asked, subject, f"Am höchsten war die Leistung {moment}: {say.power(float(high))}."))
    return found


def _extreme(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    noun, _ = _NOUNS[plan.quantity]
    found: list[Statement] = []
    wanted = {"max": ("max",), "min": ("min",), "spread": ("max", "min")}[plan.measure]
    for name in wanted:
        value, at = float(result.value(name)), result.moment(f"{name}_ts")
        word = "höchsten" if name == "max" else "niedrigsten"
        moment = say.interval(at, subject.interval_s) if at else ""
        text = (
            f"{say.capital(noun)} war {_when(plan, asked)} am {word} {moment}: {say.power(value)} im Mittel "
            f"dieses Intervalls ({subject.name})."
        )
        found.append(_said(asked, subject, text))
    total = float(result.value("sum_kwh"))
    found.append(_said(asked, subject, f"Insgesamt waren es {asked.span.label} {say.energy(total)}."))
    return found


def _ranked(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    noun, _ = _NOUNS[plan.quantity]
    shown = say.energy if result.columns[1] == "sum_kwh" else say.power
    word = "höchsten" if plan.measure == "max" else "niedrigsten"
    name = say.group(result.rows[0][0], plan.per)
    mean = "" if shown is say.energy else "im Mittel "
    value = shown(float(result.rows[0][1]))
    text = f"{say.capital(noun)} war {_when(plan, asked)} am {word} {name}: {mean}{value} ({subject.name})."
    found = [_said(asked, subject, text)]
    more = result.rows[1 : plan.count or 3]
    rest = [f"{say.group(row[0], plan.per)} ({shown(float(row[1]))})" for row in more]
    if rest:
        word = "folgt" if len(rest) == 1 else "folgen"
        found.append(_said(asked, subject, f"Dahinter {word} {say.listed(rest)}."))
    return found


def _present(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    noun, at = {"production": "Ihre Erzeugung"}.get(plan.quantity, "Ihre Last"), result.moment("last_ts")
    moment = say.interval(at, subject.interval_s) if at else asked.span.label
    text = f"{noun} lag zuletzt, {moment}, bei {say.power(float(result.value('mean')))} ({subject.name})."
    return [_said(asked, subject, text)]


def _cost(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    energy, priced = float(result.value("sum_kwh")), float(result.value("priced_kwh") or 0)
    noun, _ = _NOUNS[plan.quantity]
    when, market = _when(plan, asked), f"{subject.market} {subject.product}"
    cost = result.value("cost_eur")
    if cost is None or not priced:
        text = f"{say.capital(noun)} lag {when} bei {say.energy(energy)}; Preise des Marktes dazu liegen mir nicht vor."
        return [_said(asked, subject, text)]
    verb = "wäre an der Börse wert gewesen" if plan.quantity == "production" else "hätte zu Börsenpreisen gekostet"
    text = f"{say.capital(noun)} {when} von {say.energy(priced)} {verb}: {say.euros(float(cost))} ({subject.name})."
    found = [_said(asked, subject, text)]
    each = f"Das sind im Mittel {say.number(100 * float(cost) / priced)} ct/kWh nach {market}"
    beside = "" if plan.quantity == "production" else ", ohne Netzentgelte, Umlagen, Steuern und Marge des Lieferanten"
    product = tuple(float(digits) for digits in re.findall(r"\d+", subject.product))
    found.append(_said(asked, subject, f"{each}{beside}.", constants=product))
    if energy - priced > 0.005:
        text = f"Für weitere {say.energy(energy - priced)} liegen mir keine Preise vor."
        found.append(_said(asked, subject, text, constants=(energy - priced,)))
    return found


def _by_meter(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    done = _NOUNS[plan.quantity][1]
    each = [
        (name, f"meter {number}", float(asked.results[f"meter {number}"].value("sum_kwh")))
        for number, (name, _) in enumerate(subject.members)
        if asked.results[f"meter {number}"].quality.values
    ]
    if not each:
        return []
    each.sort(key=lambda one: -one[2])
    names = " ".join(name for name, _, _ in each)
    digits = tuple(float(found) for found in re.findall(r"\d+", names))
    name, result, most = each[0]
    text = f"{say.capital(_when(plan, asked))} hat {name} am meisten {done}: {say.energy(most)}."
    found = [_said(asked, subject, text, result, constants=digits)]
    if rest := [f"{name} ({say.energy(value)})" for name, _, value in each[1:6]]:
        rests = tuple((asked.at, result) for _, result, _ in each[1:6])
        word = "folgt" if len(rest) == 1 else "folgen"
        found.append(Statement(f"Dahinter {word} {say.listed(rest)}.", rests, constants=digits))
    if len(each) == 2:
        less = each[0][2] - each[1][2]
        both = tuple((asked.at, result) for _, result, _ in each)
        text = f"Der Unterschied beträgt {say.energy(less)}."
        found.append(Statement(text, both))
    return found


def _spread_of(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    shown = say.volts if plan.quantity == "voltage" else say.power
    what = {"consumption": "der Last", "production": "der Erzeugung", "voltage": "der Spannung"}[plan.quantity]
    median, mean = shown(float(result.value("median"))), shown(float(result.value("mean")))
    text = (
        f"{say.capital(_when(plan, asked))} lag der Median {what} bei {median}, das Mittel bei {mean} ({subject.name})."
    )
    found = [_said(asked, subject, text)]
    if result.value("sd") is not None:
        found.append(_said(asked, subject, f"Die Standardabweichung betrug {shown(float(result.value('sd')))}."))
    return found if plan.measure == "median" else found[::-1]


def _mean(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    noun, _ = _NOUNS[plan.quantity]
    found: list[Statement] = []
    if plan.per in ("1w", "1mo", "1y") and asked.results["per"].rows:
        rows = asked.results["per"].rows
        each = sum(float(row[1]) for row in rows) / len(rows)
        unit = {"1w": "Woche", "1mo": "Monat", "1y": "Jahr"}[plan.per]
        text = f"{say.capital(noun)} lag {_when(plan, asked)} im Schnitt bei {say.energy(each)} je {unit}"
        text += f" ({subject.name})."
        found.append(_said(asked, subject, text, "per"))
        return found
    covered = result.quality.covered_s
    if covered >= 86_400 and plan.clock is None and plan.weekdays is None:
        daily = float(result.value("sum_kwh")) * 86_400 / covered
        text = (
            f"{say.capital(noun)} lag {_when(plan, asked)} im Schnitt bei {say.energy(daily)} am Tag ({subject.name})."
        )
        found.append(_said(asked, subject, text))
    power = say.power(float(result.value("mean")))
    name = "" if found else f" ({subject.name})"
    found.append(
        _said(asked, subject, f"Das entspricht{' ' + _when(plan, asked)} einer mittleren Leistung von {power}{name}.")
    )
    if len(found) == 1:
        text = f"{say.capital(noun)} lag {_when(plan, asked)} im Mittel bei {power} ({subject.name})."
        found = [_said(asked, subject, text)]
    return found


def _course(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    found = _sum(plan, subject, asked)
    result = asked.results["main"]
    mean, low = float(result.value("mean")), float(result.value("min"))
    at = result.moment("min_ts")
    if at is not None and int(result.value("count")) > 1:
        moment = say.interval(at, subject.interval_s, day=asked.span.grain not in ("day", "hour"))
        text = f"Im Mittel waren es {say.power(mean)}, am wenigsten {moment} mit {say.power(low)}."
        found.append(_said(asked, subject, text))
    for name, word in (("dearest", "Am meisten war es"), ("cheapest", "Am wenigsten war es")):
        ranked = asked.results.get(name)
        if ranked is not None and ranked.rows:
            day = say.group(ranked.rows[0][0], "1d")
            text = f"{word} {day} mit {say.energy(float(ranked.rows[0][1]))}."
            found.append(_said(asked, subject, text, name))
    return found


def _counted(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    count, values = int(result.value(plan.measure)), int(result.value("count"))
    word = "über" if plan.measure == "above" else "unter"
    bound = say.volts(plan.threshold or 0) if plan.quantity == "voltage" else say.power(plan.threshold or 0)
    lasting = say.number(count * subject.interval_s / 3_600)
    what = {"consumption": "die Last", "production": "die Erzeugung", "voltage": "die Spannung"}[plan.quantity]
    text = (
        f"{say.capital(_when(plan, asked))} lag {what} in {say.number(count, 0)} von {say.number(values, 0)} "
        f"Intervallen {word} {bound}, zusammen {lasting} Stunden ({subject.name})."
    )
    return [_said(asked, subject, text)]


def _voltage(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    low, high, mean = (float(result.value(name)) for name in ("min", "max", "mean"))
    low_at, high_at = result.moment("min_ts"), result.moment("max_ts")
    when = _when(plan, asked)
    highest = f"am höchsten {say.interval(high_at, subject.interval_s) if high_at else ''} mit {say.volts(high)}"
    lowest = f"am niedrigsten {say.interval(low_at, subject.interval_s) if low_at else ''} mit {say.volts(low)}"
    first, second = (highest, lowest) if plan.measure != "min" else (lowest, highest)
    found = [_said(asked, subject, f"Die Spannung war {when} {first} ({subject.name}).")]
    found.append(_said(asked, subject, f"{say.capital(second)}; im Mittel waren es {say.volts(mean)}."))
    inside = low >= 195.5 and high <= 253
    verdict = "innerhalb" if inside else "nicht durchgehend innerhalb"
    text = (
        f"Die Werte lagen {verdict} von 195,5 bis 253 V (EN 50160); ob die Norm eingehalten ist, zeigen erst "
        "10-Minuten-Mittel einer Woche."
    )
    found.append(_said(asked, subject, text, constants=(195.5, 253.0, 50160.0, 10.0)))
    return found


def _gaps(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    quality = asked.results["main"].quality
    missing = max(0, quality.expected_s - quality.covered_s)
    when = say.capital(_when(plan, asked))
    if quality.complete:
        text = f"{when} liegen zu {subject.name} alle Werte vor: {say.number(quality.values, 0)} an der Zahl."
    else:
        text = (
            f"{when} fehlen zu {subject.name} Werte für zusammen {say.number(missing / 3_600)} Stunden; "
            f"vorhanden sind {say.number(quality.values, 0)} Werte."
        )
    return [_said(asked, subject, text)]


def _site(plan: Plan, subject: Subject, asked: Asked) -> list[Statement]:
    result = asked.results["main"]
    load, generation, own = (float(result.value(name) or 0) for name in ("load_kwh", "generation_kwh", "self_kwh"))
    when = say.capital(_when(plan, asked))
    found: list[Statement] = []
    if load > 0:
        text = f"{when} lag Ihre Autarkie bei {say.percent(own / load)}: {say.energy(own)} von {say.energy(load)} Verbrauch kamen vom eigenen Dach."  # noqa: E501
        found.append(_said(asked, subject, text))
    if generation > 0:
        text = f"Von {say.energy(generation)} Erzeugung haben Sie {say.percent(own / generation)} selbst verbraucht (Eigenverbrauchsquote)."  # noqa: E501
        found.append(_said(asked, subject, text))
    if plan.measure == "self_use":
        found.reverse()
    imported, exported = float(result.value("import_kwh") or 0), float(result.value("export_kwh") or 0)
    text = f"Aus dem Netz kamen {say.energy(imported)}, eingespeist wurden {say.energy(exported)}."
    found.append(_said(asked, subject, text))
    return found
