"""Recognises laws, ordinances and other texts that are divided by § or article, and what they are called.

Knows the Markdown of published law collections and plain text as it comes out of a PDF. Chunks are made elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from luna_rules.documents.blocks import Span, lines, strip_span
from luna_rules.documents.law_titles import clean_title, find_title, law_names
from luna_rules.documents.marked import Heading, bold_headings, marked_headings
from luna_rules.documents.model import ExtractedText

SectionKind = Literal["section", "annex", "formula", "toc", "other"]

_NUMBER = r"\d{1,4}(?:[ \xa0]?[a-z]{1,2}(?![a-zäöüß]))?"
_ROMAN = r"(?-i:[IVXLC]{1,7})[a-z]?"
_HEAD_SECTION = re.compile(
    rf"(?:(?P<sign>§§?|Paragra(?:ph|f)(?=[ \xa0]+\d)|Art(?:ikel|icle|\.)?(?=[\s\d]))[ \xa0]*"
    rf"(?P<number>{_NUMBER}(?:\s*(?:bis|und|,|-|–)\s*(?:§\s*)?{_NUMBER})*)"
    rf"|(?P<article>Art(?:ikel|icle|\.)?)[ \xa0]+(?P<roman>{_ROMAN}(?:\s*(?:bis|und)\s*(?:Art\.?\s*)?{_ROMAN})*))"
    r"(?![\w/])(?P<rest>.*)",
    re.DOTALL,
)
_HEAD_ANNEX = re.compile(
    r"(?P<word>Anlagen?|Anhang|Anhänge|Annex|ANLAGE|ANHANG)"
    r"(?:[ \xa0]+(?P<number>\d{1,3}[a-z]?(?:\s*(?:bis|und)\s*\d{1,3}[a-z]?)?|[IVXLC]{1,7}|[A-Z]{1,2}))?"
    r"(?P<rest>(?:[\s–(:.*\d-].*)?)\Z",
    re.DOTALL,
)
_HEAD_TOC = re.compile(
    r"(?:Inhalts?(?:übersicht|verzeichnis|angabe)?|Gliederung|Nichtamtliches Inhaltsverzeichnis)\W*\Z", re.I
)
_HEAD_FORMULA = re.compile(r"(?P<word>Eingangsformel|Schlu(?:ss|ß)formel|Präambel|Abschlussformel)\W*\Z", re.I)
_DIVISION_WORD = "Buch|Teil|Kapitel|Abschnitt|Unterabschnitt|Titel|Untertitel|Hauptteil|Unterkapitel|Chapter"
_HEAD_DIVISION = re.compile(
    rf"(?:(?P<word>{_DIVISION_WORD})[ \xa0]+(?P<number>\d{{1,3}}[a-z]?|[IVXLC]{{1,7}}|[A-Z])"
    rf"|(?P<ordinal>\d{{1,2}}[a-z]?\.|[A-ZÄÖÜ][a-zäöüß]{{3,14}}(?:te[rs]?|tes))[ \xa0]+(?P<word2>{_DIVISION_WORD}))"
    r"(?![\w/])[ \xa0]*[-–—:.]?[ \xa0]*(?P<title>.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_PARAGRAPH_BARE = re.compile(
    r"^[ \t\xa0]*(?P<number>\d{1,2}|[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,2})(?P<letter>bis|ter|quater|[a-z](?=[.\s]))?\.?[ \t\xa0]*"
    r"(?=[A-ZÄÖÜ„\"])",
    re.MULTILINE,
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_PARAGRAPH_INLINE = re.compile(r"[ \xa0]*\(1([a-z]?)\)(?=\s)")
_INLINE = re.compile(r"\.?[ \xa0]*(?=\(1[a-z]?\)\s)|\.[ \xa0]+(?=[A-ZÄÖÜ„\"(])")
_PARAGRAPH = re.compile(r"\((\d{1,3})([a-z]{0,2})\\?\)(?:\*\*|__)?(?=\s)")
_BEFORE_PARAGRAPH = ("\\", "**", "__")
"""Markup before the bracket of an Absatz: „\\(1\\)“ where a converter guards it, „**(1)**“."""
_PLAIN_CANDIDATE = re.compile(
    rf"^[ \t\xa0]*(?:§§?[ \xa0]*{_NUMBER}|(?:Artikel|Article|Art\.?)[ \xa0]+{_NUMBER}"
    r"|(?:Anlage|Anhang|ANHANG|ANLAGE)\b)"
    r"[^\r\n]*",
    re.MULTILINE,
)
_CITED_ON = re.compile(
    r"\s*(?:[,;.)]|Abs\.|(?:Abs|Absatz|Absätze|Satz)(?!\w)|S\.|Nr\.?|Nummern?\b|Buchstabe|"
    r"Buchst\.|bis\b|und\b|oder\b|sowie\b|in\b|des\b|der\b|"
    r"Unterabsatz|Halbsatz|i\.|ff?\.|Ziff)",
)
_OPEN_END = re.compile(
    r"(?:[,(]|\w-|(?<!-)\s–|\b(?:nach|gemäß|des|der|den|dem|die|das|und|oder|bis|im|in|von|vom|zu|zum|zur|mit|aus|auf|an|"
    r"i\. ?V\. ?m\.|sowie|Sinne|Satz|Absatz|Abs\.|Nr\.|Nummer|"
    r"entsprechend|gilt|gelten|auch|ist|sind|siehe|vgl\.|ferner))\s*\Z",
    re.IGNORECASE,
)
_BEGINS_SENTENCE = re.compile(r"(?:D(?:er|ie|as|em|en)|Im|In|Bei|Für|Als|Zu[mr]?)\s")
_LISTED = re.compile(r"\s*(?:[-–—•]|1\\?[.)]|a\\?\))\s")
_FEWEST_SECTIONS = 3


@dataclass(frozen=True, slots=True)
class Section:
    """A § (article, annex, formula, table of contents) of a law. All places are characters of the extracted text.

    `label` is as written in the law (`§ 14a`, `Art. 3`, `Anlage 1`), `heading` is label and title as one line,
    `path` are the divisions above (`Teil 3 – …`). The heading stands at `heading_start…body_start`,
    the body goes on to `end`.
    """

    kind: SectionKind
    label: str
    heading: str
    path: tuple[str, ...]
    heading_start: int
    body_start: int
    end: int


class Paragraph(msgspec.Struct, frozen=True):
    """An Absatz: `number` without brackets (`2`, `5a`), None for text outside of numbered ones."""

    number: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Law:
    """A text divided by § or article. `names` is empty where it is none of the legislator's (a contract, say)."""

    title: str | None
    names: tuple[str, ...]
    sections: tuple[Section, ...]


