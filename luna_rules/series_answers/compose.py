"""From results to Luna's sentences about series. Each sentence names the results that its numbers come from.

What is missing, substituted, preliminary or simulated is said; negative hours are said with their basis.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from luna_rules.series_answers import compose_meters, compose_prices, say
from luna_rules.series_answers.plan import Plan
from luna_rules.series_answers.proof import unproven
from luna_rules.series_answers.query import Result
from luna_rules.series_answers.spans import BERLIN, Span, day_name
from luna_rules.series_answers.statement import Asked, Statement
from luna_rules.series_answers.subject import Subject

_SUGGESTIONS = (
    "Jede Zahl trägt ihren Beleg; ein Klick rechnet sie nach. Vertrauen ist gut, Nachrechnen ist besser.",
    "Wenn Sie es genau wissen möchten: Der Beleg zeigt Abfrage, Ergebnis und Güte der Werte.",
)
_SUGGESTION_GAPS = "Lesen Sie das Ergebnis mit Vorsicht, bis die fehlenden Werte nachgetragen sind."
_SUGGESTION_NOTHING = "Lesen Sie die Werte dieses Zeitraums ein, dann rechne ich gern nach."


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """What leaves: checked statements, and what was dropped because a number stood in no result."""

    answered: bool
    statements: tuple[Statement, ...]
    suggestion: str
    next_question: str
    dropped: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The first statement."""
        return self.statements[0].text if self.statements else ""


def compose(plan: Plan, subject: Subject, asked: Sequence[Asked]) -> SeriesAnswer:
    """The answer to a plan from what its queries gave."""
    with_values = [one for one in asked if one.results["main"].quality.values]
    if not with_values and plan.measure == "peak" and any(one.results["base"].quality.values for one in asked):
        return _no_peak_hours(asked)
    if not with_values:
        return _nothing(subject, asked)
    writer: Callable[[Plan, Subject, Asked], list[Statement]] = (
        compose_prices.statements if plan.of_market else compose_meters.statements
    )
    comparing: Callable[[Plan, Subject, Asked, Asked], list[Statement]] = (
        compose_prices.comparison if plan.of_market else compose_meters.comparison
    )
    found: list[Statement] = []
    if plan.compare and len(with_values) == 2:
        found += comparing(plan, subject, with_values[0], with_values[1])
    for one in asked:
        if one.results["main"].quality.values:
            found += writer(plan, subject, one)
            found += _quality(subject, one)
        else:
            found.append(_without(subject, one))
    kept, dropped = _checked(found, asked)
    gaps = any(not one.results["main"].quality.complete for one in asked)
    suggestion = _SUGGESTION_GAPS if gaps else _SUGGESTIONS[len(plan.measure) % len(_SUGGESTIONS)]
    return SeriesAnswer(bool(kept), tuple(kept), suggestion, _next(plan, subject, asked[0].span), tuple(dropped))


def _no_peak_hours(asked: Sequence[Asked]) -> SeriesAnswer:
    """Weekends have no peak hours."""
    one = asked[0]
    text = f"{say.capital(one.span.label)} gibt es keine Peak-Stunde: Peak heißt montags bis freitags von 8 bis 20 Uhr."
    base = f"Der Base-Preis lag bei {say.price_both(float(one.results['base'].value('mean')))}."
    rests = ((one.at, "base"),)
    return SeriesAnswer(True, (Statement(text, rests, label=one.span.label), Statement(base, rests)), "", "")


_SMALL = frozenset({"am", "an", "bis", "der", "des", "die", "im", "in", "oder", "seit", "und", "vom", "von", "zum"})


def _as_written(words: str) -> str:
    """A date that was read in lower case, as German writes it."""
    return " ".join(word if word in _SMALL else "KW" if word == "kw" else word.title() for word in words.split())


def impossible(plan: Plan) -> SeriesAnswer:
    """A date was named that no calendar has, or an hour that the change of the clock leaves out."""
    if " Uhr am " in plan.impossible:
        text = (
            f"Die Stunde von {plan.impossible} gab es nicht: Da wurden die Uhren von 2 auf 3 Uhr vorgestellt, "
            "der Tag hatte 23 Stunden."
        )
        return SeriesAnswer(False, (Statement(text, ()),), "Fragen Sie gern nach der Stunde davor oder danach.", "")
    text = f"Ein Datum wie „{_as_written(plan.impossible)}“ kennt mein Kalender nicht; nennen Sie mir gern ein anderes."
    return SeriesAnswer(False, (Statement(text, ()),), "", "")


