"""Questions that no law answers, however many of its words they use: handiwork, advice, today's prices, persons.

Only telling such questions belongs here. They hold against statutes alone: a customer's own manual or price list may
well answer them.
"""

from __future__ import annotations

import re

_NOW = (
    r"\b(?:heute|zurzeit|zur zeit|derzeit|gerade|aktuell\w*|momentan|im moment|gegenwärtig|today|currently|right now)\b"
)

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "gefragt ist nach einem Handgriff, nicht nach einer Regel",
        re.compile(
            r"^\W*(?:wie|womit)\s+(?:(?:reinig|putz|entlüft|entkalk|reparier|programmier|montier|schalt|verdraht|bohr)\w*"
            r"|(?:stell\w*\b.*\bein|setz\w*\b.*\bzurück|les\w*\b.*\bab)\W*$"
            r"|schließ\w*\b.*\b(?:steckdose|lampe|herd|kabel))",
            re.I,
        ),
    ),
    (
        "gefragt ist nach Rat, nicht nach einer Regel",
        re.compile(
            r"\blohn(?:t|en) (?:es )?sich\b|\b(?:am besten|am günstigsten|am billigsten|am sinnvollsten)\W*$"
            r"|\b(?:der|die|das) (?:beste|günstigste|billigste)n?\W*$|\bempfiehlst\b|\bbest reviews?\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einem Preis von heute",
        re.compile(
            rf"^\W*(?=.*{_NOW})(?:was kostet|was kosten|wie teuer|wie günstig|wie billig|how much|what does"
            r"|wie hoch (?:ist|sind|liegt)[^?]*preis)",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einer Person",
        re.compile(
            r"^\W*(?:wer (?:ist|war|sind)\s+(?:(?:zurzeit|derzeit|aktuell|gerade|heute|momentan)\s+)?"
            r"(?:der |die |das )?"
            r"\w*(?:präsident|minister|vorstand|chef|kanzler|gründer)\w*"
            r"|wie heißt (?:der|die) \w*(?:präsident|minister|vorstand|chef|kanzler|gründer)\w*"
            r"|wer hat\b.*\b(?:erfunden|entdeckt|gegründet)\b)",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einer Statistik",
        re.compile(
            r"^\W*wie\s*viele?\b.*\b(?:im (?:letzten|vergangenen|vorigen) (?:jahr|monat|winter|sommer)|letztes jahr)\b"
            r"|^\W*wie\s*viele? (?:mitarbeiter\w*|beschäftigte\w*|einwohner\w*|windräder|windkraftanlagen) "
            r"(?:hat|haben|gibt|stehen|arbeiten)\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach Technik, nicht nach einer Regel",
        re.compile(r"\b(?:kabel|leitungs)querschnitt|\bdachneigung\b|\bheizkurve\b|\bfehlercode", re.I),
    ),
)


def beyond_law(question: str) -> str:
    """Why no statute answers the question, in German; empty where one may."""
    return next((reason for reason, pattern in _KINDS if pattern.search(question)), "")
