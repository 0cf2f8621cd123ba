"""Long questions that begin with a story: what is told before weighs less than the sentence that asks.

„Mein Onkel hat gestern einen Brief bekommen. Muss er … anzeigen?“ Letter and uncle stand in some law, too, and would
draw the search there. What is told still counts, because a question often leans on it („Darf der das?“).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from luna_rules.search import words

_TOLD = 0.7
"""Chosen on the questions for tuning with a sentence of small talk put before each: 0.5 and 0.3 lose what the story
says of the matter, 1.0 follows the small talk."""
_LONG = 8
_ENOUGH = 3
_SENTENCE = re.compile(r"(?<=[.!?…])[\"“”»«)]*\s+(?=[\"„“»«(]*[^\W\d_])")
_ABBREVIATED = re.compile(
    r"(?:\b(?:Abs|Art|Nr|Par|Ziff|lit|bzw|ca|ggf|usw|inkl|evtl|max|min|etc|No|Sec)|\b\w)\.$", re.I
)


def told_weights(text: str, concepts: Sequence[str]) -> list[float]:
    """For each concept of a question (its wording in the text) the factor of its weight: 1, or less where it is told.

    All are 1 where the text is short, where no sentence ends in a question mark or all do, or where those that ask say
    too little by themselves.
    """
    plain = [1.0] * len(concepts)
    if len(concepts) < _LONG or "?" not in text:
        return plain
    parts = _sentences(text)
    asking = [part for part in parts if "?" in part[-3:]]
    if not asking or len(asking) == len(parts):
        return plain
    said = {word.casefold() for part in asking for word in words.tokens(part)}
    asked = [any(word.casefold() in said for word in words.tokens(concept)) for concept in concepts]
    return plain if sum(asked) < _ENOUGH else [1.0 if one else _TOLD for one in asked]


def _sentences(text: str) -> list[str]:
    found: list[str] = []
    for part in _SENTENCE.split(text):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {part}"
        elif part.strip():
            found.append(part.strip())
    return found
