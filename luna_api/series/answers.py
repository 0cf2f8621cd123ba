"""Questions about series, answered from SQL: read, resolved to what the asker has, queried, said, checked.

`answer` is the one call that the answering of documents makes before it looks for passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.series.schemas import QueryReceipt
from luna_api.series.shapes import shown
from luna_api.series.terms import common_step, formula_terms, site_terms
from luna_rules.answers.followup import Turn
from luna_rules.series_answers import compose
from luna_rules.series_answers.plan import MeterName, Plan
from luna_rules.series_answers.query import SeriesColumn, Term
from luna_rules.series_answers.question import follow_up, read_question
from luna_rules.series_answers.spans import BERLIN, Span
from luna_rules.series_answers.statement import Asked, Statement
from luna_rules.series_answers.subject import Subject, queries
from resources.database import AsyncConnection
from resources.series import receipts as kept
from resources.series.receipts import Receipt

_MOST_METERS = 50
_MOST_SPANS = 4
_METERS = """
SELECT m.meter_id, m.name, m.kind, m.formula, m.simulated,
    (SELECT interval_s FROM smart_meter_readings AS r WHERE r.tenant_id = m.tenant_id AND r.meter_id = m.meter_id
     ORDER BY ts DESC LIMIT 1) AS interval_s,
    d.first_day, d.last_day, coalesce(d.consumes, false) AS consumes, coalesce(d.produces, false) AS produces,
    coalesce(d.voltage, false) AS voltage
FROM meters AS m LEFT JOIN (
    SELECT meter_id, min(day) AS first_day, max(day) AS last_day, bool_or(consumption_kwh IS NOT NULL) AS consumes,
        bool_or(production_kwh > 0) AS produces, bool_or(voltage_mean IS NOT NULL) AS voltage
    FROM meter_days GROUP BY meter_id
) AS d ON d.meter_id = m.meter_id
ORDER BY m.meter_id LIMIT 500
"""
_NAMES = "SELECT meter_id, name, kind FROM meters ORDER BY meter_id LIMIT 500"
_PRODUCTS = """
SELECT p.product, p.interval_s, p.simulated,
    (SELECT min(ts) FROM market_prices AS m WHERE m.market = p.market AND m.product = p.product) AS first_ts,
    (SELECT max(ts) FROM market_prices AS m WHERE m.market = p.market AND m.product = p.product) AS last_ts,
    (SELECT coalesce(sum("values"), 0) FROM market_days AS d WHERE d.market = p.market AND d.product = p.product
        AND d.day >= %(first)s AND d.day <= %(last)s) AS "values"
FROM market_products AS p WHERE p.market = %(market)s
"""
_QUARTERS_SINCE = datetime(2025, 9, 30, 22, tzinfo=UTC)
"""Since delivery on 1 October 2025 the day-ahead auction's own prices are those of quarter-hours."""


@dataclass(frozen=True, slots=True)
class SaidSentence:
    """A checked sentence with its marks and the receipts that it rests on."""

    text: str
    receipts: tuple[QueryReceipt, ...]


@dataclass(frozen=True, slots=True)
class SeriesReply:
    """An answer about series. `receipts` are to be stored under the answer's id by `keep`."""

    answered: bool
    sentences: tuple[SaidSentence, ...]
    summary: str
    suggestion: str
    next_question: str
    kept: tuple[Receipt, ...]
    dropped: int

    @property
    def receipts(self) -> list[QueryReceipt]:
        """All receipts, each once."""
        return [shown(receipt) for receipt in self.kept]

    @property
    def body(self) -> str:
        """The sentences, one block each."""
        return "\n\n".join(sentence.text for sentence in self.sentences)


def mark(receipt_id: object) -> str:
    """What stands behind a sentence that rests on a receipt."""
    return f"[receipt {receipt_id}]"


