"""Lexicon, compounds and the analysis of passages."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from luna_rules.search import analyser as analysis
from luna_rules.search import words
from luna_rules.search.analyser import Analyser
from luna_rules.search.compounds import Splitter, learn_words
from luna_rules.search.found_words import are_words, find_words
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields, TermBlock

from .sample import CHUNKS, Engine


def test_compounds_are_split_by_known_words_and_linking_letters() -> None:
    splitter = Splitter(dict.fromkeys(("netz", "anschluss", "kosten", "versorgung", "energie", "erde", "kabel"), 5))
    assert splitter.split("netzanschlusskosten") == ("netz", "anschluss", "kosten")
    assert splitter.split("energieversorgungskosten") == ("energie", "versorgung", "kosten")
    assert splitter.split("erdkabel") == ("erde", "kabel")
    assert splitter.split("bundesrat") == ()


def test_bound_forms_are_learnt_and_prefixes_are_not() -> None:
    heads = ("kosten", "kessel", "anlage", "leistung", "wasser")
    counts = Counter(dict.fromkeys(heads, 5))
    for head in heads:
        counts[f"heiz{head}"] = counts[f"ver{head}"] = 2
    learnt = learn_words(counts, minimum=2)
    assert "heiz" in learnt
    assert "ver" not in learnt


def test_postings_are_exactly_the_tokens_of_the_chunks(engine: Engine) -> None:
    block, analyser = engine.block, Analyser(engine.lexicon)
    assert list(block.terms) == sorted(set(block.terms))
    assert block.offsets[0] == 0
    assert block.offsets[-1] == len(block.numbers) == len(block.frequencies)
    rows = {term: i for i, term in enumerate(block.terms)}
    for number, chunk in enumerate(CHUNKS):
        expected = Counter(t for raw in words.tokens(words.clean(chunk.body)) for t in analyser.word(raw).full)
        for term, count in expected.items():
            span = slice(*block.offsets[rows[term] : rows[term] + 2])
            numbers = block.numbers[span]
            assert np.all(np.diff(numbers.astype(int)) > 0)
            assert block.frequencies[span][numbers == number][0, 2] == count


def test_look_up_terms_stand_in_the_postings(engine: Engine) -> None:
    found = engine.postings(("@law/enwg", "@law/eeg", "@law/eeg2023", "@sec/41a", "@abs/2"))
    assert found["@law/enwg"][0].tolist() == [0, 1, 2, 3, 4, 5]
    assert found["@law/eeg"][0].tolist() == found["@law/eeg2023"][0].tolist() == [6, 7, 8]
    assert found["@sec/41a"][0].tolist() == [4, 5]
    assert found["@abs/2"][0].tolist() == [1, 3, 5, 7]


def test_frequencies_are_capped_and_empty_chunks_are_possible() -> None:
    block = Analyser(Lexicon.empty()).analyse([ChunkFields("", "", "Netz " * 300), ChunkFields("", "", "")])
    assert block.terms == ("netz",)
    assert block.frequencies.tolist() == [[0, 0, 255, 0]]
    assert block.lengths.tolist() == [[0, 0, 300], [0, 0, 0]]
    nothing = Analyser(Lexicon.empty()).analyse([])
    assert (nothing.terms, nothing.offsets.tolist(), nothing.lengths.shape) == ((), [0], (0, 3))


def same(one: TermBlock, two: TermBlock) -> bool:
    arrays = ("offsets", "numbers", "frequencies", "lengths")
    return one.terms == two.terms and all(np.array_equal(getattr(one, name), getattr(two, name)) for name in arrays)


def test_passages_that_come_bit_by_bit_give_the_same_block(engine: Engine) -> None:
    analyser = Analyser(engine.lexicon)
    gathering, other = analyser.gather(), analyser.gather()
    for chunk in CHUNKS:
        gathering.add([chunk])
        other.add([ChunkFields("Anderes", "", f"{chunk.body} und nochmals anderes")])
    assert same(gathering.block(), engine.block)
    # What the analyser has seen of others is no part of a block.
    assert same(analyser.analyse(CHUNKS[2:4]), Analyser(engine.lexicon).analyse(CHUNKS[2:4]))
    assert not same(other.block(), engine.block)


def test_words_that_were_found_before_give_the_same_block(engine: Engine) -> None:
    chunks = [
        *CHUNKS,
        ChunkFields("", "", "Strom- und Gas-\npreise: 10 000 kWh nach § 41 a, Ta-"),
        ChunkFields("", "", ""),
    ]
    found = find_words(chunk.body for chunk in chunks)
    assert are_words(found.distinct)
    gathering = Analyser(engine.lexicon).gather()
    gathering.add(chunks, found)
    assert same(gathering.block(), Analyser(engine.lexicon).analyse(chunks))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"version": "another"},
        {"sizes": b""},
        {"sizes": bytes(4 * len(CHUNKS))},
        {"sizes": b"\xff" * 4 * len(CHUNKS)},
        {"numbers": b"\0"},
        {"numbers": b""},
        {"distinct": ()},
        {"distinct": ("netz",)},
        {"distinct": ("zwei Wörter",) * 10_000},
        {"distinct": ("",) * 10_000},
        {"distinct": ("-",) * 10_000},
    ],
    ids=str,
)
def test_words_that_cannot_be_those_of_the_passages_are_found_anew(engine: Engine, spoilt: dict[str, Any]) -> None:
    found = replace(find_words(chunk.body for chunk in CHUNKS), **spoilt)
    gathering = Analyser(engine.lexicon).gather()
    gathering.add(CHUNKS, found)
    assert same(gathering.block(), engine.block)


def test_a_block_begun_is_ended_with_its_own_numbers(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "_MAX_CACHED_WORDS", 5)
    analyser = Analyser(engine.lexicon)
    gathering = analyser.gather()
    gathering.add(CHUNKS[:3])
    assert same(analyser.analyse(CHUNKS), engine.block)
    gathering.add(CHUNKS[3:])
    assert same(gathering.block(), engine.block)


def test_hyphenated_words_are_indexed_whole_and_in_parts() -> None:
    block = Analyser(Lexicon.empty()).analyse([ChunkFields("", "", "Smart-Meter-Gateway BK6-22-300")])
    assert {"smartmetergateway", "smart", "met", "gateway", "bk622300"} <= set(block.terms)


def test_lexicon_survives_storage_and_is_deterministic(engine: Engine) -> None:
    again = Lexicon.learn(CHUNKS)
    stored = Lexicon.from_bytes(engine.lexicon.to_bytes())
    assert again.digest == engine.lexicon.digest == stored.digest
    assert Lexicon.learn(CHUNKS[:-1]).digest != again.digest
    assert stored.terms == engine.lexicon.terms
    one, two = Analyser(stored).embed(engine.block), Analyser(engine.lexicon).embed(engine.block)
    assert np.allclose(one, two, atol=5e-3)
    with pytest.raises(ValueError, match="no lexicon"):
        Lexicon.from_bytes(b"something else")


def test_vectors_are_unit_rows_and_bring_like_to_like(engine: Engine) -> None:
    vectors = Analyser(engine.lexicon).embed(engine.block)
    assert vectors.shape == (len(CHUNKS), 300)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[10] @ vectors[11] > vectors[10] @ vectors[4]


@pytest.mark.parametrize("body", ["Ein einziger Satz über das Stromnetz.", ""])
def test_smallest_corpora_work(body: str) -> None:
    chunks = [ChunkFields("", "", body)]
    lexicon = Lexicon.learn(chunks)
    vectors = Analyser(lexicon).embed(Analyser(lexicon).analyse(chunks))
    assert vectors.shape == (1, lexicon.dimension)
    assert np.isfinite(vectors).all()
    assert Lexicon.from_bytes(lexicon.to_bytes()).digest == lexicon.digest


def test_empty_lexicon_has_no_dense_part() -> None:
    lexicon = Lexicon.empty()
    block = Analyser(lexicon).analyse(CHUNKS)
    assert lexicon.dimension == 0
    assert Analyser(lexicon).embed(block).shape == (len(CHUNKS), 0)


def test_a_base_keeps_its_space_and_gains_words(engine: Engine) -> None:
    own = [ChunkFields("", "", "Der Frostwächter der Waschküche meldet Frost im Flur.")]
    united = Lexicon.learn(own, base=engine.lexicon)
    assert set(engine.lexicon.parts) <= set(united.parts)
    assert "frostwacht" in united.rows
    assert "frostwacht" not in engine.lexicon.rows
    for term in ("waschkuch", "flur"):
        assert np.array_equal(united.matrix[united.rows[term]], engine.lexicon.matrix[engine.lexicon.rows[term]])
    # What only the new text says lies near what it was said with.
    row = united.matrix[united.rows["frostwacht"]]
    public = Analyser(engine.lexicon).embed(engine.block)
    assert public[10] @ row > public[4] @ row
