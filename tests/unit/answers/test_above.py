"""Passages cut out of a table or a list are read with their heads and lead-ins, each cited where it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from luna_rules.answers.above import above, begins_amid, located, whole
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import AnswerSentence, Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.statements import statements
from luna_rules.answers.tables import shown
from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText

TOWNS = ("Adlerhof", "Birkenau", "Dornhausen", "Eichwald", "Fuchstal", "Haselau", "Ilmstadt", "Jettental")
PIPES = "# Ausbauplan\n\n| Standort | Leistung (MVA) |\n|---|---|\n" + "".join(
    f"| Netzgebiet {TOWNS[n // 5]} | |\n" if n % 5 == 0 else f"| Umspannwerk {TOWNS[n // 5]} {n % 5} | {20 + n} |\n"
    for n in range(40)
)
CELLS = "".join(
    f'<tr><td rowspan="5">{TOWNS[n // 5]}</td><td>Trafo {n % 5}</td><td>{20 + n}</td></tr>\n'
    if n % 5 == 0
    else f"<tr><td>Trafo {n % 5}</td><td>{20 + n}</td></tr>\n"
    for n in range(40)
)
HTML = (
    "# Ausbauplan\n\nSo wird gebaut.\n\n<table>\n<thead>\n<tr><th>Standort</th><th>Gerät</th><th>Leistung (MVA)</th>"
    f"</tr>\n</thead>\n<tbody>\n{CELLS}</tbody>\n</table>\n"
)
LIST = "# Pflichten\n\nDer Betreiber hat vor der Inbetriebnahme vorzulegen:\n\n" + "".join(
    f"{n}. von den Unterlagen der Anlage {n}\n\na) das Prüfprotokoll {n}a mit allen Messwerten der Erdung,\n\n"
    f"b) die Bescheinigung {n}b der Fachkraft, die sie errichtet hat,\n\n"
    for n in range(1, 9)
)


def cut(text: str, tokens: int = 60) -> list[Passage]:
    """A document's passages, each with what leads it in."""
    document = chunk_document(ExtractedText(text, "text/markdown", "markdown"), target_tokens=tokens)
    found = [
        Passage(f"c{chunk.chunk_idx}", chunk.text, document.title or "", chunk.heading_path, item_id="i")
        for chunk in document.chunks
    ]
    return [replace(one, above=above(one, found[:place])) for place, one in enumerate(found)]


def answer(question: str, passages: list[Passage]) -> tuple[AnswerSentence, ...]:
    found = Extractor(read_question(question), passages, WordMatcher(question)).extract().sentences
    texts = {one.chunk_id: one.text for passage in passages for one in (passage, *passage.above)}
    checker = CitationChecker([*(one for passage in passages for one in passage.above), *passages])
    for sentence in found:
        assert tuple(shown(texts[chunk_id][slice(*span)]) for chunk_id, span in sentence.located) == sentence.slices
        assert all(piece.verdict == "ok" for piece in checker.check_text(sentence.render()))
    return found


def test_a_row_of_a_later_passage_is_shown_under_the_heads_of_the_first() -> None:
    passages = cut(PIPES)
    assert len(passages) > 3
    home = next(one for one in passages if "Haselau 3" in one.text)
    row = answer("Leistung Umspannwerk Haselau 3?", [home])[0]
    assert row.slices == ("Standort | Leistung (MVA)", "Netzgebiet Haselau", "Umspannwerk Haselau 3 | 48")
    assert row.chunk_id == home.chunk_id
    assert row.cited[0] == passages[0].chunk_id != home.chunk_id


def test_cells_that_reach_into_a_later_passage_keep_the_columns() -> None:
    passages = cut(HTML, 120)
    for place, one in enumerate(passages[1:], 1):
        for number, statement in enumerate(statements(whole(one), place)):
            said = [shown(whole(one).text[slice(*span)]) for span in statement.spans]
            assert said[0] == "Standort | Gerät | Leistung (MVA)", (number, said)
            assert any(town in " ".join(said) for town in TOWNS)


def test_an_item_of_a_later_passage_comes_with_its_sentence_and_number() -> None:
    passages = cut(LIST)
    amid = next(one for one in passages if one.text.startswith("b)"))
    number = amid.text.split()[3].rstrip("b")
    (found,) = answer(f"Bescheinigung {number}b der Fachkraft?", [amid])[:1]
    assert found.slices[:2] == (
        "Der Betreiber hat vor der Inbetriebnahme vorzulegen:",
        f"{number}. von den Unterlagen der Anlage {number}",
    )
    assert found.slices[2].startswith(f"b) die Bescheinigung {number}b")
    assert not found.complete


def test_what_stands_above_is_not_said_by_itself() -> None:
    first, later, *_ = cut(PIPES)
    own = [shown(whole(later).text[slice(*one.spans[-1])]) for one in statements(whole(later))]
    assert own
    assert all(row in later.text for row in own)
    assert not any(row in first.text for row in own)


def test_every_part_of_a_span_is_found_in_its_own_passage() -> None:
    one = next(one for one in cut(LIST) if len(one.above) > 1)
    read = whole(one)
    texts = {each.chunk_id: each.text for each in (*one.above, one)}
    for start, end in ((0, len(read.text)), (read.begins, len(read.text)), (3, 11)):
        parts = located(read, (start, end))
        said = " ".join(texts[chunk_id][slice(*span)] for chunk_id, span in parts)
        assert said.split() == read.text[start:end].split()


def test_where_the_table_begins_far_before_its_heads_alone_are_read() -> None:
    passages = cut(PIPES)
    place, last = next((n, one) for n, one in enumerate(passages) if n > 2 and one.text.startswith("| Umspannwerk"))
    led = replace(last, above=above(last, passages[place - 1 : place], passages[0]))
    assert [one.text.rpartition("\n")[2] for one in led.above] == ["|---|---|"]
    row = statements(whole(led))[0]
    assert shown(whole(led).text[slice(*row.spans[0])]) == "Standort | Leistung (MVA)"
    assert row.above == 0
    assert above(last, passages[place - 1 : place]) == ()


@pytest.mark.parametrize(
    "text",
    ["(2) Der Betreiber hat zu zahlen.", "| Kopf | Wert |\n|---|---|\n| a | 1 |", "Ein Satz.", "<p>Ein Satz.</p>"],
)
def test_what_begins_by_itself_borrows_nothing(text: str) -> None:
    assert not begins_amid(text)
    assert above(Passage("c1", text), [Passage("c0", "| Kopf | Wert |\n|---|---|\n| a | 1 |")]) == ()


def test_nothing_is_borrowed_of_another_absatz_or_a_table_that_has_ended() -> None:
    item = Passage("c1", "3. den Vertrag.", section="§ 4", paragraph="2")
    assert above(item, [Passage("c0", "(1) Er hat aufzuheben:\n\n1. Post,", section="§ 4", paragraph="1")]) == ()
    row = Passage("c1", "<tr><td>a</td><td>1</td></tr>")
    assert above(row, [Passage("c0", "<table><tr><th>K</th></tr></table>\n\nEnde.")]) == ()
