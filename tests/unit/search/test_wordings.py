"""Everyday wordings of sections: how they are written, what a question finds by them, and that they fit the laws."""

from __future__ import annotations

import re
from collections import defaultdict

import numpy as np
import pytest

from luna_rules.search.analyser import Analyser
from luna_rules.search.laws import law_keys, section_key
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields, Corpus, Ranked
from luna_rules.search.query import QueryParser
from luna_rules.search.ranker import DEFAULT_WEIGHTS, Entry, Prepared, Ready, lexical_candidates, rank
from luna_rules.search.tables import SearchTables
from luna_rules.search.wordings import WordingIndex
from resources.search_tables import load_search_tables
from tests.places import SHARED

LAWS = SHARED / "data" / "law" / "current"
TABLE = "\n".join(
    (
        "StromGVV *\tStrom daheim\telectricity at home",
        "StromGVV,GasGVV 15\tKaution Pfand\tdeposit",
        "StromGVV 9\tAbleser reinlassen\tlet the meter reader in",
    )
)
CHUNKS = [
    ChunkFields(
        "Stromgrundversorgungsverordnung", "§ 9 Zutrittsrecht", "Zutritt zu Räumen", "§ 9", None, ("StromGVV",)
    ),
    ChunkFields(
        "Stromgrundversorgungsverordnung", "§ 15 Sicherheit", "Sicherheit verlangen", "§ 15", None, ("StromGVV",)
    ),
    ChunkFields("Gasgrundversorgungsverordnung", "§ 15 Sicherheit", "Sicherheit verlangen", "§ 15", None, ("GasGVV",)),
    ChunkFields("Rundschreiben", "Hinweis", "Pfandflaschen sind abzugeben", None, None, ()),
]


def places_of(question: str) -> list[tuple[tuple[str, ...], str]]:
    lexicon = Lexicon.learn(CHUNKS)
    query = QueryParser(lexicon, SearchTables.parse(sections=TABLE, english_ignored="do i have to pay a the")).parse(
        question
    )
    return [(hint.laws, hint.section) for hint in query.hints]


def test_a_line_is_read_for_each_of_its_laws() -> None:
    whole, many, one = SearchTables.parse(sections=TABLE).sections
    assert (whole.laws, whole.section) == (("StromGVV",), None)
    assert (many.laws, many.section, many.german, many.english) == (
        ("StromGVV", "GasGVV"),
        "15",
        "Kaution Pfand",
        "deposit",
    )
    assert one.section == "9"


@pytest.mark.parametrize(
    "line", ["StromGVV\tKaution", "StromGVV 15", "StromGVV 15\tKaution\tdeposit\tmore", " 15\tKaution"]
)
def test_a_malformed_line_is_named_with_a_right_example(line: str) -> None:
    with pytest.raises(ValueError, match=r"Table sections, line 2.*StromGVV,GasGVV 15"):
        SearchTables.parse(sections=f"# comment\n{line}")


def test_a_wording_may_name_the_absatz_that_answers() -> None:
    line = "StromGVV 15\t(1) Kaution? | (1+2a) Pfand zurück? | Wort, anderes\t(2a) deposit back"
    (one,) = SearchTables.parse(sections=line).sections
    assert one.german == "Kaution? | Pfand zurück? | Wort, anderes"
    assert one.english == "deposit back"
    assert one.paragraphs == (("1", "Kaution? | Pfand zurück?", ""), ("2a", "Pfand zurück?", "deposit back"))


@pytest.mark.parametrize("wording", ["(vgl. 3) Kaution", "(1)", "(1)Kaution", "Kaution (2) zurück", "(12b c) Kaution"])
def test_other_brackets_name_no_absatz(wording: str) -> None:
    (one,) = SearchTables.parse(sections=f"StromGVV 15\t{wording}").sections
    assert (one.german, one.paragraphs) == (wording, ())


def test_everyday_words_point_at_the_section_of_every_law_that_has_them() -> None:
    assert places_of("Will er eine Kaution?") == [(("@law/stromgvv",), "@sec/15"), (("@law/gasgvv",), "@sec/15")]


def test_wordings_of_a_law_count_together_with_and_without_its_year() -> None:
    table = "EEG 8\tSolardach anklemmen\nEEG_2023 8\t(1) Wartezeit\nEEG_2023 9\tWartezeit"
    chunks = [ChunkFields("EEG", f"§ {n}", "Anlagen", f"§ {n}", None, ("EEG 2023",)) for n in (8, 9)]
    parser = QueryParser(Lexicon.learn(chunks), SearchTables.parse(sections=table))
    hints = parser.parse("Wartezeit Solardach").hints
    assert [(hint.laws, hint.section) for hint in hints] == [(("@law/eeg",), "@sec/8"), (("@law/eeg",), "@sec/9")]
    assert all(part > 0 for part in hints[0].spoken)


