"""German questions about prices and meters, each with what its answer must say and the day it is asked on."""

from __future__ import annotations

import polars as pl

from tests.integration.api.series_expected import (
    MONTHS,
    PRICE_MEAN,
    SUM_KWH,
    Expect,
    at,
    best_days,
    best_hours,
    both,
    compared,
    cost,
    day_of,
    days,
    de,
    during,
    energy,
    eur,
    extreme,
    fixed,
    grouped,
    hours,
    in_a_row,
    kw,
    kwh,
    longest_run,
    mean,
    negative,
    price_mean,
    site,
    top,
    used,
    used_compared,
)

DAY = "2024-12-20"
"""The day from which „gestern“ is read, where a question names no other."""
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
