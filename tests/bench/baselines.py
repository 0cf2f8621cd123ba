"""Luna's search beside plain BM25 and the hybrid pipelines of Haystack and LlamaIndex: same chunks, machine and run.

Run it as `python tests/bench/baselines.py [--laws FOLDER] [--markdown FILE]`. The others' libraries go into an
environment of their own under `.cache/`; their hybrid pipelines get our chunks and our vectors, so that what is
compared is the retrieval. A system that cannot be installed or run is told, not left out silently.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from other_libraries import environment  # noqa: E402
from retrieval_quality import DEV, FOURTH, LAWS, THIRD, MemoryEngine, Place, build, read_laws  # noqa: E402

from luna_rules.evaluation.bootstrap import Estimate  # noqa: E402
from luna_rules.evaluation.metrics import ALL, Figures, Outcome, figures  # noqa: E402
from luna_rules.evaluation.questions import GoldQuestion, ranks_of, read_questions  # noqa: E402
from luna_rules.search.analyser import Analyser  # noqa: E402
from luna_rules.search.model import ChunkFields  # noqa: E402

PACKAGES = (
    "haystack-ai==3.4.0",
    "llama-index-core==0.14.25",
    "llama-index-retrievers-bm25==0.8.0",
    "rank-bm25==0.2.2",
)
OWN = ROOT / "data" / "gold" / "questions_split.jsonl"
LUNA = "Luna"
TOP = 100


def sets() -> dict[str, list[GoldQuestion]]:
    """The questions by what they may be used for; the development set where it is on this machine."""
    own = read_questions(OWN.read_text("utf-8"), OWN.name)
    named = {half: [one for one in own if one.split == half] for half in ("tune", "hold")}
    named["third"] = read_questions(THIRD.read_text("utf-8"), THIRD.name)
    fourth = read_questions(FOURTH.read_text("utf-8"), FOURTH.name)
    named["fourth"] = [one for one in fourth if one.split == "report"]
    if DEV.is_file():
        named["dev"] = read_questions(DEV.read_text("utf-8"), DEV.name)
    return {name: [one for one in questions if one.gold] for name, questions in named.items()}


def outcome(question: GoldQuestion, numbers: Sequence[int], places: Sequence[Place]) -> Outcome:
    """What chunks found, best first, are worth for a question."""
    return Outcome(question, ranks_of(question, [([places[n].law], places[n].section) for n in numbers]))


def ask_luna(engine: MemoryEngine, questions: Sequence[GoldQuestion]) -> tuple[list[list[int]], float]:
    """Chunks by question, and the median milliseconds of a question."""
    found: list[list[int]] = []
    spent: list[float] = []
    for question in questions:
        begun = time.perf_counter()
        found.append([hit.number for hit in engine.search(question.question, limit=TOP)])
        spent.append(time.perf_counter() - begun)
    return found, float(np.median(spent) * 1000)


def ask_field(
    python: Path, engine: MemoryEngine, chunks: Sequence[ChunkFields], questions: Sequence[GoldQuestion]
) -> dict[str, dict[str, object]]:
    """What the others find, by system: `found` and `median_ms`, or `fault`."""
    analyser = Analyser(engine.lexicon)
    asked = analyser.embed(analyser.analyse([ChunkFields(title="", heading="", body=q.question) for q in questions]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = [f"{chunk.title}\n{chunk.section or ''} {chunk.heading}\n{chunk.body}" for chunk in chunks]
        (folder / "chunks.json").write_text(json.dumps(texts), "utf-8")
        (folder / "questions.json").write_text(json.dumps([q.question for q in questions]), "utf-8")
        np.save(folder / "chunks.npy", unit(engine.vectors))
        np.save(folder / "questions.npy", unit(asked))
        target = folder / "found.json"
        script = Path(__file__).resolve().parent / "field.py"
        subprocess.run([str(python), str(script), name, str(target)], check=True, timeout=3600)
        told: dict[str, dict[str, object]] = json.loads(target.read_text("utf-8"))
        return told


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors.astype(np.float32), axis=1, keepdims=True)
    return (vectors / np.where(length == 0, 1, length)).astype(np.float32)


def interval(one: Estimate) -> str:
    """A value with its interval."""
    return f"{one.value:.2f} ({one.low:.2f}–{one.high:.2f})"


def table(told: dict[str, Figures]) -> str:
    """Markdown: a row for each kind and measure, a column for each system."""
    names = list(told)
    kinds = [one.kind for one in next(iter(told.values())).kinds]
    lines = ["| kind | n | measure | " + " | ".join(names) + " |", "| --- | --- | --- |" + " --- |" * len(names)]
    for kind in sorted(kinds, key=lambda name: (name == ALL, name)):
        rows = {name: figures_of.kind(kind) for name, figures_of in told.items()}
        first = next(row for row in rows.values() if row)
        measures = {"hit@5": [row.hit for row in rows.values() if row]}
        measures["MRR@10"] = [row.reciprocal for row in rows.values() if row]
        if first.complete and kind != ALL:
            measures["all in 5"] = [row.complete for row in rows.values() if row and row.complete]
        for measure, values in measures.items():
            lines.append(f"| {kind} | {first.n} | {measure} | " + " | ".join(interval(one) for one in values) + " |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, default=LAWS)
    parser.add_argument("--markdown", type=Path, default=None, help="where to write the tables")
    arguments = parser.parse_args()
    if not arguments.laws.is_dir():
        sys.exit(f"There are no laws at {arguments.laws}")
    named = sets()
    places, chunks = read_laws(arguments.laws)
    engine = build(places, chunks)
    everything = [question for questions in named.values() for question in questions]
    found, median = ask_luna(engine, everything)
    systems: dict[str, list[list[int]]] = {LUNA: found}
    speed = {LUNA: f"{median:.1f} ms"}
    faults: dict[str, str] = {}
    try:
        for name, result in ask_field(environment("baselines", PACKAGES), engine, chunks, everything).items():
            if "fault" in result:
                faults[name] = str(result["fault"])
            else:
                systems[name] = result["found"]  # type: ignore[assignment]
                speed[name] = f"{result['median_ms']:.1f} ms"
    except subprocess.SubprocessError as fault:
        faults["the others"] = str(fault)
    told = [f"{len(chunks)} chunks of {len({place.law for place in places})} laws. Median of a question: "]
    told[0] += ", ".join(f"{name} {spent}" for name, spent in speed.items()) + "."
    told += [f"Could not be measured: {name}: {fault}" for name, fault in faults.items()]
    start = 0
    for half, questions in named.items():
        rows: dict[str, Figures] = {}
        for name, numbers in systems.items():
            mine = numbers[start : start + len(questions)]
            pairs = zip(questions, mine, strict=True)
            rows[name] = figures([outcome(question, one, places) for question, one in pairs])
        start += len(questions)
        told += [f"\n### {half}\n", table(rows)]
    text = "\n".join(told) + "\n"
    print(text)
    if arguments.markdown is not None:
        arguments.markdown.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
