"""Tells text from what a broken text layer yields: glyph codes, private characters, letters that spell nothing.

Judges shapes only and refuses no language; short genuine texts and tables of numbers pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

_CODES = re.compile(
    r"/[cCgG]\d{1,5}(?!\d)|\(cid:\s*\d{1,6}\)|/uni[0-9A-Fa-f]{4}|\bglyph<?\d{1,5}>?|/G[0-9A-F]{2}(?![\w])"
)
_EMBEDDED = re.compile(r"data:[\w/+.-]{1,60};base64,[\w+/=\s]*|[A-Za-z0-9+/=]{200,}")
_LEADERS = re.compile(r"[\s._…·|=*#+<>;,:\"'-]+")
_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
_SAMPLE = 200_000
"""Characters from the beginning, the middle and the end that are looked at; a long document is not read in full."""
_FEW_WORDS = 40
"""Different words below which their spelling is not judged: lists of units and codes are genuine."""

_PAIRS = frozenset(
    re.findall(
        "..",
        "thheinerreonatenndtiesorteofedisitalarsttontngsehaasouiolevecomedehirroricneearacelichllbemasiomureiiegeundiss"
        "nsschtaueuelusemumlaetquaiosadtadocaianopovynivoskkokahovajezezabyszczrzowwatrpesosamiviolulucamiltutacigagabnk"
        "rtckwewikeijeeaaoozulofufaeinonaruspplieirtermlagumoekuktigirdorpomtsvevnomisidelotunliyokiyaattmmffbegipa",
    )
)
"""Pairs of letters that are frequent in languages written in Latin letters."""


@dataclass(frozen=True, slots=True)
class Legibility:
    """Whether a text can be read, and if not, why: a German sentence for people (empty where it can)."""

    ok: bool
    reason: str = ""


_FINE = Legibility(True)


def assess_legibility(extracted_text: str) -> Legibility:
    """Judges the text of a document (or of one page) as it was extracted.

    Not ok are: nothing at all; codes of glyphs instead of characters (`/c84`, `(cid:12)`); mostly replacement, private
    or control characters; hardly any letter or digit; letters that form no words of any language.
    """
    text = _sample(extracted_text)
    visible = sum(len(part) for part in text.split())
    if not visible:
        return Legibility(False, "Das Dokument enthält keinen Text; vermutlich ist es ein Scan oder leer.")
    codes = _CODES.findall(text)
    if len(codes) >= 5 and sum(map(len, codes)) > 0.3 * visible:
        return Legibility(
            False,
            "Die Textebene enthält Codes von Schriftzeichen statt lesbarer Buchstaben; der Text ist nicht lesbar.",
        )
    text = _EMBEDDED.sub(" ", text)
    counts = Counter(text)
    bad = sum(number for char, number in counts.items() if _is_bad(char))
    visible = sum(number for char, number in counts.items() if not char.isspace() or char in "\x1c\x1d\x1e\x1f")
    if bad > 0.15 * visible:
        return Legibility(
            False,
            "Der Text besteht zu großen Teilen aus Ersatz- und Steuerzeichen; seine Zeichenkodierung ist verloren.",
        )
    bare = Counter(_LEADERS.sub("", text))
    total = sum(bare.values())
    readable = sum(number for char, number in bare.items() if char.isalnum() or unicodedata.category(char)[0] in "LMN")
    if readable == 0 or (total >= 20 and readable < 0.5 * total):
        return Legibility(False, "Der Text enthält fast keine Buchstaben oder Ziffern; er ist nicht lesbar.")
    if _spells_nothing(text) or _mixes_scripts(counts):
        return Legibility(
            False,
            "Die Buchstaben ergeben keine Wörter; vermutlich fehlt der Schrift des Dokuments die Zeichenzuordnung.",
        )
    return _FINE


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    third = _SAMPLE // 3
    middle = len(text) // 2
    return " ".join((text[:third], text[middle : middle + third], text[-third:]))


def _is_bad(char: str) -> bool:
    """Replacement, private, unassigned and control characters that no extractor means."""
    if char == "\ufffd":
        return True
    category = unicodedata.category(char)
    return category in ("Co", "Cn", "Cs") or (category == "Cc" and char not in "\t\n\r\f\v")


def _spells_nothing(text: str) -> bool:
    """Whether words in Latin letters are built from pairs of letters that languages avoid."""
    words = {word.lower() for word in _WORD.findall(text)}
    latin = [word for word in map(_fold, words) if word.isascii()]
    if len(latin) < _FEW_WORDS or len(latin) < 0.5 * len(words):
        return False
    # Words first, then shares: a frequent unit or a code must not outweigh the vocabulary.
    shares = [sum(word[i : i + 2] in _PAIRS for i in range(len(word) - 1)) / (len(word) - 1) for word in latin]
    return sum(shares) / len(shares) < 0.34


def _fold(word: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char)).replace(
        "ß", "ss"
    )


def _mixes_scripts(counts: Counter[str]) -> bool:
    """Whether letters come from more scripts than any text mixes; a table of code points does."""
    scripts: Counter[str] = Counter()
    for char, number in counts.items():
        if char.isalpha():
            scripts[unicodedata.name(char, "?").split(" ")[0]] += number
    total = sum(scripts.values())
    common = [script for script, number in scripts.items() if number > 0.05 * total]
    return total >= 100 and len(common) >= 5
