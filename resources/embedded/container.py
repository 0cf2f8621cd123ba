"""Becomes one part of the stack in a container of its own: `python -m resources.embedded.container api`.

The parts and their settings are those of the embedded stack; only where they listen differs. Nothing is supervised
here: the container runtime does that.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

from resources.embedded.parts import ROOT, build_parts, fault_of
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings, SettingsError, load_settings

PARTS = ("code_server", "webserver", "daemon", "api")
EVERYWHERE = "0.0.0.0"  # noqa: S104  within the container's own network; compose publishes what people may reach
_LOOPBACK = "127.0.0.1"


def command(name: str, settings: Settings) -> tuple[tuple[str, ...], dict[str, str]]:
    """The program of a part and its environment. Raises `SettingsError` where no database is named."""
    if settings.database_url is None:
        raise SettingsError(
            "DATABASE_URL fehlt; in einem Container läuft keine eingebaute Datenbank; richtig wäre zum Beispiel "
            "DATABASE_URL=postgresql://luna_owner:secret@db:5432/luna"
        )
    urls = database_urls(settings, load_secrets(settings))
    part = next(part for part in build_parts(settings, urls, None) if part.name == name)
    argv = tuple(EVERYWHERE if word == _LOOPBACK else word for word in part.argv)
    return argv, {**part.env, "LUNA_CODE_SERVER_HOST": settings.code_server_host}


def check(name: str, settings: Settings, environment: dict[str, str]) -> str | None:
    """What is wrong with the part in this container, None where it is well: for the runtime's health checks."""
    here = settings.model_copy(update={"dagster_host": _LOOPBACK, "bind_address": _LOOPBACK})
    if name == "daemon":
        asked = (sys.executable, "-m", "dagster._daemon", "liveness-check")
        done = subprocess.run(asked, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=25, check=False)
        return None if done.returncode == 0 else done.stderr.strip()[-300:] or "the daemon sends no heartbeat"
    part = next(part for part in build_parts(here, database_urls(here, load_secrets(here)), None) if part.name == name)
    return fault_of(part, here, None)


def main() -> None:
    """Prepare the home and become the part."""
    parser = argparse.ArgumentParser(prog="python -m resources.embedded.container", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--check", action="store_true", help="only ask whether the part in this container is well")
    given = parser.parse_args()
    try:
        settings = load_settings()
        argv, environment = command(given.part, settings)
    except SettingsError as fault:
        sys.exit(str(fault))
    if given.check:
        sys.exit(check(given.part, settings, environment))
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("dagster.yaml", "workspace.yaml"):
        shutil.copyfile(ROOT / "resources" / "embedded" / file, folder / file)
    os.chdir(ROOT)
    os.execve(argv[0], argv, environment)  # noqa: S606  the command is our own


if __name__ == "__main__":
    main()
