"""Who writes the sentences of an answer: a language model, another one, or the passages themselves.

Whether there is an answer at all was decided before, by what the passages say. A writer gets that decision as a draft
of verbatim sentences; what it says itself passes the check sentence by sentence before anybody sees it.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Protocol

import structlog

from luna_api.answers.composed import GENERATIVE, Composed, Found
from luna_api.answers.schemas import AnswerSentenceData, Attempt, Writing
from luna_api.metrics.registry import Registry
from luna_api.models.directory import Candidate, ModelDirectory
from luna_api.prompts import LunaPrompts
from luna_rules.answers.context import build_context, with_leads
from luna_rules.answers.model import Passage
from luna_rules.answers.orders import without_orders
from luna_rules.answers.written import WrittenChecker, WrittenSentence, under_short_ids, words_of
from resources.generator import ANSWER_TOKENS, GeneratorError, ModelInfo, OllamaGenerator, estimate_tokens

PASSAGE_OVERHEAD = 48
"""Tokens of the words around a passage: its mark, its name, the line breaks."""
SMALLEST_BUDGET = 400
_TOLD_REASONS = 8
_PARTED = "\n\n"
"""What stands between verbatim sentences."""
_ABSATZ = re.compile(r"\A\s*\(\d+[a-z]?\)\s*")


@dataclass(frozen=True, slots=True)
class Brief:
    """What a writer is given: the question, what was found for it (best first), the answer in verbatim sentences."""

    question: str
    found: Found
    passages: tuple[Passage, ...]
    draft: Composed


Say = Callable[[ModelInfo, AnswerSentenceData], Awaitable[None]]
"""Told each sentence as soon as it is known to hold, and who wrote it."""
Left = Callable[[Composed], None]
"""Given what was said so far where an answer ends before it is whole: its reader left, or something broke."""


class Writer(Protocol):
    """Writes an answer."""

    async def write(self, brief: Brief, say: Say, attempts: list[Attempt]) -> Composed | None:
        """The answer, or None where this writer has none that holds. What became of it is added to `attempts`."""
        ...


class ExtractiveWriter:
    """Lets the passages speak for themselves. Never fails."""

    async def write(self, brief: Brief, say: Say, attempts: list[Attempt]) -> Composed:
        """The draft as it is."""
        return brief.draft


@dataclass(slots=True)
class _Run:
    """One model's work on one answer."""

    candidate: Candidate
    began: float = field(default_factory=perf_counter)
    prompt_sha256: str = ""
    kept: list[WrittenSentence] = field(default_factory=list[WrittenSentence])
    dropped: list[WrittenSentence] = field(default_factory=list[WrittenSentence])
    answers: bool = False
    fault: str = ""

    def attempt(self, outcome: str) -> Attempt:
        info = self.candidate.info
        reasons = dict.fromkeys(reason for sentence in self.dropped for reason in sentence.reasons)
        return Attempt(
            role=self.candidate.role,
            model=info.name if info else self.candidate.name,
            digest=info.digest if info else "",
            outcome=outcome,
            fault=self.fault,
            kept=len(self.kept),
            dropped=len(self.dropped),
            reasons=list(reasons)[:_TOLD_REASONS],
            prompt_sha256=self.prompt_sha256,
            latency_ms=round((perf_counter() - self.began) * 1e3, 1),
        )


