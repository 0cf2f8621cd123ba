"""Logging: one JSON line for each event on stdout, each with the trace id of its request."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from luna_api.envelope import trace_id

Event = MutableMapping[str, Any]


def configure_logging(level: str) -> None:
    """Send our own and the libraries' records through one JSON writer."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_trace_id,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for known in [h for h in root.handlers if getattr(h, "luna_api", False)]:
        root.removeHandler(known)
    handler.luna_api = True  # type: ignore[attr-defined]
    root.addHandler(handler)
    root.setLevel(level)
    for name in ("httpx", "httpcore", "psycopg.pool"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _with_trace_id(_: object, __: str, event: Event) -> Event:
    present = trace_id.get()
    if present:
        event.setdefault("trace_id", present)
    return event