def _label(match: re.Match[str]) -> str:
    sign = match.group("sign")
    if not sign:
        return f"Art. {' '.join(match.group('roman').split())}"
    number = re.sub(r"(?<=\d)[ \xa0](?=[a-z]{1,2}(?:\W|\Z))", "", match.group("number").replace("§", ""))
    number = " ".join(number.split())
    if sign[0] in "§P":
        several = re.search(r"bis|und|,|-|–", number)
        return f"{'§§' if several else '§'} {number}"
    return f"Art. {number}"


def _title_of(rest: str) -> str:
    return clean_title(re.sub(r"\A[\s.:]*[-–—]?\s*", "", rest))


def parse_law(extracted: ExtractedText, *, file_name: str | None = None) -> Law | None:
    """The law in a text, or None where the text is not divided by § or article.

    `file_name` may lend an abbreviation and is never needed.
    """
    text = extracted.text
    headings = marked_headings(text)
    marked = _count_sections(headings)
    if marked < 2:
        bold = [heading for heading in bold_headings(text) if _divides(heading.text)]
        if _count_sections(bold) >= _FEWEST_SECTIONS:
            headings = sorted([*headings, *bold], key=lambda heading: heading.start)
            marked = _count_sections(headings)
    if marked >= 2 or (marked == 1 and text.lstrip("\ufeff \n").startswith("% ")):
        sections = _marked_sections(text, headings)
        first = min((s.heading_start for s in sections if s.kind != "other"), default=0)
    else:
        found = _plain_headings(text)
        if len(found) < _FEWEST_SECTIONS and not _is_short_law(extracted, found):
            return None
        sections = _plain_sections(text, found)
        first = sections[0].heading_start if sections else 0
    main = next((heading.text for heading in headings if heading.start < first and _is_main(heading)), None)
    title, legislated = find_title(text[:first], main, extracted.title)
    names = law_names(title, file_name=file_name) if title and legislated else ()
    return Law(title, names, tuple(sections))


