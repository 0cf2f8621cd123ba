"""What anyone may know about this installation."""

import asyncio

import psycopg

from luna_api.admin.service import luna_version
from luna_api.answers.schemas import MAX_QUESTION_CHARS
from luna_api.context import AppContext
from luna_api.system.schemas import CorpusCounts, Health, SystemInfo
from resources.extractor.media_types import SUPPORTED_FORMATS
from resources.migrate import schema_version
from resources.settings import LOCAL

_PROBE_TIMEOUT_S = 2.0
_PUBLIC = """
SELECT count(*), coalesce(sum(chunk_count), 0),
       (SELECT string_agg(id::text, ', ') FROM index_versions WHERE state = 'live' AND tenant_id IS NULL),
       (SELECT max(embedder) FROM index_versions
        WHERE state = 'live' AND tenant_id IS NULL AND model_digest IS NOT NULL)
FROM items WHERE tenant_id IS NULL AND status = 'ready' AND deleted_at IS NULL
"""


async def system_info(context: AppContext, commit: str) -> SystemInfo:
    """Build, formats, limits, the public corpus; without the database what is known without it."""
    settings = context.settings
    counts, index, embedder = None, None, LOCAL
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S), context.database.transaction(None) as sql:
            row = await (await sql.execute(_PUBLIC)).fetchone()
            if row is not None:
                counts, index, embedder = CorpusCounts(row[0], int(row[1])), row[2], row[3] or LOCAL
    except (psycopg.Error, TimeoutError):
        pass
    return SystemInfo(
        status="ok" if counts is not None else "degraded",
        env=settings.luna_env,
        version=luna_version(),
        git_sha=commit,
        schema=schema_version(),
        mode="generative" if context.models.generator is not None else "extractive",
        models={**await _models(context), "embed": embedder},
        max_upload_mb=settings.max_upload_mb,
        max_question_chars=MAX_QUESTION_CHARS,
        formats=sorted({ending for kind in SUPPORTED_FORMATS for ending in kind.endings}),
        index_version=index,
        index_engine="postgres" if context.points is None else "qdrant",
        corpus=counts,
        dagster_url=settings.dagster_url if settings.luna_env == "dev" else None,
    )


async def _models(context: AppContext) -> dict[str, str]:
    """The models that write, as they are in use; what is chosen is not read again where the database is away."""
    if context.models.generator is None:
        return {"generate": "none"}
    choice = context.models.choice
    names = {**choice.configured, **choice.chosen}
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S):
            names = await choice.names()
    except (psycopg.Error, TimeoutError):
        pass
    return {"generate": names["generate"], "fallback": names["fallback"]}


async def health(context: AppContext, *, ready: bool) -> Health:
    """Alive, and where asked whether the database answers."""
    if not ready:
        return Health(live=True, ready=None, parts={})
    try:
        async with asyncio.timeout(_PROBE_TIMEOUT_S), context.database.transaction(None) as sql:
            await sql.execute("SELECT 1 FROM items LIMIT 1")
    except (psycopg.Error, TimeoutError):
        return Health(live=True, ready=False, parts={"db": "down"})
    return Health(live=True, ready=True, parts={"db": "up"})
