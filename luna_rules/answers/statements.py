"""Passages cut into statements: a sentence, a row of a table, or a lead-in with the items of its list.

Only cutting belongs here, so that nothing is cited that was torn from its sense; no statement is judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from luna_rules.answers import layout
from luna_rules.answers.model import Passage
from luna_rules.answers.orders import ORDER
from luna_rules.answers.tables import Leads, Table, html_tables, led_row, shown
from luna_rules.documents.sentences import ITEM_MARKER, split_sentences

_ABSATZ = re.compile(r"\(\d{1,3}[a-z]{0,2}\)\s")
_SKIP = re.compile(r"\s*(?:#{1,6}\s|<|\d{1,3}\\?[.)]\s+<table\b|\(weggefallen\)|-\s*\|?$|Inhaltsübersicht)")
_HEADING = re.compile(r"#{1,6}[ \t][^\n]*(?=\n)")
_SOURCE = re.compile(r"\s*(?:\(Fundstelle:[^()]*\)|Fundstelle des Originaltextes:[^\n]*)\s*")
_DEFINES = re.compile(r"begriff|definition|bestimmung der begriffe", re.I)
_ENTRY = re.compile(r"^\d{1,3}[a-z]{0,2}\\?[.)]\s", re.M)
_NUMBER = re.compile(r"(\d{1,3})([a-z]{0,2})\\?\.\s")
_CLAUSE = re.compile(r"\d{1,3}(?:\.\d{1,3}){1,3}\\?[.)]?\s+[A-ZÄÖÜ„\"]")
"""How a clause of terms and conditions begins, „4.2 Auf Wunsch …“: it stands by itself as an Absatz does."""
_SUB_ITEM = re.compile(r"[a-z]{1,2}\\?\)\s")
_GONE = re.compile(r"\((?:aufgehoben|weggefallen|gestrichen|gegenstandslos)\)\W*\Z", re.I)
"""All that is left of a repealed provision, and all that there is to say of it."""
_RULER = re.compile(r"[\s|:-]*")
_LONGEST_LEAD = 1_000
"""Characters of a sentence above a passage beyond which its items are shown without it."""
_ANY = 0
"""The number of a passage until it is known among which others it stands."""
_KEPT = 4_096
"""Passages of which the statements are kept: other questions find many of the same ones. About 10 kB for each."""


@dataclass(slots=True)
class Statement:
    """A sentence, or a lead-in with the items of its list: what can be cited without tearing sense apart.

    Of a row of a table the last span is its own, those before are the header or the sentence above the table and
    `above` rows that lead it in. `text` is all of it as people read it, `headings` are those above its beginning.
    Spans and items are not to be changed.
    """

    passage: int
    spans: list[tuple[int, int]]
    items: list[list[tuple[int, int]]] = field(default_factory=list["list[tuple[int, int]]"])
    table: bool = False
    above: int = 0
    text: str = ""
    headings: tuple[str, ...] = ()

    @property
    def start(self) -> int:
        """Where the statement begins in its passage."""
        return self.spans[0][0] if self.spans else self.items[0][0][0]

    @property
    def last(self) -> int:
        """Where its last own part begins: a row of a table stands behind the header that it shares with others."""
        return self.spans[-1][0] if self.spans else self.start

    @property
    def place(self) -> tuple[int, tuple[int, int] | None]:
        """What tells a row's table from others: the passage and what stands above all of its rows, if anything."""
        return self.passage, self.spans[0] if len(self.spans) > 1 + self.above else None


def _line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _begins_line(text: str, at: int) -> bool:
    line = _line(text, at)
    return not text[line:at].strip()


def statements(passage: Passage, number: int = 0) -> list[Statement]:
    """The statements of a passage in reading order, without page furniture and bare headings.

    Of what stands above its own text there is only what leads its own statements in. `number` tells the passage apart
    from others. Raises nothing.
    """
    return [
        Statement(number, one.spans, one.items, one.table, one.above, one.text, one.headings)
        for one in _kept(passage.text, passage.heading_path, passage.title, passage.law is not None, passage.begins)
    ]


@lru_cache(maxsize=_KEPT)
def _kept(text: str, heading_path: tuple[str, ...], title: str, of_law: bool, begins: int) -> tuple[Statement, ...]:
    found = _read(text, heading_path, title, of_law)
    if begins:
        found = _own(text, begins, found)
    return tuple(
        replace(one, text=_text(text, one), headings=_headings(text, heading_path, of_law, one.start)) for one in found
    )


