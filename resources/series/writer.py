"""Writes typed frames to readings and prices: validated elsewhere, idempotent here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from resources.database import Connection
from resources.series.model import WriteReport

if TYPE_CHECKING:
    import polars as pl


def write_readings(
    connection: Connection,
    tenant: UUID,
    import_id: UUID | None,
    frame: pl.DataFrame,
    *,
    progress: Callable[[WriteReport], None] | None = None,
    roll_up: bool = True,
) -> WriteReport:
    """Write a readings frame (`luna_rules.series.frames`): new rows inserted, differing ones replaced.

    The meters must be registered. A column that is null in the frame keeps what is stored. Replaced values go to
    `reading_revisions`. Bounded batches, each a transaction with its rollups (unless `roll_up` is false: then the
    caller rolls up `windows`), so a repeated call after a crash ends in the same rows. `import_id` None: live values.
    """
    raise NotImplementedError


def write_prices(
    connection: Connection,
    import_id: UUID | None,
    frame: pl.DataFrame,
    *,
    progress: Callable[[WriteReport], None] | None = None,
    roll_up: bool = True,
) -> WriteReport:
    """Write a price frame likewise; replaced prices go to `price_observations`. The product must be registered."""
    raise NotImplementedError
