"""Shapes of who is asking."""

from typing import Literal
from uuid import UUID

import msgspec


class Me(msgspec.Struct):
    """The asker as the API understood them."""

    user_id: UUID
    tenant_id: UUID
    role: Literal["admin", "analyst", "user"]
    is_admin: bool
