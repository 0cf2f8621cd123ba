"""Laws in Markdown as converters write it: bold lines, numbers alone, links, guarded brackets. The text is made up."""

import re

import pytest

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ChunkedDocument, ExtractedText

TITLE = "Verordnung über die Prüfung von Stauwehren (Stauwehrprüfungsverordnung - StauPrV)"
BODY = """\
# § 1 – Anwendungsbereich

Diese Verordnung gilt für Stauwehre, die höher als drei Meter sind.

# § 2 – Prüfung

(1) Der Betreiber prüft das Stauwehr alle zwei Jahre.

(2) Die Behörde kann die Prüfung nach § 3 verlangen.

# § 3a – Prüfbuch

Das Prüfbuch ist zehn Jahre aufzubewahren. **§ 2 Absatz 1** bleibt unberührt.
"""
_HEAD = re.compile(r"^# (§ \w+) – (.*)$", re.MULTILINE)


def _cut(text: str) -> ChunkedDocument:
    return chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))


def _headed(heading: str, title: str = f"# {TITLE}") -> str:
    return f"{title}\n\n{_HEAD.sub(lambda found: heading.format(number=found[1], title=found[2]), BODY)}"


def _places(document: ChunkedDocument) -> list[tuple[str | None, str | None, str]]:
    return [(chunk.section, chunk.paragraph, chunk.heading_path[-1]) for chunk in document.chunks if chunk.section]


EXPECTED = [
    ("§ 1", None, "§ 1 – Anwendungsbereich"),
    ("§ 2", "1", "§ 2 – Prüfung"),
    ("§ 2", "2", "§ 2 – Prüfung"),
    ("§ 3a", None, "§ 3a – Prüfbuch"),
]


@pytest.mark.parametrize(
    "text",
    [
        _headed("### {number} {title}"),
        _headed("**{number} {title}**", title=TITLE),
        _headed("**{number} {title}**", title=f"**{TITLE}**"),
        _headed("__{number} {title}__"),
        _headed("**{number}**\n\n**{title}**"),
        _headed("**{number}** {title}"),
        _headed("**{number}**  \n{title}"),
        _headed("## {number}\n\n{title}"),
        _headed("## {number}\n### {title}"),
        _headed("## [{number} {title}](#p)"),
        _headed('## <a name="p"></a>{number} {title}'),
        _headed("## {number} {title} {{#p}}"),
        _headed("  ## {number} {title}"),
        _headed("## {number} {title}").replace("## § ", "## Paragraph "),
        _headed("## {number} {title}").replace("(1)", "\\(1\\)").replace("(2)", "\\(2\\)"),
        _headed("## {number} {title}").replace("(1)", "**(1)**").replace("(2)", "**(2)**"),
    ],
)
def test_sections_however_their_headings_are_marked(text: str) -> None:
    document = _cut(text)
    assert _places(document) == EXPECTED
    assert document.law_names[:2] == ("StauPrV", "Stauwehrprüfungsverordnung")


def test_bold_words_that_are_no_headings() -> None:
    rows = (
        "# Merkblatt",
        "**§ 14a EnWG** gilt für Wärmepumpen.",
        "**§ 9 und § 10 EEG**",
        "**Hinweis**",
        "Lesen Sie das.",
    )
    text = "\n\n".join(rows)
    assert {chunk.section for chunk in _cut(text).chunks} == {None}


def test_a_line_that_leads_a_list_in_is_no_title() -> None:
    rows = (f"# {TITLE}", "# § 1", "Die Kosten", "– der Prüfung", "– des Prüfbuchs", "trägt er.", "# § 2", "Sie gilt.")
    text = "\n\n".join(rows)
    assert _places(_cut(text)) == [("§ 1", None, "§ 1"), ("§ 2", None, "§ 2")]
