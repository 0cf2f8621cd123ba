"""One query from those that several lexicons gave for the same question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from luna_rules.search.query import Alternative, Group, Query


def joined(queries: Sequence[Query]) -> Query | None:
    """One query from those that several lexicons gave for the same question: concepts keep all their alternatives."""
    if not queries:
        return None
    first, *others = queries
    if not others:
        return first
    groups: dict[tuple[str, bool], Group] = {(group.asked, group.content): group for group in first.groups}
    # Of „§§ 36 bis 38“ each section is asked for in the same words.
    lookups = {(lookup.asked, lookup.section, lookup.paragraph): lookup for lookup in first.lookups}
    terms = dict.fromkeys(first.terms)
    for query in others:
        for group in query.groups:
            key = (group.asked, group.content)
            same = groups.get(key)
            groups[key] = group if same is None else replace(same, alternatives=_united(same, group))
        for lookup in query.lookups:
            named = (lookup.asked, lookup.section, lookup.paragraph)
            same_lookup = lookups.get(named)
            if same_lookup is None or (lookup.known and not same_lookup.known):
                lookups[named] = lookup
            elif lookup.known:
                laws = tuple(dict.fromkeys((*same_lookup.laws, *lookup.laws)))
                lookups[named] = replace(same_lookup, laws=laws)
        terms.update(dict.fromkeys(query.terms))
    return replace(first, groups=tuple(groups.values()), lookups=tuple(lookups.values()), terms=tuple(terms))


def _united(one: Group, other: Group) -> tuple[Alternative, ...]:
    best: dict[tuple[str, ...], float] = {}
    for alternative in (*one.alternatives, *other.alternatives):
        best[alternative.terms] = max(best.get(alternative.terms, 0.0), alternative.weight)
    return tuple(Alternative(terms, weight) for terms, weight in best.items())
