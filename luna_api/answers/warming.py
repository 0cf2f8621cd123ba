"""Reads what searches need before anybody asks, and again whenever another version of the index goes live."""

import asyncio

import structlog

from luna_api.answers.asked import today
from luna_api.answers.composed import Clock
from luna_api.answers.retrieval import Retrieval
from luna_api.garbage import keep_loaded
from resources.database import DEFAULT_TENANT, AppDatabase
from resources.vectors.index import NO_FILTERS, PassageIndex

_LOOK_S = 2.0
WARM_QUESTION = "Wie lange dauert ein Lieferantenwechsel?"
"""Searched for where nobody asked: to read what searches need, and to see whether they work."""


async def keep_warm(database: AppDatabase, index: PassageIndex, retrieval: Retrieval) -> None:
    """Read the public index before anybody asks, and again after each promotion, until cancelled.

    The first question would otherwise wait a second for the lexicon. What fails is tried again at the next look: at the
    start of everything the database may come after the API.
    """
    warmed = await _warm_once(database, index, retrieval)
    if warmed:
        keep_loaded()
    versions: tuple[int, ...] | None = None
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            async with database.transaction(DEFAULT_TENANT) as sql:
                state = await index.state(sql, DEFAULT_TENANT)
        except Exception as fault:
            structlog.get_logger("luna_api.answers").debug("index_not_seen", fault=type(fault).__name__)
            continue
        if not warmed or (versions is not None and state.index_versions != versions):
            warmed = await _warm_once(database, index, retrieval, failed_before=not warmed)
            if warmed:
                keep_loaded(again=True)
        versions = state.index_versions


async def _warm_once(
    database: AppDatabase, index: PassageIndex, retrieval: Retrieval, *, failed_before: bool = False
) -> bool:
    """Whether it worked. A fault is told once, not at every look."""
    log = structlog.get_logger("luna_api.answers")
    clock = Clock()
    try:
        async with database.transaction(DEFAULT_TENANT) as sql:
            result = await index.search(sql, DEFAULT_TENANT, WARM_QUESTION, filters=NO_FILTERS, as_of=today(), limit=6)
            await retrieval.matcher(sql, WARM_QUESTION, result)
    except Exception as fault:  # whatever it is, whoever asks will be told; this only prepares
        (log.debug if failed_before else log.warning)("index_not_warmed", fault=type(fault).__name__)
        return False
    log.info("index_warmed", **clock.total())
    return True
