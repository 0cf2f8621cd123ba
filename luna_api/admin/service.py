"""What the administrator sees and starts: the parts of the house, Dagster's runs, the corpus with its failures."""

import asyncio
import errno
import importlib.metadata
from collections.abc import Awaitable, Callable
from time import perf_counter

import httpx
import psycopg
import structlog

from luna_api.accounts.principal import Principal
from luna_api.admin.failures import failure_of, secrets_of
from luna_api.admin.index import probe
from luna_api.admin.launching import not_launched
from luna_api.admin.schemas import (
    AdminHealth,
    Job,
    JobFailure,
    JobList,
    ReindexRequest,
    RunStarted,
    ServiceHealth,
    Versions,
)
from luna_api.answers.retrieval import read_filters
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import invalid, unavailable
from luna_api.models.choice import Role
from luna_api.models.service import embedding_model
from resources.migrate import schema_version
from resources.objects import StoreUnavailableError
from resources.orchestrator import OrchestratorError, Run

REINDEX_JOB = "documents_reindex"
_LIVE = "SELECT id, embedder FROM index_versions WHERE state = 'live' ORDER BY tenant_id NULLS FIRST"
_CHOSEN = """
SELECT id FROM items WHERE deleted_at IS NULL AND status IN ('ready', 'failed')
    AND (%(ids)s::uuid[] IS NULL OR id = ANY (%(ids)s))
    AND (%(item_id)s::uuid[] IS NULL OR id = ANY (%(item_id)s))
    AND (%(document_id)s::uuid[] IS NULL OR document_id = ANY (%(document_id)s))
    AND (%(kind)s::text[] IS NULL OR kind = ANY (%(kind)s))
    AND (%(source)s::text[] IS NULL OR source = ANY (%(source)s))
    AND (%(tags)s::text[] IS NULL OR tags && %(tags)s)
    AND (%(version)s::integer[] IS NULL OR version = ANY (%(version)s))
"""
_PROBE_TIMEOUT_S = 2.0
_CHOICE_TIMEOUT_S = 1.0

Probe = Callable[[], Awaitable[str | None]]


def luna_version() -> str:
    """The release, as installed."""
    try:
        return importlib.metadata.version("luna-iems")
    except importlib.metadata.PackageNotFoundError:
        return "0.1.0"