async def answer(
    sql: AsyncConnection, question: str, *, previous: Sequence[str] = (), day: date | None = None
) -> SeriesReply | None:
    """The answer to a question about series; None for any other question.

    `previous` are the questions before it in the conversation, newest last; `day` is the day to read „gestern“ from,
    where it is not today.
    """
    now = datetime.combine(day, time(12), BERLIN) if day else datetime.now(BERLIN)
    plan = await _read(sql, question, previous, now)
    if plan is None:
        return None
    if plan.impossible and not plan.spans:
        return _unasked(compose.impossible(plan))
    subject = await _market(sql, plan, now) if plan.of_market else await _meters(sql, plan)
    if subject is not None and plan.measure == "cost":
        subject = await _priced(sql, plan, subject, now)
        if subject is None:
            return _unasked(compose.no_series(plan, market=True))
    if subject is None:
        return _unasked(compose.no_series(plan))
    if (
        subject.source == "prices"
        and plan.measure in ("value", "mean", "max", "min")
        and subject.product in ("BASE", "PEAK")
    ):
        plan = replace(plan, per="interval")
    spans = _stretches(plan, subject)
    if not spans:
        return _unasked(compose.no_series(plan))
    return await _asked(sql, plan, subject, spans)


def wordings(history: Sequence[Turn], question: str, condensed: str) -> list[str]:
    """How each question of a conversation is read: where it accepts what Luna offered, that; else by its own words."""
    offered = ["", *(turn.offered for turn in history)]
    asked = [*((turn.question, turn.condensed) for turn in history), (question, condensed)]
    return [whole if whole and whole == offer else own for (own, whole), offer in zip(asked, offered, strict=True)]


async def keep(sql: AsyncConnection, principal: Principal, reply: SeriesReply, answer_id: UUID) -> None:
    """Store the receipts of an answer that is given."""
    await kept.store(sql, reply.kept, tenant=principal.tenant_id, user_id=principal.user_id, answer_id=answer_id)


async def _read(sql: AsyncConnection, question: str, previous: Sequence[str], now: datetime) -> Plan | None:
    """The plan of a question; names of meters may make it one about series, and say about which."""
    rows = await (await sql.execute(_NAMES)).fetchall()
    named = [MeterName(row[0], row[1] or "", row[2]) for row in rows]
    return read_question(question, now, named) or follow_up(question, previous, now, named)


async def _asked(sql: AsyncConnection, plan: Plan, subject: Subject, spans: Sequence[Span]) -> SeriesReply:
    as_of = await kept.now(sql)
    asked: list[Asked] = []
    receipts: dict[tuple[int, str], Receipt] = {}
    for at, span in enumerate(spans):
        results = {name: await kept.run(sql, query, as_of) for name, query in queries(plan, subject, span)}
        if not results["main"].quality.values and (latest := subject.latest(1)) is not None:
            results["latest"] = await kept.run(sql, subject.query(latest, aggregates=("last_ts", "count")), as_of)
        asked.append(Asked(at, span, results))
        for name, result in results.items():
            label = f"{subject.name}, {span.label}" + ("" if name == "main" else f" ({_ROLES.get(name, name)})")
            receipts[at, name] = kept.receipt(result, label, _figures(result))
    said = compose.compose(plan, subject, asked)
    sentences = tuple(_said(statement, receipts) for statement in said.statements)
    used = dict.fromkeys(key for statement in said.statements for key in statement.rests_on)
    return SeriesReply(
        answered=said.answered,
        sentences=sentences,
        summary=sentences[0].text if sentences else "",
        suggestion=said.suggestion,
        next_question=said.next_question,
        kept=tuple(receipts[key] for key in used),
        dropped=len(said.dropped),
    )


_ROLES = {
    "before": "die sieben Tage davor",
    "peak": "Peak",
    "negative": "negative Stunden",
    "quarters": "Viertelstunden",
    "base": "Base",
    "per": "je Abschnitt",
    "latest": "letzte Werte",
    "dearest": "höchster Tag",
    "cheapest": "niedrigster Tag",
}


