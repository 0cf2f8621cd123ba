"""What a question names of a law that the law does not have: a provision, an Absatz of it, an item of its list.

Only telling that something is not there belongs here, from all that was found; what is said of it is the frame's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from luna_rules.answers.model import Passage
from luna_rules.answers.places import absatz_key, is_of_law, is_provision
from luna_rules.answers.question import Lookup

_MOST_SEEN = 30
"""Of a provision with as many passages not all may have been found, so that nobody can tell where it ends."""
_NUMBER = re.compile(r"^\W?(\d{1,3})[a-z]{0,2}\\?\.(?=\s)", re.M)
_GOES_ON = re.compile(r"(?:[,;:]|\b(?:und|oder|sowie))\s*$")


@dataclass(frozen=True, slots=True)
class Absent:
    """What is not there. `provision` is what it was looked for in (empty for a provision itself), `last` how far that
    reaches (empty where the passages do not tell), `near` a passage of it.

    `sure` is False where passages may be missing, so that it can only be said that it was not found.
    """

    kind: Literal["section", "absatz", "item"]
    named: str
    provision: str = ""
    last: str = ""
    near: Passage | None = None
    sure: bool = True


def absent(lookup: Lookup, passages: Sequence[Passage]) -> Absent | None:
    """What of the provision that is looked up is missing in its law; None where nothing is, or its law is not held.

    `passages` are all that were found, which for a provision named with its law holds it first.
    """
    if lookup.law is None or len(lookup.numbers) != 1:
        return None
    section = [passage for passage in passages if is_provision(passage, replace(lookup, paragraph=None))]
    if not section:
        held = any(is_of_law(passage, lookup.law) for passage in passages)
        return Absent("section", lookup.asked) if held else None
    section = [passage for passage in section if passage.law == section[0].law]
    name = " ".join(part for part in (section[0].section, section[0].law) if part)
    if lookup.paragraph:
        absaetze = [passage.paragraph for passage in section if passage.paragraph]
        if len(absaetze) == len(section) and lookup.paragraph.lower() not in {one.lower() for one in absaetze}:
            return Absent("absatz", f"Absatz {lookup.paragraph}", name, _last_absatz(absaetze), section[0])
        section = [passage for passage in section if is_provision(passage, lookup)]
        name = f"{section[0].section} Abs. {lookup.paragraph} {section[0].law or ''}".strip()
    if lookup.item and lookup.only and not any(_has(passage.text, lookup.item) for passage in section):
        last, whole = _last_item(section)
        named = int(re.sub(r"\D", "", lookup.item) or 0)
        sure = whole and named > last
        return Absent("item", f"Nr. {lookup.item}", name, f"Nr. {last}" if sure and last else "", section[0], sure)
    return None


def _has(text: str, number: str) -> bool:
    """Whether an item, a row or a line of that number stands in a text, however it is marked."""
    return re.search(rf"^\W*{re.escape(number)}(?!\w)", text, re.M | re.I) is not None


def _last_absatz(absaetze: Sequence[str]) -> str:
    """The last Absatz where the passages are surely all of the provision; else empty."""
    last = max(absaetze, key=absatz_key)
    numbers = {absatz_key(one)[0] for one in absaetze}
    whole = len(absaetze) < _MOST_SEEN and numbers == set(range(1, absatz_key(last)[0] + 1))
    return f"Absatz {last}" if whole else ""


def _last_item(section: Sequence[Passage]) -> tuple[int, bool]:
    """The highest number of an item, 0 without any, and whether the list is surely all there: no gap, and it ends."""
    found = [(int(match[1]), passage) for passage in section for match in _NUMBER.finditer(passage.text)]
    if not found:
        return 0, len(section) < _MOST_SEEN
    last, where = max(found, key=lambda one: one[0])
    numbers = {number for number, _ in found}
    whole = numbers >= set(range(1, last + 1)) and not _GOES_ON.search(where.text) and len(section) < _MOST_SEEN
    return last, whole
