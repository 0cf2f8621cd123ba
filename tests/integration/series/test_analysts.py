"""What a login of an analyst can read, and that it can read nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from resources.analysts import AnalystError, add_analyst, list_analysts, revoke_analyst
from resources.database import DEFAULT_TENANT
from resources.migrate import migrate
from tests.conftest import ROOT
from tests.integration.series.conftest import SeriesHouse, prices, readings

Session = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def other(house: SeriesHouse) -> UUID:
    """A second tenant with a meter of the same name."""
    tenant = uuid4()
    with house.database.owner() as owner:
        owner.execute("INSERT INTO tenants (id, name) VALUES (%s, 'stadtwerke')", (tenant,))
    for one in (DEFAULT_TENANT, tenant):
        house.add_meter("haus-1", tenant=one)
    house.write(readings("haus-1", [1.0, 2.0, 3.0, 4.0], voltage=230.0))
    house.write(readings("haus-1", [100.0] * 4), tenant=tenant)
    house.write_prices(prices("EPEX", "DE-LU-60MIN", [10.0, -5.0]))
    return tenant


@pytest.fixture
def name(house: SeriesHouse) -> Iterator[str]:
    """A name of its own: roles belong to the server, which other tests share."""
    chosen = f"t{uuid4().hex[:10]}"
    yield chosen
    if any(one.login == f"analyst_{chosen}" for one in list_analysts(house.database.urls.owner)):
        revoke_analyst(house.database.urls.owner, chosen)


@pytest.fixture
def anna(house: SeriesHouse, other: UUID, name: str) -> Iterator[Session]:
    address = add_analyst(house.database.urls.owner, name, ["default"])
    assert address is not None
    with psycopg.connect(address, autocommit=True) as session:
        yield session


def test_an_analyst_sees_the_tenants_that_are_mapped(anna: Session) -> None:
    assert anna.execute("SELECT tenant FROM tenants").fetchall() == [("default",)]
    assert anna.execute("SELECT sum(consumption_kwh), max(status) FROM energy").fetchone() == (2.5, "ABGELESEN")
    assert anna.execute("SELECT consumption_kwh, is_complete FROM energy_hours").fetchone() == (2.5, True)
    assert anna.execute("SELECT consumption_kwh, is_complete FROM energy_days").fetchone() == (2.5, False)
    assert anna.execute("SELECT negative_hours FROM market_days").fetchone() == (1,)


def test_another_tenant_is_seen_once_it_is_mapped_and_no_longer_when_it_is_taken(
    house: SeriesHouse, anna: Session, name: str
) -> None:
    assert add_analyst(house.database.urls.owner, name, ["stadtwerke"]) is None
    assert anna.execute("SELECT sum(consumption_kwh) FROM energy").fetchone() == (102.5,)
    assert not revoke_analyst(house.database.urls.owner, name, ["default"])
    assert anna.execute("SELECT sum(consumption_kwh) FROM energy").fetchone() == (100.0,)


@pytest.mark.parametrize("setting", ["luna.tenant", "luna.actor", "role"])
def test_no_setting_widens_what_is_seen(anna: Session, other: UUID, setting: str) -> None:
    value = {"luna.tenant": str(other), "luna.actor": "admin", "role": "luna_analyst"}[setting]
    anna.execute("SELECT set_config(%s, %s, false)", (setting, value))
    assert anna.execute("SELECT sum(consumption_kwh) FROM analytics.energy").fetchone() == (2.5,)


def test_tables_and_other_roles_are_closed(house: SeriesHouse, anna: Session) -> None:
    tables = house.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            anna.execute(sql.SQL("SELECT 1 FROM public.{} LIMIT 1").format(sql.Identifier(str(table))))
    for role in ("luna_worker", "luna_app", "luna_backup"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            anna.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO analytics.meters (meter_id) VALUES ('x')",
        "DELETE FROM analytics.energy",
        "CREATE TABLE mine (n integer)",
        "CREATE TEMPORARY TABLE mine (n integer)",
        "CREATE VIEW analytics.mine AS SELECT 1",
        "CREATE SCHEMA mine",
    ],
)
def test_nothing_can_be_written_even_when_the_session_says_so(anna: Session, statement: str) -> None:
    anna.execute("SET default_transaction_read_only = off")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
        anna.execute(statement.encode())


def test_a_condition_of_the_asker_is_not_tried_on_rows_of_others(anna: Session) -> None:
    """1 / (x - 100) would divide by zero on the other tenant's rows."""
    assert anna.execute("SELECT count(*) FROM energy WHERE 1 / (consumption_kw - 100) < 0").fetchone() == (4,)


def test_chunks_of_hypertables_cannot_be_named(house: SeriesHouse, anna: Session) -> None:
    if not house.rows("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'"):
        pytest.skip("plain PostgreSQL has no chunks; `make test-services` runs this on TimescaleDB")
    chunks = house.rows("SELECT show_chunks('smart_meter_readings')::text")
    assert chunks
    with psycopg.connect(house.database.urls.app, autocommit=True) as app:
        for (chunk,) in chunks:
            for session in (anna, app):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(f"SELECT * FROM {chunk}".encode())  # noqa: S608 (a name of the server)


def test_a_revoked_login_is_gone_with_its_sessions(house: SeriesHouse, other: UUID, name: str) -> None:
    address = add_analyst(house.database.urls.owner, name, ["default"])
    assert address is not None
    with psycopg.connect(address, autocommit=True) as session:
        assert revoke_analyst(house.database.urls.owner, name)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)
    with pytest.raises(AnalystError, match="gibt es nicht"):
        revoke_analyst(house.database.urls.owner, name)


def test_wrong_names_and_tenants_are_refused_with_a_right_example(house: SeriesHouse, name: str) -> None:
    with pytest.raises(AnalystError, match="anna_schmidt"):
        add_analyst(house.database.urls.owner, 'Anna"; DROP', ["default"])
    with pytest.raises(AnalystError, match="es gibt: default"):
        add_analyst(house.database.urls.owner, name, ["gibtesnicht"])
    assert list_analysts(house.database.urls.owner) == []


def test_a_new_password_ends_the_old_one(house: SeriesHouse, other: UUID, name: str) -> None:
    first = add_analyst(house.database.urls.owner, name, ["default"])
    second = add_analyst(house.database.urls.owner, name, ["default"], new_password=True)
    assert first is not None
    assert second is not None
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(first)
    psycopg.connect(second).close()


def test_the_examples_of_the_dictionary_run(anna: Session) -> None:
    text = (ROOT / "sql" / "README.md").read_text("utf-8")
    examples = re.findall(r"```sql\n(.+?)```", text, re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        assert anna.execute(example.encode()).description
    (cost,) = [one for one in examples if "market_hours" in one]
    assert anna.execute(cost.encode()).fetchone() == ("haus-1", 0.025, 2.5)


def test_views_are_made_again_only_when_their_files_change(house: SeriesHouse) -> None:
    oids = "SELECT array_agg(oid ORDER BY oid) FROM pg_class WHERE relnamespace = 'analytics'::regnamespace"
    before = house.one(oids)
    migrate(house.database.urls, house.database.secrets)
    assert house.one(oids) == before
    with house.database.owner() as owner:
        owner.execute("COMMENT ON SCHEMA analytics IS 'views of another release'")
    migrate(house.database.urls, house.database.secrets)
    assert house.one(oids) != before
