"""Questions: look-ups in all spellings, groups, synonyms, languages."""

from __future__ import annotations

import numpy as np
import pytest

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from luna_rules.search.query import Query, QueryParser, verb_forms
from luna_rules.search.tables import SearchTables

from .sample import Engine


def terms_of(query: Query) -> dict[str, float]:
    best: dict[str, float] = {}
    for group in query.groups:
        for alternative in group.alternatives:
            for term in alternative.terms:
                best[term] = max(best.get(term, 0), alternative.weight)
    return best


@pytest.mark.parametrize(
    ("question", "law", "section", "paragraph"),
    [
        ("Was regelt § 41a EnWG?", "enwg", "41a", None),
        ("Paragraf 41 a Energiewirtschaftsgesetz", "energiewirtschaftsgesetz", "41a", None),
        ("EnWG §41a Abs. 2", "enwg", "41a", "2"),
        ("§ 41a Absatz 2 Satz 1 EnWG", "enwg", "41a", "2"),
        ("§ 41a (2) EnWG", "enwg", "41a", "2"),
        ("§ 41a II EnWG", "enwg", "41a", "2"),
        ("EnWG 41a", "enwg", "41a", None),
        ("enwg 41a", "enwg", "41a", None),
        ("par. 41a enwg inhalt", "enwg", "41a", None),
        ("EEG 2023 § 38", "eeg2023", "38", None),
        ("§ 38 EEG 2023", "eeg2023", "38", None),
        ("§ 38 EEG", "eeg", "38", None),
        ("was sagt § 41 des Energiewirtschaftsgesetzes", "energiewirtschaftsgesetz", "41", None),
        ("§ 41 Energiewirtschaftgesetz", "energiewirtschaftsgesetz", "41", None),
        ("§ 41 EnGW", "enwg", "41", None),
        ("§ 80 GEG", "gmodg", "80", None),
        ("§ 5 des Erneuerbare-Energien-Gesetzes", "erneuerbareenergiengesetz", "5", None),
        ("Anlage 2 EEG", "eeg", "anlage2", None),
        ("§ 7 FooBarG", "foobarg", "7", None),
        ("Anlage 1 zum EEG", "eeg", "anlage1", None),
        ("Anlage EEG", "eeg", "anlage", None),
        ("enwg41a", "enwg", "41a", None),
        ("Was regelt der 41a EnWG?", "enwg", "41a", None),
        ("paragraph einundvierzig a enwg", "enwg", "41a", None),
        ("§ 41a Abs. V EnWG", "enwg", "41a", "5"),
        ("§ 41a EnWG Absatz 2 Satz 3 Nummer 1", "enwg", "41a", "2"),
        ("Section 41a of the Energiewirtschaftsgesetz", "energiewirtschaftsgesetz", "41a", None),
    ],
)
def test_look_ups(engine: Engine, question: str, law: str, section: str, paragraph: str | None) -> None:
    query = engine.parser.parse(question)
    assert len(query.lookups) == 1
    lookup = query.lookups[0]
    assert f"@law/{law}" in lookup.laws
    assert lookup.section == f"@sec/{section}"
    assert lookup.paragraph == (f"@abs/{paragraph}" if paragraph else None)
    assert set(lookup.terms) <= set(query.terms)


def test_several_sections_of_one_law(engine: Engine) -> None:
    query = engine.parser.parse("Wie verhalten sich §§ 38 und 41a EnWG zueinander?")
    assert [lookup.section for lookup in query.lookups] == ["@sec/38", "@sec/41a"]
    assert all("@law/enwg" in lookup.laws for lookup in query.lookups)


def test_ranges_are_written_out(engine: Engine) -> None:
    for question in ("§§ 36-38 EnWG", "§§ 36 bis 38 EnWG"):
        lookups = engine.parser.parse(question).lookups
        assert [lookup.section for lookup in lookups] == ["@sec/36", "@sec/37", "@sec/38"]


@pytest.mark.parametrize("question", ["41a", "Was ist 41a?", "Was regelt § 41a?"])
def test_a_section_without_law(engine: Engine, question: str) -> None:
    (lookup,) = engine.parser.parse(question).lookups
    assert (lookup.laws, lookup.section) == ((), "@sec/41a")


def test_a_wrong_sign_finds_the_section_all_the_same(engine: Engine) -> None:
    right, wrong = engine.search("§ 41a EnWG"), engine.search("Art. 41a EnWG")
    assert right
    assert [hit.number for hit in wrong[:2]] == [hit.number for hit in right[:2]]
    assert wrong[0].scores["lookup"] > 0


def test_a_number_that_counts_something_is_no_section(engine: Engine) -> None:
    (lookup,) = engine.parser.parse("Energiewirtschaftsgesetz 2 Zimmer Wohnung").lookups
    assert lookup.section is None


@pytest.mark.parametrize(
    "question", ["Was kostet Strom 2024?", "Wie hoch sind 38 Prozent von 100?", "Ich ziehe am 3. Mai um", ""]
)
def test_numbers_alone_are_no_look_ups(engine: Engine, question: str) -> None:
    assert engine.parser.parse(question).lookups == ()


