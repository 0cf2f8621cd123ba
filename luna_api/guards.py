"""Guards: they run before a body is read, so nobody uploads who may not."""

import ipaddress
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.errors import ApiError

Connection = ASGIConnection[Any, Any, Any, Any]


async def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    """Somebody must be named; from here on `connection.user` is the `Principal`."""
    context: AppContext = connection.app.state.context
    connection.scope["user"] = await context.authenticator.principal(connection)


def admin_only(connection: Connection, _: BaseRouteHandler) -> None:
    """Only the administrator; stands behind `signed_in`."""
    principal: Principal = connection.user
    if not principal.is_admin:
        raise ApiError(403, "Das ist der Verwaltung vorbehalten.")


def local_or_admin_key(connection: Connection, _: BaseRouteHandler) -> None:
    """A caller on this machine, or one with the administrator's key."""
    context: AppContext = connection.app.state.context
    key = connection.headers.get("x-admin-key")
    if key is not None and context.authenticator.is_admin_key(key):
        return
    # A proxy on this machine would make everyone local; it says so by its header, and is then not believed.
    if connection.headers.get("x-forwarded-for") is None and connection.headers.get("forwarded") is None:
        try:
            if connection.client is not None and ipaddress.ip_address(connection.client.host).is_loopback:
                return
        except ValueError:
            pass
    raise ApiError(403, "Das ist nur von dieser Maschine aus oder mit „X-Admin-Key“ zu lesen.")
