"""Files that are refused by their signature: archives, programs, images, databases, and what nobody knows."""

from __future__ import annotations

import re

import puremagic

from resources.extractor.media_types import BINARY, BY_ENDING, Refused, label_of

_ARCHIVE = (
    "Archive ({label}) werden nicht unterstützt. Bitte die enthaltenen Dokumente entpacken und einzeln hochladen."
)
_IMAGE = (
    "Bilder werden nicht gelesen, denn Texterkennung (OCR) ist nicht enthalten. Bitte ein Dokument mit Text hochladen."
)
_PROGRAM = "Die Datei ist ein ausführbares Programm und wird nicht angenommen."
_SIGNATURES: tuple[tuple[int, bytes, str, str, str], ...] = (
    (0, b"MZ", "application/vnd.microsoft.portable-executable", "Windows-Programm", _PROGRAM),
    (0, b"\x7fELF", "application/x-executable", "Linux-Programm", _PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary", "macOS-Programm", _PROGRAM),
    (0, b"\xca\xfe\xba\xbe", "application/x-mach-binary", "Programm", _PROGRAM),
    (0, b"\x1f\x8b", "application/gzip", "GZIP", _ARCHIVE),
    (0, b"BZh", "application/x-bzip2", "BZIP2", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", "7-Zip", _ARCHIVE),
    (0, b"\xfd7zXZ\x00", "application/x-xz", "XZ", _ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd", "Zstandard", _ARCHIVE),
    (0, b"\x04\x22\x4d\x18", "application/x-lz4", "LZ4", _ARCHIVE),
    (0, b"Rar!\x1a\x07", "application/vnd.rar", "RAR", _ARCHIVE),
    (0, b"MSCF", "application/vnd.ms-cab-compressed", "CAB", _ARCHIVE),
    (257, b"ustar", "application/x-tar", "TAR", _ARCHIVE),
    (0, b"\x89PNG\r\n\x1a\n", "image/png", "PNG-Bild", _IMAGE),
    (0, b"\xff\xd8\xff", "image/jpeg", "JPEG-Bild", _IMAGE),
    (0, b"GIF87a", "image/gif", "GIF-Bild", _IMAGE),
    (0, b"GIF89a", "image/gif", "GIF-Bild", _IMAGE),
    (0, b"II*\x00", "image/tiff", "TIFF-Bild", _IMAGE),
    (0, b"MM\x00*", "image/tiff", "TIFF-Bild", _IMAGE),
    (8, b"WEBP", "image/webp", "WebP-Bild", _IMAGE),
    (0, b"PAR1", "application/vnd.apache.parquet", "Parquet", "Parquet-Dateien sind keine Dokumente."),
    (0, b"SQLite format 3\x00", "application/vnd.sqlite3", "SQLite", "Datenbanken sind keine Dokumente."),
)


def refused_archive(media_type: str, label: str) -> Refused:
    """An archive, refused; what is in it may come by itself."""
    return Refused(media_type, label, _ARCHIVE.format(label=label))


def known_binary(data: bytes) -> Refused | None:
    """Why the file is refused, if it has the signature of a kind that is no document; None where it has none."""
    for offset, magic, media_type, label, refusal in _SIGNATURES:
        if data[offset : offset + len(magic)] != magic:
            continue
        if magic == b"MZ" and not _is_program(data):
            continue
        if magic == b"BZh" and data[4:10] not in (b"1AY&SY", b"\x17rE8P\x90"):
            continue
        if len(data) < offset + len(magic):
            continue
        return Refused(media_type, label, refusal.format(label=label))
    if _is_old_tar(data):
        return refused_archive("application/x-tar", "TAR")
    return None


def _is_program(data: bytes) -> bool:
    """A text may begin with MZ; a program has a binary header."""
    return b"\x00" in data[:64]


def _is_old_tar(data: bytes) -> bool:
    """A tar before POSIX has no magic, but the checksum of its first header gives it away."""
    if len(data) < 512 or data[0] == 0:
        return False
    field = data[148:156].strip(b" \x00")
    if not re.fullmatch(rb"[0-7]{4,7}", field):
        return False
    return int(field, 8) == sum(data[:148]) + 8 * 32 + sum(data[156:512])


def unknown_binary(data: bytes, ending: str) -> Refused:
    """Why a file is refused that is no text and has no signature of ours; `ending` tells what its name promised."""
    promised = BY_ENDING.get(ending)
    try:
        guesses = puremagic.magic_string(data[:8192])
    except (puremagic.PureError, ValueError):
        guesses = []
    named = next((guess for guess in guesses if guess.mime_type and guess.confidence >= 0.6), None)
    if named is not None:
        label = named.name or named.mime_type
        return Refused(named.mime_type, label, f"Der Dateityp ({label}) wird nicht unterstützt.")
    if promised is not None:
        return Refused(
            BINARY,
            "unbekannt",
            f"Die Datei heißt {ending}, ihr Inhalt ist aber kein {label_of(promised)} "
            "und auch sonst kein bekanntes Format.",
        )
    return Refused(BINARY, "unbekannt", "Der Dateityp ist unbekannt und wird nicht unterstützt.")
