"""Questions of the greatest length, made to be slow: reading them stays a matter of moments."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

import pytest

from luna_rules.answers.definitions import asked_term
from luna_rules.answers.followup import is_follow_up
from luna_rules.answers.gather import searches
from luna_rules.answers.identifiers import identifiers
from luna_rules.answers.intent import beyond_law
from luna_rules.answers.names import KNOWN_LAWS
from luna_rules.answers.question import read_question
from luna_rules.answers.smalltalk import talk_of
from luna_rules.comparison.question import asked_comparison
from luna_rules.references import as_written, find_laws, find_references
from luna_rules.search import words
from luna_rules.series_answers import question as series
from luna_rules.series_answers.spans import BERLIN

NOW = datetime(2026, 11, 21, 12, 7, tzinfo=BERLIN)
LONGEST = 4_000
MOST_S = 2.5
"""Of the processor; it is about a tenth of that, and was tenfold where a search began anew at every sign."""
READERS: list[Callable[[str], object]] = [
    asked_term,
    is_follow_up,
    identifiers,
    beyond_law,
    read_question,
    talk_of,
    lambda text: searches(text, 8),
    lambda text: series.read_question(text, NOW),
    lambda text: asked_comparison(text, date(2026, 11, 21)),
    lambda text: find_references(as_written(text, KNOWN_LAWS), KNOWN_LAWS),
    lambda text: find_laws(text, KNOWN_LAWS),
    lambda text: [words.stem(words.spelling(token)) for token in words.tokens(words.clean(text))],
]


@pytest.mark.parametrize(
    "piece",
    [
        "1,",
        "1 ",
        "1 000 ",
        "§",
        "§ 1 Abs. ",
        "? ",
        "(",
        "ä",
        "aaaaaaaaab",
        "Gesetz",
        "KW 1 und ",
        "wie viele ",
        "nr. 1 ",
    ],
)
def test_no_question_takes_long_to_read(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    begun = time.process_time()
    for read in READERS:
        read(text)
    assert time.process_time() - begun < MOST_S


def test_endless_words_are_not_kept() -> None:
    kept = words._stem.cache_info().currsize, words._spelling.cache_info().currsize  # pyright: ignore[reportPrivateUsage]
    assert words.stem(words.spelling("WÄRME" * 100 + "ZÄHLER")).endswith("zaehler")
    assert kept == (words._stem.cache_info().currsize, words._spelling.cache_info().currsize)  # pyright: ignore[reportPrivateUsage]
