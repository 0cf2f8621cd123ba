"""Secrets that Luna makes herself, kept in `LUNA_HOME/secrets.json`, readable by its owner only.

Made once, at the first start of a home; a variable such as `ADMIN_API_KEY` wins over the kept value.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import cast
from urllib.parse import quote, urlsplit

from resources.settings import Settings, SettingsError

FILE_NAME = "secrets.json"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The administrator's key and the passwords of the database roles."""

    admin_api_key: str
    db_owner_password: str
    db_app_password: str
    db_worker_password: str
    db_dagster_password: str

    def __repr__(self) -> str:
        return "Secrets(…)"


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Addresses of the database for each role; never logged."""

    owner: str
    app: str
    worker: str
    dagster: str

    def __repr__(self) -> str:
        return "DatabaseUrls(…)"


def load_secrets(settings: Settings) -> Secrets:
    """Read the home's secrets, making those that are missing.

    Two processes that start at once agree: the file is created exclusively, the loser reads the winner's.
    """
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    path = home / FILE_NAME
    kept = _read(path)
    if any(not kept.get(field.name) for field in fields(Secrets)):
        fresh = {field.name: kept.get(field.name) or secrets.token_urlsafe(24) for field in fields(Secrets)}
        _write_once(path, fresh, replace=path.exists())
        kept = _read(path)
    values = Secrets(**{field.name: kept[field.name] for field in fields(Secrets)})
    if settings.admin_api_key is not None:
        values = Secrets(**{**asdict(values), "admin_api_key": settings.admin_api_key.get_secret_value()})
    return values


def database_urls(settings: Settings, kept: Secrets) -> DatabaseUrls:
    """Addresses of the database for each role: the server of `DATABASE_URL`, or the embedded one on `DB_PORT`."""
    if settings.database_url is not None:
        owner = settings.database_url.get_secret_value()
        parts = urlsplit(owner)
        host, port, database = parts.hostname or "127.0.0.1", parts.port or 5432, parts.path.lstrip("/")
        query = f"?{parts.query}" if parts.query else ""
    else:
        host, port, database, query = "127.0.0.1", settings.db_port, "luna", ""
        owner = f"postgresql://luna_owner:{quote(kept.db_owner_password)}@{host}:{port}/{database}"

    def of(role: str, password: str, name: str) -> str:
        return f"postgresql://{role}:{quote(password)}@{host}:{port}/{name}{query}"

    return DatabaseUrls(
        owner=owner,
        app=of("luna_app", kept.db_app_password, database),
        worker=of("luna_worker", kept.db_worker_password, database),
        dagster=of("luna_dagster", kept.db_dagster_password, f"{database}_dagster"),
    )


def _read(path: Path) -> dict[str, str]:
    try:
        kept: object = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise SettingsError(
            f"{path} ist beschädigt. Ohne die Kennwörter darin ist die Datenbank verschlossen; "
            "bitte die Datei aus einer Sicherung zurückholen oder ein anderes LUNA_HOME wählen"
        )
    return {str(name): str(value) for name, value in cast("dict[object, object]", kept).items()}


def _write_once(path: Path, values: dict[str, str], *, replace: bool) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(values, out, indent=1)
    try:
        if replace:
            temporary.replace(path)
        else:
            os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink(missing_ok=True)
