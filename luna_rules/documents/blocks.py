"""Cuts a stretch of text into blocks (paragraphs, list items, tables) and packs blocks into pieces of a wanted size.

Everything works on spans of the one text, in one pass each: a line of 5 MB costs no more than prose.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Literal

import msgspec

from luna_rules.documents.model import Metadata
from luna_rules.documents.sentences import ITEM_MARKER, ONLY_MARKER, split_sentences
from luna_rules.documents.strokes import cells_of
from luna_rules.documents.tokens import TokenIndex

Span = tuple[int, int]
Kind = Literal["text", "item", "table", "html", "heading", "note"]

_LINE = re.compile(r"[^\r\n\f]*(?:\r\n|[\r\n\f]|\Z)")
_BREAK = re.compile(r"\r\n|[\r\n\f]")
_ROW = re.compile(r"\S(?:.*\S)?")
"""What stands on a line, without the white space around it."""
_ROW_OF_ANY = re.compile(r"\S(?:[^\r\n\f]*\S)?")
"""The same where other characters break lines, too; three times as slow."""
_FIRST_ITEM = re.compile(r"1\\?[.)]|a\\?\)|aa\\?\)")
_ROW_RULE = re.compile(r"\s*\|(?:\s*:?-+:?\s*\|)+\s*\Z")
_HTML_ROW = re.compile(r"<tr\b", re.IGNORECASE)
_HTML_HEAD = re.compile(r"<thead\b.*?</thead\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[A-Za-z/!][^<>]*>")
_LONGEST_GAP = 400
"""Blanks between two blocks beyond which they are not packed together (characters)."""
_HEADER_LIMIT = 1000
_LEAD_LIMIT = 400
_LONGEST_TERM = 120


class Block(msgspec.Struct, frozen=True):
    """A stretch that is not cut without need."""

    start: int
    end: int
    kind: Kind


class Piece(msgspec.Struct, frozen=True):
    """A stretch that becomes a chunk. `table_header` and `lead_in` are what its reader would miss (else empty)."""

    start: int
    end: int
    table_header: str = ""
    lead_in: str = ""


def lines(text: str, start: int, end: int) -> Iterator[Span]:
    """The lines of `text[start:end]` as spans that include their line break; `\\r`, `\\n`, `\\r\\n`, `\\f` break."""
    part = text[start:end]
    if "\r" not in part and "\f" not in part:
        while start < end:
            stop = text.find("\n", start, end) + 1 or end
            yield start, stop
            start = stop
        return
    while start < end:
        found = _LINE.match(text, start, end)
        stop = found.end() if found else end
        if stop == start:
            stop = start + 1
        yield start, stop
        start = stop


def strip_span(text: str, start: int, end: int) -> Span:
    """The span without white space at its ends; empty (start == end) when nothing remains."""
    # A line has its break at its end, a paragraph nothing.
    last = end - 1 if start < end and text[end - 1] == "\n" else end
    if start < last and not (text[start].isspace() or text[last - 1].isspace()):
        return start, last
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return start + left, start + left + len(part.strip())


def readable_text(text: str) -> str:
    """The words of a passage without HTML tags and table rules, for search, models and people; spans are lost.

    Cells of tables are separated by ` | `. Text without markup comes back unchanged.
    """
    if "<" in text:
        text = re.sub(r"</t[dh]\s*>\s*(?=<t[dh]\b)", " | ", text)
        text = re.sub(r"<su([bp])>([^<>]*)</su\1>", r"\2", text)
        text = html.unescape(_TAG.sub(" ", text))
        text = re.sub(r"[^\S\n]+", " ", text)
        text = re.sub(r"\s*\n\s*\n\s*", "\n\n", text)
        text = re.sub(r" *\n *", "\n", text).strip()
    if "|" in text and "--" in text:
        text = "\n".join(line for line in text.split("\n") if not _ROW_RULE.match(line))
    return text


def searched_text(text: str, metadata: Metadata) -> str:
    """What of a passage is searched: its readable text and what a split took away from it.

    That is the head of its table, and the sentence above its list.
    """
    above = [str(metadata[key]) for key in ("lead_in", "table_header") if key in metadata]
    return readable_text("\n".join([*above, text]))


def blocks(text: str, start: int, end: int) -> list[Block]:
    """The blocks of `text[start:end]`, trimmed, ascending; together they cover all that is not white space.

    A pipe table or an HTML table is one block. A list mark alone on its line stays with the text that follows it.
    A paragraph that begins with `(+++` is an editor's `note`.
    """
    found: list[Block] = []
    opened = -1
    kind: Kind = "text"
    last = start

    def close() -> None:
        nonlocal opened
        if opened >= 0:
            found.append(Block(opened, last, kind))
        opened = -1

    rows = _ROW if text.find("\r", start, end) < 0 and text.find("\f", start, end) < 0 else _ROW_OF_ANY
    for row in rows.finditer(text, start, end):
        left, right = row.span()
        if opened >= 0:
            if kind == "html":
                last = right
                if "</table" in row.group():
                    close()
                continue
            if left - last > 1 and _is_blank_line(text[last:left]):
                alone = last - opened < 16 and ONLY_MARKER.match(text[opened:last])
                if not alone:
                    close()
        first = text[left]
        new: Kind = "text"
        goes_on = False
        if first == "|":
            new, goes_on = "table", kind == "table"
        elif first == "<" and text[left : left + 6].lower() == "<table":
            new = "html"
        elif first == "(" and text.startswith("(+++", left):
            new = "note"
        elif ITEM_MARKER.match(text, left, right + 1):
            new = "item"
        else:
            goes_on = kind != "table"
        if not goes_on:
            close()
        if opened < 0:
            opened, kind = left, new
        last = right
        if new == "html" and "</table" in row.group():
            close()
    close()
    return found


def _is_blank_line(gap: str) -> bool:
    """Whether a line without anything lies between two rows."""
    if "\r" in gap or "\f" in gap:
        return len(_BREAK.findall(gap)) > 1
    return gap.count("\n") > 1


def _lead_in(text: str, block: Block) -> str:
    """The last sentence of the text before a list, cut at its front when it is long."""
    part = text[block.start : block.end]
    sentence = split_sentences(part)[-1]
    lead = " ".join(part[sentence[0] : sentence[1]].split())
    return lead if len(lead) <= _LEAD_LIMIT else "… " + lead[-_LEAD_LIMIT:]


def _table_header(text: str, block: Block) -> str:
    if block.kind == "html":
        head = _HTML_HEAD.search(text, block.start, min(block.end, block.start + 20_000))
        header = readable_text(head.group()) if head else ""
        header = " ".join(header.split())
    else:
        top = [text[a:b].strip() for a, b in islice(lines(text, block.start, block.end), 2)]
        header = ""
        if len(top) > 1 and _ROW_RULE.match(top[1]):
            header = " | ".join(cell.strip() for cell in cells_of(top[0].strip("|")))
    return header[:_HEADER_LIMIT] if any(char.isalnum() for char in header) else ""


def _cut(text: str, span: Span, tokens: TokenIndex, limit: int) -> list[Span]:
    """Pieces of at most `limit` tokens, cut at white space where there is some near, else anywhere."""
    start, end = span
    found: list[Span] = []
    while not tokens.fits(start, end, limit):
        cut = min(tokens.advance(start, limit), end)
        back = cut
        floor = max(start + 1, cut - 200)
        while back > floor and not text[back - 1].isspace():
            back -= 1
        if back > floor:
            cut = back
        found.append((start, cut))
        start = cut
    found.append((start, end))
    return [part for part in (strip_span(text, *piece) for piece in found) if part[0] < part[1]]


def _greedy(parts: list[Span], tokens: TokenIndex, target: int, limit: int) -> list[Span]:
    """Joins neighbours up to `target` tokens; a small last bit joins its neighbour within `limit`."""
    if parts and tokens.fits(parts[0][0], parts[-1][1], target) and _is_close(parts):
        return [(parts[0][0], parts[-1][1])]
    found: list[Span] = []
    for start, end in parts:
        if found and start - found[-1][1] <= _LONGEST_GAP and tokens.fits(found[-1][0], end, target):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    if (
        len(found) > 1
        and tokens.fits(*found[-1], target // 5 - 1)
        and found[-1][0] - found[-2][1] <= _LONGEST_GAP
        and tokens.fits(found[-2][0], found[-1][1], limit)
    ):
        found[-2:] = [(found[-2][0], found[-1][1])]
    return found


def _is_close(parts: list[Span]) -> bool:
    """Whether no two neighbours have too many blanks between them."""
    return all(after - before <= _LONGEST_GAP for (_, before), (after, _) in pairwise(parts))


def _units(text: str, block: Block, tokens: TokenIndex, limit: int) -> list[Span]:
    """The smallest stretches into which a block that is too long may be cut: rows, sentences, lines, tokens."""
    start, end = block.start, block.end
    rough: list[Span]
    if block.kind == "table":
        rough = list(lines(text, start, end))
    elif block.kind == "html":
        places = [start, *(match.start() for match in _HTML_ROW.finditer(text, start, end)), end]
        rough = list(pairwise(places))
    else:
        rough = [(start + a, start + b) for a, b in split_sentences(text[start:end])]
    found: list[Span] = []
    for span in rough:
        if tokens.fits(*span, limit):
            found.append(span)
            continue
        by_line = [strip_span(text, *line) for line in lines(text, *span)]
        for line in by_line:
            if line[0] < line[1]:
                found.extend(_cut(text, line, tokens, limit))
    stripped = (strip_span(text, *span) for span in found)
    return [span for span in stripped if span[0] < span[1]]


def split_block(text: str, block: Block, tokens: TokenIndex, target: int, limit: int) -> list[Piece]:
    """Cuts a block of more than `limit` tokens; pieces of a table but the first carry its header."""
    spans = _greedy(_units(text, block, tokens, limit), tokens, target, limit)
    header = _table_header(text, block) if block.kind in ("table", "html") else ""
    return [Piece(start, end, header if number else "") for number, (start, end) in enumerate(spans)]


def pack(text: str, found: list[Block], tokens: TokenIndex, target: int, limit: int) -> list[Piece]:
    """Packs consecutive blocks to pieces of about `target` and at most `limit` tokens.

    A piece that begins amid a list carries the sentence that leads the list in.
    """
    if len(found) == 1 and tokens.fits(found[0].start, found[0].end, limit):
        return [Piece(found[0].start, found[0].end)]
    pieces: list[Piece] = []
    run: list[Span] = []
    found = _joined(text, found, tokens, target)
    lead_of = _leads(text, found)

    def flush() -> None:
        for start, end in _greedy(run, tokens, target, limit):
            leading = lead_of.get(start) if pieces else None
            pieces.append(Piece(start, end, lead_in=_lead_in(text, leading) if leading else ""))
        run.clear()

    for block in found:
        if tokens.fits(block.start, block.end, limit):
            run.append((block.start, block.end))
        else:
            flush()
            pieces.extend(split_block(text, block, tokens, target, limit))
    flush()
    return _settled(pieces, tokens, target, limit)


def _settled(pieces: list[Piece], tokens: TokenIndex, target: int, limit: int) -> list[Piece]:
    """Joins a small piece beside a block that was cut (a caption, a last line) with its neighbour."""
    settled: list[Piece] = []
    for piece in pieces:
        before = settled[-1] if settled else None
        if (
            before is not None
            and piece.start - before.end <= _LONGEST_GAP
            and (
                tokens.fits(before.start, before.end, target // 5 - 1)
                or tokens.fits(piece.start, piece.end, target // 5 - 1)
            )
            and tokens.fits(before.start, piece.end, limit)
        ):
            settled[-1] = Piece(before.start, piece.end, before.table_header or piece.table_header, before.lead_in)
        else:
            settled.append(piece)
    return settled


def _joined(text: str, found: list[Block], tokens: TokenIndex, target: int) -> list[Block]:
    """Joins a defined term („117. Winterhalbjahr“) with the definition in the paragraph below it."""
    joined: list[Block] = []
    for block in found:
        before = joined[-1] if joined else None
        if (
            before is not None
            and block.kind == "text"
            and before.kind == "item"
            and before.end - before.start <= _LONGEST_TERM
            and text[before.end - 1] not in ".,;:"
            and tokens.fits(before.start, block.end, target)
        ):
            joined[-1] = Block(before.start, block.end, "item")
        else:
            joined.append(block)
    return joined


def _leads(text: str, found: list[Block]) -> dict[int, Block]:
    """For each list item (by its place) the block that leads its list in: that before „1.“ for numbers, before „a)“ for
    letters."""
    leads: dict[int, Block] = {}
    of_kind: dict[str, Block] = {}
    for number, block in enumerate(found):
        if block.kind != "item":
            continue
        mark = text[block.start : block.start + 4].lstrip("(")
        kind = (
            "number"
            if mark[:1].isdigit()
            else "letters"
            if mark[1:2].isalpha()
            else mark[:1]
            if mark[:1] in "-–—•"
            else "letter"
        )
        opens = _FIRST_ITEM.match(mark)
        if number and (opens or kind not in of_kind or kind in "-–—•"):
            before = found[number - 1]
            if kind not in "-–—•" or before.kind == "text" or kind not in of_kind:
                of_kind[kind] = before
        if kind in of_kind:
            leads[block.start] = of_kind[kind]
    return leads
