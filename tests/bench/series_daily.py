"""What many small files cost: the year of each meter as one file a day, through the run that works off the imports.

Run it as `python tests/bench/series_daily.py [--meters 1] [--days 365]`; each file has the day of all meters. It starts
an embedded server, and prints seconds of the clock and of the processor (this process, and the backend) for the files
of each day, and beside them for one file of the same rows.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from luna_assets.meters.imports import ImportRun  # noqa: E402
from resources.database import DEFAULT_TENANT, Connection, worker_connection  # noqa: E402
from resources.embedded.postgres import EmbeddedPostgres  # noqa: E402
from resources.migrate import migrate  # noqa: E402
from resources.objects import FolderObjectStore  # noqa: E402
from resources.secrets import database_urls, load_secrets  # noqa: E402
from resources.series import imports as queue  # noqa: E402
from resources.settings import load_settings  # noqa: E402
from tests.bench.processor import backend_seconds  # noqa: E402
from tests.places import free_port  # noqa: E402

DAY = 96


def year(meter: str, days: int, seed: int) -> pl.DataFrame:
    """Quarter-hours with a rhythm of days and weeks, a few times a year far too much."""
    rng = np.random.default_rng(seed)
    rows = days * DAY
    place = np.arange(rows)
    rhythm = 0.4 + 0.3 * np.sin((place % DAY / 4 - 6) / 24 * 2 * np.pi) + 0.1 * (place // DAY % 7 > 4)
    used = np.round(rhythm * rng.gamma(6, 1 / 6, rows), 3)
    used[rng.choice(rows, 1 + days // 120, replace=False)] = 25.0
    ts = np.datetime64("2025-01-01T00:00:00", "us") + place * np.timedelta64(900, "s")
    return pl.DataFrame({"meter_id": pl.Series([meter] * rows), "ts": ts, "consumption_kw": used})


def run(worker: Connection, objects: FolderObjectStore, files: list[bytes]) -> dict[str, float]:
    """Seconds that the run took for them."""
    for content in files:
        stored = objects.put(DEFAULT_TENANT, content)
        new = queue.NewImport(
            DEFAULT_TENANT, "smart_meter_readings", "load", "upload", "tag.csv", stored.sha256, stored.size_bytes,
            stored.key, {},
        )  # fmt: skip
        queue.receive_from_worker(worker, new)
    pid = worker.info.backend_pid
    wall, own, server = time.perf_counter(), time.process_time(), backend_seconds(pid)
    report = ImportRun(worker, objects, run_id=f"run-{uuid4()}", log=lambda _: None).work()
    assert report.files == len(files), report
    return {
        "files": len(files),
        "loaded": report.readings.loaded,
        "wall_s": round(time.perf_counter() - wall, 2),
        "python_s": round(time.process_time() - own, 2),
        "backend_s": round(backend_seconds(pid) - server, 2),
    }


def csv(frame: pl.DataFrame) -> bytes:
    return frame.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).write_csv().encode()


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--meters", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder:
        home = Path(folder)
        with EmbeddedPostgres(home / "pg", free_port(), "owner-of-the-bench") as server:
            settings = load_settings({"luna_home": home, "database_url": server.url})
            secrets = load_secrets(settings)
            urls = database_urls(settings, secrets)
            migrate(urls, secrets)
            frame = pl.concat([year(f"tag-{one}", given.days, one) for one in range(given.meters)])
            days = frame.with_columns(day=pl.col("ts").dt.date()).partition_by("day", maintain_order=True)
            daily = [csv(part.drop("day")) for part in days]
            whole = csv(frame.with_columns(meter_id=pl.col("meter_id").str.replace("tag", "jahr")))
            objects = FolderObjectStore(home / "objects")
            with worker_connection(urls.worker) as worker:
                run(worker, objects, [b"meter_id,ts,consumption_kw\nwarm,2025-01-01T00:00:00Z,1\n"])
                figures = {"whole": run(worker, objects, [whole]), "daily": run(worker, objects, daily)}
                flags = worker.execute(
                    "SELECT left(meter_id, 3), quality, count(*) FROM smart_meter_readings GROUP BY 1, 2 ORDER BY 1, 2"
                ).fetchall()
        print(json.dumps(figures | {"quality": flags, "load": round(os.getloadavg()[0], 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