def _said(statement: Statement, receipts: dict[tuple[int, str], Receipt]) -> SaidSentence:
    resting = [receipts[key] for key in dict.fromkeys(statement.rests_on)]
    marks = " ".join(mark(receipt.receipt_id) for receipt in resting)
    return SaidSentence(f"{statement.text} {marks}".strip(), tuple(shown(receipt) for receipt in resting))


def _unasked(said: compose.SeriesAnswer) -> SeriesReply:
    sentences = tuple(SaidSentence(statement.text, ()) for statement in said.statements)
    return SeriesReply(False, sentences, said.summary, said.suggestion, said.next_question, (), 0)


def _figures(result: Any) -> dict[str, Any]:
    """The figures of the first row, by the name of their column."""
    if not result.rows:
        return {}
    return {name: value for name, value in zip(result.columns, result.rows[0], strict=True) if value is not None}


def _stretches(plan: Plan, subject: Subject) -> list[Span]:
    if plan.spans:
        return list(plan.spans[:_MOST_SPANS])
    if plan.now:
        whole = subject.everything()
        if whole is None:
            return []
        moment = datetime.now(UTC)
        start = moment if moment < whole.end else whole.end - timedelta(seconds=subject.interval_s)
        start -= timedelta(seconds=start.timestamp() % min(subject.interval_s, 3_600))
        end = start + timedelta(seconds=min(subject.interval_s, 3_600))
        return [Span(max(start, whole.start), end, "zuletzt" if moment >= whole.end else "jetzt gerade", "hour")]
    days = 7 if plan.measure in ("course", "value") and plan.of_market else 0
    found = subject.latest(days) if days else subject.everything()
    if days and found is not None:
        found = replace(found, label="in den letzten sieben Tagen mit Werten")
    return [found] if found is not None else []


async def _market(sql: AsyncConnection, plan: Plan, now: datetime) -> Subject | None:
    """The product that covers the question's time best; of equal ones the one that was traded then."""
    first = min((span.start for span in plan.spans), default=now - timedelta(days=36_500))
    last = max((span.end for span in plan.spans), default=now + timedelta(days=2))
    values = {
        "market": plan.market,
        "first": first.astimezone(BERLIN).date(),
        "last": (last - timedelta(microseconds=1)).astimezone(BERLIN).date(),
    }
    async with sql.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_PRODUCTS, values)
        rows = [row for row in await cursor.fetchall() if row["first_ts"] is not None]
    if plan.product:
        rows = [row for row in rows if row["product"] == plan.product]
    fine = [row for row in rows if row["interval_s"] <= 3_600]
    rows = fine or rows
    if not rows:
        return None
    quarters_first = first >= _QUARTERS_SINCE or plan.market != "EPEX"

    def rank(row: dict[str, Any]) -> tuple[int, int]:
        preferred = row["interval_s"] < 3_600 if quarters_first else row["interval_s"] == 3_600
        return int(row["values"]) * int(row["interval_s"]), int(preferred)

    best = max(rows, key=rank)
    return Subject(
        source="prices",
        name=f"{plan.market} {best['product']}",
        interval_s=best["interval_s"],
        market=plan.market,
        product=best["product"],
        first=best["first_ts"],
        last=best["last_ts"],
        simulated=best["simulated"],
    )


async def _priced(sql: AsyncConnection, plan: Plan, meters: Subject, now: datetime) -> Subject | None:
    """The meters with the market's prices beside them; None where there are none."""
    market = await _market(sql, plan, now)
    if market is None:
        return None
    return replace(
        meters,
        market=market.market,
        product=market.product,
        price_s=market.interval_s,
        simulated=meters.simulated or market.simulated,
    )


