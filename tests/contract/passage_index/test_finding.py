"""What is found, and that odd questions break nothing."""

from __future__ import annotations

import pytest

from luna_rules.search.analyser import Analyser
from luna_rules.search.lexicon import Lexicon
from resources.search_tables import load_search_tables
from resources.vectors.index import (
    IndexVersionError,
)
from tests.contract.index_world import (
    World,
)


async def test_an_empty_index_finds_nothing(world: World) -> None:
    tenant = world.tenant()
    result = await world.search(tenant, "Netzanschluss")
    assert (result.hits, result.query, result.index_versions) == ((), None, ())
    world.live(tenant)
    result = await world.search(tenant, "Netzanschluss")
    assert result.hits == ()
    assert len(result.index_versions) == 1


async def test_an_empty_version_finds_nothing_by_the_wording_of_sections(world: World) -> None:
    """What is left when the last document is gone and the index is rebuilt; the tables still point at sections."""
    tenant = world.tenant()
    version = world.live(tenant)
    index = world.new_index(tables=load_search_tables())
    result = await world.search(tenant, "Wie kündige ich den Liefervertrag?", index=index)
    assert result.query is not None
    assert result.query.hints
    assert (result.hits, result.index_versions) == ((), (version,))


async def test_added_passages_are_found_with_their_ids_and_reasons(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Die Grundversorgung mit Strom", "Der Netzanschluss kostet Geld", "Sonstiges"])
    version = world.live(tenant, doc)
    result = await world.search(tenant, "Was kostet der Netzanschluss?")
    assert result.hits[0].chunk_id == doc.chunk_ids[1]
    assert result.hits[0].item_id == doc.item_id
    assert result.hits[0].score > 0
    assert result.hits[0].scores["lexical"] > 0
    assert result.index_versions == (version,)
    assert result.timings_ms["total"] > 0


async def test_what_enters_the_live_version_is_found_at_once(world: World) -> None:
    tenant = world.tenant()
    version = world.live(tenant, world.document(tenant, ["Stromsteuer"]))
    before = await world.search(tenant, "Gasumlage")
    late = world.document(tenant, ["Die Gasumlage steigt"])
    world.add(version, tenant, late)
    after = await world.search(tenant, "Gasumlage")
    assert before.hits == ()
    assert {hit.item_id for hit in after.hits} == {late.item_id}
    assert after.generation > before.generation


async def test_a_version_is_hidden_before_promotion_and_replaces_the_old_one_whole(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netzentgelt der Anlage"])
    version = world.begin(tenant)
    world.add(version, tenant, doc)
    assert await world.found(tenant, "Netzentgelt") == set()
    world.writer.promote(version)
    assert await world.found(tenant, "Netzentgelt") == {doc.item_id}

    newer = world.begin(tenant)
    assert (await world.search(tenant, "Netzentgelt")).index_versions == (version,)
    with pytest.raises(IndexVersionError, match="1 items are missing"):
        world.writer.promote(newer)
    assert (await world.search(tenant, "Netzentgelt")).index_versions == (version,)
    world.add(newer, tenant, doc)
    world.writer.promote(newer)
    result = await world.search(tenant, "Netzentgelt")
    assert result.index_versions == (newer,)
    assert {hit.item_id for hit in result.hits} == {doc.item_id}
    assert world.writer.version(version).state == "retired"
    with pytest.raises(IndexVersionError, match="retired"):
        world.add(version, tenant, doc)


async def test_odd_questions_break_nothing(world: World) -> None:
    tenant = world.tenant()
    world.live(tenant, world.document(tenant, ["Netzanschluss", "Gas"]))
    odd = ["", "   ", "?!", "und oder aber", "Xyzzyqwertz", "§", "§ 99999", "a" * 5000, "%s %b {} '; DROP", "😀"]
    for question in (*odd, "\x00Netz", "\ud800Netz", "Netzanschluss " * 2000):
        assert len((await world.search(tenant, question)).hits) <= 2, question[:20]
    assert (await world.search(tenant, "Netzanschluss", limit=0)).hits == ()


async def test_without_learnt_vectors_words_still_find(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Zählerablesung im Keller", "Wind"])
    version = world.live(tenant, doc, lexicon=Lexicon.empty())
    assert world.writer.version(version).dimension == 0
    assert world.count("index_vectors") == 0
    assert world.writer.verify(version).ok
    result = await world.search(tenant, "Zählerablesung")
    assert [hit.chunk_id for hit in result.hits] == [doc.chunk_ids[0]]


async def test_an_analyser_of_another_space_is_refused(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Zählerablesung"])
    version = world.begin(tenant)
    with pytest.raises(IndexVersionError, match="another lexicon"):
        world.writer.add_segment(version, tenant, [doc.indexed], Analyser(Lexicon.empty()), None)
    assert world.count("index_segments") == 0
