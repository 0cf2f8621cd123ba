"""What stands on a page without being a statement: page furniture, bare headings, and the rows of tables.

Only telling these from sentences belongs here; which statements answer is `extract`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from luna_rules.answers.text import comparable
from luna_rules.documents.sentences import ITEM_MARKER

_PAGE = r"(?:Seite|S\.|Blatt|Page|p\.)\s*\d{1,4}"
_PAGE_OF = re.compile(
    rf"^.{{0,100}}?\b{_PAGE}\s*(?:von|of|/)\s*\d{{1,4}}\W*$|^{_PAGE}\s*(?:von|of|/)\s*\d{{1,4}}\b.{{0,100}}$",
    re.I,
)
_PAGE_ALONE = re.compile(rf"^\W*(?:.{{0,60}}[\s|·–-])?{_PAGE}\W*$|^\W*\d{{1,4}}\s*(?:/\s*\d{{1,4}})?\W*$", re.I)
_END = re.compile(r"[.!?:;…][\"“”’»)\]]*$")
_VERB = re.compile(
    r"\b(?:ist|sind|war|waren|wird|wurde|hat|habe|kann|darf|muss|soll|mag|tut|gibt|gilt|heißt|steht|liegt"
    r"|[a-zäöüß]{2,}(?:t|en|te|eln|ern)|is|are|was|were|has|have|may|must|shall|can|does)\b"
)
"""A lower-case word that may be a verb: too many are taken for one rather than too few."""
_NO_VERB = re.compile(
    r"\b(?:zwischen|gegen|wegen|unten|oben|neben|hinten|außen|innen|einen|keinen|meinen|ihren|unseren|jeden|diesen|allen"
    r"|mit|seit|nicht|samt|nebst|bitte|heute|selbst|\w+(?:lichen|ischen|igen|baren|enden|ten|nen))\b"
)
_NUMBERING = re.compile(r"^\s*(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[IVX]{1,5}\.|[A-Z]\.)\s+(?=[„\"A-ZÄÖÜ])")
_FORMULA = re.compile(r"(?:eingangsformel|schlussformel|schlußformel|inhalts(?:übersicht|verzeichnis))", re.I)
_LONGEST_BLOCK = 300
_DIGIT_RUN = re.compile(r"\d+(?:[.,]\d+)*")
_NUMBERED_LINE = re.compile(
    r"(?:\A|(?<=\n\n)|(?<=\f))[ \t]*"
    r"\d{1,2}(?:(?:\.\d{1,2})+[.)]?|[.)])[ \t]+[A-ZÄÖÜ][^\n.;:!?|]{2,90}(?=[ \t]*\n[ \t]*\n)"
)
_RUN_IN = re.compile(
    r"(?:\A|(?<=\n\n)|(?<=\f))[ \t]*(?P<line>\d{1,2}[.)]?[ \t]+(?P<title>[A-ZÄÖÜ][^\n.,;:!?|]{2,60}))[ \t]*\n"
    r"(?=[A-ZÄÖÜ„\"(]|\d{1,2}\.\d)"
)
"""A numbered line right above the text that it heads, as in terms and conditions."""
_HEADING_LINE = re.compile(r"^[ \t]*#{1,6}[ \t]+(.+?)[ \t#]*$", re.M)

_LEADING_CELLS = re.compile(r"\|(?:[ \t\xa0]*\|)*")

Span = tuple[int, int]


def without_number(heading: str) -> str:
    """A heading without the number before it: „3 Was das Steuern bedeutet“ → „Was das Steuern bedeutet“."""
    return _NUMBERING.sub("", heading).strip()


def heading_at(text: str, position: int) -> str:
    """The last Markdown heading within a passage before `position`; empty where there is none."""
    found = ""
    for match in _HEADING_LINE.finditer(text, 0, position):
        found = match[1].strip("* ")
    return found


def numbered_heading_at(text: str, position: int) -> str:
    """The last heading of plain text before `position`: a numbered line that stands alone, „2. Messstellenbetrieb“,
    or right above its text."""
    found = ""
    last = -1
    for match in _NUMBERED_LINE.finditer(text, 0, position):
        found, last = match[0].strip(), match.start()
    for match in _RUN_IN.finditer(text):
        if match.end() > position:
            break
        if match.start() > last and is_label(match["title"]):
            found = match["line"].strip()
    return found


def is_run_in(text: str, start: int) -> bool:
    """Whether a numbered line stands at `start` that heads the text right below it."""
    match = _RUN_IN.match(text, start)
    return match is not None and is_label(match["title"])


def is_line(text: str, line: str, position: int) -> bool:
    """Whether a line stands in the text behind `position` and not before."""
    places = [match.start() for match in re.finditer(rf"^[ \t]*{re.escape(line)}[ \t]*$", text, re.M)]
    return bool(places) and places[0] >= position


def is_formula(heading: str) -> bool:
    """Whether a heading stands above words that regulate nothing."""
    return _FORMULA.match(heading.strip()) is not None


def has_verb(line: str) -> bool:
    """Whether a line may be (part of) a sentence."""
    return _VERB.search(_NO_VERB.sub(" ", line)) is not None


def named_by(headings: Iterable[str]) -> frozenset[str]:
    """Headings as `is_heading` compares them, without their numbers."""
    return frozenset(filter(None, map(_bare, headings)))


def is_heading(text: str, named: Collection[str]) -> bool:
    """Whether a text is nothing but one of the headings (see `named_by`) above it, with or without its number."""
    return _bare(text) in named


def _bare(heading: str) -> str:
    return comparable(without_number(heading)).strip(" .:*_#")


def is_title_block(text: str, named: Collection[str]) -> bool:
    """Whether lines begin with one of the headings (see `named_by`) and go on with it, without a sentence's end."""
    first, _, rest = text.partition("\n")
    return bool(rest) and len(text) <= _LONGEST_BLOCK and not _END.search(text) and is_heading(first, named)


