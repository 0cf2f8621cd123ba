"""An answer as server-sent events: `meta`, `sentence`…, `done`; or `error` where something fails on the way."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any

import msgspec
import psycopg
import structlog
from litestar.response import Stream

from luna_api.answers.schemas import AnswerData, AnswerSentenceData, AskMeta
from luna_api.envelope import trace_id
from luna_api.errors import ApiError

HEARTBEAT_S = 10.0
MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_HEARTBEAT = b": Luna denkt nach\n\n"

Answering = Coroutine[Any, Any, tuple[AnswerData, tuple[AnswerSentenceData, ...]]]


def response(answering: Answering) -> Any:
    """The answer as a stream; the framework wants to hear of the JSON shape only, hence `Any`."""
    return Stream(events(answering), media_type=MEDIA_TYPE, headers=HEADERS)


def event(name: str, data: object) -> bytes:
    """One event; JSON has no line breaks of its own, so one data line is enough."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


async def events(answering: Answering, *, heartbeat_s: float = HEARTBEAT_S) -> AsyncGenerator[bytes]:
    """The events of one answer. When the reader goes away, the work for it stops."""
    present = trace_id.get()
    task = asyncio.create_task(answering)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=heartbeat_s)
            if not task.done():
                yield _HEARTBEAT
        data, sentences = task.result()
        meta = AskMeta(
            answer_id=data.answer_id,
            conversation_id=data.conversation_id,
            mode=data.mode,
            model=data.model,
            condensed_question=data.condensed_question,
            trace_id=present,
        )
        yield event("meta", meta)
        for sentence in sentences:
            yield event("sentence", sentence)
        yield event("done", data)
    except ApiError as fault:
        yield event("error", _fault(fault.status_code, fault.message, present, fault.data))
    except psycopg.OperationalError as fault:
        structlog.get_logger("luna_api.answers").warning("database_down", fault=type(fault).__name__)
        yield event("error", _fault(503, "Die Datenbank (db) ist gerade nicht erreichbar.", present, {"part": "db"}))
    except Exception as fault:
        structlog.get_logger("luna_api.answers").error("unexpected", exc_info=fault)
        yield event("error", _fault(500, "Da ist auf meiner Seite etwas schiefgegangen.", present, None))
    finally:
        task.cancel()


def _fault(status_code: int, message: str, present: str, data: object) -> dict[str, object]:
    return {"status_code": status_code, "message": message, "trace_id": present, "data": data}
