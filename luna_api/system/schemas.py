"""Shapes of what is public."""

from typing import Literal

import msgspec


class CorpusCounts(msgspec.Struct):
    """The public corpus."""

    items: int
    chunks: int


class SystemInfo(msgspec.Struct, kw_only=True):
    """What runs here. `status` is `degraded` while the database cannot be reached; then counts are null.

    `git_sha` is the commit that was installed when the API started, `unknown` where nothing tells.
    """

    status: Literal["ok", "degraded"]
    env: Literal["dev", "prod"]
    version: str
    git_sha: str
    schema: str
    mode: str
    models: dict[str, str]
    max_upload_mb: int
    max_question_chars: int
    formats: list[str]
    index_version: str | None
    index_engine: Literal["postgres", "qdrant"]
    corpus: CorpusCounts | None
    dagster_url: str | None


class Health(msgspec.Struct):
    """Alive; with `?ready=1` also whether requests can be served."""

    live: bool
    ready: bool | None
    parts: dict[str, str]


class HelpText(msgspec.Struct):
    """Help for one view, in Luna's voice."""

    route: str
    title: str
    text: str
    tips: list[str]
