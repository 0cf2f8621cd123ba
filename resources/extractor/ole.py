"""The root of an OLE container (Office 97 to 2003, Outlook messages): what lies in it, and whether it is encrypted.

After [MS-CFB], and [MS-DOC], [MS-XLS] for the flags of encryption. Only what lies in the clear is read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OleEntry:
    """A stream or storage directly below the root of an OLE container; `head` is the beginning of a large stream."""

    name: str
    head: bytes


def ole_root_entries(data: bytes) -> list[OleEntry]:
    """What lies directly below the root of an OLE container.

    Embedded objects lie deeper, so a presentation with a worksheet in it stays a presentation.
    """
    if len(data) < 512:
        return []
    sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 16)
    if sector < 512:
        return []
    entries = _ole_directory(data, sector)
    if not entries:
        return []
    found: list[OleEntry] = []
    visited: set[int] = set()
    waiting: list[int] = [struct.unpack_from("<I", entries[0], 76)[0]]
    while waiting:
        number = waiting.pop()
        if number >= len(entries) or number in visited:
            continue
        visited.add(number)
        entry = entries[number]
        size = min(struct.unpack_from("<H", entry, 64)[0], 64)
        start, length = struct.unpack_from("<II", entry, 116)
        # Streams below 4096 bytes lie elsewhere, in a stream of their own; none of them matters here.
        head = data[(start + 1) * sector : (start + 2) * sector] if length >= 4096 and start < 0xFFFFFFFA else b""
        found.append(OleEntry(entry[: max(0, size - 2)].decode("utf-16-le", "replace"), head))
        waiting += struct.unpack_from("<II", entry, 68)
    return found


def _ole_directory(data: bytes, sector: int) -> list[bytes]:
    """The directory's entries, along its chain of sectors; a broken chain ends early."""
    table = [number for number in struct.unpack_from("<109I", data, 76) if number < 0xFFFFFFFA]
    entries: list[bytes] = []
    seen: set[int] = set()
    current = struct.unpack_from("<I", data, 48)[0]
    while current < 0xFFFFFFFA and current not in seen and len(entries) < 50_000:
        seen.add(current)
        start = (current + 1) * sector
        body = data[start : start + sector]
        entries += [body[at : at + 128] for at in range(0, len(body) - 127, 128)]
        index, within = divmod(current, sector // 4)
        if index >= len(table):
            break
        at = (table[index] + 1) * sector + within * 4
        if at + 4 > len(data):
            break
        current = struct.unpack_from("<I", data, at)[0]
    return entries


def ole_is_encrypted(data: bytes) -> bool:
    """Whether an older Office file needs a password or a rights server: flags that stand in the clear."""
    for entry in ole_root_entries(data):
        name = entry.name.lower()
        if name in ("encryptedpackage", "encryptedsummary") or name.strip("\t").startswith("drmcontent"):
            return True
        if name == "worddocument" and len(entry.head) >= 12 and entry.head[11] & 0x01:
            return True
        if name in ("workbook", "book") and _has_password_record(entry.head):
            return True
    return False


def _has_password_record(head: bytes) -> bool:
    """A FILEPASS record among the first records of a workbook."""
    position = 0
    for _ in range(8):
        if position + 4 > len(head):
            return False
        kind, size = struct.unpack_from("<HH", head, position)
        if kind == 0x2F:
            return True
        position += 4 + size
    return False
