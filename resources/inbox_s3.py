"""The drop place in a bucket: objects below `inbox/` wait there, and are moved to `inbox/done/` or `inbox/failed/`."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final, cast

from resources.objects_s3 import S3Client, S3Place, connect

PREFIX: Final = "inbox/"
LISTED: Final = 1000
_PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DroppedObject:
    """An object that waits: its name below `inbox/`, its bytes, and what tells it from another of the same name."""

    reference: str
    size: int
    version: str


class S3Inbox:
    """Objects below `inbox/` of the bucket. Every call raises `OSError` when the server does not answer or refuses."""

    def __init__(self, place: S3Place) -> None:
        self._bucket = place.bucket
        self._place = place
        self._made: S3Client | None = None

    def waiting(self, *, leave_out: tuple[str, ...]) -> Iterator[DroppedObject]:
        """Objects that wait, by name; those in folders named `leave_out` are not listed. A missing bucket is empty."""
        with self._faults(bucket_may_be_missing=True):
            seen = 0
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
                for found in page.get("Contents", []):
                    reference = str(found["Key"]).removeprefix(PREFIX)
                    if not reference or reference.endswith("/") or reference.split("/")[0] in leave_out:
                        continue
                    modified = cast("datetime", found["LastModified"])
                    yield DroppedObject(
                        reference, int(found["Size"]), f"{str(found['ETag']).strip(chr(34))} {modified.isoformat()}"
                    )
                    seen += 1
                    if seen >= LISTED:
                        return

    def open(self, reference: str) -> BinaryIO:
        """The bytes of an object, in a file without a name."""
        held = cast("BinaryIO", tempfile.TemporaryFile(prefix="luna-inbox-"))  # noqa: SIM115 (the caller closes it)
        try:
            with self._faults():
                body = self._client.get_object(Bucket=self._bucket, Key=PREFIX + reference)["Body"]
                while piece := body.read(_PIECE_BYTES):
                    held.write(piece)
        except BaseException:
            held.close()
            raise
        held.seek(0)
        return held

    def exists(self, reference: str) -> bool:
        """Whether there is an object of that name."""
        from botocore.exceptions import ClientError

        with self._faults():
            try:
                self._client.head_object(Bucket=self._bucket, Key=PREFIX + reference)
            except ClientError as fault:
                if _code(fault) in {"404", "NoSuchKey", "NotFound"}:
                    return False
                raise
        return True

    def move(self, reference: str, target: str) -> None:
        """Copy and remove: a crash between the two leaves the object where it waited."""
        with self._faults():
            source = {"Bucket": self._bucket, "Key": PREFIX + reference}
            self._client.copy_object(Bucket=self._bucket, Key=PREFIX + target, CopySource=source)
            self._client.delete_object(Bucket=self._bucket, Key=PREFIX + reference)

    def write(self, target: str, text: str) -> None:
        """Put a text beside a moved object."""
        with self._faults():
            self._client.put_object(Bucket=self._bucket, Key=PREFIX + target, Body=text.encode())

    @property
    def _client(self) -> S3Client:
        if self._made is None:
            self._made = connect(self._place)
        return self._made

    @contextmanager
    def _faults(self, *, bucket_may_be_missing: bool = False) -> Generator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as fault:
            if bucket_may_be_missing and _code(fault) == "NoSuchBucket":
                return
            raise OSError(f"the bucket {self._bucket!r} refused: {_code(fault)}") from fault
        except BotoCoreError as fault:
            raise OSError(f"the server of bucket {self._bucket!r} does not answer: {fault}") from fault


def _code(fault: Exception) -> str:
    response = getattr(fault, "response", None)
    error = response.get("Error", {}) if isinstance(response, dict) else {}
    return str(error.get("Code", ""))
