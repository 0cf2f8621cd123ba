"""`luna import`: files of readings and prices go to the API; what became of each is told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from rich.console import Console

from luna_cli.client import ApiFaultError, Json, LunaClient
from luna_cli.ingest import Source, UnusableError

Tell = Callable[[str], None]
TARGETS = ("smart_meter_readings", "market_prices")
_ENDED = frozenset({"done", "failed", "undone"})
_POLL_S = 0.4
_FAULTS_SHOWN = 10
_TOLD_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file."""

    name: str
    ok: bool
    sentence: str
    faults: list[str] = field(default_factory=list[str])
    import_id: str = ""


class Import:
    """One call of `luna import`."""

    def __init__(self, client: LunaClient, fields: Mapping[str, str], target: str | None) -> None:
        self._client = client
        self._fields = fields
        self._target = target

    def run(self, sources: Iterable[Source], console: Console) -> list[Imported]:
        """Upload one file after the other and wait for each; without a target both are tried."""
        results: list[Imported] = []
        for source in sources:
            console.print(f"{source.path} …")
            results.append(self._one(source, lambda line: console.print(f"  {line}")))
        return results

    def _one(self, source: Source, tell: Tell) -> Imported:
        name = str(source.path)
        try:
            # Opened, not read: a file of ten million rows need not be held.
            content = source.path.open("rb")
        except OSError as fault:
            return Imported(name, ok=False, sentence=f"nicht lesbar: {fault.strerror or fault}")
        try:
            with content:
                state = self._load(source.path, content, self._target or TARGETS[0], tell)
                if self._target is None and state.get("error_code") == "wrong_target":
                    state = self._load(source.path, content, TARGETS[1], tell)
        except ApiFaultError as fault:
            return Imported(name, ok=False, sentence=str(fault))
        return _told(name, state)

    def _load(self, path: Path, content: BinaryIO, target: str, tell: Tell) -> Json:
        fields = {**self._fields, "target": target, "wait": "0"}
        try:
            state = self._client.upload("/data/load", fields, path.name, content)
        except ApiFaultError as fault:
            # A small file may be read and refused before the upload is answered.
            if "import_id" not in fault.data:
                raise
            state = fault.data
        return wait_for(self._client, str(state["import_id"]), tell)


def wait_for(client: LunaClient, import_id: str, tell: Tell = lambda _: None) -> Json:
    """The import's state once it has ended; `tell` hears how far it is. Raises `ApiFaultError`, `NotRunningError`."""
    told = time.monotonic()
    while True:
        state = client.get(f"/data/load/{import_id}")
        if state.get("status") in _ENDED:
            return state
        if time.monotonic() - told >= _TOLD_EVERY_S:
            told = time.monotonic()
            tell(_progress(state))
        time.sleep(_POLL_S)


def _progress(state: Json) -> str:
    rows = int(str(state.get("rows_read") or 0))
    if state.get("status") == "received":
        return "wartet, bis andere Importe fertig sind"
    return f"{rows:,} Zeilen gelesen".replace(",", ".") if rows else "wird gelesen"


def mapping_of(columns: Sequence[str], *, unit: str | None, stamp: str | None, direction: str | None) -> str | None:
    """The `mapping` field of an upload from what was said on the command line. Raises `UnusableError`."""
    roles: dict[str, str] = {}
    for one in columns:
        name, _, role = one.rpartition("=")
        if not name or not role:
            raise UnusableError(f"--column „{one}“ ist keine Zuordnung; richtig ist etwa --column „Datum=ts“.")
        roles[name] = role
    said = {"unit": unit, "stamp": stamp, "direction": direction}
    mapping: Json = {name: value for name, value in said.items() if value is not None}
    if roles:
        mapping["columns"] = roles
    return json.dumps(mapping) if mapping else None


def undo(client: LunaClient, import_id: str) -> Imported:
    """Take an import back and wait for it. Raises `ApiFaultError`."""
    state = client.delete(f"/data/load/{import_id}")
    while state.get("status") != "undone" and state.get("stage") in {"undo", "undoing"}:
        time.sleep(_POLL_S)
        state = client.get(f"/data/load/{import_id}")
    name = str(state.get("file_name") or import_id)
    if state.get("status") == "undone":
        return Imported(name, ok=True, sentence="zurückgenommen", import_id=import_id)
    warnings = cast("list[object]", state.get("warnings") or [])
    return Imported(name, ok=False, sentence=str(warnings[-1] if warnings else "nicht zurückgenommen"))


def _told(name: str, state: Json) -> Imported:
    faults = [_fault(cast("Json", one)) for one in cast("list[object]", state.get("errors") or [])[:_FAULTS_SHOWN]]
    import_id = str(state.get("import_id") or "")
    if state.get("status") == "failed":
        return Imported(
            name, ok=False, sentence=str(state.get("error") or "ohne Grund"), faults=faults, import_id=import_id
        )
    planned = " (Probelauf, nichts geschrieben)" if state.get("mode") == "dry_run" else ""
    sentence = (
        f"{state.get('loaded')} neu, {state.get('updated')} ersetzt, {state.get('unchanged')} unverändert, "
        f"{state.get('rejected')} nicht verwendet{planned}"
    )
    hints = [str(one) for one in cast("list[object]", state.get("warnings") or [])]
    return Imported(name, ok=True, sentence=sentence, faults=[*hints, *faults], import_id=import_id)


def _fault(one: Json) -> str:
    where = f"Zeile {one.get('line')}" if one.get("line") else "Datei"
    return f"{where}, {one.get('column') or '–'}, „{one.get('value') or ''}“: {one.get('reason')}"
