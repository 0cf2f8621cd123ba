"""Which type a file is taken for: by what is in it, whatever it is called."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from resources.extractor import SUPPORTED_FORMATS, detect
from resources.extractor import media_types as types


def zipped(*names: str, mimetype: str | None = None) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<x/>")
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        entry = tarfile.TarInfo("a.txt")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    return target.getvalue()


PAGE = b"<!DOCTYPE html><html><head><title>T</title></head><body><p>Text</p></body></html>"
MAIL = b"Received: from a\r\nFrom: a@example.org\r\nSubject: Test\r\nMIME-Version: 1.0\r\n\r\nHallo\r\n"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"%PDF-1.7\n", "a.pdf", types.PDF),
        (b"\r\n\r\n%PDF-1.7\n", "a", types.PDF),
        (zipped("[Content_Types].xml", "word/document.xml"), "a", types.DOCX),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a.bin", types.PPTX),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a", types.XLSX),
        (zipped("[Content_Types].xml", "xl/workbook.bin"), "a.xlsx", types.XLSB),
        (zipped("content.xml", mimetype=types.ODT), "a", types.ODT),
        (zipped("content.xml", mimetype=types.ODS), "a", types.ODS),
        (zipped("content.xml", mimetype=types.ODP), "a", types.ODP),
        (zipped("content.xml", mimetype=types.ODT + "-template"), "a.ott", types.ODT),
        (zipped("META-INF/container.xml", mimetype=types.EPUB), "a", types.EPUB),
        (b"{\\rtf1\\ansi Text}", "a.doc", types.RTF),
        (PAGE, "a.html", types.HTML),
        (b"\xef\xbb\xbf  " + PAGE, "a", types.HTML),
        (b"<?xml version='1.0'?><a>1</a>", "a.xml", types.XML),
        (b"# Titel\n\nText\n", "a.md", types.MARKDOWN),
        (b"# Titel mit <b>fett</b>\n", "a.md", types.MARKDOWN),
        (b"a;b\n1;2\n", "a.csv", types.CSV),
        (b"a;b\n1;2\n", "a", types.TEXT),
        (b'{"a": [1, 2]}', "a", types.JSON),
        (MAIL, "a.eml", types.EML),
        (MAIL, "ohne-endung", types.EML),
        (b"From a@example.org Mon Jan 1\n" + MAIL, "a.mbox", types.MBOX),
        (b"BEGIN:VCALENDAR\r\n", "a.ics", types.ICS),
        ("Größe: 5 m²".encode("cp1252"), "a.txt", types.TEXT),
        ("Größe: 5 m²".encode("utf-16-le"), "a.txt", types.TEXT),
        ("Größe: 5 m²".encode("utf-16"), "a.txt", types.TEXT),
        (b"MZ sind die ersten Buchstaben.", "a.txt", types.TEXT),
        (b"Notiz: heute", "a.txt", types.TEXT),
    ],
)
def test_content_decides(data: bytes, name: str, expected: str) -> None:
    found = detect(data, name)
    assert found.media_type == expected
    assert found.supported
    assert found.refusal is None


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (zipped("a.txt"), "a.zip", "ZIP"),
        (zipped("a.txt"), "a.docx", "ZIP"),
        (tarred(), "a.tar", "TAR"),
        (b"\x1f\x8b\x08\x00" + b"\x00" * 20, "a.txt.gz", "GZIP"),
        (b"BZh91AY&SY" + b"\x00" * 20, "a.bz2", "BZIP2"),
        (b"7z\xbc\xaf\x27\x1c" + b"\x00" * 20, "a.7z", "7-Zip"),
        (b"MZ\x90\x00\x03\x00\x00\x00" + b"\x00" * 100, "a.pdf", "Programm"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 100, "a.pdf", "Programm"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 20, "a.pdf", "OCR"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a.jpg", "OCR"),
        (bytes(range(256)) * 4, "a.pdf", "PDF"),
        (bytes(range(256)) * 4, "a", "unbekannt"),
        (b"kein Container", "a.odt", "OpenDocument"),
        (b"", "a.pdf", "leer"),
    ],
)
def test_refusals_say_what_it_is(data: bytes, name: str, word: str) -> None:
    found = detect(data, name)
    assert not found.supported
    assert found.refusal is not None
    assert word in found.refusal
    assert found.refusal.endswith(".")


@pytest.mark.parametrize(
    ("data", "name", "label"),
    [
        (b"%PDF-1.7\n", "a.docx", "PDF"),
        (PAGE, "a.pdf", "HTML"),
        (zipped("[Content_Types].xml", "word/document.xml"), "a.pdf", "Word"),
        (b"{\\rtf1 x}", "brief.doc", "Rich Text"),
    ],
)
def test_a_name_that_promises_something_else_is_a_warning(data: bytes, name: str, label: str) -> None:
    found = detect(data, name)
    assert found.supported
    assert found.warning is not None
    assert label in found.warning


def test_a_fitting_name_is_no_warning() -> None:
    assert detect(b"%PDF-1.7\n", "A.PDF").warning is None
    assert detect(b"a,b\n1,2\n", "a.txt").warning is None


def test_hostile_directories_do_not_raise() -> None:
    whole = zipped("[Content_Types].xml", "word/document.xml")
    for end in range(len(whole)):
        detect(whole[:end], "a.docx")
    for at in range(len(whole)):
        detect(whole[:at] + b"\xff" * 4 + whole[at + 4 :], "a.docx")
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    for filler in (b"\x00", b"\xff", b"\x01\x00\x00\x00", b"\x09"):
        for size in (1, 60, 511, 512, 700, 5_000):
            detect((ole + filler * size)[: 8 + size], "a.doc")


def test_supported_formats_are_complete_and_unambiguous() -> None:
    endings = [ending for form in SUPPORTED_FORMATS for ending in form.endings]
    assert len(endings) == len(set(endings))
    assert {
        ".pdf",
        ".docx",
        ".pptx",
        ".xlsx",
        ".odt",
        ".ods",
        ".odp",
        ".html",
        ".md",
        ".txt",
        ".rtf",
        ".eml",
        ".csv",
    } <= {*endings}
    assert all(form.label and form.media_types for form in SUPPORTED_FORMATS)