def is_label(text: str) -> bool:
    """Whether a short line names something without stating anything: no verb, no number, no end of a sentence."""
    if len(text) > 60 or _END.search(text) or any(char.isdigit() for char in text) or ":" in text:
        return False
    return not has_verb(text)


def _lines(text: str, start: int, end: int) -> list[Span]:
    found: list[Span] = []
    at = start
    for line in text[start:end].split("\n"):
        left = len(line) - len(line.lstrip())
        if line.strip():
            found.append((at + left, at + left + len(line.strip())))
        at += len(line) + 1
    return found


def without_furniture(text: str, span: Span) -> list[Span]:
    """The parts of a span that remain when lines such as „Seite 4 von 10“ are taken out; usually the span itself."""
    start, end = span
    lines = _lines(text, start, end)
    alone = len(lines) == 1 and _block_alone(text, span)
    keep = [
        not (_PAGE_OF.match(text[a:b]) or (alone and _PAGE_ALONE.match(text[a:b]) and not has_verb(text[a:b])))
        for a, b in lines
    ]
    if all(keep):
        return [span]
    found: list[Span] = []
    for (a, b), kept in zip(lines, keep, strict=True):
        if not kept:
            continue
        before = found[-1][1] if found else -1
        if found and text[before:a].count("\n") == 1:
            found[-1] = (found[-1][0], b)
        else:
            found.append((a, b))
    return found


def _block_alone(text: str, span: Span) -> bool:
    """Whether empty lines or the passage's ends stand around a span."""
    before, behind = text[: span[0]].rstrip(" \t"), text[span[1] :].lstrip(" \t")
    return (not before or before.endswith("\n\n")) and (not behind or behind.startswith("\n\n"))


def table_rows(text: str, span: Span) -> tuple[Span | None, list[Span]] | None:
    """Header and rows of a table whose lines come as running text, as PDF gives them; None for anything else.

    A table is told by several lines with numbers, of which hardly any has a verb, and by the missing end of a sentence.
    A cell that was broken into lines is joined to its row again.
    """
    start, end = span
    if _END.search(text[start:end]) or ITEM_MARKER.match(text, start):
        return None
    lines = _lines(text, start, end)
    numbered = [len(_DIGIT_RUN.findall(text[a:b])) for a, b in lines]
    with_number = sorted(count for count in numbered if count)
    if len(lines) < 3 or len(with_number) < 2 or 3 * sum(has_verb(text[a:b]) for a, b in lines) > len(lines):
        return None
    usual = with_number[len(with_number) // 2]
    header: Span | None = None
    rows: list[Span] = []
    counts: list[int] = []
    for place, ((a, b), count) in enumerate(zip(lines, numbered, strict=True)):
        if not count and not rows:
            header = (header[0] if header else a, b)
            continue
        goes_on = rows and (
            text[a].islower()
            or text[rows[-1][1] - 1] in ",-/"
            or 2 * counts[-1] < usual
            or (not count and place == len(lines) - 1)
        )
        if goes_on:
            rows[-1] = (rows[-1][0], b)
            counts[-1] += count
        else:
            rows.append((a, b))
            counts.append(count)
    return header, rows


def row_cells(text: str, span: Span) -> Span:
    """A Markdown row without the strokes at its ends; those of empty last cells stay, so that cells keep places."""
    start, end = span
    while start < end and text[start] in "| \t\xa0":
        start += 1
    for ending in (" \t\xa0", "|", " \t\xa0"):
        while end > start and text[end - 1] in ending:
            end -= 1
            if ending == "|":
                break
    return start, end


def empty_cells(text: str, span: Span) -> int:
    """How many cells at the beginning of a Markdown row are empty: so deep it stands under the rows above."""
    match = _LEADING_CELLS.match(text, *span)
    return match.group().count("|") - 1 if match else 0
