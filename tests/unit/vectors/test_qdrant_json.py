"""What Qdrant is asked in one call, and how its answer is read."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import numpy as np
import pytest

from resources.vectors import arrays
from resources.vectors.index import NO_FILTERS
from resources.vectors.points import PointsQuestion, VersionRef
from resources.vectors.qdrant_json import Asked, decoded, encoded, passage_ids, point_ids

PUBLIC = VersionRef(1, None, 2)
OWN = VersionRef(2, UUID(int=7), 2)
PASSAGES = [UUID(int=0xAB << 120), uuid4(), uuid4()]
VECTOR = np.array([0.6, 0.8], np.float32)


def question(
    version: VersionRef = PUBLIC, *, terms: dict[str, float] | None = None, vector: bool = True, candidates: int = 3
) -> PointsQuestion:
    return PointsQuestion(
        version,
        {"netz": 1.0} if terms is None else terms,
        VECTOR if vector else None,
        NO_FILTERS,
        None,
        candidates=arrays.ids_of(PASSAGES[:candidates]),
        limit=2,
    )


@pytest.mark.parametrize("version", [PUBLIC, OWN])
def test_ids_of_points_are_uuids_and_lead_back(version: VersionRef) -> None:
    ids = point_ids(version, arrays.ids_of(PASSAGES))
    assert [str(UUID(one)) for one in ids] == ids
    assert (ids == [str(one) for one in PASSAGES]) == (version is PUBLIC), "versions of one collection are kept apart"
    assert passage_ids(version, ids).tobytes() == arrays.ids_of(PASSAGES).tobytes()
    assert point_ids(version, arrays.ids_of([])) == []


def test_terms_and_candidates_are_asked_in_one_call() -> None:
    asked = Asked.of(question())
    by_terms, by_id = json.loads(encoded(asked.searches))["searches"]
    assert [one["using"] for one in by_terms["prefetch"]] == ["terms"]
    assert by_terms["using"] == by_id["using"] == "dense"
    assert by_terms["limit"] == by_terms["prefetch"][0]["limit"] == 2
    assert by_id["filter"]["must"] == [{"has_id": [str(one) for one in PASSAGES]}]
    assert by_id["limit"] == 3
    own = Asked.of(question(OWN)).searches
    assert [condition["key"] for condition in json.loads(encoded(own))["searches"][1]["filter"]["must"][:2]] == [
        "tenant",
        "index_version",
    ]


def test_only_what_can_be_told_is_asked() -> None:
    assert [one["using"] for one in Asked.of(question(vector=False)).searches] == ["terms"]
    assert len(Asked.of(question(terms={})).searches) == 1
    assert len(Asked.of(question(candidates=0)).searches) == 1
    nothing = Asked.of(question(terms={}, vector=False))
    assert nothing.searches == []
    found = nothing.found([])
    assert (found.candidates.tolist(), len(found.chunk_ids), found.full) == ([0.0, 0.0, 0.0], 0, False)


def test_cosines_come_in_the_order_asked_and_what_is_missing_shows() -> None:
    ids = point_ids(PUBLIC, arrays.ids_of(PASSAGES))
    other = str(uuid4())
    by_terms = [{"id": ids[2], "score": 0.75, "version": 1}, {"id": other, "score": 0.25, "version": 1}]
    by_id = [{"id": ids[2], "score": 0.75, "version": 1}, {"id": ids[0], "score": 0.5, "version": 1}]
    body = {"result": [{"points": by_terms}, {"points": by_id}], "status": "ok", "time": 0.1}
    found = Asked.of(question()).found(decoded(json.dumps(body).encode()))
    np.testing.assert_array_equal(found.candidates, np.array([0.5, np.nan, 0.75], np.float32))
    assert found.chunk_ids.tobytes() == UUID(other).bytes, "of what the terms found, those that are no candidates"
    assert found.cosines.tolist() == [0.25]
    assert found.full
    assert not Asked.of(question()).found([([other], [0.5]), ([], [])]).full


def test_sums_of_terms_are_no_cosines() -> None:
    found = Asked.of(question(vector=False)).found([([str(PASSAGES[0])], [17.5])])
    assert found.cosines.tolist() == [0.0]
    assert found.candidates.tolist() == [0.0, 0.0, 0.0], "nobody asked for them, so none is missing"


def test_another_number_of_answers_is_no_answer() -> None:
    with pytest.raises(ValueError, match="1 answers to 2 searches"):
        Asked.of(question()).found([([], [])])
