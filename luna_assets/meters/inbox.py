"""The drop folder `LUNA_HOME/inbox`: a file that lies still becomes an import, and ends in `done` or `failed`.

A folder below it that bears a tenant's name belongs to that tenant, everything else to the default one. The file moves
only after its import has ended, and an import knows its file by name and content, so that whatever dies in between is
taken up again without a second import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

from resources.database import DEFAULT_TENANT, Connection
from resources.objects import ObjectStore
from resources.series import imports as queue

FOLDER = "inbox"
DONE, FAILED = "done", "failed"
STILL_S = 5.0
"""A file that was written to more recently may still be growing."""
FILES_AT_ONCE = 50
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")
_REASONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file in the inbox. `reference` is its path below it; size in bytes, times in nanoseconds since 1970."""

    path: Path
    reference: str
    size: int
    modified_ns: int
    changed_ns: int


def dropped_files(home: Path) -> Iterator[Dropped]:
    """Files that wait in the inbox, by name; hidden and unfinished ones, links and what is done are left out."""
    root = home / FOLDER
    for folder in (root, *_subfolders(root)):
        if not folder.is_dir():
            continue
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.name.endswith(_UNFINISHED) or path.is_symlink() or not path.is_file():
                continue
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            yield Dropped(path, path.relative_to(root).as_posix(), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _subfolders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [one for one in sorted(root.iterdir()) if one.is_dir() and one.name not in (DONE, FAILED)]


class Inbox:
    """Takes files in and clears them away, over the worker's connection."""

    def __init__(self, home: Path, connection: Connection, objects: ObjectStore, *, max_bytes: int) -> None:
        self._home = home
        self._root = home / FOLDER
        self._connection = connection
        self._objects = objects
        self._max_bytes = max_bytes

    def collect(self, *, now: datetime | None = None) -> int:
        """Make imports of the files that lie still, and clear away those whose import has ended. Returns how many."""
        taken = 0
        moment = now or datetime.now(UTC)
        for file in list(dropped_files(self._home))[:FILES_AT_ONCE]:
            if moment.timestamp() - file.modified_ns / 1e9 >= STILL_S:
                taken += self._one(file)
        return taken

    def _one(self, file: Dropped) -> int:
        tenant = self._tenant(file)
        if tenant is None:
            return 0
        if file.size > self._max_bytes:
            self._clear(file, FAILED, f"Die Datei ist größer als {self._max_bytes // 1024**2} MB (MAX_UPLOAD_MB).")
            return 0
        if not file.size:
            self._clear(file, FAILED, "Die Datei ist leer.")
            return 0
        try:
            content = file.path.read_bytes()
            after = file.path.stat()
        except OSError:
            return 0
        if (after.st_size, after.st_mtime_ns) != (file.size, file.modified_ns) or len(content) != file.size:
            # It changed while it was read; it waits until it lies still.
            return 0
        target = _target_of(content)
        stored = self._objects.put(None if target == "market_prices" else tenant, content)
        known = self._connection.execute(
            "SELECT id, status FROM imports WHERE source = 'folder' AND options ->> 'inbox' = %s AND sha256 = %s"
            " AND created_at >= %s ORDER BY created_at DESC LIMIT 1",
            (file.reference, stored.sha256, datetime.fromtimestamp(file.changed_ns / 1e9, UTC)),
        ).fetchone()
        if known is None:
            options: queue.Json = {"inbox": file.reference, "create_meters": True}
            new = queue.NewImport(
                tenant=None if target == "market_prices" else tenant,
                target=target,
                mode="load",
                source="folder",
                file_name=file.path.name,
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                object_key=stored.key,
                options=options,
            )
            queue.receive_from_worker(self._connection, new)
            return 1
        if known[1] in ("done", "failed", "undone"):
            self._end(file, UUID(str(known[0])), str(known[1]))
        return 0

    def _end(self, file: Dropped, import_id: UUID, status: str) -> None:
        row = self._connection.execute(
            "SELECT error, rejected, loaded, updated, unchanged FROM imports WHERE id = %s", (import_id,)
        ).fetchone()
        error, rejected, loaded, updated, unchanged = row or (None, 0, 0, 0, 0)
        lines = [str(error)] if status == "failed" else []
        if status != "failed" and rejected:
            lines.append(
                f"{loaded} Werte neu, {updated} ersetzt, {unchanged} bekannt; {rejected} Zeilen nicht verwendet:"
            )
        faults = self._connection.execute(
            "SELECT line, column_name, value, reason FROM import_errors WHERE import_id = %s"
            " ORDER BY line, id LIMIT %s",
            (import_id, _REASONS_SHOWN),
        ).fetchall()
        for line, column, value, reason in faults:
            lines.append(f"Zeile {line or '–'}, {column or '–'}, „{value or ''}“: {reason}")
        self._clear(file, FAILED if status == "failed" else DONE, "\n".join(lines))

    def _clear(self, file: Dropped, folder: str, why: str) -> None:
        """Move a file away, beside it a text with the reasons if there are any."""
        place = self._root / folder / Path(file.reference).parent
        place.mkdir(parents=True, exist_ok=True)
        target = place / file.path.name
        if target.exists():
            target = place / f"{file.path.stem}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}{file.path.suffix}"
        if why:
            target.with_name(target.name + ".warum.txt").write_text(why + "\n", "utf-8")
        os.replace(file.path, target)  # noqa: PTH105 (the atomic one)

    def _tenant(self, file: Dropped) -> UUID | None:
        folder = Path(file.reference).parent.as_posix()
        if folder == ".":
            return DEFAULT_TENANT
        row = self._connection.execute("SELECT id FROM tenants WHERE name = %s", (folder,)).fetchone()
        return UUID(str(row[0])) if row else None


def _target_of(content: bytes) -> Literal["smart_meter_readings", "market_prices"]:
    """What a file without a word about it holds: prices where reading it as readings says so."""
    from luna_rules.importing import ImportOptions, UnreadableFileError, parse_batches

    try:
        next(iter(parse_batches(content, ImportOptions(target="smart_meter_readings"))), None)
    except UnreadableFileError as fault:
        if fault.code == "wrong_target":
            return "market_prices"
        try:
            next(iter(parse_batches(content, ImportOptions(target="market_prices"))), None)
        except UnreadableFileError:
            return "smart_meter_readings"
        return "market_prices"
    return "smart_meter_readings"
