"""Plain text, Markdown, CSV, JSON, XML and calendars: decoding bytes to text, without guessing more than needed.

German files come as UTF-8, as UTF-16 with or without byte-order mark, or as cp1252; only then a detector is asked.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import replace

from charset_normalizer import from_bytes

from resources.extractor.containers import refuse_entities
from resources.extractor.errors import ExtractionError
from resources.extractor.formats import law_xml
from resources.extractor.formats.base import Extracted, one_line, table
from resources.extractor.formats.xmlparts import local, parse
from resources.extractor.limits import Limits

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Bytes that cp1252 leaves undefined, and letters that German, French or Danish text would use.
_UNDEFINED_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_WESTERN = frozenset("äöüÄÖÜßéèêàâçôûîïëùœæøåñíóúáÉÈÀÇØÅ§°²³µ€–—„“”‚‘’…·×±«»®©½¼¾¹ª‰•†¿¡£")


def decode(data: bytes, declared: str | None = None) -> str:
    """Text of `data`; `declared` is what the document says of itself and is believed only if the bytes agree."""
    for mark, codec in _BOMS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    wide = _wide_codec(data)
    if wide:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    named = _usable(declared)
    if named:
        try:
            return data.decode(named)
        except (UnicodeDecodeError, LookupError):
            pass
    if _nearly_utf8(data):
        return data.decode("utf-8", "replace")
    if _looks_western(data):
        return data.decode("cp1252", "replace")
    best = from_bytes(data[:200_000]).best()
    if best is not None:
        return data.decode(best.encoding, "replace")
    return data.decode("cp1252", "replace")


def _usable(declared: str | None) -> str | None:
    """The codec of a declared name; ISO-8859-1 means cp1252, as in every browser."""
    if not declared:
        return None
    try:
        name = codecs.lookup(declared.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return None
    if name in ("iso8859-1", "ascii"):
        return "cp1252"
    # Codecs that turn bytes into bytes, or need other bytes than these, are no text encodings here.
    return (
        None
        if name in ("utf-8", "utf-16", "utf-32", "hex", "base64", "rot13", "zlib", "bz2", "punycode", "idna")
        else name
    )


def _wide_codec(data: bytes) -> str | None:
    head = data[:8192]
    half = len(head) // 2
    if half < 2 or b"\x00" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.6 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _nearly_utf8(data: bytes) -> bool:
    """A single broken byte, or a cut, in a file that otherwise is UTF-8 with letters beyond ASCII."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for char in text if ord(char) > 127) - bad
    return bad * 10 <= good


def _looks_western(data: bytes) -> bool:
    high = [byte for byte in data if byte > 127]
    if not high or any(byte in _UNDEFINED_1252 for byte in high):
        return not high
    decoded = bytes(high).decode("cp1252", "replace")
    return sum(1 for char in decoded if char in _WESTERN or char == "\xa0") >= 0.9 * len(decoded)


def read_text(data: bytes, limits: Limits) -> Extracted:
    """A text file as it is."""
    return Extracted(text=_bounded(decode(data), limits), markup="plain")


def read_markdown(data: bytes, limits: Limits) -> Extracted:
    """A Markdown file as it is; its title is the one in the front matter or the first heading of the first level."""
    text = _bounded(decode(data), limits).replace("\r\n", "\n")
    front = re.match(r"\ufeff?---\n(.*?)\n(?:---|\.\.\.)\n", text[:20_000], re.DOTALL)
    title = None
    if front:
        # A long title goes on in indented lines, as YAML folds it.
        pattern = r"^title:[ \t]*[\"']?(.+(?:\n[ \t]+.+)*)[\"']?[ \t]*$"
        named = re.search(pattern, front.group(1), re.MULTILINE | re.IGNORECASE)
        title = one_line(named.group(1)).strip("\"'") if named else None
    if title is None:
        first = re.search(r"^#\s+(.+?)\s*#*\s*$", text[:20_000], re.MULTILINE)
        title = one_line(first.group(1)) if first else None
    return Extracted(text=text, markup="markdown", title=title)


def read_csv(data: bytes, limits: Limits) -> Extracted:
    """A CSV file as a pipe table where its columns agree, else as text."""
    text = _bounded(decode(data), limits)
    sample = text[:20_000]
    lines = [line for line in sample.splitlines() if line.strip()][:50]
    if not lines:
        return Extracted(text=text, markup="plain")
    counted = {mark: [line.count(mark) for line in lines] for mark in ";\t,|"}
    mark = max(counted, key=lambda key: (min(counted[key]) > 0, sorted(counted[key])[len(lines) // 2], key == ";"))
    if sorted(counted[mark])[len(lines) // 2] == 0:
        return Extracted(text=text, markup="plain")
    csv.field_size_limit(1_000_000)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=mark))
    except csv.Error:
        return Extracted(text=text, markup="plain")
    return Extracted(text=_bounded(table(rows, limits.table_columns), limits), markup="markdown")


def read_calendar(data: bytes, limits: Limits) -> Extracted:
    """A calendar's lines, unfolded and without their escapes."""
    text = re.sub(r"\r?\n[ \t]", "", _bounded(decode(data), limits))
    text = re.sub(r"\\([,;\\])", r"\1", text.replace("\\n", "\n").replace("\\N", "\n"))
    return Extracted(text=text, markup="plain")


def read_xml(data: bytes, limits: Limits) -> Extracted:
    """XML as one line for each element with text, `name: text`; a law as such; what is broken stays as it is."""
    refuse_entities(data, doctype=True)
    try:
        root = parse(data)
    except ExtractionError:
        return read_text(data, limits)
    if law_xml.is_law(root):
        found = law_xml.convert(root, limits)
        return replace(found, text=_bounded(found.text, limits))
    lines: list[str] = []
    for element in root.iter():
        text = one_line(element.text or "")
        values = [f"{key.rpartition('}')[2]} {value}" for key, value in element.attrib.items() if value.strip()]
        described = ", ".join([*([text] if text else []), *values])
        if described:
            lines.append(f"{local(element)}: {described}")
        tail = one_line(element.tail or "")
        if tail:
            lines.append(tail)
    return Extracted(text=_bounded("\n".join(lines), limits), markup="plain")


def _bounded(text: str, limits: Limits) -> str:
    if len(text) > limits.text_chars:
        raise ExtractionError("too_large", "Die Datei enthält mehr Text, als verarbeitet werden kann.")
    return text
