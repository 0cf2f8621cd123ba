"""Filters of a search."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from resources.vectors.index import (
    NO_FILTERS,
    FilterError,
    Filters,
    parse_filters,
)
from tests.contract.index_world import (
    Doc,
    World,
)


@pytest.fixture
async def filtered(world: World) -> tuple[World, UUID, dict[str, Doc]]:
    tenant = world.tenant()
    docs = {
        "law": world.document(
            None, ["Netz"], kind="regulation", source="crawler", tags=["recht"], metadata={"jahr": 2024}
        ),
        "note": world.document(tenant, ["Netz"], kind="note", source="api", tags=["a", "b"], metadata={"jahr": "2024"}),
        "pdf": world.document(tenant, ["Netz"], tags=["b"], version=3, metadata={"orte": ["Köln", "Bonn"], "ok": True}),
        "bare": world.document(tenant, ["Netz"]),
    }
    world.live(None, docs["law"])
    world.live(tenant, docs["note"], docs["pdf"], docs["bare"])
    return world, tenant, docs


FILTERED: list[tuple[dict[str, object], str]] = [
    ({}, "law note pdf bare"),
    ({"kind": "regulation"}, "law"),
    ({"kind": ["note", "regulation"]}, "law note"),
    ({"source": "api"}, "note"),
    ({"tags": "b"}, "note pdf"),
    ({"tags": ["a", "recht"]}, "law note"),
    ({"tags": "unbekannt"}, ""),
    ({"version": 3}, "pdf"),
    ({"version": [1, 3]}, "law note pdf bare"),
    ({"metadata.jahr": 2024}, "law note"),
    ({"metadata.jahr": "2024"}, "law note"),
    ({"metadata.jahr": [2023, 2022]}, ""),
    ({"metadata.orte": ["Bonn"]}, "pdf"),
    ({"metadata.ok": True}, "pdf"),
    ({"metadata.ok": "x' OR '1'='1"}, ""),
    ({"tags": "b", "kind": "document"}, "pdf"),
    ({"tags": "b", "metadata.jahr": 2024, "version": 1}, "note"),
    ({"kind": "regulation", "source": "upload"}, ""),
]


async def test_filters(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    for raw, expected in FILTERED * 2:  # the second time the kept masks answer
        wanted = {docs[name].item_id for name in expected.split()}
        assert await world.found(tenant, "Netz", filters=parse_filters(raw)) == wanted, raw


async def test_filters_by_id(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    one, two = docs["law"], docs["pdf"]
    ids = parse_filters({"item_id": [str(one.item_id), str(two.item_id), str(uuid4())]})
    assert await world.found(tenant, "Netz", filters=ids) == {one.item_id, two.item_id}
    document = parse_filters({"document_id": str(two.document_id)})
    assert await world.found(tenant, "Netz", filters=document) == {two.item_id}
    both = Filters(item_id=(one.item_id,), document_id=(two.document_id,))
    assert await world.found(tenant, "Netz", filters=both) == set()


async def test_a_changed_tag_counts_at_once(filtered: tuple[World, UUID, dict[str, Doc]]) -> None:
    world, tenant, docs = filtered
    asked = parse_filters({"tags": "neu", "metadata.jahr": 2024})
    assert await world.found(tenant, "Netz", filters=asked) == set()
    world.worker.execute("UPDATE items SET tags = '{neu}' WHERE id = %s", (docs["note"].item_id,))
    assert await world.found(tenant, "Netz", filters=asked) == {docs["note"].item_id}


async def test_ids_that_end_with_zero_bytes_are_told_apart(world: World) -> None:
    tenant = world.tenant()
    ids = [UUID(int=0xAB << 120), UUID(int=(0xAB << 120) | 1), UUID(int=0xABCD << 112)]
    docs = [
        world.document(tenant, [f"Netz {word}"], item_id=i) for word, i in zip(("Wind", "Gas", "Öl"), ids, strict=True)
    ]
    world.live(tenant, *docs)
    assert await world.found(tenant, "Netz") == set(ids)
    assert await world.found(tenant, "Netz", filters=Filters(item_id=(ids[0],))) == {ids[0]}
    assert await world.found(tenant, "Gas") == {ids[1]}


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        ({"kindd": "note"}, "kindd.*unbekannt.*item_id.*metadata"),
        ({"metadata": "x"}, "metadata.*unbekannt"),
        ({"metadata.": "x"}, "unbekannt"),
        ({"kind.x": "note"}, "unbekannt"),
        ({"kind": "law"}, "law.*document, regulation, note"),
        ({"source": 3}, "kein Text"),
        ({"tags": []}, "leere Liste"),
        ({"tags": None}, "kein Text"),
        ({"tags": [""]}, "kein Text"),
        ({"version": True}, "ganze Zahl"),
        ({"version": 0}, "ganze Zahl"),
        ({"version": "2"}, "ganze Zahl"),
        ({"item_id": "abc"}, "abc.*UUID"),
        ({"document_id": 7}, "7.*UUID"),
        ({"metadata.jahr": {"a": 1}}, "weder Text noch Zahl"),
        ({"tags": ["x"] * 1001}, "mehr als 1000"),
    ],
)
def test_a_wrong_filter_is_named_with_a_right_example(raw: dict[str, object], fault: str) -> None:
    with pytest.raises(FilterError, match=fault) as caught:
        parse_filters(raw)
    assert caught.value.key == next(iter(raw))
    assert "zum Beispiel {" in str(caught.value)


def test_filters_are_read_into_any_of() -> None:
    item = uuid4()
    read = parse_filters({"item_id": str(item), "tags": ["a", "b", "a"], "version": 2, "metadata.x": [1, "y"]})
    assert read == Filters(item_id=(item,), tags=("a", "b"), version=(2,), metadata=(("x", (1, "y")),))
    assert parse_filters(None) == NO_FILTERS
    assert hash(read) is not None
