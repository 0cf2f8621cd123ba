"""Text out of documents by an Apache Tika server, behind the same interface as the extractor on this machine.

Tika turns PDF and office files into XHTML; our own reader of HTML reads that in its sandbox, so that both ways give the
same kind of text. Formats that are text already never leave the machine. Only an endpoint is used; nothing is
downloaded or started.
"""

from __future__ import annotations

import re
import time
from types import TracebackType
from typing import Final, Literal, Self

import httpx
import msgspec

from luna_rules.documents.model import ExtractedText, PageSpan
from resources.extractor import media_types as types
from resources.extractor.cutting import ReadDocument
from resources.extractor.detection import detect
from resources.extractor.errors import (
    MESSAGES,
    ErrorCode,
    ExtractionError,
    ExtractorLostError,
    ExtractorUnavailableError,
)
from resources.extractor.legible import legible_pages, page_list
from resources.extractor.limits import MIB, Limits
from resources.extractor.pool import EmbeddedExtractor
from resources.extractor.textcare import join_hyphenated

CONNECT_TIMEOUT_S: Final = 3.0
ANSWER_BYTES: Final = 80 * MIB
Markup = Literal["markdown", "plain"]
_PAGE: Final = '<div class="page">'
_SERVED: Final = frozenset(
    {types.PDF, types.DOC, types.DOCX, types.PPT, types.PPTX, types.XLS, types.XLSX, types.XLSB}
    | {types.ODT, types.ODS, types.ODP, types.RTF, types.MSG, types.EPUB}
)
"""What the server is asked about. Not e-mail (EML): that is text, and the server leaves out its head."""
_LOOKED_AT: Final = frozenset(
    {types.PDF, types.DOCX, types.PPTX, types.XLSX, types.XLSB, types.ODT, types.ODS, types.ODP, types.EPUB}
)
_AWAY: Final = frozenset({502, 503, 504})
"""What a proxy says for a server that is not there, and Tika while it starts anew."""
_NONSENSE: Final = (
    "Der Dienst, der Text aus Dokumenten liest, hat unverständlich geantwortet. Bitte später noch einmal versuchen."
)
_CAUSES: Final[tuple[tuple[re.Pattern[str], ErrorCode], ...]] = (
    (re.compile("Encrypted|password", re.IGNORECASE), "encrypted"),
    (re.compile("ZipBomb|zip bomb|SecurityException", re.IGNORECASE), "bomb"),
    (re.compile("WriteLimit"), "too_large"),
    (re.compile("OutOfMemory|MemoryLimit|RecordFormat.*too large", re.IGNORECASE), "memory"),
    (re.compile("Timeout"), "timeout"),
    (re.compile("UnsupportedFormat|ZeroByte"), "unsupported"),
)


class _Part(msgspec.Struct, rename={"content": "X-TIKA:content", "title": "dc:title"}):
    """What is used of one entry of Tika's answer; the first is the document, later ones are embedded in it."""

    content: str | None = None
    title: str | list[str] | None = None
    container_exception: str | None = msgspec.field(name="X-TIKA:EXCEPTION:container_exception", default=None)
    write_limit_reached: str | None = msgspec.field(name="X-TIKA:EXCEPTION:write_limit_reached", default=None)
    has_xfa: str | None = msgspec.field(name="pdf:hasXFA", default=None)


