"""What was found, and answers that may leave: checked against their passages, with all that is told about them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any
from uuid import UUID

from luna_api.answers.ground import GroundPassage, ground_of
from luna_api.answers.payload import passage, payload
from luna_api.answers.schemas import AnswerSentenceData, Citation, Writing
from luna_api.metrics.registry import Registry
from luna_api.series.answers import SeriesReply
from luna_api.series.schemas import QueryReceipt
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.model import Answer, AnswerSentence, Passage, cite
from resources.vectors.index import Hit, SearchResult

EXTRACTIVE = "extractive"
"""The mode of an answer that is made of verbatim sentences."""
SERIES = "series"
"""The mode of an answer whose numbers come from SQL."""
GENERATIVE = "generative"
"""The mode of an answer that a language model wrote and that was checked sentence by sentence."""
CONVERSATION = "conversation"
"""The mode of a reply to a remark that asked for nothing in the documents."""
NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class Found:
    """Passages of a search with all that is told about them.

    `above` are the rows of passages that lead in those that begin amid a table or list; search did not ask for them.
    """

    result: SearchResult
    rows: tuple[dict[str, Any], ...]
    above: tuple[dict[str, Any], ...] = ()

    @staticmethod
    def read(result: SearchResult, rows: Mapping[UUID, dict[str, Any]]) -> "Found":
        """A search's hits with their rows; a hit without a row is no passage any more."""
        kept = tuple(hit for hit in result.hits if hit.chunk_id in rows)
        return Found(replace(result, hits=kept), tuple(rows[hit.chunk_id] for hit in kept))

    @staticmethod
    def joined(every: Sequence["Found"], chunk_ids: Iterable[UUID]) -> "Found":
        """Just these passages out of several searches, in this order, as if the first had found them all."""
        hits = {hit.chunk_id: hit for found in reversed(every) for hit in found.result.hits}
        rows = {row["chunk_id"]: row for found in reversed(every) for row in found.rows}
        without = dict.fromkeys(version for found in every for version in found.result.without_vectors)
        chosen = tuple(hits[chunk_id] for chunk_id in chunk_ids)
        return Found.read(replace(every[0].result, hits=chosen, without_vectors=tuple(without)), rows)

    @property
    def pairs(self) -> list[tuple[Any, dict[str, Any]]]:
        """Each hit with its row."""
        return list(zip(self.result.hits, self.rows, strict=True))

    @property
    def passages(self) -> list[Passage]:
        """As the rules of answering want them."""
        return [passage(row, hit.score, hit.scores) for hit, row in self.pairs]

    def ground(self, cited: Collection[str]) -> tuple[GroundPassage, ...]:
        """What an answer that cites these was taken from, as its receipt keeps it."""
        lent = (row for row in self.above if str(row["chunk_id"]) in cited)
        return ground_of((*self.rows, *lent), cited)

    def citation(self, chunk_id: str) -> Citation:
        """One of the passages as an answer cites it. Raises `KeyError` for any other."""
        return _citation(self.by_id, chunk_id)

    @property
    def lending(self) -> list[Passage]:
        """The passages whose heads and lead-ins an answer may show."""
        return [passage(row, 0.0, {}) for row in self.above]

    @property
    def by_id(self) -> dict[str, tuple[dict[str, Any], Any]]:
        """The row and the hit of each passage that an answer may cite."""
        lent = {str(row["chunk_id"]): (row, Hit(row["chunk_id"], row["item_id"], 0.0, {})) for row in self.above}
        return lent | {str(row["chunk_id"]): (row, hit) for hit, row in self.pairs}


@dataclass(frozen=True, slots=True)
class Composed:
    """An answer that may leave: checked, with the passages that it cites.

    `generation` is the state of the corpus that was seen. `writing` tells of the language models that were asked, None
    where none was. `lasting` is False where a fault that passes (a server that is down) decided what was found or who
    wrote it: the same question is then to be answered afresh. `without_vectors`: index versions that were
    searched by words alone.
    """

    answer: Answer
    summary: str
    body: str
    sentences: tuple[AnswerSentenceData, ...]
    citations: tuple[Citation, ...]
    chunk_runs: Mapping[str, str | None]
    index_versions: tuple[int, ...]
    receipts: tuple[QueryReceipt, ...] = ()
    mode: str = ""
    ground: tuple[GroundPassage, ...] = ()
    generation: int | None = None
    model: str = NO_MODEL
    model_digest: str = ""
    writing: Writing | None = None
    lasting: bool = True
    without_vectors: tuple[int, ...] = ()


