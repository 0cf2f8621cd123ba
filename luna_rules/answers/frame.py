"""Luna's words around the cited body: summary, admission, suggestion, next question, steps.

Which words are said belongs here; the words themselves are data. A frame claims nothing about the matter.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from luna_rules.answers.layout import is_formula, without_number
from luna_rules.answers.model import Passage
from luna_rules.answers.smalltalk import TALKS

_DIGIT = re.compile(r"\d|§")
_HEADING_MARK = re.compile(
    r"^\s*(?:§+\s*\d+\s?[a-z]?\b|Art(?:ikel|\.)?\s*\d+\b|(?:Anlage|Anhang)\b\s*\d*\b)\s*(?:[-–—:]\s*)?", re.I
)
_INNER_QUOTES = str.maketrans({"„": "‚", "“": "‘", "”": "‘", '"': "‘"})
_NOT_SAID = re.compile(r"\((?:weggefallen|aufgehoben|zu den? § .*)\)", re.I)
_NOT_OFFERED = re.compile(r"(?:in|außer)[ -]?kraft|übergangs(?:regelung|vorschrift|bestimmung|frist)", re.I)
"""Headings of provisions that nobody goes on to read for an answer."""


class FrameError(ValueError):
    """The templates are not complete, or one of them claims something; the message names its key."""


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Sequence):
        return tuple(str(part) for part in cast("Sequence[object]", value))
    return ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Templates by key (`suggestion.deadline`), several variants each. Which one is said follows from the question."""

    templates: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])

    REQUIRED = (
        "summary", "summary_value", "summary_provision", "summary_document", "summary_found", "unsure",
        "unsure_missing", "nothing_asked", *(f"talk.{talk}" for talk in TALKS), "empty_corpus",
        "suggestion.default", "suggestion.deadline", "suggestion.amount",
        "suggestion.duty", "suggestion.lookup", "suggestion.validity", "suggestion.twin",
        "suggestion.refusal", "next_question.provision",
        "next_question.document", "next_question.first", "next_question.offer", "steps.read", "steps.read_document",
        "steps.deadline", "steps.amount", "steps.conditions", "steps.validity",
    )  # fmt: skip

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Frame:
        """Templates from the `frame` part of the prompt file; raises FrameError naming what is wrong."""
        flat: dict[str, tuple[str, ...]] = {}
        for key, value in data.items():
            if isinstance(value, Mapping):
                for inner, texts in cast("Mapping[str, object]", value).items():
                    flat[f"{key}.{inner}"] = _texts(texts)
            else:
                flat[key] = _texts(value)
        for key in cls.REQUIRED:
            if not flat.get(key):
                raise FrameError(f"frame.{key} is missing")
        for key, texts in flat.items():
            for text in texts:
                if _DIGIT.search(text):
                    raise FrameError(f"frame.{key} holds a number or a provision: {text}")
        return cls(flat)

    def say(self, key: str, question: str, **values: str) -> str:
        """One variant of a template, the same one for the same question."""
        texts = self.templates[key]
        text = texts[zlib.crc32(f"{key}\0{question}".encode()) % len(texts)]
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text


def heading_of(headings: Sequence[str]) -> str:
    """The nearest heading that says something, without its number."""
    for heading in reversed(headings):
        bare = without_number(_NOT_SAID.sub("", _HEADING_MARK.sub("", heading)).strip(" -–—:#\n"))
        if len(bare) > 3:
            return bare if len(bare) <= 160 else bare[:157].rsplit(" ", 1)[0] + " …"
    return ""


def quoted(name: str) -> str:
    """A name as it stands between quotation marks: those within it become single ones."""
    return " ".join(name.translate(_INNER_QUOTES).split())


def place_name(passage: Passage, headings: Sequence[str]) -> str:
    """What to call the place of a statement: its provision, else the part of the document, else the document."""
    if passage.provision:
        return passage.provision
    heading = heading_of(headings)
    if heading:
        return f"Abschnitt „{quoted(heading)}“"
    return f"„{quoted(passage.title)}“" if passage.title else ""


def ask_about(frame: Frame, question: str, passage: Passage) -> str:
    """The asker's next question, which `passage` answers.

    Empty where it has no heading to be called by, or one that only tells since when a law applies.
    """
    heading = heading_of(passage.heading_path)
    if not heading or is_formula(heading) or heading.endswith("…") or _NOT_OFFERED.match(heading):
        return ""
    if passage.section and passage.law:
        provision = f"{passage.section} {passage.law}"
        return frame.say("next_question.provision", question, provision=provision, heading=quoted(heading))
    if not passage.title:
        return ""
    return frame.say("next_question.document", question, title=quoted(passage.title), heading=quoted(heading))


def plural_of_missing(missing: Sequence[str]) -> str:
    """The missing words as they are spoken: „KfW“ und „Wärmepumpe“."""
    quoted = [f"„{word}“" for word in missing[:3]]
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + " und " + quoted[-1]
