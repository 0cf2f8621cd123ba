"""Questions that no law answers are told from those that one may, and only laws are held to it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from luna_rules.answers.compose import assess_question
from luna_rules.answers.gather import LEAD, ground
from luna_rules.answers.intent import beyond_law, other_field
from luna_rules.answers.matching import WordMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import read_question
from tests.places import ROOT


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("Wie reinige ich meine Solarmodule richtig?", "Handgriff"),
        ("Wie stelle ich die Heizkurve meiner Wärmepumpe ein?", "Handgriff"),
        ("Wie setze ich mein Passwort zurück?", "Handgriff"),
        ("Lohnt sich ein Speicher?", "Rat"),
        ("Welcher Anbieter ist zurzeit der günstigste?", "Rat"),
        ("Was kostet ein Liter Heizöl heute?", "Preis"),
        ("Wer ist Präsident der Bundesnetzagentur?", "Person"),
        ("Wer hat die Photovoltaik erfunden?", "Person"),
        ("Wie viele Mitarbeiter hat die Bundesnetzagentur?", "Statistik"),
        ("Wie viel Prozent des Stroms kam im letzten Jahr aus Wind?", "Statistik"),
        ("Was bedeutet der Fehlercode F28?", "Technik"),
        ("Wo steht der Preis für eine Tonne CO2 gerade?", "Preis"),
        ("Wie entwickelt sich der Gaspreis im Winter?", "Preis"),
        ("gaspreis heute", "Preis"),
        ("aktueller Strompreis", "Preis"),
        ("Börsenstrompreis morgen", "Preis"),
        ("Wie voll sind die Gasspeicher im Moment?", "Stand"),
        ("Wie viel verdient ein Elektroniker bei einem Netzbetreiber?", "Verdienst"),
        ("Wie viele Kilometer Leitungen gibt es in Deutschland?", "Statistik"),
        ("Wie viele Kunden hat das Stadtwerk?", "Statistik"),
        ("Was ist besser für den Altbau, Fernwärme oder Gas?", "Rat"),
        ("Sollte ich meinen Tarif noch dieses Jahr wechseln?", "Rat"),
        ("Welcher Speicher passt zu einer Anlage mit acht Modulen?", "Rat"),
        ("Wie viele Terawattstunden Erdgas importiert Deutschland?", "Statistik"),
        ("Wie hoch war der Gasverbrauch der Industrie?", "Statistik"),
        ("Welcher Windpark ist der leistungsstärkste?", "Statistik"),
        ("Wann wurde das Pumpspeicherwerk am Schluchsee gebaut?", "Ereignis"),
        ("In welcher Stadt hat die Bundesnetzagentur ihren Sitz?", "Ereignis"),
        ("Welche Software liest meinen Zähler aus?", "Angebot"),
        ("Wie funktioniert ein Trafo?", "Technik"),
        ("Was fordert die DIN EN 50549-1 von Wechselrichtern?", "Norm"),
    ],
)
def test_what_no_law_answers_is_told(question: str, reason: str) -> None:
    assert reason in beyond_law(question)


@pytest.mark.parametrize(
    "question",
    [
        "Wie kündige ich meinen Liefervertrag?",
        "Wie melde ich meine Anlage im Register an?",
        "Wer ist für den Netzanschluss zuständig?",
        "Wer ist Grundversorger?",
        "Wie hoch ist der Höchstwert für Solaranlagen?",
        "Darf mein Versorger die Preise von heute auf morgen anheben?",
        "Wie viele Stellplätze müssen Ladepunkte haben?",
        "Wer stellt den Zähler ein und wer trägt die Kosten?",
        "Welche Kosten darf der Netzbetreiber im letzten Jahr der Regulierungsperiode ansetzen?",
        "Wie schließe ich meine Anlage an das Netz an?",
        "Wie voll müssen die Gasspeicher im Moment sein?",
        "Wie viele Regulierungsbehörden darf es in Deutschland geben?",
        "Wie hoch ist zurzeit die Stromsteuer?",
        "Höchstpreis Ausschreibung aktuell",
        "Preisänderung morgen",
        "Welcher Preis gilt derzeit?",
        "Wie setzt sich der aktuelle Strompreis zusammen?",
        "Wie funktioniert die Ersatzversorgung?",
        "Wie viele Stunden im Jahr darf meine Anlage Strom erzeugt haben?",
        "Wie hoch war der Höchstwert im Jahr 2023?",
        "Wann wurde eine Anlage in Betrieb genommen, die schon anderswo lief?",
        "Welcher Wert ist der höchste, den ein Gebot nennen darf?",
        "Muss nach DIN V 18599 gerechnet werden?",
        "Warum bekomme ich bei negativen Preisen kein Geld?",
    ],
)
def test_what_a_law_may_answer_is_left_alone(question: str) -> None:
    assert beyond_law(question) == ""


PASSAGE = Passage(
    chunk_id="a",
    text="Der Betreiber reinigt die Solarmodule zweimal im Jahr mit klarem Wasser und einem weichen Tuch.",
    title="Wartung der Solarmodule",
    heading_path=("Reinigung",),
    score=1.0,
    item_id="i",
)


def test_only_laws_are_held_to_it() -> None:
    question = "Wie reinige ich die Solarmodule?"
    law = replace(PASSAGE, law="EEG", section="§ 48")
    assert assess_question(question, [PASSAGE], WordMatcher(question)).supported
    refused = assess_question(question, [law], WordMatcher(question))
    assert not refused.supported
    assert "Handgriff" in refused.reason


def test_another_code_that_is_named_must_be_there() -> None:
    assert "StGB" in read_question("Welche Strafe gilt nach StGB für das Manipulieren von Zählern?").names


def many(lead: float, **scores: float) -> list[Passage]:
    first = [
        replace(PASSAGE, chunk_id=f"a{n}", law="X", section="§ 1", score=3.0, scores={"section": 1.0, **scores})
        for n in range(3)
    ]
    rest = [
        replace(PASSAGE, chunk_id=f"b{n}", law="X", section=f"§ {n + 2}", score=3.0 * (1 - lead), scores={})
        for n in range(8)
    ]
    return [*first, *rest]


def agreement(passages: list[Passage]) -> float:
    return max(p.scores.get(LEAD, 0.0) for p in ground("Wer zahlt?", [passages], 6).passages)


def test_the_lead_of_the_first_section_is_told() -> None:
    assert agreement(many(0.2)) == pytest.approx(0.2)
    assert agreement(many(0.0)) == pytest.approx(0.0)


def test_no_lead_is_told_of_a_handful_of_passages() -> None:
    assert agreement(many(0.2)[:5]) == 0.0


def test_a_section_that_search_is_certain_of_is_answered_from_in_other_words() -> None:
    question = "Muss Mutter den Einbau im Trockenraum dulden?"
    law = replace(PASSAGE, law="X", section="§ 1", text="Der Eigentümer hat den Einbau zu dulden.")
    assert not assess_question(question, [law], WordMatcher(question)).supported
    sure = replace(law, scores={LEAD: 0.3})
    assert assess_question(question, [sure], WordMatcher(question)).supported


@pytest.mark.parametrize(
    ("question", "other"),
    [
        ("Wie lange ist die Kündigungsfrist für meine Mietwohnung?", ("Mietwohnung",)),
        ("Welche Frist gilt für die Abgabe der Einkommensteuererklärung?", ("Einkommensteuererklärung",)),
        ("Wie kündige ich meinen Wasseranschluss?", ("Wasseranschluss",)),
        ("Darf ich auf der Busspur fahren?", ("Busspur",)),
        ("Wie hoch ist die Stromsteuer?", ()),
        ("Wie lange gilt die Ersatzversorgung?", ()),
    ],
)
def test_words_of_another_field_of_law_are_told(question: str, other: tuple[str, ...]) -> None:
    assert other_field(question, ["Die Frist beträgt einen Monat."]) == other


def test_a_law_that_speaks_of_the_other_field_answers() -> None:
    assert other_field("Fällt Umsatzsteuer an?", ["Die Umsatzsteuer ist auszuweisen."]) == ()


def test_a_tax_that_a_price_includes_is_no_matter_of_the_law() -> None:
    assert other_field("Fällt Umsatzsteuer an?", ["Preise einschließlich der Umsatzsteuer."]) == ("Umsatzsteuer",)


def test_the_near_questions_are_whole_and_ask_nothing_twice() -> None:
    rows = [json.loads(line) for line in (ROOT / "data/gold/unanswerable_own.jsonl").read_text("utf-8").splitlines()]
    others = (ROOT / "data/gold/questions_split.jsonl").read_text("utf-8")
    assert len({row["question"] for row in rows}) == len({row["id"] for row in rows}) == len(rows) >= 60
    assert {row["kind"] for row in rows} == {"energy_absent", "offtopic"}
    assert not [row["id"] for row in rows if row["gold"] or f'"{row["question"]}"' in others]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Was kostet Strom bei Lichtblick?", ("Lichtblick",)),
        ("Wie hoch sind Amprions Umlagen?", ("Amprions",)),
        ("Wie hoch ist der Tarif von E.ON?", ("E.ON",)),
        ("Welche Leitungen baut 50Hertz?", ("50Hertz",)),
        ("Welche Absicherung verlangt die DIN VDE 0100-410?", ("DIN VDE 0100-410",)),
        ("Wie oft wird nach DGUV Vorschrift 4 geprüft?", ("DGUV Vorschrift 4",)),
        ("Wie hoch ist die Leistung meiner Anlage mit 50 kW?", ()),
    ],
)
def test_companies_and_norms_are_names(question: str, names: tuple[str, ...]) -> None:
    assert set(names) <= set(read_question(question).names)
    if not names:
        assert read_question(question).names == ()


def test_a_norm_that_is_named_must_stand_where_the_law_answers() -> None:
    text = "Die Berechnung erfolgt nach DIN V 18599: 2018-09, soweit nichts anderes bestimmt ist."
    law = replace(PASSAGE, text=text, title="Gebäudegesetz", heading_path=("Berechnung",), law="GModG", section="§ 20")
    asked = "Erfolgt die Berechnung nach DIN V 18599?"
    assert assess_question(asked, [law], WordMatcher(asked)).supported
    other = "Erfolgt die Berechnung nach DIN V 4108?"
    assert not assess_question(other, [law], WordMatcher(other)).supported