def test_a_law_without_section_is_a_prior_only(engine: Engine) -> None:
    (lookup,) = engine.parser.parse("Wann endet die Ersatzversorgung nach dem EnWG?").lookups
    assert "@law/enwg" in lookup.laws
    assert lookup.section is None


def test_synonyms_weigh_less_than_the_word(engine: Engine) -> None:
    found = terms_of(engine.parser.parse("Balkonkraftwerk"))
    assert found["balkonkraftwerk"] == 1.0
    assert found["steckersolargerat"] == pytest.approx(0.8)


@pytest.mark.parametrize("question", ["Funkding", "Funk Ding Kosten"])
def test_words_that_the_law_uses_for_another_thing_count_less_than_what_is_meant(engine: Engine, question: str) -> None:
    synonyms = "Funkding|Funk Ding\t=Ersatzversorgung\nKosten\tEntgelt"
    tables = SearchTables.parse(synonyms=synonyms, sections="EnWG 38\tFunk Ding, Funkding\nEnWG 41\tDing")
    query = QueryParser(engine.lexicon, tables).parse(question)
    own, meant = query.content_groups[0].alternatives[:2]
    assert own.terms == query.content_groups[0].people
    assert own.weight < meant.weight
    assert meant.terms == ("ersatzversorg",)
    # People's own questions use the word as they do.
    assert query.hints[0].section == "@sec/38"
    assert query.hints[0].spoken[0] > 0.5


def test_conversation_and_answer_types_are_no_content(engine: Engine) -> None:
    query = engine.parser.parse("Wie lange dauert eigentlich die Ersatzversorgung bitte?")
    assert {group.asked for group in query.content_groups} == {"dauert", "Ersatzversorgung"}
    hints = [group for group in query.groups if not group.content]
    assert {"monat", "spatest"} <= {t for g in hints for a in g.alternatives for t in a.terms}
    assert all(group.weight < 0.5 for group in hints)


def test_english_questions_are_translated(engine: Engine) -> None:
    query = engine.parser.parse("How do I connect my balcony power plant?")
    assert query.language == "en"
    assert "steckersolargerat" in terms_of(query)
    assert engine.parser.parse("Wie schließe ich das an?").language == "de"


def test_misspelt_words_find_the_known_one(engine: Engine) -> None:
    assert "ersatzversorg" in terms_of(engine.parser.parse("Ersatzversogung"))