class GeneratorWriter:
    """A language model, whose sentences are judged as they come."""

    def __init__(
        self,
        generator: OllamaGenerator,
        directory: ModelDirectory,
        candidate: Candidate,
        prompts: LunaPrompts,
        registry: Registry,
        left: Left,
    ) -> None:
        self._left = left
        self._generator = generator
        self._directory = directory
        self._candidate = candidate
        self._prompts = prompts
        self._registry = registry

    async def write(self, brief: Brief, say: Say, attempts: list[Attempt]) -> Composed | None:
        """The model's answer; None where nothing that it wrote holds, or it wrote nothing.

        Where it breaks off after sentences that hold, those stay and the verbatim ones follow.
        """
        run = _Run(self._candidate)
        info = self._candidate.info
        if info is None:
            run.fault = self._candidate.fault
            attempts.append(run.attempt("failed" if run.fault == "missing" else "skipped"))
            return None
        if not self._directory.may_try(info):
            run.fault = "paused"
            attempts.append(run.attempt("skipped"))
            return None
        interrupted = False
        try:
            await self._ask(info, brief, say, run)
        except GeneratorError as fault:
            run.fault = fault.fault
            self._directory.failed(info, fault, perf_counter() - run.began)
            # One that only would not stop has said what there is to say.
            interrupted = fault.fault != "too_long"
            structlog.get_logger("luna_api.answers").warning(
                "model_failed", model=info.name, fault=fault.fault, told=str(fault), kept=len(run.kept)
            )
        except BaseException:
            # Above all a cancellation. What was shown is put on record all the same.
            if run.answers:
                told = _written_so_far(brief.draft, run.attempt("abandoned"), attempts)
                self._left(_composed(info, replace(brief, draft=told), run.kept, interrupted=False))
            raise
        else:
            self._directory.worked(info)
        if run.kept and not run.answers:
            run.dropped = [*run.dropped, *(replace(one, reasons=("beantwortet die Frage nicht",)) for one in run.kept)]
            run.kept = []
        if run.dropped:
            self._registry.dropped_sentences.inc(len(run.dropped))
        if not run.kept:
            attempts.append(run.attempt("failed" if run.fault else "unproven"))
            return None
        attempts.append(run.attempt("interrupted" if interrupted else "written"))
        return _composed(info, brief, run.kept, interrupted=interrupted)

    async def _ask(self, info: ModelInfo, brief: Brief, say: Say, run: _Run) -> None:
        passages, real_ids = self._context(info, brief)
        asked = self._prompts.question(brief.question)
        prompt = self._prompts.context([(one.chunk_id, one.name, one.text) for one in passages]) + "\n\n" + asked
        run.prompt_sha256 = hashlib.sha256(f"{self._prompts.system}\n\n{prompt}".encode()).hexdigest()
        checker = WrittenChecker(passages, real_ids, question=brief.question, instructions=self._prompts.system)
        run.kept, run.dropped = checker.kept, checker.dropped
        anchors = {str(citation.chunk_id) for citation in brief.draft.citations}
        waiting: list[WrittenSentence] = []

        async def tell(sentences: Sequence[WrittenSentence]) -> None:
            """What is true need not be an answer: nothing is shown before a sentence rests where it stands."""
            waiting.extend(sentences)
            run.answers = run.answers or any(anchors.intersection(one.cited) for one in sentences)
            if run.answers:
                for sentence in waiting:
                    await say(info, _said(brief.found, sentence))
                waiting.clear()

        async with aclosing(self._generator.stream(info, self._prompts.system, prompt)) as pieces:
            async for piece in pieces:
                await tell(checker.feed(piece))
                if checker.enough:
                    return
        await tell(checker.finish())

    def _context(self, info: ModelInfo, brief: Brief) -> tuple[tuple[Passage, ...], dict[str, str]]:
        """The passages that fit the model's window, in reading order under short ids, without orders to machines."""
        harmless = [replace(one, text=without_orders(one.text)) for one in with_leads(brief.passages)]
        budget = info.window - ANSWER_TOKENS - estimate_tokens(self._prompts.system) - SMALLEST_BUDGET // 4
        budget -= estimate_tokens(self._prompts.question(brief.question))
        if budget < SMALLEST_BUDGET:
            raise GeneratorError("too_long", info.name, f"Das Fenster von {info.name} ist zu klein für diese Frage")
        places = {str(row["chunk_id"]): int(row["chunk_idx"]) for row in (*brief.found.above, *brief.found.rows)}
        context = build_context(
            [one for one in harmless if one.text.strip()],
            budget=budget,
            overhead=PASSAGE_OVERHEAD,
            position=lambda one: places[one.chunk_id],
            tokens=estimate_tokens,
        )
        if not context.passages:
            raise GeneratorError("too_long", info.name, f"Keine Fundstelle passt in das Fenster von {info.name}")
        return under_short_ids(context.passages)


async def write(
    brief: Brief,
    candidates: Sequence[Candidate],
    directory: ModelDirectory,
    prompts: LunaPrompts,
    registry: Registry,
    say: Say,
    left: Left,
) -> Composed:
    """The answer of the first writer that has one: the models in their order, at last the passages themselves."""
    generator = directory.generator
    models = (
        []
        if generator is None
        else [GeneratorWriter(generator, directory, one, prompts, registry, left) for one in candidates]
    )
    writers: list[Writer] = [*models, ExtractiveWriter()]
    attempts: list[Attempt] = []
    for writer in writers:
        composed = await writer.write(brief, say, attempts)
        if composed is not None:
            break
    else:
        composed = brief.draft
    for attempt in attempts:
        registry.attempts.labels(attempt.role, attempt.outcome).inc()
    lasting = composed.lasting and all(attempt.outcome in ("written", "unproven") for attempt in attempts)
    writing = _writing(attempts, _verbatim_from(composed, attempts[-1])) if attempts else None
    return replace(composed, writing=writing, lasting=lasting)


