"""A Tika server that is down, slow, talks nonsense or says what is wrong with a document: each has its own refusal."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from time import sleep

import pytest

from resources.extractor import ExtractionError, ExtractorLostError
from resources.extractor.tika import TikaExtractor
from tests.local_server import serving
from tests.places import ROOT, free_port

PDF = (ROOT / "data" / "samples" / "sample.pdf").read_bytes()


@contextmanager
def server(
    status: int = 200, body: bytes = b"[]", version: bytes = b"Apache Tika 3.2.2", delay_s: float = 0.0
) -> Iterator[str]:
    """A server that answers every document alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, version)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            sleep(delay_s)
            self._say(status, body)

        def _say(self, code: int, text: bytes) -> None:
            self.send_response(code)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as listening:
        yield f"http://127.0.0.1:{listening.server_port}"


def refusal(url: str, timeout_s: float = 100) -> ExtractionError:
    with TikaExtractor(url, timeout_s=timeout_s) as tika, pytest.raises(ExtractionError) as caught:
        tika.extract(PDF, "sample.pdf")
    return caught.value


def test_a_server_that_is_down_may_be_asked_again() -> None:
    error = refusal(f"http://127.0.0.1:{free_port()}")
    assert not error.permanent
    assert "antwortet nicht" in error.message


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"a": 1}', b"[1, 2]", b'[{"X-TIKA:content": 5}]', b'[{"X-TIKA:content": "x']
)
def test_nonsense_may_be_asked_again(body: bytes) -> None:
    with server(body=body) as url:
        error = refusal(url)
    assert not error.permanent
    assert "unverständlich" in error.message


@pytest.mark.parametrize("stays", [True, False])
def test_who_hangs_up_and_stays_blames_the_document_and_who_is_gone_does_not(stays: bool) -> None:
    gone = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if gone.is_set():
                self.close_connection = True
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"Apache Tika 3.2.2")

        def do_PUT(self) -> None:
            if not stays:
                gone.set()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as listening:
        error = refusal(f"http://127.0.0.1:{listening.server_port}")
    assert error.code == "unavailable"
    assert not error.permanent
    assert isinstance(error, ExtractorLostError) is not stays


def test_a_page_that_is_no_tika_is_not_believed() -> None:
    with server(version=b"<html>Willkommen</html>") as url:
        assert not refusal(url).permanent


@pytest.mark.parametrize(("status", "permanent"), [(422, True), (500, False), (503, False), (404, False)])
def test_each_status_has_its_meaning(status: int, permanent: bool) -> None:
    with server(status=status) as url:
        assert refusal(url).permanent is permanent


def test_a_slow_server_is_given_up_in_time() -> None:
    with server(delay_s=30) as url:
        error = refusal(url, timeout_s=1)
    assert error.code == "timeout"
    assert not error.permanent


@pytest.mark.parametrize(
    ("exception", "code"),
    [
        ("org.apache.tika.exception.EncryptedDocumentException: Unable to process", "encrypted"),
        ("org.apache.tika.exception.TikaException: Zip bomb detected!", "bomb"),
        ("org.apache.tika.exception.WriteLimitReachedException", "too_large"),
        ("java.lang.OutOfMemoryError: Java heap space", "memory"),
        ("org.apache.tika.exception.TikaException: Unexpected RuntimeException", "damaged"),
    ],
)
def test_what_tika_says_is_said_in_our_words(exception: str, code: str) -> None:
    body = json.dumps([{"X-TIKA:EXCEPTION:container_exception": exception}]).encode()
    with server(body=body) as url:
        error = refusal(url)
    assert error.code == code
    assert error.permanent
    assert "tika" not in error.message.lower()


def test_no_text_is_a_refusal_and_script_does_not_become_text() -> None:
    html = '<html><body><div class="page"><script>alert(1)</script></div></body></html>'
    with server(body=json.dumps([{"X-TIKA:content": html}]).encode()) as url:
        assert refusal(url).code == "no_text"


def test_text_formats_never_leave_the_machine() -> None:
    with TikaExtractor(f"http://127.0.0.1:{free_port()}") as tika:
        assert "Netz" in tika.extract(b"# Netz\n\nEin Satz.", "netz.md").text
        letter = b"From: Anna <anna@example.org>\r\nSubject: Abschlag\r\n\r\nBitte ab Mai 80 Euro.\r\n"
        read = tika.extract(letter, "brief.eml", "message/rfc822").text
    assert all(word in read for word in ("Abschlag", "Anna", "80 Euro"))
