"""The first line of an answer: the value that was asked for and where it stands, never the body's sentence once more.

Only finding the words of the summary belongs here; all of them are verbatim from one passage, less an „aber“ that
joined a value to what stood before it, or name that passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from luna_rules.answers.cells import cell_asked
from luna_rules.answers.frame import Frame, heading_of, place_name, quoted
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.question import NUMERIC, Question, Want
from luna_rules.answers.signs import looks_back, value_spans
from luna_rules.answers.text import word_set

_CLAUSE = 160
_SHORTER = 0.7
"""A clause is worth a summary when it is at most so long, compared with its sentence."""
_RIVAL = 0.85
_MOST_WORDS = 6
_MARK = re.compile(r"^\s*(?:\(\d{1,3}[a-z]{0,2}\)|\d{1,3}[a-z]?\.|[a-z]{1,2}\)|[-•*])\s+")
_CLAUSE_END = re.compile(r"[,;:](?=\s)|(?<=\w)\s[–—]\s")
_BEFORE = word_set(
    """
    für binnen innerhalb von nach vor bis zu zum zur ab seit mit in im um über unter einer eine einem eines ein der dem
    den die das spätestens aber höchstens mindestens längstens frühestens nicht mehr länger später als weniger rund
    etwa jeweils je alle aller jedes insgesamt nur maximal minimal höhe zeitraum ablauf
    jedoch weitere weiteren
    """
)
_NO_START = word_set("von über der dem den die das aber jedoch einer einem eines ein eine als zu je mit in")
_JOINED = re.compile(r"^((?:spätest|frühest|höchst|mindest|längst)ens)\s+(?:aber|jedoch)\b", re.I)
_OF_THE_VERB = word_set("im in am an auf durch mit gegenüber über unter")
"""Prepositions that, behind a whole phrase, mostly begin what belongs to the verb at the sentence's end."""
_OPENS = word_set("nach vor im am pro je ab seit für vom zum zur bis")
_WITHIN = word_set("der dem den des die das dieser dieses diesem einer eines einem ihrer ihres ihrem seines und oder")
_SIMPLE = word_set("lang jährlich monatlich täglich brutto netto pauschal einmalig vorher später danach")
_SHARE = re.compile(r"(?:prozent|hundert|%|hälfte|drittel|fünftel)$", re.I)
_DAY = re.compile(r"\d\.\s?\w+$")
_SUBORDINATE = re.compile(
    r"(?:der|die|das|den|dem|denen|deren|soweit|sofern|wenn|falls|dass|weil|wobei|welche[rsn]?|als|oder|und)\b", re.I
)
_OTHERWISE_BEFORE = re.compile(r"\b(?:oder|bzw\.|beziehungsweise)\s+(?:\d{1,2}\.\s+|[a-z]{1,2}\)\s+)?\Z")
_OTHERWISE = re.compile(r"[\s,;]*(?:oder|bzw\.|beziehungsweise)\s|[\s,;]*(?:mindestens|höchstens)\s(?:aber|jedoch)\s")
"""What joins a value to another one that may hold in its stead."""
_PER = re.compile(r"/\w+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_BEFORE_YEAR = re.compile(r"(?:\d\.\s?[A-ZÄ]\w+|Jahre?s?)$")
_WORD = re.compile(r"\S+")


def summary_of(
    question: Question,
    best: AnswerSentence,
    others: Sequence[AnswerSentence],
    passage: Passage,
    headings: Sequence[str],
    frame: Frame,
    *,
    anchored: bool = True,
) -> str:
    """One line on the best statement; `headings` are those above it. It does not repeat the statement.

    `anchored` tells that the statement itself speaks of what was asked, so that a value taken out of it is the one.
    """
    name = place_name(passage, headings)
    wants: list[Want] = [want for want in question.wants if want in NUMERIC]
    rows = [one for one in others if one.table and one.score >= _RIVAL * best.score]
    heading, title = quoted(heading_of(headings)), quoted(passage.title)
    name = f"„{title}“" if name and heading == title and not passage.provision else name
    alone = anchored and name and wants and len(question.parts) == 1 and not rows
    if alone and (value := cell_asked(question, best, wants)):
        return frame.say("summary_value", question.text, value=value, name=name)
    # Of several things asked one value answers only one.
    one = len(question.parts) == 1 and not best.table and not _disputed(best, others, wants)
    if anchored and wants and one and not _looks_back(best, wants):
        if name and (value := _value(best, wants)) and value.lower() not in question.text.lower():
            return frame.say("summary_value", question.text, value=value, name=name)
        if clause := _clause(best, wants):
            return frame.say("summary", question.text, clause=clause)
    if passage.provision and heading:
        return frame.say("summary_provision", question.text, provision=passage.provision, heading=heading)
    if heading and title and heading != title:
        return frame.say("summary_document", question.text, title=title, heading=heading)
    return frame.say("summary_found", question.text, name=name or f"„{title}“")


def _value(sentence: AnswerSentence, wants: Sequence[Want]) -> str:
    """The one value that was asked for, with the words that belong to it; empty where there is none, or several."""
    found = [(piece, span) for piece in sentence.slices for span in value_spans(piece, wants)]
    if len(found) != 1:
        return ""
    piece, (start, end) = found[0]
    behind = end
    start, end = _left(piece, start), _right(piece, start, end)
    if _OTHERWISE_BEFORE.search(piece, 0, start) or _OTHERWISE.match(piece, behind):
        return ""  # of „das Doppelte oder 500 Euro“ one alone is not the answer
    value = _JOINED.sub(r"\1", " ".join(piece[start:end].split()))
    if value.lower().startswith("nicht ") and not re.match(r"nicht (?:mehr|länger|später|weniger) als\b", value, re.I):
        return ""
    return value if len(value) <= _SHORTER * len(" ".join(piece.split())) else ""


def _looks_back(sentence: AnswerSentence, wants: Sequence[Want]) -> bool:
    """Whether a value is a span of time that has passed: „die Preise der letzten sechs Monate vorzuhalten“."""
    return any(looks_back(piece, start) for piece in sentence.slices for start, _ in value_spans(piece, wants))


def _left(text: str, start: int) -> int:
    words = list(_WORD.finditer(text, 0, start))
    first = len(words)
    while first and len(words) - first <= _MOST_WORDS and _belongs(words[first - 1].group()):
        first -= 1
    while first < len(words) and words[first].group().lower() in _NO_START:
        # „mit einer Frist von“ is begun with its preposition, a lonely one is not.
        if len(words) - first > 2 and words[first].group().lower() in ("mit", "in"):
            break
        first += 1
    return words[first].start() if first < len(words) else start


def _belongs(word: str) -> bool:
    return word.lower() in _BEFORE or re.fullmatch(r"\w*(?:dauer|frist|laufzeit)", word, re.I) is not None


def _right(text: str, start: int, end: int) -> int:
    """Behind what belongs to a value: „im Jahr“, „nach ihrem Beginn“, „der Kosten“; a verb and what it rules do not."""
    if per := _PER.match(text, end):  # „59,90 ct/kWh“
        end = per.end()
    kept = end
    value = text[start:end]
    words = list(_WORD.finditer(text, end))
    if words and words[0].start() == end:  # a stop, or the rest of a compound
        return end
    inside = False
    for place, match in enumerate(words[:_MOST_WORDS]):
        bare = match.group().rstrip(",;:.)")
        if kept > end and bare in _OF_THE_VERB:
            break
        following = words[place + 1].group() if place + 1 < len(words) else ""
        if _YEAR.fullmatch(bare) and _BEFORE_YEAR.search(text[start:kept]):
            kept = match.start() + len(bare)
            break
        if not bare or bare[-1] == "-" or "(" in bare or bare[:1].isdigit() or "§" in bare:
            break
        if bare in _SIMPLE or (bare[:1].isupper() and (inside or place == 0)):
            kept = match.start() + len(bare)
        elif bare in _OPENS or (inside and bare in _WITHIN) or (place == 0 and _rules(value, bare)):
            inside = True
        elif not (inside and bare[:1].islower() and following[:1].isupper()):
            break
        if bare != match.group():
            break
    return kept


def _rules(value: str, word: str) -> bool:
    """Whether a genitive may follow a value: „50 Prozent der Kosten“, „30. September des Jahres“."""
    return (word in ("der", "des", "dieser") and _SHARE.search(value) is not None) or (
        word == "des" and _DAY.search(value) is not None
    )


def _clause(sentence: AnswerSentence, wants: Sequence[Want]) -> str:
    """The main clause of a long sentence that holds the one value that was asked for, verbatim; else empty."""
    piece = next((piece for piece in sentence.slices if value_spans(piece, wants)), "")
    text = " ".join(_MARK.sub("", piece).split())
    if len(value_spans(text, wants)) != 1:
        return ""
    bounds = [0, *(match.end() for match in _CLAUSE_END.finditer(text)), len(text)]
    for start, end in pairwise(bounds):
        clause = text[start:end].strip()
        if (start and _SUBORDINATE.match(clause)) or _OTHERWISE.match(text, end):
            continue
        if len(value_spans(clause, wants)) == 1 and len(clause) <= min(_CLAUSE, _SHORTER * len(text)):
            before = "" if start == 0 else "… "
            behind = "" if end == len(text) else " …"
            return f"{before}{clause.rstrip(',;:.')}{behind}"
    return ""


def _disputed(best: AnswerSentence, others: Sequence[AnswerSentence], wants: Sequence[Want]) -> bool:
    """Whether another statement names another value and is nearly as good: then one of them alone would mislead."""
    mine = {piece[slice(*span)].lower() for piece in best.slices for span in value_spans(piece, wants)}
    return any(
        piece[slice(*span)].lower() not in mine
        for other in others
        if other.score >= _RIVAL * best.score
        for piece in other.slices
        for span in value_spans(piece, wants)
    )