def _text(text: str, statement: Statement) -> str:
    spans = [*statement.spans, *(span for item in statement.items for span in item)]
    return " ".join(shown(text[start:end]) for start, end in spans)


def _read(text: str, heading_path: tuple[str, ...], title: str, of_law: bool) -> list[Statement]:
    headings = layout.named_by((*heading_path, title))
    found: list[Statement] = []
    tables = {table.span: table for table in html_tables(text)}
    spans, torn = _spans(_without(text, tables))
    spans = sorted([*tables, *(span for span in spans if not ORDER.search(text, *span))])
    if _DEFINES.search(heading_path[-1] if heading_path else "") and _ENTRY.search(text):
        return _entries(text, spans)
    group: Statement | None = None
    header: list[tuple[int, int]] = []
    under = Leads()
    for index, (start, end) in enumerate(spans):
        table = tables.get((start, end))
        if table and not table.item:
            lead = _lead_of(text, table, found)
            top = [*lead, *table.head]
            found += [
                Statement(_ANY, [*top, *row.above, row.span], table=True, above=len(row.above)) for row in table.rows
            ]
            group = None
            continue
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
                    above = led_row(under, text, row, layout.empty_cells(text, (start, end)))
                    found.append(Statement(_ANY, [*header, *above, row], table=True, above=len(above)))
            continue
        if under.used:
            found = _without_leads(found, under)
        header, under = [], Leads()
        if line_start and not table and _SKIP.match(text, start):
            group = None
            continue
        if len(spans) > 1 and _SOURCE.fullmatch(text, start, end):
            group = None
            continue
        gone = len(spans) == 1 and _GONE.search(text, start, end)
        if line_start and not gone and layout.is_heading(text[start:end], headings):
            continue
        if line_start and not of_law and layout.is_title_block(text[start:end], headings):
            continue
        rows = None if table else layout.table_rows(text, (start, end))
        if rows is not None:
            lead = [rows[0]] if rows[0] else []
            found += [Statement(_ANY, [*lead, row], table=True) for row in rows[1]]
            group = None
            continue
        is_item = line_start and _is_item(text, start)
        if is_item:
            if group is None and found and _goes_on(text, found[-1], start):
                group = found[-1]
            if group is None or (not group.items and not _leads_in(text, group)):
                group = Statement(_ANY, [])
                found.append(group)
            group.items.append([(start, end)])
            continue
        if group is not None and group.items and not line_start:
            group.items[-1].append((start, end))
            continue
        if found and found[-1].table and line_start and text[start].islower():
            # What closes the sentence behind its table belongs to every row.
            for row in _trailing_rows(found):
                row.items.append([(start, end)])
            continue
        if group is not None and group.items and text[start : start + 1].islower():
            # What closes the sentence behind its list belongs to every item.
            group.items.append([(start, end)])
            group = None
            continue
        upcoming = spans[index + 1][0] if index + 1 < len(spans) else None
        leads = upcoming is not None and _begins_line(text, upcoming) and _is_item(text, upcoming)
        if line_start and not leads and layout.is_label(layout.without_number(text[start:end])):
            group = None
            continue
        group = Statement(_ANY, [(start, end)])
        found.append(group)
        if not leads:
            group = None
    return [one for statement in _without_leads(found, under) for one in _apart(text, statement, of_law)]


def _is_item(text: str, start: int) -> bool:
    """Whether an item of a list begins there, which may need what leads it in; an Absatz or a clause needs nothing."""
    return (
        ITEM_MARKER.match(text, start) is not None and not _ABSATZ.match(text, start) and not _CLAUSE.match(text, start)
    )


def _own(text: str, begins: int, found: Sequence[Statement]) -> list[Statement]:
    """Statements with words of a passage's own text, with what leads these in above it."""
    kept: list[Statement] = []
    for one in found:
        own = next((place for place, item in enumerate(one.items) if item[-1][1] > begins), None)
        if one.table:
            kept += [one] if one.last >= begins else []
        elif own is not None:
            every = [(item[0][0], item[-1][1]) for item in one.items]
            items = [*(one.items[place] for place in sorted(parents(text, every, own))), *one.items[own:]]
            kept.append(Statement(_ANY, _short(one.spans, begins), items))
        elif not one.items and one.spans[-1][1] > begins:
            kept.append(Statement(_ANY, _short(one.spans, begins)))
    return kept


