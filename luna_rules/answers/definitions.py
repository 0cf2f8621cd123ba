"""Questions for what a word means, and the sentences that define it.

Only telling definitions belongs here: entries of lists („7. X“, „„X“ …“), „X ist …“, and words set in brackets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from luna_rules.answers.text import word_set

DEFINED = 1.0
"""The entry of a list of definitions, or „im Sinne dieses Gesetzes“."""
SAID = 0.8
"""A sentence that begins with the word and says what it is."""
BRACKETED = 0.6
"""A sentence that ends in the word as its name: „… (Fortschreibung)“."""

_ASKED = re.compile(
    r"^\W*(?:(?:und|also|aber|bitte)\s+)?(?:"
    r"(?:was|wer)\s+(?:ist|sind|bedeute[tn]|heißt|meint|gilt\s+als)\s+(?:denn\s+|eigentlich\s+|genau\s+)*"
    r"|was\s+versteht\s+man\s+unter\s+|was\s+ist\s+(?:gemeint\s+)?mit\s+|wie\s+(?:ist|wird|sind)\s+"
    r"|(?:definition|begriff|bedeutung)(?:\s+(?:von|des|der))?\s+|what\s+(?:is|are)\s+"
    r")(?:(?:ein|eine|einen|einem|einer|der|die|das|den|dem|des|a|an|the)\s+)?"
    r"(?P<term>[^?!.,;:]{2,80}?)(?P<rest>\s+(?:definiert|gemeint|im\s+sinne\b.*|nach\s+(?:dem\s+)?\w*"
    r"|laut\s+.*|in\s+(?:der|dem)\s+\w+))?\s*[?!.]*\s*$",
    re.I,
)
_NO_TERM = word_set(
    """
    mit fuer bei zu zum zur in im an am auf aus von vom nach bis wenn dass ich mein meine mir mich sie er es das
    dies zustaendig verantwortlich verpflichtet berechtigt los neu erlaubt verboten der unterschied zwischen los
    passiert hoch teuer lange
    """
)
_ENDING = re.compile(r"(?:en|er|es|em|e|n|s)$")
_ENDINGS = r"(?:e|en|er|es|em|n|s|ern|nen)?"
_IS = r"(?:ist|sind|gilt|gelten|bezeichnet|bezeichnen|bedeutet|bedeuten|umfasst|umfassen|verbindet|verbinden)"
_ELSEWHERE = 0.75
_REFERS = re.compile(
    r"(?:§§? ?\d|Artikels? \d)[^.;]{0,80}\b(?:des|der) (?:\w*(?:gesetz|verordnung|richtlinie)\w*|Verordnung)\b", re.I
)
"""A definition that refers to another law says less than one that stands by itself."""
_NOUN_PHRASE = (
    r"\s+(?:jeweils\s+|auch\s+|insbesondere\s+)?(?:ein|eine|einen|der|die|das|den|jede|jeder|jedes|alle|wer|was"
    r"|solche|(?-i:[A-ZÄÖÜ])\w+)\b"
)
_MORE_OF_NAME = r"[ \t]+(?:zur?|zum|für|mit|ohne|im|in|bei|nach|aus|an|am|auf|von|vom)\b[^\n;,]{0,80}"
"""„66. Kundenanlage zur Eigenversorgung“, on a line of its own, is another entry than „65. Kundenanlage“."""
_OPENING = r"(?:\(\d{1,3}[a-z]{0,2}\)\s*)?(?:\d{1,3}[a-z]{0,2}\\?[.)]\s*)?"
_ONLY_NOUN = re.compile(r"\W*(?:[a-zäöüß]+e[rns]?\s+)?(?=[A-ZÄÖÜ])[\w-]{3,}\W*")
"""A question that is nothing but a name, with a word before it at most: „steuerbare Last“."""
_ARTICLE = r"(?:(?:Der|Die|Das|Ein|Eine|Als)\s+)?"


@dataclass(frozen=True, slots=True)
class Definition:
    """How a word is defined where it is. `term` is the word as asked."""

    term: str
    entry: re.Pattern[str]
    said: re.Pattern[str]
    bracketed: re.Pattern[str]
    near: re.Pattern[str]
    longer: re.Pattern[str]

    def likely(self, text: str) -> bool:
        """Whether a passage may define the word at all; cheap, and never false where `strength` is not 0."""
        return self.near.search(text) is not None

    def strength(self, text: str, line: str = "") -> float:
        """How plainly a statement defines the word: 0 not at all, else BRACKETED, SAID or DEFINED.

        `line` is the line it begins with, where `text` runs on without the ends of its lines.
        """
        strength = 0.0
        if line and len(line) < len(text) and self.longer.fullmatch(line):
            return strength
        if self.entry.match(text):
            strength = DEFINED
        elif self.said.match(text):
            strength = SAID
        elif self.bracketed.search(text):
            strength = BRACKETED
        return strength * _ELSEWHERE if strength and refers_elsewhere(text) else strength


def refers_elsewhere(text: str) -> bool:
    """Whether a statement refers to another law where it begins."""
    return _REFERS.search(text[:400]) is not None


def asked_term(question: str) -> str:
    """The word whose meaning a question asks for: „Was ist ein Zählpunkt?“ → „Zählpunkt“; empty for other questions."""
    match = _ASKED.match(question)
    if match is None:
        return ""
    term = match["term"].strip(" „“\"'")
    words = [word.lower() for word in re.findall(r"[^\W_][\w-]*", term)]
    if not words or len(words) > 4 or any(_fold(word) in _NO_TERM for word in words):
        return ""
    # A name is a noun; „Was ist neu“ asks for no meaning.
    return term if any(word[:1].isupper() for word in term.split()) or term == term.lower() else ""


def asked_there(question: str, provision: str) -> str:
    """The same where a question names the provision that it means: „Was sind X nach § 3 EnWG?“, „X § 3 EnWG“ → „X“."""
    if not provision:
        return ""
    place = rf"(?:\s+(?:nach|gemäß|laut|in|im|des|im Sinne? (?:des|von|der)|under|in))?(?:^|\s+){re.escape(provision)}"
    rest = re.sub(place, "", question, count=1, flags=re.I)
    return rest.strip(" ?!.,:") if _ONLY_NOUN.fullmatch(rest) else asked_term(rest)


def _fold(word: str) -> str:
    return word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss")


@lru_cache(maxsize=256)
def definition_of(term: str) -> Definition:
    """The patterns of sentences that define `term`, whatever its endings."""
    words = [_ENDING.sub("", word) if len(word) > 4 else word for word in re.findall(r"[^\W_][\w-]*", term)]
    name = r"\s+".join(re.escape(word) + _ENDINGS for word in words)
    # „Herkunftsnachweis für Gas“ is another word than „Herkunftsnachweis“.
    quoted = rf"(?:[„\"»‚']{name}[“\"«‘”']|{name})"
    # „7. X eine …“, „7. „X“ eine …“, „7. X: eine …“, „X im Sinne dieses Gesetzes ist“, „Im Sinne … ist X“
    entry = (
        rf"\s*\d{{1,3}}[a-z]{{0,2}}\\?[.)]\s*(?:(?:ist|sind)\s+)?{quoted}(?!\w)(?!{_MORE_OF_NAME}\n)"
        rf"|\s*{_OPENING}{_ARTICLE}{quoted}[^.;]{{0,60}}\bim\s+Sinne?\b[^.;]{{0,80}}\b{_IS}\b"
        rf"|\s*{_OPENING}Im\s+Sinne?[^.;]{{0,80}}\b{_IS}\s+(?:ein\w*\s+)?{quoted}"
    )
    said = rf"\s*{_OPENING}{_ARTICLE}{quoted}(?:\s+(?:nach|im|in)\s[^.;,]{{0,40}})?\s+{_IS}{_NOUN_PHRASE}"
    return Definition(
        term,
        re.compile(entry, re.I),
        re.compile(said, re.I),
        re.compile(rf"\((?:im Folgenden\s+)?{quoted}\)", re.I),
        re.compile(rf"\b{name}\b", re.I),
        re.compile(rf"\s*\d{{1,3}}[a-z]{{0,2}}\\?[.)]\s*{quoted}{_MORE_OF_NAME}\s*", re.I),
    )
