"""The laws that the tour stands on: those in force, earlier texts of some, and what was repealed.

Read from `../shared/data/law` (see its README for source and licence); nothing of it is kept in the project.
"""

from __future__ import annotations

import lzma
import time
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.places import SHARED

LAWS = SHARED / "data" / "law"
STAND = "2026-08-19"
"""The day of the collection in `law/current`: from then on its texts are known to be in force."""
SETTLE_S = 600.0
CONFLICT = 409

Log = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a law: where it lies, and from which day to which it is known to have been in force."""

    path: Path
    name: str
    valid_from: str
    valid_to: str = ""

    def read(self) -> bytes:
        """Its bytes, unpacked."""
        data = self.path.read_bytes()
        return lzma.decompress(data) if self.path.suffix == ".xz" else data


# Oldest first: a later text of the same law enters as its next version.
VERSIONS: tuple[tuple[Text, ...], ...] = (
    (
        Text(LAWS / "history" / "2021-12-31" / "EnWG.md.xz", "EnWG.md", "2021-04-30"),
        Text(LAWS / "current" / "EnWG-BJNR197010005.md", "EnWG.md", STAND),
    ),
    (
        Text(LAWS / "history" / "2021-12-31" / "EEG_2021.md.xz", "EEG.md", "2021-04-30"),
        Text(LAWS / "history" / "2023-01-01" / "EEG_2023.md.xz", "EEG.md", "2023-01-01"),
        Text(LAWS / "current" / "EEG_2023-BJNR106610014.md", "EEG.md", STAND),
    ),
    (
        Text(LAWS / "superseded" / "GEG-BJNR172810020_stand-2026-08-11.md", "GEG.md", "2020-11-01"),
        Text(LAWS / "current" / "GModG-BJNR172810020.md", "GModG.md", "2026-08-12"),
    ),
    (Text(LAWS / "superseded" / "StromNZV_stand-2026-01-03.md", "StromNZV.md", "2005-07-29", "2025-12-31"),),
)


def present() -> bool:
    """Whether the laws are on this machine."""
    return all(text.path.exists() for law in VERSIONS for text in law)


def others() -> Iterator[Path]:
    """The laws in force of which no earlier text is taken in."""
    taken = {text.path for law in VERSIONS for text in law}
    return (path for path in sorted((LAWS / "current").glob("*.md")) if path not in taken)


def take_in(api: httpx.Client, log: Log, *, hold_back: Container[str] = ()) -> bool:
    """Upload what is not there yet, but for the names held back, and wait until it can be found; whether all was new.

    Raises `RuntimeError` where something cannot be taken in.
    """
    sent: list[Sent] = []
    for law in VERSIONS:
        document = ""
        for text in law:
            if text.name in hold_back:
                continue
            one = send(api, text.name, text.read(), text.valid_from, text.valid_to, document)
            document = one.document_id
            sent.append(one)
    sent += [send(api, path.name, path.read_bytes()) for path in others()]
    log(f"{sum(one.new for one in sent)} of {len(sent)} texts are new")
    settle(api, [one.item_id for one in sent])
    return all(one.new for one in sent)


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an upload; `new` is false where the same bytes were there already."""

    item_id: str
    document_id: str
    new: bool


def send(
    api: httpx.Client, name: str, data: bytes, valid_from: str = "", valid_to: str = "", document: str = ""
) -> Sent:
    """Upload one text as a public regulation; where it is there already, say which one it is."""
    fields = {"kind": "regulation", "wait": "0", "visibility": "public"}
    given = (("valid_from", valid_from), ("valid_to", valid_to), ("document_id", document))
    fields |= {key: value for key, value in given if value}
    response = api.post("/ingest/doc", files={"file": (name, data, "text/markdown")}, data=fields)
    body = response.json()
    if response.status_code not in (200, 202, CONFLICT):
        raise RuntimeError(f"{name}: {response.status_code} {body['message']}")
    found = body["data"]
    return Sent(str(found["item_id"]), str(found["document_id"]), response.status_code != CONFLICT)


def settle(api: httpx.Client, items: list[str], within_s: float = SETTLE_S) -> None:
    """Wait until all of these can be found. Raises `RuntimeError` where one failed or time is up."""
    end = time.monotonic() + within_s
    left = list(items)
    while left:
        state = api.get(f"/ingest/{left[0]}").json()["data"]
        if state["status"] == "failed":
            raise RuntimeError(f"{state['file_name']}: {state['error']}")
        if state["status"] == "ready":
            left.pop(0)
        elif time.monotonic() > end:
            raise RuntimeError(f"{len(left)} texts were not ready within {within_s:.0f} s")
        else:
            time.sleep(1)
