"""E-mail (EML) and mailboxes (MBOX): the heads a reader knows, the body once, attachments by name only."""

from __future__ import annotations

import re
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from resources.extractor.formats import html, plain
from resources.extractor.formats.base import Extracted, heading, one_line
from resources.extractor.limits import Limits

_HEADS = (("Betreff", "subject"), ("Von", "from"), ("An", "to"), ("Kopie", "cc"), ("Datum", "date"))
_DEPTH = 3
_MESSAGES = 2_000


def read(data: bytes, limits: Limits) -> Extracted:
    """One message."""
    message = _parse(data)
    warnings: list[str] = []
    text = _message(message, limits, warnings, 0)
    return Extracted(text=text, markup="plain", title=_head(message, "subject") or None, warnings=warnings)


def read_mailbox(data: bytes, limits: Limits) -> Extracted:
    """All messages of a mailbox, each under its subject."""
    starts = [found.start() for found in re.finditer(rb"^From [^\n]*\n", data, re.MULTILINE)]
    # Only a line that follows an empty one separates messages.
    starts = [at for at in starts if at == 0 or data[max(0, at - 3) : at].endswith((b"\n\n", b"\n\r\n"))]
    warnings: list[str] = []
    if len(starts) > _MESSAGES:
        warnings.append(f"Das Postfach enthält {len(starts)} Nachrichten; gelesen wurden die ersten {_MESSAGES}.")
        starts = starts[:_MESSAGES]
    blocks: list[str] = []
    for at, end in zip(starts, [*starts[1:], len(data)], strict=True):
        body = data[at:end].partition(b"\n")[2]
        message = _parse(re.sub(rb"^>(>*From )", rb"\1", body, flags=re.MULTILINE))
        blocks.append(heading(2, _head(message, "subject") or "Nachricht ohne Betreff"))
        blocks.append(_message(message, limits, warnings, 0))
    return Extracted(text="\n\n".join(blocks), markup="markdown", warnings=list(dict.fromkeys(warnings)))


def _parse(data: bytes) -> EmailMessage:
    # The default policy decodes heads and guesses charsets; it does not open anything.
    return BytesParser(_class=EmailMessage, policy=policy.default).parsebytes(data.lstrip(b"\r\n"))


def _head(message: EmailMessage, name: str) -> str:
    try:
        value = message.get(name)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError):
        # The library stumbles over some broken heads.
        value = None
    return one_line(str(value)) if value else ""


def _message(message: EmailMessage, limits: Limits, warnings: list[str], depth: int) -> str:
    lines = [f"{label}: {value}" for label, name in _HEADS if (value := _head(message, name))]
    texts: list[str] = []
    pages: list[str] = []
    attached: list[str] = []
    forwarded: list[str] = []
    for part in _leaves(message):
        name = _file_name(part)
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], EmailMessage) and depth < _DEPTH:
                forwarded.append(_message(inner[0], limits, warnings, depth + 1))
            continue
        if name or part.get_content_disposition() == "attachment":
            attached.append(name or kind)
            continue
        body = part.get_payload(decode=True)
        if not isinstance(body, bytes):
            continue
        charset = part.get_content_charset()
        if kind == "text/html":
            pages.append(html.convert(plain.decode(body, charset), limits).text)
        elif kind.startswith("text/") and kind != "text/calendar":
            texts.append(plain.decode(body, charset))
    bodies = [text for text in texts if text.strip()] or pages
    blocks = ["\n".join(lines), *bodies]
    if attached:
        blocks.append("Anhänge: " + ", ".join(attached))
        warnings.append("Anhänge der E-Mail wurden nicht gelesen.")
    for text in forwarded:
        blocks += ["Enthaltene Nachricht:", text]
    return "\n\n".join(block.strip("\r\n") for block in blocks if block.strip())


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    """Parts without parts, in order; a contained message counts as one."""
    found: list[EmailMessage] = []
    waiting: list[EmailMessage] = [message]
    while waiting and len(found) < 1_000:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting += [entry for entry in reversed(payload) if isinstance(entry, EmailMessage)]
        else:
            found.append(part)
    return found


def _file_name(part: EmailMessage) -> str:
    try:
        return one_line(part.get_filename() or "")
    except (ValueError, IndexError, KeyError, AttributeError, TypeError, LookupError):
        return ""
