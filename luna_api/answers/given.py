"""The answer as it leaves: what is said before its first sentence, and the whole with its citations."""

from luna_api.answers.asked import Asked
from luna_api.answers.composed import CONVERSATION, EXTRACTIVE, Clock, Composed
from luna_api.answers.schemas import AnswerData, AskMeta
from luna_api.envelope import trace_id
from luna_api.prompts import LunaPrompts


def answer_meta(asked: Asked, mode: str, model: str, digest: str) -> AskMeta:
    """What is known of an answer before its first sentence: who writes, under which ids."""
    return AskMeta(
        answer_id=asked.answer_id,
        conversation_id=asked.conversation_id,
        mode=mode,
        model=model,
        model_digest=digest,
        condensed_question=asked.condensed,
        trace_id=trace_id.get(),
    )


def answer_data(asked: Asked, composed: Composed, prompts: LunaPrompts, clock: Clock, *, cached: bool) -> AnswerData:
    """The whole answer to a question; `cached` where it was kept from before."""
    answer = composed.answer
    return AnswerData(
        answer_id=asked.answer_id,
        conversation_id=asked.conversation_id,
        answered=answer.answered,
        answer=composed.body if answer.answered else answer.render(),
        summary=composed.summary,
        suggestion=answer.suggestion,
        next_question=answer.next_question,
        steps=list(answer.steps),
        chunks_used=[citation.chunk_id for citation in composed.citations],
        citations=list(composed.citations),
        receipts=list(composed.receipts),
        model=composed.model,
        model_digest=composed.model_digest,
        mode=composed.mode or (CONVERSATION if answer.talk else EXTRACTIVE),
        cached=cached,
        question=asked.question,
        condensed_question=asked.condensed,
        as_of=asked.as_of,
        index_versions=list(composed.index_versions),
        prompt_version=prompts.version,
        prompt_hash=prompts.sha256,
        writing=composed.writing,
        latency_ms=clock.total(),
    )
