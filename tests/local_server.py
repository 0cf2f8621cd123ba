"""A server for tests that play another program: readers that go away in the middle are what such tests are about."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class LocalServer(ThreadingHTTPServer):
    """Each request in a thread of its own, for which nobody waits at the end."""

    daemon_threads = True
    block_on_close = False
    # Whoever finds the queue full asks again a second later, and on a busy machine it is soon full.
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reader that has gone is no news; every other fault is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], port: int = 0) -> Iterator[LocalServer]:
    """A server of 127.0.0.1 that answers by `handler` and is gone afterwards; its port is `server_port`."""
    with LocalServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(5)
