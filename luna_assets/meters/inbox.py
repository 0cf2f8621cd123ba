"""The drop places: a file that lies still becomes an import, and ends in `done` or `failed`.

The folder `LUNA_HOME/inbox`, and where objects are kept in a bucket also what lies below `inbox/` there. A folder that
bears a tenant's name belongs to that tenant, everything else to the default one. A file moves only after its import
has ended, and an import knows its file by name, version and content, so that whatever dies in between is taken up
again without a second import.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal, Protocol
from uuid import UUID

from resources.database import DEFAULT_TENANT, Connection
from resources.inbox_s3 import S3Inbox
from resources.objects import ObjectStore
from resources.objects_s3 import place_of
from resources.series import imports as queue
from resources.settings import Settings

FOLDER = "inbox"
DONE, FAILED = "done", "failed"
STILL_S = 5.0
"""A file that was written to more recently may still be growing."""
FILES_AT_ONCE = 50
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")
_REASONS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that waits: `reference` is its path below the drop place, `version` tells it from one of the same name.

    `size` in bytes, `still_s` since when it has not changed (seconds).
    """

    reference: str
    size: int
    version: str
    still_s: float


class DropPlace(Protocol):
    """Where files are dropped. Every call may raise `OSError`."""

    def files(self) -> Iterator[Dropped]:
        """Files that wait, by name; hidden and unfinished ones and what is done are left out."""
        ...

    def open(self, file: Dropped) -> BinaryIO:
        """The file's bytes."""
        ...

    def is_unchanged(self, file: Dropped) -> bool:
        """Whether it is still what it was when it was listed."""
        ...

    def clear(self, file: Dropped, folder: str, why: str) -> None:
        """Move a file away, beside it a text with the reasons if there are any."""
        ...