def no_series(plan: Plan, *, market: bool = False) -> SeriesAnswer:
    """There is no such series at all; `market` where a meter was asked about but the prices are missing."""
    if plan.of_market or market:
        product = f" ({plan.product.title()})" if plan.product and plan.of_market else ""
        text = f"Für den Markt {plan.market}{product} liegen mir noch keine Preise vor."
        return SeriesAnswer(False, (Statement(text, ()),), "Sobald Preise eingelesen sind, antworte ich gern.", "")
    wanted = {
        "voltage": "mit Spannungswerten",
        "production": "mit Werten einer Erzeugung",
    }.get(plan.quantity, "mit Messwerten")
    if plan.measure in ("autarky", "self_use"):
        wanted = "mit Verbrauch und Erzeugung"
    text = f"Einen Zähler {wanted} finde ich bei Ihnen nicht."
    return SeriesAnswer(False, (Statement(text, ()),), "Lesen Sie Messwerte ein, dann rechne ich gern.", "")


def _checked(found: Sequence[Statement], asked: Sequence[Asked]) -> tuple[list[Statement], list[str]]:
    kept: list[Statement] = []
    dropped: list[str] = []
    for statement in found:
        results = [asked[at].results[name] for at, name in statement.rests_on]
        if results and not unproven(statement.bare, results, constants=statement.constants):
            kept.append(statement)
        else:
            dropped.append(statement.text)
    return kept, dropped


def _quality(subject: Subject, one: Asked) -> list[Statement]:
    result: Result = one.results["main"]
    quality = result.quality
    said: list[str] = []
    if not quality.complete and quality.expected_s:
        share = say.percent(quality.covered_s / quality.expected_s)
        said.append(f"Werte liegen nur für {share} dieses Zeitraums vor; für den Rest steht hier keine Zahl")
    if quality.substituted:
        amount = say.number(quality.substituted, 0)
        said.append(f"{amount} der {say.number(quality.values, 0)} Werte sind Ersatzwerte")
    if quality.preliminary:
        amount = say.number(quality.preliminary, 0)
        said.append(f"{amount} der {say.number(quality.values, 0)} Werte sind noch vorläufig")
    if quality.flagged:
        amount = say.number(quality.flagged, 0)
        said.append(f"{amount} der {say.number(quality.values, 0)} Werte sind bei der Prüfung aufgefallen")
    if quality.simulated or subject.simulated:
        said.append("Die Werte sind simuliert")
    rests = ((one.at, "main"),)
    return [Statement(f"{say.capital(text)}.", rests) for text in said]


def _without(subject: Subject, one: Asked) -> Statement:
    text = f"{say.capital(one.span.label)} liegen zu {subject.name} keine Werte vor."
    return Statement(text, ((one.at, "main"),), label=one.span.label)


def _nothing(subject: Subject, asked: Sequence[Asked]) -> SeriesAnswer:
    statements = [_without(subject, one) for one in asked]
    latest = asked[0].results.get("latest")
    moment = latest.moment("last_ts") if latest is not None else None
    if moment is not None:
        text = f"Die letzten Werte sind vom {day_name(moment.astimezone(BERLIN).date())}."
        statements.append(Statement(text, ((asked[0].at, "latest"),)))
    statements, _ = _checked(statements, asked)
    return SeriesAnswer(False, tuple(statements), _SUGGESTION_NOTHING, "")


def _next(plan: Plan, subject: Subject, span: Span) -> str:
    """A question that the same values answer, worded as the asker's own."""
    day = span.first_day
    if plan.of_market:
        if plan.measure == "negative":
            return f"Was war der günstigste Tag {span.label}?"
        if span.grain in ("day", "hour") and plan.measure != "course":
            return f"Erkläre den Preisverlauf vom {day_name(day)}"
        return f"Wie viele Stunden waren die Börsenpreise im Jahr {day.year} negativ?"
    if plan.measure in ("max", "min"):
        return f"Wie hoch war mein Verbrauch {span.label}?"
    return f"Wann war mein Verbrauch {span.label} am höchsten?"


def results_in_order(asked: Sequence[Asked]) -> Mapping[tuple[int, str], Result]:
    """All results by stretch and name."""
    return {(one.at, name): result for one in asked for name, result in one.results.items()}