def test_words_of_the_whole_law_tell_its_sections_from_those_of_others() -> None:
    assert places_of("Kaution für Strom")[0] == (("@law/stromgvv",), "@sec/15")


def test_english_words_count_in_english_questions_only() -> None:
    assert places_of("Do I have to pay a deposit?")[0][1] == "@sec/15"
    assert places_of("deposit") == [] or all(section != "@sec/9" for _, section in places_of("deposit"))


def test_an_exact_reference_needs_no_hint() -> None:
    assert places_of("§ 9 StromGVV Kaution") == []


def test_nothing_is_hinted_without_wordings_or_words() -> None:
    assert WordingIndex((), Analyser(Lexicon.empty())).find((), english=False) == ()
    assert places_of("Fahrrad") == []


def test_a_hinted_section_is_found_although_it_shares_no_word_with_the_question() -> None:
    lexicon = Lexicon.learn(CHUNKS)
    analyser = Analyser(lexicon)
    block = analyser.analyse(CHUNKS)
    corpus = Corpus(np.array([0, 0, 1, 2], np.uint32), np.arange(4, dtype=np.uint32), block.lengths)
    query = QueryParser(lexicon, SearchTables.parse(sections=TABLE)).parse("Muss ich den Ableser reinlassen?")
    rows = {term: i for i, term in enumerate(block.terms)}
    postings = {
        term: (
            block.numbers[block.offsets[i] : block.offsets[i + 1]],
            block.frequencies[block.offsets[i] : block.offsets[i + 1]],
        )
        for term in query.terms
        if (i := rows.get(term)) is not None
    }
    found = rank(query, corpus, postings, lexical_candidates(query, corpus, postings))
    assert found[0].number == 0
    assert found[0].scores["wording"] > 0


