"""Which rows of a batch the table holds already, value for value.

Stored rows are read as arrays, once and in the order of the key, and compared here: staging the batch and looking up
each of its rows costs the server four times as much.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.quality import JUDGED
from resources.database import Connection
from resources.series.arrays import fetch_array_rows
from resources.series.batches import Rows

SPARE_ROWS = 64
"""So many more than a meter brings are read of it: where far more lie between them, each row is looked up instead."""

# A meter without rows in its span is no row of the answer.
_STORED: LiteralString = """
SELECT m.number, r.* FROM unnest(%(codes)s::int4[], %(meters)s::text[], %(firsts)s::timestamptz[],
                                 %(lasts)s::timestamptz[], %(most)s::int4[]) AS m (number, meter_id, first, last, most)
CROSS JOIN LATERAL (
    SELECT array_agg(ts), array_agg(coalesce(consumption_kw, 'NaN')), array_agg(coalesce(production_kw, 'NaN')),
           array_agg(coalesce(voltage, 'NaN')), array_agg(interval_s), array_agg(quality)
    FROM (SELECT ts, consumption_kw, production_kw, voltage, interval_s, quality FROM smart_meter_readings
          WHERE tenant_id = %(tenant)s AND meter_id = m.meter_id AND ts >= m.first AND ts <= m.last
          ORDER BY ts LIMIT m.most) AS stored
    HAVING count(*) > 0
) AS r
"""


@dataclass(frozen=True, slots=True)
class Known:
    """`seen`: places in the batch's keys of meters that hold rows in the batch's span; `same`: rows of the batch that
    writing would leave as they are. A row that is not `same` may still prove so when it is looked up."""

    seen: NDArray[np.int64]
    same: NDArray[np.bool_]


def find_known(
    connection: Connection,
    tenant: UUID,
    meters: Sequence[str],
    rows: Rows,
    firsts: Sequence[dt.datetime],
    lasts: Sequence[dt.datetime],
) -> Known:
    """Compare the rows, sorted by `meters` and time, with what is stored; `firsts` and `lasts` is each meter's span."""
    begins = np.searchsorted(rows.codes, np.arange(len(meters)))
    ends = np.append(begins[1:], len(rows.codes))
    values: dict[str, object] = {
        "tenant": tenant,
        "codes": list(range(len(meters))),
        "meters": list(meters),
        "firsts": list(firsts),
        "lasts": list(lasts),
        "most": (ends - begins + SPARE_ROWS).tolist(),
    }
    same = np.zeros(len(rows.codes), dtype=bool)
    seen: list[int] = []
    for number, *columns in fetch_array_rows(connection, _STORED.encode(), values):
        code = int(str(number))
        seen.append(code)
        part = slice(int(begins[code]), int(ends[code]))
        same[part] = _unchanged(rows.of(part), cast("list[NDArray[np.generic]]", columns))
    return Known(np.array(seen, dtype=np.int64), same)


def _unchanged(rows: Rows, stored: list[NDArray[np.generic]]) -> NDArray[np.bool_]:
    """Of rows of one meter: interval and quality are as stored, and each value that the row knows.

    Flags that follow from the values around say nothing of the row itself."""
    ts = stored[0]
    places = np.minimum(np.searchsorted(ts, rows.ts_us), len(ts) - 1)
    same = ts[places] == rows.ts_us
    same &= stored[4][places] == rows.interval_s
    same &= (cast("NDArray[np.int32]", stored[5])[places] ^ rows.quality) & ~np.int32(JUDGED) == 0
    for mine, theirs in zip((rows.consumption_kw, rows.production_kw, rows.voltage), stored[1:4], strict=True):
        same &= (theirs[places] == mine) | np.isnan(mine)
    return same
