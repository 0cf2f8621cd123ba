"""Draws sections of the laws at random among those that no question set asks about, to write new questions for.

Run it as `python tests/bench/draw_sections.py [--seed 4] [--count 150] [--per-law 5] [--without FILE …]`; it prints the
sections' text, never a question. The sets already written are read for their provisions only.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import cast

import numpy as np
import orjson

from luna_rules.documents.chunking import chunk_document
from luna_rules.documents.model import ExtractedText

ROOT = Path(__file__).resolve().parents[2]
LAWS = ROOT / ".." / "shared" / "data" / "law" / "current"
DEV = ROOT / ".." / "shared" / "eval" / "law_questions_dev.jsonl"
GOLD = ROOT / "data" / "gold"
SHORTEST = 250
"""Characters below which a section holds nothing to ask about (repealed, or a reference)."""

Provision = tuple[str, str]


def sections_of(folder: Path) -> dict[Provision, str]:
    """The text of every section by law (file stem) and section as its heading writes it."""
    found: defaultdict[Provision, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        document = chunk_document(ExtractedText(text=text, media_type="text/markdown", markup="markdown"))
        for chunk in document.chunks:
            if chunk.section:
                heading = "" if found[path.stem, chunk.section] else " ".join(chunk.heading_path[-1:]) + "\n"
                found[path.stem, chunk.section].append(heading + chunk.text)
    return {place: "\n".join(parts) for place, parts in found.items()}


def asked_about(files: Iterable[Path]) -> set[Provision]:
    """The provisions that question sets name as answers."""
    taken: set[Provision] = set()
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = cast("dict[str, list[dict[str, str]]]", orjson.loads(line))
            taken |= {(one["law"], one["section"]) for one in row.get("gold", []) if "law" in one}
    return taken


def draw(free: Iterable[Provision], count: int, per_law: int, seed: int) -> list[Provision]:
    """Up to `count` provisions at random, at most `per_law` of a law."""
    places = sorted(free)
    order = [places[i] for i in np.random.default_rng(seed).permutation(len(places))]
    of_law: Counter[str] = Counter()
    drawn: list[Provision] = []
    for place in order:
        if len(drawn) < count and of_law[place[0]] < per_law:
            of_law[place[0]] += 1
            drawn.append(place)
    return drawn


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--laws", type=Path, default=LAWS)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--per-law", type=int, default=5)
    parser.add_argument("--without", type=Path, nargs="*", default=[], help="sets whose provisions may be drawn again")
    arguments = parser.parse_args()
    sections = sections_of(arguments.laws)
    files = [path for path in (DEV, *sorted(GOLD.glob("*.jsonl"))) if path.is_file()]
    taken = asked_about(path for path in files if path.name not in {one.name for one in arguments.without})
    free = [place for place, text in sections.items() if place not in taken and len(text) >= SHORTEST]
    print(f"# {len(sections)} sections, {len(taken)} asked about, {len(free)} left")
    for number, place in enumerate(draw(free, arguments.count, arguments.per_law, arguments.seed), 1):
        print(f"\n## {number} {place[0]} | {place[1]}\n{sections[place]}")


if __name__ == "__main__":
    main()
