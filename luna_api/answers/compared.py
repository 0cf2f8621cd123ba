"""Questions for what changed in a provision: its passages as they held on each of the two days, compared."""

from __future__ import annotations

from datetime import date

from luna_api.accounts.principal import Principal
from luna_api.answers.composed import Clock, Found
from luna_api.answers.retrieval import Retrieval
from luna_rules.answers.model import Answer
from luna_rules.comparison.answer import compare
from luna_rules.comparison.question import asked_comparison
from resources.database import AsyncConnection
from resources.vectors.index import Filters

_MOST = 60
"""Passages of one provision on one day that are compared."""


async def answer_comparison(
    retrieval: Retrieval,
    sql: AsyncConnection,
    principal: Principal,
    question: str,
    filters: Filters,
    today: date,
    clock: Clock,
) -> tuple[Answer, Found] | None:
    """The comparison that a question asks for, None where it asks for none or names no single provision."""
    asked = asked_comparison(question, today)
    if asked is None:
        return None
    days = (asked.before, asked.after)
    sides: list[Found] = []
    named = ""
    for day in days:
        found = await retrieval.search(sql, principal, asked.subject, filters, day, _MOST, clock)
        lookups = [one for one in found.result.query.lookups if one.section] if found.result.query else []
        if len(lookups) != 1 or not lookups[0].laws:
            return None
        named = lookups[0].asked
        sides.append(_of_provision(found))
    before, after = (side.passages for side in sides)
    if not before and not after:
        return None
    one = (before or after)[0]
    provision = " ".join(part for part in (one.section, one.law) if part) or named
    return compare(provision, before, after, days), _both(*sides)


def _of_provision(found: Found) -> Found:
    """What stands in the provision asked for, in reading order."""
    best = max((hit.scores.get("lookup", 0.0) for hit in found.result.hits), default=0.0)
    kept = [(hit, row) for hit, row in found.pairs if best > 0 and hit.scores.get("lookup", 0.0) >= best]
    kept.sort(key=lambda pair: (str(pair[1]["item_id"]), pair[1]["chunk_idx"]))
    return Found.joined([found], [hit.chunk_id for hit, _ in kept])


def _both(one: Found, other: Found) -> Found:
    return Found.joined([other, one], dict.fromkeys(row["chunk_id"] for row in (*one.rows, *other.rows)))
