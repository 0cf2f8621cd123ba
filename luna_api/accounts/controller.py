"""Routes of signing in. Tokens are still to come; who is asking can be read already."""

from litestar import Controller, get
from litestar.di import NamedDependency

from luna_api.accounts.principal import Principal
from luna_api.accounts.schemas import Me
from luna_api.envelope import Envelope, ok


class AccountController(Controller):
    """Who is asking."""

    path = "/auth"
    tags = ("accounts",)

    @get("/me", operation_id="getMe")
    async def me(self, principal: NamedDependency[Principal]) -> Envelope[Me]:
        """Als wer ich gerade erkannt werde."""
        return ok(Me(principal.user_id, principal.tenant_id, principal.role, principal.is_admin))
