"""The ground of an answer: the best passages, and those around them in their section, within a budget."""

from __future__ import annotations

from luna_rules.answers.gather import ground
from luna_rules.answers.model import Passage


def passage(name: str, section: str, text: str = "Der Netzbetreiber hat dies zu tun.") -> Passage:
    return Passage(chunk_id=name, text=text, title="Gesetz", section=section, law="XG", item_id="x", score=1.0)


def names(question: str, found: list[Passage], top_k: int = 2) -> list[str]:
    return [one.chunk_id for one in ground(question, [found], top_k).passages]


def test_the_passages_around_a_hit_are_joined_from_its_section_only() -> None:
    found = [
        passage("a1", "§ 1"),
        passage("b1", "§ 2"),
        passage("c1", "§ 3"),
        passage("a2", "§ 1"),
        passage("b2", "§ 2"),
    ]
    assert names("Wer muss das tun?", found) == ["a1", "b1", "a2", "b2"]
    further = [one.chunk_id for one in ground("Wer muss das tun?", [found], 2).further]
    assert further == ["c1"], "what is not joined may be asked about next"


def test_what_is_joined_has_a_bound() -> None:
    found = [passage(f"a{n}", "§ 1") for n in range(30)]
    assert len(names("Wer muss das tun?", found)) == 2 + 6


def test_of_too_many_those_with_a_value_are_joined_where_one_is_asked_for() -> None:
    found = [passage(f"a{n}", "§ 1") for n in range(20)]
    found.append(passage("sum", "§ 1", "Die Frist beträgt sechs Wochen."))
    assert "sum" in names("Wie lange ist die Frist?", found)
    assert "sum" not in names("Wer muss das tun?", found)
