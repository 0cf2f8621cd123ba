"""From question and passages to what leaves: answers, refusals, Luna's frame, and the prompt file behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
import yaml

from luna_api.prompts import PromptError, load_prompts, parse_prompts
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.compose import answer_question, assess_question
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.question import read_question

FRAME = load_prompts().frame
SUPPLY = Passage(
    chunk_id="a-1",
    text=(
        "(4) Die Ersatzversorgung endet, wenn die Lieferung auf der Grundlage eines Vertrags erfolgt, spätestens "
        "aber drei "
        "Monate nach ihrem Beginn. Das Energieversorgungsunternehmen kann den Verbrauch schätzen."
    ),
    title="Energiewirtschaftsgesetz",
    heading_path=("Teil 4", "§ 38 – Ersatzversorgung mit Energie"),
    section="§ 38",
    paragraph="4",
    law="EnWG",
    score=2.0,
)
FEE = Passage(
    chunk_id="a-2",
    text="(1) Der Netzbetreiber kann einen Baukostenzuschuss verlangen. Er beträgt höchstens 50 Prozent der Kosten.",
    title="Niederspannungsanschlussverordnung",
    heading_path=("§ 11 – Baukostenzuschüsse",),
    section="§ 11",
    paragraph="1",
    law="NAV",
    score=1.0,
)
NOTE = Passage(
    chunk_id="n-1",
    text="Unser Haus hat einen Wärmeliefervertrag. Er läuft zehn Jahre und kostet 80 Euro im Monat.",
    title="Protokoll der Eigentümer",
    heading_path=("Heizung",),
    valid_to=date(2030, 12, 31),
    score=1.5,
)


def ask(question: str, *passages: Passage, **more: bool) -> Answer:
    return answer_question(question, passages, WordMatcher(question), FRAME, **more)  # type: ignore[arg-type]


def test_an_answer_has_summary_body_suggestion_and_steps() -> None:
    answer = ask("Wie lange dauert die Ersatzversorgung?", SUPPLY, FEE)
    assert answer.answered
    assert "drei Monate" in answer.summary
    assert answer.suggestion
    assert answer.steps[0] == "§ 38 Abs. 4 EnWG im Wortlaut lesen"
    assert "Frist aus § 38 Abs. 4 EnWG notieren" in answer.steps
    assert answer.next_question == "Was regelt § 11 NAV zu „Baukostenzuschüsse“?" or not answer.next_question
    assert answer.cited[0] == "a-1"
    assert answer.render().index(answer.summary) < answer.render().index("[chunk a-1]")


def test_every_claim_of_a_rendered_answer_holds() -> None:
    answer = ask("Wie lange dauert die Ersatzversorgung und wie hoch ist der Baukostenzuschuss?", SUPPLY, FEE)
    body = CitationChecker([SUPPLY, FEE]).check_text(answer.render_body())
    assert body
    assert {c.verdict for c in body} == {"ok"}
    for sentence in answer.body_sentences:
        source = SUPPLY.text if sentence.chunk_id == "a-1" else FEE.text
        assert all(
            source[start:end] == piece for (start, end), piece in zip(sentence.spans, sentence.slices, strict=True)
        )


@pytest.mark.parametrize(
    "question",
    [
        "Wie wird das Wetter morgen?",
        "Rezept für Kartoffelsuppe",
        "Wer ist Bundeskanzler?",
        "Wie viel Zuschuss zahlt die KfW?",
        "Wie lange dauert die Ersatzversorgung in Bayern?",
        "Wie lange dauert die Ersatzversorgung der Stadtwerke München?",
        "Wie hoch ist der Trinkwasserpreis?",
        "Was regelt § 99 EnWG?",
        "What is the capital of France?",
        "How long is the warranty of a Tesla battery?",
    ],
)
def test_what_the_passages_do_not_speak_of_is_declined(question: str) -> None:
    answer = ask(question, SUPPLY, FEE)
    assert not answer.answered
    assert answer.body_sentences == ()
    assert "[chunk" not in answer.render()
    assert answer.next_question.endswith("?")
    assert answer.reason


def test_a_refusal_names_what_is_missing_and_offers_a_near_provision() -> None:
    answer = ask("Wie viel Zuschuss zahlt die KfW?", SUPPLY)
    assert "„KfW“" in answer.summary
    assert "§ 38 EnWG" in answer.next_question
    assert "Ersatzversorgung mit Energie" in answer.next_question


def test_a_number_that_was_asked_for_must_be_there() -> None:
    bare = Passage(
        "x", "Die Ersatzversorgung dient den Kunden des Netzes.", heading_path=("Ersatzversorgung",), score=1.0
    )
    assert not ask("Wie lange dauert die Ersatzversorgung?", bare).answered
    assert ask("Wem dient die Ersatzversorgung?", bare).answered


@pytest.mark.parametrize("question", ["Hallo", "Hi Luna!", "Guten Tag", "Wer bist du?", "Hello"])
def test_a_greeting_is_returned(question: str) -> None:
    answer = ask(question, SUPPLY)
    assert not answer.answered
    assert "Luna" in answer.summary


@pytest.mark.parametrize("question", ["😀🎉", "???", "", "   ", "\u200b"])
def test_nothing_asked_is_no_fault(question: str) -> None:
    answer = ask(question, SUPPLY)
    assert not answer.answered
    assert answer.body_sentences == ()


def test_an_empty_corpus_is_told_from_a_miss() -> None:
    assert ask("Wie lange?", corpus_empty=True).reason == "keine Dokumente vorhanden"
    assert ask("Wie lange dauert die Ersatzversorgung?").reason == "keine Passage gefunden"


def test_an_unnumbered_document_is_answered_by_its_heading() -> None:
    answer = ask("Wie lange läuft der Wärmeliefervertrag?", NOTE)
    assert answer.answered
    assert "zehn Jahre" in answer.render()
    assert answer.steps[0] == "In „Protokoll der Eigentümer“ den Abschnitt „Heizung“ lesen"
    assert any("Geltungszeitraum" in step for step in answer.steps)


def test_assessing_alone_gives_the_same_verdict() -> None:
    question = "Wie viel Zuschuss zahlt die KfW?"
    support = assess_question(question, [SUPPLY], WordMatcher(question))
    assert (support.supported, support.missing) == (False, ("KfW",))


def test_the_same_question_gets_the_same_words_and_others_get_others() -> None:
    assert ask("Wie wird das Wetter?", SUPPLY) == ask("Wie wird das Wetter?", SUPPLY)
    said = {FRAME.say("unsure", f"Frage {n}") for n in range(40)}
    assert len(said) == len(FRAME.templates["unsure"])


def test_no_frame_holds_a_number_or_a_provision() -> None:
    for key, texts in FRAME.templates.items():
        for text in texts:
            assert not re.search(r"\d|§|\[chunk", text), key


def test_the_prompt_file_is_complete() -> None:
    prompts = load_prompts()
    assert prompts.style.language == "de"
    assert 0 <= prompts.style.sarcasm <= 0.3
    assert "[chunk <id>]" in prompts.system
    assert prompts.persona.strip() in prompts.system
    assert prompts.version
    assert re.fullmatch(r"[0-9a-f]{64}", prompts.sha256)
    assert (
        prompts.context([("a-1", "§ 38 EnWG", "Text {question}")])
        == "Passage [chunk a-1] – § 38 EnWG:\nText {question}"
    )


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("persona",), "", "persona"),
        (("style", "sarcasm"), 3, "style.sarcasm"),
        (("rag", "system"), None, "rag.system"),
        (("frame", "unsure"), None, "frame.unsure"),
        (("frame", "unsure"), ["Es gelten 3 Monate."], "frame.unsure"),
        (("version",), None, "version"),
    ],
)
def test_a_faulty_prompt_file_is_refused_by_key(path: tuple[str, ...], value: object, message: str) -> None:
    from importlib import resources

    data = yaml.safe_load(resources.files("luna_api.prompts").joinpath("luna.yml").read_bytes())
    at = data
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    with pytest.raises(PromptError, match=re.escape(message)):
        parse_prompts(yaml.safe_dump(data).encode())


@pytest.mark.parametrize(
    ("question", "wants"),
    [
        ("Wie lange gilt das?", {"duration"}),
        ("Bis wann muss ich zahlen?", {"date"}),
        ("Wie viel Prozent sind es?", {"percent"}),
        ("Was kostet das?", {"money"}),
        ("Wie weit muss das Windrad entfernt sein?", {"distance"}),
        ("Darf er das?", {"modal"}),
        ("How long is it valid?", {"duration"}),
        ("Wann darf der Netzbetreiber ohne Ankündigung sperren?", {"modal"}),
        ("Wann darf frühestens gesperrt werden?", {"date"}),
        ("Wann kann der Versorger eine Vorauszahlung verlangen?", {"modal"}),
        ("Wann kann ich meinen Vertrag kündigen?", {"date"}),
        ("Ab wann darf eingespeist werden?", {"date"}),
        ("When may the operator cut off my connection?", {"modal"}),
        ("When can I cancel?", {"date"}),
    ],
)
def test_the_kind_of_answer_is_read(question: str, wants: set[str]) -> None:
    assert set(read_question(question).wants) == wants


def test_names_and_lookups_are_read() -> None:
    assert read_question("Zuschuss der KfW in Bayern?").names == ("KfW", "Bayern")
    assert read_question("Wie hoch ist die Leistung in kW nach dem EEG?").names == ()
    lookup = read_question("Was steht im Paragraf 7 c EnWG zu Ladepunkten?").lookup
    assert lookup is not None
    assert (lookup.numbers, lookup.law, lookup.only) == (("7c",), "EnWG", False)
    only = read_question("par. 5a stromgvv inhalt").lookup
    assert only is not None
    assert only.only


def test_a_provision_named_with_its_law_is_not_answered_from_others() -> None:
    answer = ask("Wie lange dauert die Ersatzversorgung nach § 4 StromNZV?", SUPPLY, FEE)
    assert not answer.answered
    assert not answer.cited
    assert "§ 4 StromNZV" in answer.summary


def test_what_refers_to_a_provision_may_answer_a_question_about_it() -> None:
    sheet = Passage(
        "p-1", "Nach § 14a EnWG mindert sich das Netzentgelt im Modul 1 um 110 Euro im Jahr.", title="Preisblatt"
    )
    answer = ask("Um wie viel mindert sich das Netzentgelt nach § 14a EnWG?", sheet)
    assert answer.answered
    assert answer.cited == ("p-1",)


def test_a_provision_asked_for_by_its_heading_is_read_from_its_beginning() -> None:
    heading = ("§ 71 – Anforderungen an eine Heizungsanlage",)
    seventh = Passage(
        "h-7",
        "(7) Die Anforderungen nach Absatz 1 gelten nicht für eine Heizungsanlage der Landesverteidigung.",
        title="Gebäudeenergiegesetz (GEG)",
        heading_path=heading,
        section="§ 71",
        paragraph="7",
        law="GEG",
        score=2.0,
        scores={"lookup": 10.0},
    )
    first = replace(
        seventh,
        chunk_id="h-1",
        text="(1) Eine Heizungsanlage darf nur eingebaut werden, wenn sie mindestens 65 Prozent erneuerbar heizt.",
        paragraph="1",
        score=1.5,
    )
    whole = ask("Welche Anforderungen stellt § 71 GEG an eine Heizungsanlage?", seventh, first)
    assert whole.cited[0] == "h-1"
    part = ask("Gilt § 71 GEG für die Heizungsanlage der Landesverteidigung?", seventh, first)
    assert part.cited[0] == "h-7"


PRICES = Passage(
    "t-1",
    "Alle Preise brutto.\n\n| Tarif | Arbeitspreis ct/kWh | Grundpreis EUR/Jahr |\n| --- | --- | --- |\n"
    "| ÖkoPlus | 31,20 | 142,80 |\n| Basis | 34,90 | 118,00 |\n| Nachtstrom | 24,10 | 165,00 |\n",
    title="Preisblatt Strom 2026",
)


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("Wie hoch ist der Grundpreis im Tarif ÖkoPlus?", "ÖkoPlus | 31,20 | 142,80"),
        ("Was kostet die Kilowattstunde im Tarif Nachtstrom?", "Nachtstrom | 24,10 | 165,00"),
    ],
)
def test_a_number_has_the_unit_that_stands_above_it(question: str, row: str) -> None:
    answer = ask(question, PRICES)
    assert answer.answered
    assert answer.body_sentences[0].slices[-1] == row


def test_a_heading_that_is_the_title_is_not_said_twice() -> None:
    headed = replace(PRICES, heading_path=(PRICES.title,))
    answer = ask("Wie hoch ist der Grundpreis im Tarif ÖkoPlus?", headed)
    assert answer.summary == "In aller Kürze: ÖkoPlus, Grundpreis 142,80 EUR/Jahr („Preisblatt Strom 2026“)."


def test_a_number_without_such_a_unit_is_no_sum() -> None:
    staff = replace(PRICES, text=PRICES.text.replace("EUR/Jahr", "Kunden").replace("ct/kWh", "Orte"))
    assert not ask("Wie hoch ist der Grundpreis im Tarif ÖkoPlus?", staff).answered
