"""Every fault as an envelope: the exceptions that services raise, and how foreign ones are told to people."""

import re
from typing import Any

import msgspec
import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from luna_api.envelope import Envelope, failed
from luna_api.limits import FORM_SLACK
from resources.bounded_connection import DatabaseSilentError
from resources.objects import StoreUnavailableError

AnyRequest = Request[Any, Any, Any]

EXAMPLES: dict[str, str] = {
    "question": '"question": "Wie lange dauert ein Lieferantenwechsel?"',
    "top_k": '"top_k": 6 (erlaubt sind 1 bis 50)',
    "filters": '"filters": {"kind": "regulation", "tags": ["netz"]}',
    "as_of": '"as_of": "2025-01-01"',
    "conversation_id": '"conversation_id": "0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"',
    "stream": '"stream": true',
    "url": '"url": "https://www.gesetze-im-internet.de/enwg_2005/__14a.html"',
    "kind": "kind=document (oder regulation, note)",
    "source": "source=upload (oder crawler, api)",
    "tags": "tags=netz",
    "wait": "wait=30 (erlaubt sind 0 bis 120)",
    "file": "file=@vertrag.pdf",
    "valid_from": "valid_from=2025-01-01",
    "valid_to": "valid_to=2025-12-31",
    "document_id": "document_id=0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11",
    "visibility": "visibility=tenant (oder public)",
    "texts": '"texts": ["Netzentgelt", "Messstellenbetrieb"]',
    "type": '"type": "view" (oder click, like, solve, ask, feedback)',
    "ts": '"ts": "2025-06-01T12:00:00Z"',
    "useful": '"useful": true',
    "answer": '"answer": "Der Wechsel dauert …"',
    "limit": "limit=50 (erlaubt sind 1 bis 200)",
    "cursor": "cursor=<next_cursor der vorigen Seite>",
    "status": "status=ready (oder received, processing, failed, archived)",
    "item_ids": '"item_ids": ["0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"]',
    "user_id": '"user_id": "0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"',
    "item_id": '"item_id": "0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"',
    "chunk_id": '"chunk_id": "0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"',
    "route": "route=/fragen",
    "version": "version=2",
    "days": "days=30 (erlaubt sind 1 bis 366)",
    "simulator": '"simulator": "smartmeter" (oder market)',
    "action": '"action": "start" (oder stop); für Modelle "pull", "cancel" oder "select"',
    "model": '"model": "llama3.1:8b-instruct-q4_K_M"',
    "role": '"role": "generate" (oder fallback)',
    "speed": '"speed": 60 (erlaubt sind 1 bis 100000)',
    "X-Tenant-Id": "X-Tenant-Id: default",
    "from": "from=2024-01-01 (oder 2024-01-01T00:00:00+01:00)",
    "to": "to=2025-01-01 (oder 2025-01-01T00:00:00+01:00)",
    "meter_id": "meter_id=haus-1",
    "market": "market=EPEX",
    "product": "product=DE-LU-60MIN",
    "resolution": "resolution=auto (oder raw, 15m, 1h, 1d, 1mo)",
    "format": "format=json (oder csv, xlsx, parquet, arrow)",
    "points": "points=4000 (erlaubt sind 16 bis 200.000)",
    "target": "target=smart_meter_readings (oder market_prices)",
    "mode": "mode=load (oder dry_run)",
    "series": '"series": [{"meter_id": "haus-1", "series": "consumption_kw"}]',
    "aggregates": '"aggregates": ["mean", "max"]',
    "capacity_kw": '"capacity_kw": 9.8',
}

_TYPES = {
    "int": "eine ganze Zahl",
    "str": "ein Text",
    "bool": "true oder false",
    "array": "eine Liste",
    "object": "ein Objekt",
    "uuid": "eine UUID",
    "date": "ein Datum (JJJJ-MM-TT)",
    "datetime": "ein Zeitpunkt (ISO 8601)",
    "float": "eine Zahl",
    "null": "null",
}
_PATH = re.compile(r" - at `\$?(?:\.)?([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]+)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`(?:, got `([^`]+)`)?")
_BOUND = re.compile(r"Expected `(\w+)` (>=|<=|>|<) ([\d.-]+)")
_LENGTH = re.compile(r"Expected `(\w+)` of length (>=|<=) (\d+)")
_ENUM = re.compile(r"Invalid enum value '?([^']*)'?")
_WORDS = {">=": "mindestens", "<=": "höchstens", ">": "größer als", "<": "kleiner als"}


