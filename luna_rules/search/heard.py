"""In what words a question is heard: what each way to say a concept counts in a corpus, and which are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from luna_rules.search.prepared import Weights, idf
from luna_rules.search.query import Group, Query

_FEW = 20  # in so many passages every word is rare
# Letters and digits together, or more digits than a year or an amount of days has.
_IDENTIFIER = re.compile(r"(?=.*\d)(?:.*[^\W\d_].*|\d{5,})")
_ALIKE = 0.31  # words that are only spelled alike weigh less
_MOST_READ = 3  # postings for each passage of the corpus; one question in six has more
_ALWAYS_READ = 100_000  # postings that take no time to speak of


def heard(query: Query, sizes: Mapping[str, int], n: int, weights: Weights) -> list[list[tuple[list[str], np.float32]]]:
    """For each group the alternatives that the corpus knows: their known terms, and what counts for each.

    Where they have more than `_MOST_READ` postings a passage together, the ways that say least go unheard, never the
    words that were asked. `sizes` are the numbers of passages of the known terms, `n` of all.
    """
    ways: list[list[tuple[list[str], np.float32]]] = []
    others: list[tuple[float, int, int, int]] = []
    postings = 0
    for number, group in enumerate(query.groups):
        mine: list[tuple[list[str], np.float32]] = []
        for place, own in enumerate(tempered_weights(group, sizes, n, weights)):
            known = [term for term in group.alternatives[place].terms if term in sizes]
            if not known:
                continue
            weight = own * group.weight
            count = sum(sizes[term] for term in known)
            postings += count
            if place:
                most = weight * sum(idf(sizes[term], n, weights.idf_power) for term in known)
                others.append((most, number, len(mine), count))
            mine.append((known, np.float32(weight)))
        ways.append(mine)
    budget = max(_MOST_READ * n, _ALWAYS_READ)
    if postings <= budget:
        return ways
    unheard: set[tuple[int, int]] = set()
    for _, number, place, count in sorted(others):
        if postings <= budget:
            break
        unheard.add((number, place))
        postings -= count
    return [
        [way for place, way in enumerate(mine) if (number, place) not in unheard] for number, mine in enumerate(ways)
    ]


def is_name(group: Group, sizes: Mapping[str, int], n: int, weights: Weights) -> bool:
    """Whether a group's word is known, rare, and can be said in no other way."""
    asked = group.alternatives[0]
    if not group.content or len(asked.terms) != 1 or asked.weight < 1:
        return False
    others = (alternative.weight for alternative in group.alternatives[1:])
    return 0 < sizes.get(asked.terms[0], 0) <= max(weights.rare * n, _FEW) and all(own < _ALIKE for own in others)


def names(query: Query, sizes: Mapping[str, int], n: int, weights: Weights) -> frozenset[str]:
    """The words of a question that are names."""
    return frozenset(group.alternatives[0].terms[0] for group in query.groups if is_name(group, sizes, n, weights))


def tempered_weights(group: Group, sizes: Mapping[str, int], n: int, weights: Weights) -> list[float]:
    """The weights of a group's alternatives: none may tell more than the word that was asked, where that is known.

    A word that stands everywhere („gilt“) must not be heard above a rare one because it also means something rare.
    A rare word that can be said in no other way is a name: where it stands, the matter is spoken of.
    `sizes` are the numbers of passages of the known terms.
    """
    plain = [alternative.weight for alternative in group.alternatives]
    asked = group.alternatives[0]
    if not group.content or len(asked.terms) != 1 or asked.weight < 1 or not sizes.get(asked.terms[0]):
        return plain
    if is_name(group, sizes, n, weights):
        plain[0] *= weights.identifier if _IDENTIFIER.fullmatch(asked.terms[0]) else weights.name
        return plain
    most = idf(sizes[asked.terms[0]], n, weights.idf_power)
    for place, alternative in enumerate(group.alternatives[1:], start=1):
        reach = alternative.weight * sum(
            idf(sizes[term], n, weights.idf_power) for term in alternative.terms if sizes.get(term)
        )
        if reach > most:
            plain[place] *= most / reach
    return plain
