"""The index as the administrator sees it: its versions, the engines that hold them, and the jobs that change them."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta

from luna_api.accounts.principal import Principal
from luna_api.admin.launching import not_launched
from luna_api.admin.schemas import RunStarted
from luna_api.answers.asked import today
from luna_api.answers.warming import WARM_QUESTION
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.envelope import Envelope, ok
from luna_api.errors import ApiError, invalid
from luna_api.guards import admin_only
from resources.database import AsyncConnection
from resources.orchestrator import OrchestratorError
from resources.vectors.index import NO_FILTERS
from resources.vectors.points import PassagePoints, PointsError, PointsState, VersionRef
from resources.vectors.qdrant_index import QdrantIndex
from resources.vectors.space import Space

ROLL_BACK_JOB, SWITCH_JOB = "index_rollback", "index_switch"
# Passages that count: those of the segments without the items that were dropped from them.
_VERSIONS = """
SELECT v.id, v.tenant_id, v.state, v.engines, v.dimension, v.embedder, v.analyser_version, v.chunker_version,
       extract(epoch FROM v.created_at), extract(epoch FROM v.promoted_at), v.run_id, v.report,
       (SELECT coalesce(sum(s.chunk_count - (
            SELECT coalesce(sum(s.item_starts[n + 1] - s.item_starts[n]), 0)
            FROM generate_subscripts(s.item_ids, 1) AS n
            WHERE cardinality(s.dropped) > 0 AND s.item_ids[n] = ANY (s.dropped)
        )), 0) FROM index_segments AS s WHERE s.version_id = v.id), v.model_digest, v.passage_prefix, v.question_prefix
FROM index_versions AS v WHERE (NOT %(live)s OR v.state = 'live')
ORDER BY v.tenant_id NULLS FIRST, v.id DESC LIMIT 100
"""
_TARGET = """
SELECT id FROM index_versions WHERE state = 'retired' AND tenant_id IS NOT DISTINCT FROM %s
AND (%s::bigint IS NULL OR id = %s) ORDER BY promoted_at DESC NULLS LAST LIMIT 1
"""
Scope = Literal["public", "tenant"]


class IndexVersion(msgspec.Struct, kw_only=True):
    """One version; times are seconds since the epoch, UTC. `points` is what Qdrant has, null where nobody asked it.

    `embedder` is `svd-<dimension>` or `none` where the index makes its vectors itself, else a model's name, and
    `model_digest` that of its weights.
    """

    id: int
    scope: Scope
    state: str
    engines: list[str]
    chunks: int
    points: int | None
    dimension: int
    embedder: str
    model_digest: str | None
    analyser_version: str
    chunker_version: str
    created_at_s: float
    promoted_at_s: float | None
    run_id: str | None
    report: dict[str, object]


class IndexOverview(msgspec.Struct, kw_only=True):
    """`engine` is the one that answers. `trouble` says why not all is well, null where it is."""

    engine: Literal["postgres", "qdrant"]
    trouble: str | None
    alias: str | None
    versions: list[IndexVersion]


class RollBackRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which scope goes back; `version_id` is a retired version, by default the one that was live before."""

    scope: Scope = "public"
    version_id: Annotated[int, Meta(ge=1)] | None = None


class SwitchRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Which engine is to hold the index; `drop_other` frees what the other one has."""

    engine: Literal["postgres", "qdrant"]
    drop_other: bool = False


class IndexService:
    """Versions and engines of the index."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def overview(self) -> IndexOverview:
        """The versions of the public scope and the tenant's."""
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            versions, spaces = await _read(sql)
        points, alias = self._context.points, None
        trouble: str | None = None
        if points is not None:
            try:
                alias = (await asyncio.to_thread(points.state)).alias
                await _count(points, versions, self._principal.tenant_id)
            except PointsError as fault:
                trouble = str(fault)
        trouble = trouble or _trouble(versions, points is not None)
        trouble = trouble or await _search_trouble(self._context, self._principal.tenant_id)
        trouble = trouble or await _model_trouble(self._context, spaces)
        if points is not None:
            trouble = trouble or _alias_trouble(points, alias, versions)
        return IndexOverview(
            engine="postgres" if points is None else "qdrant", trouble=trouble, alias=alias, versions=versions
        )

    async def roll_back(self, request: RollBackRequest) -> RunStarted:
        """Let Dagster make an earlier version live again. Raises 409 where there is none."""
        tenant = None if request.scope == "public" else self._principal.tenant_id
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            cursor = await sql.execute(_TARGET, (tenant, request.version_id, request.version_id))
            row = await cursor.fetchone()
        if row is None and request.version_id is not None:
            raise invalid("version_id", "nennt keine frühere Version dieses Index", "die id einer Version, die ruht")
        if row is None:
            raise ApiError(409, "Es gibt keine frühere Version, zu der ich zurückkehren könnte.")
        config: dict[str, object] = {"version_id": row[0]}
        if tenant is not None:
            config["tenant_id"] = str(tenant)
        return await self._launch(ROLL_BACK_JOB, "roll_index_back", config, "admin.index.rollback")

    async def switch(self, request: SwitchRequest) -> RunStarted:
        """Let Dagster complete an engine. Raises 400 where it is not configured."""
        if request.engine == "qdrant" and self._context.points is None:
            raise invalid("engine", "nennt Qdrant, aber QDRANT_URL ist nicht gesetzt", '"postgres"')
        config: dict[str, object] = {"engine": request.engine, "drop_other": request.drop_other}
        return await self._launch(SWITCH_JOB, "switch_index_engine", config, "admin.index.switch")

    async def _launch(self, job: str, op: str, config: dict[str, object], action: str) -> RunStarted:
        tags = {"luna/requested_by": self._principal.actor, "luna/tenant": str(self._principal.tenant_id)}
        try:
            run_id = await self._context.orchestrator.launch(
                job, run_config={"ops": {op: {"config": config}}}, tags=tags
            )
        except OrchestratorError as fault:
            raise not_launched(fault) from None
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            await audit(sql, self._principal, action, {"run_id": run_id, **config})
        return RunStarted(run_id)


async def probe(context: AppContext, tenant: UUID) -> str:
    """The state of the index for `admin/health`. Raises `LookupError` where it answers, but not as it should."""
    async with context.database.transaction(tenant) as sql:
        versions, spaces = await _read(sql, live=True)
    points = context.points

    async def counted() -> PointsState | None:
        # Asked before anything is in it, too: who has just set QDRANT_URL wants to know whether it is right.
        state = None if points is None else await asyncio.to_thread(points.state)
        if points is not None:
            await _count(points, versions, tenant)
        return state

    # At once: whoever looks waits for both no longer than for one, and a slow model does not make the index look down.
    model, state = await asyncio.gather(_model_trouble(context, spaces), counted())
    if not versions:
        raise LookupError("Es gibt noch keinen Index")
    if points is None or state is None:
        if trouble := _trouble(versions, outside=False) or model:
            raise LookupError(trouble)
        return ", ".join(str(version.id) for version in versions)
    trouble = _trouble(versions, outside=True) or await _search_trouble(context, tenant)
    if trouble := trouble or model or _alias_trouble(points, state.alias, versions):
        raise LookupError(trouble)
    return state.version


async def _read(sql: AsyncConnection, *, live: bool = False) -> tuple[list[IndexVersion], dict[int, Space]]:
    """The versions that the transaction's tenant sees, and the spaces of those that are live with a model's vectors."""
    rows = await (await sql.execute(_VERSIONS, {"live": live})).fetchall()
    versions = [
        IndexVersion(
            id=row[0],
            scope="public" if row[1] is None else "tenant",
            state=row[2],
            engines=list(row[3]),
            dimension=row[4],
            embedder=row[5],
            model_digest=row[13],
            analyser_version=row[6],
            chunker_version=row[7],
            created_at_s=float(row[8]),
            promoted_at_s=None if row[9] is None else float(row[9]),
            run_id=row[10],
            report=row[11],
            chunks=int(row[12]),
            points=None,
        )
        for row in rows
    ]
    found = {row[0]: Space.stored(row[5], row[13], row[4], row[14], row[15]) for row in rows if row[2] == "live"}
    return versions, {version: space for version, space in found.items() if space is not None}


async def _count(points: PassagePoints, versions: list[IndexVersion], tenant: UUID) -> None:
    for version in versions:
        if "qdrant" in version.engines:
            ref = VersionRef(version.id, None if version.scope == "public" else tenant, version.dimension)
            version.points = await asyncio.to_thread(points.count, ref)


