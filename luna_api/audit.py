"""The audit trail: who did what, in the transaction in which it happened."""

from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.envelope import trace_id
from resources.database import AsyncConnection

_INSERT = """
INSERT INTO audit_log (tenant_id, user_id, actor, action, details, success, trace_id)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


async def audit(
    sql: AsyncConnection, principal: Principal, action: str, details: dict[str, object], *, success: bool = True
) -> None:
    """Note an action; it stands or falls with the caller's transaction."""
    await sql.execute(
        _INSERT,
        (
            principal.tenant_id,
            principal.user_id,
            principal.actor,
            action,
            Jsonb(details),
            success,
            trace_id.get(),
        ),
    )
