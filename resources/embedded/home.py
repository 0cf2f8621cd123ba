"""The layout of a `LUNA_HOME`, written down in it, so that a later release knows what it finds.

A layout newer than this release knows is refused; an older one is brought up, step by step.
"""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

from resources.embedded.errors import EmbeddedError

LAYOUT = 1
FILE_NAME = "luna.json"
FOLDERS = ("logs", "run", "dagster")

_STEPS: dict[int, Callable[[Path], None]] = {0: lambda home: None}
"""For each older layout, what makes it the next one. Layout 0 had no mark and the same folders as 1."""


@dataclass(frozen=True, slots=True)
class HomeMark:
    """What `luna.json` says: the layout, the release that wrote last, when the home was made (ISO 8601, UTC)."""

    layout: int
    release: str
    created_at: str


def release() -> str:
    """Version of this release."""
    try:
        return importlib.metadata.version("luna-iems")
    except importlib.metadata.PackageNotFoundError:
        return _release_of_the_tree()


def read_mark(home: Path) -> HomeMark | None:
    """The home's mark, None where there is none. Raises `EmbeddedError` when it cannot be read."""
    path = home / FILE_NAME
    try:
        kept = json.loads(path.read_text("utf-8"))
        return HomeMark(int(kept["layout"]), str(kept["release"]), str(kept["created_at"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise EmbeddedError(
            f"{path} ist nicht lesbar ({type(fault).__name__}). "
            "Bitte aus einer Sicherung holen oder ein anderes LUNA_HOME setzen."
        ) from fault


def open_home(home: Path) -> HomeMark:
    """Make or bring up the home's layout and return its mark. Raises `EmbeddedError` for a newer layout."""
    mark = read_mark(home)
    if mark is not None and mark.layout > LAYOUT:
        raise EmbeddedError(
            f"{home} stammt von einer neueren Luna ({mark.release}, Aufbau {mark.layout}); "
            f"diese ({release()}) kennt nur Aufbau {LAYOUT}. "
            "Bitte die neuere Luna nehmen oder ein anderes LUNA_HOME setzen."
        )
    try:
        # documents and logs are nobody else's business: the folder itself is closed
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in FOLDERS:
            (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        for layout in range(mark.layout if mark else 0, LAYOUT):
            _STEPS[layout](home)
        created = mark.created_at if mark else dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        current = HomeMark(LAYOUT, release(), created)
        if current != mark:
            write_private(home / FILE_NAME, json.dumps(asdict(current), indent=1) + "\n")
    except OSError as fault:
        raise EmbeddedError(
            f"LUNA_HOME {home} ist nicht benutzbar: {fault.strerror or fault} ({fault.filename or home})."
        ) from fault
    return current


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    temporary.replace(path)


def _release_of_the_tree() -> str:
    import tomllib

    try:
        text = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
        return str(cast("dict[str, dict[str, object]]", tomllib.loads(text))["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "0"
