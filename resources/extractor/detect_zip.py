"""What a ZIP archive is: an office document, an e-book, or an archive that is refused; told by its directory alone."""

from __future__ import annotations

import re
import struct

from resources.extractor.detect_binary import refused_archive
from resources.extractor.limits import Limits
from resources.extractor.media_types import BY_ENDING, DOCX, EPUB, ODP, ODS, ODT, PPTX, XLSB, XLSX, Refused


def zip_names(data: bytes, limit: int = 20_000, directory_limit: int | None = None) -> list[tuple[str, int]] | None:
    """Names and flags of the members from the central directory, read without unpacking anything.

    None when the directory is missing or broken.
    """
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 65_557))
    if end < 0 or len(data) - end < 22:
        return None
    size, offset = struct.unpack_from("<II", data, end + 12)
    if directory_limit is not None and size > directory_limit:
        return None
    # Bytes put in front of an archive shift every offset; the directory ends where its end record begins.
    position = end - size if offset + size != end and end >= size else offset
    names: list[tuple[str, int]] = []
    while position + 46 <= end and data[position : position + 4] == b"PK\x01\x02" and len(names) < limit:
        flags = struct.unpack_from("<H", data, position + 8)[0]
        name_size, extra_size, comment_size = struct.unpack_from("<HHH", data, position + 28)
        raw = data[position + 46 : position + 46 + name_size]
        names.append((raw.decode("utf-8" if flags & 0x800 else "cp437", "replace"), flags))
        position += 46 + name_size + extra_size + comment_size
    return names or None


_ODF_KINDS = {"text": ODT, "spreadsheet": ODS, "presentation": ODP}


def zip_kind(data: bytes, ending: str) -> str | Refused:
    """The media type of a ZIP archive, or why it is refused; `ending` decides where its directory does not."""
    members = zip_names(data, directory_limit=Limits().zip_directory_bytes)
    archive = refused_archive("application/zip", "ZIP")
    if members is None:
        # A truncated office file is an office file that cannot be read, so its reader shall say so.
        promised = BY_ENDING.get(ending)
        if promised in (DOCX, PPTX, XLSX, XLSB, ODT, ODS, ODP, EPUB):
            return promised
        return archive
    stored = _odf_mimetype(data)
    if stored is not None:
        if stored == EPUB:
            return EPUB
        for key, media_type in _ODF_KINDS.items():
            if stored.startswith(f"application/vnd.oasis.opendocument.{key}"):
                return media_type
        return Refused(stored, stored, f"Der Dateityp ({stored}) wird nicht unterstützt.")
    names = {name.replace("\\", "/").lower() for name, _ in members}
    if "[content_types].xml" in names or "_rels/.rels" in names:
        if any(name.startswith("word/") for name in names):
            return DOCX
        if any(name.startswith("ppt/") for name in names):
            return PPTX
        if any(name.startswith("xl/") for name in names):
            return XLSB if any(re.fullmatch(r"xl/workbook\d*\.bin", name) for name in names) else XLSX
        if any(name.startswith("visio/") for name in names):
            return Refused("application/vnd.ms-visio.drawing", "Visio", "Visio-Zeichnungen werden nicht unterstützt.")
    if "meta-inf/container.xml" in names and any(name.endswith(".opf") for name in names):
        return EPUB
    if "content.xml" in names and "meta-inf/manifest.xml" in names:
        promised = BY_ENDING.get(ending)
        return promised if promised in (ODT, ODS, ODP) else ODT
    return archive


def _odf_mimetype(data: bytes) -> str | None:
    """The type that ODF and EPUB store uncompressed as their first member."""
    if len(data) < 38 or data[30:38] != b"mimetype":
        return None
    method = struct.unpack_from("<H", data, 8)[0]
    extra = struct.unpack_from("<H", data, 28)[0]
    if method != 0:
        return None
    found = re.match(rb"application/[a-z0-9.+-]+", data[38 + extra : 38 + extra + 120])
    # The next header follows without a gap, so its signature ends the match.
    return found.group().decode("ascii") if found else None
