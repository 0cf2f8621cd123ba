"""Who acts, and for which tenant. Every way of signing in ends in a `Principal`."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Role = Literal["admin", "analyst", "user"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The asker. `actor` is what the audit trail calls them (`admin-key`, `dev:<uuid>`)."""

    user_id: UUID
    tenant_id: UUID
    role: Role
    actor: str
    rate_limited: bool = True

    @property
    def is_admin(self) -> bool:
        """Whether they may act as administrator."""
        return self.role == "admin"
