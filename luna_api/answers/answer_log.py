"""What is kept of an answer: its row in the log, its turn in the conversation; and what was said there before."""

from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from luna_api.accounts.principal import Principal
from luna_api.answers.asked import Asked
from luna_api.answers.composed import Composed
from luna_api.answers.schemas import AnswerData
from luna_api.envelope import trace_id
from luna_api.errors import missing
from luna_rules.answers.followup import Turn
from resources.database import AsyncConnection

_HISTORY = """
SELECT t.question, coalesce(a.condensed_question, ''), coalesce(a.answer ->> 'next_question', ''),
       coalesce(concat_ws(' ', c.section, 'Abs. ' || c.paragraph, i.law_names[1]), '')
FROM conversation_turns AS t LEFT JOIN answer_log AS a ON a.id = t.answer_id
LEFT JOIN item_chunks AS c ON c.id = a.chunk_ids[1] AND c.section IS NOT NULL LEFT JOIN items AS i ON i.id = c.item_id
WHERE t.conversation_id = %s ORDER BY t.turn_idx DESC LIMIT 10
"""
# The update holds the conversation's row, so that two questions at once get their turns one after the other.
_TOUCH = """
UPDATE conversations SET updated_at = now() WHERE id = %s AND user_id = %s AND deleted_at IS NULL RETURNING id
"""
_LOG = """
WITH conversation AS (
    INSERT INTO conversations (id, tenant_id, user_id, title)
    SELECT %(conversation_id)s, %(tenant)s, %(user_id)s, %(title)s WHERE %(new)s
    RETURNING id
), answer AS (
    INSERT INTO answer_log (id, tenant_id, user_id, conversation_id, question, condensed_question, filters, as_of,
                            top_k, answered, answer, mode, model, model_digest, prompt_version, prompt_hash, chunk_ids,
                            chunk_runs, ground, index_versions, index_generation, index_runs, latency_ms, trace_id)
    VALUES (%(answer_id)s, %(tenant)s, %(user_id)s, %(conversation_id)s, %(question)s, %(condensed)s, %(filters)s,
            %(as_of)s, %(top_k)s, %(answered)s, %(answer)s, %(mode)s, %(model)s, %(model_digest)s, %(prompt_version)s,
            %(prompt_hash)s, %(chunk_ids)s, %(chunk_runs)s, %(ground)s, %(index_versions)s, %(index_generation)s,
            (SELECT coalesce(jsonb_object_agg(
                id, jsonb_build_object('run_id', run_id, 'embedder', embedder, 'lexicon', lexicon_digest)
                    || CASE WHEN model_digest IS NULL THEN '{}' ELSE jsonb_build_object(
                           'model_digest', model_digest, 'question_vector', id <> ALL(%(without_vectors)s)) END
                    || CASE WHEN id = ANY(%(without_vectors)s) THEN '{"words_alone": true}'::jsonb ELSE '{}' END), '{}')
             FROM index_versions WHERE id = ANY(%(index_versions)s)), %(latency_ms)s, %(trace_id)s)
)
INSERT INTO conversation_turns (tenant_id, conversation_id, turn_idx, question, answer_id)
SELECT %(tenant)s, %(conversation_id)s,
       (SELECT coalesce(max(turn_idx) + 1, 0) FROM conversation_turns WHERE conversation_id = %(conversation_id)s),
       %(question)s, %(answer_id)s
"""


async def read_history(sql: AsyncConnection, principal: Principal, conversation_id: UUID) -> list[Turn]:
    """What was said in a conversation before, the oldest first; it is held until the transaction ends.

    Raises 404 where the asker has no such conversation.
    """
    touched = await (await sql.execute(_TOUCH, (conversation_id, principal.user_id))).fetchone()
    if touched is None:
        raise missing("Dieses Gespräch")
    rows = await (await sql.execute(_HISTORY, (conversation_id,))).fetchall()
    return [
        Turn(question=row[0], condensed=row[1] if row[1] != row[0] else "", offered=row[2], provision=row[3])
        for row in reversed(rows)
    ]


async def touch(sql: AsyncConnection, principal: Principal, conversation_id: UUID) -> None:
    """Hold the conversation, so that two questions at once get their turns one after the other."""
    await sql.execute(_TOUCH, (conversation_id, principal.user_id))


async def log_answer(
    sql: AsyncConnection,
    principal: Principal,
    asked: Asked,
    data: AnswerData,
    composed: Composed,
) -> None:
    """Write the answer's row and its turn in the conversation, which is made where it is a new one."""
    await sql.execute(
        _LOG,
        {
            "answer_id": data.answer_id,
            "tenant": principal.tenant_id,
            "user_id": principal.user_id,
            "conversation_id": data.conversation_id,
            "new": asked.request.conversation_id is None,
            "title": data.question[:120],
            "question": data.question,
            "condensed": data.condensed_question,
            "filters": Jsonb(msgspec.to_builtins(asked.filters) if asked.request.filters else {}),
            "as_of": data.as_of,
            "top_k": asked.request.top_k,
            "answered": data.answered,
            "answer": Jsonb(msgspec.to_builtins(data)),
            "mode": data.mode,
            "model": data.model,
            "model_digest": data.model_digest or None,
            "prompt_version": data.prompt_version,
            "prompt_hash": data.prompt_hash,
            "chunk_ids": data.chunks_used,
            "chunk_runs": Jsonb(dict(composed.chunk_runs)),
            "ground": Jsonb(msgspec.to_builtins(composed.ground)),
            "index_versions": data.index_versions,
            "index_generation": composed.generation,
            "without_vectors": list(composed.without_vectors),
            "latency_ms": Jsonb(data.latency_ms),
            "trace_id": trace_id.get(),
        },
    )
