"""The drop place in a bucket, on the servers that `LUNA_TEST_S3` names (see `test_object_store`)."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from luna_assets.meters.imports import ImportRun
from luna_assets.meters.inbox import BucketPlace, Inbox
from resources.database import worker_connection
from resources.inbox_s3 import PREFIX, S3Inbox
from resources.objects_s3 import S3Client, S3ObjectStore, S3Place, connect
from tests.conftest import Database
from tests.contract.test_object_store import S3_KEYS, SERVERS

READINGS = b"""meter_id,ts,consumption_kw
haus-1,2025-01-01T00:00:00Z,1.0
haus-1,2025-01-01T00:15:00Z,2.0
"""
pytestmark = pytest.mark.skipif(not SERVERS, reason="`make test-services` starts servers that speak S3")


@pytest.fixture(params=sorted(SERVERS))
def place(request: pytest.FixtureRequest) -> S3Place:
    return S3Place(SERVERS[request.param], f"luna-{uuid4().hex[:16]}", *S3_KEYS)


@pytest.fixture
def client(place: S3Place) -> S3Client:
    made = connect(place)
    made.create_bucket(Bucket=place.bucket)
    return made


def keys(client: S3Client, place: S3Place) -> list[str]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=PREFIX)
    return sorted(str(found["Key"]).removeprefix(PREFIX) for page in pages for found in page.get("Contents", []))


def test_a_missing_bucket_is_an_empty_one(place: S3Place) -> None:
    assert list(BucketPlace(S3Inbox(place)).files()) == []


def test_objects_become_imports_and_are_moved(
    client: S3Client, place: S3Place, database: Database, tmp_path: Path
) -> None:
    for name, body in (
        ("zaehler.csv", READINGS),
        ("kaputt.csv", b"meter_id,ts,consumption_kw\nhaus-1,gestern,1\n"),
        ("default/zwei.csv", READINGS.replace(b"haus-1", b"haus-2")),
        ("halb.csv.part", READINGS),
        ("leer.csv", b""),
    ):
        client.put_object(Bucket=place.bucket, Key=PREFIX + name, Body=body)
    objects = S3ObjectStore(place)
    with worker_connection(database.urls.worker) as worker:
        inbox = Inbox([BucketPlace(S3Inbox(place))], worker, objects, max_bytes=10**6)

        def run() -> None:
            ImportRun(worker, objects, run_id="test", log=lambda _: None, inbox=inbox).work()

        run()
        assert keys(client, place) == [
            "done/default/zwei.csv", "done/zaehler.csv", "failed/kaputt.csv", "failed/kaputt.csv.warum.txt",
            "failed/leer.csv", "failed/leer.csv.warum.txt", "halb.csv.part",
        ]  # fmt: skip
        assert worker.execute("SELECT count(*) FROM smart_meter_readings").fetchone() == (4,)
        # Other bytes: servers that keep whole seconds would call the same ones within a second the same arrival.
        client.put_object(Bucket=place.bucket, Key=PREFIX + "zaehler.csv", Body=READINGS + b"\n")
        run()
        done = [name for name in keys(client, place) if name.startswith("done/zaehler")]
        assert len(done) == 2, "another arrival under the same name stands beside the first"
        assert worker.execute("SELECT count(*) FROM imports WHERE unchanged = 2").fetchone() == (1,)


def test_a_server_that_is_gone_costs_nothing(database: Database, tmp_path: Path) -> None:
    gone = S3Place("http://127.0.0.1:9", "luna-gone", *S3_KEYS)
    with worker_connection(database.urls.worker) as worker:
        inbox = Inbox([BucketPlace(S3Inbox(gone))], worker, S3ObjectStore(gone), max_bytes=10**6)
        assert inbox.collect() == 0