class TikaExtractor:
    """Extraction by a Tika server at `endpoint`. Thread-safe; use it as a context manager."""

    name = "tika"

    def __init__(self, endpoint: str, *, timeout_s: float = 60.0) -> None:
        self._limits = Limits(timeout_s=timeout_s)
        self._own = EmbeddedExtractor(timeout_s=timeout_s)
        self._version: str | None = None
        self._http = httpx.Client(
            base_url=endpoint.rstrip("/"),
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            limits=httpx.Limits(max_connections=4),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def workers(self) -> int:
        """One: how much a server does at once is its own affair."""
        return 1

    @property
    def version(self) -> str:
        """What texts are made with: Tika's own name, and our reader behind it.

        Raises `ExtractionError` (not permanent) when the server does not answer.
        """
        if self._version is None:
            self._version = f"{self.server_version()}, {self._own.version}"
        return self._version

    def server_version(self) -> str:
        """`Apache Tika 3.2.2`, asked of the server. Raises `ExtractionError` (not permanent) when it is down."""
        try:
            answer = self._http.get("/version", timeout=CONNECT_TIMEOUT_S)
        except httpx.HTTPError as fault:
            raise ExtractorUnavailableError from fault
        said = answer.text.strip()
        if answer.status_code != 200 or not said.startswith("Apache Tika") or len(said) > 100:
            raise ExtractionError("unavailable", _NONSENSE, permanent=False)
        return said

    def extract(self, data: bytes, file_name: str, media_type: str | None = None) -> ExtractedText:
        """See `Extractor.extract`."""
        if not data:
            raise ExtractionError("empty")
        if len(data) > self._limits.input_bytes:
            raise ExtractionError("too_large", "Die Datei ist zu groß.")
        kind = detect(data, file_name, media_type)
        if kind.media_type == types.ENCRYPTED_OFFICE:
            raise ExtractionError("encrypted")
        if not kind.supported or kind.media_type not in _SERVED:
            # Text is read here; so is every refusal worded.
            return self._own.extract(data, file_name, media_type)
        self._first_look(data, file_name, media_type, kind.media_type)
        version = self.version
        parts = self._asked(data, kind.media_type)
        head = parts[0]
        self._refused(head)
        warnings = [kind.warning] if kind.warning else []
        if len(parts) > 1:
            warnings.append("Eingebettete Dateien sind nicht Teil des Textes.")
        pages = _pages(head.content or "") if kind.media_type == types.PDF else [head.content or ""]
        text, spans, markup = self._read(pages, is_pdf=kind.media_type == types.PDF, warnings=warnings)
        title = head.title[0] if isinstance(head.title, list) and head.title else head.title
        return ExtractedText(
            text=text,
            media_type=kind.media_type,
            markup=markup,
            title=" ".join(title.split())[:500] or None if isinstance(title, str) else None,
            pages=spans,
            warnings=tuple(warnings),
            extractor=version,
        )

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        """See `Extractor.read`. What the server reads is not cut here."""
        if data and detect(data, file_name, media_type).media_type not in _SERVED:
            return self._own.read(data, file_name, media_type)
        return ReadDocument(self.extract(data, file_name, media_type))

    def warm_up(self) -> None:
        """Start our own reader, so the first document does not wait for it."""
        self._own.warm_up()

    def close(self) -> None:
        """Close connections and stop our own reader."""
        self._http.close()
        self._own.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _first_look(self, data: bytes, file_name: str, claimed: str | None, media_type: str) -> None:
        """Keep from the server what must not reach it: bombs, and PDF files that were cut off or are mere forms.

        Our own reader says so in its sandbox, in a few milliseconds; that it finds no text is no reason to refuse.
        """
        if media_type not in _LOOKED_AT:
            return
        try:
            self._own.extract(data, file_name, claimed)
        except ExtractionError as error:
            whole = media_type != types.PDF and error.code == "damaged"
            if not whole and error.code not in {"no_text", "garbled", "timeout", "memory"}:
                raise

    def _asked(self, data: bytes, media_type: str) -> list[_Part]:
        """Tika's answer about one document, at most `ANSWER_BYTES` of it."""
        headers = {
            "Accept": "application/json",
            "Content-Type": media_type,
            "writeLimit": str(self._limits.text_chars),
            "maxEmbeddedResources": "0",
            "X-Tika-Timeout-Millis": str(int(self._limits.timeout_s * 1000)),
            # Recognising letters in pictures is slow and guesses; a scan is refused here as it is on this machine.
            "X-Tika-PDFOcrStrategy": "no_ocr",
            "X-Tika-Skip-Embedded": "true",
        }
        until = time.monotonic() + self._limits.timeout_s
        answer = bytearray()
        try:
            with self._http.stream("PUT", "/rmeta/html", content=data, headers=headers) as response:
                if response.status_code in {413, 415, 422}:
                    raise ExtractionError("damaged")
                if response.status_code in _AWAY:
                    raise self._hung_up()
                if response.status_code != 200:
                    raise ExtractionError("unavailable", permanent=False)
                for part in response.iter_bytes():
                    answer += part
                    if len(answer) > ANSWER_BYTES:
                        raise ExtractionError(
                            "too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann."
                        )
                    if time.monotonic() > until:
                        raise ExtractionError("timeout")
        except httpx.TimeoutException as fault:
            connecting = isinstance(fault, httpx.ConnectTimeout | httpx.PoolTimeout)
            if connecting:
                raise ExtractorUnavailableError from fault
            raise ExtractionError("timeout", MESSAGES["unavailable"], permanent=False) from fault
        except httpx.ConnectError as fault:
            raise ExtractorUnavailableError from fault
        except httpx.HTTPError as fault:
            raise self._hung_up() from fault
        try:
            parts = msgspec.json.decode(bytes(answer), type=list[_Part])
        except msgspec.MsgspecError as fault:
            raise ExtractionError("unavailable", _NONSENSE, permanent=False) from fault
        if not parts:
            raise ExtractionError("unavailable", _NONSENSE, permanent=False)
        return parts

    def _hung_up(self) -> ExtractionError:
        """What it means that the server gave no answer: a fault of the document where it answers otherwise."""
        try:
            self.server_version()
        except ExtractionError:
            return ExtractorLostError()
        return ExtractionError("unavailable", permanent=False)

    def _refused(self, head: _Part) -> None:
        """Raise what Tika says is wrong with the document, in our terms."""
        if head.write_limit_reached == "true":
            raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
        if head.container_exception is None:
            return
        for pattern, code in _CAUSES:
            if pattern.search(head.container_exception[:4000]):
                raise ExtractionError(code)
        raise ExtractionError("damaged")

    def _read(self, pages: list[str], *, is_pdf: bool, warnings: list[str]) -> tuple[str, tuple[PageSpan, ...], Markup]:
        """XHTML to text by our own reader, page by page; text, spans of the pages of a PDF, and markup."""
        texts: list[str] = []
        markup: Markup = "markdown"
        for page in pages:
            html = join_hyphenated(page) if is_pdf else page
            try:
                found = self._own.extract(_document(html), "tika.html", types.HTML)
            except ExtractionError as error:
                if error.code not in {"no_text", "empty"}:
                    raise
                texts.append("")
                continue
            markup = found.markup
            texts.append(found.text)
        if is_pdf:
            silent = [number for number, text in enumerate(texts, start=1) if not any(map(str.isalnum, text))]
            if silent and len(silent) < len(texts):
                warnings.append(
                    f"{page_list(silent)} ohne Text, vermutlich gescannt. Texterkennung (OCR) ist nicht enthalten."
                )
        texts = legible_pages(texts, warnings)
        text = "\n\n".join(texts)
        if not any(map(str.isalnum, text)):
            raise ExtractionError("no_text")
        if not is_pdf:
            return text, (), markup
        spans: list[PageSpan] = []
        position = 0
        for number, part in enumerate(texts, start=1):
            spans.append(PageSpan(number, position, position + len(part)))
            position += len(part) + 2
        return text, tuple(spans), markup


def _pages(html: str) -> list[str]:
    """The pages of a PDF in Tika's XHTML; what follows the last one (forms, notes) stays with it."""
    body = html.split("<body", 1)[-1].rsplit("</body>", 1)[0]
    found = body.split(_PAGE)[1:]
    return found or [body]


def _document(inner: str) -> bytes:
    if "<html" in inner[:200]:
        return inner.encode("utf-8", "replace")
    return f'<html><head><meta charset="utf-8"/></head><body><div>{inner}</body></html>'.encode("utf-8", "replace")
