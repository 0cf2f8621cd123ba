"""Candidates and their order."""

from __future__ import annotations

import numpy as np
import pytest

from luna_rules.search.heard import heard
from luna_rules.search.model import Corpus
from luna_rules.search.query import Alternative, Group, Query
from luna_rules.search.ranker import DEFAULT_WEIGHTS, Ready, lexical_candidates, rank

from .sample import Engine


def numbers(found: list) -> list[int]:
    return [hit.number for hit in found]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("§ 38 EnWG", 0),
        ("§ 38 Abs. 2 EnWG", 1),
        ("§ 38 EEG 2023", 8),
        ("§ 80 GEG", 9),
        ("Was steht in § 41a EnWG zur Ersatzversorgung?", 4),
        ("Balkonkraftwerk", 7),
        ("Wann endet die Ersatzversorgung?", 1),
        ("Wo hängt der Schlüssel der Waschküche?", 10),
        ("how do i connect my balcony power plant", 7),
    ],
)
def test_the_right_passage_comes_first(engine: Engine, question: str, first: int) -> None:
    assert numbers(engine.search(question))[0] == first


def test_scores_say_why(engine: Engine) -> None:
    exact, *others = engine.search("§ 38 Abs. 2 EnWG")
    assert exact.scores["lookup"] > 0
    assert all(hit.scores["lookup"] < exact.scores["lookup"] for hit in others)
    assert exact.score == pytest.approx(sum(exact.scores.values()), rel=1e-5)
    assert all(value >= 0 for hit in (exact, *others) for value in hit.scores.values())
    assert engine.search("Ersatzversorgung")[0].scores["lookup"] == 0


def test_what_is_not_allowed_is_never_found(engine: Engine) -> None:
    allowed = np.ones(12, bool)
    allowed[[0, 1]] = False
    for question in ("§ 38 EnWG", "Ersatzversorgung", "Wann endet die Ersatzversorgung?"):
        assert not {0, 1} & set(numbers(engine.search(question, allowed)))


def test_limits_hold(engine: Engine) -> None:
    query = engine.parser.parse("Netzbetreiber Energie Verträge Flur")
    postings = engine.postings(query.terms)
    assert len(lexical_candidates(query, engine.corpus, postings, limit=3)) == 3
    assert len(engine.search("Netzbetreiber Energie Verträge Flur", limit=2)) == 2
    one_each = engine.search("§ 38 EnWG Ersatzversorgung", per_section=1, limit=12)
    sections = [int(engine.corpus.section[n]) for n in numbers(one_each)]
    assert len(sections) == len(set(sections))


@pytest.mark.parametrize("question", ["§ 38 EnWG", "Netzbetreiber Energie Verträge Flur", "my balcony power plant"])
def test_postings_made_ready_give_what_stored_ones_give(engine: Engine, question: str) -> None:
    query = engine.parser.parse(question)
    postings = engine.postings(query.terms)
    ready = Ready.of(engine.corpus, postings, DEFAULT_WEIGHTS)
    found = lexical_candidates(query, engine.corpus, postings)
    assert lexical_candidates(query, engine.corpus, ready).tolist() == found.tolist()
    assert rank(query, engine.corpus, ready, found) == rank(query, engine.corpus, postings, found)
    assert rank(query, engine.corpus, ready, found, limit=2) == rank(query, engine.corpus, postings, found)[:2]


def test_vectors_break_ties_and_follow_their_candidates(engine: Engine) -> None:
    query = engine.parser.parse("Flur")
    postings = engine.postings(query.terms)
    for order in ([10, 11], [11, 10]):
        candidates = np.array(order, np.uint32)
        dense = np.where(candidates == 11, 0.9, 0.1).astype(np.float32)
        found = rank(query, engine.corpus, postings, candidates, dense=dense)
        assert found[0].number == 11
        assert found[0].scores["dense"] > found[1].scores["dense"]


