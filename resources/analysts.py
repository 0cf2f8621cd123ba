"""Logins of analysts: roles of the database that see the views of `analytics`, for the tenants mapped to them.

Works as the owner: only the owner may make roles. What an analyst sees is decided by the views (`sql/views`), which
ask for the name of the login; nothing an analyst can set changes it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from resources.database import CONNECT_TIMEOUT_S

PREFIX: Final = "analyst_"
CONNECTION_LIMIT: Final = 5
_NAME = re.compile(r"[a-z0-9_]{1,50}")
_SETTINGS: Final = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "300s",
    "search_path": "analytics",
}
"""What every session of an analyst begins with; against forgetfulness, the rights are what protects."""

_Owner = psycopg.Connection[tuple[object, ...]]


class AnalystError(ValueError):
    """The login cannot be made or changed; the text is German and says why."""


@dataclass(frozen=True, slots=True)
class Analyst:
    """A login and the tenants that it sees."""

    login: str
    tenants: tuple[str, ...]


def add_analyst(owner_url: str, name: str, tenants: list[str], *, new_password: bool = False) -> str | None:
    """Make a login, or let one that is there see more tenants.

    Returns the connection string with its password; None when the login was there and keeps its password.
    Raises `AnalystError`.
    """
    login = _login(name)
    with _connected(owner_url) as owner, owner.transaction():
        ids = [_tenant(owner, tenant) for tenant in tenants]
        if not ids:
            raise AnalystError("Es fehlt der Mandant; richtig wäre zum Beispiel --tenant default.")
        known = owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone() is not None
        password = None if known and not new_password else secrets.token_urlsafe(24)
        role = sql.Identifier(login)
        if not known:
            owner.execute(
                sql.SQL(
                    "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
                    " CONNECTION LIMIT {}"
                ).format(role, sql.Literal(CONNECTION_LIMIT))
            )
            owner.execute(sql.SQL("GRANT luna_analyst TO {}").format(role))
        for setting, value in _SETTINGS.items():
            owner.execute(
                sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(setting), sql.Literal(value))
            )
        if password is not None:
            owner.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
        for tenant in ids:
            owner.execute(
                "INSERT INTO analyst_logins (login, tenant_id) VALUES (%s, %s) ON CONFLICT DO NOTHING", (login, tenant)
            )
    if password is None:
        return None
    parts = urlsplit(owner_url)
    query = f"?{parts.query}" if parts.query else ""
    place = f"{parts.hostname or '127.0.0.1'}:{parts.port or 5432}{parts.path}"
    return f"postgresql://{login}:{quote(password)}@{place}{query}"


def revoke_analyst(owner_url: str, name: str, tenants: list[str] | None = None) -> bool:
    """Take tenants away from a login; None, or none left: the login itself goes, its sessions are ended.

    Returns whether the login is gone. Raises `AnalystError`.
    """
    login = _login(name)
    with _connected(owner_url) as owner, owner.transaction():
        if owner.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (login,)).fetchone() is None:
            raise AnalystError(f"Die Anmeldung „{login}“ gibt es nicht.")
        if tenants is None:
            owner.execute("DELETE FROM analyst_logins WHERE login = %s", (login,))
        for tenant in tenants or []:
            owner.execute(
                "DELETE FROM analyst_logins WHERE login = %s AND tenant_id = %s", (login, _tenant(owner, tenant))
            )
        if owner.execute("SELECT 1 FROM analyst_logins WHERE login = %s LIMIT 1", (login,)).fetchone() is not None:
            return False
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,))
        role = sql.Identifier(login)
        owner.execute(sql.SQL("DROP OWNED BY {}").format(role))
        owner.execute(sql.SQL("DROP ROLE {}").format(role))
        return True


def list_analysts(owner_url: str) -> list[Analyst]:
    """All logins of this database, by name."""
    with _connected(owner_url) as owner:
        rows = owner.execute(
            "SELECT l.login, array_agg(t.name ORDER BY t.name) FROM analyst_logins AS l JOIN tenants AS t"
            " ON t.id = l.tenant_id GROUP BY l.login ORDER BY l.login"
        ).fetchall()
    return [Analyst(str(login), tuple(map(str, names))) for login, names in rows if isinstance(names, list)]


def _connected(owner_url: str) -> _Owner:
    return psycopg.connect(owner_url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S)


def _login(name: str) -> str:
    short = name.removeprefix(PREFIX)
    if not _NAME.fullmatch(short):
        raise AnalystError(
            f"Der Name „{name}“ geht nicht: erlaubt sind bis zu 50 Kleinbuchstaben ohne Umlaute, Ziffern und "
            "Unterstriche, zum Beispiel anna_schmidt."
        )
    return PREFIX + short


def _tenant(owner: _Owner, name: str) -> UUID:
    row = owner.execute("SELECT id FROM tenants WHERE name = %s", (name,)).fetchone()
    if row is None:
        known = ", ".join(str(one[0]) for one in owner.execute("SELECT name FROM tenants ORDER BY name LIMIT 20"))
        raise AnalystError(f"Den Mandanten „{name}“ gibt es nicht; es gibt: {known}.")
    return UUID(str(row[0]))
