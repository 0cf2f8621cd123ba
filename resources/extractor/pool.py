"""The parent's side of extraction: starts children, feeds them, stops them, and trusts nothing that comes back.

A child is warm and serves many documents one after the other; after enough of them, or after any trouble, it is
replaced. Killing is by process id and always waited for.
"""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

if sys.platform == "linux":
    import fcntl

from luna_rules.documents.model import ExtractedText
from resources.extractor.cutting import ReadDocument, document_of
from resources.extractor.errors import ERROR_CODES, ExtractionError
from resources.extractor.limits import MIB, Limits
from resources.extractor.protocol import HEADER, Hello, Request, Response, Setup, extractor_name, frame

_ROOT: Final = str(Path(__file__).resolve().parents[2])
_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from resources.extractor.child import main; main()"
_START_TIMEOUT_S: Final = 30.0
_STDERR_KEPT: Final = 4096
_PIPE_BYTES: Final = MIB
"""What Linux lets everybody have."""
# A worker that has grown beyond this share of its memory is replaced after it has answered.
_GROWN: Final = 0.5
# Within this time a child found dead is taken to have died before it was asked.
_STALE_S: Final = 0.2
_OUT_OF_MEMORY: Final = "memory allocation of"
_NOT_STARTED: Final = "Der Leseprozess konnte nicht gestartet werden. Bitte später noch einmal versuchen."
_TALKS_NONSENSE: Final = "Der Leseprozess hat unverständlich geantwortet. Bitte später noch einmal versuchen."


class _ChildGoneError(Exception):
    """The child ended, by itself or by a signal, before it answered."""

    def __init__(self, code: int | None, stderr: str) -> None:
        super().__init__(f"extraction child ended with {code}")
        self.code = code
        self.stderr = stderr


