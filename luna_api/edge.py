"""The outermost layer of the API, around routing itself: what holds for every request, found or not.

Trace id, Host check, limits of the head, a body that stalls, security headers, the access log and latency figures.
Limits of bodies' sizes stand at the routes.
"""

import asyncio
import ipaddress
from collections.abc import Callable
from time import perf_counter
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from luna_api.envelope import TRACE_HEADER, choose_trace_id, trace_id
from luna_api.errors import ApiError, respond
from luna_api.metrics.registry import Registry

MAX_HEADER_BYTES = 32_768
MAX_HEADERS = 100
MAX_TARGET_BYTES = 8_192
BODY_STALL_S = 30.0
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

_PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: dict[bytes, bytes] = {
    b"content-security-policy": _PAGE_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: frozenset[str], registry: Registry) -> None:
        self._app = app
        self._hosts = LOOPBACK_NAMES | allowed_hosts
        self._registry = registry
        # Bound once: the proxy that `get_logger` returns would put its processors together again for every request.
        self._log: Any = structlog.get_logger("luna_api.access").bind()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = list(scope["headers"])
        token = trace_id.set(choose_trace_id(_first(headers, b"traceparent"), _first(headers, b"x-trace-id")))
        started = perf_counter()
        status = 0
        body = _Body(receive, headers)

        async def framed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _framed(list(message.get("headers", [])), str(scope["path"]))
                if status >= 400 and not body.complete:
                    # Whoever is still sending what was refused is hung up on, not read to the end.
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        try:
            fault = self._refusal(scope, headers)
            if fault is None:
                await self._app(scope, body.receive, framed_send)
            else:
                response: Any = respond(fault).to_asgi_response(app=None, request=_request(scope))
                await response(scope, receive, framed_send)
        finally:
            self._record(scope, status, perf_counter() - started)
            trace_id.reset(token)

    def _refusal(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> ApiError | None:
        if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
            return ApiError(431, "Die Kopfzeilen der Anfrage sind zu groß.")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_TARGET_BYTES:
            return ApiError(414, "Die Adresse der Anfrage ist zu lang.")
        hosts = [value for name, value in headers if name == b"host"]
        name = host_name(hosts[0]) if len(hosts) == 1 else None
        if name is None or name not in self._hosts:
            return ApiError(
                400,
                "Das Feld „Host“ nennt einen Namen, unter dem ich nicht zu erreichen bin. Richtig wäre zum Beispiel: "
                "127.0.0.1. Weitere Namen erlaubt ALLOWED_HOSTS.",
                data={"field": "Host"},
            )
        return None

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = str(scope.get("path_template") or "(keine Route)")
        method = str(scope["method"])  # type: ignore[typeddict-item]
        self._registry.observe(method, route, status, seconds)
        level: Callable[..., Any] = self._log.debug if route in {"/health", "/metrics"} else self._log.info
        level(
            "request",
            method=method,
            route=route,
            path=scope["path"],
            status=status,
            duration_ms=round(seconds * 1e3, 2),
        )


def host_name(value: bytes) -> str | None:
    """The name in a Host header without port, None where it is malformed."""
    text = value.decode("latin-1").strip().lower()
    if text.startswith("["):
        name, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not (rest.startswith(":") and rest[1:].isdigit())):
            return None
        try:
            return str(ipaddress.IPv6Address(name))
        except ValueError:
            return None
    name, colon, port = text.partition(":")
    if colon and not port.isdigit():
        return None
    return name or None


def _first(headers: list[tuple[bytes, bytes]], wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == wanted), None)


def _framed(headers: list[tuple[bytes, bytes]], path: str) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    added = [(name, value) for name, value in SECURITY_HEADERS.items() if name not in present]
    if path.startswith("/api/") and b"cache-control" not in present:
        added.append((b"cache-control", b"no-store"))
    added.append((TRACE_HEADER.lower().encode(), trace_id.get().encode()))
    return headers + added


class _Body:
    """The request's body on its way in. A sender that stops in the middle does not hold a connection for ever."""

    def __init__(self, receive: Receive, headers: list[tuple[bytes, bytes]]) -> None:
        self._receive = receive
        length = _first(headers, b"content-length")
        self.complete = length in {None, "0"} and _first(headers, b"transfer-encoding") is None

    async def receive(self) -> Any:
        if self.complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_STALL_S)
        except TimeoutError:
            raise ApiError(408, "Die Anfrage kam nicht vollständig an.") from None
        self.complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message


def _request(scope: Scope) -> Any:
    from litestar import Request

    return Request(scope)  # type: ignore[arg-type]
