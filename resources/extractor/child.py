"""The extraction child: loads its readers, gives up its rights, then turns one document after the other into text.

Started by the pool with a clean interpreter; it knows only its three standard descriptors and speaks frames over them.
"""

from __future__ import annotations

import contextlib
import encodings.aliases
import gc
import importlib
import math
import os
import re
import signal
import sys
import time

import msgspec

from luna_rules.documents.blocks import searched_text
from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText
from luna_rules.search.found_words import find_words
from resources.extractor import reading, sandbox
from resources.extractor.cutting import Cut, cut_of
from resources.extractor.errors import ExtractionError
from resources.extractor.formats import legacy
from resources.extractor.limits import MIB, Limits
from resources.extractor.protocol import Hello, Request, Response, Setup, extractor_name, frame, read_frame, write_all

_GRACE_S = 5.0
_SHARE_OF_READING = 0.5
_COLLECTED_AFTER = 50_000
_OWN_WORDS = """# Gesetz über Muster (Mustergesetz - MusterG)

## § 1 Zweck

(1) Dieses Gesetz nennt:
1. Muster,
2. Beispiele.

## § 2 Tafel

| Spalte | Wert |
| --- | --- |
| a | 1 |
"""


def main() -> None:
    """Serve until the parent closes the stream."""
    source, sink = os.dup(0), os.dup(1)
    # Libraries that print must not get into the stream; the error stream may be full and must not block.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    os.set_blocking(2, False)
    body = read_frame(source, MIB)
    if body is None:
        return
    setup = msgspec.msgpack.decode(body, type=Setup)
    limits = Limits(
        timeout_s=setup.timeout_s, memory_bytes=setup.memory_bytes, documents_per_worker=setup.documents_per_worker
    )
    versions = _preload()
    status = _own_status()
    cpu_hard_s = math.ceil((setup.timeout_s + _GRACE_S) * (setup.documents_per_worker + 1))
    # What is loaded stays, and what a document makes is freed as it goes: the collector need not look so often.
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *gc.get_threshold()[1:])
    measures = sandbox.apply(setup.memory_bytes, cpu_hard_s)
    write_all(sink, frame(Hello(versions=versions, measures=measures)))
    name = extractor_name(versions)
    while (body := read_frame(source, limits.input_bytes + MIB)) is not None:
        _arm(setup.timeout_s)
        response = msgspec.structs.replace(_answer(body, limits, name), peak_rss=_peak_rss(status))
        del body
        outgoing = frame(response)
        if response.cut is not None and len(outgoing) > limits.output_bytes:
            outgoing = frame(msgspec.structs.replace(response, cut=None))
        write_all(sink, outgoing)
        _disarm()


def _preload() -> dict[str, str]:
    """Import whatever a reader may import later: after the restriction no file can be opened any more."""
    for codec in sorted(set(encodings.aliases.aliases.values())):
        with contextlib.suppress(ImportError):
            importlib.import_module(f"encodings.{codec}")
    for module in (
        "encodings.idna",
        "encodings.utf_8_sig",
        "stringprep",
        "unicodedata",
        "email.policy",
        "email.parser",
        "zoneinfo",
    ):
        importlib.import_module(module)
    versions = {"luna": reading.VERSION, **reading.versions(), **legacy.versions()}
    # A first run on our own words loads what libraries import or allocate lazily.
    for data, name in ((b"Gr\xfc\xdfe aus Mustertal", "a.txt"), (b"<p>a</p>", "a.html"), (b"%PDF-1.4\n", "a.pdf")):
        with contextlib.suppress(ExtractionError):
            reading.extract(data, name, None, Limits(), "")
    _cut(ExtractedText(text=_OWN_WORDS, media_type="text/markdown", markup="markdown"), "a.md")
    return versions


def _answer(body: bytes, limits: Limits, name: str) -> Response:
    begun = time.monotonic()
    try:
        request = msgspec.msgpack.decode(body, type=Request)
        found = reading.extract(request.data, request.file_name, request.media_type, limits, name)
        # A document that was slow to read is left to the parent to cut: it has been read, and must not fail for that.
        in_time = time.monotonic() - begun < limits.timeout_s * _SHARE_OF_READING
        return Response(result=found, cut=_cut(found, request.file_name) if request.cut and in_time else None)
    except ExtractionError as error:
        return Response(code=error.code, message=error.message)
    except MemoryError:
        return Response(code="memory")
    except RecursionError:
        return Response(code="damaged")


def _cut(text: ExtractedText, file_name: str) -> Cut | None:
    """The passages of a text and their words; None where that cannot be done here, so that the parent finds out why."""
    begun = time.monotonic()
    try:
        found = chunk_document(text, file_name=file_name)
        words = find_words(searched_text(chunk.text, chunk.metadata) for chunk in found.chunks)
        return cut_of(found, len(text.text), time.monotonic() - begun, words)
    except Exception:
        return None


def _arm(timeout_s: float) -> None:
    """End this process by itself should the parent be gone and nobody else there to do it."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, timeout_s + _GRACE_S)
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        soft = math.ceil(used.ru_utime + used.ru_stime + timeout_s + _GRACE_S)
        resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))
    except (ImportError, ValueError, OSError):
        pass


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def _own_status() -> int | None:
    """What the kernel says about this process, opened while files can still be opened; None where it says nothing."""
    try:
        return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def _peak_rss(status: int | None) -> int:
    """The most memory this program has held, in bytes; 0 where unknown.

    `getrusage` would not do on Linux: a new program inherits there the peak of the one that started it.
    """
    if status is None:
        return _peak_by_usage() if sys.platform == "darwin" else 0
    found = re.search(rb"^VmHWM:\s*(\d+) kB$", os.pread(status, 8192, 0), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _peak_by_usage() -> int:
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
