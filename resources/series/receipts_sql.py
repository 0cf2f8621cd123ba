"""The SQL of an aggregation over a series, as things were known at a moment.

A value was known from the end of its import until the end of the one that replaced it (`reading_revisions`,
`price_observations`; a `valid_until` of its own has what no import replaced). Every
word of the SQL is written here; what callers choose are names from fixed tables and bound parameters.
"""

from __future__ import annotations

from typing import Any, Final, LiteralString

from luna_rules.series.quality import STATUS_MASK, Flag, Status
from luna_rules.series_answers.query import SeriesQuery

_FAULTY: Final = int(
    Flag.OUTLIER | Flag.OUT_OF_RANGE | Flag.FLAT_LINE | Flag.SUM_DIFFERS | Flag.UNUSABLE | Flag.NEGATIVE
    | Flag.FUTURE | Flag.DUPLICATE | Flag.VOLTAGE
)  # fmt: skip
_OPEN: Final = (
    "(v.valid_until > %(as_of)s OR v.valid_until IS NULL"
    " AND (v.replaced_by IS NULL OR EXISTS (SELECT 1 FROM late WHERE late.id = v.replaced_by)))"
)
# Live values carry no import; of those that come while an answer is made, the last two minutes are left out.
_READINGS: Final = """
WITH term AS (
    SELECT * FROM unnest(%(meters)s::text[], %(series)s::text[], %(factors)s::float8[])
        WITH ORDINALITY AS term(meter_id, series, factor, number)
), late AS (
    SELECT id FROM imports WHERE finished_at IS NULL OR finished_at > %(as_of)s
), revised AS (
    SELECT DISTINCT ON (term.number, v.ts) term.number, v.ts, v.interval_s, v.quality,
        term.factor * CASE term.series WHEN 'production_kw' THEN v.production_kw WHEN 'voltage' THEN v.voltage
            ELSE v.consumption_kw END AS value
    FROM term JOIN reading_revisions AS v ON v.meter_id = term.meter_id
    WHERE v.ts >= %(begin)s AND v.ts < %(end)s AND v.source <> 'disagrees'
        AND v.recorded_at <= %(as_of)s AND {open}
    ORDER BY term.number, v.ts, v.recorded_at DESC, v.id DESC
), known AS (
    SELECT term.number, r.ts, r.interval_s, r.quality,
        term.factor * CASE term.series WHEN 'production_kw' THEN r.production_kw WHEN 'voltage' THEN r.voltage
            ELSE r.consumption_kw END AS value
    FROM term JOIN smart_meter_readings AS r ON r.meter_id = term.meter_id
    WHERE r.ts >= %(begin)s AND r.ts < %(end)s
        AND (r.import_id IS NOT NULL OR r.ts < %(as_of)s - interval '2 minutes')
        AND NOT EXISTS (SELECT 1 FROM late WHERE late.id = r.import_id)
        AND NOT EXISTS (SELECT 1 FROM revised WHERE revised.number = term.number AND revised.ts = r.ts)
    UNION ALL
    SELECT number, ts, interval_s, quality, value FROM revised
)""".replace("{open}", _OPEN)
_PRICES: Final = """
WITH late AS (
    SELECT id FROM imports WHERE finished_at IS NULL OR finished_at > %(as_of)s
), revised AS (
    SELECT DISTINCT ON (v.ts) v.ts, v.price_eur_mwh AS value FROM price_observations AS v
    WHERE v.market = %(market)s AND v.product = %(product)s AND v.ts >= %(begin)s AND v.ts < %(end)s
        AND v.source <> 'disagrees'
        AND v.recorded_at <= %(as_of)s AND {open}
    ORDER BY v.ts, v.recorded_at DESC, v.id DESC
), known AS (
    SELECT 1 AS number, p.ts, %(interval_s)s::integer AS interval_s, 0 AS quality, p.price_eur_mwh AS value
    FROM market_prices AS p
    WHERE p.market = %(market)s AND p.product = %(product)s AND p.ts >= %(begin)s AND p.ts < %(end)s
        AND NOT EXISTS (SELECT 1 FROM late WHERE late.id = p.import_id)
        AND NOT EXISTS (SELECT 1 FROM revised WHERE revised.ts = p.ts)
    UNION ALL
    SELECT 1, ts, %(interval_s)s::integer, 0, value FROM revised
)""".replace("{open}", _OPEN)
# The prices beside readings, brought to the longer of both intervals.
_PRICE_BESIDE: Final = """, price_revised AS (
    SELECT DISTINCT ON (v.ts) v.ts, v.price_eur_mwh AS price FROM price_observations AS v
    WHERE v.market = %(market)s AND v.product = %(product)s
        AND v.ts >= %(begin)s::timestamptz - interval '1 hour' AND v.ts < %(end)s AND v.source <> 'disagrees'
        AND v.recorded_at <= %(as_of)s AND {open}
    ORDER BY v.ts, v.recorded_at DESC, v.id DESC
), price_known AS (
    SELECT p.ts, p.price_eur_mwh AS price FROM market_prices AS p
    WHERE p.market = %(market)s AND p.product = %(product)s
        AND p.ts >= %(begin)s::timestamptz - interval '1 hour' AND p.ts < %(end)s
        AND NOT EXISTS (SELECT 1 FROM late WHERE late.id = p.import_id)
        AND NOT EXISTS (SELECT 1 FROM price_revised WHERE price_revised.ts = p.ts)
    UNION ALL
    SELECT ts, price FROM price_revised
), price AS (
    SELECT date_bin(make_interval(secs => %(price_step)s), ts, timestamptz '2000-01-01 00:00:00+00') AS ts,
        avg(price) AS price
    FROM price_known GROUP BY 1
), priced AS (
    SELECT k.ts, k.interval_s, k.quality, k.value, price.price
    FROM {source} AS k LEFT JOIN price
        ON price.ts = date_bin(make_interval(secs => %(price_step)s), k.ts, timestamptz '2000-01-01 00:00:00+00')
)""".replace("{open}", _OPEN)
_WORSE: Final = f"max(quality & 7) | bit_or(quality & ~{STATUS_MASK})"
_ALIGNED: Final = f""", aligned AS (
    SELECT number, date_bin(make_interval(secs => %(align_s)s), ts, timestamptz '2000-01-01 00:00:00+00') AS ts,
        least(sum(interval_s), %(align_s)s)::integer AS interval_s, {_WORSE} AS quality,
        sum(value * interval_s) / sum(interval_s) AS value
    FROM known WHERE value IS NOT NULL GROUP BY 1, 2
)"""  # noqa: S608
_ADDED: Final = """, added AS (
    SELECT ts, min(interval_s) AS interval_s, {worse} AS quality, sum(value) AS value
    FROM {source} WHERE value IS NOT NULL GROUP BY ts HAVING count(*) >= %(needed)s
)"""
# Where a site's own meter counts what crosses the border, its load is import and what of the generation did not leave.
_SITE: Final = """, site AS (
    SELECT ts, min(interval_s) AS interval_s, {worse} AS quality,
        max(value) FILTER (WHERE number = 1) AS one, max(value) FILTER (WHERE number = 2) AS two,
        max(value) FILTER (WHERE number = 3) AS three
    FROM aligned WHERE value IS NOT NULL GROUP BY ts HAVING count(*) = %(needed)s
), powers AS (
    SELECT ts, interval_s, quality, {load} AS load, {generation} AS generation, {own} AS own FROM site
)"""
_SITE_POWERS: Final[dict[str, dict[str, str]]] = {
    "load_and_generation": {"load": "one", "generation": "two", "own": "greatest(least(one, two), 0)"},
    "grid_and_generation": {
        "load": "greatest(one + three - two, 0)",
        "generation": "three",
        "own": "greatest(three - two, 0)",
    },
}
_SITE_ENERGIES: Final[dict[str, str]] = {
    "load_kwh": "load",
    "generation_kwh": "generation",
    "self_kwh": "own",
    "import_kwh": "load - own",
    "export_kwh": "generation - own",
}
_LOCAL: Final = "(ts AT TIME ZONE 'Europe/Berlin')"
_MINUTE: Final = f"(extract(hour FROM {_LOCAL}) * 60 + extract(minute FROM {_LOCAL}))"
_BUCKETS: Final[dict[str, str]] = {
    "raw": "ts",
    "15m": "date_bin('15 minutes', ts, timestamptz '2000-01-01 00:00:00+00')",
    "1h": "date_bin('1 hour', ts, timestamptz '2000-01-01 00:00:00+00')",
    "1d": "date_trunc('day', ts, 'Europe/Berlin')",
    "1w": "date_trunc('week', ts, 'Europe/Berlin')",
    "1mo": "date_trunc('month', ts, 'Europe/Berlin')",
    "1y": "date_trunc('year', ts, 'Europe/Berlin')",
}
_GROUPS: Final[dict[str, str]] = {
    **{name: bucket for name, bucket in _BUCKETS.items() if name != "raw"},
    "total": "NULL::integer",
    "hour_of_day": f"extract(hour FROM {_LOCAL})::integer",
    "weekday": f"(extract(isodow FROM {_LOCAL}) - 1)::integer",
    "month_of_year": f"extract(month FROM {_LOCAL})::integer",
}
# A price is given in hundredths; what the mean of four differs from zero by less is an error of rounding.
_AGGREGATES: Final[dict[str, str]] = {
    "mean": "round((sum(value * seconds) / sum(seconds))::numeric, 6)",
    "min": "round(min(value)::numeric, 6)",
    "max": "round(max(value)::numeric, 6)",
    "min_ts": "(array_agg(ts ORDER BY value, ts))[1]",
    "max_ts": "(array_agg(ts ORDER BY value DESC, ts))[1]",
    "sum_kwh": "round((sum(value * seconds) / 3600)::numeric, 6)",
    "count": "count(*)",
    "negative": "count(*) FILTER (WHERE value < -1e-9)",
    "above": "count(*) FILTER (WHERE value > %(threshold)s)",
    "below": "count(*) FILTER (WHERE value < %(threshold)s)",
    "seconds": "sum(seconds)",
    "substituted": "sum(substituted)",
    "first_ts": "min(ts)",
    "last_ts": "max(ts)",
    "median": "round((percentile_cont(0.5) WITHIN GROUP (ORDER BY value))::numeric, 6)",
    "sd": "round(stddev_samp(value)::numeric, 6)",
    "negative_run": "(SELECT coalesce(max(length), 0) FROM runs)",
    "negative_run_ts": "(SELECT runs.ts FROM runs ORDER BY length DESC, runs.ts LIMIT 1)",
    "cost_eur": "round((sum(value * seconds * price) / 3600000)::numeric, 6)",
    "priced_kwh": "round((sum(value * seconds) FILTER (WHERE price IS NOT NULL) / 3600)::numeric, 6)",
}
_WINDOWED: Final = """, windowed AS (
    SELECT ts, seconds, value, substituted FROM (
        SELECT ts, seconds, substituted, avg(value) OVER ahead AS value,
            lead(ts, %(ahead)s::integer) OVER (ORDER BY ts) AS last
        FROM buckets WINDOW ahead AS (ORDER BY ts ROWS BETWEEN CURRENT ROW AND %(ahead)s::integer FOLLOWING)
    ) AS each WHERE last = ts + make_interval(secs => %(ahead)s * %(step_s)s)
)"""
_RUNS: Final = """, runs AS (
    SELECT min(ts) AS ts, count(*) AS length FROM (
        SELECT ts, ts - make_interval(secs => row_number() OVER (ORDER BY ts) * %(step_s)s) AS island
        FROM buckets WHERE value < -1e-9
    ) AS negative GROUP BY island
)"""
_ORDERS: Final[dict[str, str]] = {"group": "1", "asc": "2 ASC NULLS LAST, 1", "desc": "2 DESC NULLS LAST, 1"}