def _count_sections(headings: Sequence[Heading]) -> int:
    return sum(1 for heading in headings if _HEAD_SECTION.match(heading.text.strip("*_ ")))


def _divides(words: str) -> bool:
    """Whether the words of a bold line name a part of a law; those of any other line belong to a section's body."""
    section = _HEAD_SECTION.match(words)
    return _classify(words)[0] != "other" and not (section and _CITED_ON.match(section["rest"]))


def _is_short_law(extracted: ExtractedText, found: Sequence[Heading]) -> bool:
    """Whether two lines that look like sections stand below the title of a law; below any other they mean nothing."""
    return len(found) > 1 and find_title(extracted.text[: found[0].start], None, extracted.title)[1]


def _is_main(heading: Heading) -> bool:
    """Whether a heading may be the title of the whole text."""
    return heading.level == 1 and not _HEAD_TOC.match(heading.text) and not _HEAD_DIVISION.match(heading.text)


def _classify(text: str) -> tuple[SectionKind | Literal["division"], str, str]:
    """Kind, label and whole heading of a heading's text."""
    bare = text.strip("*_ \t")
    match = _HEAD_SECTION.match(bare)
    if match:
        label, title = _label(match), _title_of(match.group("rest"))
        return "section", label, f"{label} – {title}" if title else label
    if _HEAD_TOC.match(bare):
        return "toc", "Inhaltsübersicht", "Inhaltsübersicht"
    match = _HEAD_FORMULA.match(bare)
    if match:
        word = match.group("word").capitalize().replace("ß", "ss")
        return "formula", word, word
    match = _HEAD_ANNEX.match(bare)
    if match:
        label = " ".join(filter(None, [match.group("word").capitalize(), match.group("number")]))
        title = re.sub(r"\A(\((?:zu|Zu)\b[^()]*\))\s*(?=\S)", r"\1 ", _title_of(match.group("rest")))
        title = re.sub(r"\A(\([^()]*\)) [-–] ", r"\1 ", title)
        return "annex", label, f"{label} – {title}" if title else label
    match = _HEAD_DIVISION.match(bare)
    if match:
        return "division", *_division(match)
    return "other", clean_title(bare), clean_title(bare)


def _division(match: re.Match[str]) -> tuple[str, str]:
    word = (match.group("word") or match.group("word2")).capitalize()
    name = f"{word} {match.group('number')}" if match.group("number") else f"{match.group('ordinal')} {word}"
    title = clean_title(match.group("title"))
    return word, f"{name} – {title}" if title else name


