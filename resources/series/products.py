"""The register of market products, which an import adds to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from resources.database import Connection

Key = tuple[str, str]


def simulated_among(connection: Connection, products: Sequence[Key]) -> dict[Key, bool]:
    """Those of `products` (market, product) that are registered, and whether each is simulated."""
    rows = connection.execute(
        "SELECT m.market, m.product, m.simulated FROM market_products AS m"
        " JOIN unnest(%s::text[], %s::text[]) AS u (market, product) ON u.market = m.market AND u.product = m.product",
        ([market for market, _ in products], [product for _, product in products]),
    ).fetchall()
    return {(str(row[0]), str(row[1])): bool(row[2]) for row in rows}


def register_found(connection: Connection, intervals: Mapping[Key, int], *, source: str) -> None:
    """Add products that are not registered yet, with the length of their deliveries in seconds."""
    connection.execute(
        "INSERT INTO market_products (market, product, interval_s, source)"
        " SELECT u.market, u.product, u.interval_s, %s"
        " FROM unnest(%s::text[], %s::text[], %s::integer[]) AS u (market, product, interval_s) ON CONFLICT DO NOTHING",
        (source, [key[0] for key in intervals], [key[1] for key in intervals], list(intervals.values())),
    )