def _short(spans: Sequence[tuple[int, int]], begins: int) -> list[tuple[int, int]]:
    """The spans, without those above the passage's own text where they are more than a lead-in."""
    lent = sum(end - start for start, end in spans if end <= begins)
    return list(spans) if lent <= _LONGEST_LEAD else [span for span in spans if span[1] > begins]


def _without(text: str, tables: Mapping[tuple[int, int], Table]) -> str:
    """A text of the same length in which a sign that ends its paragraph stands for each table in HTML."""
    for start, end in tables:
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text


def _lead_of(text: str, table: Table, found: list[Statement]) -> list[tuple[int, int]]:
    """The beginning of the sentence that a table's rows end, taken out of `found`; empty where there is none."""
    before = found[-1] if found and table.rows else None
    if before is None or not before.spans or before.items or before.table:
        return []
    end = before.spans[-1][1]
    if text[end : table.span[0]].strip() or text[end - 1] in ".!?" or (table.head and text[end - 1] == ":"):
        return []
    return found.pop().spans


def _trailing_rows(found: Sequence[Statement]) -> list[Statement]:
    """The rows of the table that was read last."""
    first = next((place for place in range(len(found), 0, -1) if not found[place - 1].table), 0)
    return list(found[first:])


def _without_leads(found: Sequence[Statement], under: Leads) -> list[Statement]:
    """Without rows that say nothing but what the rows below them are about."""
    return [one for one in found if not (one.table and one.last in under.used)]


def _entries(text: str, spans: Sequence[tuple[int, int]]) -> list[Statement]:
    """The entries of a list of definitions, each by itself with all that stands under its number."""
    found: list[Statement] = []
    lead: list[tuple[int, int]] = []
    for start, end in spans:
        first = _begins_line(text, start)
        if first and _SKIP.match(text, start):
            continue
        if first and _ENTRY.match(text, start):
            found.append(Statement(_ANY, [(start, end)]))
        elif not found:
            lead.append((start, end))
        elif first and _SUB_ITEM.match(text, start):
            found[-1].items.append([(start, end)])
        elif found[-1].items:
            found[-1].items[-1].append((start, end))
        else:
            found[-1].spans.append((start, end))
    return [*([Statement(_ANY, lead)] if lead else []), *found]


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


def _apart(text: str, statement: Statement, of_law: bool) -> list[Statement]:
    """The bullets of a list that nothing leads in, each by itself; numbered items belong to a sentence elsewhere, but
    for those of a document that is no law where the number's line heads what stands below it."""
    if statement.spans or len(statement.items) < 2:
        return [statement]
    numbered = [item[0][0] for item in statement.items if text[item[0][0]].isalnum()]
    if numbered and (of_law or not all(layout.is_run_in(text, start) for start in numbered)):
        return [statement]
    return [Statement(_ANY, list(item)) for item in statement.items]


def _goes_on(text: str, before: Statement, start: int) -> bool:
    """Whether the item there goes on a list whose last item a line below it closed: „nach dem Jahr 2040,“, „2. …“."""
    number = _NUMBER.match(text, start)
    numbers = [found for item in before.items if (found := _NUMBER.match(text, item[0][0]))]
    if number is None or not numbers or before.table or ITEM_MARKER.match(text, before.items[-1][0][0]):
        return False
    last = numbers[-1]
    return (int(last[1]), last[2]) < (int(number[1]), number[2])


def _leads_in(text: str, group: Statement) -> bool:
    end = group.spans[-1][1]
    return text[end - 1 : end] not in ".!?" or bool(group.items)


def first_line(passage: Passage, statement: Statement) -> str:
    """The line that a statement begins with: in a list of definitions often nothing but the word that is defined."""
    return passage.text[statement.start :].lstrip().partition("\n")[0]


def headings_at(passage: Passage, position: int) -> tuple[str, ...]:
    """The headings above a place in a passage, which may hold several small sections with their headings."""
    return _headings(passage.text, passage.heading_path, passage.law is not None, position)


def _headings(text: str, heading_path: tuple[str, ...], of_law: bool, position: int) -> tuple[str, ...]:
    inner = layout.heading_at(text, position)
    if not inner and not of_law:
        inner = layout.numbered_heading_at(text, position)
    if inner:
        return (*heading_path[:-1], inner)
    # A passage of several sections bears the heading of its longest one, which may begin behind the place.
    last = heading_path[-1] if heading_path else ""
    behind = bool(last) and not of_law and layout.is_line(text, last, position)
    return heading_path[:-1] if behind else heading_path


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
