"""Drill: what the README tells a new user to type is typed, in a fresh clone, on free ports.

The installation itself is left out (`.ci/run` does it from nothing): the clone gets stand-ins that run this
environment's Python on the clone's files.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.places import ROOT, free_port

pytestmark = pytest.mark.drill

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:luna|make) [^`\n]+)`")
PORTS = ("API_PORT", "DB_PORT", "DAGSTER_PORT", "CODE_SERVER_PORT")
# Done by `.ci/run` itself, for hours of machine time altogether; here it is only looked whether they exist.
OTHERWHERE = {"test", "smoke", "drills", "test-services", "test-browser", "bench", "lint", "types", "help"}


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def commands() -> list[str]:
    """Lines of the shell blocks, in order."""
    return [line.strip() for block in BLOCK.findall(readme()) for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed, ready as after `make setup ui`."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("git or the checkout is missing")
    folder = tmp_path_factory.mktemp("readme") / "luna-iems"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True, timeout=120)
    # Older than the stand-ins, or make would install.
    for name in ("requirements.lock", "pyproject.toml", "requirements-ui.lock", "luna_ui/package-lock.json"):
        os.utime(folder / name, (0, 0))
    for file in (folder / "luna_ui").rglob("*"):
        os.utime(file, (0, 0))
    stand_in(folder / ".venv/bin/python", f'[ "$2" = pip ] && exit 9\nexec {shlex.quote(sys.executable)} "$@"')
    luna = f"PYTHONPATH={shlex.quote(str(folder))} exec {shlex.quote(sys.executable)} -m luna_cli.main"
    stand_in(folder / ".venv/bin/luna", f'{luna} "$@"')
    (folder / ".venv/.node").touch()
    (folder / "luna_ui/node_modules").mkdir()
    (folder / "luna_ui/node_modules/.package-lock.json").touch()
    built = ROOT / "luna_ui/dist"
    if built.is_dir():
        shutil.copytree(built, folder / "luna_ui/dist")
    else:
        (folder / "luna_ui/dist").mkdir()
    (folder / "luna_ui/dist/index.html").touch()
    return folder


def stand_in(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n", "utf-8")
    path.chmod(0o755)


def environment(**ports: str) -> dict[str, str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LUNA_") and key not in PORTS}
    return {**clean, "OMP_NUM_THREADS": "1", **ports}


@contextmanager
def in_foreground(command: str, folder: Path, ports: dict[str, str]) -> Generator[subprocess.Popen[str]]:
    """`make dev` in a terminal of its own until Ctrl-C."""
    process = subprocess.Popen(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env=environment(**ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Where the tests themselves run in the background Ctrl-C is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        address = f"http://127.0.0.1:{ports['API_PORT']}"
        for _ in range(1200):
            assert process.poll() is None, process.stdout.read() if process.stdout else ""
            try:
                if httpx.get(f"{address}/health", params={"ready": "1"}, timeout=30).status_code == 200:
                    break
            except httpx.HTTPError:
                pass
            time.sleep(0.25)
        else:
            pytest.fail(f"{command}: not ready within five minutes")
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=200)


def run(command: str, folder: Path, ports: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=folder,
        env=environment(**ports),
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_the_commands_of_the_readme_do_what_it_says(clone: Path) -> None:
    first = {name: str(free_port()) for name in PORTS}
    asked = [line for line in commands() if line.startswith((".venv/bin/luna", "curl "))]
    assert any(" ingest " in line for line in asked)
    assert any(" ask " in line for line in asked)
    with in_foreground("make dev", clone, first) as process:
        for line in asked:
            done = run(line, clone, first)
            assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
            if " ask " in line:
                assert "[1]" in done.stdout
                assert "Quellen" in done.stdout
        page = httpx.get(f"http://127.0.0.1:{first['API_PORT']}/", timeout=60)
        assert page.headers["Content-Type"].startswith("text/html")
        assert httpx.get(f"http://127.0.0.1:{first['API_PORT']}/api/v1/docs", timeout=60).status_code == 200
        assert httpx.get(f"http://127.0.0.1:{first['DAGSTER_PORT']}/", timeout=60).status_code == 200
        # a second home beside the first, as the settings section has it, only on ports that are free here
        (beside,) = [line for line in commands() if line.startswith("LUNA_HOME=")]
        second = {name: str(free_port()) for name in PORTS}
        for name, port in second.items():
            assert f"{name}=" in beside
            beside = re.sub(rf"\b{name}=\d+", f"{name}={port}", beside)
        with in_foreground(beside, clone, second):
            assert process.poll() is None
    status = run("luna status".replace("luna", ".venv/bin/luna", 1), clone, first)
    assert status.returncode == 3, "Ctrl-C left something running"


def test_the_commands_in_its_sentences_exist(clone: Path) -> None:
    ports = {name: str(free_port()) for name in PORTS}
    told = set(INLINE.findall(readme()))
    targets = set(re.findall(r"^([a-z-]+):.*##", (clone / "Makefile").read_text("utf-8"), re.MULTILINE))
    for line in told:
        program, *words = shlex.split(line)
        if program == "make":
            assert words[0] in targets, line
        else:
            done = run(f".venv/bin/luna {words[0]} --help", clone, ports)
            assert done.returncode == 0, line
            for option in (word for word in words if word.startswith("--")):
                assert option in done.stdout, line
    assert run(".venv/bin/luna dev --detach", clone, ports).returncode == 0
    try:
        assert run(".venv/bin/luna status", clone, ports).returncode == 0
        assert run(".venv/bin/luna doctor", clone, ports).returncode == 0
    finally:
        assert run(".venv/bin/luna down", clone, ports).returncode == 0


def test_every_command_of_the_readme_is_covered() -> None:
    for line in commands():
        words = [word for word in shlex.split(line) if "=" not in word or not word[0].isupper()]
        known = words[0] in {".venv/bin/luna", "curl"} or (words[0] == "make" and words[1] in {"dev", *OTHERWHERE})
        assert known, f"the README has a command that nobody tries: {line}"
