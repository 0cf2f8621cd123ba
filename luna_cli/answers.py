"""How answers and hits look on the command line."""

from __future__ import annotations

import re
from typing import cast

from rich.console import Console

from luna_cli.client import Json

_CHUNK = re.compile(r"\s*\[chunk ([0-9a-f-]{36})\]")
_EXCERPT_CHARS = 300


def print_answer(console: Console, data: Json) -> None:
    """The answer with numbered sources."""
    citations = cast("list[Json]", data.get("citations") or [])
    numbers = {str(citation.get("chunk_id")): number for number, citation in enumerate(citations, 1)}

    def numbered(found: re.Match[str]) -> str:
        number = numbers.get(found[1])
        return f" [{number}]" if number else found[0]

    summary, answer = str(data.get("summary") or ""), str(data.get("answer") or "")
    if summary and summary not in answer:
        console.print(_CHUNK.sub(numbered, summary), style="bold")
        console.print()
    console.print(_CHUNK.sub(numbered, answer))
    writing = cast("Json", data.get("writing") or {})
    if note := str(writing.get("note") or ""):
        console.print(f"\n{note}", style="dim")
    for title, key in (("Vorschlag", "suggestion"), ("Nächste Frage", "next_question")):
        told = str(data.get(key) or "")
        # An answer that declines says both itself.
        if told and told not in answer:
            console.print(f"\n{title}: {_CHUNK.sub(numbered, told)}")
    if citations:
        console.print("\nQuellen", style="bold")
        for number, citation in enumerate(citations, 1):
            console.print(f"  [{number}] {place(cast('Json', citation.get('payload') or {}))}")


def print_hits(console: Console, data: Json) -> None:
    """The passages that were found, best first."""
    hits = cast("list[Json]", data.get("hits") or [])
    for wrong, right in cast("dict[str, object]", data.get("corrections") or {}).items():
        console.print(f"Gelesen als: {right} (statt {wrong})", style="dim")
    if not hits:
        console.print("Nichts gefunden. Vielleicht mit anderen Worten?")
    for number, hit in enumerate(hits, 1):
        payload = cast("Json", hit.get("payload") or {})
        score = hit.get("score")
        told = f"{score:.3f}" if isinstance(score, int | float) else "–"
        console.print(f"{number}. {place(payload)}  ({told})", style="bold")
        text = " ".join(str(payload.get("text") or "").split())
        console.print(f"   {text[:_EXCERPT_CHARS]}{'…' if len(text) > _EXCERPT_CHARS else ''}")


def place(payload: Json) -> str:
    """Where a passage stands: title, section, page."""
    parts = [str(payload.get("title") or payload.get("file_name") or "ohne Titel")]
    heading = cast("list[object]", payload.get("heading_path") or [])
    section = payload.get("section") or (heading[-1] if heading else None)
    if section and section not in parts:
        parts.append(str(section))
    if payload.get("paragraph"):
        parts.append(f"Abs. {payload['paragraph']}")
    if payload.get("page"):
        parts.append(f"S. {payload['page']}")
    return ", ".join(parts)