def build(query: SeriesQuery, as_of: Any) -> tuple[LiteralString, dict[str, Any]]:
    """SQL with named parameters, and the parameters. One row comes: the groups as JSON, and the quality as JSON.

    Raises KeyError for a name that is in no table.
    """
    parameters: dict[str, Any] = {
        "begin": query.begin,
        "end": query.end,
        "as_of": as_of,
        "limit": query.limit,
    }
    parts: list[str] = []
    if query.source == "prices":
        parts.append(_PRICES)
        parameters |= {"market": query.market, "product": query.product, "interval_s": query.interval_s}
        last = "known"
    else:
        parts.append(_READINGS)
        parameters |= {
            "meters": [term.meter_id for term in query.terms],
            "series": [term.series for term in query.terms],
            "factors": [float(term.factor) for term in query.terms],
        }
        last = "known"
        if query.align_s or query.self_use:
            parts.append(_ALIGNED)
            parameters["align_s"] = query.align_s or 900
            last = "aligned"
        if query.self_use:
            return _self_use(query, parts, parameters)
        if len(query.terms) > 1:
            parts.append(_ADDED.format(worse=_WORSE, source=last))
            parameters["needed"] = len(query.terms) if query.complete else 1
            last = "added"
        if query.market:
            parts.append(_PRICE_BESIDE.format(source=last))
            step = max(query.price_s or 3_600, query.interval_s)
            parameters |= {"market": query.market, "product": query.product, "price_step": step}
            last = "priced"
    conditions = ["value IS NOT NULL", *_conditions(query, parameters)]
    if query.threshold is not None:
        parameters["threshold"] = query.threshold
    groups = _GROUPS[query.group]
    aggregates = ", ".join(f"{_AGGREGATES[name]} AS r{at}" for at, name in enumerate(query.aggregates))
    having = " HAVING count(*) > 0" if query.group == "total" else ""
    grouped = "" if query.group == "total" else " GROUP BY 1"
    columns = f"ts, interval_s, quality, value{', price' if last == 'priced' else ''}"
    parts.append(f""", filtered AS MATERIALIZED (
    SELECT {columns} FROM {last} WHERE {" AND ".join(conditions)}
), buckets AS (
    {_level_one(query)}
){_rows_in_a_row(query, parameters)}, result AS (
    SELECT {groups} AS "group", {aggregates} FROM {"windowed" if query.window > 1 else "buckets"}{grouped}{having}
    ORDER BY {_ORDERS[query.order]} LIMIT %(limit)s
)
{_told(len(query.aggregates))}""")  # noqa: S608
    sql: Any = "".join(parts).strip()
    return sql, parameters


