"""The check between sentences about series and the reader: each number must stand in the results that are cited.

A number stands there if a figure of a result, or what plainly follows from it (another unit, a difference, a share),
rounds to it; dates and hours follow from the query's stretch and from the times in the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from luna_rules.series_answers.query import Result
from luna_rules.series_answers.spans import BERLIN

_NUMBER = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+(?:,\d+)?")
_CONSTANTS = frozenset((0.0, 8.0, 20.0, 24.0, 15.0, 60.0))
"""What definitions are made of: Base is 0 to 24 o'clock, Peak 8 to 20, values of 15 or 60 minutes."""


def unproven(sentence: str, results: Sequence[Result], *, constants: Iterable[float] = ()) -> tuple[str, ...]:
    """The numbers of a sentence that stand in none of the results; empty for a sentence that may leave."""
    figures = [*_figures(results), *constants]
    known = {*_CONSTANTS, *_moments(results)}
    return tuple(
        written
        for written in _NUMBER.findall(sentence)
        if not _stands(written, known) and not _rounds(written, figures)
    )


def _value(written: str) -> tuple[float, int]:
    decimals = len(written.split(",")[1]) if "," in written else 0
    return float(written.replace(".", "").replace(",", ".")), decimals


def _stands(written: str, known: set[float]) -> bool:
    value, decimals = _value(written)
    return decimals == 0 and value in known


def _rounds(written: str, figures: Sequence[float]) -> bool:
    value, decimals = _value(written)
    half = 0.5 * 10**-decimals * (1 + 1e-9)
    return any(abs(abs(figure) - value) <= half for figure in figures)


def _figures(results: Sequence[Result]) -> Iterator[float]:
    for result in results:
        cells = [float(cell) for row in result.rows for cell in row if isinstance(cell, int | float)]
        quality = result.quality
        yield from cells
        yield from (cell / 10 for cell in cells)
        yield from (cell * result.query.interval_s / 3_600 for cell in cells)
        yield float(quality.values)
        yield float(quality.substituted)
        yield float(quality.preliminary)
        yield float(quality.flagged)
        yield quality.covered_s / 3_600
        yield (quality.expected_s - quality.covered_s) / 3_600
        if quality.expected_s:
            yield 100 * quality.covered_s / quality.expected_s
        if result.query.threshold is not None:
            yield abs(result.query.threshold)
            yield abs(result.query.threshold) / 10
        if {"min", "max"} <= set(result.columns) and result.rows and result.value("max") is not None:
            yield float(result.value("max")) - float(result.value("min"))
        if {"cost_eur", "priced_kwh"} <= set(result.columns) and result.rows and result.value("priced_kwh"):
            yield 100 * float(result.value("cost_eur") or 0) / float(result.value("priced_kwh"))
        if "sum_kwh" in result.columns and len(result.rows) > 1:
            yield sum(float(row[result.columns.index("sum_kwh")] or 0) for row in result.rows) / len(result.rows)
        if result.query.self_use and result.rows:
            yield from _shares(result)
        if "sum_kwh" in result.columns and result.rows and quality.covered_s:
            total = result.value("sum_kwh")
            if total is not None:
                yield float(total) * 86_400 / quality.covered_s
    for one, other in pairwise(results):
        yield from _differences(one, other)


def _shares(result: Result) -> Iterator[float]:
    own = float(result.value("self_kwh") or 0)
    for name in ("load_kwh", "generation_kwh"):
        whole = float(result.value(name) or 0)
        if whole > 0:
            yield 100 * own / whole


def _differences(one: Result, other: Result) -> Iterator[float]:
    for name in one.columns:
        if name not in other.columns or not one.rows or not other.rows:
            continue
        first, second = one.value(name), other.value(name)
        if isinstance(first, int | float) and isinstance(second, int | float):
            yield first - second
            yield (first - second) / 10
            for whole in (first, second):
                if whole:
                    yield 100 * (first - second) / whole
    for result in (one, other):
        if not result.query.self_use:
            continue
        yield from (a - b for a in _shares(one) for b in _shares(other))
        break


def _moments(results: Sequence[Result]) -> Iterator[float]:
    for result in results:
        query = result.query
        moments = [query.begin, query.end, query.end - timedelta(microseconds=1), result.as_of]
        moments += [moment for moment in (result.quality.first, result.quality.last) if moment is not None]
        for row in result.rows:
            for cell in row:
                if isinstance(cell, str):
                    moments.append(datetime.fromisoformat(cell))
                elif isinstance(cell, int) and query.group in ("hour_of_day", "month_of_year"):
                    yield float(cell)
                    yield float(cell + 1)
        for moment in moments:
            yield from _parts(moment)
            yield from _parts(moment + timedelta(seconds=query.interval_s))
            yield from _parts(moment + timedelta(hours=1))
        if query.clock is not None:
            for minute in query.clock:
                yield float(minute // 60)
                yield float(minute % 60)


def _parts(moment: datetime) -> Iterator[float]:
    local = moment.astimezone(BERLIN)
    yield from (float(local.day), float(local.year), float(local.year % 100), float(local.hour), float(local.minute))
    yield float(local.isocalendar().week)
    yield float((local.month + 2) // 3)
    yield float((local.month + 5) // 6)
