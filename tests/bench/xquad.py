"""Ordinary German: XQuAD's paragraphs as documents, its questions asked of a running stack, some paragraphs withheld.

Run it as `python -m tests.bench.xquad [--data FILE] [--json FILE]`. It starts a stack of its own, ingests every
paragraph but the withheld ones, asks, and stops it. XQuAD (Artetxe et al. 2020, CC BY-SA 4.0) is read where it lies.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from luna_rules.evaluation.bootstrap import Estimate, estimate
from tests.places import SHARED
from tests.stack import Stack

DATA = SHARED / "data" / "qa" / "xquad.de.json"
WITHHELD_PART = 5
"""Every fifth paragraph, drawn by a hash of its text, is not ingested; its questions must be declined."""
TOP_K = 10


@dataclass(frozen=True)
class Paragraph:
    """A paragraph with its questions, each with the answers' spans."""

    name: str
    text: str
    questions: tuple[tuple[str, tuple[str, ...]], ...]
    withheld: bool


def read(path: Path) -> list[Paragraph]:
    """All paragraphs of a file in SQuAD's format."""
    found: list[Paragraph] = []
    for article in json.loads(path.read_text("utf-8"))["data"]:
        for one in article["paragraphs"]:
            digest = hashlib.sha256(one["context"].encode()).hexdigest()
            questions = tuple((q["question"], tuple(a["text"] for a in q["answers"])) for q in one["qas"])
            # The name tells nothing of the content: search must not find a paragraph by its title.
            name = f"absatz-{len(found):03}.txt"
            found.append(Paragraph(name, one["context"], questions, int(digest, 16) % WITHHELD_PART == 0))
    return found


def squeeze(text: str) -> str:
    """For finding a span in an answer."""
    return re.sub(r"\s+", " ", re.sub(r"\[chunk [^\]]*\]", " ", text)).strip().casefold()


@dataclass
class Tally:
    """What is counted over the questions."""

    first: list[float]
    five: list[float]
    reciprocal: list[float]
    span: list[float]
    span_among_found: list[float]
    answered: list[float]
    declined: list[float]

    def told(self) -> dict[str, Estimate]:
        """Means with their intervals."""
        return {
            "hit@1": estimate(self.first),
            "hit@5": estimate(self.five),
            "MRR@10": estimate(self.reciprocal),
            "answered": estimate(self.answered),
            "span in the answer": estimate(self.span),
            "span among the passages found": estimate(self.span_among_found),
            "declined, paragraph withheld": estimate(self.declined),
        }


def ask(api: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    """`data` of a POST."""
    response = api.post(path, json=body)
    response.raise_for_status()
    return response.json()["data"]


def count(api: httpx.Client, paragraphs: list[Paragraph]) -> Tally:
    """Ask every question once."""
    tally = Tally([], [], [], [], [], [], [])
    for paragraph in paragraphs:
        for question, spans in paragraph.questions:
            answer = ask(api, "/rag/ask", {"question": question})
            if paragraph.withheld:
                tally.declined.append(float(not answer["answered"]))
                continue
            hits = ask(api, "/rag/search", {"question": question, "top_k": TOP_K})["hits"]
            names = list(dict.fromkeys(hit["payload"]["file_name"] for hit in hits))
            rank = names.index(paragraph.name) + 1 if paragraph.name in names else 0
            tally.first.append(float(rank == 1))
            tally.five.append(float(0 < rank <= 5))
            tally.reciprocal.append(1 / rank if rank else 0.0)
            tally.answered.append(float(answer["answered"]))
            said = squeeze(f"{answer['summary']} {answer['answer']}") if answer["answered"] else ""
            found = squeeze(" ".join(hit["payload"]["text"] for hit in hits[:6]))
            tally.span.append(float(any(squeeze(span) in said for span in spans)))
            tally.span_among_found.append(float(any(squeeze(span) in found for span in spans)))
    return tally


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path, default=None, help="where to write the figures")
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        print(f"XQuAD is not at {arguments.data}", file=sys.stderr)
        return 1
    paragraphs = read(arguments.data)
    with tempfile.TemporaryDirectory(prefix="luna-xquad-") as name:
        folder = Path(name) / "absaetze"
        folder.mkdir()
        for one in paragraphs:
            if not one.withheld:
                (folder / one.name).write_text(one.text, "utf-8")
        with Stack(Path(name) / "home") as stack:
            stack.luna("ingest", str(folder), timeout_s=600)
            told = count(stack.api, paragraphs).told()
    withheld = sum(one.withheld for one in paragraphs)
    print(f"{len(paragraphs) - withheld} paragraphs ingested, {withheld} withheld")
    for measure, value in told.items():
        print(f"{measure:32}{value.value:.3f} ({value.low:.3f}–{value.high:.3f})  n {value.n}")
    if arguments.json is not None:
        figures = {measure: value.rounded() for measure, value in told.items()}
        arguments.json.write_text(json.dumps(figures, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
