"""What every object store promises. A later implementation joins `STORES`.

Servers that speak S3 take part when `LUNA_TEST_S3` names them: `name=http://127.0.0.1:port`, several separated by
blanks, with the keys `luna-test` / `luna-test-secret`.
"""

from __future__ import annotations

import hashlib
import io
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from resources.objects import FolderObjectStore, ObjectDamagedError, ObjectMissingError, ObjectStore
from resources.objects_s3 import PART_BYTES, S3ObjectStore, S3Place

S3_KEYS = ("luna-test", "luna-test-secret")


def _bucket(url: str, *, secret: str = S3_KEYS[1]) -> S3ObjectStore:
    return S3ObjectStore(S3Place(url, f"luna-{uuid4().hex[:16]}", S3_KEYS[0], secret))


SERVERS = dict(one.split("=", 1) for one in os.environ.get("LUNA_TEST_S3", "").split())
STORES: dict[str, Callable[[Path], ObjectStore]] = {
    "folder": lambda root: FolderObjectStore(root / "objects"),
    **{name: lambda root, url=url: _bucket(url) for name, url in SERVERS.items()},
}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return STORES[request.param](tmp_path)


def test_bytes_come_back(store: ObjectStore) -> None:
    data = bytes(range(256)) * 4096
    stored = store.put(None, data)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.size_bytes == len(data)
    assert store.get(stored.key) == data


def test_the_same_bytes_are_one_object_for_each_tenant(store: ObjectStore) -> None:
    tenant = uuid4()
    keys = {store.put(owner, b"same").key for owner in (None, None, tenant, tenant)}
    assert len(keys) == 2
    assert set(store.keys()) == keys
    assert store.usage() == (2, 8)


def test_an_object_of_several_parts_comes_back_whole(store: ObjectStore) -> None:
    data = os.urandom(1024) * (3 * PART_BYTES // 1024) + b"end"
    stored = store.put(UUID(int=2), data)
    assert stored.size_bytes == len(data)
    assert hashlib.sha256(store.get(stored.key)).hexdigest() == stored.sha256


@pytest.mark.parametrize("size", [0, 10, 3 * PART_BYTES + 7])
def test_a_stream_is_stored_and_read_as_one(store: ObjectStore, size: int) -> None:
    data = (os.urandom(1024) * (size // 1024 + 1))[:size]
    stored = store.put_stream(None, io.BytesIO(data))
    assert stored == store.put(None, data)
    with store.open(stored.key) as stream:
        assert stream.read() == data
    assert list(store.keys()) == [stored.key]
    with pytest.raises(ObjectMissingError):
        store.open(stored.key[:-1] + ("0" if stored.key[-1] != "0" else "1"))


def test_many_writers_of_the_same_bytes_agree(store: ObjectStore) -> None:
    data = b"x" * 1_000_000
    with ThreadPoolExecutor(8) as pool:
        keys = {stored.key for stored in pool.map(lambda _: store.put(UUID(int=1), data), range(16))}
    assert len(keys) == 1
    assert store.get(keys.pop()) == data
    assert len(list(store.keys())) == 1


def test_a_missing_object_is_named(store: ObjectStore) -> None:
    key = store.put(None, b"here").key
    store.delete(key)
    store.delete(key)
    assert not store.exists(key)
    with pytest.raises(ObjectMissingError):
        store.get(key)
    assert store.age(key) == timedelta(0)


def test_an_object_has_an_age(store: ObjectStore) -> None:
    assert store.age(store.put(None, b"young").key) < timedelta(minutes=1)


@pytest.mark.parametrize("key", ["../../etc/passwd", "public/../secrets.json", "/etc/passwd", "", "public/aa/zz"])
def test_a_key_from_elsewhere_reaches_nothing(store: ObjectStore, key: str) -> None:
    with pytest.raises(ObjectMissingError):
        store.get(key)


def test_the_store_says_whether_it_can_be_written(store: ObjectStore) -> None:
    store.check()
    assert list(store.keys()) == []


def test_changed_bytes_on_disk_are_noticed(tmp_path: Path) -> None:
    folder = FolderObjectStore(tmp_path)
    stored = folder.put(None, b"original")
    (tmp_path / stored.key).write_bytes(b"changed")
    with pytest.raises(ObjectDamagedError):
        folder.get(stored.key)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FolderObjectStore(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resources.objects.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        folder.put(None, b"too much")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_a_wrong_key_is_refused_in_our_words(name: str) -> None:
    store = _bucket(SERVERS[name], secret="not the secret")
    for act in (store.check, lambda: store.put(None, b"x"), lambda: list(store.keys())):
        with pytest.raises(OSError, match="object store"):
            act()


@pytest.mark.parametrize("name", sorted(SERVERS))
def test_an_object_exchanged_behind_our_back_is_noticed(name: str) -> None:
    store = _bucket(SERVERS[name])
    key = store.put(None, b"original").key
    store._client.put_object(Bucket=store._place.bucket, Key=key, Body=b"changed!")
    with pytest.raises(ObjectDamagedError):
        store.get(key)


def _answering(answer: bytes) -> Iterator[str]:
    """A server that says `answer` to everything and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(1)
                    try:
                        connection.recv(65536)
                        connection.sendall(answer)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join(5)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\nconnection: close\r\n\r\nhalf",
        b"HTTP/1.1 507 Insufficient Storage\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ],
    ids=["hangs up", "nonsense", "fault", "half an answer", "full"],
)
def test_a_server_that_misbehaves_is_an_os_error(answer: bytes) -> None:
    for url in _answering(answer):
        store = _bucket(url)
        with pytest.raises(OSError, match="object store"):
            store.get(f"public/aa/{'a' * 64}")
        with pytest.raises(OSError, match="object store"):
            store.put(None, b"data")


def test_a_server_that_is_down_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(OSError, match="object store"):
        _bucket(url).check()