class FolderPlace:
    """The folder below `LUNA_HOME`."""

    def __init__(self, home: Path) -> None:
        self._root = home / FOLDER

    def make(self) -> None:
        """Make the folder where it is missing."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def files(self) -> Iterator[Dropped]:
        """See `DropPlace.files`; links are left out."""
        now = datetime.now(UTC).timestamp()
        for folder in (self._root, *self._subfolders()):
            if not folder.is_dir():
                continue
            for path in sorted(folder.iterdir()):
                if not _is_finished(path.name) or path.is_symlink() or not path.is_file():
                    continue
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                yield Dropped(
                    path.relative_to(self._root).as_posix(), stat.st_size, _version(stat), now - stat.st_mtime_ns / 1e9
                )

    def open(self, file: Dropped) -> BinaryIO:
        """See `DropPlace.open`."""
        return (self._root / file.reference).open("rb")

    def is_unchanged(self, file: Dropped) -> bool:
        """See `DropPlace.is_unchanged`."""
        stat = (self._root / file.reference).stat()
        return (stat.st_size, _version(stat)) == (file.size, file.version)

    def clear(self, file: Dropped, folder: str, why: str) -> None:
        """See `DropPlace.clear`."""
        source = self._root / file.reference
        place = self._root / folder / Path(file.reference).parent
        place.mkdir(parents=True, exist_ok=True)
        target = place / _free_name(source.name, lambda name: (place / name).exists())
        if why:
            target.with_name(target.name + ".warum.txt").write_text(why + "\n", "utf-8")
        os.replace(source, target)  # noqa: PTH105 (the atomic one)

    def _subfolders(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return [one for one in sorted(self._root.iterdir()) if one.is_dir() and one.name not in (DONE, FAILED)]


class BucketPlace:
    """What lies below `inbox/` in the bucket. Objects appear whole, so none has to lie still."""

    def __init__(self, inbox: S3Inbox) -> None:
        self._inbox = inbox

    def files(self) -> Iterator[Dropped]:
        """See `DropPlace.files`."""
        for one in self._inbox.waiting(leave_out=(DONE, FAILED)):
            path = PurePosixPath(one.reference)
            if _is_finished(path.name) and len(path.parts) <= 2:
                yield Dropped(one.reference, one.size, one.version, STILL_S)

    def open(self, file: Dropped) -> BinaryIO:
        """See `DropPlace.open`."""
        return self._inbox.open(file.reference)

    def is_unchanged(self, file: Dropped) -> bool:
        """See `DropPlace.is_unchanged`; another object of the same name has another version."""
        return any(one == file for one in self.files())

    def clear(self, file: Dropped, folder: str, why: str) -> None:
        """See `DropPlace.clear`."""
        parent = PurePosixPath(folder) / PurePosixPath(file.reference).parent
        name = PurePosixPath(file.reference).name
        target = (parent / _free_name(name, lambda one: self._inbox.exists((parent / one).as_posix()))).as_posix()
        if why:
            self._inbox.write(target + ".warum.txt", why + "\n")
        self._inbox.move(file.reference, target)


def drop_places(settings: Settings) -> list[DropPlace]:
    """The folder, and the bucket where objects are kept in one."""
    places: list[DropPlace] = [FolderPlace(settings.home)]
    if settings.s3_endpoint_url is not None:
        places.append(BucketPlace(S3Inbox(place_of(settings))))
    return places


class Inbox:
    """Takes files in and clears them away, over the worker's connection."""

    def __init__(
        self, places: Sequence[DropPlace], connection: Connection, objects: ObjectStore, *, max_bytes: int
    ) -> None:
        self._places = places
        self._connection = connection
        self._objects = objects
        self._max_bytes = max_bytes

    def collect(self) -> int:
        """Make imports of the files that lie still, and clear away those whose import has ended. Returns how many."""
        taken = 0
        for place in self._places:
            try:
                waiting = [file for file, _ in zip(place.files(), range(FILES_AT_ONCE), strict=False)]
            except OSError:
                # A server that does not answer now is asked again; what lies in the other place need not wait.
                continue
            for file in waiting:
                if file.still_s >= STILL_S:
                    try:
                        taken += self._one(place, file)
                    except OSError:
                        continue
        return taken

    def _one(self, place: DropPlace, file: Dropped) -> int:
        tenant = self._tenant(file)
        if tenant is None:
            return 0
        if file.size > self._max_bytes:
            why = f"Die Datei ist größer als {self._max_bytes // 1024**2} MB (MAX_IMPORT_MB)."
            place.clear(file, FAILED, why)
            return 0
        if not file.size:
            place.clear(file, FAILED, "Die Datei ist leer.")
            return 0
        known = self._connection.execute(
            "SELECT id, status FROM imports WHERE source = 'folder' AND options ->> 'inbox' = %s"
            " AND options ->> 'inbox_version' = %s ORDER BY created_at DESC LIMIT 1",
            (file.reference, file.version),
        ).fetchone()
        if known is not None:
            if known[1] in ("done", "failed", "undone"):
                self._end(place, file, UUID(str(known[0])), str(known[1]))
            return 0
        with place.open(file) as content:
            target = _target_of(content)
            content.seek(0)
            owner = None if target == "market_prices" else tenant
            stored = self._objects.put_stream(owner, content)
        if not place.is_unchanged(file) or stored.size_bytes != file.size:
            # It changed while it was read; it waits until it lies still. The sweep removes what was stored.
            return 0
        options: queue.Json = {"inbox": file.reference, "inbox_version": file.version, "create_meters": True}
        new = queue.NewImport(
            tenant=owner,
            target=target,
            mode="load",
            source="folder",
            file_name=PurePosixPath(file.reference).name,
            sha256=stored.sha256,
            size_bytes=stored.size_bytes,
            object_key=stored.key,
            options=options,
        )
        queue.receive_from_worker(self._connection, new)
        return 1

    def _end(self, place: DropPlace, file: Dropped, import_id: UUID, status: str) -> None:
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
        place.clear(file, FAILED if status == "failed" else DONE, "\n".join(lines))

    def _tenant(self, file: Dropped) -> UUID | None:
        folder = PurePosixPath(file.reference).parent.as_posix()
        if folder == ".":
            return DEFAULT_TENANT
        row = self._connection.execute("SELECT id FROM tenants WHERE name = %s", (folder,)).fetchone()
        return UUID(str(row[0])) if row else None


def _is_finished(name: str) -> bool:
    return not name.startswith(".") and not name.endswith(_UNFINISHED)


def _version(stat: os.stat_result) -> str:
    """Another file of the same name, also one with the same time, has another inode or change time."""
    return f"{stat.st_mtime_ns}-{stat.st_ctime_ns}-{stat.st_ino}"


def _free_name(name: str, taken: Callable[[str], bool]) -> str:
    if not taken(name):
        return name
    path = PurePosixPath(name)
    return f"{path.stem}.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}{path.suffix}"


def _target_of(content: BinaryIO) -> Literal["smart_meter_readings", "market_prices"]:
    """What a file without a word about it holds: prices where reading it as readings says so."""
    from luna_rules.importing import ImportOptions, UnreadableFileError, parse_batches

    try:
        next(iter(parse_batches(content, ImportOptions(target="smart_meter_readings"))), None)
    except UnreadableFileError as fault:
        if fault.code == "wrong_target":
            return "market_prices"
        content.seek(0)
        try:
            next(iter(parse_batches(content, ImportOptions(target="market_prices"))), None)
        except UnreadableFileError:
            return "smart_meter_readings"
        return "market_prices"
    return "smart_meter_readings"
