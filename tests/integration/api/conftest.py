"""A real API on a real socket over a real database; the queue is worked off by the real drain when a test says so."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from litestar import Litestar

from luna_api.app import build_context, create_app
from luna_api.context import AppContext
from luna_assets.documents.drain import Drain, DrainReport, DrainRequest
from resources.database import worker_connection
from resources.extractor import EmbeddedExtractor
from resources.objects import FolderObjectStore
from resources.settings import load_settings
from tests.conftest import Database, free_port

NOTE = """# Hausordnung der Stadtwerke Mustertal

## Zähler

Der Zählerraum ist werktags zwischen acht und zwölf Uhr geöffnet. Den Schlüssel verwahrt Frau Birnbaum im Empfang.

## Kündigung des Liefervertrags

Der Liefervertrag kann mit einer Frist von sechs Wochen zum Monatsende gekündigt werden. Die Kündigung bedarf der
Textform. Eine Kündigungsgebühr von 12,50 Euro wird nicht erhoben.
"""


@cache
def warm_extractor() -> EmbeddedExtractor:
    """One for all documents of the tests in this process; it waits longer than a busy machine takes."""
    extractor = EmbeddedExtractor(timeout_s=100, workers=2)
    atexit.register(extractor.close)
    return extractor


class Api:
    """One running API and what a test needs to know of it."""

    def __init__(self, app: Litestar, context: AppContext, database: Database, admin_key: str, port: int) -> None:
        self.app = app
        self.context = context
        self.database = database
        self.admin_key = admin_key
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def client(self, headers: dict[str, str] | None = None) -> httpx.Client:
        """A client without a name."""
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)

    def admin(self, tenant: str | None = None) -> httpx.Client:
        """The administrator."""
        return self.client({"X-Admin-Key": self.admin_key} | ({"X-Tenant-Id": tenant} if tenant else {}))

    def user(self, user_id: UUID | None = None, tenant: str | None = None) -> httpx.Client:
        """A customer."""
        return self.client({"X-Dev-User": str(user_id or uuid4())} | ({"X-Tenant-Id": tenant} if tenant else {}))

    def work(self) -> DrainReport:
        """Work off the queue, as Dagster's run would."""
        with worker_connection(self.database.urls.worker) as connection:
            objects = FolderObjectStore(self.context.settings.home / "objects")
            drain = Drain(connection, objects, warm_extractor(), gold=(), run_id=str(uuid4()), log=lambda _: None)
            return drain.run(DrainRequest(linger_s=0))

    def tenant(self) -> str:
        """A new tenant's name."""
        name = f"t{uuid4().hex[:10]}"
        with self.database.owner() as owner:
            owner.execute("INSERT INTO tenants (name) VALUES (%s)", (name,))
        return name


def upload(
    client: httpx.Client, content: str | bytes, name: str = "notiz.md", **fields: str | Sequence[str]
) -> httpx.Response:
    """Send a document and do not wait, unless a test says otherwise."""
    data = content.encode() if isinstance(content, str) else content
    return client.post("/ingest/doc", files={"file": (name, data)}, data={"wait": "0", **fields})


def ready(api: Api, client: httpx.Client, content: str | bytes, name: str = "notiz.md", **fields: str) -> str:
    """Send a document and work the queue off; its id."""
    response = upload(client, content, name, **fields)
    assert response.status_code == 202, response.text
    api.work()
    item_id = str(response.json()["data"]["item_id"])
    state = client.get(f"/ingest/{item_id}").json()["data"]
    assert state["status"] == "ready", state
    return item_id


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the API looks after in passing is waited for here: that the machine is busy is no fault."""
    monkeypatch.setattr("luna_api.system.service._PROBE_TIMEOUT_S", 60.0)
    monkeypatch.setattr("luna_api.admin.service._PROBE_TIMEOUT_S", 60.0)
    monkeypatch.setattr("resources.generator.CONNECT_TIMEOUT_S", 60.0)


@contextmanager
def serve(database: Database, home: Path, *, patient: bool = True, **overrides: object) -> Iterator[Api]:
    """The API on a free port, in a thread with a loop of its own. A patient one waits long for its database."""
    settings = load_settings(
        {
            "luna_home": database.settings.home,
            "database_url": database.urls.owner,
            "admin_api_key": "the-key-of-the-tests",
            "dagster_port": free_port(),
            "log_level": "WARNING",
            "max_upload_mb": 2,
            **overrides,
        }
    )
    context = build_context(settings)
    context.objects = FolderObjectStore(home / "objects")
    if patient:
        context.database._pool.timeout = 100
    app = create_app(context=context, page_folder=home / "dist")
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, loop="asyncio", lifespan="on")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    deadline = time.monotonic() + 100
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started, "the API did not start"
    try:
        yield Api(app, context, database, "the-key-of-the-tests", port)
    finally:
        server.should_exit = True
        thread.join(100)
        assert not thread.is_alive(), "the API does not end"


@pytest.fixture(scope="module")
def api(module_database: Database) -> Iterator[Api]:
    """An API for the tests of one module; Dagster is down, so the queue waits for `Api.work`."""
    with serve(module_database, module_database.settings.home) as running:
        yield running


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Waits for something that happens in the background."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 100
        while not condition():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0.05)

    return wait
