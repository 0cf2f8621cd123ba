"""Judges stored readings anew whose neighbours came with another import: outliers and flat lines.

These flags are the platform's opinion of values, not what a sender said, and follow from the stored values alone; so
they change in place, without a revision, and a row stays its import's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, LiteralString, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from luna_rules.series.quality import JUDGED
from resources.database import Connection
from resources.series import rollups
from resources.series.arrays import fetch_array_rows
from resources.series.reading_batches import lock_meters
from resources.series.windows import find_windows

if TYPE_CHECKING:
    import polars as pl


ROWS_AT_ONCE = 400_000
"""About so many rows are in memory at a time, as far as what one value is judged by does not hold more."""
METERS_AT_ONCE = 500

_HELD: LiteralString = """
SELECT m.number FROM unnest(%(numbers)s::int4[], %(meters)s::text[], %(firsts)s::timestamptz[],
                            %(lasts)s::timestamptz[]) AS m (number, meter_id, first, last)
WHERE EXISTS (SELECT FROM smart_meter_readings AS r
              WHERE r.tenant_id = %(tenant)s AND r.meter_id = m.meter_id AND r.ts >= m.first AND r.ts < m.last)
"""
# One look for both kinds, in the longer reach of the two.
_KINDS: LiteralString = """
SELECT meter_id, interval_s < %(fine_s)s AS fine, min(interval_s) FROM smart_meter_readings
WHERE tenant_id = %(tenant)s AND meter_id = ANY (%(meters)s::text[]) AND ts >= %(first)s AND ts < %(last)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
_STORED: LiteralString = """
SELECT m.number, r.* FROM unnest(%(numbers)s::int4[], %(meters)s::text[]) AS m (number, meter_id)
CROSS JOIN LATERAL (
    SELECT array_agg(ts), array_agg(coalesce(consumption_kw, 'NaN')), array_agg(coalesce(production_kw, 'NaN')),
           array_agg(interval_s), array_agg(quality)
    FROM (SELECT ts, consumption_kw, production_kw, interval_s, quality FROM smart_meter_readings
          WHERE tenant_id = %(tenant)s AND meter_id = m.meter_id AND ts >= %(first)s AND ts < %(last)s
            AND (interval_s < %(fine_s)s) = %(fine)s
          ORDER BY ts) AS stored
    HAVING count(*) > 0
) AS r
"""
_UPDATE: LiteralString = """
UPDATE smart_meter_readings AS r SET quality = (r.quality & ~%(judged)s) | u.flags
FROM unnest(%(meters)s::text[], %(times)s::timestamptz[], %(flags)s::int4[]) AS u (meter_id, ts, flags)
WHERE r.tenant_id = %(tenant)s AND r.meter_id = u.meter_id AND r.ts = u.ts AND r.ts >= %(first)s AND r.ts < %(last)s
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values of a meter from `first` to `last`; `fine`: those shorter than a minute, else all others."""

    meter_id: str
    first: datetime
    last: datetime
    interval_s: int
    fine: bool

    def joined(self, other: Stretch) -> Stretch:
        """The stretch over both, which are of the same meter and kind."""
        return Stretch(
            self.meter_id,
            min(self.first, other.first),
            max(self.last, other.last),
            min(self.interval_s, other.interval_s),
            self.fine,
        )


def stretches(frame: pl.DataFrame) -> list[Stretch]:
    """What a readings frame covers."""
    import polars as pl

    from luna_rules.series.neighbours import FINE_S

    found = frame.group_by("meter_id", (pl.col("interval_s") < FINE_S).alias("fine")).agg(
        first=pl.col("ts").min(), last=pl.col("ts").max(), interval_s=pl.col("interval_s").min()
    )
    return [Stretch(**row) for row in found.sort("meter_id", "fine").iter_rows(named=True)]


def with_neighbours(connection: Connection, tenant: UUID, asked: Sequence[Stretch]) -> list[Stretch]:
    """Those of the stretches in whose reach anything is stored; asked before the stretch itself is."""
    from luna_rules.series.neighbours import reach

    if not asked:
        return []
    spans = [reach(one.first, one.last, fine=one.fine) for one in asked]
    values: dict[str, object] = {
        "tenant": tenant,
        "numbers": list(range(len(asked))),
        "meters": [one.meter_id for one in asked],
        "firsts": [span[0] for span in spans],
        "lasts": [span[3] for span in spans],
    }
    return [asked[int(row[0])] for row in connection.execute(_HELD, values).fetchall()]


def stretches_around(
    connection: Connection, tenant: UUID, meters: Sequence[str], first: datetime, last: datetime
) -> list[Stretch]:
    """What is stored of the meters in reach of [first, last], where values have gone or changed."""
    from luna_rules.series.neighbours import FINE_S, reach

    begin, _, _, end = reach(first, last, fine=False)
    values: dict[str, object] = {
        "tenant": tenant, "meters": list(meters), "first": begin, "last": end, "fine_s": FINE_S,
    }  # fmt: skip
    found = connection.execute(_KINDS, values).fetchall()
    return [Stretch(str(meter), first, last, int(interval), bool(fine)) for meter, fine, interval in found]


