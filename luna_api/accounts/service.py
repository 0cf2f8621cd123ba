"""From the head of a request to a `Principal`. Tokens (JWT) will be one more way in `Authenticator.principal`."""

import hmac
from time import monotonic
from typing import Any
from uuid import UUID, uuid5

import structlog
from litestar.connection import ASGIConnection

from luna_api.accounts.principal import Principal
from luna_api.errors import ApiError, invalid
from resources.database import DEFAULT_TENANT, AppDatabase
from resources.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]

_ADMIN_KEY_NAMESPACE = UUID("5d1a3d0e-6c0b-4f0e-9a53-3b8f9a2f6f10")
_TENANT_TTL_S = 60.0
_KNOWN_USERS = 10_000


class Authenticator:
    """Knows the administrator's key, and development users where `LUNA_ENV=dev`."""

    def __init__(self, settings: Settings, admin_key: str, database: AppDatabase) -> None:
        self._dev = settings.luna_env == "dev"
        self._admin_key = admin_key.encode()
        self._database = database
        self._tenants: dict[str, tuple[UUID, float]] = {}
        self._users: set[tuple[UUID, UUID]] = set()

    def is_admin_key(self, key: str) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(key.encode(), self._admin_key)

    async def principal(self, connection: Connection) -> Principal:
        """The asker of this request. Raises 401 where nobody is named, 400 for an unknown tenant."""
        key = connection.headers.get("x-admin-key")
        if key is not None:
            if not self.is_admin_key(key):
                structlog.get_logger("luna_api.accounts").warning("admin_key_refused", path=connection.url.path)
                raise ApiError(401, "Der Schlüssel im Feld „X-Admin-Key“ stimmt nicht.")
            tenant = await self._tenant(connection.headers.get("x-tenant-id"))
            return Principal(uuid5(_ADMIN_KEY_NAMESPACE, str(tenant)), tenant, "admin", "admin-key", False)
        user = connection.headers.get("x-dev-user")
        if user is not None and self._dev:
            return await self._dev_user(user, connection.headers.get("x-tenant-id"))
        raise ApiError(401, "Dafür ist eine Anmeldung nötig.", headers={"WWW-Authenticate": "Bearer"})

    async def _dev_user(self, name: str, tenant_name: str | None) -> Principal:
        try:
            user_id = UUID(name)
        except ValueError:
            raise invalid(
                "X-Dev-User", "muss eine UUID sein", "X-Dev-User: 0b9f6d4e-8f5e-4a53-9d0c-2f6f1f0a7c11"
            ) from None
        tenant = await self._tenant(tenant_name)
        if (tenant, user_id) not in self._users:
            async with self._database.transaction(tenant) as sql:
                await sql.execute(
                    "INSERT INTO users (id, tenant_id, external_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                    (user_id, tenant, f"dev:{user_id}"),
                )
            if len(self._users) >= _KNOWN_USERS:
                self._users.clear()
            self._users.add((tenant, user_id))
        return Principal(user_id, tenant, "user", f"dev:{user_id}")

    async def _tenant(self, name: str | None) -> UUID:
        if not name:
            return DEFAULT_TENANT
        known = self._tenants.get(name)
        if known is not None and known[1] > monotonic():
            return known[0]
        async with self._database.transaction(None) as sql:
            found = await sql.execute("SELECT id FROM tenants WHERE id::text = lower(%s) OR name = %s", (name, name))
            row = await found.fetchone()
        if row is None:
            raise invalid("X-Tenant-Id", "nennt einen Mandanten, den es nicht gibt")
        self._tenants[name] = (row[0], monotonic() + _TENANT_TTL_S)
        return row[0]
