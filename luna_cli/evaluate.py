"""`luna eval`: asks the running API gold questions as anybody would, and tells how well it found and answered."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table

from luna_cli.client import Json, LunaClient
from luna_cli.gold_check import check_sections
from luna_rules.evaluation.bootstrap import Estimate
from luna_rules.evaluation.metrics import ALL, Figures, KindFigures, Outcome, by_split, figures
from luna_rules.evaluation.questions import (
    COUNTED,
    GoldQuestion,
    QuestionFileError,
    evidence_share,
    law_key,
    ranks_of,
    read_questions,
)

ROOT = Path(__file__).resolve().parents[1]
GOLD = ROOT / "data" / "gold"
OWN = (GOLD / "questions_split.jsonl",)
DEV = (ROOT.parent / "shared" / "eval" / "law_questions_dev.jsonl",)
OTHER = (GOLD / "law_questions_own.jsonl", GOLD / "answerability_own.jsonl")
THIRD = (GOLD / "questions_third.jsonl",)
SETS = {"own": OWN, "dev": DEV, "third": THIRD, "all": (*DEV, *OWN, *OTHER)}
HELD = "hold"
TOP_K = 50
"""Passages asked of search: enough that ten distinct sections are among them."""
ANSWER_TOP_K = 6
_PAGE = 200
_PATIENCE_S = 30.0
_KINDS = {
    "paraphrase": "Alltagsdeutsch",
    "keyword": "Stichwörter",
    "section_lookup": "Fundstelle",
    "compound": "Komposita",
    "number": "Zahl, Frist",
    "multi": "mehrere",
    "english": "Englisch",
    "answerable": "beantwortbar",
    ALL: "alle",
}


@dataclass(slots=True)
class Evaluation:
    """All that was asked; `left_out` are ids of questions about laws that are not in the index, `missing` those laws.

    Laws are written as `law_key` writes them.
    """

    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    left_out: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])


def load(name: str, split: str | None) -> list[GoldQuestion]:
    """The questions of a named set or a file, of one half only where `split` says so. Raises QuestionFileError."""
    questions: list[GoldQuestion] = []
    for path in SETS.get(name, (Path(name),)):
        if path.is_dir():
            raise QuestionFileError(f"{path} ist ein Ordner. Richtig wäre eine JSONL-Datei, je Zeile eine Frage.")
        try:
            text = path.read_text("utf-8")
        except FileNotFoundError:
            if name == "all" and path in DEV:  # the project's own sets stand by themselves
                continue
            known = ", ".join(SETS)
            raise QuestionFileError(
                f"Die Datei {path} gibt es nicht. --set kennt {known} oder den Pfad einer JSONL-Datei."
            ) from None
        except UnicodeDecodeError as fault:
            raise QuestionFileError(
                f"{path} ist nicht zu lesen: Byte {fault.start + 1} ist kein UTF-8. "
                "Richtig wäre eine JSONL-Datei, als UTF-8 gespeichert."
            ) from None
        except OSError as fault:
            raise QuestionFileError(f"{path} ist nicht zu lesen: {fault.strerror}") from None
        questions += read_questions(text, path.name)
    chosen = [one for one in questions if split is None or one.split == split]
    if not chosen:
        halves = sorted({one.split for one in questions if one.split})
        there = (
            f"Richtig wäre hier {' oder '.join(halves)}." if halves else "Keine Frage nennt hier eine Hälfte („split“)."
        )
        raise QuestionFileError(f"--split {split} trifft keine Frage. {there} Ohne --split werden alle gefragt.")
    return chosen


def ask_all(
    client: LunaClient,
    questions: Sequence[GoldQuestion],
    *,
    answers: bool = True,
    check: bool = False,
    console: Console | None = None,
) -> Evaluation:
    """Ask each question once: search, and the answer unless `answers` is False; `console` shows the progress.

    `check`: look first whether the sections named stand in the index. Raises QuestionFileError where one does not.
    """
    names = _law_names(client)
    if check:
        check_sections(client, questions, names)
    laws = frozenset(law_key(name) for known in names.values() for name in known)
    found = Evaluation()
    shown = track(questions, "Fragen", console=console, transient=True, disable=console is None)
    for question in shown:
        if question.fits(laws):
            found.outcomes.append(_ask(client, question, names, answers=answers))
        else:
            found.left_out.append(question.id)
            found.missing += [one.law for one in question.gold if one.law not in {*laws, *found.missing}]
    return found


def _law_names(client: LunaClient) -> dict[str, list[str]]:
    """The names of the laws in the index, by item."""
    names: dict[str, list[str]] = {}
    cursor = ""
    while True:
        page = client.get(f"/items?limit={_PAGE}{f'&cursor={cursor}' if cursor else ''}")
        for item in cast("list[Json]", page.get("items") or []):
            known = cast("list[str]", item.get("law_names") or [])
            if known:
                names[str(item["item_id"])] = known
        cursor = str(page.get("next_cursor") or "")
        if not cursor:
            return names


def _ask(client: LunaClient, question: GoldQuestion, names: dict[str, list[str]], *, answers: bool) -> Outcome:
    begun = time.perf_counter()
    data = client.post("/rag/search", {"question": question.question, "top_k": TOP_K}, patience_s=_PATIENCE_S)
    search_s = time.perf_counter() - begun
    places: list[tuple[list[str], str | None]] = []
    for hit in cast("list[Json]", data.get("hits") or []):
        section = cast("Json", hit["payload"]).get("section")
        places.append((names.get(str(hit["item_id"]), []), section if isinstance(section, str) else None))
    ranks = ranks_of(question, places)
    if not answers:
        return Outcome(question, ranks, search_s=search_s)
    begun = time.perf_counter()
    answer = client.post("/rag/ask", {"question": question.question, "top_k": ANSWER_TOP_K}, patience_s=_PATIENCE_S)
    answer_s = time.perf_counter() - begun
    answered = answer.get("answered") is True
    text = f"{answer.get('summary') or ''} {answer.get('answer') or ''}" if answered else ""
    return Outcome(question, ranks, answered, evidence_share(question, text), search_s, answer_s)


def to_json(found: Evaluation) -> Json:
    """For programs. Questions that are for reporting only are counted, never listed."""
    return {
        "figures": figures(found.outcomes).summary(),
        "splits": {name: figures(part).summary() for name, part in by_split(found.outcomes).items() if name},
        "left_out": found.left_out,
        "missing_laws": found.missing,
        "milliseconds": _times(found.outcomes),
        "questions": [
            {"id": one.question.id, "kind": one.question.kind, "ranks": list(one.ranks), "answered": one.answered}
            for one in found.outcomes
            if one.question.split not in COUNTED
        ],
    }


def print_evaluation(console: Console, found: Evaluation, *, misses: bool) -> None:
    """The tables, one for each half where there are halves, and what was refused."""
    parts = by_split(found.outcomes)
    for name in sorted(parts):
        heading = {
            "tune": "Hälfte zum Abstimmen (tune)",
            HELD: "Zurückgehaltene Hälfte (hold)",
            "report": "Nur zum Berichten (report)",
        }.get(name, name)
        _print_part(console, heading, figures(parts[name]))
    whole = figures(found.outcomes)
    if len(parts) > 1:
        _print_part(console, "Zusammen", whole)
    if whole.kinds:
        console.print(
            "\nIn Klammern: 95 %, Bootstrap über die Fragen. „alle in 5“: alle Antworten unter den ersten fünf."
        )
    elif found.outcomes and whole.refusals is None:
        console.print("Keine der Fragen nennt eine Antwort; ob Luna sie ablehnt, zeigt sich nur ohne --no-answers.")
    if left := len(found.left_out):
        told = "1 Frage ausgelassen, weil ihr" if left == 1 else f"{left} Fragen ausgelassen, weil ihnen"
        console.print(f"{told} ein Gesetz fehlt ({', '.join(found.missing)}); „luna ingest“ nimmt es auf.")
    for what, spent in _times(found.outcomes).items():
        console.print(f"{'Suche' if what == 'search' else 'Antwort'}: Median {spent['p50']} ms, p95 {spent['p95']} ms")
    if misses:
        _print_misses(console, found.outcomes)


def _print_part(console: Console, heading: str, told: Figures) -> None:
    if heading:
        console.print(f"\n{heading}", style="bold")
    if told.kinds:
        console.print(_table(told.kinds))
    refusals = told.refusals
    if refusals is None:
        return
    if refusals.absent:
        console.print(f"Zu Recht abgelehnt: {refusals.refused_rightly} von {refusals.absent}")
    if refusals.answerable:
        console.print(f"Zu Unrecht abgelehnt: {refusals.refused_wrongly} von {refusals.answerable}")
    if refusals.evidence:
        console.print(f"Beleg in der Antwort: {_interval(refusals.evidence)}")


def _table(kinds: Iterable[KindFigures]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("Art", no_wrap=True)
    for title in ("n", "hit@5", "MRR@10", "alle in 5"):
        table.add_column(title, justify="right", no_wrap=True)
    for one in kinds:
        style = "bold" if one.kind == ALL else None
        complete = _interval(one.complete) if one.complete else "–"
        if one.kind == ALL:
            complete = ""
        row = (str(one.n), _interval(one.hit), _interval(one.reciprocal), complete)
        table.add_row(_KINDS.get(one.kind, one.kind), *row, style=style)
    return table


def _interval(one: Estimate) -> str:
    value, low, high = (f"{number:.2f}".replace(".", ",") for number in (one.value, one.low, one.high))
    return f"{value} ({low}–{high})"


def _print_misses(console: Console, outcomes: Sequence[Outcome]) -> None:
    shown = [one for one in outcomes if one.question.split not in COUNTED]
    console.print("\nVerfehlt (Fragen, die nur zum Berichten da sind, werden nicht gezeigt)", style="bold")
    for one in shown:
        asked = one.question
        wrong = one.answered is not None and one.answered != asked.answerable
        found = not asked.answerable or (one.complete if asked.needs_all else one.hit)
        if wrong or not found:
            verdict = "" if not wrong else " zu Unrecht abgelehnt" if asked.answerable else " zu Unrecht beantwortet"
            pairs = zip(asked.gold, one.ranks, strict=True)
            places = ", ".join(f"{gold.law} {gold.section}: {rank or '–'}" for gold, rank in pairs)
            console.print(f"{asked.id} ({asked.kind}){verdict} [{places}] {asked.question}")


def _times(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Median and 95th percentile of what was waited, in milliseconds."""
    told: dict[str, dict[str, int]] = {}
    for name, values in (
        ("search", [one.search_s for one in outcomes if one.search_s is not None]),
        ("answer", [one.answer_s for one in outcomes if one.answer_s is not None]),
    ):
        if values:
            spent = sorted(values)
            told[name] = {
                "p50": round(spent[len(spent) // 2] * 1000),
                "p95": round(spent[min(len(spent) - 1, int(len(spent) * 0.95))] * 1000),
            }
    return told
