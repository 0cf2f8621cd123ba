"""How well answers hold: refusals, evidence in the answer, citations, time; on the laws, in memory, without a database.

Run it as `python tests/bench/answer_quality.py [--questions FILE …] [--top-k 6] [--misses] [--show ID …]`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from retrieval_quality import MemoryEngine, Place, build  # noqa: E402

from luna_api.prompts import load_prompts  # noqa: E402
from luna_rules.answers.above import MOST_ABOVE, above  # noqa: E402
from luna_rules.answers.beside import beside_laws  # noqa: E402
from luna_rules.answers.citations import CitationChecker  # noqa: E402
from luna_rules.answers.compose import answer_question  # noqa: E402
from luna_rules.answers.gather import ground, searches  # noqa: E402
from luna_rules.answers.matching import QueryMatcher  # noqa: E402
from luna_rules.answers.model import Answer, Passage  # noqa: E402
from luna_rules.answers.second import second_search, with_second  # noqa: E402
from luna_rules.answers.tables import shown  # noqa: E402
from luna_rules.documents.chunking import chunk_document  # noqa: E402
from luna_rules.documents.model import ExtractedText  # noqa: E402
from luna_rules.evaluation.bootstrap import estimate  # noqa: E402
from luna_rules.search.analyser import Analyser  # noqa: E402
from luna_rules.search.model import ChunkFields  # noqa: E402

LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
DEV = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"
GOLD = ROOT / "data" / "gold"
OWN = (
    GOLD / "answerability_own.jsonl",
    GOLD / "unanswerable_own.jsonl",
    GOLD / "law_questions_own.jsonl",
    GOLD / "questions_split.jsonl",
    GOLD / "questions_second.jsonl",
)
TODAY = datetime.now(ZoneInfo("Europe/Berlin")).date()
ANSWERS = GOLD / "questions_answers.jsonl"
DOCUMENTS = GOLD / "documents"
"""Ordinary documents, which the questions of `ANSWERS` are asked of beside the laws."""
COUNTED = ("hold", "report")
"""Halves that are counted and never shown: nobody tunes on them."""
NOT_ANSWERABLE = ("unanswerable", "offtopic", "energy_absent", "absent_identifier", "absent_document")


@dataclass
class Bench:
    """The laws as passages, and an engine over them."""

    places: list[Place]
    fields: list[ChunkFields]
    passages: list[Passage]
    engine: MemoryEngine
    analyser: Analyser
    frequency: dict[str, int]
    statistics: str = "full"

    def find(self, question: str, top_k: int) -> list[Passage]:
        """The best passages for a question, with their scores."""
        found: list[Passage] = []
        for hit in self.engine.search(question, limit=top_k):
            p = self.passages[hit.number]
            found.append(
                Passage(
                    chunk_id=p.chunk_id,
                    text=p.text,
                    title=p.title,
                    heading_path=p.heading_path,
                    section=p.section,
                    paragraph=p.paragraph,
                    law=p.law,
                    score=hit.score,
                    scores=hit.scores,
                    item_id=p.item_id,
                )
            )
        return found

    def above(self, passages: Sequence[Passage]) -> list[Passage]:
        """The passages, those that begin amid a table or list with what stands above them."""
        found: list[Passage] = []
        for one in passages:
            place = int(one.chunk_id[1:])
            before = [p for p in self.passages[max(0, place - MOST_ABOVE) : place] if p.item_id == one.item_id]
            found.append(replace(one, above=above(one, before)))
        return found

    def matcher(self, question: str) -> QueryMatcher:
        """The question as concepts."""
        query = self.engine.parser.parse(question)
        if self.statistics == "none":
            return QueryMatcher(query, self.analyser)
        if self.statistics == "lexicon":
            return QueryMatcher(query, self.analyser, lexicon=self.engine.lexicon)
        return QueryMatcher(
            query, self.analyser, frequency=lambda term: self.frequency.get(term, 0), total=len(self.passages)
        )


def load(folder: Path, documents: Path | None = None) -> Bench:
    """Chunks and indexes all laws of a folder, and the files of another beside them."""
    places: list[Place] = []
    fields: list[ChunkFields] = []
    passages: list[Passage] = []
    others = sorted(path for path in documents.iterdir() if path.suffix in (".md", ".txt")) if documents else []
    for path in (*sorted(folder.glob("*.md")), *others):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".md":
            document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        else:
            document = chunk_document(ExtractedText(text=text, media_type="text/plain", markup="plain"))
        title = document.title or path.name
        for chunk in document.chunks:
            places.append(Place(path.stem, chunk.section, chunk.paragraph))
            fields.append(
                ChunkFields(
                    title=title,
                    heading=" ".join(chunk.heading_path[-1:]),
                    body=chunk.text,
                    section=chunk.section,
                    paragraph=chunk.paragraph,
                    law_names=document.law_names,
                )
            )
            passages.append(
                Passage(
                    chunk_id=f"c{len(passages):05}",
                    text=chunk.text,
                    title=title,
                    heading_path=chunk.heading_path,
                    section=chunk.section,
                    paragraph=chunk.paragraph,
                    law=document.law_names[0] if document.law_names else None,
                    item_id=path.stem,
                )
            )
    engine = build(places, fields)
    block = engine.block
    sizes = np.diff(block.offsets)
    frequency = {term: int(size) for term, size in zip(block.terms, sizes, strict=True)}
    return Bench(places, fields, passages, engine, Analyser(engine.lexicon), frequency)


def squeeze(text: str) -> str:
    """Text without citations and line breaks, for finding evidence in it."""
    return re.sub(r"\s+", " ", re.sub(r"\[chunk [^\]]*\]", " ", text)).lower()


@dataclass
class Row:
    """What became of one question."""

    case: dict[str, Any]
    answer: Answer
    passages: list[Passage]
    milliseconds: float
    evidence: float | None
    reachable: float | None
    broken: int


def ask(bench: Bench, case: dict[str, Any], top_k: int) -> Row:
    """Search, answer and judge one question."""
    frame = load_prompts().frame
    searched = [bench.find(search.question, search.limit) for search in searches(case["question"], top_k)]
    matcher = bench.matcher(case["question"])
    begun = time.thread_time()  # other work on shared cores does not count
    found = ground(case["question"], searched, top_k)
    passages = bench.above(found.passages)
    answer = answer_question(
        case["question"], passages, matcher, frame, twins=found.twins, further=found.further, today=TODAY
    )
    own = None if answer.answered or answer.talk else beside_laws(case["question"], found, top_k)
    if own is not None:
        aside = bench.above(own.passages)
        other = answer_question(case["question"], aside, matcher, frame, today=TODAY)
        if other.answered:
            answer, passages = other, aside
    wanted = None if answer.answered or answer.talk else second_search(case["question"], passages, matcher)
    if wanted is not None:
        more = bench.find(wanted.question, wanted.limit)
        first, found = found, with_second(case["question"], found, more, matcher, top_k)
        if found.passages != first.passages:
            passages = bench.above(found.passages)
            answer = answer_question(
                case["question"], passages, matcher, frame, twins=found.twins, further=found.further, today=TODAY
            )
    spent = (time.thread_time() - begun) * 1000
    body = squeeze(answer.render())
    gold = [re.sub(r"\s+", " ", e).lower() for e in case.get("evidence", [])]
    evidence = sum(e in body for e in gold) / len(gold) if gold else None
    found = squeeze(" ".join(p.text for p in passages))
    reachable = sum(e in found for e in gold) / len(gold) if gold else None
    every = [*(one for p in passages for one in p.above), *passages]
    checker = CitationChecker(every)
    cited = [s for s in checker.check_text(answer.render_body()) if s.verdict != "ok"]
    if answer.summary_chunk_id:
        cited += [
            s for s in checker.check_text(f"{answer.summary} [chunk {answer.summary_chunk_id}]") if s.verdict != "ok"
        ]
    texts = {p.chunk_id: p.text for p in every}
    torn = [s for s in answer.body_sentences if tuple(shown(texts[i][a:b]) for i, (a, b) in s.located) != s.slices]
    return Row(case, answer, passages, spent, evidence, reachable, len(cited) + len(torn))


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures that count."""
    answerable = [r for r in rows if r.case["kind"] not in NOT_ANSWERABLE]
    absent = [r for r in rows if r.case["kind"] in NOT_ANSWERABLE]
    said = [r.evidence for r in answerable if r.evidence is not None]
    reachable = [r.reachable for r in answerable if r.reachable is not None]
    times = np.array([r.milliseconds for r in rows])
    return {
        "questions": len(rows),
        "refused rightly": f"{sum(not r.answer.answered for r in absent)} of {len(absent)}",
        "refused wrongly": f"{sum(not r.answer.answered for r in answerable)} of {len(answerable)}",
        "evidence recall": interval(said),
        "evidence among passages": round(float(np.mean(reachable)), 3) if reachable else None,
        "citations that do not hold": sum(r.broken for r in rows),
        "sentences": round(float(np.mean([len(r.answer.body_sentences) for r in rows if r.answer.answered] or [0])), 1),
        "characters": int(np.mean([len(r.answer.render_body()) for r in rows if r.answer.answered] or [0])),
        "ms p50/p95": f"{np.percentile(times, 50):.1f}/{np.percentile(times, 95):.1f}",
    }


