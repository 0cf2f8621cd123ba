"""How well the index answered the gold questions when it was last measured, as the administrator sees it.

Only reads what the asset `documents/evaluation` noted: totals by kind of question, never a single question.
"""

import msgspec
import structlog
from litestar import Controller, get
from litestar.di import NamedDependency

from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.errors import unavailable
from luna_api.guards import admin_only
from resources.orchestrator import Materialization, OrchestratorError

ASSET = ("documents", "evaluation")
_LIVE = "SELECT id FROM index_versions WHERE tenant_id IS NULL AND state = 'live'"


class Share(msgspec.Struct):
    """A mean between 0 and 1 over `n` questions, with its interval of 95 % confidence."""

    value: float
    low: float
    high: float
    n: int


class KindQuality(msgspec.Struct):
    """Search on the `n` answerable questions of a kind; `all_in_5` only where several provisions are needed."""

    n: int
    hit_at_5: Share
    mrr_at_10: Share
    all_in_5: Share | None = None


class RefusalQuality(msgspec.Struct):
    """How many questions without an answer were refused, and how many with one were refused wrongly."""

    unanswerable: int
    refused_rightly: int
    answerable: int
    refused_wrongly: int


class HalfQuality(msgspec.Struct):
    """One half of the questions. `kinds` by name; `all` is their sum."""

    kinds: dict[str, KindQuality]
    refusals: RefusalQuality | None = None


class SearchQuality(msgspec.Struct, kw_only=True):
    """One measurement; `measured_at_s` is seconds since the epoch, UTC.

    `halves` by name: `hold` is for reporting, `tune` is what people look at who work on search. `left_out` counts the
    questions about laws that are not held.
    """

    run_id: str
    measured_at_s: float
    index_version: int
    questions: int
    left_out: int
    halves: dict[str, HalfQuality]


class QualityOverview(msgspec.Struct):
    """`measured` is null where nothing was measured yet; `live_version` where no public index is live."""

    measured: SearchQuality | None
    live_version: int | None


class QualityController(Controller):
    """What was measured of search."""

    path = "/admin"
    tags = ("admin",)
    guards = (admin_only,)

    @get("/evaluation", operation_id="getSearchQuality")
    async def quality(self, context: NamedDependency[AppContext]) -> Envelope[QualityOverview]:
        """Die Güte der Suche nach der letzten Messung."""
        try:
            found = await context.orchestrator.materialized(ASSET)
        except OrchestratorError as fault:
            raise unavailable("dagster", f"Dagster ist gerade nicht erreichbar: {fault}") from None
        async with context.database.transaction(None) as sql:
            row = await (await sql.execute(_LIVE)).fetchone()
        return ok(QualityOverview(read(found), None if row is None else int(row[0])))


def read(found: Materialization | None) -> SearchQuality | None:
    """The measurement in a materialisation; None where there is none, or one of a form that is no longer known."""
    if found is None:
        return None
    noted = found.metadata
    told = {
        "run_id": found.run_id,
        "measured_at_s": found.at_s,
        "index_version": noted.get("version"),
        "questions": noted.get("questions"),
        "left_out": noted.get("left_out"),
        "halves": noted.get("figures"),
    }
    try:
        return msgspec.convert(told, SearchQuality)
    except msgspec.ValidationError as fault:
        # Noted by another release, whose next measurement replaces it.
        structlog.get_logger("luna_api.admin").warning("evaluation_not_read", run_id=found.run_id, fault=str(fault))
        return None
