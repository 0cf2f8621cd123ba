"""A question that laws do not answer is tried on the documents beside them, unless it asks for a law."""

from __future__ import annotations

from luna_rules.answers.beside import beside_laws
from luna_rules.answers.gather import Ground
from luna_rules.answers.model import Passage


def passage(name: str, law: str | None = None) -> Passage:
    return Passage(name, "Der Grundpreis ist anzugeben.", title=law or "Preisblatt", law=law, score=1.0)


LAWS = (passage("a", "PAngV"), passage("b", "EnWG"))


def test_what_belongs_to_no_law_is_tried_in_its_order() -> None:
    ground = Ground(LAWS, further=(passage("c", "EEG"), passage("d"), passage("e"), passage("f")))
    own = beside_laws("Wie hoch ist der Grundpreis?", ground, 2)
    assert own is not None
    assert [one.chunk_id for one in own.passages] == ["d", "e"]


def test_nothing_is_tried_where_a_law_is_asked_for_or_there_is_nothing_else() -> None:
    ground = Ground((*LAWS, passage("d")))
    for question in ("Was sagt das EnWG zum Grundpreis?", "Was steht in § 4 PAngV?", "Danke!", "?"):
        assert beside_laws(question, ground, 6) is None, question
    assert beside_laws("Wie hoch ist der Grundpreis?", Ground(LAWS), 6) is None
    assert beside_laws("Wie hoch ist der Grundpreis?", Ground((passage("d"),)), 6) is None
