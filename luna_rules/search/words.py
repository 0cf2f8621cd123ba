"""German words as search sees them: tokens, one spelling for each, stems, numbers.

Pure functions over single words and texts. What a corpus knows (compounds, vectors) is in `lexicon.py`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from sys import intern

import Stemmer

_LETTERS = r"[^\W\d_]"
TOKEN = re.compile(
    r"§+\s?\d+(?:\s?[a-z](?![^\W_]))?"  # § 41a, § 41 a
    r"|\d{1,3}(?:[ .'’]\d{3})+(?![^\W_])"  # 10 000, 10.000
    r"|[^\W_]+(?:[-‐‑./,:+&][^\W_]+)*(?:[-‐‑](?=\s))?"  # words, ids, dates; a hyphen at the end asks for completion
)
_HYPHENS = re.compile(r"[-‐‑]")
_SEPARATORS = re.compile(r"[-‐‑./,:+&]")
_GROUPED = re.compile(r"\d{1,3}(?:[ .'’]\d{3})+")
_NUMBER = re.compile(r"\d+(?:,\d+)?")
_LINE_BREAK = re.compile(r"(?<=[a-zäöüß])[-\u00ad]\n\s*(?=[a-zäöüß])")

# ASCII transcriptions. After a vowel or q, „ue“ is no umlaut (neue, Steuer, Quelle), nor before „ll“ (aktuell).
_TRANSCRIPTIONS = (
    (re.compile(r"(?<![aeouqäöü])ue(?!ll)"), "ü"),
    (re.compile(r"(?<![aeiouyäöü])oe(?!ff|sie)"), "ö"),
    (re.compile(r"(?<![aeiouäöü])ae(?!ro|l$)"), "ä"),
)
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_FOLD = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "ss", "é": "e", "è": "e", "á": "a", "à": "a", "ó": "o"})

# Where the umlaut alone tells two words apart that both occur in this trade, the stem keeps it (as ae, oe, ue).
_UMLAUT_KEPT = re.compile(r"zähl|förder|dämm|wärm|fläch|kält|drück")
_AGENT = re.compile(r"(?:zähler|verbraucher)(?:[ns]|in|innen)?$")
_MASK = str.maketrans("äöü", "yyy")
_RESTORE = {"ä": "ae", "ö": "oe", "ü": "ue"}

_FUNCTION_WORDS = """
    aber alle allem allen aller alles als also am an andere anderem anderen anderer anderes auch auf aus bei
    beim bin bis bist da dabei dadurch dafür dagegen daher dahin damit danach daneben dann daran darauf daraus
    darf darin darum darunter darüber das dass dasselbe davon davor dazu dazwischen dein deine deinem deinen
    deiner deines dem demselben den denen denn denselben der deren derer derjenige derjenigen derselbe derselben
    des desselben dessen desto die dies diese dieselbe dieselben diesem diesen dieser dieses dir doch dort du
    durch dürfen ebenso ein eine einem einen einer eines einige einigem einigen einiger einiges entweder er es
    etwa etwas euch euer eure eurem euren eurer für gegen gegenüber gemäß hab habe haben hast hat hatte hatten
    hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im in indem infolge ins insbesondere
    insoweit ist ja je jede jedem jeden jeder jedes jedoch jene jenem jenen jener jenes jeweilige jeweiligen
    jeweils kann kannst kein keine keinem keinen keiner keines konnte können könnte man manche manchem manchen
    mancher manches mein meine meinem meinen meiner meines mich mir mit muss musste müssen müsste nach nachdem
    nicht nichts noch nun nur ob obwohl oder ohne sehr seid sein seine seinem seinen seiner seines seit selbst
    sich sie sind so sobald sofern solch solche solchem solchen solcher solches soll sollen sollte somit sondern
    sonst soweit sowie sowohl statt um und uns unser unsere unserem unseren unserer unter vom von vor wann war
    waren warum was weder weil welche welchem welchen welcher welches wem wen wenn wer werde werden wessen wie
    wieder will wir wird wo wobei wodurch wofür wohin womit worden worin worüber wurde wurden während wäre würde
    würden zu zum zur zwar zwischen über
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Closed word classes. They are not indexed: at 100,000 passages they would be most postings and tell nothing."""

_LONGEST_KEPT = 64
"""Longer words are worked out each time: endless ones would fill the memory of those that are kept."""
_KEPT_TEXTS = 20_000
"""Texts of which the different tokens are kept; a sentence takes about 1 kB."""
_STEMMER = Stemmer.Stemmer("german")
_ENGLISH_STEMMER = Stemmer.Stemmer("english")


def clean(text: str) -> str:
    """One spelling of characters: NFKC, no soft hyphens, words that were hyphenated at line ends joined again."""
    text = unicodedata.normalize("NFKC", text)
    if "-\n" in text or "\u00ad" in text:
        text = _LINE_BREAK.sub("", text).replace("\u00ad", "")
    return text


def fold(word: str) -> str:
    """A word in lower case with umlauts and ß written out, so that `Wärme`, `waerme` and `WÄRME` are the same."""
    return word.lower().translate(_WRITTEN_OUT)


def tokens(text: str) -> list[str]:
    """The raw tokens of a cleaned text, in order: words with their hyphens, numbers, ids, references to a §."""
    return TOKEN.findall(text)


@lru_cache(maxsize=_KEPT_TEXTS)
def different_tokens(text: str) -> tuple[str, ...]:
    """The raw tokens of a cleaned text, each once, in the order of their first places.

    They are kept for texts that are asked for again and again: the statements of passages that many questions find.
    """
    return tuple(dict.fromkeys(map(intern, TOKEN.findall(text))))


def spelling(word: str) -> str:
    """Lower case, ß as ss, `ae oe ue` as umlauts: `Waermezaehler` and `Wärmezähler` are one spelling afterwards."""
    return _spelling(word) if len(word) <= _LONGEST_KEPT else _spelling.__wrapped__(word)


@lru_cache(maxsize=200_000)
def _spelling(word: str) -> str:
    word = word.lower().replace("ß", "ss")
    for pattern, umlaut in _TRANSCRIPTIONS:
        if (umlaut == "ü" and "ue" in word) or (umlaut == "ö" and "oe" in word) or (umlaut == "ä" and "ae" in word):
            word = pattern.sub(umlaut, word)
    return word


def stem(word: str) -> str:
    """The stem of a word in its `spelling`, without umlauts, except where the umlaut tells two words apart."""
    return _stem(word) if len(word) <= _LONGEST_KEPT else _stem.__wrapped__(word)


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    agent = _AGENT.search(word) if "zähler" in word or "verbraucher" in word else None
    if agent is not None:
        name = "zaehler" if agent.group().startswith("z") else "verbraucher"
        return word[: agent.start()].translate(_FOLD) + name
    if word.isascii():
        return _STEMMER.stemWord(word)
    if _UMLAUT_KEPT.search(word) is None:
        return _STEMMER.stemWord(word).translate(_FOLD)
    # The stemmer folds umlauts; a y stands in for those that are kept, since it is a vowel and occurs in no suffix.
    masked = _UMLAUT_KEPT.sub(lambda match: match.group().translate(_MASK), word)
    stemmed = _STEMMER.stemWord(masked)
    return "".join(
        _RESTORE[letter] if shown == "y" and letter in _RESTORE else shown.translate(_FOLD)
        for letter, shown in zip(word, stemmed, strict=False)
    )


@lru_cache(maxsize=50_000)
def english_stem(word: str) -> str:
    """The stem of an English word: `connecting` and `connections` are both found under `connect`."""
    return _ENGLISH_STEMMER.stemWord(word.lower())


def is_number(raw: str) -> bool:
    """Whether a raw token is a plain number (`10.000`, `0,5`, `2030`)."""
    return raw[0].isdigit() and (_GROUPED.fullmatch(raw) or _NUMBER.fullmatch(raw)) is not None


def number(raw: str) -> str:
    """A number without grouping and without trailing zeros behind the comma: `10.000` → `10000`, `2,50` → `2,5`."""
    if _GROUPED.fullmatch(raw):
        return re.sub(r"\D", "", raw)
    whole, _, decimals = raw.partition(",")
    decimals = decimals.rstrip("0")
    return f"{whole},{decimals}" if decimals else whole


def reference(raw: str) -> str:
    """A reference to a § as one term: `§ 41 a` → `§41a`."""
    return "§" + re.sub(r"[§\s]", "", raw).lower()


def pieces(raw: str) -> list[str]:
    """The parts of a token with separators: `Stromsteuer-Durchführungsverordnung` → both words."""
    return [piece for piece in _SEPARATORS.split(raw) if piece]


def joined(raw: str) -> str:
    """A token without its separators, to be found however it was hyphenated: `E-Mail`, `BK6-22-300`, `31.12.2025`."""
    return _SEPARATORS.sub("", raw)


def is_word(text: str) -> bool:
    """Whether a token consists of letters only."""
    return text.isalpha()
