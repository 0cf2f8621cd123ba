"""What a replay says of the models that had a part in an answer."""

from __future__ import annotations

from luna_rules.answers.changes import Change, Stand, changes, is_same, verdict


def stand(**models: str) -> Stand:
    return Stand(True, "Die Frist beträgt sechs Wochen.", (), ((1,), 4), "ab", models)


def test_a_model_that_is_another_one_now_is_told_and_changes_no_answer() -> None:
    found = changes(stand(gross="1", klein="2", fern="3"), stand(gross="9", klein=""), [])
    assert found == (
        Change("model", "Unter dem Namen gross liegt heute ein anderes Modell als damals."),
        Change("model", "Das Modell klein liegt nicht mehr auf dem Modellserver."),
    )
    assert is_same(found)
    assert verdict(found, compared=True).endswith("obwohl sich ringsum etwas verändert hat.")


def test_the_same_models_and_new_ones_are_no_change() -> None:
    assert changes(stand(gross="1"), stand(gross="1", neu="2"), []) == ()
