"""Days on which passages count, withdrawal and its undoing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from luna_rules.search.model import ChunkFields
from luna_rules.search.tables import SearchTables
from tests.contract.index_world import Doc, World


async def test_dates_of_validity(world: World) -> None:
    tenant = world.tenant()
    docs = {
        "dated": world.document(tenant, ["Netz"], valid_from=date(2024, 1, 1), valid_to=date(2024, 12, 31)),
        "since": world.document(tenant, ["Netz"], valid_from=date(2024, 1, 1)),
        "until": world.document(tenant, ["Netz"], valid_to=date(2024, 12, 31)),
    }
    world.live(tenant, *docs.values())
    days = {
        "2023-12-31": "until",
        "2024-01-01": "dated since until",
        "2024-12-31": "dated since until",
        "2025-01-01": "since",
    }
    for day, expected in days.items():
        found = await world.found(tenant, "Netz", as_of=date.fromisoformat(day))
        assert found == {docs[name].item_id for name in expected.split()}, day


SUPERSEDED = datetime(2026, 3, 10, 12, tzinfo=UTC)


Span = tuple[date | None, date | None]
VERSIONS: list[tuple[Span, Span, dict[str, str]]] = [
    # Neither has dates: the day on which the second replaced the first decides.
    ((None, None), (None, None), {"2026-03-09": "1", "2026-03-10": "2", "2026-06-15": "2", "2020-01-01": "1"}),
    # The second says since when: it does, even for days before it was known.
    ((None, None), (date(2025, 1, 1), None), {"2024-12-31": "1", "2025-01-01": "2", "2026-06-15": "2"}),
    # A version of the future does not hide today's.
    ((None, None), (date(2027, 1, 1), None), {"2026-06-15": "1", "2026-12-31": "1", "2027-01-01": "2"}),
    # Both have dates, with a gap between.
    (
        (date(2020, 1, 1), date(2022, 12, 31)),
        (date(2024, 1, 1), None),
        {"2019-06-01": "", "2021-06-01": "1", "2023-06-01": "", "2026-06-15": "2"},
    ),
    # A correction with the same dates leaves nothing of the first.
    ((date(2020, 1, 1), None), (date(2020, 1, 1), None), {"2019-12-31": "", "2021-01-01": "2", "2026-06-15": "2"}),
    # The first would still be valid, but was replaced.
    ((date(2020, 1, 1), date(2030, 1, 1)), (None, None), {"2021-01-01": "1", "2026-06-15": "2"}),
]


async def test_of_superseded_versions_one_counts_each_day(world: World) -> None:
    tenant = world.tenant()
    names: dict[UUID, str] = {}
    docs: list[Doc] = []
    for case, (first, second, _) in enumerate(VERSIONS):
        document = uuid4()
        for version, (since, until) in enumerate((first, second), 1):
            doc = world.document(
                tenant,
                ["Netz"],
                document_id=document,
                version=version,
                valid_from=since,
                valid_to=until,
                superseded_at=SUPERSEDED if version == 1 else None,
            )
            names[doc.item_id] = f"{case}/{version}"
            docs.append(doc)
    world.live(tenant, *docs)
    for case, (_, _, days) in enumerate(VERSIONS):
        for day, expected in days.items():
            found = {names[item] for item in await world.found(tenant, "Netz", as_of=date.fromisoformat(day))}
            mine = {name for name in found if name.startswith(f"{case}/")}
            assert mine == ({f"{case}/{expected}"} if expected else set()), (case, day)


async def test_superseding_takes_effect_at_once(world: World) -> None:
    tenant = world.tenant()
    old, new = world.document(tenant, ["Netz alt"]), world.document(tenant, ["Netz neu"], status="processing")
    version = world.live(tenant, old)
    with world.worker.transaction():
        world.add(version, tenant, new)
        world.worker.execute("UPDATE items SET status = 'ready' WHERE id = %s", (new.item_id,))
        world.worker.execute("UPDATE items SET superseded_at = now() WHERE id = %s", (old.item_id,))
    row = world.owner.execute(
        "SELECT (superseded_at AT TIME ZONE 'UTC')::date FROM items WHERE id = %s", (old.item_id,)
    ).fetchone()
    assert row is not None
    day = date.fromisoformat(str(row[0]))
    assert await world.found(tenant, "Netz", as_of=day) == {new.item_id}
    assert old.item_id in await world.found(tenant, "Netz", as_of=day - timedelta(days=1))


async def test_withdrawal_and_its_undoing(world: World) -> None:
    tenant = world.tenant()
    kept, doc = world.document(tenant, ["Netz"]), world.document(tenant, ["Netz"])
    world.live(tenant, kept, doc)
    for change, visible in (
        (b"deleted_at = now()", False),
        (b"deleted_at = NULL", True),
        (b"status = 'archived'", False),
        (b"status = 'ready'", True),
        (b"status = 'failed'", False),
    ):
        world.worker.execute(b"UPDATE items SET " + change + b" WHERE id = %s", (doc.item_id,))
        found = await world.found(tenant, "Netz")
        assert found == ({kept.item_id, doc.item_id} if visible else {kept.item_id}), change


async def test_an_item_not_yet_ready_is_hidden(world: World) -> None:
    tenant = world.tenant()
    doc = world.document(tenant, ["Netz"], status="processing")
    world.live(tenant, doc)
    assert await world.found(tenant, "Netz") == set()
    world.worker.execute("UPDATE items SET status = 'ready' WHERE id = %s", (doc.item_id,))
    assert await world.found(tenant, "Netz") == {doc.item_id}


async def test_what_people_ask_of_a_law_keeps_no_older_version_behind(world: World) -> None:
    tenant = world.tenant()
    fields = {
        section: ChunkFields("StromGVV", "Pflichten", text, f"§ {section}", None, ("StromGVV",))
        for section, text in (("15", "Eine Vorauszahlung wird verlangt."), ("99", "Eine Kaution wird verlangt."))
    }
    today = world.document(tenant, [fields["15"]])
    elsewhere = world.document(tenant, [fields["99"]])
    before = world.document(tenant, [fields["99"]], valid_to=date(2026, 12, 31))
    world.live(tenant, today, elsewhere, before)
    index = world.new_index(tables=SearchTables.parse(sections="StromGVV 15\tMuss ich eine Kaution zahlen?"))
    hits = (await world.search(tenant, "Muss ich eine Kaution zahlen?", index=index)).hits
    scores = {hit.item_id: hit.scores for hit in hits}
    assert scores[today.item_id]["wording"] > 0
    assert scores[before.item_id]["unworded"] > 0
    assert scores[elsewhere.item_id]["unworded"] == 0