class AdminService:
    """The administrator's views."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def health(self) -> AdminHealth:
        """Ask every part at once; one that is down does not hold up the others."""
        settings = self._context.settings
        probes: dict[str, Probe] = {
            "db": self._database,
            "qdrant": self._index,
            "minio": self._objects,
            "tika": self._extractor,
            "ollama": self._models,
            "dagster": self._context.orchestrator.version,
        }
        found = await asyncio.gather(*(_probe(probe) for probe in probes.values()))
        services = dict(zip(probes, found, strict=True))
        services["api"] = ServiceHealth(state="up", implementation="embedded", latency_ms=0.0, version=luna_version())
        services["redis"] = ServiceHealth(
            state="up", implementation="embedded", latency_ms=0.0, message="Zähler im Speicher dieses Prozesses"
        )
        if settings.ollama_host is None:
            services["ollama"] = ServiceHealth(
                state="off", implementation="embedded", message="Antworten entstehen ohne Modell aus wörtlichen Sätzen"
            )
        else:
            services["ollama"].implementation = "server"
        if settings.database_url is not None:
            services["db"].implementation = "server"
        if settings.qdrant_url is not None:
            services["qdrant"].implementation = "server"
        if settings.tika_endpoint is not None:
            services["tika"].implementation = "server"
        if settings.s3_endpoint_url is not None:
            services["minio"].implementation = "server"
        return AdminHealth({name: services[name] for name in SERVICES}, await self._versions())

    async def reindex(self, request: ReindexRequest) -> RunStarted:
        """Let Dagster build passages and index anew."""
        config: dict[str, object] = {"rebuild": True, "linger_s": 0}
        if request.item_ids or request.filter:
            config["item_ids"] = await self._chosen(request)
        if request.embed_model is not None:
            config["embed_model"] = await embedding_model(self._context.models.generator, request.embed_model)
        elif (generator := self._context.models.generator) is not None:
            # The run would find out, too, but only after the one who asked has gone.
            await embedding_model(generator, (await self._context.models.choice.names())["embed"])
        tags = {"luna/requested_by": self._principal.actor, "luna/tenant": str(self._principal.tenant_id)}
        try:
            run_id = await self._context.orchestrator.launch(
                REINDEX_JOB, run_config={"ops": {"documents": {"config": config}}}, tags=tags
            )
        except OrchestratorError as fault:
            raise not_launched(fault) from None
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            await audit(sql, self._principal, "admin.reindex", {"run_id": run_id, **config})
        return RunStarted(run_id)

    async def _chosen(self, request: ReindexRequest) -> list[str]:
        """The documents meant, as far as this tenant sees them. Raises 400 where one is unknown or none is left."""
        wanted = read_filters(request.filter)
        values = {
            "ids": request.item_ids or None,
            "item_id": list(wanted.item_id) or None,
            "document_id": list(wanted.document_id) or None,
            "kind": list(wanted.kind) or None,
            "source": list(wanted.source) or None,
            "tags": list(wanted.tags) or None,
            "version": list(wanted.version) or None,
        }
        if wanted.metadata:
            raise invalid("filter", "kann hier nicht nach metadata auswählen", '"filter": {"kind": "regulation"}')
        async with self._context.database.transaction(self._principal.tenant_id, admin=True) as sql:
            found = {row[0] async for row in await sql.execute(_CHOSEN, values)}
        if unknown := set(request.item_ids) - found:
            raise invalid("item_ids", f"nennt ein Dokument, das es nicht gibt: {min(map(str, unknown))}")
        if not found:
            raise invalid("filter", "wählt kein Dokument aus", '"filter": {"kind": "regulation"}')
        return sorted(map(str, found))

    async def jobs(self, job_name: str | None, limit: int) -> JobList:
        """Dagster's runs, and why those failed that did."""
        try:
            runs = await self._context.orchestrator.runs(job_name=job_name, limit=limit)
        except OrchestratorError as fault:
            raise unavailable("dagster", f"Dagster ist gerade nicht erreichbar: {fault}") from None
        failures = await self._failures([run.run_id for run in runs if run.status == "FAILURE"])
        return JobList([_job(run, failures.get(run.run_id)) for run in runs])

    async def _failures(self, run_ids: list[str]) -> dict[str, JobFailure]:
        """The reasons by run id; without them the list of runs is still worth showing."""
        if not run_ids:
            return {}
        try:
            found = await self._context.orchestrator.failures(run_ids)
        except OrchestratorError as fault:
            structlog.get_logger("luna_api.admin").warning("run_failures_not_read", fault=str(fault))
            return {}
        hidden = secrets_of(self._context.settings)
        return {run_id: failure_of(found.get(run_id), hidden) for run_id in run_ids}

    async def _database(self) -> str | None:
        try:
            async with self._context.database.transaction(self._principal.tenant_id) as sql:
                row = await (await sql.execute("SELECT current_setting('server_version')")).fetchone()
        except psycopg.Error as fault:
            raise ConnectionError(f"PostgreSQL antwortet nicht ({type(fault).__name__})") from fault
        return str(row[0]) if row else None

    async def _index(self) -> str | None:
        return await probe(self._context, self._principal.tenant_id)

    async def _objects(self) -> str | None:
        try:
            await asyncio.to_thread(self._context.objects.check)
        except StoreUnavailableError as fault:
            raise ConnectionError(f"Der Dateispeicher (S3) nimmt nichts an ({fault.reason})") from fault
        except OSError as fault:
            reason = "der Datenträger ist voll" if fault.errno == errno.ENOSPC else fault.strerror or str(fault)
            raise ConnectionError(f"Der Ordner für Dateien nimmt nichts an: {reason}") from fault
        return None

    async def _extractor(self) -> str | None:
        endpoint = self._context.settings.tika_endpoint
        if endpoint is not None:
            try:
                async with httpx.AsyncClient(timeout=_PROBE_TIMEOUT_S, trust_env=False) as client:
                    answer = await client.get(f"{endpoint.rstrip('/')}/version")
                return answer.raise_for_status().text.strip()[:100]
            except httpx.HTTPStatusError as fault:
                raise ConnectionError(f"Tika antwortet mit {fault.response.status_code}") from fault
            except httpx.HTTPError as fault:
                raise ConnectionError(f"Tika antwortet nicht ({type(fault).__name__})") from fault
        return f"kreuzberg {importlib.metadata.version('kreuzberg')}"

    async def _models(self) -> str | None:
        """The version of the models' server. Raises `LookupError` where it lacks the models that answers are to use."""
        generator = self._context.models.generator
        if generator is None:
            return None
        version = await generator.version()
        there = {info.name for info in await generator.models()}
        names = await self._chosen_models()
        lost = [names[role] for role in ("generate", "fallback") if not there & {names[role], f"{names[role]}:latest"}]
        if lost:
            raise LookupError(f"Auf dem Modellserver fehlt {' und '.join(dict.fromkeys(lost))}")
        return version

    async def _live_versions(self) -> list[tuple[int, str]]:
        """Id and embedder of what is live for this tenant: the public version first, then its own."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            return [(row[0], row[1]) async for row in await sql.execute(_LIVE)]

    async def _chosen_models(self) -> dict[Role, str]:
        """By role the models that are to be used, as far as the database tells in time.

        What is wrong with the database stands beside it already; it is no fault of the models' server.
        """
        choice = self._context.models.choice
        try:
            return await asyncio.wait_for(choice.names(), _CHOICE_TIMEOUT_S)
        except Exception:
            return {**choice.configured, **choice.chosen}

    async def _generate_model(self) -> str:
        return "none" if self._context.models.generator is None else (await self._chosen_models())["generate"]

    async def _versions(self) -> Versions:
        try:
            versions = await asyncio.wait_for(self._live_versions(), _PROBE_TIMEOUT_S)
        except Exception:
            # What is wrong with the database stands beside it already.
            versions = []
        return Versions(
            luna=luna_version(),
            schema=schema_version(),
            index=", ".join(str(version) for version, _ in versions),
            embed_model=", ".join(dict.fromkeys(embedder for _, embedder in versions)),
            generate_model=await self._generate_model(),
        )


SERVICES = ("api", "db", "qdrant", "ollama", "tika", "minio", "redis", "dagster")


async def _probe(ask: Probe) -> ServiceHealth:
    started = perf_counter()
    try:
        version = await asyncio.wait_for(ask(), _PROBE_TIMEOUT_S)
    except LookupError as fault:
        return ServiceHealth(state="degraded", implementation="embedded", message=str(fault), latency_ms=_ms(started))
    except TimeoutError:
        message = f"Keine Antwort innerhalb von {_PROBE_TIMEOUT_S:g} s"
        return ServiceHealth(state="down", implementation="embedded", message=message, latency_ms=_ms(started))
    except Exception as fault:
        # A health check tells of every fault; which class it has is of no matter to the one who looks.
        message = str(fault) or type(fault).__name__
        return ServiceHealth(state="down", implementation="embedded", message=message[:300], latency_ms=_ms(started))
    return ServiceHealth(state="up", implementation="embedded", version=version, latency_ms=_ms(started))


def _ms(started: float) -> float:
    return round((perf_counter() - started) * 1e3, 2)


def _job(run: Run, failure: JobFailure | None) -> Job:
    return Job(
        run_id=run.run_id,
        job_name=run.job_name,
        status=run.status,
        alive=run.alive,
        start_time_s=run.start_time_s,
        end_time_s=run.end_time_s,
        tags={key: value for key, value in run.tags.items() if not key.startswith(".dagster/")},
        failure=failure,
    )
