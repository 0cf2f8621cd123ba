"""Files that want to harm: each ends as text without harm or as a clear refusal, and the next document works."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from resources.extractor import EmbeddedExtractor, ExtractionError, pool
from tests.integration.extractor import builders as build
from tests.integration.extractor.conftest import child_of

MIB = 1024 * 1024


def code_of(extractor: EmbeddedExtractor, data: bytes, name: str) -> str:
    with pytest.raises(ExtractionError) as caught:
        extractor.extract(data, name)
    assert caught.value.message.endswith(".")
    return caught.value.code


def outcome(extractor: EmbeddedExtractor, data: bytes, name: str) -> tuple[str, str]:
    """The text and `ok`, or nothing and the code of the refusal."""
    try:
        return extractor.extract(data, name).text, "ok"
    except ExtractionError as error:
        return "", error.code


def still_works(extractor: EmbeddedExtractor) -> None:
    assert extractor.extract("Grüße aus Mustertal".encode(), "a.txt").text == "Grüße aus Mustertal"


@pytest.fixture(scope="module")
def gigabyte_docx() -> bytes:
    return build.zip_bomb_docx(1024 * MIB)


def test_zip_bomb_is_refused_quickly(extractor: EmbeddedExtractor, gigabyte_docx: bytes) -> None:
    assert len(gigabyte_docx) < 5 * MIB
    child = child_of(extractor)
    assert code_of(extractor, gigabyte_docx, "angebot.docx") == "bomb"
    assert child_of(extractor) == child, "a refusal is no reason to replace a child"
    assert child.memory_info().rss < 512 * MIB
    still_works(extractor)


def test_zip_that_lies_about_its_sizes(extractor: EmbeddedExtractor) -> None:
    assert code_of(extractor, build.lying_zip_docx(256 * MIB, 1000), "a.docx") in ("bomb", "damaged")
    still_works(extractor)


def test_zip_with_too_many_members(extractor: EmbeddedExtractor) -> None:
    parts: dict[str, str | bytes] = {f"word/part{n}.xml": "" for n in range(10_050)}
    assert code_of(extractor, build.docx(build.word_xml(build.paragraph("Text")), parts), "a.docx") == "bomb"


def test_nested_zip_stays_closed(extractor: EmbeddedExtractor, gigabyte_docx: bytes) -> None:
    data = build.docx(build.word_xml(build.paragraph("Nur dieser Satz.")), {"word/embeddings/a.docx": gigabyte_docx})
    assert extractor.extract(data, "a.docx").text == "Nur dieser Satz."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_billion_laughs(extractor: EmbeddedExtractor, encoding: str) -> None:
    declaration = build.LAUGHS.replace('version="1.0"', f'version="1.0" encoding="{encoding}"')
    document = build.word_xml(build.paragraph("&j;"), declaration).encode(encoding)
    assert code_of(extractor, build.docx(document), "a.docx") == "bomb"
    still_works(extractor)


def _xxe_files() -> dict[str, bytes]:
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    office = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
    content = (
        f'{build.XXE}<office:document-content xmlns:office="{office}" xmlns:text="{text}"><office:body><office:text>'
        "<text:p>Vorher &secret; nachher</text:p></office:text></office:body></office:document-content>"
    )
    return {
        "a.docx": build.docx(build.word_xml(build.paragraph("Vorher &secret; nachher"), build.XXE)),
        "a.odt": build.odt(content),
        "a.xml": f"{build.XXE}<x>Vorher &secret; nachher</x>".encode(),
        "a.html": f"{build.XXE}<html><body>Vorher &secret; nachher</body></html>".encode(),
        "b.html": b'<html><body>Vorher<iframe src="file:///etc/passwd"></iframe><object data="file:///etc/passwd">'
        b'</object><img src="file:///etc/passwd"><link rel=import href="file:///etc/passwd"> nachher</body></html>',
        "parameter.xml": b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><x>Vorher nachher</x>',
    }


@pytest.mark.parametrize("name", sorted(_xxe_files()))
def test_nothing_from_outside_gets_in(extractor: EmbeddedExtractor, name: str) -> None:
    secret = Path("/etc/passwd").read_text(encoding="utf-8").splitlines()[0]
    text, code = outcome(extractor, _xxe_files()[name], name)
    assert secret not in text
    assert "root:" not in text
    if name in ("b.html", "parameter.xml"):
        assert code == "ok"
        assert "Vorher" in text
        assert "nachher" in text
    else:
        assert code == "bomb"


def test_pdf_with_xfa_and_script_is_read_without_running_it(extractor: EmbeddedExtractor) -> None:
    xfa = (
        '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><!DOCTYPE x SYSTEM "file:///etc/passwd">'
        '<template href="http://127.0.0.1:9/x"/></xdp:xdp>'
    )
    data = build.pdf(
        "(Sichtbarer Text) Tj",
        "/AcroForm<</XFA 4 0 R/Fields[]>>/OpenAction 5 0 R",
        (
            f"<</Length {len(xfa)}>>stream\n{xfa}\nendstream",
            "<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\))>>",
        ),
    )
    assert extractor.extract(data, "a.pdf").text == "Sichtbarer Text"


@pytest.mark.parametrize("twice", [False, True])
def test_pdf_whose_stream_inflates_without_measure(extractor: EmbeddedExtractor, twice: bool) -> None:
    data = build.pdf_bomb(600, twice=twice)
    assert len(data) < MIB
    assert code_of(extractor, data, "a.pdf") == "bomb"
    still_works(extractor)


def test_pdf_with_too_many_pages(extractor: EmbeddedExtractor) -> None:
    kids = " ".join("10 0 R" for _ in range(5_001))
    data = build.pdf("(Text) Tj").replace(b"/Kids[10 0 R]/Count 1", f"/Kids[{kids}]/Count 5001".encode())
    assert code_of(extractor, data, "a.pdf") == "too_large"


def test_empty_file(extractor: EmbeddedExtractor) -> None:
    assert code_of(extractor, b"", "a.pdf") == "empty"


def test_deeply_nested_html(extractor: EmbeddedExtractor) -> None:
    for tag in ("div", "table><tr><td", "ul><li", "b", "blockquote"):
        page = b"<html><body>" + f"<{tag}>".encode() * 100_000 + b"Tief unten" + b"</body></html>"
        assert "Tief unten" in extractor.extract(page, "a.html").text


def test_deeply_nested_xml_in_docx(extractor: EmbeddedExtractor) -> None:
    deep = "<w:sdt><w:sdtContent>" * 50_000 + "</w:sdtContent></w:sdt>" * 50_000
    assert code_of(extractor, build.docx(build.word_xml(deep)), "a.docx") in ("damaged", "no_text", "bomb")
    still_works(extractor)


def test_deeply_nested_rtf(extractor: EmbeddedExtractor) -> None:
    assert code_of(extractor, b"{\\rtf1 " + b"{" * 200_000 + b"x", "a.rtf") == "bomb"


def test_spreadsheet_that_repeats_a_cell_a_billion_times(extractor: EmbeddedExtractor) -> None:
    office, table = (
        "urn:oasis:names:tc:opendocument:xmlns:office:1.0",
        "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
    )
    text = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
    content = (
        f'<office:document-content xmlns:office="{office}" xmlns:table="{table}" xmlns:text="{text}"><office:body>'
        '<office:spreadsheet><table:table table:name="T"><table:table-row table:number-rows-repeated="1000000000">'
        '<table:table-cell table:number-columns-repeated="1000000000"><text:p>x</text:p></table:table-cell>'
        "</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>"
    )
    data = build.container(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}, stored=("mimetype",)
    )
    text, code = outcome(extractor, data, "a.ods")
    assert code in ("ok", "too_large", "bomb")
    assert len(text) <= 10_000_000


def test_sheet_cell_far_out_costs_nothing(extractor: EmbeddedExtractor) -> None:
    sheet = (
        '<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Anfang</t></is></c>'
        '<c r="XFD1" t="inlineStr"><is><t>Ende</t></is></c></row><row r="1048576"><c r="A1048576"><v>7</v></c></row>'
        "</sheetData></worksheet>"
    )
    data = build.container(
        {
            "[Content_Types].xml": build.CONTENT_TYPES,
            "_rels/.rels": build.ROOT_RELS.replace("word/document.xml", "xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns:r="{build.OFFICE}"><sheets><sheet name="Blatt" r:id="r1"/></sheets>'
            "</workbook>",
            "xl/_rels/workbook.xml.rels": build.ROOT_RELS.replace('officeDocument"', 'worksheet"').replace(
                "word/document.xml", "worksheets/sheet1.xml"
            ),
            "xl/worksheets/sheet1.xml": sheet,
        }
    )
    text = extractor.extract(data, "a.xlsx").text
    assert "Anfang" in text
    assert "7" in text
    assert len(text) < 1_000


# Ten megabytes of tags keep the child busy for some seconds.
SLOW = b"<html><body>" + b"<p>a &amp; b <b>c</b></p>" * 400_000


def test_child_killed_in_the_middle_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    # When the kill strikes does not matter here; that it may strike before the document is given has its own test.
    monkeypatch.setattr(pool, "_STALE_S", 0.0)
    with EmbeddedExtractor(timeout_s=100) as extractor:
        child = child_of(extractor)
        # It takes the document and does not get to answer.
        child.suspend()
        killer = threading.Timer(0.5, child.kill)
        killer.start()
        with pytest.raises(ExtractionError) as caught:
            extractor.extract(SLOW, "a.html")
        killer.join()
        assert caught.value.permanent is False
        assert not psutil.pid_exists(child.pid)
        still_works(extractor)


def test_child_killed_while_idle_is_replaced_unnoticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_STALE_S", 60.0)
    with EmbeddedExtractor(timeout_s=60) as extractor:
        child_of(extractor).kill()
        still_works(extractor)


def test_timeout_kills_the_child() -> None:
    with EmbeddedExtractor(timeout_s=2) as extractor:
        child = child_of(extractor)
        assert code_of(extractor, SLOW, "a.html") == "timeout"
        assert not psutil.pid_exists(child.pid)
        assert child_of(extractor) != child


def test_memory_hog_is_stopped() -> None:
    with EmbeddedExtractor(timeout_s=60, memory_mb=500) as extractor:
        still_works(extractor)
        many = "".join(f"<w:p><w:r><w:t>{n}</w:t></w:r></w:p>" for n in range(700_000))
        assert code_of(extractor, build.docx(build.word_xml(many)), "a.docx") in ("memory", "bomb")
        still_works(extractor)


def test_no_child_is_left_behind() -> None:
    extractor = EmbeddedExtractor()
    child = child_of(extractor)
    assert child.is_running()
    extractor.close()
    assert not psutil.pid_exists(child.pid)
    with pytest.raises(RuntimeError):
        extractor.extract(b"x", "a.txt")


# What is drawn or written without measure costs the tables of its page, never the document.
WITHOUT_MEASURE = {
    "strokes": "(Text) Tj ET "
    + "".join(f"{n % 500} {n % 700} m {n % 500 + 50} {n % 700} l S " for n in range(90_000))
    + "BT",
    "one_path": "(Text) Tj ET " + "".join(f"0 {n % 800} m 500 {n % 800} l " for n in range(90_000)) + "S BT",
    "fine_grid": "(Text) Tj ET "
    + "".join(f"0 {n} m 500 {n} l S {n} 0 m {n} 500 l S " for n in range(0, 2500, 4))
    + "BT",
    "no_numbers": "(Text) Tj ET nan 5 m 5 5 l S 1e39 1e39 m 1e39 5 l S 0 0 1e30 1e30 re S 0 0 0 0 re f BT",
    "far_away": "(Text) Tj 1e30 0 0 1e30 1e35 5 Tm (1,00 2,00) Tj (3,00 4,00) Tj",
    "flat": "(Text) Tj " + "".join(f"1 0 0 0 {n} 5 Tm (1,0{n % 10} 2,00) Tj " for n in range(500)),
    "words": "(Text) Tj " + "".join(f"1 0 0 1 {n % 80 * 7} {n // 80 * 3} Tm (1,0) Tj " for n in range(30_000)),
}


@pytest.mark.parametrize("name", WITHOUT_MEASURE)
def test_pdf_with_drawings_and_numbers_without_measure(extractor: EmbeddedExtractor, name: str) -> None:
    assert "Text" in extractor.extract(build.pdf(WITHOUT_MEASURE[name]), "a.pdf").text
