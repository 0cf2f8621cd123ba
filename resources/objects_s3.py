"""The object store on a server that speaks S3 (MinIO, versitygw and others); the same keys as in the folder.

Objects are addressed by their content, so an object is written once and never changed. Where a bucket keeps versions, a
deleted object can be brought back by the server's own means; nothing here relies on it.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar, cast
from uuid import UUID

from resources.objects import (
    KEY,
    ObjectDamagedError,
    ObjectMissingError,
    StoredObject,
    StoreUnavailableError,
    object_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from resources.settings import Settings

PART_BYTES = 8 * 1024 * 1024
"""Objects above twice this size travel in parts of it."""
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
ATTEMPTS = 3
_PIECE_BYTES = 1 << 20
_PROBE = "probe/"
_MISSING = {"404", "NoSuchKey", "NotFound"}

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class S3Place:
    """Where the store is: address of the server, bucket, keys. `region` is what the server expects in signatures."""

    endpoint_url: str
    bucket: str
    access_key_id: str
    secret_access_key: str
    region: str = "us-east-1"


def place_of(settings: Settings) -> S3Place:
    """The server and bucket that these settings name."""
    access, secret = settings.s3_access_key_id, settings.s3_secret_access_key
    return S3Place(
        endpoint_url=settings.s3_endpoint_url or "",
        bucket=settings.s3_bucket,
        access_key_id=access.get_secret_value() if access else "",
        secret_access_key=secret.get_secret_value() if secret else "",
        region=settings.s3_region,
    )


class _Body(Protocol):
    def read(self, amt: int | None = None, /) -> bytes: ...


class _Pages(Protocol):
    def paginate(self, **arguments: object) -> Iterator[Mapping[str, list[Mapping[str, str | int]]]]: ...


class S3Client(Protocol):
    """The calls of boto3's client that are used here; boto3 makes its classes at run time and has no types."""

    def put_object(self, **arguments: object) -> Mapping[str, str]: ...
    def get_object(self, **arguments: object) -> Mapping[str, _Body]: ...
    def head_object(self, **arguments: object) -> Mapping[str, object]: ...
    def delete_object(self, **arguments: object) -> object: ...
    def copy_object(self, **arguments: object) -> object: ...
    def head_bucket(self, **arguments: object) -> object: ...
    def create_bucket(self, **arguments: object) -> object: ...
    def get_paginator(self, name: str) -> _Pages: ...
    def upload_fileobj(self, *arguments: object, **named: object) -> None: ...


