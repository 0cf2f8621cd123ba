"""The single time words of a question: a date, a month, a week, „gestern“, „letzte Woche“, with their places in it.

How atoms join to ranges is `timewords`. A date without its year means the latest such one that has begun.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from luna_rules.series_answers.atom import Atom
from luna_rules.series_answers.atoms_calendar import (
    read_between_years,
    read_clock_change,
    read_date,
    read_dayless,
    read_feast,
    read_half,
    read_month,
    read_month_years_ago,
    read_quarter,
    read_season,
    read_week,
    read_year_alone,
)
from luna_rules.series_answers.atoms_relative import (
    read_ago,
    read_day_word,
    read_heuer,
    read_last_many,
    read_night,
    read_period_before,
    read_relative_unit,
    read_weekday,
)
from luna_rules.series_answers.atomwords import (
    BEFORE_LAST,
    DAY_WORDS,
    END,
    ENGLISH_MONTH,
    ENGLISH_UNIT,
    LAST,
    MONTH,
    NO_YEAR_BEHIND,
    NUMBER,
    OF_YEAR,
    SEASON,
    THIS,
    UNIT,
    WEEKDAY,
    WHICH,
    YEAR,
)
from luna_rules.series_answers.feasts import CLOCK_CHANGE, FEASTS

_Maker = Callable[[re.Match[str], date], Atom | None]


def find_atoms(text: str, today: date) -> tuple[list[Atom], str, str]:
    """Atoms in the order of the text, the text with their places blanked, and a date that does not exist (or nothing).

    `text` is in lower case.
    """
    atoms: list[Atom] = []
    impossible = ""
    for pattern, make in _PATTERNS:
        for match in list(pattern.finditer(text)):
            if "\x00" in match.group():
                continue
            try:
                atom = make(match, today)
            except (ValueError, OverflowError):
                impossible = match.group().strip()
                text = text[: match.start()] + "\x00" * (match.end() - match.start()) + text[match.end() :]
                continue
            if atom is None:
                continue
            atoms.append(atom)
            text = text[: atom.start] + "\x00" * (atom.end - atom.start) + text[atom.end :]
    return sorted(atoms, key=lambda atom: atom.start), text, impossible


def _patterns() -> Iterator[tuple[re.Pattern[str], _Maker]]:
    yield re.compile(r"(?<!\d)(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)"), read_date
    yield re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})(?!\d)(?!\s*uhr)"), read_date
    yield (
        re.compile(
            rf"\b(?P<d>\d{{1,2}}(?=\.)|ersten|zweiten|dritten|vierten|fünften)\.?\s?(?P<name>{MONTH})\b\.?{OF_YEAR}"
        ),
        read_date,
    )
    yield (
        re.compile(rf"\b(?P<name>{ENGLISH_MONTH})\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*uhr),?{OF_YEAR}"),
        read_date,
    )
    yield re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)?\s(?P<name>{ENGLISH_MONTH})\b{OF_YEAR}"), read_date
    yield re.compile(r"(?<![\d.,])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?!\d)"), read_date
    yield (
        re.compile(r"(?<![\d.,])(?P<d>\d{1,2})(?P<dot>\.)\s*(?=(?:bis|und|[-–])\s*(?:zum\s+|dem\s+)?\x00)"),
        read_dayless,
    )
    yield (
        re.compile(
            r"\b(?:kw|kalenderwoche|calendar week|week)\s*(?P<w>\d{1,2})\b"
            rf"(?:\s*/\s*(?P<yy>\d{{2}})\b|{OF_YEAR.replace('(?P<yy>', '(?P<yz>')})"
        ),
        read_week,
    )
    yield re.compile(rf"\b(?P<w>\d{{1,2}})\.\s*(?:kw|kalenderwoche)\b{OF_YEAR}"), read_week
    yield re.compile(rf"\bq\s?(?P<n>[1-4])\b{OF_YEAR}"), read_quarter
    yield re.compile(rf"(?<!\d)(?P<n>[1-4])\.\s*(?:quartals?|vierteljahr(?:es)?)\b{OF_YEAR}"), read_quarter
    yield (
        re.compile(
            rf"\b(?P<o>erste|zweite|dritte|vierte|first|second|third|fourth)[nrsm]?\s+(?:quartals?|quarter)\b{OF_YEAR}"
        ),
        read_quarter,
    )
    yield re.compile(rf"\bh\s?(?P<n>[12])\b{OF_YEAR}"), read_half
    yield re.compile(rf"(?<!\d)(?P<n>[12])\.\s*halbjahr(?:es|s)?\b{OF_YEAR}"), read_half
    yield re.compile(rf"\b(?P<o>erste|zweite|first|second)[nrsm]?\s+(?:halbjahr(?:es|s)?|half)\b{OF_YEAR}"), read_half
    yield (
        re.compile(rf"\b{CLOCK_CHANGE}(?:\s+im\s+(?P<when>märz|oktober|frühjahr|frühling|herbst))?{OF_YEAR}"),
        read_clock_change,
    )
    yield re.compile(rf"\bvor\s+(?P<n>{NUMBER})\s+jahr(?:en)?\s+im\s+(?P<name>{MONTH})\b"), read_month_years_ago
    yield re.compile(rf"\bim\s+(?P<name>{MONTH})\s+vor\s+(?P<n>{NUMBER})\s+jahr(?:en)?\b"), read_month_years_ago
    yield (
        re.compile(
            rf"\b(?:{WHICH}\s+)?(?:(?P<part>anfang|mitte|ende|early|late)\s+)?\b(?P<name>{MONTH})\b\.?{OF_YEAR}"
        ),
        read_month,
    )
    yield re.compile(rf"\b(?:in|of|during|since)\s(?P<name>may)\b{OF_YEAR}"), read_month
    yield re.compile(rf"(?<![\d.,/])(?P<m>0?[1-9]|1[0-2])/(?P<y>{YEAR})(?!\d)"), read_month
    yield re.compile(rf"\b(?:{WHICH}\s+)?(?P<name>{SEASON})s?\b(?:\s+(?P<y>{YEAR})(?:/\d{{2,4}})?)?"), read_season
    yield (
        re.compile(
            r"\bzwischen (?:den (?:jahren|feiertagen)|weihnachten(?: (?P<first>20\d{2}))? und (?:neujahr|silvester))\b"
            rf"{OF_YEAR}"
        ),
        read_between_years,
    )
    feasts = "|".join(sorted((re.escape(name) for name in FEASTS), key=len, reverse=True))
    yield re.compile(rf"\b(?P<name>{feasts})(?:en|stage?n?)?\b{OF_YEAR}"), read_feast
    yield (
        re.compile(
            r"\b(?:(?:in der )?(?:letzten?|vergangenen?|vorletzten?) nacht|(?:heute|gestern|vorgestern) nacht"
            r"|last night)\b"
        ),
        read_night,
    )
    yield (
        re.compile(
            rf"\b(?:{WHICH}\s+)?(?P<name>{WEEKDAY})\s+(?:(?:in )?(?:der )?)"
            rf"(?P<week>{BEFORE_LAST}|{LAST}|{THIS})[nr]? woche\b"
        ),
        read_weekday,
    )
    yield (
        re.compile(rf"\b(?P<name>{WEEKDAY})\s+vor (?P<week>einer) woche\b"),
        lambda m, t: read_weekday(m, t - timedelta(days=7)),
    )
    yield re.compile(rf"\b(?:{LAST}){END}\s+(?P<n>{NUMBER})\s+(?P<unit>{UNIT}|{ENGLISH_UNIT})\b"), read_last_many
    yield re.compile(rf"\b(?P<n>\d{{1,4}})\s+(?:{LAST}){END}\s+(?P<unit>{UNIT}|{ENGLISH_UNIT})\b"), read_last_many
    yield re.compile(rf"\b(?P<since>seit|for)\s+(?P<n>{NUMBER})\s+(?P<unit>{UNIT}|{ENGLISH_UNIT})\b"), read_ago
    yield re.compile(rf"\bvor\s+(?P<n>{NUMBER})\s+(?P<unit>{UNIT})\b"), read_ago
    yield re.compile(rf"\b(?P<n>{NUMBER}|a)\s+(?P<unit>{ENGLISH_UNIT})\s+ago\b"), read_ago
    yield (
        re.compile(
            r"\b(?:(?:im|das|am|in der|die|den|dem)\s+)?(?P<name>jahr|monat|woche|tag|quartal)\s+"
            r"(?:davor|zuvor|vorher|(?P<after>danach|darauf))\b"
        ),
        read_period_before,
    )
    yield re.compile(rf"\b{WHICH}\s+(?P<unit>{UNIT}|{ENGLISH_UNIT})\b"), read_relative_unit
    yield re.compile(rf"\b(?:{WHICH}\s+)?(?P<name>{WEEKDAY})\b(?!\s+(?:bis\s+freitag\s+8))"), read_weekday
    yield (
        re.compile(r"\b(?P<name>vorjahr(?:es|s)?(?:monat|zeitraum|woche|quartal)?e?s?|vormonat\w{0,2}|vorwoche)\b"),
        read_period_before,
    )
    yield re.compile(r"\b(?P<name>" + "|".join(sorted(DAY_WORDS, key=len, reverse=True)) + r")\b"), read_day_word
    yield re.compile(r"\bheuer\b"), read_heuer
    yield re.compile(rf"(?<![\d.,/§-])\b(?P<y>20\d{{2}}|19[89]\d)\b(?!\d){NO_YEAR_BEHIND}"), read_year_alone


_PATTERNS = tuple(_patterns())