@dataclass(slots=True)
class Clock:
    """Where the time goes, in milliseconds."""

    started: float = field(default_factory=perf_counter)
    last: float = field(default_factory=perf_counter)
    parts: dict[str, float] = field(default_factory=dict[str, float])

    def lap(self, name: str) -> None:
        """The time since the last lap went into `name`."""
        now = perf_counter()
        self.parts[name] = round(self.parts.get(name, 0.0) + (now - self.last) * 1e3, 3)
        self.last = now

    def total(self) -> dict[str, float]:
        """All parts and the whole."""
        return {**self.parts, "total": round((perf_counter() - self.started) * 1e3, 3)}


def checked(answer: Answer, found: Found, registry: Registry) -> Composed:
    """The last gate for verbatim sentences: what does not hold against its passage does not leave."""
    rows = found.by_id
    checker = CitationChecker([*found.lending, *found.passages])
    blocks: list[str] = []
    sentences: list[AnswerSentenceData] = []
    for statement in answer.body_sentences:
        lines = AnswerSentence.render(statement).split("\n")  # without a label that a comparison puts above
        pieces = [checker.check_text(line) if "[chunk " in line else None for line in _joined_lines(lines)]
        if any(part is not None and any(piece.verdict != "ok" for piece in part) for part in pieces):
            registry.dropped_sentences.inc()
            continue
        blocks.append(statement.render())
        sentences.append(AnswerSentenceData(statement.render(), [_citation(rows, one) for one in statement.cited]))
    cited = [chunk_id for chunk_id in answer.cited if chunk_id in rows] if answer.answered else []
    return Composed(
        answer=answer,
        summary=_summary(answer, checker, registry),
        body="\n\n".join(blocks),
        sentences=tuple(sentences),
        citations=tuple(_citation(rows, chunk_id) for chunk_id in cited),
        chunk_runs={chunk_id: rows[chunk_id][0]["run_id"] for chunk_id in cited},
        index_versions=found.result.index_versions,
        ground=found.ground(cited),
        generation=found.result.generation,
        lasting=not found.result.without_vectors,
        without_vectors=found.result.without_vectors,
    )


def of_series(reply: SeriesReply) -> Composed:
    """An answer about series; its sentences were checked against their receipts already."""
    answer = Answer(reply.answered, reply.body, suggestion=reply.suggestion, next_question=reply.next_question)
    sentences = tuple(AnswerSentenceData(said.text, [], list(said.receipts)) for said in reply.sentences)
    return Composed(
        answer, reply.summary, reply.body, sentences, (), {}, (), receipts=tuple(reply.receipts), mode=SERIES
    )


def rounded(scores: Mapping[str, float]) -> dict[str, float]:
    """Scores as they are told."""
    return {name: round(float(value), 6) for name, value in scores.items()}


def _summary(answer: Answer, checker: CitationChecker, registry: Registry) -> str:
    """The summary with its citation; empty where its words do not hold, for the body says them anyway."""
    if not answer.summary_chunk_id:
        return answer.summary
    summary = f"{answer.summary} {cite(answer.summary_chunk_id)}"
    if all(piece.verdict == "ok" for piece in checker.check_text(summary)):
        return summary
    registry.dropped_sentences.inc()
    return ""


def _joined_lines(lines: Sequence[str]) -> list[str]:
    """Lines of a statement, where a line without its own mark belongs to the next one with a mark."""
    joined: list[str] = []
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if "[chunk " in line:
            joined.append("\n".join(waiting))
            waiting = []
    return joined


def _citation(rows: Mapping[str, tuple[dict[str, Any], Any]], chunk_id: str) -> Citation:
    row, hit = rows[chunk_id]
    return Citation(
        chunk_id=row["chunk_id"], score=round(hit.score, 6), payload=payload(row), scores=rounded(hit.scores)
    )
