"""The frame around every JSON answer, and the trace id that names a request in answers and logs."""

import re
import secrets
from contextvars import ContextVar
from typing import Any, Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")

TRACE_HEADER = "X-Trace-Id"
trace_id: ContextVar[str] = ContextVar("luna_trace_id", default="")

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$")
_TRACE_ID = re.compile(r"^[0-9A-Za-z_-]{8,64}$")


class Envelope(msgspec.Struct, Generic[T]):
    """What every JSON answer looks like; `message` is a German sentence for people, empty where data speaks."""

    status: Literal["ok", "error"]
    message: str
    data: T
    trace_id: str


class Saved(msgspec.Struct):
    """What a write answers that has nothing else to tell."""

    saved: bool = True


def ok(data: T, message: str = "") -> Envelope[T]:
    """A successful answer."""
    return Envelope(status="ok", message=message, data=data, trace_id=trace_id.get())


def failed(message: str, data: Any = None) -> Envelope[Any]:
    """An answer that says what went wrong."""
    return Envelope(status="error", message=message, data=data, trace_id=trace_id.get())


def choose_trace_id(traceparent: str | None, given: str | None) -> str:
    """The caller's trace id when it is well-formed, else a new one of 32 hex digits."""
    if traceparent is not None:
        match = _TRACEPARENT.match(traceparent.strip())
        if match and match[1].strip("0"):
            return match[1]
    if given is not None and _TRACE_ID.match(given):
        return given
    return secrets.token_hex(16)
