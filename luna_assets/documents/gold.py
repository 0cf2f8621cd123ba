"""Gold questions: what a new index version must find as well as the live one before it is promoted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from luna_rules.evaluation.by_vectors import by_luck
from luna_rules.evaluation.questions import law_key
from resources.database import Connection
from resources.search_tables import load_search_tables
from resources.vectors.index import IndexedItem
from resources.vectors.points import PassagePoints, PointsError
from resources.vectors.postgres_writer import IndexWriter
from resources.vectors.trial import Trial, try_version

GOLD_FILES = Path(__file__).resolve().parents[2] / "data" / "gold"
TOP = 5
PASSAGES = 25
"""So many passages are looked at for the first five sections: a section has several."""


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and the provisions that answer it, each as (law, section); any of them counts as found."""

    question: str
    targets: frozenset[tuple[str, str]]

    def fits(self, laws: frozenset[str]) -> bool:
        """Whether all its laws are among `laws` (as `law_key` gives them)."""
        return all(law in laws for law, _ in self.targets)


@dataclass(frozen=True, slots=True)
class GoldReport:
    """How many of the questions found an answer among the first five sections.

    `by_vectors`: how many did when the vectors alone were asked; None where nobody could ask them.
    """

    questions: int
    hits: int
    missed: tuple[str, ...]
    by_vectors: int | None = None

    @property
    def hit_at_5(self) -> float:
        """Share of questions answered among the first five sections, 0 to 1."""
        return self.hits / self.questions if self.questions else 1.0

    def summary(self) -> dict[str, object]:
        """For the metadata of a materialisation."""
        return {
            "questions": self.questions,
            "hit_at_5": round(self.hit_at_5, 4),
            "missed": list(self.missed[:10]),
            "hits_by_vectors": self.by_vectors,
        }


def laws_in(items: Sequence[IndexedItem]) -> frozenset[str]:
    """Keys of all names that the laws among `items` answer to."""
    return frozenset(law_key(name) for item in items for _, fields, _ in item.chunks[:1] for name in fields.law_names)


def load_gold(folder: Path = GOLD_FILES) -> list[GoldQuestion]:
    """Read the project's own gold questions; those without an answer in the law are left out here."""
    questions: list[GoldQuestion] = []
    for path in sorted(folder.glob("law_*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            gold = row.get("gold") or []
            if gold:
                targets = frozenset((law_key(one["law"]), str(one["section"])) for one in gold)
                questions.append(GoldQuestion(row["question"], targets))
    return questions


def evaluate(
    connection: Connection, writer: IndexWriter, version_id: int, questions: Sequence[GoldQuestion]
) -> GoldReport:
    """Ask one version of the index, live or not, by the engine that askers would use, and count what it finds: all in
    all, and by its vectors alone.

    Raises `PointsError` where Qdrant fails a version that is being built, or that PostgreSQL has no vectors of.
    """
    asked = [question.question for question in questions]
    info = writer.version(version_id)

    def tried(points: PassagePoints | None) -> list[Trial]:
        return try_version(
            connection,
            version_id,
            asked,
            load_search_tables(),
            limit=PASSAGES,
            points=points,
            embedders=writer.embedders,
            by_vectors=True,
        )

    try:
        answers = tried(writer.mirror.points if "qdrant" in info.engines else None)
    except PointsError:
        # Askers of a version that was promoted are answered by PostgreSQL then; that Qdrant is away must stop neither
        # the one that is to follow it nor the way back. One that is being built has to be found in what it names.
        if info.state == "building" or "postgres" not in info.engines:
            raise
        answers = tried(None)
    missed: list[str] = []
    by_vectors: int | None = None
    for question, found in zip(questions, answers, strict=True):
        if not _answers(connection, question, [chunk_id for chunk_id, _, _ in found.hits]):
            missed.append(question.question)
        if found.nearest is not None:
            by_vectors = (by_vectors or 0) + _answers(connection, question, found.nearest)
    return GoldReport(len(questions), len(questions) - len(missed), tuple(missed), by_vectors)


def likely_by_luck(items: Sequence[IndexedItem], questions: Sequence[GoldQuestion]) -> list[float]:
    """For each question how likely luck finds an answer to it among the passages of `items`."""
    passages: Counter[tuple[str, str]] = Counter()
    for item in items:
        for _, fields, _ in item.chunks:
            if fields.section:
                # A law has several names; a question knows it by one of them.
                passages.update({(law_key(name), fields.section) for name in fields.law_names})
    answering = [sum(passages[target] for target in question.targets) for question in questions]
    return by_luck(sum(len(item.chunks) for item in items), answering)


def _answers(connection: Connection, question: GoldQuestion, chunk_ids: Sequence[UUID]) -> bool:
    return bool(_first_sections(connection, chunk_ids) & question.targets)


def _first_sections(connection: Connection, chunk_ids: Sequence[UUID]) -> set[tuple[str, str]]:
    rows = connection.execute(
        """SELECT i.law_names, c.section FROM unnest(%s::uuid[]) WITH ORDINALITY AS f (id, place)
           JOIN item_chunks AS c ON c.id = f.id JOIN items AS i ON i.id = c.item_id ORDER BY f.place""",
        (list(chunk_ids),),
    ).fetchall()
    distinct = list(dict.fromkeys((tuple(names), section) for names, section in rows if section))[:TOP]
    return {(law_key(name), section) for names, section in distinct for name in names}
