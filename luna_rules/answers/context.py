"""What a generator gets to read: passages joined to their neighbours, in reading order, within a budget of tokens.

Only joining and cutting belongs here; the words around the passages are the prompt's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from luna_rules.answers.above import shortly
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

    Nothing is cut within a passage, so that each can be checked against its citations; of one that is given twice, once
    shortened, the longer text is taken where it fits. `position` tells the reading order within an item (the chunk's
    index); without it the Absatz does. `overhead` is what each passage costs besides its text.
    """
    kept: dict[str, Passage] = {}
    left_out: dict[str, None] = {}
    spent = 0
    for passage in passages:
        known = kept.get(passage.chunk_id)
        if known is not None and len(known.text) >= len(passage.text):
            continue
        cost = tokens(passage.text) + overhead - (tokens(known.text) + overhead if known else 0)
        if spent + cost > budget:
            left_out[passage.chunk_id] = None
            continue
        kept[passage.chunk_id] = passage
        spent += cost
    sections: dict[tuple[str, str], list[Passage]] = {}
    for passage in kept.values():
        sections.setdefault(_section_key(passage), []).append(passage)
    order = position or _reading_order
    blocks: list[ContextBlock] = []
    for members in sections.values():
        members.sort(key=order)
        first = members[0]
        name = " ".join(part for part in (first.section, first.law) if part) or first.name
        cost = sum(tokens(member.text) + overhead for member in members)
        blocks.append(ContextBlock(first.item_id, name, tuple(members), cost))
    return Context(tuple(blocks), spent, tuple(one for one in left_out if one not in kept))


def with_leads(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages, best first, and behind each that is cut out of a table or list those that lead it in.

    They are passages of their own, so that each is cited where it stands: column heads, the sentence above a list.
    """
    return tuple(one for passage in passages for one in (passage, *shortly(passage)))


def _section_key(passage: Passage) -> tuple[str, str]:
    item = passage.item_id or passage.law or passage.title
    return item, passage.section or "\n".join(passage.heading_path)


def _reading_order(passage: Passage) -> int:
    """The Absatz as a number, with its letter behind it: 2 < 2a < 3."""
    digits = "".join(char for char in passage.paragraph or "" if char.isdigit())
    letter = (passage.paragraph or "")[len(digits) :]
    return (int(digits) if digits else 0) * 32 + (ord(letter[0].lower()) - 96 if letter else 0)