def test_nothing_is_found_for_unknown_words_and_empty_corpora(engine: Engine) -> None:
    assert engine.search("Quastenflosser") == []
    assert engine.search("") == []
    nothing = Corpus(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros((0, 3), np.uint16))
    query = engine.parser.parse("Netz")
    assert len(lexical_candidates(query, nothing, {})) == 0
    assert rank(query, nothing, {}, np.zeros(0, np.uint32)) == []


def test_candidates_hold_the_best_of_a_large_corpus() -> None:
    """The approximate first step must not lose what the exact second step would put first."""
    from luna_rules.search.analyser import Analyser
    from luna_rules.search.lexicon import Lexicon
    from luna_rules.search.model import ChunkFields
    from luna_rules.search.query import QueryParser
    from luna_rules.search.tables import SearchTables

    random = np.random.default_rng(3)
    vocabulary = [f"wort{'abcdefghij'[i // 10]}{'klmnopqrst'[i % 10]}" for i in range(100)]
    weights = 1 / np.arange(1, 101)
    chunks = [
        ChunkFields("", "", " ".join(random.choice(vocabulary, 30, p=weights / weights.sum()))) for _ in range(3000)
    ]
    lexicon = Lexicon.learn(chunks, dimension=8)
    block = Analyser(lexicon).analyse(chunks)
    corpus = Corpus(np.arange(3000, dtype=np.uint32), np.arange(3000, dtype=np.uint32), block.lengths)
    engine = Engine(lexicon, block, corpus, QueryParser(lexicon, SearchTables()))
    everything = np.arange(3000, dtype=np.uint32)
    for _ in range(20):
        query = engine.parser.parse(" ".join(random.choice(vocabulary, 4, replace=False)))
        postings = engine.postings(query.terms)
        best = set(numbers(rank(query, corpus, postings, everything, limit=5)))
        kept = set(lexical_candidates(query, corpus, postings, limit=400).tolist())
        assert len(best & kept) >= 4


def test_a_word_that_is_everywhere_is_not_heard_above_a_rare_one_by_its_other_meanings() -> None:
    from luna_rules.search.analyser import Analyser
    from luna_rules.search.lexicon import Lexicon
    from luna_rules.search.model import ChunkFields
    from luna_rules.search.query import QueryParser
    from luna_rules.search.tables import SearchTables

    chunks = [ChunkFields("Satzung", "Regel", f"Das gilt für Fall {place} ohne Ausnahme.") for place in range(60)]
    chunks += [ChunkFields("Satzung", "Gültigkeitsdauer", "Die Gültigkeitsdauer der Marke ist ein Jahr.")]
    chunks += [ChunkFields("Satzung", "Ruhezeit", "Die Waschküche ist nachts geschlossen.") for _ in range(6)]
    lexicon = Lexicon.learn(chunks, dimension=0)
    block = Analyser(lexicon).analyse(chunks)
    size = len(chunks)
    corpus = Corpus(np.zeros(size, np.uint32), np.arange(size, dtype=np.uint32), block.lengths)
    tables = SearchTables.parse(synonyms="gilt\tGültigkeitsdauer\n")
    engine = Engine(lexicon, block, corpus, QueryParser(lexicon, tables))
    assert numbers(engine.search("Was gilt für die Waschküche?"))[0] > 60
    assert numbers(engine.search("Was gilt?", limit=100)) != []