def judge_stored(connection: Connection, tenant: UUID, asked: Sequence[Stretch]) -> int:
    """Decide the flags of all values in reach of the stretches; returns how many changed. Idempotent.

    Bounded transactions, each with the rollups of what changed in it.
    """
    changed = 0
    for part in _parts(asked):
        with connection.transaction():
            changed += _judge(connection, tenant, part)
    return changed


@dataclass(frozen=True, slots=True)
class _Part:
    """Meters, and the time that is read and judged of them together: see `luna_rules.series.neighbours.reach`."""

    meters: list[str]
    span: tuple[datetime, datetime, datetime, datetime]
    fine: bool


def _parts(asked: Sequence[Stretch]) -> Iterator[_Part]:
    """Stretches of one reach together, long ones cut into pieces."""
    from luna_rules.series.neighbours import reach

    together: dict[tuple[tuple[datetime, datetime, datetime, datetime], bool], list[Stretch]] = {}
    for one in asked:
        together.setdefault((reach(one.first, one.last, fine=one.fine), one.fine), []).append(one)
    for (span, fine), members in together.items():
        interval = timedelta(seconds=min(one.interval_s for one in members))
        whole, block = (span[3] - span[0]) // interval + 1, span[1] - span[0]
        count = max(1, min(METERS_AT_ONCE, ROWS_AT_ONCE // whole))
        for begin in range(0, len(members), count):
            meters = sorted(one.meter_id for one in members[begin : begin + count])
            if len(meters) * whole <= ROWS_AT_ONCE:
                yield _Part(meters, span, fine)
                continue
            # A piece is as many blocks as are in memory at once; what lies beside them is read for each again.
            piece = max(1, ROWS_AT_ONCE // (len(meters) * (block // interval)) - 2) * block
            start = span[1]
            while start < span[2]:
                stop = min(start + piece, span[2])
                yield _Part(meters, (start - block, start, stop, stop + block), fine)
                start = stop


def _judge(connection: Connection, tenant: UUID, part: _Part) -> int:
    import polars as pl

    from luna_rules.series.neighbours import FINE_S
    from luna_rules.series.validation import judge_again

    lock_meters(connection, tenant, part.meters)
    begin, first, last, end = part.span
    values: dict[str, object] = {
        "tenant": tenant,
        "numbers": list(range(len(part.meters))),
        "meters": part.meters,
        "first": begin,
        "last": end,
        "fine": part.fine,
        "fine_s": FINE_S,
    }
    found = fetch_array_rows(connection, _STORED.encode(), values)
    if not found:
        return 0
    frame = _frame(part.meters, cast("list[tuple[int, NDArray[np.generic]]]", found))
    judged = judge_again(frame, within=(first, last))
    rows = judged.filter(judged["quality"] != frame["quality"]).select(
        "meter_id", "ts", "interval_s", flags=pl.col("quality") & int(JUDGED)
    )
    if rows.is_empty():
        return 0
    connection.execute(
        _UPDATE,
        values
        | {
            "judged": int(JUDGED),
            "meters": rows["meter_id"].to_list(),
            "times": rows["ts"].to_list(),
            "flags": rows["flags"].to_list(),
            "first": first,
            "last": last,
        },
    )
    names = sorted(set(rows["meter_id"].to_list()))
    place = {name: number for number, name in enumerate(names)}
    windows = find_windows(
        [(name,) for name in names],
        np.array([place[name] for name in rows["meter_id"]], dtype=np.int64),
        rows["ts"].to_physical().to_numpy(),
        rows["interval_s"].to_numpy().astype(np.int64),
    )
    rollups.roll_up(connection, tenant, windows)
    return rows.height


def _frame(meters: Sequence[str], found: Sequence[tuple[int, NDArray[np.generic]]]) -> pl.DataFrame:
    import polars as pl

    from luna_rules.series.frames import READING_SCHEMA

    columns = [np.concatenate([row[place] for row in found]) for place in range(1, 6)]
    lengths = [len(row[1]) for row in found]
    names = pl.Series("meter_id", [meters[row[0]] for row in found], dtype=pl.String)
    codes = np.repeat(np.arange(len(found)), lengths)
    return pl.DataFrame(
        {
            "meter_id": names.gather(codes),
            "ts": pl.Series(columns[0]).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            "interval_s": columns[3],
            "consumption_kw": pl.Series(columns[1]).fill_nan(None),
            "production_kw": pl.Series(columns[2]).fill_nan(None),
            "voltage": pl.Series([None], dtype=pl.Float64).new_from_index(0, len(codes)),
            "quality": columns[4],
        },
        schema=dict(READING_SCHEMA),
    )
