"""Asks the live public index version the gold questions, in process, as the API does. Knows no Dagster."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from luna_assets.documents.gold import GOLD_FILES
from luna_rules.answers.compose import answer_question
from luna_rules.answers.frame import Frame
from luna_rules.answers.gather import Search, ground, searches
from luna_rules.answers.matching import QueryMatcher
from luna_rules.answers.model import Passage
from luna_rules.evaluation.metrics import Outcome
from luna_rules.evaluation.questions import GoldQuestion, evidence_share, law_key, ranks_of, read_questions
from luna_rules.search.analyser import Analyser
from resources.database import Connection
from resources.search_tables import load_search_tables
from resources.vectors.embedders import Embedders
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.trial import Trial, try_version

QUESTIONS = GOLD_FILES / "questions_split.jsonl"
TOP_K = 50
ANSWER_TOP_K = 6
# What is said around an answer does not change whether there is one.
_FRAME = Frame(dict.fromkeys(Frame.REQUIRED, ("…",)))
_PLACES = """
SELECT c.id, c.item_id, c.section, c.paragraph, c.heading_path, c.text,
       coalesce(i.title, i.file_name), i.law_names
FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id WHERE c.id = ANY(%s)
"""
_LAWS = (
    "SELECT DISTINCT unnest(law_names) FROM items WHERE tenant_id IS NULL AND status = 'ready' AND deleted_at IS NULL"
)


class _Place(NamedTuple):
    chunk_id: UUID
    item_id: UUID
    section: str | None
    paragraph: str | None
    heading_path: list[str]
    text: str
    title: str
    law_names: list[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a version of the index answered; `left_out` counts questions about laws that it does not hold."""

    version_id: int
    outcomes: tuple[Outcome, ...]
    left_out: int
    seconds: float


def gold_questions(path: Path = QUESTIONS) -> list[GoldQuestion]:
    """The questions of the project's own set, both halves."""
    return read_questions(path.read_text("utf-8"), path.name)


def fitting(connection: Connection, questions: Sequence[GoldQuestion]) -> list[GoldQuestion]:
    """The questions whose laws are ready in the public corpus; none where no law is."""
    laws = frozenset(law_key(row[0]) for row in connection.execute(_LAWS))
    return [question for question in questions if laws and question.fits(laws)]


def measure(
    connection: Connection, questions: Sequence[GoldQuestion], embedders: Embedders | None = None
) -> Measured | None:
    """Ask the live public version all questions that fit it. None where no version is live or none fits.

    `embedders`: the models' server, where the version's vectors are a model's.
    """
    begun = time.perf_counter()
    writer = IndexWriter(connection)
    live = writer.live_version(None)
    chosen = fitting(connection, questions)
    if live is None or not chosen:
        return None
    wanted = [searches(question.question, ANSWER_TOP_K) for question in chosen]
    limits: dict[str, int] = {}
    for search in (one for several in wanted for one in several):
        limits[search.question] = max(search.limit, limits.get(search.question, TOP_K))
    asked = list(limits)
    limit = max(limits.values())
    found = try_version(connection, live.id, asked, load_search_tables(), limit=limit, embedders=embedders)
    trials = dict(zip(asked, found, strict=True))
    analyser = Analyser(writer.lexicon(live.id))
    places = _places(connection, found)
    pairs = zip(chosen, wanted, strict=True)
    outcomes = tuple(_outcome(question, several, trials, places, analyser) for question, several in pairs)
    return Measured(live.id, outcomes, len(questions) - len(chosen), time.perf_counter() - begun)


def _places(connection: Connection, trials: Sequence[Trial]) -> dict[UUID, _Place]:
    wanted = list({chunk_id for trial in trials for chunk_id, _, _ in trial.hits})
    return {row[0]: _Place(*row) for row in connection.execute(_PLACES, (wanted,))}


def _outcome(
    question: GoldQuestion,
    wanted: Sequence[Search],
    trials: Mapping[str, Trial],
    places: Mapping[UUID, _Place],
    analyser: Analyser,
) -> Outcome:
    trial = trials[wanted[0].question]
    hits = [places[chunk_id] for chunk_id, _, _ in trial.hits[:TOP_K] if chunk_id in places]
    found = [_passages(trials[search.question], places, search.limit) for search in wanted]
    grounded = ground(question.question, found, ANSWER_TOP_K)
    matcher = QueryMatcher(
        trial.query, analyser, frequency=lambda term: trial.frequency.get(term, 0), total=trial.total
    )
    answer = answer_question(question.question, grounded.passages, matcher, _FRAME, twins=grounded.twins)
    return Outcome(
        question,
        ranks_of(question, [(place.law_names, place.section) for place in hits]),
        answer.answered,
        evidence_share(question, answer.render() if answer.answered else ""),
    )


def _passages(trial: Trial, places: Mapping[UUID, _Place], limit: int) -> list[Passage]:
    return [
        Passage(
            chunk_id=str(chunk_id),
            text=place.text,
            title=place.title,
            heading_path=tuple(place.heading_path),
            section=place.section,
            paragraph=place.paragraph,
            law=place.law_names[0] if place.law_names else None,
            score=score,
            scores=scores,
            item_id=str(place.item_id),
        )
        for chunk_id, score, scores in trial.hits[:limit]
        if (place := places.get(chunk_id)) is not None
    ]