class _Worker:
    """One child process and the three pipes to it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.served = 0
        self.pid_of_parent = os.getpid()
        self._stderr = b""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-X", "utf8", "-c", _START, _ROOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            cwd="/" if os.name == "posix" else None,
            close_fds=True,
            start_new_session=True,
            bufsize=0,
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._in, self._out, self._err = (pipe.fileno() if pipe else -1 for pipe in pipes)
        for fd in (self._in, self._out, self._err):
            os.set_blocking(fd, False)
        for fd in (self._in, self._out):
            _widen(fd)
        try:
            setup = Setup(
                timeout_s=limits.timeout_s,
                memory_bytes=limits.memory_bytes,
                documents_per_worker=limits.documents_per_worker,
            )
            body = self._exchange(frame(setup), time.monotonic() + _START_TIMEOUT_S, MIB)
            self.hello = msgspec.msgpack.decode(body, type=Hello)
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: Request) -> Response:
        """Send one document and wait for its answer, at most as long as the limits say."""
        self.served += 1
        deadline = time.monotonic() + self._limits.timeout_s
        body = self._exchange(frame(request), deadline, self._limits.output_bytes + MIB)
        return msgspec.msgpack.decode(body, type=Response)

    def _exchange(self, outgoing: bytes, deadline: float, limit: int) -> bytes:
        """Write and read at once: a child that answers early, or never reads, must not block us."""
        view = memoryview(outgoing)
        incoming = bytearray()
        expected: int | None = None
        with selectors.DefaultSelector() as selector:
            selector.register(self._in, selectors.EVENT_WRITE)
            selector.register(self._out, selectors.EVENT_READ)
            selector.register(self._err, selectors.EVENT_READ)
            while expected is None or len(incoming) < expected:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TimeoutError
                for key, _ in selector.select(remaining):
                    if key.fd == self._in:
                        view = self._send(view)
                        if not view:
                            selector.unregister(self._in)
                    elif key.fd == self._err:
                        self._note_stderr(selector)
                    else:
                        part = os.read(self._out, 1 << 20)
                        if not part:
                            raise self._gone()
                        incoming += part
                        if expected is None and len(incoming) >= HEADER.size:
                            expected = HEADER.size + int(HEADER.unpack_from(incoming)[0])
                            if expected > limit:
                                raise ExtractionError(
                                    "too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann."
                                )
        return bytes(incoming[HEADER.size : expected])

    def _send(self, view: memoryview) -> memoryview:
        try:
            return view[os.write(self._in, view[: 1 << 20]) :]
        except BlockingIOError:
            return view
        except OSError:
            raise self._gone() from None

    def _note_stderr(self, selector: selectors.BaseSelector | None = None) -> None:
        try:
            part = os.read(self._err, 1 << 16)
        except (BlockingIOError, OSError):
            return
        if not part and selector is not None:
            selector.unregister(self._err)
        self._stderr = (self._stderr + part)[-_STDERR_KEPT:]

    def _gone(self) -> _ChildGoneError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2.0)
        self._note_stderr()
        return _ChildGoneError(self._process.poll(), self._stderr.decode("utf-8", "replace"))

    def kill(self) -> None:
        """End the child at once and wait until it is gone."""
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10.0)
        self.abandon()

    def retire(self) -> None:
        """Let an idle child end by itself; help where it does not."""
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.kill()
        self.abandon()

    def abandon(self) -> None:
        """Close our ends of the pipes, for instance in a forked copy of the parent."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _widen(pipe: int) -> None:
    """Let a whole document lie in a pipe where the system can do that: so neither side waits for the other to read."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class EmbeddedExtractor:
    """Extraction on this machine, in sandboxed child processes. Thread-safe; use it as a context manager.

    `workers` children at most work at the same time; further callers wait for their turn.
    """

    name = "embedded"

    def __init__(
        self, timeout_s: float = 60, memory_mb: int = 1500, documents_per_worker: int = 200, workers: int = 1
    ) -> None:
        self._limits = Limits(
            timeout_s=float(timeout_s), memory_bytes=memory_mb * MIB, documents_per_worker=documents_per_worker
        )
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(max(1, workers)):
            self._idle.put(None)
        self._count = max(1, workers)
        self._lock = threading.Lock()
        self._running: set[_Worker] = set()
        self._hello: Hello | None = None
        self._closed = False

    # -- interface

    @property
    def workers(self) -> int:
        """How many children work at the same time."""
        return self._count

    @property
    def version(self) -> str:
        """What texts are made with. Starts a child when none has reported yet."""
        return extractor_name(self._greeting().versions)

    def describe(self) -> dict[str, str]:
        """Each protective measure of the child with `on` or the reason why it is off."""
        return dict(self._greeting().measures)

    def extract(self, data: bytes, file_name: str, media_type: str | None = None) -> ExtractedText:
        """The document's text, or `ExtractionError`; never takes much longer than the time limit."""
        return self._read(Request(data=data, file_name=file_name, media_type=media_type)).text

    def read(self, data: bytes, file_name: str, media_type: str | None = None) -> ReadDocument:
        """The document's text and its passages, cut by the child that read it; all else as in `extract`."""
        return self._read(Request(data=data, file_name=file_name, media_type=media_type, cut=True))

    def _read(self, request: Request) -> ReadDocument:
        if not request.data:
            raise ExtractionError("empty")
        if len(request.data) > self._limits.input_bytes:
            raise ExtractionError("too_large", "Die Datei ist zu groß.")
        began = time.monotonic()
        try:
            return self._attempt(request)
        except ExtractionError as error:
            # A child that was ended from outside while it waited says so only now; that is not the document's fault.
            if error.permanent or self._closed or time.monotonic() - began > _STALE_S:
                raise
        return self._attempt(request)

    def _attempt(self, request: Request) -> ReadDocument:
        with self._lease() as worker:
            response = worker.ask(request)
            failure: ExtractionError | None = None
            try:
                return self._judge(worker, response)
            except ExtractionError as error:
                failure = error
        # Raised outside the lease: a refused document is no reason to replace a healthy child.
        raise failure

    def warm_up(self, children: int = 1) -> None:
        """Start a child now, or several, so the first documents do not wait for them."""
        with contextlib.ExitStack() as stack:
            for _ in range(min(children, self._count)):
                stack.enter_context(self._lease())

    def close(self) -> None:
        """Stop every child; running extractions fail, later calls are an error."""
        with self._lock:
            self._closed = True
            workers = list(self._running)
            self._running.clear()
        for worker in workers:
            if worker.pid_of_parent == os.getpid():
                worker.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- children

    def _greeting(self) -> Hello:
        if self._hello is None:
            self.warm_up()
        if self._hello is None:
            raise ExtractionError("damaged", _NOT_STARTED, permanent=False)
        return self._hello

    @contextlib.contextmanager
    def _lease(self) -> Generator[_Worker]:
        """A living worker for one document. Whatever goes wrong ends it; its place is given back in any case."""
        idle = self._idle.get()
        worker: _Worker | None = None
        keep = False
        try:
            worker = self._usable(idle)
            yield worker
            keep = worker.served < self._limits.documents_per_worker
        except TimeoutError:
            raise ExtractionError("timeout") from None
        except _ChildGoneError as gone:
            raise self._explain(gone) from None
        except msgspec.MsgspecError:
            raise ExtractionError("damaged", _TALKS_NONSENSE, permanent=False) from None
        finally:
            if worker is not None and not (keep and worker.alive()):
                self._forget(worker)
                worker.retire() if keep or worker.served >= self._limits.documents_per_worker else worker.kill()
                worker = None
            self._idle.put(worker)

    def _usable(self, worker: _Worker | None) -> _Worker:
        if self._closed:
            raise RuntimeError("the extractor is closed")
        if worker is not None and worker.pid_of_parent != os.getpid():
            # A forked copy of the parent must not speak to the original's child.
            worker.abandon()
            worker = None
        if worker is not None and not worker.alive():
            self._forget(worker)
            worker.abandon()
            worker = None
        if worker is None:
            try:
                worker = _Worker(self._limits)
            except OSError as error:
                raise ExtractionError("damaged", _NOT_STARTED, permanent=False) from error
            self._hello = worker.hello
            with self._lock:
                self._running.add(worker)
        return worker

    def _forget(self, worker: _Worker) -> None:
        with self._lock:
            self._running.discard(worker)

    def _judge(self, worker: _Worker, response: Response) -> ReadDocument:
        """What the child says, if it makes sense; a child that has grown too much is not used again."""
        if response.peak_rss > self._limits.memory_bytes * _GROWN:
            worker.served = self._limits.documents_per_worker
        found = response.result
        if found is None:
            if response.code not in ERROR_CODES:
                raise ExtractionError("damaged")
            raise ExtractionError(response.code, response.message)
        size = len(found.text)
        position = 0
        for page in found.pages:
            if not position <= page.char_start <= page.char_end <= size:
                raise self._nonsense(worker)
            position = page.char_end
        if response.cut is None:
            return ReadDocument(found)
        try:
            document = document_of(response.cut, found)
            words = response.cut.words if document is not None else None
            return ReadDocument(found, document, max(0.0, response.cut.seconds), words)
        except ValueError:
            raise self._nonsense(worker) from None

    def _nonsense(self, worker: _Worker) -> ExtractionError:
        """The error for an answer that cannot be; who gave it is not asked again."""
        worker.served = self._limits.documents_per_worker
        return ExtractionError("damaged", _TALKS_NONSENSE, permanent=False)

    def _explain(self, gone: _ChildGoneError) -> ExtractionError:
        """The error behind the way in which a child ended."""
        ended = -gone.code if gone.code is not None and gone.code < 0 else 0
        if ended in (signal.SIGALRM, getattr(signal, "SIGXCPU", -1)):
            return ExtractionError("timeout")
        if _OUT_OF_MEMORY in gone.stderr or "MemoryError" in gone.stderr:
            return ExtractionError("memory")
        if ended in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            return ExtractionError(
                "memory",
                "Das Lesen der Datei wurde von außen abgebrochen. Bitte später noch einmal versuchen.",
                permanent=False,
            )
        return ExtractionError(
            "damaged",
            "Beim Lesen der Datei ist der Leseprozess abgestürzt; sie ist vermutlich beschädigt oder würde zu groß.",
        )
