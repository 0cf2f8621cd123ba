"""What travels along the line: documents claimed, documents cut, and groups of them that are written together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from luna_assets.documents.passages import CutDocument
from luna_assets.documents.queue import Claim, Description
from luna_rules.search.analyser import Gathering
from luna_rules.search.found_words import FoundWords
from resources.vectors.index import IndexedItem, VersionInfo
from resources.vectors.postgres_writer import Draft


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed document: where to begin with it, whether the next version takes it, else the live one to enter."""

    claim: Claim
    stage: str
    defer: bool
    version: VersionInfo | None


@dataclass(frozen=True, slots=True)
class Taken:
    """Documents claimed at once; `more`: there may be others."""

    tasks: Sequence[Task]
    more: bool


@dataclass(slots=True)
class Ready:
    """A document that is ready to be written.

    `fresh`: its text is not stored yet. `words`: those of its passages, where the extractor has found them.
    """

    task: Task
    fresh: bool
    document: CutDocument
    description: Description
    item: IndexedItem
    words: FoundWords | None = None


@dataclass(slots=True)
class Group:
    """Documents of one scope that are written together, and what the index needs of them; None: the next version.

    `gathered`: the terms of all of them so far, where each was analysed as it came.
    """

    cuts: list[Ready]
    version: VersionInfo | None
    gathered: Gathering | None = None
    draft: Draft | None = None


@dataclass(slots=True)
class Written:
    """What writing a group came to."""

    ready: int = 0
    vectors: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