def _self_use(query: SeriesQuery, parts: list[str], parameters: dict[str, Any]) -> tuple[LiteralString, dict[str, Any]]:
    parts.append(_SITE.format(worse=_WORSE, **_SITE_POWERS[query.self_use]))
    parameters["needed"] = len(query.terms)
    conditions = ["true", *_conditions(query, parameters)]
    energies = ", ".join(
        f"round((sum(({_SITE_ENERGIES[name]}) * interval_s) / 3600)::numeric, 6) AS r{at}"
        for at, name in enumerate(query.aggregates)
    )
    parts.append(f""", filtered AS MATERIALIZED (
    SELECT * FROM powers WHERE {" AND ".join(conditions)}
), result AS (
    SELECT NULL::integer AS "group", {energies} FROM filtered HAVING count(*) > 0
)
{_told(len(query.aggregates))}""")  # noqa: S608
    sql: Any = "".join(parts).strip()
    return sql, parameters


def _told(columns: int) -> str:
    """The end of every query: rows as JSON arrays, and the quality of what went into them."""
    names = ", ".join(f"r{at}" for at in range(columns))
    return f"""SELECT
    (SELECT coalesce(jsonb_agg(jsonb_build_array("group", {names})), '[]') FROM result),
    (SELECT jsonb_build_object('values', count(*), 'covered_s', coalesce(sum(interval_s), 0),
        'substituted', count(*) FILTER (WHERE quality & 7 = {int(Status.ERSATZWERT)}),
        'preliminary', count(*) FILTER (WHERE quality & 7 = {int(Status.VORLAEUFIGERWERT)}),
        'flagged', count(*) FILTER (WHERE quality & {_FAULTY} <> 0),
        'simulated', coalesce(bool_or(quality & {int(Flag.SIMULATED)} <> 0), false),
        'first', min(ts), 'last', max(ts + make_interval(secs => interval_s))) FROM filtered)"""  # noqa: S608


