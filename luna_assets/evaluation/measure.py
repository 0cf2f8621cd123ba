"""Asks the live public index version the gold questions, in process, as the API does. Knows no Dagster."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from luna_assets.documents.gold import GOLD_FILES
from luna_rules.answers.above import MOST_ABOVE, Before, begins_amid, led_in
from luna_rules.answers.beside import beside_laws
from luna_rules.answers.compose import answer_question
from luna_rules.answers.frame import Frame
from luna_rules.answers.gather import Ground, Search, ground, searches
from luna_rules.answers.matching import QueryMatcher
from luna_rules.answers.model import Answer, Passage
from luna_rules.answers.second import second_search, with_second
from luna_rules.evaluation.metrics import Outcome
from luna_rules.evaluation.questions import GoldQuestion, evidence_share, law_key, ranks_of, read_questions
from luna_rules.search.analyser import Analyser
from resources.database import Connection
from resources.passages_before import PASSAGES_BEFORE
from resources.search_tables import load_search_tables
from resources.vectors.embedders import Embedders
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.trial import Trial, try_version

QUESTIONS = GOLD_FILES / "questions_split.jsonl"
TOP_K = 50
ANSWER_TOP_K = 6
# What is said around an answer does not change whether there is one.
_FRAME = Frame(dict.fromkeys(Frame.REQUIRED, ("…",)))
_COLUMNS = """
c.id, c.item_id, c.section, c.paragraph, c.heading_path, c.text, coalesce(i.title, i.file_name), i.law_names
"""
_PLACES = f"SELECT {_COLUMNS} FROM item_chunks AS c JOIN items AS i ON i.id = c.item_id WHERE c.id = ANY(%s)"  # noqa: S608
_BEFORE = f"""
SELECT own.id, own.chunk_idx, c.chunk_idx, c.metadata ->> 'table_header', {_COLUMNS} FROM {PASSAGES_BEFORE}
"""  # noqa: S608
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
    version = _Version(connection, live.id, embedders)
    analyser = Analyser(writer.lexicon(live.id))
    wanted = [searches(question.question, ANSWER_TOP_K) for question in chosen]
    found = version.try_all(
        [Search(question.question, TOP_K) for question in chosen] + [s for some in wanted for s in some]
    )
    asked = [_ask(question, version, found, some, analyser) for question, some in zip(chosen, wanted, strict=True)]
    again = {number: search for number, one in enumerate(asked) if (search := one.second_search()) is not None}
    more = version.try_all(list(again.values()))
    for number, search in again.items():
        asked[number] = asked[number].with_second(more.passages(search))
    outcomes = tuple(one.outcome(found.places(one.question.question)) for one in asked)
    return Measured(live.id, outcomes, len(questions) - len(chosen), time.perf_counter() - begun)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the version found for each text asked, and where its passages stand."""

    trials: Mapping[str, Trial]
    placed: Mapping[UUID, _Place]

    def places(self, text: str) -> list[_Place]:
        """The best `TOP_K` passages."""
        return [self.placed[chunk_id] for chunk_id, _, _ in self.trials[text].hits[:TOP_K] if chunk_id in self.placed]

    def passages(self, search: Search) -> list[Passage]:
        """The passages of a search, as an answer takes them."""
        return _passages(self.trials[search.question], self.placed, search.limit)


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of the index that texts are asked of, many at once: reading it is what takes the time."""

    connection: Connection
    version_id: int
    embedders: Embedders | None

    def try_all(self, wanted: Sequence[Search]) -> _Found:
        """All searches; of those that ask the same, the one that wants most."""
        if not wanted:
            return _Found({}, {})
        limits: dict[str, int] = {}
        for search in wanted:
            limits[search.question] = max(search.limit, limits.get(search.question, 0))
        texts, most = list(limits), max(limits.values())
        tables = load_search_tables()
        trials = try_version(self.connection, self.version_id, texts, tables, limit=most, embedders=self.embedders)
        return _Found(dict(zip(texts, trials, strict=True)), _places(self.connection, trials))

    def led_in(self, read: Ground) -> Ground:
        """The same, where passages that begin amid a table or list have those that lead them in."""
        cut = [UUID(one.chunk_id) for one in read.passages if begins_amid(one.text)]
        if not cut:
            return read
        places: dict[str, int] = {}
        before: list[Before] = []
        for own, own_place, place, header, *rest in self.connection.execute(
            _BEFORE, {"most": MOST_ABOVE, "cut": cut}
        ).fetchall():
            places[str(own)] = own_place
            before.append(Before(place, header, _passage(_Place(*rest), 0.0, {})))
        passages = [
            led_in(one, places[one.chunk_id], before) if one.chunk_id in places else one for one in read.passages
        ]
        return replace(read, passages=tuple(passages))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question answered as the API does: from what was found, and before declining from one further search."""

    question: GoldQuestion
    version: _Version
    ground: Ground
    matcher: QueryMatcher
    answer: Answer

    def second_search(self) -> Search | None:
        """What to search for before declining; None where it is answered or nothing is left to be found."""
        if self.answer.answered or self.answer.talk:
            return None
        return second_search(self.question.question, self.ground.passages, self.matcher)

    def with_second(self, found: Sequence[Passage]) -> _Asked:
        """The same with what the further search found."""
        read = with_second(self.question.question, self.ground, found, self.matcher, ANSWER_TOP_K)
        if read.passages == self.ground.passages:
            return self
        return _answered(self.question, self.version, read, self.matcher)

    def outcome(self, places: Sequence[_Place]) -> Outcome:
        """What became of it; `places` are the best passages of its search."""
        return Outcome(
            self.question,
            ranks_of(self.question, [(place.law_names, place.section) for place in places]),
            self.answer.answered,
            evidence_share(self.question, self.answer.render() if self.answer.answered else ""),
        )


def _ask(
    question: GoldQuestion, version: _Version, found: _Found, wanted: Sequence[Search], analyser: Analyser
) -> _Asked:
    trial = found.trials[question.question]
    matcher = QueryMatcher(
        trial.query, analyser, frequency=lambda term: trial.frequency.get(term, 0), total=trial.total
    )
    read = ground(question.question, [found.passages(search) for search in wanted], ANSWER_TOP_K)
    return _answered(question, version, read, matcher)


def _answered(question: GoldQuestion, version: _Version, read: Ground, matcher: QueryMatcher) -> _Asked:
    led = version.led_in(read)
    answer = answer_question(question.question, led.passages, matcher, _FRAME, twins=led.twins)
    own = None if answer.answered or answer.talk else beside_laws(question.question, read, ANSWER_TOP_K)
    if own is not None:
        other = answer_question(question.question, version.led_in(own).passages, matcher, _FRAME)
        answer = other if other.answered else answer
    return _Asked(question, version, read, matcher, answer)


def _places(connection: Connection, trials: Sequence[Trial]) -> dict[UUID, _Place]:
    wanted = list({chunk_id for trial in trials for chunk_id, _, _ in trial.hits})
    return {row[0]: _Place(*row) for row in connection.execute(_PLACES, (wanted,))}


def _passages(trial: Trial, places: Mapping[UUID, _Place], limit: int) -> list[Passage]:
    return [
        _passage(place, score, scores)
        for chunk_id, score, scores in trial.hits[:limit]
        if (place := places.get(chunk_id)) is not None
    ]


def _passage(place: _Place, score: float, scores: Mapping[str, float]) -> Passage:
    return Passage(
        chunk_id=str(place.chunk_id),
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
