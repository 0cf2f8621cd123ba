"""One batch of prices: staged, compared, inserted, replaced. The caller's transaction."""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

import numpy as np

from resources.database import Connection
from resources.series.batches import Batch, UnknownSeriesError, float_column, spans
from resources.series.model import WriteReport
from resources.series.staging import Column, TextColumn, copy_columns
from resources.series.windows import find_windows

_STAGE: LiteralString = """
CREATE TEMPORARY TABLE IF NOT EXISTS staged_prices (
    ts timestamptz NOT NULL, price_eur_mwh float8 NOT NULL, volume float8, market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL)
"""
_COPY: LiteralString = "COPY staged_prices (ts, price_eur_mwh, volume, market, product) FROM STDIN (FORMAT binary)"
_LOCK: LiteralString = """
SELECT pg_advisory_xact_lock(hashtextextended('price/' || u.market || '/' || u.product, 0))
FROM (SELECT market, product FROM unnest(%s::text[], %s::text[]) AS u (market, product)
      ORDER BY market COLLATE "C", product COLLATE "C") AS u
"""
_KNOWN: LiteralString = """
SELECT m.market, m.product, m.interval_s FROM market_products AS m
JOIN unnest(%s::text[], %s::text[]) AS u (market, product) ON u.market = m.market AND u.product = m.product
"""
_CHANGES: LiteralString = """
CREATE TEMPORARY TABLE IF NOT EXISTS changed_prices (
    ts timestamptz NOT NULL, price_eur_mwh float8 NOT NULL, volume float8, market text COLLATE "C" NOT NULL,
    product text COLLATE "C" NOT NULL, is_new boolean NOT NULL, old_price float8, old_volume float8, old_import_id uuid)
"""
_COMPARE: LiteralString = """
INSERT INTO changed_prices
SELECT s.ts, s.price_eur_mwh, coalesce(nullif(s.volume, 'NaN'), p.volume), s.market, s.product, p.ts IS NULL,
       p.price_eur_mwh, p.volume, p.import_id
FROM staged_prices AS s
LEFT JOIN market_prices AS p
ON p.market = s.market AND p.product = s.product AND p.ts = s.ts AND p.ts >= %(first)s AND p.ts <= %(last)s
WHERE p.ts IS NULL OR p.price_eur_mwh <> s.price_eur_mwh
   OR p.volume IS DISTINCT FROM coalesce(nullif(s.volume, 'NaN'), p.volume)
"""
# A day-ahead price was known before its delivery, so a live one counts from the moment that it was written.
_KEEP: LiteralString = """
INSERT INTO price_observations (market, product, ts, price_eur_mwh, volume, import_id, recorded_at, valid_until,
                                replaced_by)
SELECT c.market, c.product, c.ts, c.old_price, c.old_volume, c.old_import_id,
       coalesce(i.finished_at, least(c.ts, now())), CASE WHEN %(import)s::uuid IS NULL THEN now() END, %(import)s
FROM changed_prices AS c LEFT JOIN imports AS i ON i.id = c.old_import_id
WHERE NOT c.is_new AND c.old_import_id IS DISTINCT FROM %(import)s
"""
# The names once more as values: they keep a compressed chunk from being unpacked for products that are not meant.
_UPDATE: LiteralString = """
UPDATE market_prices AS p SET price_eur_mwh = c.price_eur_mwh, volume = c.volume, import_id = %(import)s
FROM changed_prices AS c
WHERE NOT c.is_new AND p.market = c.market AND p.product = c.product AND p.ts = c.ts
  AND p.market = ANY (%(markets)s) AND p.product = ANY (%(products)s) AND p.ts >= %(first)s AND p.ts <= %(last)s
"""
_INSERT: LiteralString = """
INSERT INTO market_prices (ts, price_eur_mwh, volume, import_id, market, product)
SELECT ts, price_eur_mwh, volume, %(import)s, market, product FROM changed_prices WHERE is_new
"""
_CHANGED: LiteralString = """
SELECT market, product, (extract(epoch FROM ts) * 1000000)::bigint FROM changed_prices ORDER BY market, product, ts
"""


def write_batch(
    connection: Connection, import_id: UUID | None, batch: Batch, *, only_compare: bool = False
) -> WriteReport:
    """Write a batch of prices in the transaction that is open, or only tell what writing it would do.

    Raises `UnknownSeriesError`; comparing asks for no registered product.
    """
    markets, products = [key[0] for key in batch.keys], [key[1] for key in batch.keys]
    if not only_compare:
        connection.execute(_LOCK, (markets, products))
    known = {(row[0], row[1]): int(row[2]) for row in connection.execute(_KNOWN, (markets, products))}
    for key in batch.keys:
        if key not in known and not only_compare:
            raise UnknownSeriesError(f"product {key[0]}/{key[1]} is not registered")
    connection.execute(_STAGE)
    connection.execute(_CHANGES)
    connection.execute("TRUNCATE staged_prices, changed_prices")
    copy_columns(
        connection,
        _COPY,
        [
            Column("timestamptz", batch.ts_us),
            Column("float8", float_column(batch.frame, "price_eur_mwh")),
            Column("float8", float_column(batch.frame, "volume")),
            TextColumn(markets, batch.codes),
            TextColumn(products, batch.codes),
        ],
    )
    firsts, lasts = spans(batch)
    values = {
        "import": import_id, "first": min(firsts), "last": max(lasts), "markets": markets, "products": products,
    }  # fmt: skip
    changed = connection.execute(_COMPARE, values).rowcount
    if not changed:
        return WriteReport(unchanged=batch.frame.height)
    if only_compare:
        row = connection.execute("SELECT count(*) FROM changed_prices WHERE is_new").fetchone()
        loaded = int(row[0]) if row else 0
        return WriteReport(loaded, changed - loaded, batch.frame.height - changed)
    connection.execute(_KEEP, values)
    updated = connection.execute(_UPDATE, values).rowcount
    loaded = connection.execute(_INSERT, values).rowcount
    rows = connection.execute(_CHANGED).fetchall()
    keys = sorted({(str(row[0]), str(row[1])) for row in rows})
    place = {key: number for number, key in enumerate(keys)}
    windows = find_windows(
        [*keys],
        np.array([place[row[0], row[1]] for row in rows], dtype=np.int64),
        np.array([row[2] for row in rows], dtype=np.int64),
        np.array([known[row[0], row[1]] for row in rows], dtype=np.int64),
    )
    return WriteReport(loaded, updated, batch.frame.height - loaded - updated, windows)
