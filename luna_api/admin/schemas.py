"""Shapes of the administrator's views."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from luna_api.answers.schemas import Filters
from luna_api.models.schemas import ModelName


class ServiceHealth(msgspec.Struct, kw_only=True):
    """One part of the house. `off` is a part that this release does not use."""

    state: Literal["up", "down", "degraded", "off"]
    implementation: Literal["embedded", "server"]
    latency_ms: float | None = None
    version: str | None = None
    message: str | None = None


class Versions(msgspec.Struct, kw_only=True):
    """What is in use; `index` names the live index versions of the scopes that the asker sees."""

    luna: str
    schema: str
    index: str
    embed_model: str
    generate_model: str


class AdminHealth(msgspec.Struct):
    """All parts at a glance."""

    services: dict[str, ServiceHealth]
    versions: Versions


class ReindexRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What to build anew; everything when empty.

    `embed_model`: what makes the vectors, a model on the Ollama server or `local` for the index's own. Without it what
    was chosen in `admin/models` counts, else `EMBED_MODEL`.
    """

    item_ids: Annotated[list[UUID], Meta(max_length=10_000)] = []
    filter: Filters | None = None
    embed_model: ModelName | None = None


class RunStarted(msgspec.Struct):
    """A Dagster run was launched."""

    run_id: str


class JobFailure(msgspec.Struct, kw_only=True):
    """Why a run failed. `said` is one German sentence, without secrets; `step` is null where no step is to blame."""

    step: str | None
    said: str


class Job(msgspec.Struct, kw_only=True):
    """A Dagster run; times are seconds since the epoch, UTC.

    `failure` stands with status FAILURE only; it is null there, too, where Dagster does not tell it just now.
    """

    run_id: str
    job_name: str
    status: str
    alive: bool
    start_time_s: float | None
    end_time_s: float | None
    tags: dict[str, str]
    failure: JobFailure | None = None


class JobList(msgspec.Struct):
    """Runs, newest first."""

    jobs: list[Job]