def test_words_that_are_everywhere_find_where_nothing_else_may_be_found() -> None:
    from luna_rules.search.analyser import Analyser
    from luna_rules.search.lexicon import Lexicon
    from luna_rules.search.model import ChunkFields
    from luna_rules.search.query import QueryParser
    from luna_rules.search.tables import SearchTables

    chunks = [ChunkFields("Merkblatt", "Wallbox", f"Die Wallbox Nummer {place} ist fertig.") for place in range(1500)]
    chunks += [ChunkFields("Heft", "Ladepunkt", "Ein Ladepunkt steht am Haus.")]
    lexicon = Lexicon.learn(chunks, dimension=0)
    block = Analyser(lexicon).analyse(chunks)
    size = len(chunks)
    corpus = Corpus(np.arange(size, dtype=np.uint32), np.arange(size, dtype=np.uint32), block.lengths)
    parser = QueryParser(lexicon, SearchTables.parse(synonyms="Wallbox\tLadepunkt\n"))
    query = parser.parse("Wallbox")
    postings = Engine(lexicon, block, corpus, parser).postings(query.terms)
    allowed = np.zeros(size, np.bool_)
    allowed[7] = True
    assert lexical_candidates(query, corpus, postings, allowed).tolist() == [7]
    assert len(lexical_candidates(query, corpus, postings)) == 400


def asked_in_many_ways() -> Query:
    ways = (Alternative(("strom",), 1.0), Alternative(("energi",), 0.8), Alternative(("elektrizitat",), 0.8))
    common = Group("Strom", (*ways, Alternative(("liefer", "energi"), 0.4)))
    rare = Group("Waschküche", (Alternative(("waschkuch",), 1.0), Alternative(("keller",), 0.5)))
    return Query("Strom Waschküche", (common, rare), ())


def test_of_too_many_ways_to_say_it_those_that_say_least_are_unheard() -> None:
    n = 50_000
    sizes = {"strom": n, "energi": n - 1, "elektrizitat": 40_000, "liefer": 30_000, "waschkuch": 3, "keller": 20}
    common, rare = heard(asked_in_many_ways(), sizes, n, DEFAULT_WEIGHTS)
    assert [known for known, _ in common] == [["strom"], ["elektrizitat"]]
    assert [known for known, _ in rare] == [["waschkuch"], ["keller"]]


def test_few_postings_are_all_heard() -> None:
    sizes = {"strom": 2_000, "energi": 1_999, "elektrizitat": 1_900, "liefer": 1_500, "waschkuch": 3}
    common, rare = heard(asked_in_many_ways(), sizes, 2_000, DEFAULT_WEIGHTS)
    assert [known for known, _ in common] == [["strom"], ["energi"], ["elektrizitat"], ["liefer", "energi"]]
    assert [known for known, _ in rare] == [["waschkuch"]]


@pytest.mark.parametrize("name", ["Quarzfalter0007", "Quarzfalter"])
def test_a_name_is_heard_above_what_is_otherwise_alike(name: str) -> None:
    from luna_rules.search.analyser import Analyser
    from luna_rules.search.lexicon import Lexicon
    from luna_rules.search.model import ChunkFields
    from luna_rules.search.query import QueryParser
    from luna_rules.search.tables import SearchTables

    chunks = [
        ChunkFields("Verordnung", f"Regel {place}", f"Absatz {place} über die Kennung von Anlagen.")
        for place in range(400)
    ]
    chunks += [ChunkFields("Verordnung", "Gültigkeitsdauer", "Die Kennung gilt ein Jahr.")]
    lines = " ".join(f"Der Zähler Nr. {number} misst den Verbrauch der Anlage." for number in range(30))
    chunks += [ChunkFields("brief.pdf", "", f"{lines} Die Kennung {name} gilt für drei Monate.")]
    lexicon = Lexicon.learn(chunks[:-1], dimension=0)
    block = Analyser(lexicon).analyse(chunks)
    size = len(chunks)
    corpus = Corpus(np.arange(size, dtype=np.uint32), np.arange(size, dtype=np.uint32), block.lengths)
    tables = SearchTables.parse(synonyms="lange gilt\tGültigkeitsdauer\n")
    engine = Engine(lexicon, block, corpus, QueryParser(lexicon, tables))
    assert numbers(engine.search(f"Wie lange gilt die Kennung {name}?"))[0] == size - 1
