"""What a passage is said to speak of: each part of a compound must be found, and rare words are told from frequent."""

from __future__ import annotations

from luna_rules.answers.matching import QueryMatcher
from luna_rules.search.analyser import Analyser
from luna_rules.search.laws import law_term, paragraph_term, section_term
from luna_rules.search.lexicon import Lexicon
from luna_rules.search.query import Alternative, Group, Query
from luna_rules.search.wordings import AbsatzHint, Hint


def matcher(*groups: Group, seen: dict[str, int] | None = None) -> QueryMatcher:
    query = Query("Frage", groups, ())
    frequency = None if seen is None else lambda term: seen.get(term, 0)
    return QueryMatcher(query, Analyser(Lexicon.empty()), frequency=frequency, total=100)


def term(word: str) -> str:
    return Analyser(Lexicon.empty()).word(word).full[0]


COMPOUND = Group("Kfz-Steuer", (Alternative((term("Kfz"), term("Steuer")), 0.6),))


def test_one_part_of_a_compound_in_two_forms_is_not_both_parts() -> None:
    compared = matcher(COMPOUND)
    one = compared.concepts("Die Steuer entsteht.")[0]
    assert compared.concepts("Die Steuer und die Steuern, der Steuer wegen.")[0] == one
    assert compared.concepts("Die Steuer für das Kfz.")[0] > 2 * one


def test_words_that_occur_nowhere_weigh_most_and_are_unknown() -> None:
    rare, frequent, absent = (Group(word, (Alternative((term(word),), 1.0),)) for word in ("Netz", "Strom", "Handy"))
    compared = matcher(rare, frequent, absent, seen={term("Netz"): 2, term("Strom"): 60})
    assert compared.weights[2] > compared.weights[0] > compared.weights[1]
    assert compared.unknown == {2}
    assert matcher(rare, frequent, absent).unknown == frozenset()


def test_what_people_ask_of_a_section_is_told_by_its_law_and_number() -> None:
    own = AbsatzHint(paragraph_term("2a"), 0.3, (0.5, 0.0))
    hint = Hint((law_term("eeg2023"),), section_term("48"), 0.6, (0.0, 0.9), (own,))
    asked = Group("Dach", (Alternative((term("Dach"),), 1.0),))
    compared = QueryMatcher(Query("Frage", (asked, COMPOUND), (), hints=(hint,)), Analyser(Lexicon.empty()))
    assert compared.meant("EEG 2023", "§ 48") == {1: 0.9}
    assert compared.meant("EEG 2023", "§ 48", "2a") == {0: 0.5}
    assert compared.meant("EEG 2023", "§ 48", "1") == {}
    assert compared.meant("EEG 2023", "§ 49") == {}
    assert compared.meant(None, "§ 48") == {}
    assert compared.meant("EEG 2023", None) == {}
