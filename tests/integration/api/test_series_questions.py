"""German questions about prices and meters through `rag/ask`; each expected number is computed here, over the source.

The expectations know nothing of the platform's queries: they are filters and means over the frames of `series_world`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import polars as pl
import pytest

from tests.conftest import Database
from tests.integration.api.series_world import PRICES, World, add_meter, filled, write_correction, write_market

pytestmark = pytest.mark.skipif(not PRICES.is_file(), reason="../shared/data/prices is not here")
DAY = "2024-12-20"
"""The day from which „gestern“ is read, where a question names no other."""
Frame = pl.DataFrame
Expect = Callable[[World], list[str]]


@pytest.fixture(scope="module")
def world(module_database: Database) -> Iterator[World]:
    with filled(module_database) as running:
        yield running


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


YEAR_2022, YEAR_2023, YEAR_2024 = (
    ("2022-01-01", "2023-01-01"),
    ("2023-01-01", "2024-01-01"),
    ("2024-01-01", "2025-01-01"),
)
JUNE_24, DECEMBER_24 = ("2024-06-01", "2024-07-01"), ("2024-12-01", "2025-01-01")

PRICE_QUESTIONS: list[tuple[str, Expect]] = [
    ("Erkläre den Preisverlauf vom 12. Dezember 2024", fixed("936,28 EUR/MWh", "von 17 bis 18 Uhr")),
    ("Wie viele Stunden waren die Preise 2024 negativ?", fixed("457 Stunden", "Stundenpreisen")),
    ("Wie hoch war der Börsenpreis am 12.12.2024 um 17 Uhr in ct/kWh?", fixed("936,28 EUR/MWh", "93,63 ct/kWh")),
    ("Wie viele Stunden waren die Preise 2023 negativ?", fixed("301 Stunden")),
    ("Wie viele Stunden waren 2022 negativ?", fixed("69 Stunden")),
    ("Wie viele negative Stunden gab es im Juli 2024?", negative("2024-07-01", "2024-08-01")),
    ("Wie lange waren die Preise am 1. Mai 2024 negativ?", negative("2024-05-01")),
    ("Was kostete Strom an der Börse am 26. August 2022 im Mittel?", price_mean("2022-08-26")),
    ("Wann war der Börsenpreis 2022 am höchsten?", extreme(*YEAR_2022, most=True)),
    ("Was war der tiefste Preis im Jahr 2023?", extreme(*YEAR_2023, most=False)),
    ("Was ist der höchste je gemessene Börsenpreis?", extreme("2020-01-01", "2025-01-01", most=True)),
    ("Wie hoch war der Durchschnittspreis im dritten Quartal 2023?", price_mean("2023-07-01", "2023-10-01")),
    ("Was war der Mittelwert der Spotpreise im ersten Halbjahr 2022?", price_mean("2022-01-01", "2022-07-01")),
    ("Wie hoch war der Preis zwischen Weihnachten und Neujahr 2023?", price_mean("2023-12-27", "2024-01-01")),
    ("Wie war der Preis zwischen den Jahren 2022?", price_mean("2022-12-27", "2023-01-01")),
    ("Durchschnittspreis in KW 12 2023", price_mean("2023-03-20", "2023-03-27")),
    ("Wie teuer war der Strom in der 12. Kalenderwoche 2024?", price_mean("2024-03-18", "2024-03-25")),
    ("Wie hoch war der Preis vorgestern?", price_mean("2024-12-18")),
    ("Wie hoch war der Börsenpreis gestern?", price_mean("2024-12-19")),
    ("Wie war der Preis letzten Sonntag?", price_mean("2024-12-15")),
    ("Wie war der Strompreis letzte Woche?", price_mean("2024-12-09", "2024-12-16")),
    ("Strompreis letzten Monat", price_mean("2024-11-01", "2024-12-01")),
    ("Wie hoch war der Börsenpreis vor einem Jahr im Mai?", price_mean("2023-05-01", "2023-06-01")),
    ("Wie hoch war der Börsenpreis vor zwei Jahren?", price_mean(*YEAR_2022)),
    ("Was ist der Durchschnittspreis der letzten 12 Monate?", price_mean("2023-12-01", "2024-12-01")),
    ("Wie war der Börsenpreis in den letzten 7 Tagen?", price_mean("2024-12-13", "2024-12-20")),
    ("Wie hoch war der Strompreis im Winter 2022/23?", price_mean("2022-12-01", "2023-03-01")),
    ("Durchschnittspreis im Sommer 2023?", price_mean("2023-06-01", "2023-09-01")),
    ("Wie war der Preis am Ostersonntag 2023?", price_mean("2023-04-09")),
    ("Was kostete der Strom am ersten Weihnachtstag 2023 an der Börse?", price_mean("2023-12-25")),
    ("Wie teuer war Strom an Silvester 2022?", price_mean("2022-12-31")),
    ("Wie verliefen die Spotpreise zwischen 3. und 5. Mai 2024?", price_mean("2024-05-03", "2024-05-06")),
    ("Wie war der Börsenpreis am Tag der Zeitumstellung im Oktober 2023?", price_mean("2023-10-29")),
    ("Wie war der Börsenpreis am Tag der Zeitumstellung im März 2024?", price_mean("2024-03-31")),
    (
        "Wie hoch waren die Preise am 29. Oktober 2023 zwischen 2 und 3 Uhr?",
        lambda w: [eur(mean(hours(during(w.prices, "2023-10-29"), 2, 3)))],
    ),
    (
        "Wie hoch war der Preis am 31. März 2024 um 3 Uhr?",
        lambda w: [eur(mean(hours(during(w.prices, "2024-03-31"), 3, 4)))],
    ),
    (
        "Wie hoch war der mittlere Preis an Werktagen abends 2024?",
        lambda w: [eur(mean(days(hours(during(w.prices, *YEAR_2024), 17, 22), 0, 1, 2, 3, 4)))],
    ),
    (
        "Wie hoch war der Durchschnittspreis werktags zwischen 17 und 20 Uhr im Januar 2024?",
        lambda w: [eur(mean(days(hours(during(w.prices, "2024-01-01", "2024-02-01"), 17, 20), 0, 1, 2, 3, 4)))],
    ),
    (
        "Wie hoch war der mittlere Preis an Sonntagen 2023?",
        lambda w: [eur(mean(days(during(w.prices, *YEAR_2023), 6)))],
    ),
    (
        "Wie hoch war der Peak-Preis 2023?",
        lambda w: [eur(mean(days(hours(during(w.prices, *YEAR_2023), 8, 20), 0, 1, 2, 3, 4)))],
    ),
    ("Wie hoch war der Base-Preis am 12. Dezember 2024?", price_mean("2024-12-12")),
    (
        "Base und Peak im Januar 2024?",
        lambda w: [
            eur(mean(during(w.prices, "2024-01-01", "2024-02-01"))),
            eur(mean(days(hours(during(w.prices, "2024-01-01", "2024-02-01"), 8, 20), 0, 1, 2, 3, 4))),
        ],
    ),
    ("Wie hoch war der Peak-Preis am 14. Dezember 2024?", fixed("keine Peak-Stunde")),
    (
        "Was war der Median der Börsenpreise 2023?",
        lambda w: [eur(float(during(w.prices, *YEAR_2023)["price"].to_frame().median().item()))],
    ),
    (
        "Wie hoch war die Standardabweichung der Preise 2022?",
        lambda w: [eur(float(during(w.prices, *YEAR_2022)["price"].to_numpy().std(ddof=1)))],
    ),
    (
        "Wie viele Stunden lag der Preis im August 2022 über 60 Cent?",
        lambda w: [f"{(during(w.prices, '2022-08-01', '2022-09-01')['price'] > 600).sum()} Stunde"],
    ),
    (
        "In wie vielen Stunden lag der Preis 2024 unter 5 ct/kWh?",
        lambda w: [f"{de(float((during(w.prices, *YEAR_2024)['price'] < 50).sum()), 0)} Stunden", "5,00 ct/kWh"][:1],
    ),
    (
        "Wie viele Stunden über 200 EUR/MWh hatte der Dezember 2022?",
        lambda w: [f"{(during(w.prices, '2022-12-01', '2023-01-01')['price'] > 200).sum()} Stunde"],
    ),
    (
        "An wie vielen Tagen war der Preis 2024 negativ?",
        lambda w: [f"{during(w.prices, *YEAR_2024).filter(pl.col('price') < 0)['local'].dt.date().n_unique()} Tagen"],
    ),
    (
        "In welchem Monat 2024 gab es die meisten negativen Stunden?",
        lambda w: [
            MONTHS[grouped(during(w.prices, *YEAR_2024), "1mo", (pl.col("price") < 0).sum(), most=True)[1].month - 1],
            f"{int(grouped(during(w.prices, *YEAR_2024), '1mo', (pl.col('price') < 0).sum(), most=True)[0])} Stunden",
        ],
    ),
    ("Wie lang war die längste Phase negativer Preise 2024?", longest_run(*YEAR_2024)),
    ("Was waren die fünf teuersten Stunden 2022?", best_hours(*YEAR_2022, 5, most=True)),
    ("Nenne mir die drei günstigsten Tage 2024", best_days(*YEAR_2024, 3, most=False)),
    ("Was war der teuerste Tag 2022?", best_days(*YEAR_2022, 1, most=True)),
    (
        "Welcher Monat war 2021 der günstigste?",
        lambda w: [eur(grouped(during(w.prices, "2021-01-01", "2022-01-01"), "1mo", PRICE_MEAN, most=False)[0])],
    ),
    ("In welchem Jahr war der Strom am teuersten?", price_mean(*YEAR_2022)),
    (
        "War der Juni 2023 günstiger als der Juni 2022?",
        compared(("2023-06-01", "2023-07-01"), ("2022-06-01", "2022-07-01")),
    ),
    ("Um wie viel Prozent war der Strompreis 2023 niedriger als 2022?", compared(YEAR_2023, YEAR_2022)),
    (
        "Vergleiche den Börsenpreis im Mai 2023 mit Mai 2024",
        compared(("2023-05-01", "2023-06-01"), ("2024-05-01", "2024-06-01")),
    ),
    (
        "Wie groß war die Preisspanne am 12. Dezember 2024?",
        lambda w: [
            eur(
                float(
                    during(w.prices, "2024-12-12")["price"].to_numpy().max()
                    - during(w.prices, "2024-12-12")["price"].to_numpy().min()
                )
            )
        ],
    ),
    (
        "Zu welcher Uhrzeit war der Strom 2024 am günstigsten?",
        lambda w: [
            eur(
                float(
                    during(w.prices, *YEAR_2024)
                    .group_by(pl.col("local").dt.hour())
                    .agg(PRICE_MEAN)["price"]
                    .to_numpy()
                    .min()
                )
            )
        ],
    ),
    (
        "An welchem Wochentag war der Preis 2024 am höchsten?",
        lambda w: [
            eur(
                float(
                    during(w.prices, *YEAR_2024)
                    .group_by(pl.col("local").dt.weekday())
                    .agg(PRICE_MEAN)["price"]
                    .to_numpy()
                    .max()
                )
            )
        ],
    ),
    (
        "Wie hoch war der Strompreis am 12. Dezember 2024 abends?",
        lambda w: [eur(mean(hours(during(w.prices, "2024-12-12"), 17, 22)))],
    ),
    (
        "Gib mir den Strompreis für den 1.1.2023 0 Uhr",
        lambda w: [eur(mean(hours(during(w.prices, "2023-01-01"), 0, 1)))],
    ),
    ("Wie viele negative Stunden hatten wir in den letzten 30 Tagen?", negative("2024-11-20", "2024-12-20")),
]
METER_QUESTIONS: list[tuple[str, Expect]] = [
    ("Wie hoch war der Verbrauch von haus-1 im dritten Quartal 2024?", used("haus-1", "2024-07-01", "2024-10-01")),
    ("Wie viel Strom hat haus-1 vorgestern verbraucht?", used("haus-1", "2024-12-18")),
    ("Wie hoch war der Verbrauch von haus-1 in KW 12?", used("haus-1", "2024-03-18", "2024-03-25")),
    ("Wie viel verbrauchte haus-1 zwischen Weihnachten und Neujahr?", used("haus-1", "2023-12-27", "2024-01-01")),
    ("Wie viel Strom hat haus-1 am 27. Oktober 2024 verbraucht?", used("haus-1", "2024-10-27")),
    ("Wie viel Strom hat haus-1 am 31. März 2024 verbraucht?", used("haus-1", "2024-03-31")),
    (
        "Wie viel hat haus-1 am 27. Oktober 2024 zwischen 2 und 3 Uhr verbraucht?",
        lambda w: [kwh(energy(hours(during(w.meters["haus-1"], "2024-10-27"), 2, 3)))],
    ),
    (
        "Wie viel verbrauchte haus-1 an Werktagen abends im Oktober?",
        lambda w: [
            kwh(energy(days(hours(during(w.meters["haus-1"], "2024-10-01", "2024-11-01"), 17, 22), 0, 1, 2, 3, 4)))
        ],
    ),
    ("Wie viel Strom habe ich im Oktober verbraucht?", both("2024-10-01", "2024-11-01")),
    ("Wie viel haben haus-1 und haus-2 zusammen im Juni 2024 verbraucht?", both(*JUNE_24)),
    ("Wann war mein Verbrauch letzte Woche am höchsten?", lambda w: ["12. Dezember 2024", "von 17 bis 18 Uhr"]),
    (
        "Wann war der Verbrauch von haus-1 letzte Woche am höchsten?",
        lambda w: [kw(9.75), at(top(during(w.meters["haus-1"], "2024-12-09", "2024-12-16"), "power")[1], 900)],
    ),
    (
        "An welchem Tag hat haus-1 im Juni 2024 am meisten verbraucht?",
        lambda w: [
            kwh(grouped(during(w.meters["haus-1"], *JUNE_24), "1d", SUM_KWH, most=True)[0]),
            day_of(grouped(during(w.meters["haus-1"], *JUNE_24), "1d", SUM_KWH, most=True)[1]),
        ],
    ),
    (
        "In welchem Monat hat haus-1 2024 am wenigsten verbraucht?",
        lambda w: [kwh(grouped(during(w.meters["haus-1"], *YEAR_2024), "1mo", SUM_KWH, most=False)[0])],
    ),
    (
        "Wie hoch war der Verbrauch von haus-1 im Schnitt pro Monat 2023?",
        lambda w: [kwh(energy(during(w.meters["haus-1"], *YEAR_2023)) / 12) + " je Monat"],
    ),
    (
        "Wie hoch war der durchschnittliche Tagesverbrauch von haus-1 im Juni 2024?",
        lambda w: [kwh(energy(during(w.meters["haus-1"], *JUNE_24)) / 30)],
    ),
    (
        "Hat haus-1 im Mai 2024 mehr Strom verbraucht als im Mai 2023?",
        used_compared(("2024-05-01", "2024-06-01"), ("2023-05-01", "2023-06-01")),
    ),
    (
        "Vergleiche den Verbrauch von haus-1 im Januar 2024 mit dem Vorjahr",
        used_compared(("2024-01-01", "2024-02-01"), ("2023-01-01", "2023-02-01")),
    ),
    (
        "Vergleiche den Verbrauch von haus-1 und haus-2 im Juni 2024",
        lambda w: [kwh(energy(during(w.meters[one], *JUNE_24))) for one in ("haus-1", "haus-2")],
    ),
    (
        "Welcher Zähler hat im Juni 2024 am meisten verbraucht?",
        lambda w: [kwh(max(energy(during(w.meters[one], *JUNE_24)) for one in ("haus-1", "haus-2")))],
    ),
    (
        "Was hat der Verbrauch von haus-1 im November 2024 zu Börsenpreisen gekostet?",
        cost("haus-1", "2024-11-01", "2024-12-01"),
    ),
    ("Was hätte der Verbrauch von haus-1 am 12. Dezember 2024 zum Spotpreis gekostet?", cost("haus-1", "2024-12-12")),
    ("Wie teuer war der Strom von haus-2 im Oktober 2024 an der Börse?", cost("haus-2", "2024-10-01", "2024-11-01")),
    ("Wie viel kWh hat die PV-Anlage pv-1 2024 erzeugt?", used("pv-1", *YEAR_2024)),
    ("Wie viel Solarstrom habe ich im Juli 2024 erzeugt?", used("pv-1", "2024-07-01", "2024-08-01")),
    (
        "An welchem Tag hat pv-1 2023 am meisten erzeugt?",
        lambda w: [day_of(grouped(during(w.meters["pv-1"], *YEAR_2023), "1d", SUM_KWH, most=True)[1])],
    ),
    ("Wie hoch war mein Autarkiegrad im Juli 2024?", site("2024-07-01", "2024-08-01", "autarky")),
    (
        "Wie viel Prozent meines Solarstroms habe ich im Juli 2024 selbst genutzt?",
        site("2024-07-01", "2024-08-01", "own"),
    ),
    (
        "Wie hoch war die Spannung an haus-1 gestern maximal?",
        lambda w: [f"{de(top(during(w.meters['haus-1'], '2024-12-19'), 'voltage')[0], 1)} V"],
    ),
    ("War die Spannung an haus-1 im Juni 2024 immer im erlaubten Bereich?", fixed("254,2 V", "nicht durchgehend")),
    ("Wie oft war die Spannung an haus-1 im Juni 2024 über 250 V?", fixed("in 2 von")),
    ("Fehlen Werte bei haus-1 am 10. März 2024?", fixed("91,7 %")),
    (
        "Wie viel hat haus-1 am 10. März 2024 verbraucht?",
        lambda w: [*used("haus-1", "2024-03-10")(w), "Werte liegen nur für 91,7 % dieses Zeitraums vor"],
    ),
    (
        "Wie viel hat haus-1 am 5. Mai 2024 verbraucht?",
        lambda w: [*used("haus-1", "2024-05-05")(w), "12 der 96 Werte sind Ersatzwerte"],
    ),
    ("Wie oft lag die Last von haus-1 letzte Woche über 5 kW?", fixed("in 4 von 672 Intervallen", "1,00 Stunden")),
]
TOMORROW_QUESTIONS: list[tuple[str, Expect]] = [
    ("Welche drei Stunden sind morgen am günstigsten?", best_hours("2024-12-12", "2024-12-13", 3, most=False)),
    ("Wann sind morgen die günstigsten Stunden?", best_hours("2024-12-12", "2024-12-13", 3, most=False)),
    ("Wann ist der Strom morgen am billigsten?", extreme("2024-12-12", "2024-12-13", most=False)),
    ("Welche zusammenhängenden drei Stunden sind morgen am günstigsten?", in_a_row("2024-12-12", 3)),
    ("Wann kann ich morgen vier Stunden am Stück am billigsten laden?", in_a_row("2024-12-12", 4)),
    (
        "Was kostet der Strom morgen früh an der Börse?",
        lambda w: [eur(mean(hours(during(w.prices, "2024-12-12"), 6, 9)))],
    ),
    ("Wie hoch ist der Börsenpreis heute Abend?", lambda w: [eur(mean(hours(during(w.prices, "2024-12-11"), 17, 22)))]),
]
ALL = [
    *((question, DAY, expect) for question, expect in [*PRICE_QUESTIONS, *METER_QUESTIONS]),
    *((question, "2024-12-11", expect) for question, expect in TOMORROW_QUESTIONS),
]


def ask(client: httpx.Client, question: str, day: str | None = DAY, **more: object) -> dict[str, object]:
    body = {"question": question, **({"as_of": day} if day else {}), **more}
    response = client.post("/rag/ask", json=body)
    assert response.status_code == 200, response.text[:400]
    found = response.json()["data"]
    assert isinstance(found, dict)
    return found


def plain(answer: object) -> str:
    """The answer without its marks."""
    return re.sub(r"\s*\[receipt [0-9a-f-]{36}\]", "", str(answer))


def test_there_are_more_than_a_hundred_questions() -> None:
    assert len({question for question, _, _ in ALL}) > 100


@pytest.mark.parametrize(("question", "day", "expect"), ALL, ids=[question for question, _, _ in ALL])
def test_each_number_is_the_one_computed_beside(world: World, question: str, day: str, expect: Expect) -> None:
    with world.api.admin() as client:
        found = ask(client, question, day)
    said = plain(found["answer"])
    assert found["mode"] == "series", said
    assert found["answered"], said
    for part in expect(world):
        assert part in said, f"„{part}“ does not stand in: {said}"
    marks = set(re.findall(r"\[receipt ([0-9a-f-]{36})\]", str(found["answer"])))
    receipts = found["receipts"]
    assert isinstance(receipts, list)
    assert marks == {receipt["receipt_id"] for receipt in receipts}
    assert all(sentence.count("[receipt ") for sentence in str(found["answer"]).split("\n\n"))


def chain(client: httpx.Client, *questions: str, day: str = DAY) -> list[str]:
    """The answers of one conversation."""
    first = ask(client, questions[0], day)
    conversation = first["conversation_id"]
    rest = [ask(client, question, day, conversation_id=conversation) for question in questions[1:]]
    return [plain(found["answer"]) for found in [first, *rest]]


def test_a_follow_up_keeps_what_was_asked_and_changes_the_time(world: World) -> None:
    def hours_below(year: str) -> str:
        frame = during(world.prices, f"{year}-01-01", f"{int(year) + 1}-01-01")
        return f"{de(float((frame['price'] < 0).sum()), 0)} Stunden"

    with world.api.user() as client:
        said = chain(
            client,
            "Wie viele Stunden waren die Preise 2024 negativ?",
            "Und im Jahr davor?",
            "Und 2020?",
            "Und im Jahr danach?",
        )
    for answer, year in zip(said, ("2024", "2023", "2020", "2021"), strict=True):
        assert hours_below(year) in answer
        assert f"Jahr {year}" in answer


def test_a_follow_up_in_the_year_of_what_was_asked_and_of_another_meter(world: World) -> None:
    house, other = world.meters["haus-1"], world.meters["haus-2"]
    with world.api.user() as client:
        said = chain(
            client,
            "Wie viel hat haus-1 im März 2023 verbraucht?",
            "Und im April?",
            "Und im Jahr danach?",
            "Und haus-2?",
        )
    assert kwh(energy(during(house, "2023-03-01", "2023-04-01"))) in said[0]
    assert kwh(energy(during(house, "2023-04-01", "2023-05-01"))) in said[1]
    assert kwh(energy(during(house, "2024-04-01", "2024-05-01"))) in said[2]
    assert kwh(energy(during(other, "2024-04-01", "2024-05-01"))) in said[3]


def test_the_question_that_an_answer_offers_can_be_accepted(world: World) -> None:
    with world.api.user() as client:
        first = ask(client, "Was war der höchste Preis am 12. Dezember 2024?")
        second = ask(client, "Ja, bitte", conversation_id=first["conversation_id"])
        alone = ask(client, str(first["next_question"]))
    assert plain(second["answer"]) == plain(alone["answer"])
    assert second["mode"] == "series"


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Wie hoch war der Preis am 31. März 2024 um 2 Uhr?", "von 2 auf 3 Uhr vorgestellt"),
        ("Wie hoch war der Preis am 30. Februar 2024?", "30. Februar"),
        ("Wie hoch war der Preis im Mai 2019?", "keine Werte"),
        ("Wie hoch war der EEX-Preis letzte Woche?", "Für den Markt EEX"),
        ("Wie hoch war der Intraday-Preis gestern?", "Intraday"),
        ("Wie hoch war der Verbrauch von haus-2 im Mai 2023?", "keine Werte"),
    ],
)
def test_what_cannot_be_said_is_said_openly(world: World, question: str, part: str) -> None:
    with world.api.admin() as client:
        found = ask(client, question)
    assert found["mode"] == "series"
    assert found["answered"] is False
    assert part in plain(found["answer"])


def test_without_any_data_luna_says_what_to_do(world: World) -> None:
    with world.api.admin(world.api.tenant()) as client:
        found = ask(client, "Wie hoch war mein Verbrauch gestern?")
    assert found["mode"] == "series"
    assert "finde ich bei Ihnen nicht" in str(found["answer"])
    assert "Lesen Sie Messwerte ein" in str(found["suggestion"])


def test_the_stream_carries_the_same_sentences_with_their_receipts(world: World) -> None:
    question = "Erkläre den Preisverlauf vom 12. Dezember 2024"
    with world.api.admin() as client:
        whole = ask(client, question)
        with client.stream("POST", "/rag/ask", json={"question": question, "stream": True, "as_of": DAY}) as response:
            assert response.status_code == 200
            text = "".join(response.iter_text())
    events = re.findall(r"event: (\w+)\r?\ndata: (.*?)\r?\n\r?\n", text)
    sentences = [json.loads(data) for name, data in events if name == "sentence"]
    assert [plain(one["text"]) for one in sentences] == plain(whole["answer"]).split("\n\n")
    assert all(one["receipts"] for one in sentences)
    assert events[0][0] == "meta"
    assert events[-1][0] == "done"


def test_every_receipt_runs_again_and_tells_when_the_data_has_changed(world: World) -> None:
    # A tenant of its own: what is corrected here must not change what the other questions expect.
    tenant = world.api.tenant()
    day = during(world.meters["haus-1"], "2023-02-01")
    add_meter(world, "haus-1", day, tenant)
    question = "Wie viel hat haus-1 am 1. Februar 2023 verbraucht?"
    with world.api.admin(tenant) as client:
        found = ask(client, question)
        assert kwh(energy(day)) in plain(found["answer"])
        receipts = found["receipts"]
        assert isinstance(receipts, list)
        assert receipts
        for receipt in receipts:
            assert receipt["query"].startswith("WITH")
            assert receipt["parameters"]["meters"] == ["haus-1"]
            assert receipt["quality"]["covered_s"] == 86_400
            again = client.post(f"/receipts/{receipt['receipt_id']}/rerun").json()["data"]
            assert again["same"] is True
            assert again["changed_since"] is False
            assert again["result_sha256"] == receipt["result_sha256"]
        more = day.with_columns(pl.col("power") + 1)
        write_correction(world, more, tenant)
        again = client.post(f"/receipts/{receipts[0]['receipt_id']}/rerun").json()["data"]
        assert again["same"] is True, "as of its time the values are those of then"
        assert again["changed_since"] is True
        assert kwh(energy(more)) in plain(ask(client, question)["answer"])


def test_since_october_2025_the_auction_is_one_of_quarter_hours_and_hours_are_their_means(world: World) -> None:
    sample = PRICES.parent / "api_samples" / "energy-charts" / "price_DE-LU_2025-10-01.json"
    raw = json.loads(sample.read_text("utf-8"))
    begin = datetime(2025, 9, 30, 22, tzinfo=UTC)
    kept = [
        (datetime.fromtimestamp(moment, UTC), price)
        for moment, price in zip(raw["unix_seconds"], raw["price"], strict=True)
        if 0 <= (datetime.fromtimestamp(moment, UTC) - begin).total_seconds() < 86_400
    ]
    assert len(kept) == 96
    write_market(world, "DE-LU-15MIN", kept)
    values = [price for _, price in kept]
    means = [sum(values[at : at + 4]) / 4 for at in range(0, 96, 4)]
    with world.api.admin() as client:
        found = client.get(
            "/data/market",
            params={"market": "EPEX", "product": "DE-LU-15MIN", "from": "2025-10-01", "to": "2025-10-02",
                    "resolution": "1h"},
        ).json()["data"]  # fmt: skip
        answer = ask(client, "Wie hoch war der Börsenpreis am 1. Oktober 2025?", "2025-11-01")
        counted = ask(client, "Wie viele Stunden waren die Preise am 1. Oktober 2025 über 100 EUR/MWh?", "2025-11-01")
    assert found["price_eur_mwh"] == pytest.approx(means, abs=0.005)
    said = plain(answer["answer"])
    assert eur(sum(values) / 96) in said
    assert eur(max(values)) in said
    assert f"{sum(mean > 100 for mean in means)} Stunden von 24 Stunden" in plain(counted["answer"])
    assert "nach Stundenmitteln" in plain(counted["answer"])
