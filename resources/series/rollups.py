"""Rollups of touched windows: quarter-hours, hours (UTC), days (Europe/Berlin)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from resources.database import Connection
from resources.series.model import Window


def roll_up(connection: Connection, tenant: UUID, windows: Sequence[Window]) -> None:
    """Compute the rollups of the meters' windows anew, in one transaction."""
    raise NotImplementedError


def roll_up_prices(connection: Connection, windows: Sequence[Window]) -> None:
    """Compute market hours and days of the products' windows anew, in one transaction."""
    raise NotImplementedError
