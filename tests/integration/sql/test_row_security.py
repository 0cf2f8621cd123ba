"""Row security: what one tenant writes, no other tenant and no wrong role can read or change."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from resources.database import DEFAULT_TENANT
from tests.conftest import Database

TENANT_TABLES = {
    "items", "item_texts", "item_chunks", "index_scopes", "index_lexicons", "index_versions", "index_segments",
    "index_postings", "index_vectors", "index_outdated", "conversations", "answer_log", "conversation_turns",
    "events", "audit_log",
    "users", "meters", "imports", "import_errors", "import_layouts", "smart_meter_readings", "reading_revisions",
    "meter_quarter_hours", "meter_hours", "meter_days", "meter_quality_days", "analyst_logins", "query_receipts",
    "answer_chains",
}  # fmt: skip


def add_item(
    connection: psycopg.Connection[tuple[object, ...]], tenant: UUID | None, sha256: str | None = None
) -> UUID:
    item = uuid4()
    sha = sha256 or uuid4().hex * 2
    connection.execute(
        "INSERT INTO items (id, tenant_id, file_name, media_type, size_bytes, object_key, sha256)"
        " VALUES (%s, %s, 'a.txt', 'text/plain', 1, 'k', %s)",
        (item, tenant, sha),
    )
    return item


def act_for(connection: psycopg.Connection[tuple[object, ...]], tenant: UUID | None, *, admin: bool = False) -> None:
    connection.execute(
        "SELECT set_config('luna.tenant', %s, true), set_config('luna.actor', %s, true)",
        (str(tenant or ""), "admin" if admin else ""),
    )


@pytest.fixture
def other_tenant(database: Database) -> UUID:
    tenant = uuid4()
    with database.owner() as owner:
        owner.execute("INSERT INTO tenants (id, name) VALUES (%s, 'stadtwerke')", (tenant,))
    return tenant


def visible(database: Database, tenant: UUID | None) -> set[UUID]:
    with psycopg.connect(database.urls.app) as app:
        act_for(app, tenant)
        return {row[0] for row in app.execute("SELECT id FROM items")}


def test_every_table_with_a_tenant_has_forced_row_security(database: Database) -> None:
    with database.owner() as owner:
        rows = owner.execute(
            """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity
               FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
               WHERE a.attname = 'tenant_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"""
        ).fetchall()
    assert {row[0] for row in rows} == TENANT_TABLES
    assert all(enabled and forced for _, enabled, forced in rows)


def test_a_tenant_sees_its_own_and_public_rows_only(database: Database, other_tenant: UUID) -> None:
    with database.owner() as owner:
        public, mine, theirs = (add_item(owner, tenant) for tenant in (None, DEFAULT_TENANT, other_tenant))
    assert visible(database, DEFAULT_TENANT) == {public, mine}
    assert visible(database, other_tenant) == {public, theirs}


def test_without_a_tenant_only_public_rows_are_visible(database: Database, other_tenant: UUID) -> None:
    with database.owner() as owner:
        public = add_item(owner, None)
        add_item(owner, other_tenant)
    assert visible(database, None) == {public}


def test_the_setting_does_not_survive_its_transaction(database: Database, other_tenant: UUID) -> None:
    with database.owner() as owner:
        add_item(owner, other_tenant)
    with psycopg.connect(database.urls.app) as app:
        act_for(app, other_tenant)
        assert app.execute("SELECT count(*) FROM items").fetchone() == (1,)
        app.commit()
        assert app.execute("SELECT count(*) FROM items").fetchone() == (0,)


def test_writing_for_another_tenant_is_refused(database: Database, other_tenant: UUID) -> None:
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            add_item(app, other_tenant)


@pytest.mark.parametrize(("admin", "allowed"), [(True, True), (False, False)])
def test_only_the_administrator_writes_public_rows(database: Database, admin: bool, allowed: bool) -> None:
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT, admin=admin)
        if allowed:
            add_item(app, None)
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                add_item(app, None)


def test_another_tenants_row_cannot_be_changed_or_taken_over(database: Database, other_tenant: UUID) -> None:
    with database.owner() as owner:
        theirs = add_item(owner, other_tenant)
        mine = add_item(owner, DEFAULT_TENANT)
    with psycopg.connect(database.urls.app) as app:
        act_for(app, DEFAULT_TENANT)
        assert app.execute("UPDATE items SET title = 'x' WHERE id = %s", (theirs,)).rowcount == 0
        assert app.execute("UPDATE items SET title = 'x' WHERE id = %s", (mine,)).rowcount == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE items SET tenant_id = %s WHERE id = %s", (other_tenant, mine))


@pytest.mark.parametrize("table", ["item_texts", "item_chunks", "index_versions", "index_segments", "index_postings"])
def test_the_application_cannot_write_what_is_derived(database: Database, table: str) -> None:
    with (
        psycopg.connect(database.urls.app, autocommit=True) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        app.execute(f"DELETE FROM {table}")  # noqa: S608 (a fixed list of names)


def test_the_same_bytes_are_taken_once_for_each_tenant(database: Database, other_tenant: UUID) -> None:
    sha = uuid4().hex * 2
    with database.owner() as owner:
        for tenant in (None, DEFAULT_TENANT, other_tenant):
            add_item(owner, tenant, sha)
        with pytest.raises(psycopg.errors.UniqueViolation):
            add_item(owner, DEFAULT_TENANT, sha)
        owner.execute("UPDATE items SET status = 'failed' WHERE tenant_id = %s", (DEFAULT_TENANT,))
        add_item(owner, DEFAULT_TENANT, sha)


def test_a_visible_change_raises_the_generation_of_its_scope_only(database: Database, other_tenant: UUID) -> None:
    with database.owner() as owner:
        mine, theirs = add_item(owner, DEFAULT_TENANT), add_item(owner, other_tenant)
        owner.execute("UPDATE items SET status = 'ready'")
        before = dict(owner.execute("SELECT scope, generation FROM index_scopes").fetchall())
        owner.execute("UPDATE items SET deleted_at = now() WHERE id = %s", (mine,))
        after = dict(owner.execute("SELECT scope, generation FROM index_scopes").fetchall())
        owner.execute("UPDATE items SET attempts = 3 WHERE id = %s", (theirs,))
        unchanged = dict(owner.execute("SELECT scope, generation FROM index_scopes").fetchall())
    assert after[DEFAULT_TENANT] == before[DEFAULT_TENANT] + 1
    assert after[other_tenant] == before[other_tenant]
    assert unchanged == after
