"""Ordinary documents beside laws: clauses, a company's name, a FAQ's question, codes in a row. All are made up."""

from __future__ import annotations

from dataclasses import replace

from luna_api.prompts import load_prompts
from luna_rules.answers import layout
from luna_rules.answers.compose import answer_question
from luna_rules.answers.identifiers import identifiers
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.statements import statements

FRAME = load_prompts().frame
TERMS = Passage(
    chunk_id="a-1",
    text=(
        "Lieferbedingungen der Moorstrom GmbH\nfür Haushalte\nStand: Mai 2026\n\n"
        "4.1 Wir erheben zehn gleiche Abschläge.\n4.2 Auf Wunsch rechnen wir monatlich ab. Das kostet 2 Euro.\n"
        "4.3 Rechnungen sind nach zwei Wochen fällig."
    ),
    title="Lieferbedingungen der Moorstrom GmbH",
    heading_path=("4. Abrechnung",),
    item_id="terms",
    score=3.0,
)
LAW = Passage(
    chunk_id="g-1",
    text="(1) Rechnungen des Lieferanten sind frühestens zwei Wochen nach Zugang der Zahlungsaufforderung fällig.",
    title="Rechnungsverordnung",
    heading_path=("§ 17 – Zahlung",),
    section="§ 17",
    paragraph="1",
    law="RechV",
    item_id="law",
    score=3.1,
)
CODES = Passage(
    chunk_id="n-1",
    text=(
        "| Code | Bedeutung |\n| --- | --- |\n| E03 | Isolationsfehler |\n| E07 | Netzspannung zu hoch |\n"
        "| E11 | Übertemperatur |"
    ),
    title="Wechselrichter Talo 5",
    heading_path=("Fehlercodes",),
    item_id="note",
    score=3.0,
)


def _answer(question: str, *passages: Passage) -> Answer:
    return answer_question(question, passages, WordMatcher(question), FRAME)


def test_clauses_are_statements_by_themselves() -> None:
    texts = [one.text for one in statements(TERMS)]
    assert "4.1 Wir erheben zehn gleiche Abschläge." in texts
    assert "4.2 Auf Wunsch rechnen wir monatlich ab." in texts
    assert "4.3 Rechnungen sind nach zwei Wochen fällig." in texts
    assert not any("Stand: Mai 2026" in text for text in texts)  # what the document is called states nothing


def test_numbered_lines_above_their_text_are_headings() -> None:
    text = (
        "8. Laufzeit\n8.1 Der Vertrag läuft ein Jahr.\n\n9. Widerruf\nSie können widerrufen.\n\n10. Bonus\nEr entfällt."
    )
    passage = replace(TERMS, text=text, heading_path=("8. Laufzeit",))
    found = statements(passage)
    assert [one.text for one in found[-2:]] == ["9. Widerruf\nSie können widerrufen.", "10. Bonus\nEr entfällt."]
    assert found[1].headings[-1] == "8. Laufzeit"
    assert layout.numbered_heading_at(text, text.index("Er entfällt")) == "10. Bonus"
    listed = "Beizufügen sind:\n\n1. Name des Kunden\n2. Anschrift des Kunden"
    assert len(statements(replace(TERMS, text=listed))) == 1


def test_a_company_that_is_named_is_answered_from_its_own_terms() -> None:
    answer = _answer("Wann sind bei Moorstrom Rechnungen fällig?", LAW, TERMS)
    assert answer.answered
    assert answer.body_sentences[0].text == "4.3 Rechnungen sind nach zwei Wochen fällig."


def test_a_law_is_not_left_for_a_document_where_nothing_of_it_is_named() -> None:
    answer = _answer("Wann ist die Zahlungsaufforderung des Lieferanten fällig?", LAW, TERMS)
    assert answer.answered
    assert answer.body_sentences[0].chunk_id == LAW.chunk_id