class _Divisions:
    """The stack of divisions above a section. A division ends those of its own kind and what stands below them."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, str]] = []

    def enter(self, word: str, heading: str) -> None:
        words = [item[0] for item in self._stack]
        if word in words:
            del self._stack[words.index(word) :]
        self._stack.append((word, heading))

    def rename(self, heading: str) -> None:
        self._stack[-1] = (self._stack[-1][0], heading)

    def path(self) -> tuple[str, ...]:
        return tuple(heading for _, heading in self._stack)


def _marked_sections(text: str, headings: Sequence[Heading]) -> list[Section]:
    sections: list[Section] = []
    divisions = _Divisions()
    divided = False
    level = 1
    pending: list[tuple[SectionKind, str, str, tuple[str, ...], int, int]] = []
    ends: list[int] = []
    for place, heading in enumerate(headings):
        kind, label, whole = _classify(heading.text)
        if kind == "division":
            divisions.enter(label, whole)
            divided = True
            ends.append(heading.start)
            continue
        if kind == "other":
            if not pending or heading.level > level or pending[-1][0] in ("annex", "other"):
                # A heading inside of a section or an annex belongs to its body.
                continue
            ends.append(heading.start)
            divisions.enter("", whole)
            continue
        level = heading.level
        path = () if kind in ("annex", "formula", "toc") else divisions.path()
        body = min(heading.end + 1, len(text))
        if kind == "section" and whole == label:
            following = headings[place + 1] if place + 1 < len(headings) else None
            if following and following.level > level and not text[body : following.start].strip():
                if _classify(following.text)[0] == "other":
                    whole, body = f"{label} – {clean_title(following.text)}", min(following.end + 1, len(text))
            else:
                whole, body = _title_below(text, label, body, following.start if following else len(text))
        pending.append((kind, label, whole, path, heading.start, body))
        ends.append(heading.start)
    ends.append(len(text))
    position = 0
    for kind, label, whole, path, start, body in pending:
        while ends[position] <= start:
            position += 1
        sections.append(Section(kind, label, whole, path, start, body, ends[position]))
    if divided:
        return sections
    return _with_divisions_of_contents(text, sections)


def _with_divisions_of_contents(text: str, sections: list[Section]) -> list[Section]:
    """Where the headings name no divisions, the table of contents tells which § stands under which."""
    contents = next((section for section in sections if section.kind == "toc"), None)
    if contents is None:
        return sections
    above = divisions_of_contents(text[contents.body_start : contents.end])
    placed: list[Section] = []
    path: tuple[str, ...] = ()
    for section in sections:
        if section.kind == "section":
            # A repealed § that the table no longer lists stands where its predecessor stands.
            path = above.get(section.label, path)
            section = replace(section, path=path)
        placed.append(section)
    return placed


def divisions_of_contents(contents: str) -> dict[str, tuple[str, ...]]:
    """For each § that a table of contents lists, the divisions above it, outermost first."""
    if "<t" in contents:
        contents = re.sub(r"\s+", " ", contents)
    cells = [clean_title(cell) for cell in re.split(r"</?t[a-z]+\b[^<>]*>|[|\r\n]", contents)]
    cells = [cell for cell in cells if re.search(r"\w", cell)]
    divisions = _Divisions()
    above: dict[str, tuple[str, ...]] = {}
    for number, cell in enumerate(cells):
        match = _HEAD_DIVISION.match(cell)
        if match and len(cell) < 200:
            word, heading = _division(match)
            following = cells[number + 1] if number + 1 < len(cells) else ""
            if not match.group("title") and following and not _HEAD_DIVISION.match(following) and following[0] != "§":
                heading = f"{heading} – {following}"
            divisions.enter(word, heading)
            continue
        match = _HEAD_SECTION.match(cell)
        if match:
            above.setdefault(_label(match), divisions.path())
    return above


def _order(label: str) -> tuple[int, str]:
    found = re.search(r"(\d+)\s*([a-z]*)", label)
    return (int(found.group(1)), found.group(2)) if found else (0, "")


def _plain_headings(text: str) -> list[Heading]:
    """Lines of a text without markup that are headings of sections, in the order in which laws number them."""
    candidates: list[tuple[Heading, str]] = []
    for match in _PLAIN_CANDIDATE.finditer(text):
        start, end = strip_span(text, *match.span())
        row = text[start:end]
        if re.search(r"\.{4,}\s*\d*\Z", row):
            continue
        head = (_HEAD_ANNEX if row.startswith(("An", "AN")) else _HEAD_SECTION).match(row)
        if head is None:
            continue
        rest = head.group("rest")
        inline = _INLINE.match(rest) if row[0] in "§A" and head.re is _HEAD_SECTION else None
        if inline and not _OPEN_END.search(text, max(0, start - 40), start):
            above, title = _title_above(text, start)
            label = row[: head.start("rest")]
            body = start + head.start("rest") + inline.end()
            candidates.append((Heading(above, body, 1, f"{label} {title}".strip()), _classify(label)[1]))
            continue
        if len(row) > 250:
            continue
        if rest and (_CITED_ON.match(rest) or not re.match(r"\s*[-–—:]?\s*[A-ZÄÖÜ„\"(]", rest)):
            continue
        if row.startswith(("An", "AN")) and (row[-1] in ".,;:" or len(row) > 160):
            continue
        if _OPEN_END.search(text, max(0, start - 40), start):
            continue
        candidates.append((Heading(start, end, 1, row), _classify(row)[1]))
    return _body_run(candidates)


def _title_above(text: str, start: int) -> tuple[int, str]:
    """The line above an inline „§ 4. (1) …“ if it is its title, and where it begins; else `start` and nothing."""
    above = text[max(0, start - 300) : start].rstrip()
    row = above.rsplit("\n", 1)[-1].strip("#* \t")
    before = above[: len(above) - len(above.rsplit("\n", 1)[-1])].rstrip(" \t")
    stands_alone = before.endswith("\n\n") or before.rstrip()[-1:] in ".;)" or not before
    if not 3 <= len(row) <= 120 or not row[0].isupper() or row[-1] in ".,:;)" or not stands_alone:
        return start, ""
    if _HEAD_DIVISION.match(row) or _HEAD_SECTION.match(row) or text.count("\n", start - 4, start) > 3:
        return start, ""
    return text.rindex(row, 0, start), clean_title(row)


def _body_run(candidates: Sequence[tuple[Heading, str]]) -> list[Heading]:
    """Of candidates keeps those that ascend; of two ascents over the same numbers the first is a table of contents."""
    runs: list[list[tuple[Heading, str]]] = []
    for heading, label in candidates:
        annex = label.startswith("An")
        if annex:
            if runs:
                runs[-1].append((heading, label))
            continue
        last = next((item[1] for item in reversed(runs[-1]) if not item[1].startswith("An")), "") if runs else ""
        if runs and _order(label) > _order(last) and label[0] == last[:1]:
            if _order(label)[0] - _order(last)[0] > 60:
                continue
            runs[-1].append((heading, label))
        elif _order(label)[0] <= 1 or not runs:
            runs.append([(heading, label)])
    if not runs:
        return []
    weights = [run[-1][0].end - run[0][0].start for run in runs]
    longest = max(weights)
    kept: list[Heading] = []
    for run, weight in zip(runs, weights, strict=True):
        listed = len(run) > 2 and weight < 120 * len(run)
        if not listed or weight == longest == weights[-1]:
            kept.extend(heading for heading, _ in run)
    return kept


def _plain_sections(text: str, headings: Sequence[Heading]) -> list[Section]:
    sections: list[Section] = []
    divisions = _Divisions()
    place = max(0, headings[0].start - 600)
    for number, heading in enumerate(headings):
        untitled = ""
        for start, end in lines(text, place, heading.start):
            left, right = strip_span(text, start, end)
            row = text[left:right] if right - left < 160 else ""
            match = _HEAD_DIVISION.match(row)
            if match and (match.group("title")[:1].isupper() or not match.group("title")):
                word, division = _division(match)
                divisions.enter(word, division)
                untitled = division if not match.group("title") else ""
            elif untitled and row[:1].isupper() and row[-1] not in ".,;:":
                divisions.rename(f"{untitled} – {clean_title(row)}")
                untitled = ""
        kind, label, whole = _classify(heading.text)
        if kind not in ("section", "annex"):
            continue
        end = headings[number + 1].start if number + 1 < len(headings) else len(text)
        body = heading.end
        if whole == label and "\n" in text[heading.end : heading.end + 4].replace("\r", "\n"):
            whole, body = _title_below(text, label, body, end)
        path = divisions.path() if kind == "section" else ()
        sections.append(Section(kind, label, whole, path, heading.start, body, end))
        place = max(heading.end, end - 600)
    return sections


def _title_below(text: str, label: str, start: int, end: int) -> tuple[str, int]:
    """Where the number stands alone, the next line is the title if it looks like one and leads no list in."""
    for left, right in lines(text, start, min(end, start + 400)):
        a, b = strip_span(text, left, right)
        if a == b:
            continue
        row = text[a:b].strip("*_ ")
        if 0 < len(row) <= 160 and row[0].isupper() and row[-1] not in ".:;," and not row.startswith("("):
            if _BEGINS_SENTENCE.match(row) and _LISTED.match(text, right, end):
                break
            return f"{label} – {clean_title(row)}", right
        break
    return label, start


def paragraphs(text: str, section: Section) -> list[Paragraph]:
    """The Absätze of a section in order; text outside of them comes with number None.

    Numbers must ascend: a „(2)“ at the beginning of a line that a citation left there opens nothing.
    """
    found: list[tuple[str, int]] = []
    last = (0, "")
    inline = _PARAGRAPH_INLINE.match(text, section.body_start)
    if inline:
        last = (1, inline.group(1))
        found.append((f"1{inline.group(1)}", strip_span(text, inline.start(), inline.end())[0]))
    for match in _PARAGRAPH.finditer(text, section.body_start, section.end):
        start = _before_markup(text, match.start(), section.body_start)
        if not _opens_line(text, start, section.body_start):
            continue
        order = (int(match.group(1)), match.group(2))
        if order <= last or (not found and order[0] > 1) or order[0] > last[0] + 9:
            continue
        last = order
        found.append((match.group(1) + match.group(2), start))
    if not found and section.label.startswith("Art."):
        found = _bare_paragraphs(text, section)
    parts: list[Paragraph] = []
    first = found[0][1] if found else section.end
    spans: list[tuple[str | None, Span]] = [(None, (section.body_start, first))]
    for number, (name, start) in enumerate(found):
        spans.append((name, (start, found[number + 1][1] if number + 1 < len(found) else section.end)))
    for name, span in spans:
        start, end = strip_span(text, *span)
        if start < end:
            parts.append(Paragraph(name, start, end))
    return parts


def _before_markup(text: str, place: int, start: int) -> int:
    """Where the markup begins that stands right before a place; the place itself where there is none."""
    if place > start and text[place - 1] in "\\*_":
        for mark in _BEFORE_PARAGRAPH:
            if text.startswith(mark, max(start, place - len(mark)), place):
                return place - len(mark)
    return place


def _opens_line(text: str, place: int, start: int) -> bool:
    """Whether only blanks stand before a place in its line, which begins at `start` or behind it."""
    while place > start and text[place - 1] in " \t\xa0":
        place -= 1
    return not place or text[place - 1] == "\n"


def _bare_paragraphs(text: str, section: Section) -> list[tuple[str, int]]:
    """Absätze whose numbers have no brackets, as in Switzerland („1 Dieses …“) and in the Union („1. This …“)."""
    found: list[tuple[str, int]] = []
    last = (0, "")
    for match in _PARAGRAPH_BARE.finditer(text, section.body_start, section.end):
        number, letter = match["number"].translate(_RAISED), match["letter"] or ""
        order = (int(number), letter)
        first = not found and (order[0] != 1 or text[section.body_start : match.start()].strip() != "")
        if first or order <= last or order[0] > last[0] + 1:
            continue
        last = order
        found.append((number + letter, strip_span(text, match.start(), match.end())[0]))
    return found if len(found) > 1 else []