class ApiError(Exception):
    """A fault with a sentence for people; `data` helps programs."""

    def __init__(
        self, status_code: int, message: str, *, data: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.message = message
        self.data = data
        self.headers = headers or {}


def invalid(field: str, fault: str, example: str | None = None) -> ApiError:
    """400: one field of the request cannot be used; names the field, the fault and what would be right."""
    right = example or EXAMPLES.get(field.split(".")[0].split("[")[0])
    message = f"Das Feld „{field}“ {fault}." + (f" Richtig wäre zum Beispiel: {right}" if right else "")
    return ApiError(400, message, data={"field": field, "fault": fault, "example": right})


def missing(what: str) -> ApiError:
    """404: there is no such thing, or the asker may not see it, which shall look the same."""
    return ApiError(404, f"{what} gibt es nicht.")


def unavailable(part: str, message: str, *, retry_after_s: int = 5) -> ApiError:
    """503: a part of the house is down; names it."""
    return ApiError(503, message, data={"part": part}, headers={"Retry-After": str(retry_after_s)})


def database_unavailable(fault: psycopg.Error) -> ApiError:
    """503 for a database that is too slow, hangs, or is not reached; each is told apart."""
    if isinstance(fault, psycopg.errors.QueryCanceled):
        return unavailable("db", "Die Datenbank (db) hat für diese Anfrage zu lange gebraucht.")
    if isinstance(fault, DatabaseSilentError):
        told = f"Die Datenbank (db) hat {fault.silence_s:.0f} Sekunden lang nicht geantwortet; länger warte ich nicht."
        return unavailable("db", f"{told} Bitte gleich noch einmal.")
    return unavailable("db", "Die Datenbank (db) ist gerade nicht erreichbar. Bitte gleich noch einmal.")


def respond(fault: ApiError) -> Response[Envelope[Any]]:
    """The response to a fault."""
    return Response(
        failed(fault.message, fault.data),
        status_code=fault.status_code,
        headers=fault.headers,
        media_type="application/json",
    )


def on_api_error(_: AnyRequest, fault: ApiError) -> Response[Envelope[Any]]:
    """Faults that services raise on purpose."""
    return respond(fault)


def on_database_error(request: AnyRequest, fault: psycopg.Error) -> Response[Envelope[Any]]:
    """The database is down, hangs, is too slow, or was handed something it cannot hold."""
    log = structlog.get_logger("luna_api.errors")
    if isinstance(fault, psycopg.OperationalError | psycopg.InterfaceError):
        log.warning("database_unavailable", path=request.url.path, fault=type(fault).__name__, told=str(fault))
        return respond(database_unavailable(fault))
    if isinstance(fault, psycopg.DataError):
        log.warning("database_refused_value", path=request.url.path, fault=str(fault))
        return respond(ApiError(400, "Die Anfrage enthält Zeichen oder Werte, die sich nicht speichern lassen."))
    return on_unexpected(request, fault)


def on_store_error(request: AnyRequest, fault: StoreUnavailableError) -> Response[Envelope[Any]]:
    """The place of the files is down, refuses or is full."""
    structlog.get_logger("luna_api.errors").warning("store_down", path=request.url.path, fault=str(fault))
    if fault.full:
        message = "Der Dateispeicher (S3) ist voll; aufgenommen wurde nichts. Bitte sagen Sie der Verwaltung Bescheid."
        return respond(unavailable("minio", message, retry_after_s=300))
    return respond(unavailable("minio", "Der Dateispeicher (S3) antwortet gerade nicht. Bitte gleich noch einmal."))


def on_unexpected(request: AnyRequest, fault: Exception) -> Response[Envelope[Any]]:
    """A fault of ours: the reader gets the trace id, the log gets the rest."""
    structlog.get_logger("luna_api.errors").error("unexpected", path=request.url.path, exc_info=fault)
    return respond(ApiError(500, "Da ist auf meiner Seite etwas schiefgegangen. Die trace_id hilft beim Suchen."))


def on_http_error(request: AnyRequest, fault: HTTPException) -> Response[Envelope[Any]]:
    """Faults that the framework raises: routing, parsing, validation, sizes."""
    return respond(_translated(request, fault))


def _translated(request: AnyRequest, fault: HTTPException) -> ApiError:
    headers = dict(fault.headers or {})
    match fault:
        case ValidationException():
            return _of_validation(fault)
        case NotFoundException():
            return ApiError(404, f"Unter {request.url.path} gibt es nichts.")
        case MethodNotAllowedException():
            return ApiError(405, f"{request.method} ist unter {request.url.path} nicht vorgesehen.", headers=headers)
        case RequestEntityTooLarge():
            limit = request.route_handler.resolve_request_max_body_size()
            slack = request.route_handler.opt.get(FORM_SLACK, 0)
            return too_large(limit - slack if isinstance(limit, int) else limit)
        case ClientException() if fault.status_code == 400:
            return _of_client(fault)
        case _:
            return ApiError(
                fault.status_code, fault.detail or "Die Anfrage ließ sich nicht bearbeiten.", headers=headers
            )


def too_large(limit_bytes: object) -> ApiError:
    """413: the body is larger than this route takes."""
    size = limit_bytes if isinstance(limit_bytes, int) else 0
    told = f"{size // 1_048_576} MB" if size >= 1_048_576 else f"{size // 1024} kB"
    return ApiError(413, f"Die Anfrage ist zu groß: Hier sind höchstens {told} erlaubt.", data={"max_bytes": size})


def _of_client(fault: HTTPException) -> ApiError:
    cause = fault.__cause__
    if "multipart" in fault.detail:
        return ApiError(400, "Das Formular (multipart/form-data) ist unvollständig oder beschädigt.")
    return _of_msgspec(str(cause or fault.detail))


def _of_validation(fault: ValidationException) -> ApiError:
    extra: Any = fault.extra
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        first: dict[str, Any] = extra[0]
        key = str(first.get("key") or "")
        if key in {"", "data"}:
            return _of_msgspec(str(first.get("message") or ""))
        return _told(key, str(first.get("message") or ""))
    return _of_msgspec(fault.detail)


def _of_msgspec(text: str) -> ApiError:
    """A fault of decoding a body, as msgspec words it."""
    place = _PATH.search(text)
    found = _MISSING.search(text) or _UNKNOWN.search(text)
    path = place[1] if place else ""
    if found:
        field = ".".join(part for part in (path, found[1]) if part)
        fault = "fehlt" if _MISSING.search(text) else "ist unbekannt; vielleicht ein Tippfehler"
        return invalid(field, fault)
    if path:
        return _told(path, text)
    lost = re.search(r"Missing required (?:query|header|cookie) parameter '([^']+)'", text)
    if lost:
        return invalid(lost[1], "fehlt")
    if "malformed" in text or "JSON" in text or "truncated" in text or "utf-8" in text.lower():
        return ApiError(
            400, 'Der Inhalt der Anfrage ist kein gültiges JSON. Richtig wäre zum Beispiel: {"question": "…"}'
        )
    expected = _EXPECTED.search(text)
    told = f": erwartet wird {_type(expected[1])}" if expected else ""
    return ApiError(400, f"Der Inhalt der Anfrage hat nicht die richtige Form{told}.")


def _told(field: str, text: str) -> ApiError:
    bound, length, enum, expected = (p.search(text) for p in (_BOUND, _LENGTH, _ENUM, _EXPECTED))
    if length:
        unit = "Zeichen" if length[1] == "str" else "Einträge"
        return invalid(field, f"muss {_WORDS[length[2]]} {length[3]} {unit} haben")
    if bound:
        return invalid(field, f"muss {_WORDS[bound[2]]} {bound[3]} sein")
    if enum:
        return invalid(field, f"kennt den Wert „{enum[1][:60]}“ nicht")
    if "Missing required" in text:
        return invalid(field, "fehlt")
    if expected:
        return invalid(field, f"muss {_type(expected[1])} sein")
    kind = re.search(r"Invalid (UUID|RFC3339 encoded date(?:time)?|date)", text)
    if kind:
        name = {"UUID": "uuid"}.get(kind[1], "datetime" if "datetime" in kind[1] else "date")
        return invalid(field, f"muss {_TYPES[name]} sein")
    return invalid(field, "hat einen ungültigen Wert")


def _type(name: str) -> str:
    return " oder ".join(_TYPES.get(part.strip(), part.strip()) for part in name.split("|"))


EXCEPTION_HANDLERS: dict[Any, Any] = {
    ApiError: on_api_error,
    HTTPException: on_http_error,
    msgspec.ValidationError: lambda _, fault: respond(_of_msgspec(str(fault))),
    RecursionError: lambda _, __: respond(ApiError(400, "Der Inhalt ist zu tief verschachtelt, um gelesen zu werden.")),
    psycopg.Error: on_database_error,
    StoreUnavailableError: on_store_error,
    Exception: on_unexpected,
}
