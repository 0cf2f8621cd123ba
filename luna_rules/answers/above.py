"""What stands above a passage that is cut out of the middle of a table or a list: column heads, rows and sentences
that lead in.

Only finding it in the passages before, and reading both as one, belongs here. Each piece keeps its own passage, so that
a head is cited where it stands; what a passage says itself is left to `statements`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from luna_rules.answers.model import Passage
from luna_rules.documents.sentences import ITEM_MARKER

MOST_ABOVE = 24
"""Passages before one that are looked through for where its table or list begins."""

_LONG = 1_500
"""Characters of what leads a passage in, beyond which only the beginning of it is taken where there is little room."""
_BY_ITSELF = re.compile(r"\(\d{1,3}[a-z]{0,2}\)\s|\d{1,3}(?:\.\d{1,3}){1,3}\\?[.)]?\s+[A-ZÄÖÜ„\"]")
"""An Absatz, or a clause of terms and conditions („4.2 Auf Wunsch …“): nothing need lead it in."""
_ROW = re.compile(r"</?t(?:r|d|h|body|head)\b", re.I)
_TABLE = re.compile(r"<(?P<end>/?)table\b", re.I)
_RULER = r"\|[ \t:|-]*-[ \t:|-]*"
_HEADED = re.compile(rf"\|[^\n]*\n[ \t]*{_RULER}(?:\n|\Z)")
_HEAD_ROWS = re.compile(rf"^[ \t]*\|[^\n]*\n[ \t]*{_RULER}$", re.M)
_THEAD = re.compile(r"<table\b(?:(?!</?table\b).)*?</thead\s*>", re.I | re.S)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Before:
    """A passage before another in the same document: its place there and the column heads that it is split from."""

    place: int
    table_header: str | None
    passage: Passage


def begins_amid(text: str) -> bool:
    """Whether a passage may begin in the middle of a table or list: with a row that is no head, or with an item."""
    text = text.lstrip()
    if text.startswith("|"):
        return _HEADED.match(text) is None
    if text.startswith("<"):
        return _ROW.match(text) is not None
    return ITEM_MARKER.match(text) is not None and _BY_ITSELF.match(text) is None


def led_in(passage: Passage, place: int, before: Sequence[Before]) -> Passage:
    """The passage, which stands at `place` in its document, with those of `before` that lead it in."""
    own = {one.place: one for one in before if one.passage.item_id == passage.item_id and one.place < place}
    first = next(at for at in range(place, -1, -1) if at - 1 not in own)
    header = own[first].table_header if first in own else None
    head = next((own[at] for at in sorted(own, reverse=True) if at < first and own[at].table_header != header), None)
    near = [own[at].passage for at in range(first, place)]
    return replace(passage, above=above(passage, near, None if head is None else head.passage))


def above(passage: Passage, before: Sequence[Passage], head: Passage | None = None) -> tuple[Passage, ...]:
    """The passages from where the table or list begins that `passage` goes on with; empty where it begins by itself.

    `before` are those right before it in its document, in their order. Where the table begins before them, `head` is
    the passage with its column heads, of which no more than these is taken.
    """
    if not begins_amid(passage.text):
        return ()
    found: list[Passage] = []
    later = passage.text.lstrip()
    for one in reversed(before):
        if (one.item_id, one.section, one.paragraph) != (passage.item_id, passage.section, passage.paragraph):
            return ()
        if not _goes_on(one.text, later):
            return ()
        found.insert(0, replace(one, above=()))
        if _opens(one.text, later):
            return tuple(found)
    heads = _only_head(head, later) if head is not None else None
    return (heads,) if heads else ()


def _goes_on(text: str, later: str) -> bool:
    """Whether a passage can be followed by the rest of its table."""
    if later.startswith("|"):
        return text.rstrip().rpartition("\n")[2].lstrip().startswith("|")
    if later.startswith("<"):
        last = _last_table(text)
        return last is None or not last["end"]
    return True


def _opens(text: str, later: str) -> bool:
    if later.startswith("<"):
        return _last_table(text) is not None
    return not begins_amid(text)


def _last_table(text: str) -> re.Match[str] | None:
    found = list(_TABLE.finditer(text))
    return found[-1] if found else None


def _only_head(head: Passage, later: str) -> Passage | None:
    """The passage up to the end of the column heads of its last table; None where there are none."""
    found = list((_THEAD if later.startswith("<") else _HEAD_ROWS).finditer(head.text))
    return replace(head, text=head.text[: found[-1].end()], above=()) if found else None


def shortly(passage: Passage) -> tuple[Passage, ...]:
    """What leads a passage in, for who has little room: of a long table no more than its column heads, of a long list
    where it begins."""
    if sum(len(one.text) for one in passage.above) <= _LONG:
        return passage.above
    first = passage.above[0]
    return (_only_head(first, passage.text.lstrip()) or first,)


def whole(passage: Passage) -> Passage:
    """The passage with the text of those above it before its own, which begins at `begins`."""
    if not passage.above or passage.begins:
        return passage
    between = _between(passage.text)
    text = "".join(one.text + between for one in passage.above)
    return replace(passage, text=text + passage.text, begins=len(text))


def located(passage: Passage, span: Span) -> list[tuple[str, Span]]:
    """Where a span of a `whole` passage stands: the ids of passages, each with its part of the span in its own text."""
    if not passage.begins:
        return [(passage.chunk_id, span)]
    between = len(_between(passage.text[passage.begins :]))
    found: list[tuple[str, Span]] = []
    at = 0
    for one in passage.above:
        found += _part(one.chunk_id, span, at, at + len(one.text))
        at += len(one.text) + between
    return [*found, *_part(passage.chunk_id, span, passage.begins, len(passage.text))]


def _part(chunk_id: str, span: Span, start: int, end: int) -> Iterator[tuple[str, Span]]:
    first, last = max(span[0], start), min(span[1], end)
    if first < last:
        yield chunk_id, (first - start, last - start)


def _between(text: str) -> str:
    """What parts a passage from the one before it: rows of a table are lines of one paragraph."""
    return "\n" if text.lstrip()[:1] in ("|", "<") else "\n\n"
