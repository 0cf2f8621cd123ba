"""Laws in the forms of other collections and countries; all texts are made up."""

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.law_titles import law_names
from luna_rules.documents.model import ChunkedDocument, ExtractedText

AUSTRIAN = """\
Bundesgesetz über die Versorgung mit Nahwärme (Nahwärmegesetz 2011 – NahWG 2011)

StF: BGBl. I Nr. 999/2011

1. Teil
Allgemeine Bestimmungen

Geltungsbereich

§ 1. Dieses Bundesgesetz gilt für die Versorgung mit Nahwärme aus Netzen mit mehr als 50 Anschlüssen.

Begriffsbestimmungen

§ 2. (1) Im Sinne dieses Bundesgesetzes bezeichnet der Ausdruck
1. „Nahwärmenetz“ ein Netz, das Gebäude eines Ortsteils versorgt;
2. „Netzbetreiber“ denjenigen, der es betreibt.

(2) Personenbezogene Begriffe haben keine geschlechtsspezifische Bedeutung.

Anzeigepflicht

§ 3. (1) Der Netzbetreiber hat den Betrieb der Behörde nach
§ 2 Abs. 1 anzuzeigen.

(2) Die Anzeige ist binnen 14 Tagen zu erstatten.

§ 3a. Die Behörde führt ein Verzeichnis der Netze.

Strafbestimmungen

§ 4. Wer die Anzeige unterlässt, ist mit Geldstrafe bis zu 3 000 Euro zu bestrafen.
"""

SWISS = """\
Bundesgesetz
über die Nahwärmeversorgung
(Nahwärmegesetz, NahWG)

vom 23. März 2007 (Stand am 1. Januar 2023)

Die Bundesversammlung der Schweizerischen Eidgenossenschaft,
beschliesst:

1. Kapitel: Allgemeine Bestimmungen

Art. 1 Zweck
1 Dieses Gesetz bezweckt eine sichere Versorgung mit Nahwärme.
2 Es legt Rahmenbedingungen fest für:
a. eine flächendeckende Versorgung;
b. faire Preise.

Art. 2 Geltungsbereich
1 Dieses Gesetz gilt für Wärmenetze mit mehr als 10 Anschlüssen.
2 Der Bundesrat kann Ausnahmen vorsehen.
3 Er hört vorher die Kantone an.

Art. 5a Netzgebiete
Die Kantone bezeichnen die Netzgebiete.
"""

UNION = """\
VERORDNUNG (EU) 2031/77 DES EUROPÄISCHEN PARLAMENTS UND DES RATES
vom 8. Dezember 2031
über Nahwärmenetze
(Text von Bedeutung für den EWR)

in Erwägung nachstehender Gründe:

(1) Nahwärme ist wichtig.

(2) Die Netze sollten offen sein.

HABEN FOLGENDE VERORDNUNG ERLASSEN:

KAPITEL I
GEGENSTAND

Artikel 1

Gegenstand und Anwendungsbereich

(1)   Diese Verordnung legt Regeln für Nahwärmenetze fest.

(2)   Sie gilt nicht für Netze unter einem Megawatt.

Artikel 2

Begriffsbestimmungen

Für die Zwecke dieser Verordnung gelten die Begriffsbestimmungen in
Artikel 2 der Richtlinie (EU) 2019/944.

Artikel 3

Meldungen

(1)   Betreiber melden der Agentur bis zum 30. Juni jedes Jahres ihre Leistung.

(2)   Das Verfahren nach Artikel 9 bleibt unberührt.

ANHANG I

Meldeformular
"""

UNION_ENGLISH = """\
REGULATION (EU) 2031/77 OF THE EUROPEAN PARLIAMENT AND OF THE COUNCIL
of 8 December 2031
on local heat networks

HAVE ADOPTED THIS REGULATION:

CHAPTER I
GENERAL PROVISIONS

Article 1
Subject matter and scope
1. This Regulation lays down rules for local heat networks.
2. It does not apply to networks below one megawatt.

Article 2
Definitions
For the purposes of this Regulation, the definitions in Article 2 of Directive (EU) 2019/944 apply.

Article 3
Reporting
1. Operators shall report their capacity to the Agency by 30 June each year.
2. The procedure in Article 9 applies.
"""


def cut(text: str, *, markdown: bool = False) -> ChunkedDocument:
    extracted = ExtractedText(
        text=text,
        media_type="text/markdown" if markdown else "text/plain",
        markup="markdown" if markdown else "plain",
    )
    found = chunk_document(extracted)
    assert all(text[chunk.char_start : chunk.char_end] == chunk.text for chunk in found.chunks)
    return found


def places(found: ChunkedDocument) -> list[tuple[str, str | None]]:
    return [(chunk.section, chunk.paragraph) for chunk in found.chunks if chunk.section]


