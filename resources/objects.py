"""Where the bytes of documents are kept: content-addressed, one folder or bucket prefix for each tenant.

The key is `<tenant or public>/<sha256[:2]>/<sha256>`, so that a shared object never tells one tenant what another has.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

from resources.settings import Settings

KEY = re.compile(r"^(public|[0-9a-f-]{36})/[0-9a-f]{2}/[0-9a-f]{64}$")
"""How the key of an object looks; nothing else is read, listed or removed."""

_PIECE_BYTES = 1 << 20
_INCOMING = ".incoming-"
_BROKEN_OFF_S = 86_400


class ObjectMissingError(LookupError):
    """No object under that key."""


class ObjectDamagedError(RuntimeError):
    """The stored bytes no longer have the sha256 in their key."""


class StoreUnavailableError(OSError):
    """The store does not answer, refuses or is full: no fault of any object, so nothing should be given up by it.

    `reason` is one word for it: the store's own code, else the kind of fault.
    """

    FULL = frozenset({"XMinioStorageFull", "InsufficientStorage", "QuotaExceeded"})
    """What MinIO, versitygw and Ceph say where nothing more can be put, however often it is tried."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or type(self).__name__

    @property
    def full(self) -> bool:
        """Whether there is no room left: trying again helps only after somebody made some."""
        return self.reason in self.FULL


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What was stored: its key, sha256 (hex) and size in bytes."""

    key: str
    sha256: str
    size_bytes: int


class ObjectStore(Protocol):
    """Content-addressed bytes. Putting the same bytes twice is one object."""

    def put(self, tenant: UUID | None, data: bytes) -> StoredObject:
        """Store `data` durably; returns only when it would survive a power cut."""
        ...

    def put_stream(self, tenant: UUID | None, source: BinaryIO) -> StoredObject:
        """The same for bytes too many to be held; `source` is read from its present place to its end."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes under `key`. Raises `ObjectMissingError`, `ObjectDamagedError`."""
        ...

    def open(self, key: str) -> BinaryIO:
        """A stream of the bytes, for those too many to be held. Raises as `get` does; the bytes are checked first."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is an object under `key`."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; a missing one is no error."""
        ...

    def keys(self) -> Iterator[str]:
        """All keys, for the orphan sweep."""
        ...

    def age(self, key: str) -> timedelta:
        """How long ago the object was put; zero for a missing one."""
        ...

    def usage(self) -> tuple[int, int]:
        """How many objects there are, and their bytes together."""
        ...

    def check(self) -> None:
        """Raise `OSError` when the store cannot be written to."""
        ...


def object_key(tenant: UUID | None, sha256: str) -> str:
    """The key under which bytes with that sha256 are kept for `tenant` (None: public)."""
    return f"{tenant or 'public'}/{sha256[:2]}/{sha256}"


def open_object_store(settings: Settings) -> ObjectStore:
    """The store these settings name: S3 where `S3_ENDPOINT_URL` is set, else the folder under `LUNA_HOME`."""
    if settings.s3_endpoint_url is None:
        return FolderObjectStore(settings.home / "objects")
    from resources.objects_s3 import S3ObjectStore, place_of

    return S3ObjectStore(place_of(settings))


class FolderObjectStore:
    """Objects as files below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, tenant: UUID | None, data: bytes) -> StoredObject:
        """See `ObjectStore.put`; written beside and renamed, so a reader never sees half an object."""
        sha256 = hashlib.sha256(data).hexdigest()
        key = object_key(tenant, sha256)
        path = self._path(key)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{sha256}.{uuid.uuid4().hex}")
            try:
                with temporary.open("wb") as out:
                    out.write(data)
                    out.flush()
                    os.fsync(out.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        return StoredObject(key, sha256, len(data))

    def put_stream(self, tenant: UUID | None, source: BinaryIO) -> StoredObject:
        """See `ObjectStore.put_stream`."""
        self._root.mkdir(parents=True, exist_ok=True)
        self._forget_broken_off()
        temporary = self._root / f"{_INCOMING}{uuid.uuid4().hex}"
        digest, size = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as out:
                while piece := source.read(_PIECE_BYTES):
                    digest.update(piece)
                    size += out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            key = object_key(tenant, digest.hexdigest())
            path = self._path(key)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        return StoredObject(key, digest.hexdigest(), size)

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        try:
            data = self._path(key).read_bytes()
        except FileNotFoundError:
            raise ObjectMissingError(f"no object under {key}") from None
        if hashlib.sha256(data).hexdigest() != key.rsplit("/", 1)[1]:
            raise ObjectDamagedError(f"the object under {key} was changed on disk")
        return data

    def open(self, key: str) -> BinaryIO:
        """See `ObjectStore.open`."""
        try:
            stream = self._path(key).open("rb")
        except FileNotFoundError:
            raise ObjectMissingError(f"no object under {key}") from None
        if hashlib.file_digest(stream, "sha256").hexdigest() != key.rsplit("/", 1)[1]:
            stream.close()
            raise ObjectDamagedError(f"the object under {key} was changed on disk")
        stream.seek(0)
        return stream

    def exists(self, key: str) -> bool:
        """See `ObjectStore.exists`."""
        return self._path(key).exists()

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        """See `ObjectStore.keys`."""
        for path in self._root.glob("*/*/*"):
            key = path.relative_to(self._root).as_posix()
            if KEY.match(key):
                yield key

    def age(self, key: str) -> timedelta:
        """See `ObjectStore.age`."""
        try:
            return timedelta(seconds=max(0.0, time.time() - self._path(key).stat().st_mtime))
        except FileNotFoundError:
            return timedelta(0)

    def usage(self) -> tuple[int, int]:
        """See `ObjectStore.usage`."""
        sizes = [(self._root / key).stat().st_size for key in self.keys()]
        return len(sizes), sum(sizes)

    def check(self) -> None:
        """See `ObjectStore.check`."""
        self._root.mkdir(parents=True, exist_ok=True)
        probe = self._root / f".probe-{uuid.uuid4().hex}"
        try:
            probe.write_bytes(b"luna")
        finally:
            probe.unlink(missing_ok=True)

    def _forget_broken_off(self) -> None:
        """What a process left that died while it wrote a stream."""
        for left in self._root.glob(f"{_INCOMING}*"):
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _BROKEN_OFF_S:
                    left.unlink()

    def _path(self, key: str) -> Path:
        if not KEY.match(key):
            raise ObjectMissingError(f"not a key of this store: {key!r}")
        return self._root / key