def test_vectors_point_to_the_subject(engine: Engine) -> None:
    vector = engine.parser.parse("Ersatzversorgung").vector(engine.lexicon)
    assert vector.shape == (300,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert not engine.parser.parse("xyzzy").vector(engine.lexicon).any()


def test_a_tenants_synonyms_are_added(engine: Engine) -> None:
    tables = SearchTables().with_synonyms("Strombude\tLieferant")
    assert "lieferant" in terms_of(QueryParser(engine.lexicon, tables).parse("Strombude"))


def test_malformed_tables_name_the_line() -> None:
    with pytest.raises(ValueError, match="Table synonyms, line 2"):
        SearchTables.parse(synonyms="a\tb\nonly one side\n")


@pytest.mark.parametrize("question", ["§", "§§ EnWG", "???", "a" * 5000, "§ 99999999 EnWG", "(2) Abs.", "\u0000 § 1"])
def test_odd_questions_do_not_fail(engine: Engine, question: str) -> None:
    engine.search(question)


@pytest.mark.parametrize(
    ("form", "infinitive"),
    [
        ("sperrt", "sperren"),
        ("gesperrt", "sperren"),
        ("ausgestellt", "ausstellen"),
        ("ausgestoßen", "ausstoßen"),
        ("zurückgezahlten", "zurückzahlen"),
    ],
)
def test_verb_forms_lead_to_the_infinitive(form: str, infinitive: str) -> None:
    assert infinitive in verb_forms(form)


def test_nouns_are_no_verb_forms() -> None:
    assert verb_forms("Netz".lower()) == ()


def test_words_of_a_wording_count_in_any_order_and_apart(engine: Engine) -> None:
    tables = SearchTables.parse(synonyms="Zähler falsch\tNachprüfung\n")
    parser = QueryParser(engine.lexicon, tables)
    assert "nachpruf" in terms_of(parser.parse("Der Zähler zeigt im Keller wohl falsch an"))
    assert terms_of(parser.parse("Der Zähler hängt im Keller"))["nachpruf"] < 0.5


def test_english_words_are_known_in_all_their_forms(engine: Engine) -> None:
    tables = SearchTables.parse(english="connect\tanschließen\n", english_ignored="how do i when was the")
    parser = QueryParser(engine.lexicon, tables)
    for question in ("How do I connect the meter?", "When was the meter connected?", "When was the connecting line"):
        assert "anschliess" in terms_of(parser.parse(question))


@pytest.mark.parametrize(
    ("question", "behind", "doubt"),
    [
        ("Wer liest den Stromzähler ab?", {"gasgvv", "fernwarmev"}, 1.0),
        ("Wer liest den Gaszähler ab?", {"stromgvv", "fernwarmev"}, 1.0),
        ("Wer liest den Zähler ab?", {"gasgvv", "fernwarmev"}, 0.5),
        ("§ 8 GasGVV Gaszähler", set[str](), 0.0),
    ],
)
def test_rules_for_another_energy_go_behind(engine: Engine, question: str, behind: set[str], doubt: float) -> None:
    energies = "Strom\tStromGVV\nGas\tGasGVV\nWärme\tFernwärmeV\n"
    tables = SearchTables.parse(energies=energies, law_names="GasGVV\tGasGVV\n")
    query = QueryParser(engine.lexicon, tables).parse(question)
    assert {term.removeprefix("@law/") for term in query.behind} == behind
    assert query.doubt == doubt
    assert set(query.behind) <= set(query.terms)


def test_plain_words_stand_for_formal_ones_but_weigh_less(engine: Engine) -> None:
    tables = SearchTables.parse(words="loswerden|raus aus\tKündigung", synonyms="abspringen\tKündigung")
    parser = QueryParser(engine.lexicon, tables)

    def weight(question: str) -> float:
        found = [
            alternative.weight
            for group in parser.parse(question).groups
            for alternative in group.alternatives
            if alternative.terms == ("kundig",)
        ]
        return max(found, default=0.0)

    assert 0 < weight("loswerden") < weight("abspringen")
    assert weight("raus aus dem Laden") > 0


def test_key_words_alone_tell_english(engine: Engine) -> None:
    tables = SearchTables.parse(english="withdrawal\tKündigung\nfee\tEntgelt", english_ignored="the of")
    parser = QueryParser(engine.lexicon, tables)
    assert parser.parse("withdrawal fee").language == "en"
    assert parser.parse("Entgelt").language == "de"
    assert "entgelt" in terms_of(parser.parse("withdrawal fee"))


def test_words_of_the_wordings_tell_english_too(engine: Engine) -> None:
    tables = SearchTables.parse(sections="StromGVV 15\tKaution Limit\tdeposit limit for tenants")
    parser = QueryParser(engine.lexicon, tables)
    assert parser.parse("tenants deposit limit").language == "en"
    assert parser.parse("Kaution Limit").language == "de"
    assert parser.parse("limit").language == "de", "a word of both languages tells nothing"


def test_a_word_keeps_its_weight_beside_a_wording_that_holds_it(engine: Engine) -> None:
    tables = SearchTables.parse(synonyms="höchstens Ersatzversorgung\tErsatzversorgung|drei Monate\n")
    groups = QueryParser(engine.lexicon, tables).parse("Wie lange gilt die Ersatzversorgung höchstens?").groups
    asked = [group for group in groups if ("ersatzversorg",) in [one.terms for one in group.alternatives[:1]]]
    assert [(group.weight, group.alternatives[0].weight) for group in asked] == [(1.0, 1.0)]
    assert ("drei", "monat") in [one.terms for one in asked[0].alternatives]


def test_one_wording_counts_once(engine: Engine) -> None:
    tables = SearchTables.parse(synonyms="wie lange gilt\tVertragsdauer\n", words="wie lange gilt\tVertragsdauer\n")
    groups = QueryParser(engine.lexicon, tables).parse("Wie lange gilt der Energieausweis?").groups
    assert [group.asked for group in groups if group.content].count("lange gilt") == 1


def test_a_stray_point_behind_the_sign_is_passed_over(engine: Engine) -> None:
    (lookup,) = engine.parser.parse("EnWG §. 38").lookups
    assert lookup.section == "@sec/38"
    assert "@law/enwg" in lookup.laws


@pytest.mark.parametrize(
    "question", ["§ 41a Abs. 1 Nr. 15 EnWG", "Was regelt § 41a Nummer 15 EnWG?", "§ 41a EnWG Ziffer 15"]
)
def test_the_number_of_an_item_tells_passages_apart_and_is_no_subject(engine: Engine, question: str) -> None:
    query = engine.parser.parse(question)
    assert [group.asked for group in query.content_groups] == []
    assert "15" in terms_of(query)


def test_a_sentence_that_is_named_is_no_subject(engine: Engine) -> None:
    assert engine.parser.parse("§ 41a Abs. 1 EnWG Satz 1").content_groups == ()
    assert [group.asked for group in engine.parser.parse("Satz 1 der Hausordnung").content_groups]


def test_a_compound_that_no_text_has_is_said_by_its_known_parts() -> None:
    text = "Die Erdwärme wird gefördert. Wärme der Erde nutzt jede Anlage. Anlagen geben Wärme ab."
    lexicon = Lexicon.learn([ChunkFields("Merkblatt", f"Teil {number}", text) for number in range(12)])
    group = QueryParser(lexicon, SearchTables()).parse("Erdwärmeanlage").groups[0]
    parts = [one.terms for one in group.alternatives if len(one.terms) > 1]
    assert parts
    assert parts[0][:3] == ("erd", "waerm", "anlag")
    assert all(term in lexicon.rows for terms in parts for term in terms)