def interval(values: Sequence[float]) -> str | None:
    """A mean with its 95 % interval; None without values."""
    if not values:
        return None
    one = estimate(values)
    return f"{one.value:.3f} ({one.low:.2f}–{one.high:.2f})"


def half_of(case: dict[str, Any]) -> str:
    """Which half of its file a question belongs to; empty where the file has none."""
    return str(case.get("split") or case.get("use") or "")


def by_kind(rows: Sequence[Row]) -> None:
    """Prints answers and evidence by kind of question."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        half = half_of(row.case)
        groups[f"{row.case['kind']}{f'/{half}' if half else ''}"].append(row)
    for kind, members in sorted(groups.items()):
        evidence = [m.evidence for m in members if m.evidence is not None]
        mean = f"  evidence {np.mean(evidence):.3f}" if evidence else ""
        print(f"  {kind:22} answered {sum(m.answer.answered for m in members):3} of {len(members):3}{mean}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, default=LAWS)
    parser.add_argument("--questions", type=Path, nargs="*", default=None)
    parser.add_argument("--top-k", type=int, default=6)
    parser.add_argument("--statistics", choices=["full", "lexicon", "none"], default="full")
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--tuning", action="store_true", help="leave out the halves that are for reporting only")
    parser.add_argument("--show", nargs="*", default=[])
    arguments = parser.parse_args()
    if not arguments.laws.is_dir():
        sys.exit(f"There are no laws at {arguments.laws}")
    bench = load(arguments.laws)
    bench.statistics = arguments.statistics
    for path in arguments.questions or [DEV, *OWN, ANSWERS]:
        if not path.is_file():
            continue
        if path.name == ANSWERS.name:
            bench = load(arguments.laws, DOCUMENTS)
            bench.statistics = arguments.statistics
        cases = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if arguments.tuning:
            cases = [case for case in cases if half_of(case) not in COUNTED]
        rows = [ask(bench, case, arguments.top_k) for case in cases]
        for half in sorted({half_of(row.case) for row in rows}):
            members = [row for row in rows if half_of(row.case) == half]
            print(f"\n{path.name} {half}")
            for name, value in summary(members).items():
                print(f"  {name:28}{value}")
        by_kind(rows)
        for row in rows:
            wrong = row.answer.answered == (row.case["kind"] in NOT_ANSWERABLE)
            if half_of(row.case) in COUNTED:
                continue
            if arguments.misses and (wrong or (row.evidence is not None and row.evidence < (row.reachable or 0))):
                print(
                    row.case["id"],
                    "WRONG" if wrong else "evidence missed",
                    row.answer.reason,
                    row.answer.missing,
                    row.case["question"],
                    [p.name for p in row.passages[:4]],
                )
            if row.case["id"] in arguments.show:
                print(row.case["question"], "\n", row.answer.render(), "\n", row.answer.steps, row.answer.next_question)


if __name__ == "__main__":
    main()
