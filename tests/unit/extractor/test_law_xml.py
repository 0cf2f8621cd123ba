"""Federal laws in the XML of their publication; the law is made up."""

from luna_rules.documents.chunking import chunk_document
from resources.extractor.limits import Limits
from resources.extractor.reading import extract

NORM = "<norm><metadaten><jurabk>NahWG</jurabk>{about}</metadaten><textdaten>{text}</textdaten></norm>"


def content(inner: str) -> str:
    return f'<text format="XML"><Content>{inner}</Content></text><fussnoten/>'


LAW = (
    '<?xml version="1.0" encoding="UTF-8" ?>'
    '<!DOCTYPE dokumente SYSTEM "http://www.gesetze-im-internet.de/dtd/1.01/gii-norm.dtd"><dokumente doknr="X">'
    + NORM.format(
        about="<ausfertigung-datum>2031-05-03</ausfertigung-datum><kurzue>Nahwärmegesetz</kurzue>"
        "<langue>Gesetz über die Nahwärme</langue>",
        text="",
    )
    + NORM.format(
        about="<gliederungseinheit><gliederungskennzahl>010</gliederungskennzahl>"
        "<gliederungsbez>Teil 1</gliederungsbez>"
        "<gliederungstitel>Allgemeines</gliederungstitel></gliederungseinheit>",
        text="",
    )
    + NORM.format(
        about='<enbez>§ 1</enbez><titel format="parat">Pflichten</titel>',
        text=content(
            "<P>(1) Der Betreiber hat<DL><DT>1.</DT><DD><LA>die Leitung,</LA><DL><DT>a)</DT>"
            "<DD><LA>die lange und</LA></DD>"
            "</DL></DD><DT>2.</DT><DD><LA>den Speicher</LA></DD></DL>zu prüfen.<FnR ID='F1'/></P>"
            "<P>(2) Es gilt eine Frist<BR/>von <NB>14 Tagen</NB> und 3 m<SUP>3</SUP>.</P>"
        ),
    )
    + NORM.format(about="<enbez>§ 2</enbez><titel>(weggefallen)</titel>", text="")
    + NORM.format(
        about="<enbez>Anlage 1</enbez><titel>Werte</titel>",
        text=content(
            '<P><table><tgroup cols="3"><colspec colname="c1"/><colspec colname="c2"/><colspec colname="c3"/>'
            "<thead><row>"
            '<entry colname="c1">Stoff</entry><entry namest="c2" nameend="c3">Grenze</entry></row></thead><tbody><row>'
            '<entry colname="c1" morerows="1">Holz</entry><entry colname="c2">alt</entry><entry colname="c3">20</entry>'
            "</row>"
            '<row><entry colname="c2">neu</entry><entry colname="c3">10</entry></row></tbody></tgroup></table></P>'
        ),
    )
    + "</dokumente>"
)


def test_provisions_lists_and_tables() -> None:
    found = extract(LAW.encode(), "BJNR0.xml", "application/xml", Limits(), "test")
    law = chunk_document(found)
    assert law.law_names == ("NahWG", "Nahwärmegesetz", "Gesetz über die Nahwärme")
    assert [(chunk.section, chunk.paragraph) for chunk in law.chunks if chunk.section] == [
        ("§ 1", "1"),
        ("§ 1", "2"),
        ("§ 2", None),
        ("Anlage 1", None),
    ]
    duties, time, gone, values = (chunk for chunk in law.chunks if chunk.section)
    assert duties.heading_path == ("Teil 1 – Allgemeines", "§ 1 – Pflichten")
    assert duties.text.split("\n\n") == [
        "(1) Der Betreiber hat",
        "1. die Leitung,",
        "a) die lange und",
        "2. den Speicher",
        "zu prüfen.",
    ]
    assert time.text == "(2) Es gilt eine Frist von 14 Tagen und 3 m³."
    assert gone.metadata["role"] == "repealed"
    assert "| Stoff | Grenze | Grenze |" in values.text
    assert "| Holz | neu | 10 |" in values.text


def test_nesting_without_end_is_flattened() -> None:
    deep = "<DL><DT>1.</DT><DD><LA>x</LA>" * 300 + "</DD></DL>" * 300
    law = LAW.replace("<P>(2)", f"<P>{deep}</P><P>(2)")
    assert "14 Tagen" in extract(law.encode(), "BJNR0.xml", "application/xml", Limits(), "test").text
