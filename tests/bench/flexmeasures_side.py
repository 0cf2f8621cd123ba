"""Luna beside FlexMeasures: a year of 35,040 quarter-hours of one meter, written and read through each one's own API.

Run it as `python tests/bench/flexmeasures_side.py [--repeat 5]`. FlexMeasures comes from the package index into an
environment of its own below `.cache/`, with a database of its own on the same embedded PostgreSQL server that Luna
uses here; both answer HTTP on this machine. What cannot be installed or started is told, not left out silently.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import httpx
import psycopg

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.series_import import YEAR, frames  # noqa: E402
from tests.places import free_port  # noqa: E402
from tests.stack import Stack  # noqa: E402

PACKAGE = "flexmeasures==1.0.1"
VENV = ROOT / ".cache" / "flexmeasures"
# Its 1.0.1 asks for a validity of "1 week", which flask-security-too 5.9 no longer reads: it does not start with that.
PINNED = "flask-security-too<5.9"
SERVER = """
import json, sys
from datetime import timedelta
from flexmeasures.app import create
app = create()
with app.app_context():
    from flexmeasures.data import db
    from flexmeasures.data.models.generic_assets import GenericAsset, GenericAssetType
    from flexmeasures.data.models.time_series import Sensor
    from flexmeasures.data.models.user import Account
    from flexmeasures.data.services.users import create_user
    account = Account(name="bench")
    db.session.add(account)
    db.session.flush()
    user = create_user(password="only-of-the-bench-18", email="bench@example.com", username="bench",
                       account_name="bench", user_roles=["account-admin"], check_email_deliverability=False)
    kind = GenericAssetType(name="house-of-the-bench")
    db.session.add(kind)
    db.session.flush()
    house = GenericAsset(name="house", generic_asset_type=kind, owner=account)
    db.session.add(house)
    db.session.flush()
    meter = Sensor(name="meter", generic_asset=house, unit="kW", event_resolution=timedelta(minutes=15),
                   timezone="Europe/Berlin")
    db.session.add(meter)
    db.session.commit()
    print(json.dumps({"sensor": meter.id, "token": user.get_auth_token()}), flush=True)
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), app, threaded=True)
"""
STEPS_TIMEOUT_S = 600
START, DURATION = "2025-01-01T00:00:00+00:00", "P365D"


class CannotRunError(RuntimeError):
    """FlexMeasures cannot be installed or started; the text says at which step and why."""


def program() -> Path:
    """The `flexmeasures` command, installed where it is not yet. Raises `CannotRunError`."""
    found = VENV / "bin" / "flexmeasures"
    if not found.exists():
        for command in (
            [sys.executable, "-m", "venv", str(VENV)],
            [
                str(VENV / "bin" / "python"),
                "-m",
                "pip",
                "install",
                "-q",
                "--disable-pip-version-check",
                PACKAGE,
                PINNED,
            ],
        ):
            _step("install", command, dict(os.environ))
    return found


def _step(name: str, command: list[str], environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=tempfile.gettempdir(),
            capture_output=True,
            text=True,
            timeout=STEPS_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as fault:
        raise CannotRunError(f"{name}: not done within {STEPS_TIMEOUT_S} s") from fault
    told = done.stdout + done.stderr
    if done.returncode:
        raise CannotRunError(f"{name}: {told.strip()[-600:]}")
    return told


def timed(repeat: int, call: Callable[[], httpx.Response]) -> tuple[float, httpx.Response]:
    """Median milliseconds of a call, and its last answer."""
    spent: list[float] = []
    response = call()
    for _ in range(repeat):
        begun = time.perf_counter()
        response = call()
        spent.append((time.perf_counter() - begun) * 1000)
        response.raise_for_status()
    return median(spent), response


def flexmeasures(stack: Stack, values: list[float], repeat: int) -> dict[str, object]:
    """Import and read of FlexMeasures. Raises `CannotRunError`."""
    command = program()
    owner = str(json.loads((stack.home / "secrets.json").read_text("utf-8"))["db_owner_password"])
    server = f"postgresql://luna_owner:{owner}@127.0.0.1:{stack.ports['DB_PORT']}"
    with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as connection:
        connection.execute("CREATE DATABASE flexmeasures")
    port = free_port()
    environment = {
        **os.environ,
        "SQLALCHEMY_DATABASE_URI": f"{server}/flexmeasures",
        "SECRET_KEY": "of-the-bench",
        "SECURITY_TOTP_SECRETS": '{"1": "of-the-bench-of-the-bench-of-the-bench"}',
        "FLEXMEASURES_ENV": "development",
        "OMP_NUM_THREADS": "1",
    }
    _step("db upgrade", [str(command), "db", "upgrade"], environment)
    with ExitStack() as held:
        process = held.enter_context(
            subprocess.Popen(
                [str(VENV / "bin" / "python"), "-c", SERVER, str(port)],
                env=environment,
                cwd=tempfile.gettempdir(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        )
        held.callback(process.terminate)
        made = next((line for line in process.stdout or () if line.startswith('{"sensor"')), None)
        if made is None:
            raise CannotRunError("its application ended before a sensor was made")
        known = json.loads(made)
        client = held.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}", timeout=600, headers={"Authorization": str(known["token"])}
            )
        )
        _wait_for(client)
        address = f"/api/v3_0/sensors/{known['sensor']}/data"
        span = {"start": START, "duration": DURATION, "unit": "kW"}
        begun = time.perf_counter()
        written = client.post(address, json={"values": values, **span})
        spent = (time.perf_counter() - begun) * 1000
        if written.status_code >= 300:
            raise CannotRunError(f"POST data: {written.status_code} {written.text[:400]}")
        read, response = timed(repeat, lambda: client.get(address, params=span | {"resolution": "PT15M"}))
        found = [value for value in response.json()["values"] if value is not None]
        if len(found) != len(values):
            raise CannotRunError(f"GET data: {len(found)} of {len(values)} values came back")
    return {"import_ms": round(spent), "read_ms": round(read, 1), "read_bytes": len(response.content)}


def _wait_for(client: httpx.Client) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            if client.get("/api/v3_0/health/ready").status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    raise CannotRunError("run: did not answer within 180 s")


def luna(stack: Stack, values: list[float], repeat: int) -> dict[str, object]:
    """Import (upload to the end of the import, runs warm) and read of Luna, through its API."""
    spent: list[float] = []
    ts = frames(1).__next__()["ts"]
    for number in range(2):
        rows = "".join(
            f"bench-{number},{moment:%Y-%m-%dT%H:%M:%SZ},{value}\n" for moment, value in zip(ts, values, strict=True)
        )
        begun = time.perf_counter()
        state = stack.data(
            stack.api.post(
                "/data/load",
                files={"file": ("jahr.csv", f"meter_id,ts,consumption_kw\n{rows}".encode())},
                data={"wait": "120"},
            )
        )
        spent.append((time.perf_counter() - begun) * 1000)
        assert state["loaded"] == len(values), state
    asked = {"meter_id": "bench-1", "from": START, "to": "2026-01-01T00:00:00+00:00", "resolution": "raw"}
    read, response = timed(repeat, lambda: stack.api.get("/data/smartmeter", params=asked))
    assert len(response.json()["data"]["ts"]) == len(values)
    return {
        "import_ms": round(spent[-1]),
        "import_with_start_of_a_run_ms": round(spent[0]),
        "read_ms": round(read, 1),
        "read_bytes": len(response.content),
    }


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=5)
    given = parser.parse_args()
    values = [float(value) for value in next(frames(1))["consumption_kw"]]
    assert len(values) == YEAR
    figures: dict[str, object] = {"load": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="luna-bench-") as folder, Stack(Path(folder) / "home") as stack:
        stack.wait_healthy()
        figures["luna"] = luna(stack, values, given.repeat)
        print(json.dumps(figures), flush=True)
        try:
            figures["flexmeasures"] = flexmeasures(stack, values, given.repeat)
        except CannotRunError as fault:
            figures["flexmeasures"] = f"cannot be run: {fault}"
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