async def _search_trouble(context: AppContext, tenant: UUID) -> str | None:
    """Why searches go their way in PostgreSQL. What the last one met may be mended since, so it is searched again."""
    index = context.index
    if not isinstance(index, QdrantIndex) or index.trouble is None:
        return None
    async with context.database.transaction(tenant) as sql:
        await index.search(sql, tenant, WARM_QUESTION, filters=NO_FILTERS, as_of=today(), limit=1)
    return index.trouble


async def _model_trouble(context: AppContext, spaces: Mapping[int, Space]) -> str | None:
    """Why questions have no vector in a live version's space. Each model is asked once."""
    told = {
        space.key: await context.questions.probe(space) for space in {one.key: one for one in spaces.values()}.values()
    }
    for version, space in spaces.items():
        if fault := told[space.key]:
            return (
                f"Die Vektoren der Indexversion {version} stammen vom Modell {space.model}, das nicht zu haben ist: "
                f"{fault}. Gesucht wird nur nach Wörtern; neue Dokumente warten."
            )
    return None


def _trouble(versions: list[IndexVersion], outside: bool) -> str | None:
    """What is wrong with the live versions, and what helps."""
    live = [version for version in versions if version.state == "live" and version.chunks]
    for version in live:
        if outside and "qdrant" not in version.engines:
            return (
                f"Die Indexversion {version.id} liegt noch nicht in Qdrant; gesucht wird in PostgreSQL. "
                f"Der Auftrag „{SWITCH_JOB}“ überträgt sie."
            )
        if outside and version.points is not None and version.points < version.chunks:
            instead = "in PostgreSQL" if "postgres" in version.engines else "nur nach Wörtern"
            return (
                f"In Qdrant fehlen {version.chunks - version.points} von {version.chunks} Textstellen der "
                f"Indexversion {version.id}; gesucht wird {instead}, wo es nötig ist. Der Auftrag "
                f"„{SWITCH_JOB}“ ergänzt sie."
            )
        if not outside and "postgres" not in version.engines:
            return (
                f"Die Vektoren der Indexversion {version.id} liegen nur in Qdrant, aber QDRANT_URL ist nicht gesetzt; "
                f"gesucht wird nur nach Wörtern. Der Auftrag „{SWITCH_JOB}“ holt sie nach PostgreSQL."
            )
    return None


def _alias_trouble(points: PassagePoints, alias: str | None, versions: list[IndexVersion]) -> str | None:
    """That the alias does not name the live public version: no search here asks it, but people outside read by it."""
    live = next((one for one in versions if one.state == "live" and one.scope == "public"), None)
    held = live if live is not None and "qdrant" in live.engines else None
    wanted = None if held is None else points.collection(VersionRef(held.id, None, held.dimension))
    if alias == wanted:
        return None
    found = "fehlt" if alias is None else f"nennt „{alias}“"
    return (
        f"Der Alias in Qdrant {found}; richtig wäre {'keiner' if wanted is None else f'„{wanted}“'}. Luna sucht ohne "
        f"ihn; wer von außen nachsieht, läse anderes. Der Auftrag „{SWITCH_JOB}“ rückt ihn zurecht."
    )


def provide_service(context: NamedDependency[AppContext], principal: NamedDependency[Principal]) -> IndexService:
    """Versions and engines of the index."""
    return IndexService(context, principal)


class IndexController(Controller):
    """Versions and engines of the index."""

    path = "/admin/index"
    tags = ("admin",)
    guards = (admin_only,)
    dependencies = {"service": Provide(provide_service, sync_to_thread=False)}  # noqa: RUF012

    @get("/", operation_id="getIndex")
    async def overview(self, service: NamedDependency[IndexService]) -> Envelope[IndexOverview]:
        """Die Versionen des Index und wo ihre Vektoren liegen."""
        return ok(await service.overview())

    @post("/rollback", operation_id="rollBackIndex", status_code=202)
    async def roll_back(
        self, service: NamedDependency[IndexService], data: JSONBody[RollBackRequest]
    ) -> Envelope[RunStarted]:
        """Zu einer früheren Version zurückkehren; was seither dazukam, bleibt."""
        return ok(await service.roll_back(data), "Der Auftrag läuft.")

    @post("/switch", operation_id="switchIndex", status_code=202)
    async def switch(
        self, service: NamedDependency[IndexService], data: JSONBody[SwitchRequest]
    ) -> Envelope[RunStarted]:
        """Den Index nach PostgreSQL oder Qdrant bringen, oder dort ergänzen, was fehlt."""
        return ok(await service.switch(data), "Der Auftrag läuft.")
