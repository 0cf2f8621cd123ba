"""Older and rarer formats by kreuzberg: DOC, XLS, PPT, MSG, XLSB, EPUB and RTF.

The library is asked for Markdown and nothing else: no OCR, no cache, no models, no archives inside archives.
"""

from __future__ import annotations

import re

import kreuzberg

from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, one_line
from resources.extractor.limits import Limits

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!<>~&\"'$%,/:;=?@^])")
_IMAGE = re.compile(r"\\?!\[([^\]\n]*)\]\([^)\n]*\)")
_LINK = re.compile(r"(?<![\\!])\[([^\]\n]+)\]\([^)\s]*(?:\s\"[^\"]*\")?\)")
_STRONG = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_FIELD_CODE = re.compile(
    r"\b(?:HYPERLINK\s+(?:\\\S+\s+)?\"[^\"]*\"|EMBED\s+\\+\*\s*MERGEFORMAT|PAGEREF \S+(?: \\h)?\s)"
)
_PASSWORD = re.compile(r"password|encrypt", re.IGNORECASE)


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
    try:
        result = kreuzberg.extract_bytes_sync(data, media_type, _config())
    except (kreuzberg.ParsingError, kreuzberg.ValidationError, kreuzberg.KreuzbergError) as error:
        if _PASSWORD.search(str(error)):
            raise ExtractionError("encrypted") from None
        raise ExtractionError("damaged") from None
    if len(result.content) > limits.text_chars:
        raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
    title = result.metadata.get("title") or result.metadata.get("subject")
    return Extracted(
        text=readable(result.content), markup="markdown", title=one_line(title)[:500] or None if title else None
    )


def readable(markdown: str) -> str:
    """Markdown without the escapes and references that a cited passage should not show."""
    text = _IMAGE.sub(lambda found: found.group(1), markdown)
    text = _LINK.sub(lambda found: found.group(1), text)
    text = _ESCAPED.sub(r"\1", text)
    return _STRONG.sub(r"\1", text)