def _level_one(query: SeriesQuery) -> str:
    substituted = f"count(*) FILTER (WHERE quality & 7 = {int(Status.ERSATZWERT)})"
    if query.bucket == "raw":
        flag = f"(quality & 7 = {int(Status.ERSATZWERT)})::integer"
        price = ", price" if query.source == "readings" and query.market else ""
        return f"SELECT ts, interval_s::bigint AS seconds, value, {flag} AS substituted{price} FROM filtered"  # noqa: S608
    return (
        f"SELECT {_BUCKETS[query.bucket]} AS ts, sum(interval_s) AS seconds, "  # noqa: S608
        f"sum(value * interval_s) / sum(interval_s) AS value, {substituted} AS substituted FROM filtered GROUP BY 1"
    )


def _rows_in_a_row(query: SeriesQuery, parameters: dict[str, Any]) -> str:
    """What looks at several buckets in a row, where it is asked for."""
    runs = {"negative_run", "negative_run_ts"} & set(query.aggregates)
    if query.window > 1 or runs:
        parameters["step_s"] = 3_600 if query.bucket == "1h" else query.interval_s
    if query.window > 1:
        parameters["ahead"] = query.window - 1
    return (_WINDOWED if query.window > 1 else "") + (_RUNS if runs else "")


def _conditions(query: SeriesQuery, parameters: dict[str, Any]) -> list[str]:
    conditions: list[str] = []
    if query.clock is not None:
        first, last = query.clock
        parameters |= {"from_minute": first, "to_minute": last}
        joined = "AND" if last > first else "OR"
        conditions.append(f"({_MINUTE} >= %(from_minute)s {joined} {_MINUTE} < %(to_minute)s)")
    if query.weekdays is not None:
        parameters["weekdays"] = [day + 1 for day in query.weekdays]
        conditions.append(f"extract(isodow FROM {_LOCAL})::integer = ANY(%(weekdays)s::integer[])")
    if query.at_least is not None:
        parameters["at_least"] = query.at_least
        conditions.append("value >= %(at_least)s")
    if query.at_most is not None:
        parameters["at_most"] = query.at_most
        conditions.append("value <= %(at_most)s")
    return conditions
