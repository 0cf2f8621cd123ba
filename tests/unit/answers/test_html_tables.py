"""Rows of tables, in HTML and with strokes, and the rows above that say what they are about."""

from __future__ import annotations

import pytest

from luna_api.prompts import load_prompts
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.compose import answer_question
from luna_rules.answers.extract import Extractor
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question
from luna_rules.answers.statements import statements
from luna_rules.answers.tables import html_tables, leads_in, shown


def html(*rows: str, head: str = "") -> str:
    top = f"<thead>\n{head}\n</thead>\n" if head else ""
    return f'<table width="100%" style="border: none;">\n{top}<tbody>\n' + "\n".join(rows) + "\n</tbody>\n</table>"


def row(*cells: str, tag: str = "td") -> str:
    inner = "\n".join(
        cell if cell.startswith("<t") else f'<{tag} style="text-align: left;">{cell}</{tag}>' for cell in cells
    )
    return f'<tr class="odd">\n{inner}\n</tr>'


RATES = html(
    row("1.", "für 1 000 l Rapsöl", " "),
    row(" ", "<td><dl>\n<dt>a)</dt>\n<dd>\nroh\n</dd>\n</dl></td>", "12,50 EUR,"),
    row(" ", "<td><dl>\n<dt>b)</dt>\n<dd>\ngereinigt\n</dd>\n</dl></td>", "18,75 EUR,"),
    row("2.", "für 1 000 kg Holzkohle", "3,40 EUR,"),
    row("3.", "für 1 GJ Torf", "0,25 EUR,"),
)
TARIFF = f"(1) Die Abgabe beträgt  \n  \n\n{RATES}\n\nwenn die Ware im Inland verbraucht wird. Sie ist jährlich fällig."
FEES = html(
    row("1", "Anmeldung einer Anlage", "20 – 60"),
    row("2", "Entscheidungen über Anlagen", " "),
    row("2.1", "Genehmigung einer Anlage", "300 – 900"),
    row("2.2", "Untersagung einer Anlage", "400 – 1 200"),
    head=row("Nummer", "Tatbestand", "Gebühr in Euro", tag="th"),
)
SECTORS = html(
    row('<td rowspan="2">1.</td>', '<td rowspan="2">Wald</td>', "Aufforstung", "4.A"),
    row("Holzernte", "4.B"),
    row("2.", "Moor", "Wiedervernässung", "5.A"),
)


def rows_of(text: str, law: str | None = "BeispielG") -> list[list[str]]:
    passage = Passage("c1", text, law=law, section="§ 2")
    return [[shown(text[slice(*span)]) for span in one.spans] for one in statements(passage) if one.table]


def test_rows_have_the_sentence_that_they_end_and_the_row_that_leads_them_in() -> None:
    assert rows_of(TARIFF) == [
        ["(1) Die Abgabe beträgt", "1. | für 1 000 l Rapsöl", "a) roh | 12,50 EUR,"],
        ["(1) Die Abgabe beträgt", "1. | für 1 000 l Rapsöl", "b) gereinigt | 18,75 EUR,"],
        ["(1) Die Abgabe beträgt", "2. | für 1 000 kg Holzkohle | 3,40 EUR,"],
        ["(1) Die Abgabe beträgt", "3. | für 1 GJ Torf | 0,25 EUR,"],
    ]


def test_what_closes_the_sentence_behind_the_table_belongs_to_each_row() -> None:
    found = [one for one in statements(Passage("c1", TARIFF)) if one.table]
    closing = {TARIFF[slice(*one.items[0][0])] for one in found}
    assert closing == {"wenn die Ware im Inland verbraucht wird."}
    assert any(TARIFF[slice(*one.spans[0])] == "Sie ist jährlich fällig." for one in statements(Passage("c1", TARIFF)))


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Wie hoch ist die Abgabe für Holzkohle?", ["2. | für 1 000 kg Holzkohle | 3,40 EUR,"]),
        ("Wie hoch ist die Abgabe für Rapsöl?", ["a) roh | 12,50 EUR,", "b) gereinigt | 18,75 EUR,"]),
        ("Wie hoch ist die Abgabe für Torf?", ["3. | für 1 GJ Torf | 0,25 EUR,"]),
    ],
)
def test_the_rate_that_was_asked_for_stands_by_itself_and_is_proven(question: str, said: list[str]) -> None:
    passage = Passage("c1", TARIFF, title="Beispielgesetz", law="BeispielG", section="§ 2", paragraph="1", score=1.0)
    answer = answer_question(question, [passage], WordMatcher(question), load_prompts().frame)
    rows = [one for one in answer.body_sentences if one.table]
    assert [one.slices[-2] if "wenn" in one.slices[-1] else one.slices[-1] for one in rows] == said
    assert rows[0].slices[0] == "(1) Die Abgabe beträgt"
    assert "<" not in answer.render()
    assert all(shown(TARIFF[a:b]) == s for one in rows for (a, b), s in zip(one.spans, one.slices, strict=True))
    assert {one.verdict for one in CitationChecker([passage]).check_text(answer.render_body())} == {"ok"}


