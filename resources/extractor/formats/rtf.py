"""Rich Text (RTF) without recursion: characters in the code page of their font, paragraphs, lists, tables, headings.

List labels stand in the file as text and are kept. Pictures, objects, fields' instructions and unknown optional groups
are skipped without being decoded.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace

from resources.extractor.errors import ExtractionError
from resources.extractor.formats.base import Extracted, heading, one_line, table
from resources.extractor.limits import Limits

_TOKEN = re.compile(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9a-fA-F]{2})|\\(?P<symbol>[^a-zA-Z])"
    rb"|(?P<open>\{)|(?P<close>\})|(?P<break>[\r\n]+)|(?P<text>[^\\{}\r\n]+)",
    re.DOTALL,
)
_CHARSETS = {0: 1252, 2: 1252, 77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258} | {
    177: 1255,
    178: 1256,
    186: 1257,
    204: 1251,
    222: 874,
    238: 1250,
    254: 437,
    255: 850,
}
_SKIPPED = frozenset(
    {"pict", "object", "objdata", "themedata", "colorschememapping", "datastore", "fldinst", "xmlnstbl", "listtable"}
    | {
        "listoverridetable",
        "rsidtbl",
        "generator",
        "colortbl",
        "revtbl",
        "bkmkstart",
        "bkmkend",
        "pgptbl",
        "latentstyles",
    }
    | {
        "annotation",
        "atnid",
        "atnauthor",
        "atrfstart",
        "atrfend",
        "atntime",
        "atnref",
        "atndate",
        "private",
        "nonshppict",
    }
    | {"operator", "author", "subject", "keywords", "comment", "doccomm", "company", "category", "manager", "template"}
    | {
        "userprops",
        "mmathPr",
        "filetbl",
        "nextfile",
        "xe",
        "tc",
        "ftnsep",
        "ftnsepc",
        "aftnsep",
        "aftnsepc",
        "wgrffmtfilter",
    }
)
_SIGNS = {
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
} | {"tab": " ", "emspace": " ", "enspace": " ", "qmspace": " "}
_DEPTH = 1_000


@dataclass(slots=True)
class _State:
    """What a group inherits and may change."""

    target: str = "text"
    font: int | None = None
    unicode_skip: int = 1
    hidden: bool = False
    deleted: bool = False


@dataclass(slots=True)
class _Document:
    blocks: list[str] = field(default_factory=list[str])
    line: list[str] = field(default_factory=list[str])
    cells: list[str] = field(default_factory=list[str])
    rows: list[list[str]] = field(default_factory=list[list[str]])
    title: list[str] = field(default_factory=list[str])
    margin: list[str] = field(default_factory=list[str])
    style_levels: dict[int, int] = field(default_factory=dict[int, int])
    fonts: dict[int, int] = field(default_factory=dict[int, int])
    page: int = 1252
    in_table: bool = False
    level: int | None = None
    size: int = 0


def read(data: bytes, limits: Limits) -> Extracted:
    """Text of an RTF file as Markdown."""
    return _Reader(limits).read(data)


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.out = _Document()
        self.state = _State()
        self.stack: list[_State] = []
        self.pending = bytearray()
        self.skip = 0
        self.optional = False
        self.fresh = False
        self.font_defined = 0
        self.style_defined = 0

    def read(self, data: bytes) -> Extracted:
        position = 0
        while position < len(data):
            found = _TOKEN.match(data, position)
            if found is None:
                position += 1
                continue
            position = found.end()
            kind = found.lastgroup
            if kind == "number":
                kind = "word"
            if kind != "hex":
                self._flush_bytes()
            if kind == "word":
                number = int(found["number"]) if found["number"] else None
                word = found["word"].decode("ascii")
                if word == "bin":
                    position += max(0, number or 0)
                    continue
                self._word(word, number)
            elif kind == "hex":
                if self.skip:
                    self.skip -= 1
                else:
                    self.pending.append(int(found["hex"], 16))
            elif kind == "symbol":
                self._symbol(found["symbol"])
            elif kind == "open":
                self._open()
            elif kind == "close":
                self._close()
            elif kind == "text":
                self._bytes(found["text"])
            if kind not in ("open", "break", "symbol"):
                self.fresh = False
        self._flush_bytes()
        self._end_paragraph()
        self._end_table()
        blocks = list(self.out.blocks)
        margin = one_line("".join(self.out.margin))
        if len(re.sub(r"\W|\d|Seite|von", "", margin)) >= 3:
            blocks.append(margin)
        return Extracted(text="\n\n".join(blocks), title=one_line("".join(self.out.title)) or None)

    # -- groups

    def _open(self) -> None:
        if len(self.stack) > _DEPTH:
            raise ExtractionError("bomb")
        self.stack.append(replace(self.state))
        self.fresh, self.optional = True, False
        self.skip = 0

    def _close(self) -> None:
        if self.stack:
            self.state = self.stack.pop()
        self.skip = 0

    # -- text

    def _bytes(self, raw: bytes) -> None:
        if self.skip:
            used = min(self.skip, len(raw))
            self.skip -= used
            raw = raw[used:]
        if raw:
            self._text(raw.decode(self._codec(), "replace"))

    def _flush_bytes(self) -> None:
        """Bytes in hexadecimal: a letter may take two of them, so they are decoded together."""
        if self.pending:
            text = bytes(self.pending).decode(self._codec(), "replace")
            self.pending.clear()
            self._text(text)

    def _codec(self) -> str:
        page = self.out.fonts.get(self.state.font) if self.state.font is not None else None
        name = f"cp{page or self.out.page}"
        if page == 10000 or (self.out.page == 10000 and page is None):
            name = "mac-roman"
        try:
            codecs.lookup(name)
        except LookupError:
            return "cp1252"
        return name

    def _text(self, text: str) -> None:
        if self.state.hidden or self.state.deleted:
            return
        target = self.state.target
        if target == "text":
            self.out.line.append(text)
            self.out.size += len(text)
            if self.out.size > self.limits.text_chars:
                raise ExtractionError("too_large", "Das Dokument enthält mehr Text, als verarbeitet werden kann.")
        elif target == "title":
            self.out.title.append(text)
        elif target == "margin":
            self.out.margin.append(text)

    # -- control words

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self.optional = self.fresh
            return
        if self.skip:
            self.skip -= 1
            return
        if symbol in b"\\{}":
            self._text(symbol.decode("ascii"))
        elif symbol == b"~":
            self._text(" ")
        elif symbol == b"_":
            self._text("-")
        elif symbol in b"\r\n":
            self._end_paragraph()

    def _word(self, word: str, number: int | None) -> None:
        if self.fresh and self._destination(word):
            return
        self.optional = False
        if self.state.target == "fonts":
            self._font_table(word, number)
        elif self.state.target == "styles":
            self._style_table(word, number)
        elif word == "u" and number is not None:
            self.skip = self.state.unicode_skip
            self._unicode(number)
        elif word == "uc":
            self.state.unicode_skip = max(0, min(number if number is not None else 1, 16))
        elif word == "f":
            self.state.font = number
        elif word == "ansicpg" and number:
            self.out.page = number
        elif word == "mac":
            self.out.page = 10000
        elif word in _SIGNS:
            self._text(_SIGNS[word])
        elif word in ("v", "deleted"):
            flag = number != 0
            if word == "v":
                self.state.hidden = flag
            else:
                self.state.deleted = flag
        elif word == "plain":
            self.state.hidden = self.state.deleted = False
            self.state.font = None
        elif self.state.target == "text":
            self._layout(word, number)
        elif self.state.target == "margin" and word in ("par", "line"):
            self.out.margin.append(" ")

    def _unicode(self, number: int) -> None:
        code = number & 0xFFFF
        if 0xD800 <= code < 0xE000:
            # Halves of a pair come one by one; they are joined when the line is complete.
            self._text(chr(code))
        elif code >= 0x20 and not 0xE000 <= code < 0xF900:
            self._text(chr(code))

    def _destination(self, word: str) -> bool:
        """Whether the word opens a group of its own kind."""
        optional, self.optional, self.fresh = self.optional, False, False
        if self.state.target == "skip":
            return True
        if word == "fonttbl":
            self.state.target = "fonts"
        elif word == "stylesheet":
            self.state.target = "styles"
        elif word == "title":
            self.state.target = "title"
        elif word in ("header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"):
            self.state.target = "margin"
        elif word == "info":
            self.state.target = "info"
        elif word in _SKIPPED:
            self.state.target = "skip"
        elif word in ("shptxt", "fldrslt", "listtext", "pntext", "footnote", "shpinst", "shppict", "upr", "ud"):
            if word == "shppict" or word == "upr":
                self.state.target = "skip"
            elif word == "footnote":
                self._text(" [")
            return word not in ("listtext", "pntext") or True
        elif optional:
            self.state.target = "skip"
        elif self.state.target in ("fonts", "styles"):
            return False
        else:
            return False
        return True

    def _font_table(self, word: str, number: int | None) -> None:
        if word == "f" and number is not None:
            self.font_defined = number
        elif word == "fcharset" and number is not None and number in _CHARSETS:
            # Charset 0 means „ANSI": the code page that the document names, which is 1252 unless it says otherwise.
            if number != 0:
                self.out.fonts[self.font_defined] = _CHARSETS[number]
        elif word == "cpg" and number:
            self.out.fonts[self.font_defined] = number

    def _style_table(self, word: str, number: int | None) -> None:
        if word == "s" and number is not None:
            self.style_defined = number
        elif word == "outlinelevel" and number is not None and number < 9:
            self.out.style_levels[self.style_defined] = number

    def _layout(self, word: str, number: int | None) -> None:
        if word == "par":
            self._end_paragraph()
        elif word in ("line", "lbr"):
            self.out.line.append("\n")
        elif word in ("page", "sect"):
            self._end_paragraph()
        elif word == "pard":
            self.out.level = None
            self.out.in_table = False
        elif word == "s" and number is not None:
            self.out.level = self.out.style_levels.get(number)
        elif word == "outlinelevel" and number is not None:
            self.out.level = number if number < 9 else None
        elif word == "intbl":
            self.out.in_table = True
        elif word in ("cell", "nestcell"):
            self.out.cells.append(self._take_line())
        elif word in ("row", "nestrow") and self.out.cells:
            self.out.rows.append(self.out.cells)
            self.out.cells = []

    def _take_line(self) -> str:
        text = "".join(self.out.line)
        self.out.line = []
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return "\n".join(line for line in (one_line(part) for part in text.split("\n")) if line)

    def _end_paragraph(self) -> None:
        if self.out.in_table or self.out.cells:
            if self.out.line:
                self.out.line.append(" ")
            if self.out.in_table:
                return
        self._end_table()
        text = self._take_line()
        if not text:
            return
        bullet = re.match(r"[•·▪◦o–-]\s+(?=\S)", text)
        if self.out.level is not None:
            self.out.blocks.append(heading(self.out.level + 1, text))
        elif bullet and bullet.group()[0] != "o":
            entry = f"- {text[bullet.end() :]}"
            if self.out.blocks and self.out.blocks[-1].startswith("- "):
                self.out.blocks[-1] += f"\n{entry}"
            else:
                self.out.blocks.append(entry)
        else:
            self.out.blocks.append(text)

    def _end_table(self) -> None:
        rows, self.out.rows = self.out.rows, []
        if self.out.cells:
            rows.append(self.out.cells)
            self.out.cells = []
        if not rows:
            return
        if all(sum(1 for value in row if value) <= 1 for row in rows):
            self.out.blocks += [value for row in rows for value in row if value]
        else:
            self.out.blocks.append(table(rows, self.limits.table_columns))