def test_sections_whose_text_begins_on_their_own_line() -> None:
    found = cut(AUSTRIAN)
    assert found.law_names[:3] == ("NahWG 2011", "NahWG", "Nahwärmegesetz 2011")
    assert places(found) == [
        ("§ 1", None),
        ("§ 2", "1"),
        ("§ 2", "2"),
        ("§ 3", "1"),
        ("§ 3", "2"),
        ("§ 3a", None),
        ("§ 4", None),
    ]
    headings = [chunk.heading_path[-1] for chunk in found.chunks if chunk.section]
    assert headings[0] == "§ 1 – Geltungsbereich"
    assert headings[3] == "§ 3 – Anzeigepflicht"
    assert headings[-2:] == ["§ 3a", "§ 4 – Strafbestimmungen"]


def test_absaetze_without_brackets() -> None:
    found = cut(SWISS)
    assert found.law_names == ("NahWG", "Nahwärmegesetz", "Bundesgesetz über die Nahwärmeversorgung")
    assert places(found) == [
        ("Art. 1", "1"),
        ("Art. 1", "2"),
        ("Art. 2", "1"),
        ("Art. 2", "2"),
        ("Art. 2", "3"),
        ("Art. 5a", None),
    ]
    raised = cut(SWISS.replace("\n1 D", "\n¹ D").replace("\n2 ", "\n² ").replace("\n3 ", "\n³ "))
    assert places(raised) == places(found)


def test_regulations_of_the_union() -> None:
    found = cut(UNION)
    assert found.law_names[0] == "Verordnung (EU) 2031/77"
    assert "über Nahwärmenetze" in (found.title or "")
    assert places(found)[:5] == [("Art. 1", "1"), ("Art. 1", "2"), ("Art. 2", None), ("Art. 3", "1"), ("Art. 3", "2")]
    english = cut(UNION_ENGLISH)
    assert english.law_names[:2] == ("Verordnung (EU) 2031/77", "Regulation (EU) 2031/77")
    assert places(english) == [("Art. 1", "1"), ("Art. 1", "2"), ("Art. 2", None), ("Art. 3", "1"), ("Art. 3", "2")]
    assert english.chunks[1].heading_path[-1] == "Art. 1 – Subject matter and scope"


def test_articles_without_a_point_and_with_roman_numbers() -> None:
    plain = cut(
        "Verfassungsgesetz\nVG\n\nArt 1 Ziel\n\nDas Ziel.\n\nArt 2 Zweck\n\nDer Zweck.\n\nArt 3 Ende\n\nSchluss."
    )
    assert places(plain) == [("Art. 1", None), ("Art. 2", None), ("Art. 3", None)]
    assert plain.law_names[0] == "VG"
    roman = cut("# Wärmegesetz\n\n## Art I Neufassung\n\nText.\n\n## Art II\n\nMehr.\n", markdown=True)
    assert places(roman) == [("Art. I", None), ("Art. II", None)]


def test_abbreviation_on_a_line_of_its_own() -> None:
    body = "\n\n§ 1 Zweck\n\nDer Zweck.\n\n§ 2 Ziel\n\nDas Ziel.\n\n§ 3 Ende\n\nSchluss.\n"
    assert cut(f"Allgemeines Wärmegesetz\nAWG\nAusfertigungsdatum: 03.05.2031{body}").law_names == (
        "AWG",
        "Allgemeines Wärmegesetz",
    )
    split = cut(f"Allgemeines\nWärmegesetz für\nGemeinden (Wärmegesetz)\nAWG\nAusfertigungsdatum: 03.05.2031{body}")
    assert split.law_names == ("AWG", "Wärmegesetz", "Allgemeines Wärmegesetz für Gemeinden")
    # Two capitals make no law of a contract.
    assert cut(f"Liefervertrag\nStadtwerke-GmbH{body}").law_names == ()


def test_titles_folded_in_the_front_matter() -> None:
    text = "---\nTitle: Gesetz zum Schutz der Netze,\n  der Speicher und der Leitungen\njurabk: NSLG\n---\n\n"
    found = cut(f"{text}# § 1 Zweck\n\nDer Zweck.\n\n# § 2 Ziel\n\nDas Ziel.\n", markdown=True)
    assert found.title == "Gesetz zum Schutz der Netze, der Speicher und der Leitungen (NSLG)"


def test_numbered_laws_answer_to_both_spellings() -> None:
    assert "26. WärmeV" in law_names("Sechsundzwanzigste Wärmeverordnung (WärmeV 26)")
    assert law_names("Sozialgesetzbuch (SGB) Fünftes Buch (V) - Krankenversicherung - (Artikel 1 des Gesetzes)")[
        :2
    ] == (
        "SGB 5",
        "SGB V",
    )


def test_two_sections_below_the_title_of_a_law() -> None:
    body = "\n\n§ 1 Zweck\n\nDer Zweck.\n\n§ 2 Ziel\n\nDas Ziel.\n"
    assert places(cut(f"Verordnung über die Nahwärme\nNahWV\nAusfertigungsdatum: 03.05.2031{body}")) == [
        ("§ 1", None),
        ("§ 2", None),
    ]
    assert places(cut(f"Brief an die Gemeinde{body}")) == []
