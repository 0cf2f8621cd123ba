"""What handlers may ask for by name: the asker, and the application's parts."""

from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import Provide

from luna_api.accounts.principal import Principal
from luna_api.context import AppContext


def provide_context(state: State) -> AppContext:
    """The application's parts."""
    return state.context


def provide_principal(request: Request[Any, Any, Any]) -> Principal:
    """The asker; only behind the guard `signed_in`."""
    return request.user


PUBLIC = {"context": Provide(provide_context, sync_to_thread=False)}
SIGNED_IN = {"principal": Provide(provide_principal, sync_to_thread=False)}
