"""The shapes of an answer: passages that were found, sentences taken from them, and what the reader gets.

No behaviour beyond writing an answer out belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage that retrieval found, with what a reader needs to know of its origin.

    `law` is the short name of the law (`EnWG`), None for other documents. `section` and `paragraph` are written as in
    `luna_rules.documents.model.Chunk`. `above` are the passages from where the table or list begins that this one goes
    on with; once their text stands before its own (`luna_rules.answers.above.whole`), its own begins at `begins`.
    """

    chunk_id: str
    text: str
    title: str = ""
    heading_path: tuple[str, ...] = ()
    section: str | None = None
    paragraph: str | None = None
    law: str | None = None
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict[str, float])
    valid_from: date | None = None
    valid_to: date | None = None
    item_id: str = ""
    above: tuple[Passage, ...] = ()
    begins: int = 0

    @property
    def provision(self) -> str | None:
        """The provision as lawyers write it, `§ 38 Abs. 4 EnWG`; None where the passage is no numbered provision."""
        if not self.section:
            return None
        parts = [self.section]
        if self.paragraph:
            parts.append(f"Abs. {self.paragraph}")
        if self.law:
            parts.append(self.law)
        return " ".join(parts)

    @property
    def name(self) -> str:
        """What to call the passage: its provision, else its nearest heading, else the document's title."""
        return self.provision or (self.heading_path[-1] if self.heading_path else "") or self.title


def cite(chunk_id: str) -> str:
    """The mark of a citation, as it stands behind a claim."""
    return f"[chunk {chunk_id}]"


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One statement of an answer, taken verbatim from one passage.

    `spans` are the slices of the passage's text: one for a sentence, several for a lead-in with items of its list.
    `slices` are what stands there, a row of a table in HTML without its markup, cells parted by strokes.
    `complete` is False where items between the slices were left out. `table` marks rows of a table, header first.
    `text` joins the slices by line breaks. `sources` names for each slice the passage it stands in and its span counts
    in; empty where all stand in `chunk_id`, which is otherwise where the statement's own words stand.
    """

    text: str
    chunk_id: str
    spans: tuple[tuple[int, int], ...] = ()
    slices: tuple[str, ...] = ()
    score: float = 0.0
    complete: bool = True
    table: bool = False
    sources: tuple[str, ...] = ()

    @property
    def located(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """For each slice the id of its passage and its span there."""
        return tuple(zip(self.sources or (self.chunk_id,) * len(self.spans), self.spans, strict=True))

    @property
    def cited(self) -> tuple[str, ...]:
        """The ids of the passages that the statement cites, in the order of its slices."""
        return tuple(dict.fromkeys(self.sources or (self.chunk_id,)))

    @property
    def start(self) -> int:
        """Where its own words begin in the passage `chunk_id`."""
        return next((span[0] for chunk_id, span in self.located if chunk_id == self.chunk_id), 0)

    def render(self) -> str:
        """The statement with its citation; each item of a list carries its own, so that no line stands unproven."""
        pieces = self.slices or (self.text,)
        marks = self.sources or (self.chunk_id,) * len(pieces)
        lines = [f"{piece.rstrip()} {cite(mark)}" for piece, mark in zip(pieces, marks, strict=True)]
        if not self.complete:
            lines.append("[…]")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Labelled(AnswerSentence):
    """A quoted sentence under a line that says whose wording it is, or what it is about."""

    label: str = ""

    def render(self) -> str:
        """The label, and below it the sentence with its citation."""
        # Slots make a new class of the decorated one, so that the short form of super() would not find it.
        return f"{self.label}\n{AnswerSentence.render(self)}"


def labelled(sentence: AnswerSentence, label: str) -> Labelled:
    """The same sentence under a label."""
    return Labelled(*(getattr(sentence, field.name) for field in fields(AnswerSentence)), label=label)


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves the house: a short summary, the cited body, a suggestion for action, and one question to go on with.

    `summary_chunk_id` names the passage that the summary's words were taken from; empty where it claims nothing.
    `next_question` is worded as the asker's own and can be asked as it stands; `offer` is the same in Luna's words.
    `talk` names the kind of remark that this replies to, empty for answers to questions.
    `reason` says for people why an answer was declined, `missing` which words of the question nothing spoke about.
    """

    answered: bool
    summary: str
    body_sentences: tuple[AnswerSentence, ...] = ()
    suggestion: str = ""
    next_question: str = ""
    steps: tuple[str, ...] = ()
    summary_chunk_id: str = ""
    reason: str = ""
    missing: tuple[str, ...] = ()
    offer: str = ""
    talk: str = ""

    @property
    def cited(self) -> tuple[str, ...]:
        """The ids of the cited passages in the order of their first citation."""
        found = dict.fromkeys(chunk_id for sentence in self.body_sentences for chunk_id in sentence.cited)
        if self.summary_chunk_id:
            found = {self.summary_chunk_id: None, **found}
        return tuple(found)

    def render_body(self) -> str:
        """Only the cited statements, one block each."""
        return "\n\n".join(sentence.render() for sentence in self.body_sentences)

    def render(self) -> str:
        """The whole answer as text (Markdown): each claim is followed by `[chunk <id>]`, a refusal cites nothing."""
        summary = self.summary
        if self.summary_chunk_id:
            summary = f"{summary} {cite(self.summary_chunk_id)}"
        blocks = [summary, self.render_body(), self.suggestion]
        if not self.answered:
            blocks.append(self.offer or self.next_question)
        return "\n\n".join(block for block in blocks if block)
