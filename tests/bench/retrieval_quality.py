"""How well search finds the right section of the laws: a table by kind of question, in memory, without a database.

Run it as `python tests/bench/retrieval_quality.py [--questions FILE …] [--laws FOLDER] [--scale 100000] [--misses]`.
Questions for reporting (`hold`, `report`) are counted, never shown: nobody tunes on them (`data/gold/README.md`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from luna_rules.search.analyser import Analyser  # noqa: E402
from luna_rules.search.lexicon import Lexicon  # noqa: E402
from luna_rules.search.model import ChunkFields, Corpus, Ranked, TermBlock  # noqa: E402
from luna_rules.search.query import QueryParser  # noqa: E402
from luna_rules.search.ranker import DEFAULT_WEIGHTS, lexical_candidates, rank  # noqa: E402
from luna_rules.search.tables import SearchTables  # noqa: E402
from resources.search_tables import load_search_tables  # noqa: E402

LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
DEV = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"
OWN = ROOT / "data" / "gold" / "law_questions_own.jsonl"
SPLIT = ROOT / "data" / "gold" / "questions_split.jsonl"
THIRD = ROOT / "data" / "gold" / "questions_third.jsonl"
"""For reporting only, and asked only where it is named, so that its totals are seen seldom."""
FOURTH = ROOT / "data" / "gold" / "questions_fourth.jsonl"
"""One half may be looked at, the other is counted."""
COUNTED = ("hold", "report")


@dataclass(frozen=True)
class Place:
    """Where a passage stands: the law's file stem, its section as written, its Absatz."""

    law: str
    section: str | None
    paragraph: str | None


def read_laws(folder: Path) -> tuple[list[Place], list[ChunkFields]]:
    """Chunks of all laws of a folder, in order."""
    from luna_rules.documents.chunking import chunk_document
    from luna_rules.documents.model import ExtractedText

    places: list[Place] = []
    chunks: list[ChunkFields] = []
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        for chunk in document.chunks:
            places.append(Place(path.stem, chunk.section, chunk.paragraph))
            chunks.append(
                ChunkFields(
                    title=document.title or "",
                    heading=" ".join(chunk.heading_path[-1:]),
                    body=chunk.text,
                    section=chunk.section,
                    paragraph=chunk.paragraph,
                    law_names=document.law_names,
                )
            )
    return places, chunks


def corpus_of(places: Sequence[Place], lengths: NDArray[np.uint16]) -> Corpus:
    """Numbers for laws and sections in reading order."""
    items: list[int] = []
    sections: list[int] = []
    last: tuple[str, str | None] | None = None
    names: dict[str, int] = {}
    for place in places:
        items.append(names.setdefault(place.law, len(names)))
        here = (place.law, place.section)
        sections.append((sections[-1] + 1 if sections else 0) if here != last else sections[-1])
        last = here
    return Corpus(np.array(items, np.uint32), np.array(sections, np.uint32), lengths)


class MemoryEngine:
    """An index in memory with the steps of a real one: postings by term, candidates, vectors, ranker."""

    def __init__(
        self, block: TermBlock, corpus: Corpus, vectors: NDArray[np.float32], lexicon: Lexicon, tables: SearchTables
    ) -> None:
        self.block, self.corpus, self.vectors, self.lexicon = block, corpus, vectors, lexicon
        self.tables = tables
        self.rows = {term: i for i, term in enumerate(block.terms)}
        self.parser = QueryParser(lexicon, tables)
        self.weights = DEFAULT_WEIGHTS
        self.seconds: list[tuple[float, float, float]] = []

    def search(self, question: str, limit: int = 100) -> list[Ranked]:
        """The best passages for a question."""
        begun = time.thread_time()
        query = self.parser.parse(question)
        block = self.block
        postings = {
            term: (block.numbers[a:b], block.frequencies[a:b])
            for term in query.terms
            if (i := self.rows.get(term)) is not None
            for a, b in [(block.offsets[i], block.offsets[i + 1])]
        }
        parsed = time.thread_time()
        candidates = lexical_candidates(query, self.corpus, postings, weights=self.weights)
        between = time.thread_time()
        # The engine's part, not the ranker's: it is left out of the times.
        vector = query.vector(self.lexicon)
        dense = self.vectors @ vector if len(vector) else None
        if dense is not None and np.any(vector):
            near = np.argpartition(-dense, min(100, len(dense) - 1))[:100]
            candidates = np.union1d(candidates, near.astype(np.uint32))
        ready = time.thread_time()
        found = rank(
            query,
            self.corpus,
            postings,
            candidates,
            dense=dense[candidates] if dense is not None else None,
            limit=limit,
            weights=self.weights,
        )
        ended = time.thread_time()
        self.seconds.append((parsed - begun, between - parsed, ended - ready))
        return found


def build(places: Sequence[Place], chunks: Sequence[ChunkFields]) -> MemoryEngine:
    """Learns, analyses and embeds the chunks."""
    lexicon = Lexicon.learn(chunks)
    analyser = Analyser(lexicon)
    block = analyser.analyse(chunks)
    return MemoryEngine(block, corpus_of(places, block.lengths), analyser.embed(block), lexicon, load_search_tables())


