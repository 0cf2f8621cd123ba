"""Brings references as people speak and type them (`paragraph vierzehn a`, `Section 14a of the …`) to the written form.

For questions: positions in the text change. What is written properly already stays as it is.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA

from luna_rules.references.names import LawNames
from luna_rules.references.numbers import number_word

_NUMBER = r"\d{1,4}(?:\s?[a-z](?![^\W_]))?"
_SIGN = r"(?:§{1,2}|\bpar(?:agra(?:f|ph)(?:en|s)?\b|\.))"
_SPELT = re.compile(
    r"(?P<sign>§{1,2}|\b(?:paragra(?:f|ph)(?:en|s)?|par\.|abs(?:atz(?:es)?|\.)|satz(?:es)?|nummer|nr\.|art(?:ikels?|\.)|anlage"
    r"|anhang|section|article|annex|subsection))\s*"
    r"(?P<word>[a-zäöüß]{3,24})(?P<letter>\s[a-z](?![^\W_]))?(?![^\W_])",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\b(?P<ordinal>erst|zweit|dritt|viert|fünft|sechst|siebt|acht|neunt|zehnt|first|second|third|fourth|fifth)(?:e[nrsm]?)?\s+"
    r"(?P<kind>absatz(?:es)?|satz(?:es)?|subsection|paragraph(?=\s+of\s+section))",
    re.IGNORECASE,
)
_ORDINALS = {
    name: number
    for number, names in enumerate(
        (
            ("erst", "first"),
            ("zweit", "second"),
            ("dritt", "third"),
            ("viert", "fourth"),
            ("fünft", "fifth"),
            ("sechst",),
            ("siebt",),
            ("acht",),
            ("neunt",),
            ("zehnt",),
        ),
        start=1,
    )
    for name in names
}
_ROMAN_ABSATZ = re.compile(r"\b(?P<word>abs(?:atz(?:es)?|\.)?)\s*(?P<roman>[IVX]{1,5})(?![^\W_])", re.IGNORECASE)
_LETTERS = re.compile(
    r"(?P<sign>§{1,2}|\bpar(?:agra(?:f|ph)(?:en|s)?\b|\.))\s*(?P<number>\d{1,4})\s?(?P<letter>[a-z])"
    r"(?P<more>(?:\s*(?:,|/|und|u\.|oder|bis|-|–|and|to)\s*[a-z](?![^\W_]|\.\w|\)))+)",
    re.IGNORECASE,
)
_MORE_LETTER = re.compile(r"\s*(?P<join>,|/|und|u\.|oder|bis|-|–|and|to)\s*(?P<letter>[a-z])(?![^\W_])", re.IGNORECASE)
_DETAILS_FIRST = re.compile(
    r"\b(?P<details>(?:(?:(?:unter)?abs(?:atz(?:es)?|\.)?|subsection|paragraph(?=\s+\(?\d{1,3}\)?\s+of\s+section)|satz(?:es)?|nr\.|nummer)\s*\(?\d{1,3}[a-z]?\)?"
    r"[\s,]{0,3}(?:(?:des|der|von|vom|zu|zum|in|im|of|the)\s+){0,2}){1,4})"
    rf"(?P<section>(?:{_SIGN}|\bsections?\b)\s*{_NUMBER})(?!\s*,?\s*(?:abs|\())",
    re.IGNORECASE,
)
_DETAIL = re.compile(
    r"(?P<word>abs|unterabs|subsection|paragraph|satz|nr|nummer)\w*\.?\s*\(?(?P<value>\d{1,3}[a-z]?)\)?", re.IGNORECASE
)
_MISSPELT = re.compile(r"\b(?P<word>p[a-zäöü]{5,11})\s+(?=\d{1,4}\s?[a-z]?(?![^\W_]))", re.IGNORECASE)
_TYPED = re.compile(r"(?<![\w$])\$\s?(?=\d{1,3}\s?[a-z]?\s+[A-ZÄÖÜ]|\d{1,3}\s?[a-z](?![^\W_]))")
_GLUED = re.compile(r"(§{1,2}\s*\d{1,4}[a-z]?)(?=[A-ZÄÖÜ][A-Za-zäöüß]*[A-ZÄÖÜ])")
_ALONE = re.compile(
    r"\W*(?:(?:was|bitte|mir|ist|sind|regelt|bedeutet|heißt|besagt|sagt|steht|geht|es|um|in|im|den|der|die|das|dem|nach"
    r"|mit|zu|auf|sich|erkläre?|what|is|the|about)\s+){0,8}"
    r"(?P<number>\d{1,3}\s?[a-z])(?:\s+(?:genau|eigentlich|auf sich))?\W*",
    re.IGNORECASE,
)
_LAW_GLUED = re.compile(r"(?<![^\W_])(?P<law>[^\W\d_]{3,60})-?(?P<number>\d{1,3}[a-z]?)(?![^\W_])")
_RANGE_WORDS = frozenset(("bis", "-", "–", "to"))


def roman(written: str) -> int:
    """The value of a Roman number up to 30, 0 for what is none."""
    values = {"I": 1, "V": 5, "X": 10}
    digits = [values.get(char, 0) for char in written.upper()]
    if not digits or 0 in digits:
        return 0
    total = sum(
        -value if any(later > value for later in digits[place + 1 :]) else value for place, value in enumerate(digits)
    )
    return total if 0 < total <= 30 else 0


def as_written(text: str, names: LawNames | None = None) -> str:
    """The text with its references in the form of laws: `paragraph vierzehn a` → `paragraph 14a`, `Abs. V` → `Abs. 5`,
    `§ 41a,b` → `§ 41a, 41b`, `Absatz 2 des § 14a` → `§ 14a Absatz 2`,
    `$ 14a` → `§ 14a`. With the names of laws, `enwg14a` → `enwg 14a`, too."""
    text = _GLUED.sub(r"\1 ", _TYPED.sub("§ ", text))
    if names is not None:
        text = _LAW_GLUED.sub(lambda m: f"{m['law']} {m['number']}" if names.exact(m["law"]) else m.group(), text)
    text = _MISSPELT.sub(_mend, text)
    text = _SPELT.sub(_digits, text)
    text = _ORDINAL.sub(_counted, text)
    text = _ROMAN_ABSATZ.sub(lambda m: f"{m['word']} {roman(m['roman'])}" if roman(m["roman"]) else m.group(), text)
    text = _LETTERS.sub(_written_out, text)
    return _DETAILS_FIRST.sub(_section_first, text)


def lone_section(text: str) -> str | None:
    """The number with letter that is all a question speaks of: `14a`, `Was ist 14a?`; else None."""
    match = _ALONE.fullmatch(text)
    return None if match is None else re.sub(r"\s", "", match["number"]).lower()


def _mend(match: re.Match[str]) -> str:
    word = match["word"].lower()
    near = any(OSA.distance(word, right, score_cutoff=2) <= 2 for right in ("paragraph", "paragraf", "paragraphen"))
    return "§ " if near else match.group()


def _digits(match: re.Match[str]) -> str:
    value = number_word(match["word"])
    if value is None or value >= 1000:
        return match.group()
    return f"{match['sign']} {value}{(match['letter'] or '').strip()}"


def _counted(match: re.Match[str]) -> str:
    return f"{match['kind']} {_ORDINALS[match['ordinal'].lower()]}"


def _written_out(match: re.Match[str]) -> str:
    number, last = match["number"], match["letter"].lower()
    found = [f"{number}{last}"]
    for more in _MORE_LETTER.finditer(match["more"]):
        letter = more["letter"].lower()
        if more["join"].lower() in _RANGE_WORDS:
            found += [f"{number}{chr(code)}" for code in range(ord(last) + 1, ord(letter))]
        found.append(f"{number}{letter}")
        last = letter
    return "§§ " + ", ".join(found)


def _section_first(match: re.Match[str]) -> str:
    details: list[str] = []
    for detail in _DETAIL.finditer(match["details"]):
        word = detail["word"].lower()
        name = "Absatz" if word in ("abs", "subsection", "paragraph") else "Satz" if word == "satz" else "Nummer"
        details.append(f"{name} {detail['value']}")
    order = ("Absatz", "Satz", "Nummer")
    details.sort(key=lambda detail: order.index(detail.split()[0]))
    return f"{match['section']} {' '.join(details)}"
