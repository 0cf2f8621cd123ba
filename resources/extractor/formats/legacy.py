"""Older and rarer formats by kreuzberg: DOC, XLS, PPT, MSG, XLSB, EPUB and RTF.

The library is asked for Markdown and nothing else: no OCR, no cache, no models, no archives inside archives.
"""

from __future__ import annotations

import re
from html import unescape

import kreuzberg

from resources.extractor import media_types as types
from resources.extractor.containers import Container
from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, one_line
from resources.extractor.limits import Limits
from resources.extractor.ole import ole_is_encrypted

_XLSB_PARTS = re.compile(r"^(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/(?!embeddings|media))", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>~&\"'$%,/:;=?@^])")
_IMAGE = re.compile(r"\\?!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"(?<![\\!])\[([^\]\n]+)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
# Instructions of Word fields that the library takes for text.
_FIELD_CODE = re.compile(
    r"\b(?:HYPERLINK\s+(?:\\\S+\s+)?\"[^\"]*\"|EMBED(?:\s+[\w.]+)?\s+\\\*\s*MERGEFORMAT|PAGEREF \S+(?: \\h)?\s)"
)
_PASSWORD = re.compile(r"password|encrypt", re.IGNORECASE)


_CELL = re.compile(r"(?<=\| )(?:(?P<number>-?\d+\.\d+)|(?P<date>\d{4}-\d\d-\d\d)(?: (?P<time>\d\d:\d\d:\d\d))?)(?= \|)")
_MAIL_LABELS = {"Subject": "Betreff", "From": "Von", "To": "An", "Cc": "Kopie", "Date": "Datum"}
_MAIL_HEAD = re.compile(r"^(Subject|From|To|Cc|Date):", re.MULTILINE)


def versions() -> dict[str, str]:
    """The library's version, for the record."""
    return {"kreuzberg": str(kreuzberg.__version__)}


def _config() -> kreuzberg.ExtractionConfig:
    config = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        output_format="markdown",
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        content_filter=kreuzberg.ContentFilterConfig(
            include_headers=True, include_footers=True, strip_repeating_text=False
        ),
        postprocessor=kreuzberg.PostProcessorConfig(enabled=False),
    )
    # Known to the library but not to every version of its constructor.
    for name, value in (("disable_ocr", True), ("max_archive_depth", 0)):
        if hasattr(config, name):
            setattr(config, name, value)
    return config


def read(data: bytes, media_type: str, limits: Limits) -> Extracted:
    """Text and title of one document."""
    if ole_is_encrypted(data):
        raise ExtractionError("encrypted")
    if media_type == types.XLSB:
        # Measured here, for the library would inflate it without a bound.
        data = Container(data, limits).repack(_XLSB_PARTS)
    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, _config())
    except (kreuzberg.ParsingError, kreuzberg.ValidationError, kreuzberg.KreuzbergError) as error:
        if _PASSWORD.search(str(error)):
            raise ExtractionError("encrypted") from None
        raise ExtractionError("damaged") from None
    if len(result.content) > limits.text_chars:
        raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
    title = result.metadata.get("title") or result.metadata.get("subject")
    text = readable(result.content)
    if media_type in (types.XLS, types.XLSB):
        text = _CELL.sub(_german, text)
    elif media_type == types.MSG:
        text = unescape(text)
        text = _MAIL_HEAD.sub(lambda found: f"{_MAIL_LABELS[found.group(1)]}:", text)
    elif media_type == types.DOC:
        text = _FIELD_CODE.sub("", text)
    return Extracted(text=text, markup="markdown", title=one_line(title)[:500] or None if title else None)


def readable(markdown: str) -> str:
    """Markdown without the escapes and references that a cited passage should not show."""
    text = _IMAGE.sub(lambda found: found.group(1), markdown)
    text = _LINK.sub(lambda found: found.group(1), text)
    text = _ESCAPED.sub(r"\1", text)
    return _STRONG.sub(r"\1", text)


def _german(found: re.Match[str]) -> str:
    """Numbers and dates as the reader for XLSX writes them."""
    if found["number"]:
        return found["number"].replace(".", ",")
    year, month, day = found["date"].split("-")
    time = (found["time"] or "00:00:00").removesuffix(":00")
    if year == "1899":
        return time
    return f"{day}.{month}.{year}" + ("" if time == "00:00" else f" {time}")
