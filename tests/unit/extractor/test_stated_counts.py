"""Counts that a file states about itself: what is no plain number is ignored, the rest is bounded."""

import tracemalloc

import pytest

from resources.extractor.formats.base import whole_number
from resources.extractor.limits import Limits
from resources.extractor.reading import extract
from tests.integration.extractor import builders as build

ODD = ["²", "٣", "-1", "1.5", "", "x", "9" * 5_000]
MIB = 1 << 20


def text_of(data: bytes, name: str) -> str:
    """The text, of which more than a fixed share of memory is a fault."""
    tracemalloc.start()
    try:
        text = extract(data, name, None, Limits(), "test").text
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()
    return text


@pytest.mark.parametrize(
    ("text", "number"), [*((text, None) for text in ODD), (None, None), ("0", 0), ("007", 7), ("999999999", 999999999)]
)
def test_whole_number(text: str | None, number: int | None) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("count", [*ODD, "100000000"])
def test_columns_and_rows_of_a_law(count: str) -> None:
    cells = "<row><entry>Holz</entry><entry>20</entry></row>" * 50
    page = (
        '<?xml version="1.0"?><dokumente><norm><metadaten><jurabk>X</jurabk><enbez>§ 1</enbez></metadaten><textdaten>'
        f'<text format="XML"><Content><P><table><tgroup cols="{count}"><colspec colname="a"/><colspec colname="b"/>'
        f'<tbody>{cells}<row><entry morerows="{count}">Kohle</entry><entry>30</entry></row><row><entry>40</entry></row>'
        "</tbody></tgroup></table></P></Content></text></textdaten></norm></dokumente>"
    )
    text = text_of(page.encode(), "BJNR1.xml")
    assert "| Holz | 20 |" in text
    assert "| Kohle | 30 |" in text
    assert ("| Kohle | 40 |" in text) == (count == "100000000")


@pytest.mark.parametrize("start", ODD)
def test_start_of_a_list_in_html(start: str) -> None:
    text = text_of(f"<html><body><h1>T</h1><ol start='{start}'><li>drei</ol></body></html>".encode(), "a.html")
    assert "1. drei" in text


@pytest.mark.parametrize("level", [*ODD, "999999999"])
def test_levels_and_repeats_of_open_documents(level: str) -> None:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table")
    )
    content = (
        f"<office:document-content {spaces}><office:body><office:text>"
        f'<text:h text:outline-level="{level}">Teil</text:h>'
        f'<text:list><text:list-item text:start-value="{level}"><text:p>eins</text:p></text:list-item></text:list>'
        f'<table:table><table:table-row><table:table-cell table:number-columns-repeated="{level}"><text:p>x</text:p>'
        "</table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>"
    )
    text = text_of(build.odt(content), "a.odt")
    assert "# Teil" in text
    assert "- eins" in text
    assert "x" in text


def deck(level: str) -> bytes:
    """A presentation with one slide: a title and an entry of a list at a level."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    related = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="{type}" Target="{target}"/></Relationships>'
    )
    spaces = (
        'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        f'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{relations}"'
    )
    shape = "<p:sp><p:nvSpPr><p:nvPr><p:ph{kind}/></p:nvPr></p:nvSpPr><p:txBody><a:p>{inner}</a:p></p:txBody></p:sp>"
    title = shape.format(kind=' type="title"', inner="<a:r><a:t>Netz</a:t></a:r>")
    entry = shape.format(kind="", inner=f'<a:pPr lvl="{level}"/><a:r><a:t>eins</a:t></a:r>')
    return build.container(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": related.format(type=f"{relations}/officeDocument", target="ppt/presentation.xml"),
            "ppt/presentation.xml": f'<p:presentation {spaces}><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
            "</p:presentation>",
            "ppt/_rels/presentation.xml.rels": related.format(type=f"{relations}/slide", target="slides/slide1.xml"),
            "ppt/slides/slide1.xml": f"<p:sld {spaces}><p:cSld><p:spTree>{title}{entry}</p:spTree></p:cSld></p:sld>",
        }
    )


@pytest.mark.parametrize("level", [*ODD, "999999999"])
def test_levels_of_slides(level: str) -> None:
    assert "- eins" in text_of(deck(level), "a.pptx")
