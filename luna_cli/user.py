"""`luna user`: logins of analysts. Speaks to the database as its owner, because only the owner makes roles."""

from __future__ import annotations

import psycopg

from resources.analysts import Analyst, AnalystError, add_analyst, list_analysts, revoke_analyst
from resources.embedded.errors import EmbeddedError
from resources.secrets import database_urls, load_secrets
from resources.settings import Settings

ROLES = ("analyst",)


def add(settings: Settings, name: str, tenants: list[str], *, new_password: bool) -> str | None:
    """Make a login or let it see more tenants; its connection string, None when it keeps its password.

    Raises `EmbeddedError` with a sentence.
    """
    try:
        return add_analyst(_owner(settings), name, tenants, new_password=new_password)
    except (AnalystError, psycopg.Error) as fault:
        raise _told(fault) from fault


def revoke(settings: Settings, name: str, tenants: list[str] | None) -> bool:
    """Take tenants away, or the login itself; whether it is gone. Raises `EmbeddedError`."""
    try:
        return revoke_analyst(_owner(settings), name, tenants)
    except (AnalystError, psycopg.Error) as fault:
        raise _told(fault) from fault


def known(settings: Settings) -> list[Analyst]:
    """All logins. Raises `EmbeddedError`."""
    try:
        return list_analysts(_owner(settings))
    except psycopg.Error as fault:
        raise _told(fault) from fault


def _owner(settings: Settings) -> str:
    return database_urls(settings, load_secrets(settings)).owner


def _told(fault: Exception) -> EmbeddedError:
    if isinstance(fault, psycopg.OperationalError):
        return EmbeddedError("Die Datenbank antwortet nicht. „luna dev“ startet sie; „luna status“ sagt mehr.")
    if isinstance(fault, psycopg.errors.InsufficientPrivilege):
        return EmbeddedError("Der Eigentümer dieser Datenbank darf keine Anmeldungen anlegen (CREATEROLE fehlt ihm).")
    return EmbeddedError(str(fault).strip())
