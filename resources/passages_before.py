"""Which passages stand before others in their documents, in SQL: the API and the evaluation ask the same."""

from __future__ import annotations

from typing import Final, LiteralString

# Beside the passages right before, the nearest one that is no later part of the same table, for its column heads.
PASSAGES_BEFORE: Final[LiteralString] = """
item_chunks AS own
JOIN LATERAL (
    SELECT max(h.chunk_idx) AS chunk_idx FROM item_chunks AS h
    WHERE h.item_id = own.item_id AND h.chunk_idx < own.chunk_idx AND own.metadata ? 'table_header'
      AND h.metadata ->> 'table_header' IS DISTINCT FROM own.metadata ->> 'table_header'
) AS head ON true
JOIN item_chunks AS c ON c.item_id = own.item_id
     AND (c.chunk_idx = head.chunk_idx OR c.chunk_idx BETWEEN own.chunk_idx - %(most)s AND own.chunk_idx - 1)
JOIN items AS i ON i.id = c.item_id
WHERE own.id = ANY(%(cut)s)
"""
"""What follows FROM: `c` are up to `most` passages before each of `cut` (ids) and the one with its column heads, `i`
their items; a passage may come several times."""
