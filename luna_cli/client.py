"""Speaks to the API as the administrator, and turns its faults into sentences."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import BinaryIO, Self, cast

import httpx

from resources.secrets import FILE_NAME, load_secrets
from resources.settings import Settings

Json = dict[str, object]
PATIENCE_S = 30.0
"""How long a call is tried again while the API restarts, is busy or a part of it is down."""


class ApiFaultError(RuntimeError):
    """The API refused, with its own sentence; `status` is the HTTP status, `data` what it told beside."""

    def __init__(self, status: int, message: str, data: Json) -> None:
        super().__init__(message)
        self.status = status
        self.data = data


class NotRunningError(RuntimeError):
    """Nobody answers where the API should be."""


class LunaClient:
    """A connection to the API; a context manager, safe to share between threads."""

    def __init__(self, settings: Settings, *, timeout_s: float = 60.0) -> None:
        if settings.admin_api_key is None and not (settings.home / FILE_NAME).exists():
            raise NotRunningError(
                f"In {settings.home} wohnt noch keine Luna. „luna dev“ richtet sie ein; "
                "läuft sie anderswo, bitte LUNA_HOME (oder ADMIN_API_KEY und API_PORT) setzen."
            )
        key = (
            settings.admin_api_key.get_secret_value()
            if settings.admin_api_key
            else load_secrets(settings).admin_api_key
        )
        self._url = settings.api_url
        self._http = httpx.Client(
            base_url=f"{settings.api_url}/api/v1",
            headers={"X-Admin-Key": key},
            timeout=httpx.Timeout(timeout_s, connect=3.0),
            # a proxy of the shell is not for this machine's own API
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def check(self) -> None:
        """Raises `NotRunningError` unless an API answers."""
        try:
            self._http.get("/system/info")
        except httpx.HTTPError as fault:
            raise self._not_running(fault) from fault

    def get(self, path: str, *, patience_s: float = PATIENCE_S) -> Json:
        """`data` of a GET."""
        return self._data("GET", path, patience_s=patience_s)

    def post(self, path: str, body: Json, *, patience_s: float = 0.0) -> Json:
        """`data` of a POST with a JSON body."""
        return self._data("POST", path, json=body, patience_s=patience_s)

    def delete(self, path: str, *, patience_s: float = PATIENCE_S) -> Json:
        """`data` of a DELETE."""
        return self._data("DELETE", path, patience_s=patience_s)

    def upload(
        self, path: str, fields: Mapping[str, str | Sequence[str]], file_name: str, content: bytes | BinaryIO
    ) -> Json:
        """`data` of a multipart POST; safe to try again, because the server knows equal bytes."""
        return self._data("POST", path, form=fields, files={"file": (file_name, content)}, patience_s=PATIENCE_S)

    def _data(
        self,
        method: str,
        path: str,
        *,
        json: Json | None = None,
        form: Mapping[str, str | Sequence[str]] | None = None,
        files: Mapping[str, tuple[str, bytes | BinaryIO]] | None = None,
        patience_s: float,
    ) -> Json:
        deadline = time.monotonic() + patience_s
        pause = 0.2
        while True:
            for _, content in (files or {}).values():
                if not isinstance(content, bytes):
                    content.seek(0)
            try:
                response = self._http.request(
                    method, path, json=json, data=dict(form) if form is not None else None, files=files
                )
            except httpx.TransportError as fault:
                if time.monotonic() + pause > deadline:
                    raise self._not_running(fault) from fault
            else:
                if response.status_code not in {429, 503} or time.monotonic() + pause > deadline:
                    return _unwrap(response)
                told = response.headers.get("Retry-After", "")
                pause = max(pause, min(float(told), 10.0)) if told.isdigit() else pause
            time.sleep(pause)
            pause = min(pause * 2, 5.0)

    def _not_running(self, fault: Exception) -> NotRunningError:
        if isinstance(fault, httpx.TimeoutException) and not isinstance(fault, httpx.ConnectTimeout):
            return NotRunningError(f"Luna antwortet unter {self._url} nicht rechtzeitig. „luna status“ sagt mehr.")
        return NotRunningError(
            f"Unter {self._url} antwortet niemand. „luna dev“ startet Luna; "
            "läuft sie auf einem anderen Port, bitte API_PORT setzen."
        )


def _unwrap(response: httpx.Response) -> Json:
    try:
        envelope = cast("Json", response.json())
        status = envelope["status"]
    except (ValueError, KeyError, TypeError):
        raise ApiFaultError(
            response.status_code,
            f"Unter {response.url.host}:{response.url.port} antwortet etwas, das nicht Luna ist "
            f"(HTTP {response.status_code}).",
            {},
        ) from None
    data = envelope.get("data")
    told = cast("Json", data) if isinstance(data, dict) else {}
    if status != "ok":
        raise ApiFaultError(response.status_code, str(envelope.get("message") or "ohne Angabe von Gründen"), told)
    return told
