"""A server that speaks Ollama's protocol and does what a test tells it to, also what no server should do."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from time import sleep
from typing import Any

from tests.local_server import serving

DIGEST = "a" * 64
Pieces = Sequence[str | float | threading.Event]


@dataclass
class Script:
    """What the server says. `pieces` are the parts of each chat answer; a number among them is a pause in seconds, an
    event is waited for.

    They may be made from the prompt. `by_model` says other things for single models.
    """

    pieces: Pieces | Callable[[str], Pieces] = ("Guten Tag.",)
    by_model: Mapping[str, Pieces | Callable[[str], Pieces]] = field(default_factory=dict[str, Any])
    models: dict[str, int] = field(default_factory=lambda: {"klein:latest": 4096})
    digests: dict[str, str] = field(default_factory=dict[str, str])
    abilities: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    status: int = 200
    raw: bytes | None = None
    """Sent instead of an answer, as it is."""
    breaks_off: bool = False
    """Hangs up before the last line."""
    head_after_s: float = 0.0
    """So long not even the head of a chat's answer is sent."""
    tags_after_s: float = 0.0
    tags_raw: bytes | None = None
    signs_as: str | None = None
    """The name under which it answers, whatever model was asked."""
    pulls: Mapping[str, Sequence[dict[str, Any] | float | threading.Event]] = field(default_factory=dict[str, Any])
    """What is told of a model that is pulled; a model that is not named here does not exist."""
    embed: Callable[[list[str]], list[list[float]]] | None = None
    most_chars: int | None = None
    """A text to embed that is longer than this is refused, as a server does that counts tokens."""
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    hung_up: int = 0
    """How many readers went away in the middle of a chat."""

    def prompts(self) -> list[dict[str, Any]]:
        """The bodies of all chats."""
        return [body for path, body in self.asked if path == "/api/chat"]


def passage_with(prompt: str, text: str) -> str:
    """The mark of the passage of a prompt in which a text stands."""
    for number, passage in re.findall(r"^Passage \[chunk (\d+)\](.*?)(?=^Passage \[chunk|\Z)", prompt, re.M | re.S):
        if text in passage:
            return f"[chunk {number}]"
    raise AssertionError(f"no passage of the prompt has {text!r}")


def paused(step: object) -> bool:
    """Whether this was a step to wait for; then it has been."""
    if isinstance(step, threading.Event):
        step.wait(100)
        return True
    if isinstance(step, int | float):
        sleep(step)
        return True
    return False


@contextmanager
def fake_ollama(script: Script, port: int = 0) -> Iterator[str]:
    """The address of a running server that follows `script`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            script.asked.append((self.path, {}))
            if self.path == "/api/version":
                self._say({"version": "0.17.4"})
            elif self.path == "/api/tags":
                sleep(script.tags_after_s)
                if script.tags_raw is not None:
                    self._send(script.tags_raw)
                    return
                digests = script.digests
                self._say(
                    {
                        "models": [
                            {"name": n, "model": n, "digest": digests.get(n, DIGEST), "size": 1} for n in script.models
                        ]
                    }
                )
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            script.asked.append((self.path, body))
            if self.path == "/api/show":
                name = body["model"]
                self._say(
                    {
                        "model_info": {"llama.context_length": script.models[name]},
                        "capabilities": script.abilities.get(name, ["completion"]),
                    }
                )
            elif self.path == "/api/chat":
                self._chat(body)
            elif self.path == "/api/pull":
                self._pull(body["model"])
            elif self.path == "/api/embed" and script.embed is not None:
                texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
                if script.most_chars is not None and max(map(len, texts)) > script.most_chars:
                    self._say({"error": "the input length exceeds the context length"}, 400)
                    return
                self._say({"model": body["model"], "embeddings": script.embed(texts)})
            else:
                self.send_error(404)

        def _chat(self, body: dict[str, Any]) -> None:
            sleep(script.head_after_s)
            self.send_response(script.status)
            self.end_headers()
            name = script.signs_as or body["model"]
            wanted = script.by_model.get(body["model"], script.pieces)
            pieces = wanted(body["messages"][-1]["content"]) if callable(wanted) else wanted
            try:
                if script.raw is not None:
                    self.wfile.write(script.raw)
                    return
                for piece in pieces:
                    if paused(piece):
                        continue
                    self._line({"model": name, "message": {"role": "assistant", "content": piece}, "done": False})
                if not script.breaks_off:
                    self._line({"model": name, "message": {"role": "assistant", "content": ""}, "done": True})
            except OSError:
                # The reader has gone; that is what some tests are about.
                script.hung_up += 1

        def _pull(self, name: str) -> None:
            lines = script.pulls.get(name)
            if lines is None:
                self._say({"error": "pull model manifest: file does not exist"}, 500)
                return
            self.send_response(200)
            self.end_headers()
            try:
                for line in lines:
                    if not paused(line):
                        self._line(line)
            except OSError:
                script.hung_up += 1
                return
            if lines and isinstance(lines[-1], dict) and lines[-1].get("status") == "success":
                script.models[name] = 4096

        def _line(self, data: dict[str, Any]) -> None:
            self.wfile.write(json.dumps(data).encode() + b"\n")
            self.wfile.flush()

        def _say(self, data: object, status: int = 200) -> None:
            self._send(json.dumps(data).encode(), status)

        def _send(self, text: bytes, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            try:
                self.wfile.write(text)
            except OSError:
                script.hung_up += 1

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler, port) as server:
        yield f"http://127.0.0.1:{server.server_port}"
