"""Write docs/DOCUMENTS.md: what became of each document of the shared collection, and what extraction costs.

Run: `python tests/bench/documents_table.py [folder with documents] [file to write]`. File names and outcomes only.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from resources.extractor import SUPPORTED_FORMATS, EmbeddedExtractor, ExtractionError, detect  # noqa: E402

OUTCOMES = {
    "ok": "gelesen",
    "no_text": "kein Text",
    "unsupported": "Format nicht unterstützt",
    "encrypted": "verschlüsselt",
    "damaged": "beschädigt",
    "garbled": "Text unlesbar kodiert",
    "bomb": "gefährlich aufgebaut",
    "timeout": "zu langsam",
    "memory": "zu viel Speicher",
    "too_large": "zu umfangreich",
    "empty": "leer",
}
INTRODUCTION = """# Dokumente: was gelesen wird und was nicht

Written by `tests/bench/documents_table.py`; do not edit by hand. The documents are the shared collection of real,
encrypted and hostile files (`../shared/data/documents`, not part of this repository). Every file ends as text or as a
sentence that says why not.

## Formats

The content decides on the type, the ending only among kinds of plain text. A file whose ending promises something else
is read as what it is, with a warning; archives, pictures and programs are refused by name.

PDF is read by pdfium; DOC, XLS, XLSB, PPT and MSG by kreuzberg; everything else by readers of our own. Kreuzberg (4.10)
drops every `&`, `<` and `>` from DOCX, loses the numbers of numbered paragraphs, reads no ODP and takes one code page
for all RTF.

Laws are cut by § or article and Absatz: German, Austrian, Swiss and European ones, from every format; the XML in which
federal law is published is read as a law. What repeats at the edges of a PDF's pages is left out after its first page.

Tables of a PDF become Markdown tables, a header of several rows flattened, the name of a group in each of its rows, the
header again on each page. They are told by strokes that enclose cells, or by numbers below each other; forms, columns
of prose, letters, lists and tables of contents stay lines, and so does what is in doubt. A page with more than 60,000
objects or 12,000 strokes has no ruled tables, one with more than 20,000 words none at all. Text alone costs 0 to 6 %
more processor time than without this (27 pages of laws set by a program, paired, best of 12), a page that is looked at
2 to 10 ms: forms whose every page is drawn in boxes are read in up to 1.8 times the time, 21 ms a page.

"""


def main(documents: Path, target: Path) -> None:
    """Extract everything and write the table."""
    rows: list[str] = []
    outcomes: Counter[str] = Counter()
    times: list[float] = []
    began = time.perf_counter()
    with EmbeddedExtractor() as extractor:
        extractor.warm_up()
        started = time.perf_counter() - began
        for path in sorted(documents.rglob("*")):
            if not path.is_file():
                continue
            name, data = path.relative_to(documents).as_posix(), path.read_bytes()
            kind = detect(data, path.name)
            began = time.perf_counter()
            try:
                found = extractor.extract(data, path.name)
            except ExtractionError as error:
                outcome, detail = error.code, error.message
            else:
                pages = f", {len(found.pages)} Seiten" if found.pages else ""
                notes = f" – {' '.join(found.warnings)}" if found.warnings else ""
                outcome, detail = "ok", f"{len(found.text)} Zeichen{pages}{notes}"
            times.append((time.perf_counter() - began) * 1000)
            outcomes[outcome] += 1
            rows.append(f"| `{name}` | {kind.label} | {OUTCOMES[outcome]} | {detail} |")
        measures = extractor.describe()
    formats = [f"| {form.label} | {' '.join(form.endings)} |" for form in SUPPORTED_FORMATS]
    counted = ", ".join(f"{OUTCOMES[code]} {count}" for code, count in outcomes.most_common())
    lines = [
        INTRODUCTION + "| format | endings |\n| --- | --- |",
        *formats,
        "",
        "## Protection",
        "",
        "Extraction runs in a child process without environment, files, network or rights.",
        "In force where this table was made:",
        "",
        "| measure | state |",
        "| --- | --- |",
        *(f"| {name} | {state} |" for name, state in measures.items()),
        "",
        "## Outcomes",
        "",
        f"{sum(outcomes.values())} files: {counted}.",
        "",
        f"Start of the child {started * 1000:.0f} ms; then {statistics.median(times):.1f} ms a file in the middle, "
        f"{max(times):.0f} ms at most.",
        "",
        "| file | kind | outcome | detail |",
        "| --- | --- | --- | --- |",
        *rows,
    ]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data" / "documents",
        Path(sys.argv[2]) if len(sys.argv) > 2 else ROOT / "docs" / "DOCUMENTS.md",
    )
