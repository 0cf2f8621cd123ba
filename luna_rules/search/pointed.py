"""Passages that a question points at otherwise than by its words: by a look-up, or by what people ask of a section."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from luna_rules.search.lookups import Lookup
from luna_rules.search.prepared import Entry, Ready, Weights
from luna_rules.search.query import Query

_MOST_KEPT = 30_000  # sections and Absätze; there are fewer with wordings
_NOWHERE = np.zeros(0, np.int32)


def look_up_sets(
    lookup: Lookup, entries: Mapping[str, Entry], weights: Weights
) -> list[tuple[NDArray[np.int32], float]]:
    """Which passages a look-up names, with the bonus of each set (sets of one look-up may overlap and add up)."""
    in_law = [entries[term].places for term in lookup.laws if term in entries]
    law = np.unique(np.concatenate(in_law)) if len(in_law) > 1 else in_law[0] if in_law else None
    if lookup.section is None:
        return [] if law is None else [(law, weights.named_law)]
    named: NDArray[np.int32] | None = None
    if law is not None or not lookup.laws:
        for term in (lookup.section, *lookup.others):
            if term in entries:
                section = entries[term].places
                named = section if law is None else _common(law, section)
                if len(named):
                    break
    if named is None or not len(named):
        return [] if law is None else [(law, weights.named_law)]
    bonus = weights.unnamed_section if law is None else weights.lookup
    sets = [(named, bonus)]
    if lookup.paragraph is not None and lookup.paragraph in entries:
        sets.append((_common(named, entries[lookup.paragraph].places), bonus * 0.5))
    return sets


def hinted(query: Query, ready: Ready, weights: Weights) -> list[tuple[NDArray[np.int32], float]]:
    """The passages of the sections that a question's wording points at, with the weight of each.

    Where it is known which Absatz of a section answers what, the others have only a share of the section's weight.
    """
    found: list[tuple[NDArray[np.int32], float]] = []
    for hint in query.hints:
        most = max((one.weight for one in hint.paragraphs), default=0.0)
        for law in hint.laws:
            places = _named(ready, law, hint.section)
            if most <= 0:
                found.append((places, hint.weight))
                continue
            found.append((places, hint.weight * (1 - weights.absatz)))
            for one in hint.paragraphs:
                share = 1 - weights.absatz + weights.absatz * one.weight / most
                found.append((_named(ready, law, hint.section, one.paragraph), hint.weight * share))
    return found


def _named(ready: Ready, law: str, section: str, paragraph: str | None = None) -> NDArray[np.int32]:
    """The passages of a law's section, or of an Absatz of it."""
    kept = ready.prepared.sections_named
    key = (law, section, paragraph)
    places = kept.get(key)
    if places is None:
        one, other = ready.entries.get(law), ready.entries.get(paragraph or section)
        if one is None or other is None:
            places = _NOWHERE
        else:
            among = one.places if paragraph is None else _named(ready, law, section)
            places = _common(other.places, among)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[key] = places
    return places


def without_laws(terms: tuple[str, ...], ready: Ready) -> NDArray[np.float32]:
    """1 for each passage that is of none of these laws, 0 for the others."""
    found = ready.prepared.laws_named.get(terms)
    if found is None:
        found = np.ones(ready.prepared.size, np.float32)
        for term in terms:
            if term in ready.entries:
                found[ready.entries[term].places] = 0
        ready.prepared.laws_named.clear()
        ready.prepared.laws_named[terms] = found
    return found


def _common(one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.int32]:
    """What two ascending lists have in common."""
    few, many = (one, other) if len(one) <= len(other) else (other, one)
    if not len(few):
        return few
    near = np.minimum(np.searchsorted(many, few), len(many) - 1)
    return few[many[near] == few]