def test_a_row_of_another_rate_is_not_held_by_the_source() -> None:
    check = CitationChecker([Passage("c1", TARIFF)]).check_sentence
    assert check("2. | für 1 000 kg Holzkohle | 3,40 EUR, [chunk c1]").verdict == "ok"
    assert check("2. | für 1 000 kg Holzkohle | 3,60 EUR, [chunk c1]").verdict == "dropped"


def test_columns_have_their_names_and_numbers_lead_in_their_own() -> None:
    head = "Nummer | Tatbestand | Gebühr in Euro"
    assert rows_of(f"Gebührenverzeichnis\n\n{FEES}\n") == [
        [head, "1 | Anmeldung einer Anlage | 20 – 60"],
        [head, "2 | Entscheidungen über Anlagen", "2.1 | Genehmigung einer Anlage | 300 – 900"],
        [head, "2 | Entscheidungen über Anlagen", "2.2 | Untersagung einer Anlage | 400 – 1 200"],
    ]


def test_a_cell_that_reaches_into_the_rows_below_leads_them_in() -> None:
    assert rows_of(SECTORS) == [
        ["1. | Wald | Aufforstung | 4.A"],
        ["1. | Wald", "Holzernte | 4.B"],
        ["2. | Moor | Wiedervernässung | 5.A"],
    ]


def test_names_of_columns_are_told_without_a_head() -> None:
    table = html(row("Gruppe", "Jahre"), row("Rohre", "20-30"), row("Pumpen", "12"), row("Tanks", "25"))
    assert rows_of(table)[0] == ["Gruppe | Jahre", "Rohre | 20-30"]
    numbered = html(row("1.", "10"), row("2.", "20"), row("3.", "30"))
    assert [len(one) for one in rows_of(numbered)] == [1, 1, 1]


def test_a_passage_may_begin_and_end_amid_a_table() -> None:
    cut = FEES.index("<tr", FEES.index("Anmeldung"))
    assert rows_of(FEES[cut : FEES.index("</tbody>")]) == [
        ["2 | Entscheidungen über Anlagen", "2.1 | Genehmigung einer Anlage | 300 – 900"],
        ["2 | Entscheidungen über Anlagen", "2.2 | Untersagung einer Anlage | 400 – 1 200"],
    ]
    assert rows_of("<tr><td>offen") == [["offen"]]


def test_a_list_of_a_laws_provisions_has_no_rows() -> None:
    assert rows_of(html(*(row(f"§ {number}", f"Titel {number}") for number in range(1, 6)))) == []


def test_small_tables_behind_a_lists_marks_are_its_items() -> None:
    text = (
        "(2) Davon abweichend beträgt die Abgabe\n\n1. für 1 000 l Rapsöl\n\n"
        "a) |                |            |\n|:-----|------:|\n| bis Ende 2020 | 9,10 EUR,  |\n\n"
        f"b) {html(row('ab 2021<br />und danach', '9,90 EUR; '))}\n\n2. für 1 GJ Torf 0,20 EUR.\n\nSie ist fällig."
    )
    first, last = statements(Passage("c1", text))
    assert [" ".join(shown(text[slice(*span)]) for span in item) for item in first.items] == [
        "1. für 1 000 l Rapsöl",
        "a) bis Ende 2020 | 9,10 EUR,",
        "b) ab 2021 und danach | 9,90 EUR;",
        "2. für 1 GJ Torf 0,20 EUR.",
    ]
    assert text[slice(*last.spans[0])] == "Sie ist fällig."


def test_marks_that_markdown_escapes_are_shown_plain() -> None:
    assert shown(r"2\. | a) | bei Gas in Gemeinden | 0,77 Cent") == "2. | a) | bei Gas in Gemeinden | 0,77 Cent"