def enlarged(engine: MemoryEngine, size: int, seed: int = 1) -> MemoryEngine:
    """The same corpus again and again up to about `size` chunks, each copy with its words shuffled between chunks."""
    block, corpus = engine.block, engine.corpus
    n = len(corpus.item)
    copies = max(1, size // n)
    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(len(block.terms)), np.diff(block.offsets))
    numbers, owners = [block.numbers.astype(np.int64)], [owner]
    for copy in range(1, copies):
        shift = random.integers(0, n, len(block.terms))
        numbers.append(random.permutation(n)[(block.numbers + shift[owner]) % n] + copy * n)
        owners.append(owner)
    flat, whose = np.concatenate(numbers), np.concatenate(owners)
    order = np.lexsort((flat, whose))
    big = TermBlock(
        terms=block.terms,
        offsets=(block.offsets * copies).astype(np.int64),
        numbers=flat[order].astype(np.uint32),
        frequencies=np.tile(block.frequencies, (copies, 1))[order],
        lengths=np.tile(block.lengths, (copies, 1)),
    )
    step = np.repeat(np.arange(copies), n)
    many = Corpus(
        item=(np.tile(corpus.item, copies) + step * (int(corpus.item.max()) + 1)).astype(np.uint32),
        section=(np.tile(corpus.section, copies) + step * (int(corpus.section.max()) + 1)).astype(np.uint32),
        lengths=big.lengths,
    )
    larger = MemoryEngine(big, many, np.tile(engine.vectors, (copies, 1)), engine.lexicon, engine.tables)
    larger.parser = engine.parser
    return larger


def distinct_sections(found: Sequence[Ranked], places: Sequence[Place]) -> list[tuple[str, str | None]]:
    """The sections of the passages found, each once, in order."""
    return list(dict.fromkeys((places[hit.number].law, places[hit.number].section) for hit in found))


def positions(engine: MemoryEngine, places: Sequence[Place], case: dict[str, Any]) -> tuple[list[int], Any]:
    """The rank (from 1; 0 = not among the first hundred passages) of each gold section of a question."""
    sections = distinct_sections(engine.search(case["question"]), places)
    gold = [(g["law"], g["section"]) for g in case["gold"]]
    return [sections.index(g) + 1 if g in sections else 0 for g in gold], sections


def evaluate(
    engine: MemoryEngine,
    places: Sequence[Place],
    cases: Sequence[dict[str, Any]],
    *,
    misses: bool = False,
) -> dict[str, dict[str, float]]:
    """hit@5, MRR@10 (best gold section), and the share with all gold sections among five, by kind and over all."""
    rows: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for case in cases:
        if not case["gold"]:
            continue
        ranks, sections = positions(engine, places, case)
        best = min((r for r in ranks if r), default=0)
        row = (float(0 < best <= 5), 1 / best if 0 < best <= 10 else 0.0, float(all(0 < r <= 5 for r in ranks)))
        rows[case["kind"]].append(row)
        rows["all"].append(row)
        if misses and half_of(case) not in COUNTED and (row[1] < 1 or row[2] < 1):
            print(f"{case['id']} {case['kind']} {ranks} {case['question'][:110]}")
            print(
                "   gold",
                [f"{g['law'].split('-BJNR')[0]} {g['section']}" for g in case["gold"]],
                " found",
                [f"{law.split('-BJNR')[0]} {s}" for law, s in sections[:4]],
            )
    return {
        kind: dict(zip(("n", "hit@5", "MRR@10", "all in 5"), (len(r), *np.mean(np.array(r), axis=0)), strict=True))
        for kind, r in rows.items()
    }


def half_of(case: dict[str, Any]) -> str:
    """Which half of its file a question belongs to; empty where the file has none."""
    return str(case.get("split") or case.get("use") or "")


def show(name: str, table: dict[str, dict[str, float]]) -> None:
    """Prints a table."""
    print(f"\n{name}\n{'kind':16}{'n':>4}{'hit@5':>8}{'MRR@10':>8}{'all in 5':>10}")
    for kind in sorted(table, key=lambda k: (k == "all", k)):
        row = table[kind]
        print(f"{kind:16}{row['n']:4.0f}{row['hit@5']:8.3f}{row['MRR@10']:8.3f}{row['all in 5']:10.3f}")


def read_questions(path: Path) -> list[dict[str, Any]]:
    """One question a line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, default=LAWS)
    parser.add_argument("--questions", type=Path, nargs="*", default=None)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--scale", type=int, default=0, help="measure the time at about so many chunks, too")
    arguments = parser.parse_args()
    places, chunks = read_laws(arguments.laws)
    begun = time.thread_time()
    engine = build(places, chunks)
    print(f"{len(chunks)} chunks, built in {time.thread_time() - begun:.1f} s")
    for path in arguments.questions or [DEV, OWN, SPLIT]:
        if not path.is_file():
            continue
        cases = read_questions(path)
        for half in sorted({half_of(case) for case in cases}):
            part = [case for case in cases if half_of(case) == half]
            show(f"{path.name} {half}", evaluate(engine, places, part, misses=arguments.misses))
    show_times(f"{len(chunks)} chunks", engine)
    if arguments.scale:
        larger = enlarged(engine, arguments.scale)
        for case in read_questions(OWN):
            larger.search(case["question"], limit=10)
        show_times(f"{len(larger.corpus.item)} chunks", larger)


def show_times(name: str, engine: MemoryEngine) -> None:
    """Prints milliseconds of processor time per question: parse and postings, candidates, ranker."""
    times = np.array(engine.seconds) * 1000
    total = times.sum(axis=1)
    print(
        f"{name}: ms a question (parse, candidates, rank) mean {times.mean(axis=0).round(2)}",
        f"p95 {np.percentile(times, 95, axis=0).round(2)};",
        f"together {total.mean():.2f}, p95 {np.percentile(total, 95):.2f}",
    )


if __name__ == "__main__":
    main()
