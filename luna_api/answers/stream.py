"""An answer as server-sent events: `meta`, `sentence`…, `done`; or `error` where something fails on the way.

What a language model writes is sent sentence by sentence, each as soon as it is known to hold.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import psycopg
import structlog
from litestar.response import Stream

from luna_api.answers.schemas import AnswerData, AnswerSentenceData, AskMeta
from luna_api.envelope import trace_id
from luna_api.errors import ApiError, database_unavailable

HEARTBEAT_S = 10.0
MEDIA_TYPE = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_HEARTBEAT = b": Luna denkt nach\n\n"

_AHEAD = 16
"""So many events are made ready for a slow reader; then the writer waits."""

Told = AskMeta | AnswerSentenceData
Answering = Coroutine[Any, Any, tuple[AnswerData, tuple[AnswerSentenceData, ...]]]
Ask = Callable[[Callable[[Told], Awaitable[None]]], Answering]
"""Begins to answer; what it is given is told each sentence while the answer is written."""


def response(ask: Ask) -> Any:
    """The answer as a stream; the framework wants to hear of the JSON shape only, hence `Any`."""
    return Stream(events(ask), media_type=MEDIA_TYPE, headers=HEADERS)


def event(name: str, data: object) -> bytes:
    """One event; JSON has no line breaks of its own, so one data line is enough."""
    return b"event: " + name.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"


async def events(ask: Ask, *, heartbeat_s: float = HEARTBEAT_S) -> AsyncGenerator[bytes]:
    """The events of one answer. When the reader goes away, the work for it stops."""
    present = trace_id.get()
    ready: asyncio.Queue[Told] = asyncio.Queue(_AHEAD)
    task = asyncio.create_task(ask(ready.put))
    sent = 0
    try:
        while not (task.done() and ready.empty()):
            told = await _next(ready, task, heartbeat_s)
            if told is None:
                if not task.done():
                    yield _HEARTBEAT
            elif isinstance(told, AskMeta):
                yield event("meta", told)
            else:
                sent += 1
                yield event("sentence", told)
        data, sentences = task.result()
        if not sent:
            yield event("meta", _meta(data, present))
        for sentence in sentences[sent:]:
            yield event("sentence", sentence)
        yield event("done", data)
    except ApiError as fault:
        yield event("error", _fault(fault.status_code, fault.message, present, fault.data))
    except psycopg.OperationalError as fault:
        structlog.get_logger("luna_api.answers").warning("database_unavailable", fault=type(fault).__name__)
        told = database_unavailable(fault)
        yield event("error", _fault(told.status_code, told.message, present, told.data))
    except Exception as fault:
        structlog.get_logger("luna_api.answers").error("unexpected", exc_info=fault)
        yield event("error", _fault(500, "Da ist auf meiner Seite etwas schiefgegangen.", present, None))
    finally:
        task.cancel()


def _fault(status_code: int, message: str, present: str, data: object) -> dict[str, object]:
    return {"status_code": status_code, "message": message, "trace_id": present, "data": data}


async def _next(ready: asyncio.Queue[Told], task: asyncio.Task[Any], heartbeat_s: float) -> Told | None:
    """What is told next; None when nothing came for a while, or nothing will."""
    if not ready.empty():
        return ready.get_nowait()
    waiting = asyncio.ensure_future(ready.get())
    try:
        await asyncio.wait({waiting, task}, timeout=heartbeat_s, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        waiting.cancel()


def _meta(data: AnswerData, present: str) -> AskMeta:
    return AskMeta(
        answer_id=data.answer_id,
        conversation_id=data.conversation_id,
        mode=data.mode,
        model=data.model,
        model_digest=data.model_digest,
        condensed_question=data.condensed_question,
        trace_id=present,
    )
