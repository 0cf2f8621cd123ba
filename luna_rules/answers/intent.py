"""Questions that no law answers, however many of its words they use: handiwork, advice, today's prices, persons.

Only telling such questions belongs here. They hold against statutes alone: a customer's own manual or price list may
well answer them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from luna_rules.answers.fields import OTHER_FIELDS
from luna_rules.answers.names import NORM
from luna_rules.search.words import fold

_NOW = (
    r"\b(?:heute|zurzeit|zur zeit|derzeit|gerade|aktuell\w*|momentan|im moment|gegenwärtig|today|currently|right now)\b"
)

_RULE = (
    r"\b(?:muss|müssen|darf|dürfen|soll|sollen|kann|können|gilt|gelten|vorgeschrieben|zulässig|erlaubt|verpflichtet)\b"
)
_REGULATED = r"(?:höchst|mindest|co\W?2|emission)"
_ASKER = r"\b(?:ich|wir|mir|uns|mein\w*|unser\w*|man)\b"
_MEASURED = (
    r"\w*(?:verbrauch|verbrauchs|erzeugung|produktion|ausstoß|emissionen|gewinn|umsatz|börsenpreis|strompreis|gaspreis"
    r"|füllstand|zubau|auslastung)"
)
_LANDS = r"\b(?:deutschland|bundesweit|weltweit|europa|der welt|germany|europe|the world)\b"

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
            r"|\b(?:der|die|das) (?:beste|günstigste|billigste)n?\W*$|\bempfiehlst\b|\bbest reviews?\b"
            r"|\bwas ist (?:besser|günstiger|billiger|sinnvoller|sparsamer|effizienter|klimafreundlicher)\b"
            r"|^\W*sollte(?:n)? (?:ich|wir|man)\b|^\W*welche[rsnm]?\b[^?]*\bpass(?:t|en) (?:zu|für|in)\b"
            r"|\bworauf sollte (?:ich|man)\b|\bshould i\b[^?]*\bor\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einem Preis von heute",
        re.compile(
            rf"^\W*(?=.*{_NOW})(?:was kostet|was kosten|wie teuer|wie günstig|wie billig|how much|what does"
            r"|wie hoch (?:ist|sind|liegt)[^?]*preis|was zahl(?:t|en)\b|(?:wo|wie) (?:steht|liegt|entwickelt)\b)"
            r"|^\W*wie entwickel\w+ sich\b[^?]*(?:preise?|kurse?)\b"
            rf"|^\W*(?=.*(?:{_NOW}|\bmorgen\W*$))(?!.*{_RULE})(?!.*{_REGULATED})"
            r"(?:\w+\W+){0,3}\w*(?:preise?|kurse?)\b"
            r"(?:\W+\w+){0,3}\W*$",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einem Stand von heute",
        re.compile(rf"^\W*(?=.*{_NOW})(?:wie (?:voll|leer|viele?)\b(?!.*{_RULE})|wie weit (?:ist|sind)\b)", re.I),
    ),
    (
        "gefragt ist nach einem Verdienst",
        re.compile(r"^\W*(?:wie ?viel|was)\b(?: geld)? verdien(?:t|en)\b|\b(?:stundenlohn|einstiegsgehalt)\b", re.I),
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
            r"(?:hat|haben|gibt|stehen|arbeiten)\b"
            rf"|^\W*(?:wie\s*viele?|how (?:many|much))\b(?!.*{_RULE}).*\b(?:gibt es|stehen|laufen|are there)\b"
            rf".*{_LANDS}"
            r"|^\W*wie\s*viele? (?:\w+e )?kunden (?:hat|haben|zählt)\b"
            rf"|^\W*wie\s*viele?\b(?!.*{_RULE})(?!.*{_ASKER})[^?]*\b(?:verbraucht|erzeugt|produziert|importiert"
            r"|exportiert|entweich\w+|stammt?|gebaut|zugelassen|gewechselt|abgeschaltet)\b"
            rf"|^\W*wie (?:hoch|groß) (?:war|waren|lag|lagen) (?!.*{_RULE})[^?]*(?:{_MEASURED})\b"
            r"|^\W*welche[rsm]?\b[^?]*\b(?:ist|sind|hat|haben) (?:der|die|das|den) \w{3,}ste[nr]?\W*$"
            rf"|^\W*how (?:many|much)\b[^?]*\b(?:does|do|did) [A-Z]\w+ (?:operate|have|own|produce|import)\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einem Ereignis, nicht nach einer Regel",
        re.compile(
            r"^\W*wann (?:wurden?|ging(?:en)?)\b[^?]*\b(?:gebaut|errichtet|eröffnet|abgeschaltet|abgerissen"
            r"|gesprengt|gegründet|erfunden|vom netz)\b"
            r"|^\W*(?:in welcher stadt|wo) (?:hat|haben|sitzt|ist)\b[^?]*\b(?:sitz|hauptsitz|zentrale)\b"
            r"|^\W*wie lange dauert (?:\w+ )?bau\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach einem Angebot, nicht nach einer Regel",
        re.compile(
            r"\bwelche[rsnm]? (?:app|apps|software|marke|hersteller|modell|programm|händler|werkstatt|handwerker)\b"
            r"|\b(?:störungsdienst|störungsnummer|kundenhotline|kundenportal|öffnungszeiten|wlan|w-lan|bluetooth)\b"
            r"|\bwo (?:kaufe|kauft|bestelle|finde ich (?:die|den|das|meine?n?) \w*nummer)\b",
            re.I,
        ),
    ),
    (
        "gefragt ist nach dem Inhalt einer technischen Norm",
        re.compile(
            rf"\b(?:verlang|forder|schreib|sag|regel|steh|bestimm|nenn|leg)\w*\s+(?:\w+\s+){{0,3}}?{NORM}", re.I
        ),
    ),
    (
        "gefragt ist nach Technik, nicht nach einer Regel",
        re.compile(
            r"\b(?:kabel|leitungs)querschnitt|\bdachneigung\b|\bheizkurve\b|\bfehlercode"
            r"|^\W*wie (?:funktionier(?:t|en)|arbeitet) (?:eigentlich |denn |genau )?eine?\b"
            r"|^\W*wie(?: viele?)? (?:rechnet|rechne) (?:man|ich)\b[^?]*\bum\b|\bwelche farbe\b"
            r"|^\W*warum (?:brummt|summt|flackert|tropft|pfeift|rauscht|stinkt|riecht|blinkt|piept|vibriert|gluckert)\b"
            r"|\bwirkungsgrad\b(?!.*\bmindest)",
            re.I,
        ),
    ),
)


_EDGES = re.compile(r"\A\W+|(?<=\w)\W+\Z")


def beyond_law(question: str) -> str:
    """Why no statute answers the question, in German; empty where one may."""
    # Runs of other signs at the edges would be tried from each of their places.
    asked = _EDGES.sub("", question)
    return next((reason for reason, pattern in _KINDS if pattern.search(asked)), "")


OTHER_FIELD = "gefragt ist nach einem anderen Rechtsgebiet"
_IN_PASSING = re.compile(
    r"\b(?:einschließlich|inklusive|zuzüglich|abzüglich|ohne|nebst|mit|anteilige[nrs]?)\s+(?:(?:der|die|anteilige[nr]?"
    r"|gesetzliche[nr]?|jeweils \w+)\s+){0,2}\w+steuer\b",
    re.I,
)
"""A tax that a price includes is no matter of the sentence: „ohne Umsatzsteuer“."""
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_COMPOUND_FROM = 9
_ENDINGS = ("", "e", "n", "s", "en", "er", "es", "em")


def other_field(question: str, cited: Sequence[str]) -> tuple[str, ...]:
    """Words of another field of law in the question that nothing cited uses but in passing, as written."""
    asked = [word for word in _WORDS.findall(question) if _of_other_field(fold(word))]
    if not asked:
        return ()
    text = fold(_IN_PASSING.sub(" ", " ".join(cited)))
    return tuple(word for word in asked if fold(word)[: max(4, len(word) - 2)] not in text)


def _of_other_field(word: str) -> bool:
    if any(word.endswith(ending) and word[: len(word) - len(ending)] in OTHER_FIELDS for ending in _ENDINGS):
        return True
    return any(word[:length] in OTHER_FIELDS for length in range(_COMPOUND_FROM, len(word)))
