"""Passages cut into statements: a sentence, a row of a table, or a lead-in with the items of its list.

Only cutting belongs here, so that nothing is cited that was torn from its sense; no statement is judged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from luna_rules.answers import layout
from luna_rules.answers.model import Passage
from luna_rules.answers.orders import ORDER
from luna_rules.documents.sentences import ITEM_MARKER, split_sentences

_ABSATZ = re.compile(r"\(\d{1,3}[a-z]{0,2}\)\s")
_SKIP = re.compile(r"\s*(?:#{1,6}\s|<|\d{1,3}\\?[.)]\s+<table\b|\(weggefallen\)|-\s*\|?$|Inhaltsübersicht)")
_HEADING = re.compile(r"#{1,6}[ \t][^\n]*(?=\n)")
_SOURCE = re.compile(r"\s*\(Fundstelle:[^()]*\)\s*")
_DEFINES = re.compile(r"begriff|definition|bestimmung der begriffe", re.I)
_ENTRY = re.compile(r"^\d{1,3}[a-z]{0,2}\\?[.)]\s", re.M)
_SUB_ITEM = re.compile(r"[a-z]{1,2}\\?\)\s")
_RULER = re.compile(r"[\s|:-]*")


@dataclass(slots=True)
class Statement:
    """A sentence, or a lead-in with the items of its list: what can be cited without tearing sense apart."""

    passage: int
    spans: list[tuple[int, int]]
    items: list[list[tuple[int, int]]] = field(default_factory=list["list[tuple[int, int]]"])
    table: bool = False

    @property
    def start(self) -> int:
        """Where the statement begins in its passage."""
        return self.spans[0][0] if self.spans else self.items[0][0][0]

    @property
    def last(self) -> int:
        """Where its last own part begins: a row of a table stands behind the header that it shares with others."""
        return self.spans[-1][0] if self.spans else self.start


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _begins_line(text: str, at: int) -> bool:
    line = _line(text, at)
    return not text[line:at].strip()


def statements(passage: Passage, number: int = 0) -> list[Statement]:
    """The statements of a passage in reading order, without page furniture and bare headings."""
    text = passage.text
    headings = (*passage.heading_path, passage.title)
    found: list[Statement] = []
    spans, torn = _spans(text)
    spans = [span for span in spans if not ORDER.search(text, *span)]
    if _DEFINES.search(passage.heading_path[-1] if passage.heading_path else "") and _ENTRY.search(text):
        return _entries(text, spans, number)
    group: Statement | None = None
    header: list[tuple[int, int]] = []
    above: list[tuple[int, tuple[int, int]]] = []
    for index, (start, end) in enumerate(spans):
        if start in torn and found and found[-1].spans and not found[-1].items:
            found[-1].spans.append((start, end))
            continue
        line_start = _begins_line(text, start)
        if line_start and text.startswith("|", start):
            group = None
            before = found[-1] if found else None
            if _RULER.fullmatch(text[start:end]):
                if (
                    not header
                    and before
                    and before.spans
                    and not before.table
                    and text[: before.spans[-1][1]].endswith(":")
                ):
                    # A header without words leaves it to the sentence above to say what the rows are.
                    header = [before.spans[-1]]
            else:
                row = layout.row_cells(text, (start, end))
                if not header and index + 1 < len(spans) and _RULER.fullmatch(text[slice(*spans[index + 1])]):
                    header = [row]
                elif row[0] < row[1]:
                    depth = layout.empty_cells(text, (start, end))
                    above = [one for one in above if one[0] < depth]
                    found.append(Statement(number, [*header, *(one[1] for one in above), row], table=True))
                    if text[row[1] : end].count("|") > 1:  # no value of its own: it leads in the rows below
                        above.append((depth, row))
            continue
        header = []
        if line_start and _SKIP.match(text, start):
            group = None
            continue
        if len(spans) > 1 and _SOURCE.fullmatch(text, start, end):
            group = None
            continue
        if line_start and layout.is_heading(text[start:end], headings):
            continue
        rows = layout.table_rows(text, (start, end))
        if rows is not None:
            lead = [rows[0]] if rows[0] else []
            found += [Statement(number, [*lead, row], table=True) for row in rows[1]]
            group = None
            continue
        is_item = line_start and ITEM_MARKER.match(text, start) is not None and not _ABSATZ.match(text, start)
        if is_item:
            if group is None or (not group.items and not _leads_in(text, group)):
                group = Statement(number, [])
                found.append(group)
            group.items.append([(start, end)])
            continue
        if group is not None and group.items and not line_start:
            group.items[-1].append((start, end))
            continue
        if group is not None and group.items and text[start : start + 1].islower():
            # What closes the sentence behind its list belongs to every item.
            group.items.append([(start, end)])
            group = None
            continue
        upcoming = spans[index + 1][0] if index + 1 < len(spans) else None
        leads = upcoming is not None and _begins_line(text, upcoming) and ITEM_MARKER.match(text, upcoming) is not None
        if line_start and not leads and layout.is_label(text[start:end]):
            group = None
            continue
        group = Statement(number, [(start, end)])
        found.append(group)
        if not leads:
            group = None
    return [one for statement in found for one in _apart(text, statement)]


def _entries(text: str, spans: Sequence[tuple[int, int]], number: int) -> list[Statement]:
    """The entries of a list of definitions, each by itself with all that stands under its number."""
    found: list[Statement] = []
    lead: list[tuple[int, int]] = []
    for start, end in spans:
        first = _begins_line(text, start)
        if first and _SKIP.match(text, start):
            continue
        if first and _ENTRY.match(text, start):
            found.append(Statement(number, [(start, end)]))
        elif not found:
            lead.append((start, end))
        elif first and _SUB_ITEM.match(text, start):
            found[-1].items.append([(start, end)])
        elif found[-1].items:
            found[-1].items[-1].append((start, end))
        else:
            found[-1].spans.append((start, end))
    return [*([Statement(number, lead)] if lead else []), *found]


def _spans(text: str) -> tuple[list[tuple[int, int]], set[int]]:
    """The sentences without page furniture, and where one goes on that it had torn.

    Lines of a table that a number's point seemed to end are joined again.
    """
    found: list[tuple[int, int]] = []
    torn: set[int] = set()
    for span in (part for whole in split_sentences(text) for part in _below_heading(text, whole)):
        for number, part in enumerate(layout.without_furniture(text, span)):
            if number:
                torn.add(part[0])
            if found and text.startswith("|", _line(text, part[0])) and "\n" not in text[found[-1][1] : part[0]]:
                found[-1] = (found[-1][0], part[1])  # cells that end like a sentence do not end their row
                continue
            if found and text[found[-1][1] : part[0]] == "\n" and text[part[0]].isdigit():
                joined = (found[-1][0], part[1])
                if layout.table_rows(text, joined) is not None:
                    found[-1] = joined
                    continue
            found.append(part)
    return found, torn


def _below_heading(text: str, span: tuple[int, int]) -> list[tuple[int, int]]:
    """A span, cut behind the Markdown headings that it begins with: no empty line need follow a heading."""
    start, end = span
    found: list[tuple[int, int]] = []
    while _begins_line(text, start) and (heading := _HEADING.match(text, start, end)) and heading.end() < end:
        found.append((start, heading.end()))
        start = heading.end()
        while start < end and text[start].isspace():
            start += 1
    return [*found, (start, end)] if start < end else found


def _apart(text: str, statement: Statement) -> list[Statement]:
    """The bullets of a list that nothing leads in, each by itself; numbered items belong to a sentence elsewhere."""
    if statement.spans or len(statement.items) < 2 or any(text[item[0][0]].isalnum() for item in statement.items):
        return [statement]
    return [Statement(statement.passage, list(item)) for item in statement.items]


def _leads_in(text: str, group: Statement) -> bool:
    end = group.spans[-1][1]
    return text[end - 1 : end] not in ".!?" or bool(group.items)


def text_of(passage: Passage, statement: Statement) -> str:
    spans = [*statement.spans, *(span for item in statement.items for span in item)]
    return " ".join(passage.text[start:end] for start, end in spans)


def headings_at(passage: Passage, position: int) -> tuple[str, ...]:
    """The headings above a place in a passage, which may hold several small sections with their headings."""
    inner = layout.heading_at(passage.text, position)
    if not inner and passage.law is None:
        inner = layout.numbered_heading_at(passage.text, position)
    if inner:
        return (*passage.heading_path[:-1], inner)
    # A passage of several sections bears the heading of its longest one, which may begin behind the place.
    last = passage.heading_path[-1] if passage.heading_path else ""
    behind = bool(last) and passage.law is None and layout.is_line(passage.text, last, position)
    return passage.heading_path[:-1] if behind else passage.heading_path


def parents(text: str, items: Sequence[tuple[int, int]], place: int) -> list[int]:
    """The items above an item in the nesting `1. → a) → aa)`."""
    level = _level(text, items[place][0])
    found: list[int] = []
    for above in range(place - 1, -1, -1):
        other = _level(text, items[above][0])
        if other < level:
            found.append(above)
            level = other
        if level == 0:
            break
    return found


def _level(text: str, at: int) -> int:
    match = ITEM_MARKER.match(text, at)
    mark = match.group().rstrip("\\.)") if match else ""
    if mark.isdigit() or not mark:
        return 0
    if len(mark) >= 2 and mark[0] == mark[1]:
        return 2
    return 1 if mark[0].isalpha() else 0