def connect(place: S3Place, *, read_timeout_s: float = READ_TIMEOUT_S, attempts: int = ATTEMPTS) -> S3Client:
    """A client of that server; no call is made yet."""
    # boto3 takes a third of a second to import; a stack that keeps objects in a folder never needs it.
    from boto3.session import Session
    from botocore.config import Config

    client = Session().client(
        "s3",
        endpoint_url=place.endpoint_url,
        region_name=place.region,
        aws_access_key_id=place.access_key_id,
        aws_secret_access_key=place.secret_access_key,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=read_timeout_s,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            s3={"addressing_style": "path"},
            # Newer checksums are unknown to many servers; Content-MD5 below is known to all.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return cast("S3Client", client)


class S3ObjectStore:
    """Objects in a bucket. Made without a call; the bucket is made when it is first written to and missing."""

    def __init__(self, place: S3Place, *, read_timeout_s: float = READ_TIMEOUT_S, attempts: int = ATTEMPTS) -> None:
        self._place = place
        self._read_timeout_s = read_timeout_s
        self._attempts = attempts
        self._made: S3Client | None = None

    def put(self, tenant: UUID | None, data: bytes) -> StoredObject:
        """See `ObjectStore.put`. The server checks the bytes it received; a large object is sent in parts.

        Raises `StoreUnavailableError` when the server does not answer, refuses or is full.
        """
        digest = hashlib.sha256(data)
        key = object_key(tenant, digest.hexdigest())
        stored = StoredObject(key, digest.hexdigest(), len(data))
        with self._faults():
            if self._size(key) == len(data):
                return stored
            self._writing(lambda: self._upload(key, data))
            arrived = self._size(key)
        if arrived != len(data):
            raise StoreUnavailableError(f"the object store kept {arrived} of {len(data)} bytes of {key}")
        return stored

    def put_stream(self, tenant: UUID | None, source: BinaryIO) -> StoredObject:
        """See `ObjectStore.put_stream`. The key is the hash, so the bytes are read twice, the first time to a file."""
        digest, size = hashlib.sha256(), 0
        with tempfile.TemporaryFile(prefix="luna-s3-") as held:
            while piece := source.read(_PIECE_BYTES):
                digest.update(piece)
                size += held.write(piece)
            held.seek(0)
            if size <= 2 * PART_BYTES:
                return self.put(tenant, held.read())
            key = object_key(tenant, digest.hexdigest())
            with self._faults():
                if self._size(key) != size:
                    self._writing(lambda: self._upload_parts(key, held))
                arrived = self._size(key)
        if arrived != size:
            raise StoreUnavailableError(f"the object store kept {arrived} of {size} bytes of {key}")
        return StoredObject(key, digest.hexdigest(), size)

    def open(self, key: str) -> BinaryIO:
        """See `ObjectStore.open`; the bytes are fetched to a file without a name. Raises what `get` raises."""
        _own(key)
        digest = hashlib.sha256()
        # Closed by the caller, and gone then.
        held = cast("BinaryIO", tempfile.TemporaryFile(prefix="luna-s3-"))  # noqa: SIM115
        try:
            with self._faults(key):
                body = self._client.get_object(Bucket=self._place.bucket, Key=key)["Body"]
                while piece := body.read(_PIECE_BYTES):
                    digest.update(piece)
                    held.write(piece)
            if digest.hexdigest() != key.rsplit("/", 1)[1]:
                raise ObjectDamagedError(f"the object under {key} was changed in the object store")
        except BaseException:
            held.close()
            raise
        held.seek(0)
        return held

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`. Raises `StoreUnavailableError` when the server does not answer."""
        _own(key)
        with self._faults(key):
            data = self._client.get_object(Bucket=self._place.bucket, Key=key)["Body"].read()
        if hashlib.sha256(data).hexdigest() != key.rsplit("/", 1)[1]:
            raise ObjectDamagedError(f"the object under {key} was changed in the object store")
        return data

    def exists(self, key: str) -> bool:
        """See `ObjectStore.exists`."""
        _own(key)
        with self._faults():
            return self._size(key) is not None

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        _own(key)
        with self._faults():
            self._client.delete_object(Bucket=self._place.bucket, Key=key)

    def keys(self) -> Iterator[str]:
        """See `ObjectStore.keys`; asked page by page."""
        for key, _ in self._listed():
            yield key

    def usage(self) -> tuple[int, int]:
        """See `ObjectStore.usage`."""
        sizes = [size for _, size in self._listed()]
        return len(sizes), sum(sizes)

    def age(self, key: str) -> timedelta:
        """See `ObjectStore.age`; by the server's clock, which is asked in the same call."""
        _own(key)
        with self._faults():
            head = self._head(key)
        modified = head.get("LastModified") if head is not None else None
        if not isinstance(modified, datetime):
            return timedelta(0)
        return max(timedelta(0), datetime.now(UTC) - modified)

    def check(self) -> None:
        """See `ObjectStore.check`: writes a small object and removes it, also from a bucket that keeps versions."""
        key = f"{_PROBE}{uuid.uuid4().hex}"
        with self._faults():
            written = self._writing(lambda: self._client.put_object(Bucket=self._place.bucket, Key=key, Body=b"luna"))
            version = written.get("VersionId")
            named = {"VersionId": version} if version else {}
            self._client.delete_object(Bucket=self._place.bucket, Key=key, **named)

    def has_bucket(self) -> bool:
        """Whether the bucket is there and may be read; nothing is written. Raises `StoreUnavailableError`."""
        with self._faults(bucket_may_be_missing=True):
            pages = self._client.get_paginator("list_objects_v2")
            few = {"MaxItems": 1, "PageSize": 1}
            first = next(iter(pages.paginate(Bucket=self._place.bucket, PaginationConfig=few)), {})
            # A page of any other server is read as a list without anything in it, not even its own name.
            if not first.keys() & {"Name", "IsTruncated"}:
                raise StoreUnavailableError(f"no object store answers at {self._place.endpoint_url}", "NotAList")
            return True
        return False

    def _listed(self) -> Iterator[tuple[str, int]]:
        with self._faults(bucket_may_be_missing=True):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._place.bucket):
                for found in page.get("Contents", []):
                    if KEY.match(str(found["Key"])):
                        yield str(found["Key"]), int(found["Size"])

    @property
    def _client(self) -> S3Client:
        if self._made is None:
            self._made = connect(self._place, read_timeout_s=self._read_timeout_s, attempts=self._attempts)
        return self._made

    def _upload(self, key: str, data: bytes) -> Mapping[str, str]:
        bucket = self._place.bucket
        if len(data) <= 2 * PART_BYTES:
            md5 = base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode("ascii")
            return self._client.put_object(Bucket=bucket, Key=key, Body=data, ContentMD5=md5)
        return self._upload_parts(key, io.BytesIO(data))

    def _upload_parts(self, key: str, source: BinaryIO) -> Mapping[str, str]:
        from boto3.s3.transfer import TransferConfig

        source.seek(0)
        plan = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)
        self._client.upload_fileobj(source, self._place.bucket, key, Config=plan)
        return {}

    def _writing(self, write: Callable[[], _Result]) -> _Result:
        """What `write` gives; where the bucket is missing, it is made and `write` done again, once."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import ClientError

        try:
            return write()
        except (ClientError, Boto3Error) as fault:
            # The answer to a part comes wrapped in an exception that is not a ClientError.
            if not _is_missing_bucket(fault):
                raise
        try:
            self._client.create_bucket(Bucket=self._place.bucket)
        except ClientError as fault:
            if _code(fault) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                raise
        return write()

    def _head(self, key: str) -> Mapping[str, object] | None:
        from botocore.exceptions import ClientError

        try:
            return self._client.head_object(Bucket=self._place.bucket, Key=key)
        except ClientError as fault:
            if _code(fault) in _MISSING:
                return None
            raise

    def _size(self, key: str) -> int | None:
        head = self._head(key)
        size = head.get("ContentLength") if head is not None else None
        return size if isinstance(size, int) else None

    @contextmanager
    def _faults(self, key: str | None = None, *, bucket_may_be_missing: bool = False) -> Generator[None]:
        """Say in our own terms what the client raises."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as fault:
            if key is not None and (_code(fault) in _MISSING or _is_missing_bucket(fault)):
                raise ObjectMissingError(f"no object under {key}") from None
            if bucket_may_be_missing and _is_missing_bucket(fault):
                return
            raise StoreUnavailableError(
                f"the object store at {self._place.endpoint_url} refused: {_code(fault)}", _code(fault)
            ) from fault
        except (BotoCoreError, Boto3Error) as fault:
            raise StoreUnavailableError(
                f"the object store at {self._place.endpoint_url} does not answer as it should: {fault}",
                type(fault).__name__,
            ) from fault


def _own(key: str) -> None:
    if not KEY.match(key):
        raise ObjectMissingError(f"not a key of this store: {key!r}")


def _code(fault: Exception) -> str:
    response = getattr(fault, "response", None)
    error = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(error.get("Code", ""))


def _is_missing_bucket(fault: Exception) -> bool:
    return _code(fault) == "NoSuchBucket" or "NoSuchBucket" in str(fault)
