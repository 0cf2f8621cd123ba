"""What a PDF's bytes tell before and beside pdfium: whether the end is there, and what its streams would inflate to.

pdfium mends a file that was cut off and reads what is left; a bomb ends the reading process. Both are decided here, so
that the sender hears the true reason. Rules of the file's frame: ISO 32000-1, 7.5 (file structure) and annex F
(linearised files).
"""

from __future__ import annotations

import base64
import contextlib
import re
import zlib
from collections.abc import Iterator

from resources.extractor.errors import ExtractionError
from resources.extractor.limits import Limits

_OBJECT = re.compile(rb"\b\d+\s+\d+\s+obj\b")
_TRAILER = re.compile(rb"\btrailer\s*<<")
_LINEARIZED = re.compile(rb"/Linearized\b[^>]{0,300}")
_LENGTH = re.compile(rb"/L\s+(\d{1,12})\b")
_PAGES = re.compile(rb"/N\s+(\d{1,6})\b")
_COUNT = re.compile(rb"/Count\s+(\d{1,6})\b")
_HEAD_BYTES = 2048
# White space and the closing mark may have been lost without any harm.
_TAIL_SLACK_BYTES = 32

_STREAM = re.compile(rb"\bstream\r?\n")
_IMAGE = re.compile(rb"/Subtype\s*/Image\b")
_DICTIONARY_BYTES = 2048
_PIECE_BYTES = 1 << 20
# A stream may be deflated this often, one coat over the other; nobody does it for a good reason even once.
_LAYERS = 4


def is_cut_off(data: bytes) -> bool:
    """Whether the end of the file is missing: its closing trailer, or the bytes that its own head promises."""
    close = data.rfind(b"startxref")
    for found in _TRAILER.finditer(data, max(close, 0)):
        if b">>" in data[found.end() :]:
            close = max(close, found.end())
    if close < 0 or _OBJECT.search(data, close):
        return True
    head = _LINEARIZED.search(data[:_HEAD_BYTES])
    length = _LENGTH.search(head[0]) if head else None
    return length is not None and int(length[1]) > len(data) + _TAIL_SLACK_BYTES


def promised_pages(data: bytes) -> int | None:
    """How many pages the file says it has, as far as that stands there in the clear."""
    head = _LINEARIZED.search(data[:_HEAD_BYTES])
    told = _PAGES.search(head[0]) if head else None
    if told:
        return int(told[1])
    return max((int(found[1]) for found in _COUNT.finditer(data)), default=None)


def refuse_bomb(data: bytes, limits: Limits) -> int:
    """Inflate every stream that is no picture, keep nothing of it, and refuse what grows out of proportion.

    Gives the number of streams that break off or are spoilt inside. Pictures stay packed while text is read. Streams of
    an encrypted file look like noise and are passed over.
    """
    total = broken = 0
    position = 0
    while found := _STREAM.search(data, position):
        start = found.end()
        begins = data.rfind(b"obj", max(0, start - _DICTIONARY_BYTES), start)
        dictionary = data[max(begins, start - _DICTIONARY_BYTES, 0) : start]
        position = start
        if _IMAGE.search(dictionary):
            continue
        size = 0
        layer = _Layer(_LAYERS)
        for piece in _plain(data, start, dictionary):
            for grown in layer.feed(piece):
                size += grown
                total += grown
                if (
                    size > limits.pdf_stream_bytes
                    or total > limits.pdf_inflated_bytes
                    or (total > limits.zip_ratio_floor_bytes and total > len(data) * limits.zip_ratio)
                ):
                    raise ExtractionError("bomb")
            if layer.done:
                break
        broken += layer.broken
    return broken


def _plain(data: bytes, start: int, dictionary: bytes) -> Iterator[bytes | memoryview]:
    """The stream's bytes in pieces, with a coat of printable characters taken off."""
    if b"ASCII85Decode" in dictionary or b"/A85" in dictionary:
        end = data.find(b"~>", start)
        with contextlib.suppress(ValueError):
            yield base64.a85decode(data[start : end if end >= 0 else len(data)].strip().removeprefix(b"<~"))
    elif b"ASCIIHexDecode" in dictionary or b"/AHx" in dictionary:
        end = data.find(b">", start)
        digits = b"".join(data[start : end if end >= 0 else len(data)].split())
        with contextlib.suppress(ValueError):
            yield bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    else:
        view = memoryview(data)
        for at in range(start, len(data), _PIECE_BYTES):
            yield view[at : at + _PIECE_BYTES]


class _Layer:
    """Inflates a deflated stream, and what comes out of it where that is deflated again, and only counts."""

    def __init__(self, depth: int) -> None:
        self.done = depth == 0
        self.broken = False
        self._depth = depth
        self._worker = zlib.decompressobj()
        self._inner: _Layer | None = None
        self._begun = False

    def feed(self, piece: bytes | memoryview) -> Iterator[int]:
        """Sizes in bytes of what `piece` becomes, layer by layer."""
        if not self._begun:
            self._begun = True
            # The mark of a zlib stream, RFC 1950.
            self.done = self.done or len(piece) < 2 or piece[0] & 0x0F != 8 or int.from_bytes(piece[:2], "big") % 31 > 0
            self._inner = None if self.done else _Layer(self._depth - 1)
        while piece and not self.done:
            try:
                grown = self._worker.decompress(piece, _PIECE_BYTES)
            except zlib.error:
                self.done = self.broken = True
                return
            piece = self._worker.unconsumed_tail
            self.done = self._worker.eof
            yield len(grown)
            if self._inner is not None and not self._inner.done:
                yield from self._inner.feed(grown)
