"""Which day's law a question asks for."""

from __future__ import annotations

import datetime as dt

import pytest

from luna_rules.search.when import asked_day, without_day

TODAY = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("question", "day"),
    [
        ("Was galt 2022 zur EEG-Umlage?", "2022-12-31"),
        ("Was galt im Jahr 2021 für die EEG-Umlage?", "2021-12-31"),
        ("Wie hoch war die Grenze nach dem Stand vom 1.1.2023?", "2023-01-01"),
        ("§ 14a EnWG, Stand 31.12.2021", "2021-12-31"),
        ("Was regelt § 14a EnWG in der Fassung vom 1. Januar 2023?", "2023-01-01"),
        ("Welche Fassung des EnWG vom 2023-01-01 kennt die Netzreserve?", "2023-01-01"),
        ("Welche Regel galt für den Netzanschluss am 31.12.2021?", "2021-12-31"),
        ("Was sagte das am 1.1.2023 geltende EEG zur Vergütung?", "2023-01-01"),
        ("Rechtslage im Februar 2024: Wer zahlt den Anschluss?", "2024-02-29"),
        ("Was gilt am 1.1.2027 für Speicher?", "2027-01-01"),
        ("Was galt 2026 für Speicher?", "2026-11-21"),
        ("2021 galt welche Umlage?", "2021-12-31"),
        ("Was regelte 2024 § 4 StromNZV zu Bilanzkreisen?", "2024-12-31"),
        ("Was verlangte das GEG am 1.7.2026 von Heizungen?", "2026-07-01"),
        ("Wer musste 2022 die Umlage zahlen?", "2022-12-31"),
        ("Which levy applied in 2022?", "2022-12-31"),
        ("What does the EEG say as of 1. Januar 2023?", "2023-01-01"),
    ],
)
def test_days_that_are_asked_for(question: str, day: str) -> None:
    assert asked_day(question, TODAY) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    "question",
    [
        "Wie hoch ist der Anteil erneuerbarer Energien bis 2030?",
        "Was regelt § 38 EEG 2023?",
        "Was gilt nach dem EEG 2023 für Dächer?",
        "Was gilt ab dem 1. Januar 2025 für Wärmepumpen?",
        "Welche Anlagen gingen 2019 in Betrieb?",
        "Bis wann gilt der Vertrag vom 3.4.2020?",
        "Gilt die Vergütung für 2000 kWh?",
        "Welche Pflichten haben bestimmte Anlagen im Jahr 2024?",
        "Was gilt nach dem 31. Dezember 2023?",
        "Was gilt für Speicher?",
        "",
    ],
)
def test_days_that_belong_to_the_subject(question: str) -> None:
    assert asked_day(question, TODAY) is None


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("Was galt 2022 für die EEG-Umlage?", "Was für die EEG-Umlage?"),
        ("Wer musste 2022 die Umlage zahlen?", "Wer die Umlage zahlen?"),
        ("Im Jahr 2021 galt welche Frist?", "welche Frist?"),
        ("Welche Regel galt für den Anschluss im Jahr 2021?", "Welche Regel galt für den Anschluss ?"),
        ("Vergütung Stand 30. Juni 2022", "Vergütung"),
        ("Which deadline applied in 2022 for a connection?", "Which deadline for a connection?"),
        ("Was gilt ab dem 1. Januar 2025 für Wallboxen?", "Was gilt ab dem 1. Januar 2025 für Wallboxen?"),
        ("Muss ich bis 2030 tauschen?", "Muss ich bis 2030 tauschen?"),
        ("", ""),
    ],
)
def test_what_is_asked_without_the_day_of_its_law(question: str, rest: str) -> None:
    assert without_day(question) == rest
