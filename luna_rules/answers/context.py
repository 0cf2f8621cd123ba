"""What a generator gets to read: passages joined to their neighbours, in reading order, within a budget of tokens.

Only joining and cutting belongs here; the words around the passages are the prompt's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from luna_rules.answers.model import Passage
from luna_rules.documents.tokens import count_tokens


@dataclass(frozen=True, slots=True)
class ContextBlock:
    """Passages of one section in reading order. Each keeps its id, so each can be cited by itself."""

    item_id: str
    name: str
    passages: tuple[Passage, ...]
    tokens: int


@dataclass(frozen=True, slots=True)
class Context:
    """The blocks, best first, what they cost, and the ids of passages that found no room."""

    blocks: tuple[ContextBlock, ...]
    tokens: int
    left_out: tuple[str, ...]

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages as a generator reads them."""
        return tuple(passage for block in self.blocks for passage in block.passages)


def build_context(
    passages: Sequence[Passage],
    *,
    budget: int,
    overhead: int = 24,
    position: Callable[[Passage], int] | None = None,
    tokens: Callable[[str], int] = count_tokens,
) -> Context:
    """Join `passages` (best first) by section; what does not fit into `budget` tokens is left out, worst first.

    Nothing is cut within a passage, so that each can be checked against its citations. `position` tells the reading
    order within an item (the chunk's index); without it the Absatz does. `overhead` is what each passage costs besides
    its text.
    """
    kept: list[Passage] = []
    left_out: list[str] = []
    seen: set[str] = set()
    spent = 0
    for passage in passages:
        if passage.chunk_id in seen:
            continue
        seen.add(passage.chunk_id)
        cost = tokens(passage.text) + overhead
        if spent + cost > budget:
            left_out.append(passage.chunk_id)
            continue
        kept.append(passage)
        spent += cost
    sections: dict[tuple[str, str], list[Passage]] = {}
    for passage in kept:
        sections.setdefault(_section_key(passage), []).append(passage)
    order = position or _reading_order
    blocks: list[ContextBlock] = []
    for members in sections.values():
        members.sort(key=order)
        first = members[0]
        name = " ".join(part for part in (first.section, first.law) if part) or first.name
        cost = sum(tokens(member.text) + overhead for member in members)
        blocks.append(ContextBlock(first.item_id, name, tuple(members), cost))
    return Context(tuple(blocks), spent, tuple(left_out))


def _section_key(passage: Passage) -> tuple[str, str]:
    item = passage.item_id or passage.law or passage.title
    return item, passage.section or "\n".join(passage.heading_path)


def _reading_order(passage: Passage) -> int:
    """The Absatz as a number, with its letter behind it: 2 < 2a < 3."""
    digits = "".join(char for char in passage.paragraph or "" if char.isdigit())
    letter = (passage.paragraph or "")[len(digits) :]
    return (int(digits) if digits else 0) * 32 + (ord(letter[0].lower()) - 96 if letter else 0)