@pytest.mark.skipif(not LAWS.is_dir(), reason="the laws (../shared/data/law/current) are not here")
def test_every_wording_belongs_to_a_section_that_the_laws_have() -> None:
    from luna_rules.documents.law_titles import law_names
    from luna_rules.documents.laws import paragraphs, parse_law
    from luna_rules.documents.model import ExtractedText

    known: defaultdict[str, dict[str, set[str | None]]] = defaultdict(dict)
    for path in sorted(LAWS.glob("*.md")):
        text = path.read_text("utf-8")
        law = parse_law(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        assert law is not None
        own = {
            section_key(section.label) or "": {one.number for one in paragraphs(text, section)}
            for section in law.sections
        }
        names = {*law_names(law.title or path.stem), re.split(r"-BJNR|_", path.stem)[0]}
        for name in names:
            for key in law_keys(name):
                known[key].update(own)
    wrong = [
        f"{law} {wording.section}"
        for wording in load_search_tables().sections
        for law in wording.laws
        if (keys := known.get(law_keys(law)[0])) is None
        or (wording.section is not None and section_key(wording.section) not in keys)
        or any(label not in keys[section_key(wording.section or "") or ""] for label, _, _ in wording.paragraphs)
    ]
    assert wrong == []


STRANGER = ChunkFields("Verordnung ohne Wortliste", "§ 3 Kaution", "Die Kaution ist Pfand.", "§ 3", None, ("NeuV",))


def search(question: str, chunks: list[ChunkFields], tables: SearchTables | None = None) -> list[Ranked]:
    lexicon = Lexicon.learn(chunks)
    block = Analyser(lexicon).analyse(chunks)
    numbers = np.arange(len(chunks), dtype=np.uint32)
    corpus = Corpus(numbers, numbers, block.lengths)
    query = QueryParser(lexicon, tables or SearchTables.parse(sections=TABLE)).parse(question)
    rows = {term: i for i, term in enumerate(block.terms)}
    postings = {
        term: (block.numbers[a:b], block.frequencies[a:b])
        for term in query.terms
        if (i := rows.get(term)) is not None
        for a, b in [(block.offsets[i], block.offsets[i + 1])]
    }
    return rank(query, corpus, postings, lexical_candidates(query, corpus, postings))


def test_a_law_without_wordings_does_not_stand_back_for_want_of_them() -> None:
    """„Kaution“ is a wording of two sections and the very word of a third, whose law nobody wrote wordings for."""
    found = {hit.number: hit.scores for hit in search("Wie hoch ist die Kaution?", [*CHUNKS, STRANGER])}
    assert found[4]["unworded"] == pytest.approx(found[1]["wording"])
    assert found[1]["unworded"] == 0
    assert max(found, key=lambda number: sum(found[number].values())) == 4


BY_ABSATZ = "StromGVV 21\t(1) Wer zahlt Reparatur? | (2) Wie lange darf ich zögern? | Sachen, Dinge\t(3) who repairs"
ABSAETZE = [
    ChunkFields("Stromgrundversorgungsverordnung", "§ 21 Folgen", body, "§ 21", label, ("StromGVV",))
    for label, body in (("1", "Kosten trägt der Kunde"), ("2", "Frist von Wochen"), ("3", "Behebung durch Fachleute"))
]


def test_the_absatz_that_people_ask_stands_before_the_others_of_its_section() -> None:
    chunks = [*CHUNKS, *ABSAETZE]
    lexicon = Lexicon.learn(chunks)
    tables = SearchTables.parse(sections=f"{TABLE}\n{BY_ABSATZ}", english_ignored="who")
    parser = QueryParser(lexicon, tables)
    for question, number in (("Darf ich zögern?", 5), ("Wer zahlt Reparatur?", 4)):
        (hint,) = parser.parse(question).hints
        weights = {one.paragraph: one.weight for one in hint.paragraphs}
        assert max(weights, key=lambda label: weights[label]) == f"@abs/{number - 3}"
        assert f"@abs/{number - 3}" in hint.terms
        found = search(question, chunks, tables)
        assert found[0].number == number
        others = [one.scores["wording"] for one in found if one.number in {4, 5, 6} - {number}]
        assert all(0 < other < found[0].scores["wording"] for other in others)
    (hint,) = parser.parse("Sachen und Dinge").hints
    assert not any(one.weight for one in hint.paragraphs), "a list of words is the whole section's"
    scores = {one.scores["wording"] for one in search("Sachen und Dinge", chunks, tables)}
    assert len(scores) == 1


def test_what_is_kept_beside_the_corpus_answers_the_next_question_too() -> None:
    """Two questions with other hints, and again the first: each as by a corpus that nobody has asked yet."""
    chunks = [*CHUNKS, STRANGER, *ABSAETZE]
    lexicon = Lexicon.learn(chunks)
    block = Analyser(lexicon).analyse(chunks)
    numbers = np.arange(len(chunks), dtype=np.uint32)
    corpus = Corpus(numbers, numbers, block.lengths)
    postings = {
        term: (block.numbers[a:b], block.frequencies[a:b])
        for row, term in enumerate(block.terms)
        for a, b in [(block.offsets[row], block.offsets[row + 1])]
    }
    parser = QueryParser(lexicon, SearchTables.parse(sections=f"{TABLE}\n{BY_ABSATZ}"))
    prepared = Prepared.of(corpus)
    kept = Ready(prepared, dict(zip(postings, Entry.of_all(list(postings.values()), prepared), strict=True)))
    seen: list[list[Ranked]] = []
    kaution = "Wie hoch ist die Kaution?"
    for question in (kaution, "Muss ich den Ableser reinlassen?", "Wie lange darf ich zögern?", kaution):
        query = parser.parse(question)
        assert query.hints
        found = rank(query, corpus, kept, lexical_candidates(query, corpus, kept))
        assert found == rank(query, corpus, postings, lexical_candidates(query, corpus, postings))
        seen.append(found)
    assert len(prepared.sections_named) >= 2, "or nothing was kept and this shows nothing"
    assert seen[0] == seen[3] != seen[1]


def test_english_questions_hang_on_wordings_more_than_german_ones() -> None:
    """Their own words stand in no law, so that what its words find tells less of them."""
    tables = SearchTables.parse(sections=TABLE, english_ignored="do i have to pay a the")
    weights = {
        question: search(question, CHUNKS, tables)[0].scores["wording"]
        / QueryParser(Lexicon.learn(CHUNKS), tables).parse(question).hints[0].weight
        for question in ("Wie hoch ist die Kaution?", "Do I have to pay a deposit?")
    }
    german, english = weights.values()
    assert german == pytest.approx(DEFAULT_WEIGHTS.wording, rel=1e-3)
    assert english == pytest.approx(DEFAULT_WEIGHTS.wording_english, rel=1e-3)
    assert english > german


def test_a_hint_tells_of_which_concepts_people_speak() -> None:
    lexicon = Lexicon.learn(CHUNKS)
    query = QueryParser(lexicon, SearchTables.parse(sections=TABLE)).parse("Kaution fürs Fahrrad")
    spoken = dict(zip((group.asked for group in query.content_groups), query.hints[0].spoken, strict=True))
    assert spoken["Kaution"] > 0.9
    assert spoken["Fahrrad"] == 0
