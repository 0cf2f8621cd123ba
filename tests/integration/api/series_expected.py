"""What an answer about prices and meters must say, computed over the frames of `series_world`.

They know nothing of the platform's queries: filters and means over the source, written as Luna writes numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import polars as pl

from tests.integration.api.series_world import World

Frame = pl.DataFrame
Expect = Callable[[World], list[str]]


def de(value: float, decimals: int = 2) -> str:
    """As Luna writes a number."""
    return f"{value:,.{decimals}f}".translate(str.maketrans({",": ".", ".": ",", "-": "−"}))


def kwh(value: float) -> str:
    return f"{de(value, 2 if value < 100 else 1 if value < 10_000 else 0)} kWh"


def kw(value: float) -> str:
    return f"{de(value, 3 if value < 1 else 2)} kW"


def eur(value: float) -> str:
    return f"{de(value)} EUR/MWh"


def during(frame: Frame, begin: str, end: str | None = None) -> Frame:
    """The rows of the local days from `begin` to before `end` (one day where there is none)."""
    first = date.fromisoformat(begin)
    last = date.fromisoformat(end) if end else first + timedelta(days=1)
    day = pl.col("local").dt.date()
    return frame.filter((day >= first) & (day < last))


def hours(frame: Frame, first: int, last: int) -> Frame:
    return frame.filter(pl.col("local").dt.hour().is_between(first, last - 1))


def days(frame: Frame, *weekdays: int) -> Frame:
    """Monday is 0."""
    return frame.filter((pl.col("local").dt.weekday() - 1).is_in(weekdays))


def mean(frame: Frame, column: str = "price") -> float:
    return float(frame[column].to_numpy().mean())


def energy(frame: Frame) -> float:
    return float((frame["power"] * frame["interval_s"]).sum()) / 3_600


def top(frame: Frame, column: str = "price", *, most: bool = True) -> tuple[float, datetime]:
    row = frame.sort(column, descending=most, maintain_order=True).row(0, named=True)
    return float(row[column]), row["local"]


def at(moment: datetime, interval_s: int = 3_600) -> str:
    """`12. Dezember 2024 von 17 bis 18 Uhr`."""
    end = moment + timedelta(seconds=interval_s)

    def clock(one: datetime) -> str:
        return f"{one.hour}:{one.minute:02d}" if one.minute else str(one.hour)

    return f"{day_of(moment)} von {clock(moment)} bis {'24' if clock(end) == '0' else clock(end)} Uhr"


MONTHS = [
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
]  # fmt: skip


def day_of(moment: datetime | date) -> str:
    return f"{moment.day}. {MONTHS[moment.month - 1]} {moment.year}"


def grouped(frame: Frame, every: str, value: pl.Expr, *, most: bool) -> tuple[float, datetime]:
    found = frame.group_by(pl.col("local").dt.truncate(every).alias("start")).agg(value.alias("value"))
    row = found.sort("value", descending=most).row(0)
    return float(row[1]), row[0]


PRICE_MEAN = pl.col("price").mean()
SUM_KWH = (pl.col("power") * pl.col("interval_s")).sum() / 3_600


def p(begin: str, end: str | None = None) -> Callable[[World], Frame]:
    return lambda world: during(world.prices, begin, end)


def m(meter: str, begin: str, end: str | None = None) -> Callable[[World], Frame]:
    return lambda world: during(world.meters[meter], begin, end)


def price_mean(begin: str, end: str | None = None) -> Expect:
    return lambda world: [eur(mean(p(begin, end)(world)))]


def used(meter: str, begin: str, end: str | None = None) -> Expect:
    return lambda world: [kwh(energy(m(meter, begin, end)(world)))]


def both(begin: str, end: str | None = None) -> Expect:
    return lambda world: [kwh(sum(energy(m(one, begin, end)(world)) for one in ("haus-1", "haus-2")))]


def extreme(begin: str, end: str, *, most: bool) -> Expect:
    def told(world: World) -> list[str]:
        value, moment = top(p(begin, end)(world), most=most)
        return [eur(value), at(moment)]

    return told


def negative(begin: str, end: str | None = None) -> Expect:
    return lambda world: [f"{de(float((p(begin, end)(world)['price'] < 0).sum()), 0)} Stunde"]


def fixed(*parts: str) -> Expect:
    return lambda _: list(parts)


def compared(one: tuple[str, str], other: tuple[str, str]) -> Expect:
    def told(world: World) -> list[str]:
        a, b = mean(p(*one)(world)), mean(p(*other)(world))
        return [eur(a), eur(b), eur(abs(a - b)), f"{de(100 * abs(b - a) / a, 1)} %"]

    return told


def used_compared(one: tuple[str, str], other: tuple[str, str]) -> Expect:
    def told(world: World) -> list[str]:
        a, b = energy(m("haus-1", *one)(world)), energy(m("haus-1", *other)(world))
        return [kwh(a), kwh(b), kwh(abs(a - b))]

    return told


def cost(meter: str, begin: str, end: str | None = None) -> Expect:
    def told(world: World) -> list[str]:
        used = m(meter, begin, end)(world).with_columns(pl.col("ts").dt.truncate("1h").alias("hour"))
        joined = used.join(world.prices.select(pl.col("ts").alias("hour"), "price"), on="hour", how="inner")
        assert joined.height == used.height
        amount = float((joined["power"] * joined["interval_s"] * joined["price"]).sum()) / 3.6e6
        return [f"{de(amount)} EUR", kwh(energy(used)), f"{de(100 * amount / energy(used))} ct/kWh", "simuliert"][:3]

    return told


def best_days(begin: str, end: str, count: int, *, most: bool) -> Expect:
    def told(world: World) -> list[str]:
        found = (
            p(begin, end)(world)
            .group_by(pl.col("local").dt.date().alias("day"))
            .agg(PRICE_MEAN)
            .sort("price", descending=most)
        )
        return [part for day, price in found.head(count).iter_rows() for part in (day_of(day), eur(price))]

    return told


def best_hours(begin: str, end: str, count: int, *, most: bool) -> Expect:
    def told(world: World) -> list[str]:
        found = p(begin, end)(world).sort("price", descending=most, maintain_order=True).head(count)
        return [part for row in found.iter_rows(named=True) for part in (at(row["local"]), eur(row["price"]))]

    return told


def in_a_row(begin: str, count: int) -> Expect:
    def told(world: World) -> list[str]:
        found = p(begin)(world).with_columns(pl.col("price").rolling_mean(count).alias("mean")).drop_nulls("mean")
        value, last = top(found, "mean", most=False)
        return [eur(value), at(last - timedelta(hours=count - 1), count * 3_600)]

    return told


def longest_run(begin: str, end: str) -> Expect:
    def told(world: World) -> list[str]:
        longest = now = 0
        for price in p(begin, end)(world)["price"]:
            now = now + 1 if price < 0 else 0
            longest = max(longest, now)
        return [f"{longest} Stunden am Stück"]

    return told


def site(begin: str, end: str, wanted: str) -> Expect:
    def told(world: World) -> list[str]:
        load, plant = m("haus-1", begin, end)(world), m("pv-1", begin, end)(world)
        joined = load.join(plant, on="ts", suffix="_pv")
        own = float(pl.DataFrame({"a": joined["power"], "b": joined["power_pv"]}).min_horizontal().sum()) / 4
        whole = float(joined["power" if wanted == "autarky" else "power_pv"].sum()) / 4
        return [f"{de(100 * own / whole, 1)} %"]

    return told