def test_what_only_the_title_of_a_document_covers_is_declined() -> None:
    assert not _answer("Welche Filiale haben die Lieferbedingungen der Moorstrom GmbH?", TERMS).answered
    assert _answer("Welche Abschläge haben die Lieferbedingungen der Moorstrom GmbH?", TERMS).answered


def test_codes_beside_each_other_are_each_answered() -> None:
    assert identifiers("Was bedeuten die Fehlercodes E03 und E11?") == ("E03", "E11")
    assert identifiers("Was kosten die Module A1 und 12 Stecker?") == ()
    answer = _answer("Was bedeuten die Fehlercodes E03 und E11?", CODES)
    said = " ".join(sentence.text for sentence in answer.body_sentences)
    assert answer.answered
    assert "Isolationsfehler" in said
    assert "Übertemperatur" in said
    assert "Netzspannung" not in said


def test_what_stands_below_a_question_answers_it() -> None:
    faq = Passage(
        chunk_id="f-1",
        text="Sie brauchen den Beschluss der Gemeinschaft.",
        title="Laden im Haus",
        heading_path=("Kann ich die Wallbox in der Tiefgarage anbringen?",),
        item_id="faq",
        score=3.0,
    )
    other = Passage(
        chunk_id="f-2",
        text="Die Wallbox wird mit einem Schutzschalter für die Garage geliefert.",
        title="Laden im Haus",
        heading_path=("Lieferumfang",),
        item_id="faq",
        score=3.2,
    )
    answer = _answer("Darf ich eine Wallbox in der Tiefgarage anbringen?", other, faq)
    assert answer.body_sentences[0].chunk_id == "f-1"


def test_how_many_there_are_is_a_number_without_a_unit() -> None:
    minutes = Passage(
        chunk_id="p-1",
        text=(
            "Das Dach trägt eine Anlage von 62 kWp.\n\nVon 1940 Leuchten sind 1310 umgestellt.\n\n"
            "Die Mittel von 410 000 Euro stehen bereit."
        ),
        title="Niederschrift",
        heading_path=("Beleuchtung",),
        item_id="minutes",
        score=3.0,
    )
    answer = _answer("Wie viele Leuchten sind umgestellt?", minutes)
    assert answer.body_sentences[0].text == "Von 1940 Leuchten sind 1310 umgestellt."


def test_what_names_the_document_again_answers_no_better() -> None:
    question = "Wie regelt Moorstrom den Abschlag?"
    text = "Moorstrom sitzt in einem alten Haus in Leer.\n\nVielen Dank.\n\nDer Abschlag ist am Monatsende fällig."
    bill = Passage(chunk_id="b-1", text=text, title="Rechnung der Moorstrom GmbH", item_id="bill", score=3.0)
    answer = answer_question(question, [bill], WordMatcher(question, weights={"moorstrom": 1.0}), FRAME)
    assert answer.body_sentences[0].text == "Der Abschlag ist am Monatsende fällig."


def test_the_sentence_right_before_tells_what_a_date_is_for() -> None:
    minutes = Passage(
        chunk_id="p-2",
        text=(
            "Alle sind da.\n\nDie Bücherei schließt am 3. Mai.\n\nFrau Kern fragt nach der Ladesäule am Markt."
            " Der Betreiber hat die Reparatur bis zum 15. Oktober zugesagt.\n\nNächste Sitzung: 22. Oktober"
        ),
        title="Niederschrift",
        item_id="minutes",
        score=3.0,
    )
    answer = _answer("Wann läuft die Ladesäule am Markt wieder?", minutes)
    assert answer.body_sentences[0].text == "Der Betreiber hat die Reparatur bis zum 15. Oktober zugesagt."
    terms = replace(TERMS, text="4.1 Guthaben zahlen wir in zwei Wochen aus.\n4.2 Wir erheben zehn Abschläge im Jahr.")
    answer = _answer("Wie oft im Jahr erhebt Moorstrom Abschläge?", terms)
    assert answer.body_sentences[0].text == "4.2 Wir erheben zehn Abschläge im Jahr."
