"""Receipts of answers: shown, run again against today's documents, and rid of a person's words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from luna_api.accounts.principal import Principal
from luna_api.answers.composed import GENERATIVE, SERIES, Clock, Composed
from luna_api.answers.ground import GroundPassage
from luna_api.answers.receipt_schemas import (
    AnswerReceipt,
    Erased,
    Materialisation,
    ReceiptEmbedder,
    ReceiptIndex,
    ReceiptPassage,
    ReplayChange,
    ReplayData,
    ReplayedPassage,
    ReplayNow,
)
from luna_api.answers.schemas import AnswerData
from luna_api.audit import audit
from luna_api.context import AppContext
from luna_api.errors import ApiError, missing
from luna_api.series.receipts import ReceiptService
from luna_rules.answers.changes import Change, Fate, Source, Stand, Survivor, changes, is_same, verdict, words_of
from resources.database import AsyncConnection
from resources.vectors.index import Filters

_ROW = """
SELECT a.*, luna_answer_fault(a) AS fault FROM answer_log AS a WHERE id = %s AND (user_id = %s OR %s)
"""
_PLACES = """
SELECT c.id, c.section, c.paragraph, c.heading_path, i.law_names[1] AS law, coalesce(i.title, i.file_name) AS title,
       encode(sha256(convert_to(c.text, 'UTF8')), 'hex') AS sha256
FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id WHERE c.id = ANY(%s)
"""
_VERSIONS = """
SELECT id, document_id, version, status = 'ready' AND deleted_at IS NULL AS there FROM items
WHERE document_id = ANY(%s) ORDER BY version
"""
# Whether words that a passage had stand in a passage of these items today.
_WORDS = """
SELECT item_id, encode(sha256(convert_to(text, 'UTF8')), 'hex') AS sha256 FROM item_chunks WHERE item_id = ANY(%s)
"""
_FAULTS = {
    "changed": "Der Inhalt des Belegs passt nicht zu seiner Prüfsumme.",
    "text": "Der Wortlaut passt nicht zu den Prüfsummen des Belegs.",
}


class AnswerReceiptService:
    """Receipts of one asker; the administrator sees the tenant's."""

    def __init__(self, context: AppContext, principal: Principal) -> None:
        self._context = context
        self._principal = principal

    async def receipt(self, answer_id: UUID) -> AnswerReceipt:
        """What was answered then and on what. Raises 404."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await self._row(sql, answer_id)
            ground = msgspec.convert(row["ground"], list[GroundPassage])
            labels = await _labels(sql, [one.chunk_id for one in ground])
        return _shown(row, ground, _known_labels(row) | labels)

    async def replay(self, answer_id: UUID) -> ReplayData:
        """Run retrieval and extraction again and say what is different. Raises 404, and 409 for erased words."""
        clock = Clock()
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await self._row(sql, answer_id)
        if row["erased_at"] is not None:
            raise ApiError(
                409,
                "Der Wortlaut dieser Frage wurde gelöscht; sie lässt sich nicht mehr stellen.",
                data={"answer_id": str(answer_id), "erased_at": row["erased_at"]},
            )
        self._context.limiter.check(self._principal)
        if row["mode"] == SERIES:
            return await self._rerun(row, clock)
        now = await self._context.pipeline.again(
            self._principal,
            row["condensed_question"],
            msgspec.convert(row["filters"], Filters),
            row["as_of"],
            row["top_k"],
        )
        clock.lap("answer")
        models = _models(row)
        known = await self._context.models.digests(models)
        if models:
            clock.lap("models")
        ground = msgspec.convert(row["ground"], list[GroundPassage])
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            labels = await _labels(sql, [one.chunk_id for one in (*ground, *now.ground)])
            survivors = await _survivors(sql, ground, _known_labels(row) | labels)
        clock.lap("compare")
        return self._compared(row, ground, now, survivors, _known_labels(row) | labels, (models, known), clock)

    async def erase(self, person: UUID) -> Erased:
        """Take away all words of one person of the tenant, for good; the chain still holds."""
        async with self._context.database.transaction(self._principal.tenant_id) as sql:
            row = await (await sql.execute("SELECT luna_erase_answers(%s)", (person,))).fetchone()
            erased = int(row[0]) if row else 0
            # Of the erasure itself only that it happened is kept, not whose words they were.
            await audit(sql, self._principal, "answers.erase", {"receipts": erased})
        self._context.pipeline.forget(self._principal.tenant_id)
        return Erased(erased)

    async def _row(self, sql: AsyncConnection, answer_id: UUID) -> dict[str, Any]:
        async with sql.cursor(row_factory=dict_row) as cursor:
            await cursor.execute(_ROW, (answer_id, self._principal.user_id, self._principal.is_admin))
            row = await cursor.fetchone()
        if row is None:
            raise missing("Diese Antwort")
        return row

    def _compared(
        self,
        row: Mapping[str, Any],
        ground: Sequence[GroundPassage],
        now: Composed,
        survivors: Mapping[UUID, Survivor],
        labels: Mapping[UUID, str],
        models: tuple[Mapping[str, str], Mapping[str, str]],
        clock: Clock,
    ) -> ReplayData:
        compared = row["mode"] != GENERATIVE
        answer = msgspec.convert(row["answer"], AnswerData)
        text_now = now.body if now.answer.answered else now.answer.render()
        then_ground = [one for one in ground if one.cited or not compared]
        now_ground = [one for one in now.ground if one.cited or not compared]
        then = Stand(
            row["answered"],
            answer.answer if compared else None,
            _sources(then_ground, labels),
            (tuple(row["index_versions"]), row["index_generation"]),
            row["prompt_hash"],
            models[0],
        )
        today = Stand(
            now.answer.answered,
            text_now if compared else None,
            _sources(now_ground, labels),
            (now.index_versions, now.generation),
            self._context.pipeline.prompt_hash,
            models[1],
        )
        found = changes(then, today, [survivors[one.chunk_id] for one in then_ground])
        return ReplayData(
            answer_id=row["id"],
            same=is_same(found),
            said=verdict(found, compared=compared),
            text_same=words_of(answer.answer) == words_of(text_now) if compared else None,
            changes=[_change(one) for one in found],
            passages=[_replayed(one, survivors[one.chunk_id]) for one in ground],
            now=ReplayNow(
                answered=now.answer.answered,
                answer=text_now,
                summary=now.summary,
                chunks_used=[citation.chunk_id for citation in now.citations],
                index=ReceiptIndex(versions=list(now.index_versions), generation=now.generation, runs={}),
            ),
            reruns=[],
            replayed_at=datetime.now(UTC),
            latency_ms=clock.total(),
        )

    async def _rerun(self, row: Mapping[str, Any], clock: Clock) -> ReplayData:
        """An answer about series: each of its queries over what was known then, and over what is known today."""
        answer = msgspec.convert(row["answer"], AnswerData)
        service = ReceiptService(self._context, self._principal)
        reruns = [await service.rerun(UUID(receipt.receipt_id)) for receipt in answer.receipts]
        labels = {receipt.receipt_id: receipt.label for receipt in answer.receipts}
        found = [
            ReplayChange("series", f"{labels[one.receipt_id]}: Die Werte von damals ergeben nicht mehr dasselbe.")
            for one in reruns
            if not one.same
        ]
        found += [
            ReplayChange("series", f"{labels[one.receipt_id]}: Mit den Werten von heute kommt etwas anderes heraus.")
            for one in reruns
            if one.same and one.changed_since
        ]
        same = all(one.same for one in reruns)
        clock.lap("series")
        return ReplayData(
            answer_id=row["id"],
            same=same,
            said=(
                "Die Zahlen kommen aus den Werten von damals wieder genauso heraus."
                if same
                else "Die Zahlen lassen sich nicht mehr genauso errechnen."
            ),
            text_same=None,
            changes=found,
            passages=[],
            now=None,
            reruns=reruns,
            replayed_at=datetime.now(UTC),
            latency_ms=clock.total(),
        )


def _shown(row: Mapping[str, Any], ground: Sequence[GroundPassage], labels: Mapping[UUID, str]) -> AnswerReceipt:
    runs: dict[str, dict[str, Any]] = row["index_runs"]
    of_passages = Counter(one.run_id for one in ground if one.run_id)
    materialisations = [
        Materialisation(asset="documents/chunks", run_id=run, passages=count) for run, count in of_passages.items()
    ]
    of_index = dict.fromkeys(str(one["run_id"]) for one in runs.values() if one.get("run_id"))
    materialisations += [Materialisation(asset="documents/index", run_id=run, passages=0) for run in of_index]
    fault = row["fault"]
    return AnswerReceipt(
        answer_id=row["id"],
        answer=None if row["answer"] is None else msgspec.convert(row["answer"], AnswerData),
        answered=row["answered"],
        as_of=row["as_of"],
        top_k=row["top_k"],
        filters=row["filters"],
        mode=row["mode"],
        model=row["model"],
        model_digest=row["model_digest"],
        embedders=_embedders(row),
        prompt_version=row["prompt_version"],
        prompt_hash=row["prompt_hash"],
        chunk_runs=row["chunk_runs"],
        ground=[
            ReceiptPassage(**msgspec.structs.asdict(one), label=labels.get(one.chunk_id, str(one.chunk_id)))
            for one in ground
        ],
        materialisations=materialisations,
        index=ReceiptIndex(versions=row["index_versions"], generation=row["index_generation"], runs=runs),
        latency_ms=row["latency_ms"],
        trace_id=row["trace_id"],
        created_at=row["created_at"],
        erased_at=row["erased_at"],
        sequence=row["sequence"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
        intact=fault is None,
        fault=None if fault is None else _FAULTS[fault],
    )


def _embedders(row: Mapping[str, Any]) -> list[ReceiptEmbedder]:
    """The models whose vectors were compared with; a receipt of before they were noted has none."""
    runs: dict[str, dict[str, Any]] = row["index_runs"]
    return [
        ReceiptEmbedder(
            index_version=int(version),
            model=one["embedder"],
            model_digest=one["model_digest"],
            question_vector=one["question_vector"],
        )
        for version, one in sorted(runs.items(), key=lambda pair: int(pair[0]))
        if "model_digest" in one
    ]


def _models(row: Mapping[str, Any]) -> dict[str, str]:
    """By name the digests of all models that had a part in an answer."""
    found = {one.model: one.model_digest for one in _embedders(row) if one.question_vector}
    return {**found, row["model"]: row["model_digest"]} if row["model_digest"] else found


def _known_labels(row: Mapping[str, Any]) -> dict[UUID, str]:
    """What the cited passages were called in the answer itself, for those that are gone."""
    if row["answer"] is None:
        return {}
    cited = msgspec.convert(row["answer"], AnswerData).citations
    return {
        one.chunk_id: _label(
            one.payload.section, one.payload.paragraph, None, one.payload.title, one.payload.heading_path
        )
        for one in cited
    }


def _label(section: str | None, paragraph: str | None, law: str | None, title: str, headings: Sequence[str]) -> str:
    if section:
        place = f"{section} Abs. {paragraph}" if paragraph else section
        return f"{place} {law or title}"
    return f"{title}, {headings[-1]}" if headings and headings[-1] != title else title


async def _labels(sql: AsyncConnection, chunk_ids: Sequence[UUID]) -> dict[UUID, str]:
    async with sql.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_PLACES, (list(chunk_ids),))
        return {
            row["id"]: _label(row["section"], row["paragraph"], row["law"], row["title"], row["heading_path"])
            for row in await cursor.fetchall()
        }


async def _survivors(
    sql: AsyncConnection, ground: Sequence[GroundPassage], labels: Mapping[UUID, str]
) -> dict[UUID, Survivor]:
    """What became of each passage, by its id of then."""
    async with sql.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_PLACES, ([one.chunk_id for one in ground],))
        hashes = {row["id"]: row["sha256"] for row in await cursor.fetchall()}
        await cursor.execute(_VERSIONS, ([one.document_id for one in ground],))
        items = await cursor.fetchall()
        newest = {row["document_id"]: row for row in items if row["there"]}
        there = {row["id"] for row in items if row["there"]}
        wanted = {row["id"] for row in newest.values()} | ({one.item_id for one in ground} & there)
        await cursor.execute(_WORDS, (list(wanted),))
        words: dict[UUID, set[str]] = {}
        for row in await cursor.fetchall():
            words.setdefault(row["item_id"], set()).add(row["sha256"])
    found: dict[UUID, Survivor] = {}
    for one in ground:
        latest = newest.get(one.document_id)
        fate = _fate(one, one.item_id in there, hashes.get(one.chunk_id), latest, words)
        label = labels.get(one.chunk_id, str(one.chunk_id))
        found[one.chunk_id] = Survivor(label, fate, latest["version"] if latest else None)
    return found


def _fate(
    then: GroundPassage,
    item_there: bool,
    sha256: str | None,
    newest: Mapping[str, Any] | None,
    words: Mapping[UUID, set[str]],
) -> Fate:
    if newest is None or (newest["version"] <= then.version and not item_there):
        return "removed"
    if newest["version"] > then.version and then.sha256 not in words.get(newest["id"], set()):
        return "replaced"
    if sha256 == then.sha256:
        return "same"
    if any(then.sha256 in words.get(item, set()) for item in (then.item_id, newest["id"])):
        return "rebuilt"
    return "changed"


def _sources(ground: Sequence[GroundPassage], labels: Mapping[UUID, str]) -> tuple[Source, ...]:
    return tuple(Source(one.sha256, labels.get(one.chunk_id, str(one.chunk_id))) for one in ground)


def _replayed(one: GroundPassage, survivor: Survivor) -> ReplayedPassage:
    return ReplayedPassage(
        chunk_id=one.chunk_id,
        label=survivor.label,
        cited=one.cited,
        fate=survivor.fate,
        version=one.version,
        newest_version=survivor.newest,
    )


def _change(change: Change) -> ReplayChange:
    return ReplayChange(change.kind, change.said)
