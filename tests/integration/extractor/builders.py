"""Builds the hostile and the ordinary files that the extractor's tests send to it. Nothing here is read from disk."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

CONTENT_TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
ROOT_RELS = (
    f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
)


def paragraph(text: str) -> str:
    """A paragraph of Word; `text` is XML already."""
    return f'<w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def word_xml(body: str, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    """A document part around `body`."""
    return f'{declaration}<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'


def docx(document: str | bytes, extra: dict[str, str | bytes] | None = None) -> bytes:
    """A Word container around one document part."""
    return container(
        {"[Content_Types].xml": CONTENT_TYPES, "_rels/.rels": ROOT_RELS, "word/document.xml": document} | (extra or {})
    )


def odt(content: str, extra: dict[str, str | bytes] | None = None) -> bytes:
    """An OpenDocument text around one content part."""
    return container(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content} | (extra or {}),
        stored=("mimetype",),
    )


def container(parts: dict[str, str | bytes], stored: tuple[str, ...] = ()) -> bytes:
    """A ZIP of the parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), body, how)
    return target.getvalue()


def zip_bomb_docx(size: int) -> bytes:
    """A Word container whose document inflates to `size` zeros."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr("_rels/.rels", ROOT_RELS)
        with archive.open("word/document.xml", "w", force_zip64=True) as member:
            block = b"\x00" * (1 << 24)
            for _ in range(size // len(block)):
                member.write(block)
    return target.getvalue()


def lying_zip_docx(real: int, declared: int) -> bytes:
    """A Word container that declares a small size for a part which inflates to a large one."""
    data = bytearray(zip_bomb_docx(real))
    # The size stands in the central directory, behind the name's own header.
    position = data.rfind(b"PK\x01\x02")
    data[position + 24 : position + 28] = declared.to_bytes(4, "little")
    return bytes(data)


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
XXE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


def pdf(content: str = "", catalog: str = "", objects: tuple[str, ...] = (), pages: int = 1) -> bytes:
    """A small PDF with one content stream for each page; `catalog` and `objects` add what a test needs."""
    kids = " ".join(f"{10 + 2 * n} 0 R" for n in range(pages))
    bodies = {
        1: f"<</Type/Catalog/Pages 2 0 R {catalog}>>",
        2: f"<</Type/Pages/Kids[{kids}]/Count {pages}>>",
        3: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    }
    bodies |= {4 + n: body for n, body in enumerate(objects)}
    stream = f"BT /F1 12 Tf 72 700 Td {content} ET"
    for n in range(pages):
        bodies[10 + 2 * n] = (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {11 + 2 * n} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        bodies[11 + 2 * n] = f"<</Length {len(stream)}>>stream\n{stream}\nendstream"
    out = bytearray(b"%PDF-1.7\n")
    offsets: dict[int, int] = {}
    for number, body in bodies.items():
        offsets[number] = len(out)
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    start = len(out)
    last = max(offsets)
    out += f"xref\n0 {last + 1}\n0000000000 65535 f \n".encode()
    for number in range(1, last + 1):
        used = number in offsets
        out += f"{offsets.get(number, 0):010d} {'00000' if used else '65535'} {'n' if used else 'f'} \n".encode()
    out += f"trailer<</Size {last + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(out)


def pdf_in_two_sections(pages: int) -> bytes:
    """The first page's objects come first with a trailer of their own, those of the others follow: cut in the second
    section, such a file still opens. Linearised and incrementally saved files are built like this.
    """
    plain = pdf("(Sichtbarer Text) Tj", pages=pages)
    bodies = {int(found[1]): found[0] for found in re.finditer(rb"(?m)^(\d+) 0 obj.*?endobj\n", plain[9:], re.DOTALL)}
    out = bytearray(b"%PDF-1.7\n")
    start = 0
    for numbers in ([1, 2, 3, 10, 11], [number for number in bodies if number > 11]):
        rows: list[str] = []
        for number in numbers:
            rows.append(f"{number} 1\n{len(out):010d} 00000 n \n")
            out += bodies[number]
        previous = f"/Prev {start}" if start else ""
        start = len(out)
        out += f"xref\n{''.join(rows)}trailer<</Size 99/Root 1 0 R{previous}>>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def pdf_with_stream(stream: bytes, filters: str) -> bytes:
    """A page whose content is `stream` as it stands; its cross references are short of it."""
    plain = pdf("X")
    begins, ends = plain.index(b"<</Length"), plain.index(b"endstream")
    return (
        plain[:begins]
        + b"<</Length %d/Filter%s>>stream\n" % (len(stream), filters.encode())
        + stream
        + b"\n"
        + plain[ends:]
    )


def pdf_bomb(mib: int, *, twice: bool = False) -> bytes:
    """A page whose content is `mib` MiB of blanks once it is inflated."""
    worker = zlib.compressobj(9)
    parts = [worker.compress(b"BT /F1 12 Tf 72 700 Td (Text) Tj ET\n")]
    parts += [worker.compress(b" " * 1024 * 1024) for _ in range(mib)]
    stream = b"".join(parts) + worker.flush()
    return (
        pdf_with_stream(zlib.compress(stream, 9), "[/FlateDecode/FlateDecode]")
        if twice
        else pdf_with_stream(stream, "/FlateDecode")
    )
