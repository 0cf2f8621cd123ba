"""Whether bytes are text, and which kind: mail, a web page, XML, JSON, a calendar, Markdown, a table or plain."""

from __future__ import annotations

import json
import re

from resources.extractor.media_types import (
    BY_ENDING,
    BY_MEDIA_TYPE,
    CSV,
    DOC,
    DOCX,
    EML,
    EPUB,
    HTML,
    ICS,
    JSON,
    MARKDOWN,
    MBOX,
    MSG,
    ODP,
    ODS,
    ODT,
    PDF,
    PPT,
    PPTX,
    TEXT,
    XLS,
    XLSB,
    XLSX,
    XML,
    Refused,
    label_of,
)

_HEADER_LINE = re.compile(
    r"^(from|to|cc|subject|date|received|return-path|message-id|mime-version|content-type|delivered-to|reply-to"
    r"|x-[\w-]+|von|an|betreff|datum):\s",
    re.IGNORECASE,
)
_MAIL_PROOF = re.compile(r"^(received|message-id|mime-version|return-path|date|from|subject):\s", re.IGNORECASE)
_HTML_START = re.compile(
    r"^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!doctype\s+html|<(?:html|head|body|title|meta|table|div|h[1-6]|p|script|style|frameset)\b)",
    re.IGNORECASE | re.DOTALL,
)


def as_text(head: bytes) -> str | None:
    """The beginning as text, None where it can be none; a rough decoding that only serves to tell kinds apart."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\x00" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = max(1, len(head) // 2)
        for zeros, others, codec in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
            if zeros > 0.6 * half and others < 0.05 * half:
                return head[: len(head) // 2 * 2].decode(codec, "replace")
        return None
    controls = sum(1 for byte in head if byte < 32 and byte not in (9, 10, 12, 13, 27))
    if controls > max(2, len(head) // 50):
        return None
    return head.decode("utf-8", "replace") if _is_utf8(head) else head.decode("cp1252", "replace")


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The cut may fall into the middle of a character.
        return error.start >= len(head) - 3 and len(head) > 3
    return True


def text_kind(text: str, data: bytes, ending: str, claimed: str | None) -> str | Refused:
    """The media type of a text that begins with `text`; its name and the claimed type settle what that leaves open."""
    promised = BY_ENDING.get(ending) or BY_MEDIA_TYPE.get((claimed or "").split(";")[0].strip().lower())
    body = text.lstrip("\ufeff \t\r\n")
    if body.startswith("BEGIN:VCALENDAR"):
        return ICS
    lines = body.splitlines()
    if body.startswith("From ") and len(lines) > 1 and (promised == MBOX or _HEADER_LINE.match(lines[1])):
        return MBOX
    if promised in (MARKDOWN, CSV, TEXT) and not _HTML_START.match(body[:2000]):
        # People write about HTML, mail and JSON in text files; only a whole HTML page is worth rereading as such.
        return promised
    if promised != MBOX and _is_mail(lines, promised):
        return EML
    if _HTML_START.match(body) or (promised == HTML and re.search(r"<\w+[^>]*>", body)):
        if promised == MARKDOWN and not re.match(r"\s*(?:<!doctype\s+html|<html)", body, re.IGNORECASE):
            return MARKDOWN
        return HTML
    if body.startswith("<?xml") or (promised == XML and body.startswith("<")):
        return HTML if re.search(r"<html[\s>]", body[:2000]) else XML
    if promised == JSON or (promised is None and body[:1] in ("{", "[") and _is_json(data)):
        return JSON
    if promised in (PDF, DOCX, PPTX, XLSX, XLSB, ODT, ODS, ODP, EPUB, DOC, XLS, PPT, MSG) and len(data) < 64:
        return Refused(
            TEXT,
            "Text",
            f"Die Datei heißt {ending}, ihr Inhalt ist aber kein {label_of(promised)}.",
        )
    return promised if promised in (MBOX, EML, ICS) else TEXT


def _is_mail(lines: list[str], promised: str | None) -> bool:
    """Mail headers from the first line on, until the first empty line."""
    seen: set[str] = set()
    for line in lines[:60]:
        if not line.strip():
            break
        if line[:1] in " \t":
            continue
        name, colon, _ = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):
            return False
        if _MAIL_PROOF.match(line):
            seen.add(name.lower())
    return len(seen) >= (1 if promised == EML else 3) or (len(seen) >= 2 and "from" in seen and promised is None)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
