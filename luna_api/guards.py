"""Guards: they run before a body is read, so nobody uploads who may not."""

import ipaddress
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext
from luna_api.errors import ApiError, invalid

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


def known_query(connection: Connection, handler: BaseRouteHandler) -> None:
    """Nothing after the `?` that nobody reads: a misspelt filter would otherwise silently give everything."""
    if not connection.scope["query_string"]:
        return
    known = _query_names(handler, frozenset(connection.path_params))
    for name in connection.query_params:
        if name not in known:
            close = get_close_matches(name, known, 1)
            told = f"„{close[0]}“" if close else ", ".join(sorted(known))
            hint = f"; gemeint ist vielleicht {told}" if close else f"; bekannt sind {told}" if known else ""
            raise invalid(name[:60], f"ist hier unbekannt{hint}")


@cache
def _query_names(handler: BaseRouteHandler, in_path: frozenset[str]) -> frozenset[str]:
    """The query parameters that a route declares, dependencies included; the OpenAPI document names the same."""
    # Only the names of the path's parameters are asked for.
    model = handler.create_kwargs_model(path_parameters=cast("Any", dict.fromkeys(in_path)))
    return frozenset(parameter.field_alias for parameter in model.expected_query_params)


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
