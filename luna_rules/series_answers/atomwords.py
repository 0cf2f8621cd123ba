"""The words of time that a question is read by (German, simple English), and the patterns that are made of them.

All in lower case, as the text is that they are looked for in.
"""

from __future__ import annotations

MONTH_WORDS = {
    "januar": 1, "jänner": 1, "jaenner": 1, "jan": 1, "january": 1, "februar": 2, "feber": 2, "feb": 2, "february": 2,
    "märz": 3, "maerz": 3, "mär": 3, "mrz": 3, "march": 3, "april": 4, "apr": 4, "mai": 5, "juni": 6, "jun": 6,
    "june": 6, "juli": 7, "jul": 7, "july": 7, "august": 8, "aug": 8, "september": 9, "sep": 9, "sept": 9,
    "oktober": 10, "okt": 10, "october": 10, "oct": 10, "november": 11, "nov": 11, "dezember": 12, "dez": 12,
    "december": 12, "dec": 12, "may": 5,
}  # fmt: skip
NUMBER_WORDS = {
    "ein": 1, "eine": 1, "einem": 1, "einen": 1, "einer": 1, "eines": 1, "one": 1, "a": 1, "zwei": 2, "two": 2,
    "drei": 3, "three": 3, "vier": 4, "four": 4, "fünf": 5, "five": 5, "sechs": 6, "six": 6, "sieben": 7, "seven": 7,
    "acht": 8, "neun": 9, "zehn": 10, "ten": 10, "zwölf": 12, "twelve": 12, "vierzehn": 14, "dreißig": 30,
    "thirty": 30,
}  # fmt: skip
DAY_ORDINALS = {"ersten": 1, "zweiten": 2, "dritten": 3, "vierten": 4, "fünften": 5}
ORDINALS = {"erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
WEEKDAYS = {
    "montag": 0, "dienstag": 1, "mittwoch": 2, "donnerstag": 3, "freitag": 4, "samstag": 5, "sonnabend": 5,
    "sonntag": 6, "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}  # fmt: skip
SEASONS = {
    "frühjahr": 3, "frühling": 3, "fruehjahr": 3, "fruehling": 3, "spring": 3, "sommer": 6, "summer": 6, "herbst": 9,
    "autumn": 9, "winter": 12,
}  # fmt: skip
SEASON_NAMES = {3: "Frühjahr", 6: "Sommer", 9: "Herbst", 12: "Winter"}
"""By the first month of the season."""
MONTH = "|".join(sorted((word for word in MONTH_WORDS if word != "may"), key=len, reverse=True))
ENGLISH_MONTH = MONTH + "|may"
"""With „may“, which in German text is no month."""
WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))
SEASON = "|".join(SEASONS)
NUMBER = r"\d{1,4}|" + "|".join(sorted((w for w in NUMBER_WORDS if w != "a"), key=len, reverse=True))
YEAR = r"(?:19|20)\d{2}"
OF_YEAR = (
    rf"(?:(?:\s+|\s?/\s?)(?:(?:im\s+jahr(?:e)?|des\s+jahres|von|of|in)\s+)?(?P<y>{YEAR})"
    r"|\s*'(?P<yy>\d{2})\b|\s+(?P<yrel>(?:(?:des|vom|im)\s+)?(?:letzten|vorigen|vergangenen|dieses|vorletzten)\s+jahr(?:es|s)?))?"
)
"""The year of a time word, behind it: group `y` or `yy`, or `yrel` for one that counts from today; or nothing."""
LAST = r"letzte|vergangene|vorige|zurückliegende|last|past|previous"
THIS = r"diese|laufende|aktuelle|heurige|this|current"
BEFORE_LAST = r"vorletzte|vorvorige"
NEXT = r"nächste|kommende|next"
END = r"(?:n|r|s|m)?"
WHICH = rf"(?P<which>{BEFORE_LAST}|{LAST}|{THIS}|{NEXT}){END}"
"""Which of the units is meant, counted from today; as group `which`."""
UNIT = r"tag(?:e|en|es)?|woche|wochen|monat(?:e|en|s)?|quartal(?:e|en|s)?|jahr(?:e|en|es)?|stunden?|wochenende[sn]?"
ENGLISH_UNIT = r"days?|weeks?|months?|quarters?|years?|hours?|weekend"
DAY_WORDS = {
    "vorgestern": -2, "gestern": -1, "gestrigen": -1, "gestrige": -1, "yesterday": -1, "heute": 0, "heutigen": 0,
    "heutige": 0, "today": 0, "übermorgen": 2, "morgen": 1, "morgigen": 1, "morgige": 1, "tomorrow": 1,
    "vortag": -1,
}  # fmt: skip
NO_YEAR_BEHIND = (
    r"(?!\s*(?:kwh|kw\b|mwh?\b|gwh|wh?\b|v\b|volt|eur|€|euro|cent|ct\b|%|prozent|stunden|werte|viertelstunden|mal\b"
    r"|[-/]\d|,\d|\.\d))"
)
"""What may not stand behind a number that is a year: then it is an amount or part of a longer number."""