async def _meters(sql: AsyncConnection, plan: Plan) -> Subject | None:
    """The meters that were named, or those that measure what is asked; several are added."""
    async with sql.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_METERS)
        rows = await cursor.fetchall()
    if plan.measure in ("autarky", "self_use"):
        return _site(rows, plan)
    chosen = [row for row in rows if row["meter_id"] in plan.meters]
    if not chosen:
        chosen = _fitting(rows, plan)
    if not chosen:
        return None
    column: SeriesColumn = {"voltage": "voltage", "production": "production_kw"}.get(plan.quantity, "consumption_kw")  # type: ignore[assignment]
    if plan.quantity == "voltage":
        chosen = chosen[:1]
    terms: list[Term] = []
    parts: list[dict[str, Any]] = []
    by_id = {row["meter_id"]: row for row in rows}
    complete = len(chosen) == 1
    for row in chosen:
        if row["formula"] is not None:
            terms += formula_terms(row["formula"])
            parts += [by_id[term["meter_id"]] for term in row["formula"] if term["meter_id"] in by_id]
        else:
            terms.append(Term(row["meter_id"], column))
            parts.append(row)
    subject = _subject(chosen, parts, tuple(terms), complete=complete)
    if subject is None or plan.measure != "by_meter":
        return subject
    single = [row for row in chosen if row["formula"] is None]
    return replace(
        subject, members=tuple((row["name"] or row["meter_id"], Term(row["meter_id"], column)) for row in single)
    )


def _fitting(rows: Sequence[dict[str, Any]], plan: Plan) -> list[dict[str, Any]]:
    """Real meters before simulated ones; virtual ones only when named, for their terms would count twice."""
    wanted = {"voltage": "voltage", "production": "produces"}.get(plan.quantity, "consumes")
    fitting = [row for row in rows if row[wanted] and row["formula"] is None]
    real = [row for row in fitting if not row["simulated"]]
    return (real or fitting)[:_MOST_METERS]


def _site(rows: Sequence[dict[str, Any]], plan: Plan) -> Subject | None:
    """Load and generation of a site: one meter that knows both, else a meter beside that of the PV."""
    named = [row for row in rows if row["meter_id"] in plan.meters] or [row for row in rows if row["formula"] is None]
    real = [row for row in named if not row["simulated"]]
    pool = real if any(row["produces"] for row in real) else named
    both = [row for row in pool if row["consumes"] and row["produces"] and row["kind"] not in ("grid", "pv")]
    producers = [
        row for row in pool if row["produces"] and (not row["consumes"] or row["kind"] in ("pv", "production"))
    ]
    consumers = [row for row in pool if row["consumes"] and row not in producers]
    if producers and consumers:
        main, pv = consumers[0], producers[0]
        terms, basis = site_terms(main["meter_id"], pv["meter_id"], exports=bool(main["produces"]))
        chosen = [main, pv]
    elif both:
        terms, basis = site_terms(both[0]["meter_id"], None, exports=False)
        chosen = both[:1]
    else:
        return None
    subject = _subject(chosen, chosen, terms, complete=True)
    return replace(subject, site=terms, basis=basis) if subject else None


def _subject(
    chosen: Sequence[dict[str, Any]], parts: Sequence[dict[str, Any]], terms: tuple[Term, ...], *, complete: bool
) -> Subject | None:
    days = [(row["first_day"], row["last_day"]) for row in parts if row["first_day"] is not None]
    intervals = [row["interval_s"] for row in parts]
    step = common_step(intervals)
    names = [row["name"] or row["meter_id"] for row in chosen]
    name = f"Zähler {names[0]}" if len(names) == 1 else f"{len(names)} Zähler: {', '.join(names[:4])}"
    name += " …" if len(names) > 4 else ""
    interval = step or max((interval or 0 for interval in intervals), default=0) or 900
    return Subject(
        source="readings",
        name=name,
        interval_s=interval,
        terms=terms,
        complete=complete,
        align_s=step,
        first=_begin(min(day[0] for day in days)) if days else None,
        last=_begin(max(day[1] for day in days) + timedelta(days=1)) - timedelta(seconds=interval) if days else None,
        simulated=any(row["simulated"] for row in parts),
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN).astimezone(UTC)
