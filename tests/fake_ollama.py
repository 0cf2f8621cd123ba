"""A server that speaks Ollama's protocol and does what a test tells it to, also what no server should do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import sleep
from typing import Any

DIGEST = "a" * 64


@dataclass
class Script:
    """What the server says. `pieces` are the parts of each chat answer; a number among them is a pause in seconds."""

    pieces: Sequence[str | float] = ("Guten Tag.",)
    models: dict[str, int] = field(default_factory=lambda: {"klein:latest": 4096})
    status: int = 200
    raw: bytes | None = None
    """Sent instead of an answer, as it is."""
    breaks_off: bool = False
    """Hangs up before the last line."""
    embedding: Sequence[float] | None = None
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def prompts(self) -> list[dict[str, Any]]:
        """The bodies of all chats."""
        return [body for path, body in self.asked if path == "/api/chat"]


@contextmanager
def fake_ollama(script: Script) -> Iterator[str]:
    """The address of a running server that follows `script`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            script.asked.append((self.path, {}))
            if self.path == "/api/version":
                self._say({"version": "0.17.4"})
            elif self.path == "/api/tags":
                self._say({"models": [{"name": name, "digest": DIGEST, "size": 1} for name in script.models]})
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script.asked.append((self.path, body))
            if self.path == "/api/show":
                self._say({"model_info": {"llama.context_length": script.models[body["model"]]}})
            elif self.path == "/api/chat":
                self._chat()
            else:
                self.send_error(404)

        def _chat(self) -> None:
            self.send_response(script.status)
            self.end_headers()
            try:
                if script.raw is not None:
                    self.wfile.write(script.raw)
                    return
                for piece in script.pieces:
                    if isinstance(piece, int | float):
                        self.wfile.flush()
                        sleep(piece)
                        continue
                    self._line({"message": {"role": "assistant", "content": piece}, "done": False})
                if not script.breaks_off:
                    self._line({"message": {"role": "assistant", "content": ""}, "done": True})
            except OSError:
                # The reader has gone; that is what some tests are about.
                return

        def _line(self, data: dict[str, Any]) -> None:
            self.wfile.write(json.dumps(data).encode() + b"\n")
            self.wfile.flush()

        def _say(self, data: object) -> None:
            text = json.dumps(data).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(5)
