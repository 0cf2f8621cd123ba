"""What a law is called: its title, its short names and abbreviation, in every form in which they stand above a text.

How the text is divided is `laws.py`.
"""

from __future__ import annotations

import re

from luna_rules.documents.blocks import readable_text
from luna_rules.documents.page_lines import below_page_lines

_FOOTNOTE = re.compile(r"(?:(?<=[a-zäöüß)])\d{1,2}\)?|\*+\)?|<sup>.*?</sup>)(?=\s|\Z)")
_NAMES_AT_END = re.compile(r"\s*\(([^()]{2,160})\)\s*[*\d)]*\s*\Z")
_ABBREVIATION = re.compile(
    r"(?=(?:[^A-ZÄÖÜ]*[A-ZÄÖÜ]){2})[A-ZÄÖÜ][\wÄÖÜäöüß]*(?:[-/][\wÄÖÜäöüß]+)*(?:[ _](?:19|20)\d\d)?\Z"
)
_NO_NAME = re.compile(r"(?:EU|EG|EWG)\Z|ABl|BGBl|Art(?:ikel|\.) \d|Stand\b")
_NUMBERED = re.compile(r"(?P<law>[A-ZÄÖÜ][A-Za-zÄÖÜäöü]+) (?P<number>\d{1,2})")
_BOOKS = tuple(
    "Erst Zweit Dritt Viert Fünft Sechst Siebt Acht Neunt Zehnt Elft Zwölft Dreizehnt Vierzehnt".split()  # noqa: SIM905
)
_ROMANS = tuple("I II III IV V VI VII VIII IX X XI XII XIII XIV".split())  # noqa: SIM905
_BOOK = re.compile(
    rf"(?P<before>{'|'.join(_BOOKS)})es Buch Sozialgesetzbuch\b"
    rf"|\bSozialgesetzbuch\W(?:\(SGB\)\W)?\W*(?P<behind>{'|'.join(_BOOKS)})es Buch\b",
    re.IGNORECASE,
)
_ABBREVIATION_ROW = re.compile(
    r"\(?(?P<name>(?:\d{1,3}\. )?[A-ZÄÖÜ][\wÄÖÜäöüß]*(?:[-/][\wÄÖÜäöüß]+)*(?: \d{1,2})?(?: (?:19|20)\d\d)?)\)?\Z"
)
_LONGEST_TITLE = 120
_YEAR = re.compile(r"[ _]+(?:19|20)\d\d\Z")
_LAW_TITLE = re.compile(
    r"(?:(?-i:[A-ZÄÖÜ])[\w-]+(?:te|e|es|er|s) ){0,2}[\w-]*(?:gesetz|gesetzbuch|ordnung|satzung|staatsvertrag)\b",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(r"[A-ZÄÖÜ][\w-]+(?:tes?|es?)\Z")
_ISSUED = re.compile(r"Ausfertigungsdatum|Vollzitat")
_EU = re.compile(
    r"(?P<kind>(?:(?:Delegierte|Durchführungs)\s*)?(?:verordnung|richtlinie|regulation|directive))\s*(?P<number>\((?:EU|EG|EWG|Euratom)\)\s*(?:Nr\.\s*)?\d{1,4}/\d{1,4}"
    r"|\d{4}/\d{1,4}/E[UGW]+)",
    re.IGNORECASE,
)
_EU_BEGINS = re.compile(
    r"DAS EUROPÄISCHE|DIE EUROPÄISCHE|DER RAT|THE EUROPEAN|in Erwägung|gestützt|Having regard|Whereas|HA[BV]EN? "
    r"|KAPITEL|CHAPTER",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"inhalt|gliederung", re.IGNORECASE)
_GERMAN = {"Regulation": "Verordnung", "Directive": "Richtlinie"}


def clean_title(title: str) -> str:
    """A title on one line, without marks of footnotes and Markdown."""
    title = readable_text(title.replace("\\", ""))
    title = _FOOTNOTE.sub("", title)
    return " ".join(title.split()).strip(" #*_")


def _called(bracket: str) -> list[str]:
    """The names in the bracket behind a title, the abbreviation first: `Stromversorgungsgesetz, StromVG`."""
    parts = re.split(r"\s+[-–—]\s+", bracket)
    if len(parts) == 1:
        parts = re.split(r",\s+", bracket)
        if not _ABBREVIATION.match(parts[-1]):
            return [bracket]
    return [parts[-1], " – ".join(parts[:-1])] if len(parts) > 1 else parts


def _counted(name: str) -> tuple[str, ...]:
    """The other ways to write a name with a number: `BImSchV 26` is the 26. BImSchV, `SGB 5` is SGB V."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return ()
    law, number = found["law"], int(found["number"])
    if law == "SGB" and number <= len(_BOOKS):
        return (f"SGB {_ROMANS[number - 1]}", f"{_BOOKS[number - 1]}es Buch Sozialgesetzbuch")
    return (f"{number}. {law}",)


def law_names(title: str, *, file_name: str | None = None) -> tuple[str, ...]:
    """What a law with this title answers to, the shortest first.

    „Gesetz … (Erneuerbare-Energien-Gesetz - EEG 2023)“ gives EEG 2023, EEG, Erneuerbare-Energien-Gesetz, Gesetz ….
    `file_name` supplies an abbreviation only where the title has none.
    """
    title = clean_title(title)
    short: list[str] = []
    title = re.sub(r"(?:\s*\((?:Neufassung|Text von Bedeutung für den EWR)\))+\Z", "", title)
    long_title = title
    found = _NAMES_AT_END.search(title)
    if found and found.start() > 0 and not _NO_NAME.match(found.group(1)):
        long_title = title[: found.start()].strip()
        short = _called(found.group(1).strip())
    book = _BOOK.search(title)
    if book is not None:
        short.append(f"SGB {_BOOKS.index((book['before'] or book['behind']).capitalize()) + 1}")
    abbreviated = any(_ABBREVIATION.match(name) for name in short)
    if not abbreviated and file_name:
        named = _from_file_name(file_name)
        if named:
            short.insert(0, named)
    european = _EU.search(long_title[:200])
    if european:
        kind = european.group("kind").lower()
        kind = " ".join(word.capitalize() for word in kind.split())
        short += [f"{name} {european.group('number')}" for name in dict.fromkeys((_GERMAN.get(kind, kind), kind))]
    names: list[str] = []
    for name in [*short, long_title]:
        name = name.strip(" ,;")
        bare = _YEAR.sub("", name)
        for form in (name, bare, *_counted(bare)):
            if form and form not in names:
                names.append(form)
    return tuple(names)


def _from_file_name(file_name: str) -> str | None:
    stem = re.split(r"[/\\]", file_name)[-1].split(".")[0]
    stem = re.split(r"-BJNR|_stand|-stand", stem)[0]
    return stem.replace("_", " ") if len(stem) <= 24 and _ABBREVIATION.match(stem) else None


def find_title(before: str, main_heading: str | None, stored: str | None) -> tuple[str | None, bool]:
    """The title, and whether it is the title of something that a legislator made.

    `before` is the text above the first section, `main_heading` a heading of the first level in it, `stored` the title
    that the file itself tells.
    """
    title, legislated = _find(before, main_heading, stored)
    return (_with_abbreviation(title, before), True) if title and legislated else (title, legislated)


def _find(before: str, main_heading: str | None, stored: str | None) -> tuple[str | None, bool]:
    head = below_page_lines(before[:4000]).lstrip("\ufeff \r\n\f")
    if head.startswith("% "):
        return clean_title(head[2:].split("\n", 1)[0]), True
    issued = bool(_ISSUED.search(head))
    front = re.match(r"---\r?\n(.*?)\r?\n---", head, re.DOTALL)
    if front:
        fields = dict(re.findall(r"^(\w+):[ \t]*(.+(?:\n[ \t]+.+)*)[ \t]*$", front.group(1), re.MULTILINE))
        title = fields.get("Title") or fields.get("title")
        if title:
            title = title.strip("\"'")
            short = (fields.get("jurabk") or fields.get("abbreviation") or "").strip("\"'")
            return clean_title(title if "(" in title or not short else f"{title} ({short})"), True
    if main_heading:
        title = clean_title(main_heading)
        return title, issued or _is_legislated(title)
    title = _plain_title(head)
    if title:
        return title, True
    if stored:
        title = clean_title(stored)
        return title, _is_legislated(title)
    first_line = head.split("\n", 1)[0].strip()
    if not 0 < len(first_line) <= _LONGEST_TITLE or first_line[-1] == ".":
        return None, False
    return clean_title(first_line), _is_legislated(first_line)


def _with_abbreviation(title: str, before: str) -> str:
    """The title and, in its bracket, the abbreviation that stands on a line of its own below it."""
    bracket = _NAMES_AT_END.search(title)
    if bracket and any(_is_abbreviation(name) for name in _called(bracket.group(1))):
        return title
    rows = [row.strip("# *\t\ufeff") for row in re.split(r"[\r\n\f]+", before[:4000]) if row.strip("# *\t\ufeff")]
    ends = [number for number, row in enumerate(rows[:40]) if title.endswith(clean_title(row))]
    for row in rows[ends[-1] + 1 : ends[-1] + 4] if ends else ():
        if _ISSUED.match(row):
            break
        found = _ABBREVIATION_ROW.match(row)
        if found and _is_abbreviation(found["name"]) and not _CONTENTS.match(row):
            if bracket and not _NO_NAME.match(bracket.group(1)):
                return f"{title[: bracket.start()]} ({bracket.group(1)} - {found['name']})"
            return f"{title} ({found['name']})"
    return title


def _is_abbreviation(name: str) -> bool:
    """Whether a name looks like a law's abbreviation: two capitals or more, and no word in capitals."""
    capitals = sum(char.isupper() for char in name)
    return capitals > 1 and len(name) <= 24 and not (capitals > 6 and name.isupper()) and " der " not in name


def _is_legislated(title: str) -> bool:
    return bool(_LAW_TITLE.match(title) or _EU.match(title))


def _plain_title(head: str) -> str | None:
    """The title in text of a PDF: from the line that names a kind of law to the bracket with its short name."""
    rows = [row.strip("*_# \t") for row in re.split(r"[\r\n\f]+", head) if row.strip("*_# \t")][:40]
    for number, row in enumerate(rows):
        european = _EU.match(row)
        if not european and not _LAW_TITLE.match(row):
            continue
        above = rows[number - 1] if number else ""
        joined = f"{above} {row}" if _ADJECTIVE.match(above) else row
        for following in rows[number + 1 : number + 6]:
            ended = joined.endswith(")") and not (european and re.search(r"\((?:EU|EG|EWG)\)\Z", joined))
            if ended or re.match(r"Ausfertigungsdatum|Vollzitat|Vom\b|§|Art|\(?Inhalt", following):
                break
            if re.match(r"vom \d", following) and not european:
                break
            if european and _EU_BEGINS.match(following):
                break
            if _ABBREVIATION_ROW.match(following) and _is_abbreviation(following.strip("()")):
                break
            glued = re.search(r"\w-\Z", joined) and following[:1].isupper()
            joined += following if glued else f" {following}"
        if len(joined) <= 400 and (_NAMES_AT_END.search(joined) or european or _ISSUED.search(head)):
            return clean_title(joined)
    return None
