"""Whether the first cited sentence answers plain core questions; on the laws, in memory, without a database.

Run it as `python tests/bench/first_sentences.py [--questions FILE …] [--top-k 6] [--misses] [--split tune|hold]`.
A line of the file has `question`, `law`, `section`, `must_contain`, `split`; only questions of `tune` may be tuned on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from answer_quality import GOLD, LAWS, Bench, Row, ask, load, squeeze  # noqa: E402

from luna_rules.answers.text import comparable  # noqa: E402

QUESTIONS = GOLD / "answers_own.jsonl"


def judged(bench: Bench, row: Row) -> dict[str, Any]:
    """What the answer made of its question."""
    case, answer = row.case, row.answer
    wanted = comparable(case["must_contain"])
    home = {p.chunk_id: (p.item_id, p.section) for p in row.passages}
    first = answer.body_sentences[0] if answer.body_sentences else None
    gold = (case["law"], case["section"])
    return {
        "first": first is not None and wanted in comparable(first.text).replace("\\", ""),
        "section": first is not None and home[first.chunk_id] == gold,
        "body": wanted in comparable(squeeze(answer.render_body())).replace("\\", ""),
        "found": gold in home.values(),
        "answered": answer.answered,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, nargs="*", default=[QUESTIONS])
    parser.add_argument("--top-k", type=int, default=6)
    parser.add_argument("--split", choices=["tune", "hold"])
    parser.add_argument("--misses", action="store_true")
    arguments = parser.parse_args()
    if not LAWS.is_dir():
        sys.exit(f"There are no laws at {LAWS}")
    bench = load(LAWS)
    for path in arguments.questions:
        groups: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in path.read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if arguments.split and case.get("split") != arguments.split:
                continue
            row = ask(bench, case, arguments.top_k)
            verdict = judged(bench, row)
            groups[case.get("split", "all")].append(verdict)
            if arguments.misses and not verdict["first"]:
                first = row.answer.body_sentences[0] if row.answer.body_sentences else None
                names = {p.chunk_id: p.name for p in row.passages}
                print(f"{case['id']} {case['question']}  [{case['law'].split('-')[0]} {case['section']}]")
                print(f"    wants {case['must_contain']!r}; {[k for k, v in verdict.items() if v]} {row.answer.reason}")
                print(f"    found {[p.name for p in row.passages]}")
                if first:
                    print(f"    gave {names[first.chunk_id]}: {' '.join(first.text.split())[:300]}")
        print(f"\n{path.name}")
        for split, verdicts in sorted(groups.items()):
            shares = {k: sum(v[k] for v in verdicts) / len(verdicts) for k in verdicts[0]}
            print(f"  {split:6} {len(verdicts):3}  " + "  ".join(f"{k} {v:.3f}" for k, v in shares.items()))


if __name__ == "__main__":
    main()
