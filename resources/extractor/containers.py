"""Guard for documents that are ZIP containers: everything is measured before any reader sees a byte of it.

Declared sizes are not believed: each needed part is inflated here under a bound. Nested archives stay closed.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from resources.extractor.detect_zip import zip_names
from resources.extractor.errors import ExtractionError
from resources.extractor.limits import Limits

_ENTITY = re.compile(rb"<!\s*ENTITY", re.IGNORECASE)
_DOCTYPE = re.compile(rb"<!\s*DOCTYPE[^>\[]*(\[)?", re.IGNORECASE)
_BLOCK = 1 << 20


class Container:
    """The members of a checked ZIP container, by name."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self._limits = limits
        self._archive = _open(data, limits)
        infos = self._archive.infolist()
        if len(infos) > limits.zip_members:
            raise ExtractionError("bomb", f"Die Datei enthält {len(infos)} Teile. Sie wurde nicht geöffnet.")
        if any(info.flag_bits & 0x1 for info in infos):
            raise ExtractionError("encrypted")
        declared = sum(info.file_size for info in infos)
        if declared > limits.zip_inflated_bytes or _too_dense(declared, len(data), limits):
            raise ExtractionError("bomb")
        self._size = len(data)
        self._inflated = 0
        self._infos = {info.filename.replace("\\", "/").lstrip("/"): info for info in infos}
        self._folded = {name.lower(): name for name in self._infos}
        self._cache: dict[str, bytes] = {}

    def names(self) -> list[str]:
        """All member names, with forward slashes."""
        return list(self._infos)

    def has(self, name: str) -> bool:
        """Whether a member of that name is there, in whatever case."""
        return name.lower() in self._folded

    def read(self, name: str) -> bytes:
        """One member, inflated under the bounds; `damaged` when it is missing or broken."""
        real = self._folded.get(name.lower())
        if real is None:
            raise ExtractionError("damaged", f"In der Datei fehlt der Teil „{name}“; sie ist unvollständig.")
        if real in self._cache:
            return self._cache[real]
        parts: list[bytes] = []
        size = 0
        try:
            with self._archive.open(self._infos[real]) as member:
                while block := member.read(_BLOCK):
                    size += len(block)
                    self._inflated += len(block)
                    if (
                        size > self._limits.zip_part_bytes
                        or self._inflated > self._limits.zip_inflated_bytes
                        or _too_dense(self._inflated, self._size, self._limits)
                    ):
                        raise ExtractionError("bomb")
                    parts.append(block)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError):
            raise ExtractionError("damaged") from None
        self._cache[real] = b"".join(parts)
        return self._cache[real]

    def read_xml(self, name: str, *, doctype: bool = False) -> bytes:
        """One XML member without entity declarations; a document type is refused unless `doctype` allows a bare one."""
        body = self.read(name)
        refuse_entities(body, doctype=doctype)
        return body

    def repack(self, keep: re.Pattern[str], *, doctype: bool = False) -> bytes:
        """A fresh container of the members that match, for a reader that insists on ZIP."""
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            for name in self._infos:
                if name.endswith("/") or not keep.search(name):
                    continue
                body = self.read(name)
                if re.search(r"\.(?:xml|rels|x?html?|opf|ncx)$", name, re.IGNORECASE):
                    refuse_entities(body, doctype=doctype)
                archive.writestr(zipfile.ZipInfo(name), body)
        return target.getvalue()


def _open(data: bytes, limits: Limits) -> zipfile.ZipFile:
    # The directory is looked at before zipfile builds an object for each entry of it.
    if zip_names(data, limit=1, directory_limit=limits.zip_directory_bytes) is None:
        end = data.rfind(b"PK\x05\x06")
        if (
            end >= 0
            and len(data) - end >= 22
            and int.from_bytes(data[end + 12 : end + 16], "little") > limits.zip_directory_bytes
        ):
            raise ExtractionError("bomb")
        raise ExtractionError("damaged")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, OverflowError):
        raise ExtractionError("damaged") from None


def _too_dense(inflated: int, packed: int, limits: Limits) -> bool:
    return inflated > limits.zip_ratio_floor_bytes and inflated > packed * limits.zip_ratio


def refuse_entities(body: bytes, *, doctype: bool = False) -> None:
    """Refuse XML that declares entities (they multiply or reach outside) or, unless allowed, any document type."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body[:64]:
        body = body.replace(b"\x00", b"")
    if b"<!" not in body:
        return
    if _ENTITY.search(body):
        raise ExtractionError(
            "bomb", "Die Datei erklärt eigene XML-Entitäten. Das ist gefährlich und wird nicht gelesen."
        )
    for found in _DOCTYPE.finditer(body):
        if found.group(1) or not doctype:
            raise ExtractionError("bomb", "Die Datei enthält eine XML-Dokumenttyp-Erklärung und wird nicht gelesen.")
