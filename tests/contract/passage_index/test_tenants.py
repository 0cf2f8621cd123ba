"""Who sees what: tenants, the public scope, row security."""

from __future__ import annotations

import pytest

from luna_rules.search.lexicon import Lexicon
from luna_rules.search.model import ChunkFields
from resources.vectors.index import (
    NO_FILTERS,
)
from tests.contract.index_world import (
    TODAY,
    World,
    learnt,
)


async def test_tenants_never_see_each_other_and_both_see_the_public(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    text = ["Die Stromumlage der Anlage"]
    docs = {scope: world.document(scope, text) for scope in (None, one, other)}
    for scope, doc in docs.items():
        world.live(scope, doc)
    for _ in range(2):
        assert await world.found(one, "Stromumlage") == {docs[None].item_id, docs[one].item_id}
        assert await world.found(other, "Stromumlage") == {docs[None].item_id, docs[other].item_id}


async def test_a_search_for_another_tenant_than_the_transactions_is_refused(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    world.live(one, world.document(one, ["Geheime Stromumlage"]))
    await world.found(one, "Stromumlage")
    async with world.app.transaction(other) as connection:
        with pytest.raises(PermissionError):
            await world.index.search(connection, one, "Stromumlage", filters=NO_FILTERS, as_of=TODAY, limit=5)


async def test_row_security_holds_on_every_table_of_the_index(world: World) -> None:
    one, other = world.tenant(), world.tenant()
    world.live(one, world.document(one, ["Stromumlage"]))
    async with world.app.transaction(other) as connection:
        for table in ("index_lexicons", "index_versions", "index_segments", "index_postings", "index_vectors"):
            cursor = await connection.execute(f"SELECT count(*) FROM {table}".encode())  # noqa: S608
            assert await cursor.fetchone() == (0,), table
            assert world.count(table) > 0


async def test_document_frequencies_span_public_and_own_passages(world: World) -> None:
    tenant = world.tenant()
    common = world.document(None, ["Strom"] * 60)
    own = world.document(tenant, ["Strom", "Wasserstoff"])
    world.live(None, common)
    world.live(tenant, own)
    result = await world.search(tenant, "Strom Wasserstoff")
    assert result.hits[0].chunk_id == own.chunk_ids[1], "the word that is rare over both scopes counts more"
    assert len(result.index_versions) == 2


async def test_each_scope_is_asked_in_its_own_words(world: World) -> None:
    tenant = world.tenant()
    public = Lexicon.learn([ChunkFields("", "", "Strom Zähler Stromzähler")] * 3, dimension=4)
    # Only the tenant's lexicon can split this compound, for only the tenant's text knows its parts.
    own = Lexicon.learn([ChunkFields("", "", "Quargel Flansch Quargelflansch")] * 5, base=public, dimension=4)
    public_doc = world.document(None, ["Der Flansch am Stromzähler"])
    own_doc = world.document(tenant, ["Ein Quargel mit Flansch"])
    world.live(None, public_doc, lexicon=public)
    world.live(tenant, own_doc, lexicon=own)
    assert await world.found(tenant, "Quargelflansch") == {own_doc.item_id, public_doc.item_id}
    stranger = world.tenant()
    assert await world.found(stranger, "Quargelflansch") == set(), "what was learnt from a tenant stays with it"


async def test_the_same_lexicon_is_stored_once(world: World) -> None:
    tenant = world.tenant()
    world.live(None, world.document(None, ["Strom"]))
    version = world.live(tenant, world.document(tenant, ["Gas"]))
    assert world.count("index_lexicons") == 1
    assert world.writer.lexicon(version).digest == learnt().digest
    assert len(await world.found(tenant, "Strom Gas")) == 2
