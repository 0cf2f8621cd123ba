"""Shapes of receipts: what an answer stood on, what a replay finds, whether the chain holds."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from luna_api.answers.ground import GroundPassage
from luna_api.answers.schemas import AnswerData
from luna_api.series.schemas import RerunData


class ReceiptPassage(GroundPassage, kw_only=True):
    """A passage of the receipt, with what readers call it where it can still be told."""

    label: str


class Materialisation(msgspec.Struct, kw_only=True):
    """A Dagster run that made what the answer stands on; `passages` counts those of this receipt."""

    asset: str
    run_id: str
    passages: int


class ReceiptIndex(msgspec.Struct, kw_only=True):
    """What was searched. `generation` is the state of the corpus as the asker saw it; `runs` tells of each version.

    `words_alone` (true) stands in a version's run where its vectors were not to be had for the question.
    """

    versions: list[int]
    generation: int | None
    runs: dict[str, dict[str, Any]]


class ReceiptEmbedder(msgspec.Struct, kw_only=True):
    """The model whose vectors an index version had. `question_vector` is False where it was not to be had for the
    question, so that words alone found.
    """

    index_version: int
    model: str
    model_digest: str
    question_vector: bool


class AnswerReceipt(msgspec.Struct, kw_only=True):
    """What was answered then, with the ground it stood on, and its place in the tenant's chain of receipts.

    `model` and `model_digest` name the writer and its weights, `embedders` those whose vectors were compared with; none
    where the index made its own. `answer` and `filters` are null once the person's words were erased. `intact` tells
    whether this receipt holds by itself; `fault` says in German what does not. Whether the chain holds is for
    `GET admin/answers/verify` to say.
    """

    answer_id: UUID
    answer: AnswerData | None
    answered: bool
    as_of: date | None
    top_k: int
    filters: dict[str, Any] | None
    mode: str
    model: str
    model_digest: str | None
    embedders: list[ReceiptEmbedder]
    prompt_version: str
    prompt_hash: str
    chunk_runs: dict[str, str | None]
    ground: list[ReceiptPassage]
    materialisations: list[Materialisation]
    index: ReceiptIndex
    latency_ms: dict[str, float]
    trace_id: str
    created_at: datetime
    erased_at: datetime | None
    sequence: int
    previous_hash: str
    hash: str
    intact: bool
    fault: str | None


class ReplayedPassage(msgspec.Struct, kw_only=True):
    """A passage of then and what became of it. `newest_version` is the newest of its document that may be seen."""

    chunk_id: UUID
    label: str
    cited: bool
    fate: Literal["same", "rebuilt", "replaced", "changed", "removed"]
    version: int
    newest_version: int | None


class ReplayChange(msgspec.Struct):
    """One difference: `kind` names what it concerns, `said` is a German sentence."""

    kind: Literal["answered", "text", "added", "dropped", "passage", "index", "prompt", "model", "series"]
    said: str


class ReplayNow(msgspec.Struct, kw_only=True):
    """What the same question gives today, without a language model."""

    answered: bool
    answer: str
    summary: str
    chunks_used: list[UUID]
    index: ReceiptIndex


class ReplayData(msgspec.Struct, kw_only=True):
    """Retrieval and extraction run again. `same`: the same answer from the same words.

    `text_same` is null where a model wrote the answer then; compared are the passages alone. `reruns` are the receipts
    of an answer about series, run again.
    """

    answer_id: UUID
    same: bool
    said: str
    text_same: bool | None
    changes: list[ReplayChange]
    passages: list[ReplayedPassage]
    now: ReplayNow | None
    reruns: list[RerunData]
    replayed_at: datetime
    latency_ms: dict[str, float]


class ChainHead(msgspec.Struct):
    """A receipt's place in the chain. Noted outside the database it proves that nothing before it was rewritten."""

    sequence: int
    hash: str


class BrokenLink(msgspec.Struct, kw_only=True):
    """The first receipt that does not hold. `fault`: `changed` (its content), `text` (its words), `missing` (a gap
    before it), `previous` (it does not hold the hash before it), `head` (the end of the chain is not where it was),
    `noted` (it is not what was noted elsewhere).
    """

    sequence: int
    answer_id: UUID | None
    fault: Literal["changed", "text", "missing", "previous", "head", "noted"]
    said: str


class ChainReport(msgspec.Struct, kw_only=True):
    """Whether the chain of a tenant's receipts holds; `head` is what to note elsewhere."""

    valid: bool
    receipts: int
    erased: int
    head: ChainHead | None
    broken: BrokenLink | None
    checked_ms: float


class Erased(msgspec.Struct):
    """How many receipts lost their words."""

    erased: int