def _writing(attempts: Sequence[Attempt], verbatim_from: int | None = None) -> Writing:
    dropped = sum(one.dropped for one in attempts)
    return Writing(attempts=list(attempts), dropped=dropped, note=_note(attempts), verbatim_from=verbatim_from)


def _verbatim_from(composed: Composed, last: Attempt) -> int | None:
    """Where in the body the sentences begin that follow those of a model that broke off."""
    rest = composed.sentences[last.kept :] if last.outcome == "interrupted" else ()
    return len(composed.body) - len(_PARTED.join(one.text for one in rest)) if rest else None


def _written_so_far(draft: Composed, last: Attempt, before: Sequence[Attempt]) -> Composed:
    """The draft without all that is told with the end of an answer: its reader has not seen that."""
    frame = replace(draft.answer, summary="", summary_chunk_id="", suggestion="", next_question="", steps=())
    return replace(draft, answer=frame, summary="", writing=_writing([*before, last]), lasting=False)


def _composed(info: ModelInfo, brief: Brief, kept: Sequence[WrittenSentence], *, interrupted: bool) -> Composed:
    draft = brief.draft
    sentences = [_said(brief.found, sentence) for sentence in kept]
    body = "".join(f"{_gap(sentence.lead) if number else ''}{sentence.text}" for number, sentence in enumerate(kept))
    cited = [chunk_id for sentence in kept for chunk_id in sentence.cited]
    if draft.answer.summary_chunk_id and draft.summary:
        cited.insert(0, draft.answer.summary_chunk_id)
    if interrupted:
        said = [f" {words_of(sentence.text)} " for sentence in kept]
        rest = [one for one in draft.sentences if not _among(one.text, said)]
        sentences += rest
        body = _PARTED.join((body, *(sentence.text for sentence in rest)))
        cited += [str(citation.chunk_id) for citation in draft.citations]
    citations = {chunk_id: brief.found.citation(chunk_id) for chunk_id in cited}
    rows = brief.found.by_id
    return replace(
        draft,
        body=body,
        sentences=tuple(sentences),
        citations=tuple(citations.values()),
        chunk_runs={chunk_id: rows[chunk_id][0]["run_id"] for chunk_id in citations},
        ground=brief.found.ground(citations),
        mode=GENERATIVE,
        model=info.name,
        model_digest=info.digest,
    )


def _among(text: str, said: Sequence[str]) -> bool:
    """Whether a sentence was said before, alone or after a heading; the number of its Absatz does not matter."""
    words = f" {words_of(_ABSATZ.sub('', text))} "
    return any(words in one for one in said)


def _said(found: Found, sentence: WrittenSentence) -> AnswerSentenceData:
    return AnswerSentenceData(sentence.text, [found.citation(chunk_id) for chunk_id in sentence.cited])


def _gap(lead: str) -> str:
    """What stands between two sentences: a paragraph, a line, or a blank, as the model had it."""
    breaks = lead.count("\n")
    return "\n\n" if breaks > 1 else "\n" if breaks else " "


def _note(attempts: Sequence[Attempt]) -> str:
    """What a reader should know of how the answer came about."""
    last = attempts[-1] if attempts else None
    if last is None or (last.outcome == "written" and len(attempts) == 1):
        return ""
    if last.outcome == "written":
        return f"Das erste Modell hatte nichts Belegbares beizutragen; geschrieben hat {last.model}."
    if last.outcome == "abandoned":
        return "Diese Antwort wurde abgebrochen, bevor sie vollständig war; festgehalten ist, was bis dahin dastand."
    if last.outcome == "interrupted":
        return f"{last.model} brach mitten in der Antwort ab; ab da lesen Sie die Fundstellen im Wortlaut."
    if all(attempt.outcome == "unproven" for attempt in attempts):
        return "Was das Sprachmodell schrieb, hielt der Prüfung nicht stand; Sie lesen die Fundstellen im Wortlaut."
    return "Das Sprachmodell steht gerade nicht zur Verfügung; Sie lesen die Fundstellen im Wortlaut."
