"""Finishing touches to the OpenAPI document: short names, the faults that every route knows, the events of a stream."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from luna_api.answers.schemas import AnswerSentenceData, AskMeta
from luna_api.series.formats import MEDIA_TYPES
from luna_api.series.live import LivePrice, LiveReading

Document = dict[str, Any]

_ENVELOPE = re.compile(r"Envelope_(?:[\w]+\.)*(\w+?)_(?=\"|$)")
_PUBLIC = {"getSystemInfo", "getHealth", "getPrometheus"}
_FAULTS = {
    "400": "Ein Feld ist nicht brauchbar; data nennt field, fault und example",
    "401": "Niemand ist angemeldet",
    "403": "Nicht gestattet",
    "404": "Gibt es nicht, oder nicht für Sie",
    "409": "Steht im Widerspruch zum Bestand; bei doppelten Dateien nennt data.item_id die vorhandene",
    "413": "Zu groß",
    "415": "Dateiformat wird nicht gelesen",
    "422": "Wohlgeformt, aber nicht brauchbar",
    "429": "Zu viele Fragen; siehe Retry-After",
    "500": "Fehler auf unserer Seite",
    "503": "Ein Teil ist nicht erreichbar; data.part nennt ihn",
}
_EVERYWHERE = ("500", "503")
_MORE: dict[str, tuple[str, ...]] = {
    "ingestDocument": ("403", "409", "415", "422"),
    "ingestUrl": ("403", "409", "415", "422"),
    "retryIngest": ("403", "409"),
    "cancelIngest": ("403", "409"),
    "deleteItem": ("403",),
    "restoreItem": ("403", "409"),
    "ask": ("404", "429"),
    "replayAnswer": ("409", "429"),
    "saveEvents": ("403",),
    "saveFeedback": ("403",),
    "loadData": ("403", "415", "422"),
    "undoImport": ("403", "409"),
    "queryData": ("404",),
    "createMeter": ("409",),
    "changeMeter": ("409",),
    "deleteMeter": ("409",),
    "getSmartMeter": ("404", "422"),
    "getMarket": ("404",),
    "getSelfUse": ("404", "422"),
    "liveSmartMeter": ("404",),
    "liveMarket": ("404",),
    "reindex": ("404", "409", "422"),
    "rollBackIndex": ("409",),
    "changeModels": ("404", "409", "422", "429"),
    "runSimulator": ("409",),
    "getPrometheus": ("403",),
}
_ADMIN = {"embed", "getSystemMetrics", "runSimulator", "getSimulators"}
_SERIES_FILES = {"getSmartMeter", "getMarket"}
_BYTES: Document = {"type": "string", "format": "binary"}
_FAULT_SCHEMA: Document = {
    "title": "Fault",
    "type": "object",
    "description": "Was schiefging: message für Menschen, data für Programme, trace_id für die Suche im Protokoll.",
    "properties": {
        "status": {"type": "string", "enum": ["error"]},
        "message": {"type": "string"},
        "data": {},
        "trace_id": {"type": "string"},
    },
    "required": ["status", "message", "data", "trace_id"],
}


def finished(schema: Document) -> Document:
    """The document as it is served and exported."""
    text = msgspec.json.encode(schema).decode()
    document: Document = msgspec.json.decode(_ENVELOPE.sub(r"\1Envelope", text))
    schemas: Document = document["components"]["schemas"]
    schemas["Fault"] = _FAULT_SCHEMA
    _, parts = msgspec.json.schema_components(
        [AskMeta, AnswerSentenceData, LiveReading, LivePrice], ref_template="#/components/schemas/{name}"
    )
    for name, part in parts.items():
        schemas.setdefault(name, part)
    for path, operation in _operations(document):
        _finish(path, operation)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            _close(content["schema"], schemas)
    return document


def _close(schema: Document, schemas: Document) -> None:
    """A body takes no field that its schema does not name."""
    if "$ref" in schema:
        schemas[schema["$ref"].rsplit("/", 1)[-1]]["additionalProperties"] = False
    for part in [*schema.get("oneOf", []), *schema.get("anyOf", []), *([schema["items"]] if "items" in schema else [])]:
        _close(part, schemas)


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _finish(path: str, operation: Document) -> None:
    name = operation["operationId"]
    operation["summary"] = operation.get("description", "").split(".")[0].split(":")[0].split(";")[0]
    codes = {*_EVERYWHERE, *_MORE.get(name, ())}
    if name in _PUBLIC:
        operation["security"] = []
    else:
        codes |= {"401", "403"} if "/admin/" in path or name in _ADMIN else {"401"}
    if "{" in path:
        codes.add("404")
    if path.startswith("/api/") or operation.get("parameters"):
        codes.add("400")  # at least for a parameter that is not known, or a tenant that does not exist
    if "requestBody" in operation:
        codes.add("413")
    responses: Document = operation["responses"]
    responses.pop("400", None)
    for code in sorted(codes):
        fault = {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}}
        responses[code] = {"description": _FAULTS[code], "content": fault}
    if name in _SERIES_FILES:
        responses["200"]["content"] |= {kind: {"schema": _BYTES} for kind in MEDIA_TYPES.values()}
    if name == "getItemFile":
        responses["200"]["content"] = {"*/*": {"schema": _BYTES}}
    if name == "ask":
        responses["200"]["content"]["text/event-stream"] = {
            "schema": {
                "type": "string",
                "description": "meta (AskMeta), sentence (AnswerSentenceData) …, done (AnswerData); oder error (Fault)",
            }
        }
