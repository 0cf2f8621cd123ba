"""Brings a database to the newest schema: SQL files in order, each applied once, safe to run again.

yoyo-migrations keeps the record; a file that changed after it was applied is an error, not a silent difference.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import stamina
from psycopg import sql
from yoyo import get_backend, read_migrations

import sql as sql_package
from resources.database import CONNECT_TIMEOUT_S
from resources.secrets import DatabaseUrls, Secrets

MIGRATIONS = Path(next(iter(sql_package.__path__))) / "migrations"
VIEWS = MIGRATIONS.parent / "views"
_LOCK = 7_221_501


class MigrationError(RuntimeError):
    """The database cannot be brought to the newest schema; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What `migrate` did: names of the files applied now, and the schema's version (the newest file's name)."""

    applied: tuple[str, ...]
    schema_version: str


def migrate(urls: DatabaseUrls, secrets: Secrets) -> MigrationReport:
    """Apply what is missing, give the roles their passwords and make the database that Dagster keeps its state in.

    Several processes may call it at once: an advisory lock lets one work, the others then find nothing to do.
    """
    with psycopg.connect(urls.owner, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as guard:
        guard.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        report = _apply(urls.owner, guard)
        _fit_edition(guard)
        _make_views(guard)
        _grant_logins(guard, secrets)
        admit_roles(guard, urlsplit(urls.owner).path.lstrip("/"))
        _ensure_dagster_database(guard, urlsplit(urls.dagster).path.lstrip("/"))
    return report


def schema_version() -> str:
    """Name of the newest migration that this release brings."""
    return max(path.stem for path in MIGRATIONS.glob("*.sql"))


def _apply(owner_url: str, guard: psycopg.Connection[tuple[object, ...]]) -> MigrationReport:
    parts = urlsplit(owner_url)
    backend = get_backend(urlunsplit(parts._replace(scheme="postgresql+psycopg")))
    try:
        migrations = read_migrations(str(MIGRATIONS))
        guard.execute("CREATE TABLE IF NOT EXISTS schema_checksums (name text PRIMARY KEY, sha256 text NOT NULL)")
        known = {str(name): str(digest) for name, digest in guard.execute("SELECT name, sha256 FROM schema_checksums")}
        brought = {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in MIGRATIONS.glob("*.sql")}
        unknown = sorted(set(known) - set(brought))
        if unknown:
            raise MigrationError(
                f"Die Datenbank hat den Stand {unknown[-1]}, den diese Ausgabe nicht kennt: "
                "Sie stammt von einer neueren Ausgabe; bitte diese verwenden."
            )
        for name, digest in known.items():
            if brought[name] != digest:
                raise MigrationError(
                    f"Der Migrationsschritt {name} wurde verändert, nachdem er angewendet war. "
                    "Bitte die unveränderte Ausgabe verwenden oder ein anderes LUNA_HOME."
                )
        pending = backend.to_apply(migrations)
        names = tuple(migration.id for migration in pending)
        backend.apply_migrations(pending)
        for name, digest in brought.items():
            guard.execute(
                "INSERT INTO schema_checksums (name, sha256) VALUES (%s, %s) ON CONFLICT DO NOTHING", (name, digest)
            )
    finally:
        backend.connection.close()
    return MigrationReport(applied=names, schema_version=schema_version())


def _fit_edition(guard: psycopg.Connection[tuple[object, ...]]) -> None:
    """Let the hourly mean of the prices and their compression follow the edition of TimescaleDB that runs now.

    Chunks that came with rows the owner loaded, from a dump for instance, lose their rights here too.

    Raises `MigrationError` where they were made by the community edition and another one is to serve them.
    """
    fitted = guard.execute("SELECT luna_fit_market_prices()").fetchone()
    if fitted == ("stranded",):
        raise MigrationError(
            "Die Preise dieser Datenbank sind von TimescaleDBs Community-Edition verdichtet, die dieser Server nicht "
            "ausführt. Bitte timescaledb.license = 'timescale' setzen; wer wechseln will, führt vorher dort als "
            "Eigentümer SELECT luna_plain_market_prices() aus."
        )
    if fitted == ("aggregate",):
        # Its rows lie in the order they were hashed in, so a year of one product is read from the index alone.
        guard.execute(
            "CREATE INDEX IF NOT EXISTS market_prices_hourly_by_key ON market_prices_hourly (market, product, ts)"
            ' INCLUDE (price_eur_mwh, price_min, price_max, volume, "values")'
        )
    guard.execute("SELECT luna_seal_chunks()")


def _make_views(guard: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make the analysts' views anew where their files changed; what they were made from is noted at their schema."""
    texts = [path.read_text("utf-8") for path in sorted(VIEWS.glob("*.sql"))]
    mark = f"views {hashlib.sha256(''.join(texts).encode()).hexdigest()}"
    if guard.execute("SELECT obj_description('analytics'::regnamespace, 'pg_namespace')").fetchone() == (mark,):
        return
    with guard.transaction():
        for (name,) in guard.execute("SELECT viewname FROM pg_views WHERE schemaname = 'analytics'").fetchall():
            guard.execute(sql.SQL("DROP VIEW IF EXISTS analytics.{} CASCADE").format(sql.Identifier(str(name))))
        for text in texts:
            guard.execute(text.encode())
        guard.execute("GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO luna_analyst")
        guard.execute(sql.SQL("COMMENT ON SCHEMA analytics IS {}").format(sql.Literal(mark)))


def _grant_logins(guard: psycopg.Connection[tuple[object, ...]], secrets: Secrets) -> None:
    passwords = {
        "luna_app": secrets.db_app_password,
        "luna_worker": secrets.db_worker_password,
        "luna_dagster": secrets.db_dagster_password,
    }
    for role, password in passwords.items():
        statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
        # Roles belong to the server: the migration of another database of it may change the same one just now, and the
        # lock above is only this database's. PostgreSQL then says „tuple concurrently updated" (XX000).
        for attempt in stamina.retry_context(psycopg.errors.InternalError_, attempts=8, wait_initial=0.05, timeout=10):
            with attempt:
                guard.execute(statement)


def admit_roles(guard: psycopg.Connection[tuple[object, ...]], database: str) -> None:
    """Let the roles into a database of this server, and nobody else; a copy of a migrated database needs only this."""
    of_database = sql.Identifier(database)
    # COPY is refused on tables with row security, so the worker copies into temporary tables first.
    for statement in (
        "REVOKE ALL ON DATABASE {} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {} TO luna_app, luna_worker, luna_backup, luna_analyst",
        "GRANT TEMPORARY ON DATABASE {} TO luna_worker",
    ):
        guard.execute(sql.SQL(statement).format(of_database))


def _ensure_dagster_database(guard: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    if guard.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
        # Where TimescaleDB is in template1, as in its images, its schedulers run in every database made from that.
        create = "CREATE DATABASE {} OWNER luna_dagster TEMPLATE template0"
        guard.execute(sql.SQL(create).format(sql.Identifier(name)))
        guard.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
