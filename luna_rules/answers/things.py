"""The things whose difference a question asks for, and the marks of the passages that were found for each.

Only reading the things out of the question and marking passages belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from luna_rules.answers.definitions import asked_term
from luna_rules.answers.model import Passage
from luna_rules.answers.question import Question

_MOST = 3
_FEWEST = 2
_LONGEST = 300
"""Characters of a question for nothing but a difference."""
_SCORE = "score"
_PLACE = "place"

_AND = r"(?:und|oder|and|or|,)"
_FORMS = (
    r"\b(?:unterschiede?|differences?|abgrenzung|unterscheidung)\s+(?:zwischen|between|von|of)\s+(?P<things>.+)",
    r"\babgrenzung\s+(?:de[rs]\s+)?(?P<a>.+?)\s+(?:von|zu[rm]?|gegenüber|gegen)\s+(?P<b>.+)",
    r"\bunterscheide[tn]?\s+sich\s+(?:denn\s+|eigentlich\s+|genau\s+)*(?P<a>.+?)\s+vo[nm]\s+(?P<b>.+)",
    r"\bunterscheide[tn]?\s+sich\s+(?:denn\s+|eigentlich\s+|genau\s+)*(?P<things>.+)",
    r"\bwas\s+unterscheidet\s+(?P<a>.+?)\s+vo[nm]\s+(?P<b>.+)",
    r"^(?P<things>[^?]+?)\s*[-–—:,?]+\s*(?:was|wo|worin)\s+(?:ist|liegt|besteht|sind)\s+(?:denn\s+|da\s+|hier\s+)*"
    r"(?:der|die)\s+unterschiede?",
    r"^\W*(?:der\s+)?unterschiede?:?\s+(?P<things>.+)",
    r"^\W*unterschiede?:?\s+(?P<a>(?-i:[A-ZÄÖÜ])\S+)\s+(?P<b>(?-i:[A-ZÄÖÜ])\S+)\W*$",
    r"\bhow\s+(?:does|do|is|are)\s+(?P<a>.+?)\s+(?:differ(?:ent)?\s+from)\s+(?P<b>.+)",
    r"\bhow\s+do\s+(?P<things>.+?)\s+differ\b",
    r"^(?P<a>[^?]+?)\s+(?:vs\.?|versus)\s+(?P<b>[^?]+)",
)
_PATTERNS = tuple(re.compile(form, re.I) for form in _FORMS)
_BETWEEN = re.compile(rf"\s*,\s*(?:{_AND}\s+)?|\s+(?:und|oder|and|or)\s+", re.I)
_EDGE = re.compile(
    r"^[\W_]*(?:(?:der|die|das|den|dem|des|ein|eine|einer|eines|einem|einen|the|an?|zwischen|between)\s+)*|[\W_]+$",
    re.I,
)
_HEAD = re.compile(
    r"(?:versorg(?:ung|er)|anschl(?:uss|üsse)|betreiber|zähler|messung|messsystem|steuer|entgelte?|preise?|vergütung|netze?"
    r"|kosten|recht|verträge?|vertrag|kunden?|lieferant(?:en)?|lieferung|strom|energie|anlagen?|speicher|nutzer|nutzung"
    r"|nehmer|prämie|markt|zuschlag|umlage|abgabe|ausweis|pflicht|frist|leistung|arbeit|wärme|kälte|gas|geräte?|zahlung)$",
    re.I,
)
"""What „Grund- und Ersatzversorgung“ leaves out of its first word."""


def things_of(read: Question) -> tuple[str, ...]:
    """The two or three things whose difference is asked for, as written; empty for other questions."""
    if read.lookup is not None or read.place is not None or len(read.text) > _LONGEST:
        return ()
    text = re.sub(r"\s+", " ", read.text).strip()
    for pattern in _PATTERNS:
        if match := pattern.search(text):
            named = match.groupdict()
            parts = _BETWEEN.split(named["things"]) if named.get("things") else [named["a"] or "", named["b"] or ""]
            things = tuple(_EDGE.sub("", _EDGE.sub("", _cut(part))) for part in _completed(parts))
            if _FEWEST <= len(things) <= _MOST and all(asked_term(what_is(thing, read)) for thing in things):
                return things
    return ()


def _cut(part: str) -> str:
    return re.split(r"[?!.;:](?:\s|$)", part.strip(), maxsplit=1)[0]


def _completed(parts: Sequence[str]) -> list[str]:
    """„Grund-“ before „Ersatzversorgung“ as „Grundversorgung“."""
    head = _HEAD.search(_cut(parts[-1]).rstrip(' ?!.“"')) if parts else None
    return [
        part.rstrip().rstrip("-‐‑") + head.group().lower() if head and re.search(r"\w[-‐‑]\s*$", part) else part
        for part in parts
    ]


def what_is(thing: str, read: Question) -> str:
    """The question for one thing by itself."""
    return f"What is {thing}?" if read.english else f"Was ist {thing}?"


def mark_of(passages: Sequence[Passage], number: int) -> Mapping[str, Mapping[str, float]]:
    """By passage the scores to keep on one that was found for several things: how it was found for the thing `number`.

    `passages` come best first.
    """
    return {
        passage.chunk_id: {
            f"{number}:{_SCORE}": passage.score,
            f"{number}:{_PLACE}": float(place),
            **{f"{number}:{name}": value for name, value in passage.scores.items()},
        }
        for place, passage in enumerate(passages)
    }


def of_thing(passages: Sequence[Passage], number: int) -> list[Passage]:
    """The passages found for the thing `number`, best first, as that search found them."""
    mark = f"{number}:"
    found: list[tuple[float, Passage]] = []
    for passage in passages:
        own = {name[len(mark) :]: value for name, value in passage.scores.items() if name.startswith(mark)}
        if own:
            place, score = own.pop(_PLACE), own.pop(_SCORE)
            found.append((place, replace(passage, score=score, scores=own)))
    return [passage for _, passage in sorted(found, key=lambda one: one[0])]
