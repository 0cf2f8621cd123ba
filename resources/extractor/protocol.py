"""The wire between the parent and the extraction child: length-prefixed MessagePack frames, and their shapes.

Nothing here does more than encode, decode and check sizes; the parent trusts no byte that the child sends.
"""

from __future__ import annotations

import os
import struct

import msgspec

from luna_rules.documents.model import ExtractedText
from resources.extractor.cutting import Cut

HEADER = struct.Struct("<Q")


class Setup(msgspec.Struct, frozen=True):
    """First frame to the child: the limits it has to put on itself."""

    timeout_s: float
    memory_bytes: int
    documents_per_worker: int


class Hello(msgspec.Struct, frozen=True):
    """First frame from the child: what it runs with, and which measures are in force."""

    versions: dict[str, str]
    measures: dict[str, str]


class Request(msgspec.Struct, frozen=True):
    """One document. `media_type` is what the sender claims; the content decides. `cut`: passages are wanted."""

    data: bytes
    file_name: str
    media_type: str | None
    cut: bool = False


class Response(msgspec.Struct, frozen=True):
    """Either `result` or `code` with `message`; `peak_rss` lets the parent recycle a worker that grew.

    `cut` may be missing although it was asked for: the parent then cuts by itself.
    """

    result: ExtractedText | None = None
    cut: Cut | None = None
    code: str | None = None
    message: str | None = None
    peak_rss: int = 0


def frame(message: msgspec.Struct) -> bytes:
    """Encode a message with its length in front."""
    body = msgspec.msgpack.encode(message)
    return HEADER.pack(len(body)) + body


def read_exactly(fd: int, size: int) -> bytes | None:
    """Read `size` bytes from a blocking descriptor; None when the other side has gone."""
    parts: list[bytes] = []
    missing = size
    while missing:
        part = os.read(fd, min(missing, 1 << 20))
        if not part:
            return None
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def read_frame(fd: int, limit: int) -> bytes | None:
    """Read one frame from a blocking descriptor; None at the end of the stream."""
    header = read_exactly(fd, HEADER.size)
    if header is None:
        return None
    (size,) = HEADER.unpack(header)
    if size > limit:
        raise ValueError(f"frame of {size} bytes exceeds {limit}")
    return read_exactly(fd, size)


def write_all(fd: int, data: bytes) -> None:
    """Write everything to a blocking descriptor."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def extractor_name(versions: dict[str, str]) -> str:
    """`luna 1 (kreuzberg 4.10.4, pypdfium2 5.15.2)`: what a stored text was made with."""
    parts = ", ".join(f"{name} {versions[name]}" for name in sorted(versions) if name != "luna")
    return f"luna {versions.get('luna', '0')} ({parts})"
