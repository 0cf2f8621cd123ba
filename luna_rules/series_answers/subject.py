"""The series that a plan speaks of, once it is known which there are; and the queries that answer the plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from luna_rules.series_answers.plan import Plan
from luna_rules.series_answers.query import SELF_USE, Aggregate, Basis, Bucket, Group, SeriesQuery, Term
from luna_rules.series_answers.spans import Span

PEAK_CLOCK = (8 * 60, 20 * 60)
PEAK_DAYS = (0, 1, 2, 3, 4)
_STATS: tuple[Aggregate, ...] = ("mean", "min", "max", "min_ts", "max_ts", "count", "first_ts", "last_ts")
_ENERGY: tuple[Aggregate, ...] = (
    "sum_kwh", "mean", "max", "max_ts", "min", "min_ts", "count", "seconds", "first_ts", "last_ts",
)  # fmt: skip
_COUNTED = ("above", "below")
_COST: tuple[Aggregate, ...] = ("cost_eur", "sum_kwh", "priced_kwh", "count")
_MOST_DAYS = 4_000
_GROUPS: dict[str, Group] = {
    "1h": "1h", "1d": "1d", "1w": "1w", "1mo": "1mo", "1y": "1y", "hour_of_day": "hour_of_day",
    "weekday": "weekday", "month_of_year": "month_of_year",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """A series to be asked: `name` as Luna says it, `interval_s` of its values, `first`/`last` how far it reaches.

    `site` are the series for autarky with their `basis`. Readings with a `market` and `product` are priced by them,
    each price holding for `price_s`. `members` are the meters that are compared, by name.
    """

    source: str
    name: str
    interval_s: int
    terms: tuple[Term, ...] = ()
    market: str = ""
    product: str = ""
    complete: bool = True
    align_s: int = 0
    site: tuple[Term, ...] = ()
    basis: Basis = ""
    first: datetime | None = None
    last: datetime | None = None
    simulated: bool = False
    price_s: int = 0
    members: tuple[tuple[str, Term], ...] = ()

    def query(self, span: Span, **fields: Any) -> SeriesQuery:
        """A query over a stretch; a value whose interval reaches into an hour asked for counts to it."""
        begin, end = span.start, span.end
        if span.grain == "hour" and 900 < self.interval_s <= 86_400:
            begin -= timedelta(seconds=begin.timestamp() % min(self.interval_s, 3_600))
        if self.source == "prices":
            return SeriesQuery(
                "prices", begin, end, market=self.market, product=self.product, interval_s=self.interval_s, **fields
            )
        return SeriesQuery(
            "readings",
            begin,
            end,
            self.terms,
            interval_s=self.interval_s,
            complete=self.complete,
            align_s=self.align_s,
            **fields,
        )

    def everything(self) -> Span | None:
        """All the time for which there are values."""
        if self.first is None or self.last is None:
            return None
        end = self.last + timedelta(seconds=self.interval_s)
        return Span(self.first, end, "im gesamten vorliegenden Zeitraum", "range")

    def latest(self, days: int) -> Span | None:
        """The last days for which there are values."""
        whole = self.everything()
        if whole is None:
            return None
        return replace(whole, start=max(whole.start, whole.end - timedelta(days=days)), label="zuletzt")


def queries(plan: Plan, subject: Subject, span: Span) -> Iterator[tuple[str, SeriesQuery]]:
    """The queries that answer a plan over one stretch, by name; `main` is the one that the answer rests on."""
    narrowed: dict[str, Any] = {"clock": plan.clock, "weekdays": plan.weekdays}
    if plan.measure in ("autarky", "self_use"):
        yield (
            "main",
            SeriesQuery(
                "readings",
                span.start,
                span.end,
                subject.site,
                align_s=max(900, subject.align_s, subject.interval_s if subject.interval_s <= 3600 else 3600),
                aggregates=SELF_USE,
                self_use=subject.basis,
                **narrowed,
            ),
        )
        return
    if plan.measure == "cost":
        priced = subject.query(span, aggregates=_COST, **narrowed)
        yield "main", replace(priced, market=subject.market, product=subject.product, price_s=subject.price_s)
        return
    if plan.measure == "by_meter":
        yield "main", subject.query(span, aggregates=("sum_kwh", "count"), **narrowed)
        for number, (_, term) in enumerate(subject.members):
            alone = replace(subject, terms=(term,), align_s=0, complete=True)
            yield f"meter {number}", alone.query(span, aggregates=("sum_kwh", "max", "max_ts", "count"), **narrowed)
        return
    if plan.of_market:
        yield from _prices(plan, subject, span, narrowed)
    else:
        yield from _readings(plan, subject, span, narrowed)


def _prices(plan: Plan, subject: Subject, span: Span, narrowed: dict[str, Any]) -> Iterator[tuple[str, SeriesQuery]]:
    bucket: Bucket = "1h" if subject.interval_s < 3_600 else "raw"
    if plan.measure == "run":
        yield (
            "main",
            subject.query(
                span, bucket=bucket, aggregates=("negative_run", "negative_run_ts", "negative", "count"), **narrowed
            ),
        )
        return
    if plan.measure == "negative" and plan.per in ("1d", "1w", "1mo", "1y"):
        yield "main", subject.query(
            span, bucket=bucket, group=_GROUPS[plan.per], aggregates=("negative", "min", "count"), order="desc",
            limit=_MOST_DAYS, **narrowed,
        )  # fmt: skip
        return
    if plan.measure == "negative":
        yield "main", subject.query(span, bucket=bucket, aggregates=("negative", "count", "min", "min_ts"), **narrowed)
        if subject.interval_s < 3_600:
            yield "quarters", subject.query(span, aggregates=("negative", "count"), **narrowed)
        return
    if plan.measure in _COUNTED:
        aggregates = (plan.measure, "count")
        yield "main", subject.query(span, bucket=bucket, aggregates=aggregates, threshold=plan.threshold, **narrowed)
        return
    if plan.measure in ("median", "deviation"):
        aggregates = ("median", "sd", "mean", "min", "max", "count")
        yield "main", subject.query(span, bucket=bucket, aggregates=aggregates, **narrowed)
        return
    if plan.measure == "base_peak":
        yield "main", subject.query(span, aggregates=("mean", "count"))
        yield "peak", subject.query(span, clock=PEAK_CLOCK, weekdays=PEAK_DAYS, aggregates=("mean", "count"))
        return
    if plan.together:
        yield "main", subject.query(
            span, bucket="1h", window=plan.together, group="1h", aggregates=("mean", "count"),
            order="desc" if plan.measure == "max" else "asc", limit=1, **narrowed,
        )  # fmt: skip
        return
    if plan.measure == "peak":
        yield "main", subject.query(span, clock=PEAK_CLOCK, weekdays=PEAK_DAYS, aggregates=("mean", "count"))
        yield "base", subject.query(span, aggregates=("mean", "count"))
        return
    if plan.measure == "base":
        yield "main", subject.query(span, aggregates=("mean", "count"))
        return
    if plan.measure in ("max", "min") and plan.per != "interval":
        yield "main", _ranked(plan, subject, span, "mean", narrowed)
        return
    yield "main", subject.query(span, aggregates=_STATS, **narrowed)
    if plan.measure == "course":
        if span.grain in ("day", "hour"):
            week = Span(span.start - timedelta(days=7), span.start, "", "range")
            yield "before", subject.query(week, aggregates=("mean", "count"))
            yield "peak", subject.query(span, clock=PEAK_CLOCK, weekdays=PEAK_DAYS, aggregates=("mean", "count"))
        else:
            yield "dearest", subject.query(span, group="1d", aggregates=("mean",), order="desc", limit=1, **narrowed)
            yield "cheapest", subject.query(span, group="1d", aggregates=("mean",), order="asc", limit=1, **narrowed)
        yield "negative", subject.query(span, bucket=bucket, aggregates=("negative", "count"), **narrowed)


def _readings(plan: Plan, subject: Subject, span: Span, narrowed: dict[str, Any]) -> Iterator[tuple[str, SeriesQuery]]:
    if plan.measure in _COUNTED:
        aggregates = (plan.measure, "count")
        yield "main", subject.query(span, aggregates=aggregates, threshold=plan.threshold, **narrowed)
        return
    energy = plan.quantity != "voltage"
    if plan.measure in ("median", "deviation"):
        aggregates = ("median", "sd", "mean", "min", "max", "count")
        yield "main", subject.query(span, aggregates=aggregates, **narrowed)
        return
    if energy and plan.measure in ("mean", "sum") and plan.per in ("1d", "1w", "1mo", "1y"):
        yield "per", subject.query(span, group=_GROUPS[plan.per], aggregates=("sum_kwh",), limit=_MOST_DAYS, **narrowed)
    if plan.measure in ("max", "min") and plan.per != "interval":
        first: Aggregate = "mean"
        if energy and plan.per in ("1h", "1d", "1w", "1mo", "1y"):
            first = "sum_kwh"
        yield "main", _ranked(plan, subject, span, first, narrowed)
        return
    yield "main", subject.query(span, aggregates=_ENERGY if energy else _STATS, **narrowed)
    if plan.measure == "course" and energy and span.days > 2:
        yield "dearest", subject.query(span, group="1d", aggregates=("sum_kwh",), order="desc", limit=1, **narrowed)
        yield "cheapest", subject.query(span, group="1d", aggregates=("sum_kwh",), order="asc", limit=1, **narrowed)


def _ranked(plan: Plan, subject: Subject, span: Span, first: Aggregate, narrowed: dict[str, Any]) -> SeriesQuery:
    return subject.query(
        span,
        group=_GROUPS[plan.per],
        aggregates=(first, "min", "max", "count"),
        order="desc" if plan.measure == "max" else "asc",
        limit=max(plan.count, 3),
        **narrowed,
    )
