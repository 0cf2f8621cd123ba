"""Where German sentences begin and end, in law, in prose and in the lists between them.

An own rule on one regular expression: `sentencex` is fast too, yet cuts „2. Halbjahr“ and knows neither list items
nor lines, so that its spans would have to be mended one by one.
"""

from __future__ import annotations

import re

_MONTHS = (
    "januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|"
    "jan|feb|mär|apr|jun|jul|aug|sep|sept|okt|nov|dez"
)

ITEM_MARKER = re.compile(
    r"(?:[-–—•▪‣*+]|\d{1,3}[a-z]{0,2}\\?[.)]|\d{1,3}(?:\.\d{1,3})+\\?[.)]?|[a-zA-Z]\\?[.)]|([a-z])\1{1,2}\\?\)"
    r"|\(\d{1,3}[a-z]{0,2}\)|\([a-z]{1,2}\)|[ivxIVX]{1,6}\\?[.)])(?=\s)"
    rf"(?!\s+(?:{_MONTHS})\b)"
)
"""The mark that opens a list item or an Absatz at the beginning of a line; a date that a line break split is none."""

_BOUNDARY = re.compile(
    r"\r?\n(?:[ \t\xa0\f]*\r?\n)+\s*"  # an empty line
    r"|(?<=:)[ \t]*\r?\n"  # a lead-in
    r"|(?<![ \t])[ \t]*\r?\n(?=[ \t\xa0]*(?:[-–—•▪‣*+|<#(]|\w{1,6}\\?[.)]|\d))"  # perhaps an item, a table row, a tag
    r"|(?<![.!?…؟])[.!?…؟]++[\"'“”‟’»«)\]]*+(?=\s)"
    r"|[。！？]++[」』”）]*+"
)
_HARD = re.compile(r"\s*(?:[|<#]|" + ITEM_MARKER.pattern + r")", re.IGNORECASE)
ONLY_MARKER = re.compile(
    r"(?:\(?(?:\d{1,3}[a-z]{0,2}|[a-z]{1,3}|[IVX]{1,6}|[A-Z])\\?[.)]{1,2}|\d{1,3}(?:\.\d{1,3})+\\?[.)]?|[-–—•])\Z"
)
"""A list mark with nothing behind it."""
_WORD_BEFORE = re.compile(r"[^\s(\[„\"“»/]*\Z")
_NEXT = re.compile(r"\s+[„“\"»«'‚(\[*_]*(\S)(\w*)")
_ORDINAL_NOUN = re.compile(rf"(?:{_MONTHS}|halbjahr\w*|quartal\w*|halbsatz\w*|alternative|hs|alt)\Z", re.IGNORECASE)


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_NEVER = _words(
    """abs absch abschn art artt nr nrn buchst bst ziff ziffn rn rz rdnr hs halbs alt var vgl bzw ca circa ggf evtl
    inkl exkl zzgl abzgl einschl dr prof dipl ing med jur bgbl banz abl gbl gvbl gvobl gmbl rgbl az fn kap tab
    abb anm aufl hrsg tel gem lt sog geb insb insbes bspw entspr grds ständ st vorb verf urt beschl rspr str mr
    mrs ms cf vs approx zb dh idr ivm isd isv max min mind ungef rd ber vom versch allg bes betr bez bzgl eigtl
    einschließl ehem ff jan feb apr aug sept okt nov dez mo mi do fr sa so fig eq no vol pp"""
)
"""Abbreviations behind which a sentence practically never ends (compared without the point, folded)."""

_MAYBE = _words("usw etc ff f mio mrd tsd co str jan feb apr aug sep sept okt nov dez max min inc ltd u.a")
"""Abbreviations that end a sentence when the next word opens one."""

_MAYBE_LETTERS = frozenset(
    ["e. v", "a. f", "n. f", "o. ä", "u. ä", "u. a", "v. h", "e.v", "a.f", "n.f", "o.ä", "u.ä", "u.a"]
)
_POINTED = re.compile(r"(?:\w{1,4}\.)+\w{1,4}\Z")
_ROMAN = re.compile(r"[IVX]{1,6}\Z")