def test_markup_is_read_and_all_else_is_as_it_is() -> None:
    assert shown("a < b | c > d") == "a < b | c > d"
    assert shown('H<sub>2</sub>O<span id="n"></span> nach 5 &lt; 6') == "H2O nach 5 < 6"
    assert shown('Ausgabe 2020<span id="n"></span><a href="#f" class="FnR">7</a></sup> von 5') == "Ausgabe 2020 von 5"
    passage = Passage("c1", "Der Wert von CO<sub>2</sub> ist 5. Er gilt.")
    assert CitationChecker([passage]).check_sentence("Der Wert von CO2 ist 5. [chunk c1]").verdict == "ok"
    assert shown("<tr><td>  </td><td>H<sub>2</sub>O &lt; 5</td><td>a|b</td></tr>") == "H2O < 5 | a\\|b"
    assert shown('<td rowspan="2">1.</td>\n<td rowspan="2">Wald</td>') == "1. | Wald"
    assert html_tables("Kein | Strich <macht> eine Tabelle") == []


PIPES = (
    "(2) Es dürfen folgende Beträge nicht überschritten werden:\n\n|  |  |  |  |\n|:---|:---|:---|---:|\n"
    "| 1\\. | a) | bei Milch, die abends geliefert wird, | 0,70 Cent, |\n"
    "|  | b) | bei Milch, die morgens geliefert wird, in Orten |  |\n"
    "|  |  | bis 1.000 Einwohner | 1,10 Cent, |\n|  |  | über 1.000 Einwohner | 1,80 Cent, |\n"
    "| 2\\. | a) | bei Käse in Orten |  |\n"
    "|  |  | bis 1.000 Einwohner | 0,30 Cent, |\n|  |  | über 1.000 Einwohner | 0,90 Cent, |\n"
)


def test_steps_are_said_with_the_row_above_them() -> None:
    lead = "(2) Es dürfen folgende Beträge nicht überschritten werden:"
    assert [found[1:] for found in rows_of(PIPES)] == [
        ["1. | a) | bei Milch, die abends geliefert wird, | 0,70 Cent,"],
        ["b) | bei Milch, die morgens geliefert wird, in Orten", "bis 1.000 Einwohner | 1,10 Cent,"],
        ["b) | bei Milch, die morgens geliefert wird, in Orten", "über 1.000 Einwohner | 1,80 Cent,"],
        ["2. | a) | bei Käse in Orten", "bis 1.000 Einwohner | 0,30 Cent,"],
        ["2. | a) | bei Käse in Orten", "über 1.000 Einwohner | 0,90 Cent,"],
    ]
    assert {found[0] for found in rows_of(PIPES)} == {lead}


def test_of_steps_that_repeat_those_of_the_thing_asked_for_are_given() -> None:
    question = "Welcher Betrag gilt für Käse in einem Ort mit 5.000 Einwohnern?"
    passage = Passage("c1", PIPES, law="KäseV", section="§ 2", score=1.0)
    found = Extractor(read_question(question), [passage], WordMatcher(question)).extract().sentences
    assert [one.slices[-1] for one in found if one.table] == ["über 1.000 Einwohner | 0,90 Cent,"]


def test_a_heading_within_a_price_list_leads_in_the_rows_of_its_depth() -> None:
    table = (
        "| Ebene | Preis EUR | je |\n| --- | --- | --- |\n| Ortsnetz |  |  |\n| Wochentag | 4,00 | Monat |\n"
        "| Feiertag | 5,00 | Monat |\n| Fernnetz |  |  |\n| Wochentag | 6,00 | Monat |\n"
    )
    assert [found[1:] for found in rows_of(table, None)] == [
        ["Ortsnetz", "Wochentag | 4,00 | Monat"],
        ["Ortsnetz", "Feiertag | 5,00 | Monat"],
        ["Fernnetz", "Wochentag | 6,00 | Monat"],
    ]


@pytest.mark.parametrize(
    ("cells", "leads"),
    [
        (["1.", "Öle", ""], True),
        (["Öle", "", ""], True),
        (["Öle", "5,00", ""], False),
        (["Öle", "", "5,00"], False),
        (["Öle"], False),
        (["1.", "Die Öle sind zu prüfen.", ""], False),
    ],
)
def test_what_leads_in(cells: list[str], leads: bool) -> None:
    assert leads_in(cells) is leads


def test_the_row_that_answers_stands_before_the_sentences_around_its_table() -> None:
    text = (
        f"(1) Die Abgabe erhebt das Amt. Die Abgabe für Waren beträgt\n\n{RATES}\n\nDas Amt prüft die Abgabe jährlich."
    )
    passage = Passage("c1", text, law="BeispielG", section="§ 2", score=1.0)
    question = "Wie hoch ist die Abgabe für Holzkohle?"
    found = Extractor(read_question(question), [passage], WordMatcher(question)).extract().sentences
    assert len(found) > 1
    assert found[0].slices[-1] == "2. | für 1 000 kg Holzkohle | 3,40 EUR,"
