"""What changed between an answer as it was given and the same question asked of today's documents."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["same", "rebuilt", "replaced", "changed", "removed"]
"""What became of a passage: untouched; cut anew with the same words; its document has a newer version without these
words; its words are others now; it is gone or was withdrawn."""

_MARK = re.compile(r"\s*\[(?:chunk|receipt) [0-9a-f-]{36}\]")
_FATES: dict[Fate, str] = {
    "replaced": "{label}: Vom Dokument gibt es inzwischen Fassung {version}, dort lautet die Stelle anders oder fehlt.",
    "changed": "{label}: Der Text der Stelle ist heute ein anderer.",
    "removed": "{label}: Die Fundstelle gibt es nicht mehr, oder ihr Dokument ist gelöscht.",
}


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that an answer stands on: the hash of its text and what readers call it."""

    sha256: str
    label: str


@dataclass(frozen=True, slots=True)
class Stand:
    """An answer to compare. `text` is None where its words are not to be compared, because a model wrote them.

    `models`: by name the digest of the weights, empty where the server has no such model; those that nobody knows now
    are left out.
    """

    answered: bool
    text: str | None
    sources: tuple[Source, ...]
    index: tuple[tuple[int, ...], int | None]
    prompt_hash: str
    models: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Survivor:
    """A passage of then: what became of it, and the newest version of its document (None where there is none)."""

    label: str
    fate: Fate
    newest: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different, as a German sentence. `kind` is what it concerns."""

    kind: Literal["answered", "text", "added", "dropped", "passage", "index", "prompt", "model"]
    said: str


def words_of(text: str) -> str:
    """The words of an answer without its marks, by which two answers are compared."""
    return " ".join(_MARK.sub("", text).split())


def changes(then: Stand, now: Stand, survivors: Sequence[Survivor]) -> tuple[Change, ...]:
    """Everything that is different, what concerns the answer itself first."""
    found: list[Change] = []
    if then.answered != now.answered:
        said = (
            "Damals gab es eine Antwort, heute keine." if then.answered else "Damals gab es keine Antwort, heute eine."
        )
        found.append(Change("answered", said))
    elif then.text is not None and now.text is not None and words_of(then.text) != words_of(now.text):
        found.append(Change("text", "Die Antwort lautet heute anders."))
    before, after = {source.sha256 for source in then.sources}, {source.sha256 for source in now.sources}
    for label in _labels(now.sources, before):
        found.append(Change("added", f"Neu unter den Fundstellen: {label}."))
    for label in _labels(then.sources, after):
        found.append(Change("dropped", f"Nicht mehr unter den Fundstellen: {label}."))
    for one in survivors:
        if one.fate in _FATES:
            found.append(Change("passage", _FATES[one.fate].format(label=one.label, version=one.newest)))
    if then.prompt_hash != now.prompt_hash:
        found.append(Change("prompt", "Die Vorgaben, nach denen Antworten verfasst werden, sind andere."))
    for name, digest in then.models.items():
        known = now.models.get(name, digest)
        if not known:
            found.append(Change("model", f"Das Modell {name} liegt nicht mehr auf dem Modellserver."))
        elif known != digest:
            found.append(Change("model", f"Unter dem Namen {name} liegt heute ein anderes Modell als damals."))
    if then.index[0] != now.index[0]:
        found.append(Change("index", "Der Index wurde seither neu gebaut."))
    elif then.index[1] != now.index[1]:
        found.append(Change("index", "Der Bestand an Dokumenten hat sich seither verändert."))
    return tuple(found)


def is_same(found: Sequence[Change]) -> bool:
    """Whether the answer would be given again as it was, on the same words; the world around it may have moved."""
    return not any(change.kind in {"answered", "text", "added", "dropped"} for change in found)


def verdict(found: Sequence[Change], *, compared: bool) -> str:
    """One German sentence for a reader; `compared` tells whether the words of the answer could be compared."""
    if any(change.kind == "passage" for change in found) and is_same(found):
        return "Die Antwort käme heute genauso heraus; einige ihrer Fundstellen sind aber nicht mehr der neueste Stand."
    if is_same(found):
        what = "Dieselbe Antwort aus denselben Stellen" if compared else "Dieselben Stellen"
        beside = ", obwohl sich ringsum etwas verändert hat" if found else ""
        return f"{what}{beside}."
    return "Heute käme es anders heraus."


def _labels(sources: Sequence[Source], known: set[str]) -> list[str]:
    return list(dict.fromkeys(source.label for source in sources if source.sha256 not in known))