_REFERENCE_WORDS = _words(
    """absatz absatzes absätze absätzen satz satzes sätze sätzen nummer nummern artikel artikels artikeln paragraf
    paragraph paragrafen anlage anlagen anhang anhangs seite seiten tabelle abbildung kapitel abschnitt
    abschnitts teil teils buchstabe buchstaben ziffer ziffern unterabsatz abs nr art § §§ s buchst ziff rn"""
)
_OPENERS = _words(
    """der die das den dem des ein eine einer einem einen eines er sie es wir ich ihr man dies diese dieser dieses
    diesem diesen jede jeder jedes alle in im bei beim für wenn soweit sofern solange sobald auf nach mit zu zum
    zur von vom als ist sind war hat haben wird werden kann können darf soll muss an am aus durch über unter ab
    bis vor wer was wie wo wann welche welcher satz sätze absatz absätze nummer artikel § §§ hierzu hierbei
    dabei dazu daher damit dann dort davon danach dagegen daneben dafür darüber deshalb deren dessen hat
    insbesondere insoweit abweichend entsprechend gleiches ebenso auch außerdem zudem ferner weitere nicht kein
    keine liegt gilt gelten aufgrund gemäß im the this that it in we if for a an le la les un une il elle"""
)
"""Words that open sentences and hardly ever follow an ordinal number when they are capitalised."""


def _ends_sentence(text: str, start: int, end: int) -> bool:
    """Whether the full stop that begins at `start` and ends (with closing quotes and brackets) at `end` closes one."""
    following = _NEXT.match(text, end)
    if following is None:
        return True
    first, rest = following.group(1), following.group(2)
    if first.islower() or first in ",;:.)]}/%&=":
        return False
    if text[start] != "." or text.startswith("...", start):
        return True
    if end - start > 1 and text[start + 1] in ")]":
        return True
    word = text[_word_start(text, start) : start]
    if not word:
        return True
    following_word = (first + rest).lower()
    opens = following_word in _OPENERS
    folded = word.lower()
    if word.isdigit():
        return _ends_after_number(text, start, word, following_word, opens)
    if word[-1].isdigit():
        return True
    if len(word) == 1 and word.isalpha():
        if first.isdigit() or not opens:
            return False
        before = text[max(0, start - 20) : start - 1].split()
        return bool(before) and (
            before[-1].lower() in _REFERENCE_WORDS or f"{before[-1]} {word}".lower() in _MAYBE_LETTERS
        )
    if _ROMAN.match(word):
        return opens
    if _POINTED.match(folded):
        return opens and folded in _MAYBE_LETTERS
    if folded in _MAYBE:
        return opens
    return folded not in _NEVER and not folded.endswith("str")


def _word_start(text: str, end: int) -> int:
    found = _WORD_BEFORE.search(text, max(0, end - 24), end)
    return found.start() if found else end


def _ends_after_number(text: str, start: int, word: str, following_word: str, opens: bool) -> bool:
    if _ORDINAL_NOUN.match(following_word):
        return False
    if len(word) > 3:
        return True
    before = text[max(0, start - len(word) - 24) : start - len(word)].split()
    if not before:
        return False
    return opens or before[-1].rstrip(".").lower() in _REFERENCE_WORDS


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text`, for citing and for cutting long paragraphs.

    Returns spans (start, end) in characters, ascending, without overlap, trimmed of white space, which together cover
    every character that is not white space. Items on lines of their own, table rows and lead-ins („…:“ at a line's end)
    are spans of their own; a semicolon does not end one. A mark alone on its line („aa)“) stays with its text.
    """
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _BOUNDARY.finditer(text):
        start, end = match.span()
        first = text[start]
        if first.isspace():
            blank = text.count("\n", start, end) > 1
            if not blank and text[start - 1] != ":" and not _is_hard(text, start, end):
                continue
            if start - begin < 12 and ONLY_MARKER.match(text[begin:start].strip()):
                continue
            cut = start
        else:
            if first in ".!?…؟" and not _ends_sentence(text, start, end):
                continue
            if first == "." and start - begin < 12 and ONLY_MARKER.match(text[begin:end].strip()):
                continue
            cut = end
        _append(text, begin, cut, spans)
        begin = end
    _append(text, begin, len(text), spans)
    return spans


def _is_hard(text: str, start: int, end: int) -> bool:
    """Whether the line break before `end` separates: the next line opens an item, a row, a tag or a heading."""
    found = _HARD.match(text, end)
    if found is None:
        return False
    if text[end : end + 1].isdigit() or text[end : end + 1].isalpha():
        word = text[_word_start(text, start) : start].rstrip(".").lower()
        return word not in _REFERENCE_WORDS
    return True


def _append(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    part = text[start:end]
    body = part.strip()
    if body:
        start += len(part) - len(part.lstrip())
        spans.append((start, start + len(body)))
