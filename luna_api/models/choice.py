"""Which model serves which purpose: the administrator's choice where there is one, else the setting."""

from time import monotonic
from typing import Literal, get_args

from luna_api.accounts.principal import Principal
from resources.database import AppDatabase, AsyncConnection
from resources.settings import Settings

Role = Literal["generate", "fallback", "embed"]
ROLES: tuple[Role, ...] = get_args(Role)
_FRESH_S = 5.0
_CHOSEN = "SELECT role, model FROM model_choices"
_CHOOSE = """
INSERT INTO model_choices (role, model, chosen_by) VALUES (%s, %s, %s)
ON CONFLICT (role) DO UPDATE SET model = EXCLUDED.model, chosen_by = EXCLUDED.chosen_by, chosen_at = now()
"""
_FORGET = "DELETE FROM model_choices WHERE role = %s"


class ModelChoice:
    """The names of the models in use. Read again every few seconds, so that other processes' choices arrive too."""

    def __init__(self, database: AppDatabase, settings: Settings) -> None:
        self._database = database
        self.configured: dict[Role, str] = {
            "generate": settings.generate_model,
            "fallback": settings.fallback_model,
            "embed": settings.index_model,
        }
        self._chosen: dict[Role, str] = {}
        self._read_at: float | None = None

    async def names(self) -> dict[Role, str]:
        """The model for each purpose. A database that is down leaves what was read last."""
        if self._read_at is None or monotonic() - self._read_at > _FRESH_S:
            async with self._database.transaction(None) as sql:
                await self.refresh(sql)
        return {**self.configured, **self._chosen}

    async def refresh(self, sql: AsyncConnection) -> dict[Role, str]:
        """Read the choices now; only those that were made."""
        rows = await (await sql.execute(_CHOSEN)).fetchall()
        self._chosen = {row[0]: row[1] for row in rows}
        self._read_at = monotonic()
        return dict(self._chosen)

    @property
    def chosen(self) -> dict[Role, str]:
        """The choices that were made, as read last."""
        return dict(self._chosen)

    async def choose(self, sql: AsyncConnection, principal: Principal, role: Role, model: str | None) -> None:
        """Use `model` from now on; None goes back to the setting."""
        if model is None:
            await sql.execute(_FORGET, (role,))
        else:
            await sql.execute(_CHOOSE, (role, model, principal.actor))
        self._read_at = None
