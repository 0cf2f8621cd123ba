"""What every object store promises. A later implementation joins `STORES`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from resources.objects import FolderObjectStore, ObjectDamagedError, ObjectMissingError, ObjectStore

STORES: dict[str, Callable[[Path], ObjectStore]] = {"folder": lambda root: FolderObjectStore(root / "objects")}


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
