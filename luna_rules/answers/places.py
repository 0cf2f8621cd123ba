"""Whether a passage is the place that a question names: a provision, or a part of a document by its heading.

Only comparing names belongs here; reading them out of the question is `question`'s business.
"""

from __future__ import annotations

import re

from luna_rules.answers.frame import heading_of
from luna_rules.answers.model import Passage
from luna_rules.answers.names import KNOWN_LAWS
from luna_rules.answers.question import Lookup, Place
from luna_rules.answers.statements import headings_at
from luna_rules.answers.text import only_words
from luna_rules.references import as_written, find_references
from luna_rules.search.laws import section_key


def is_place(passage: Passage, place: Place, position: int) -> bool:
    """Whether a position in a passage stands in the document and under the heading that were named."""
    headings = headings_at(passage, position)
    return (
        bool(headings)
        and only_words(passage.title) == only_words(place.title)
        and only_words(heading_of(headings)) == only_words(place.heading)
    )


def is_provision(passage: Passage, lookup: Lookup) -> bool:
    """Whether the passage belongs to the provision that was named (a law is only compared where search did not)."""
    own = section_key(passage.section or "")
    found_by_name = passage.scores.get("lookup", 0.0) > 0
    if own is None or not any(_meant(own, number, loosely=found_by_name) for number in lookup.numbers):
        return False
    if lookup.paragraph and passage.paragraph and lookup.paragraph.lower() != passage.paragraph.lower():
        return False
    return not lookup.law or found_by_name or is_of_law(passage, lookup.law)


def is_of_law(passage: Passage, law: str) -> bool:
    """Whether a passage stands in the law of that name, short or long."""
    wanted = re.sub(r"[^a-z]", "", law.lower())
    names = [re.sub(r"[^a-zäöü]", "", name.lower()) for name in (passage.law or "", passage.title)]
    return any(name and (wanted.startswith(name[:12]) or wanted[:12] in name) for name in names)


def speaks_of(passage: Passage, lookup: Lookup) -> bool:
    """Whether a passage refers to the provision that was named; outside of laws its law may be left unsaid."""
    return any(
        section_key(reference.section) in lookup.numbers
        and (reference.law == lookup.law or (reference.law is None and passage.law is None))
        for reference in find_references(as_written(passage.text, KNOWN_LAWS), KNOWN_LAWS)
    )


def _meant(own: str, number: str, *, loosely: bool) -> bool:
    """Whether a section is the one asked for; `loosely` as search understands it („Art. 14a“, the only annex)."""
    annex = ("anlage", "anhang")
    if own == number or (number in annex and own.startswith(annex)):
        return True
    if not loosely:
        return False
    return re.sub(r"^[a-z]{2,}", "", own) in (re.sub(r"^[a-z]{2,}", "", number), "") and own.startswith(annex) == (
        number.startswith(annex)
    )


def same_section(one: Passage, other: Passage) -> bool:
    """Whether two passages stand in one section of one document, where there are sections, else under one heading."""
    mine, its = ((p.item_id or p.title, p.section or p.heading_path) for p in (one, other))
    return mine == its


def absatz_key(paragraph: str | None) -> tuple[int, str]:
    """The order of Absätze: 2 < 2a < 3."""
    match = re.match(r"(\d+)([a-z]*)", paragraph or "")
    return (int(match[1]), match[2]) if match else (0, "")
