"""Two wordings of one provision beside each other, sentence by sentence: what is new, gone or worded otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from luna_rules.documents.sentences import split_sentences

_ALIKE = 0.45
_MOST_COMPARED = 400
"""Sentences of one wording that are compared; a provision has far fewer."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence where it stands: `text` is `passage[span[0]:span[1]]` of the passage with that id."""

    passage_id: str
    span: tuple[int, int]
    text: str

    @property
    def words(self) -> str:
        """By what two sentences are the same: their words, whatever the line breaks."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `before` is None for a new sentence, `after` for one that is gone."""

    kind: Literal["changed", "added", "removed"]
    before: Sentence | None
    after: Sentence | None


def sentences(passages: Iterable[tuple[str, str]]) -> tuple[Sentence, ...]:
    """The sentences of passages, given as id and text in reading order. What overlaps is taken once."""
    found: list[Sentence] = []
    seen: set[str] = set()
    for passage_id, text in passages:
        mine: set[str] = set()
        for start, end in split_sentences(text):
            sentence = Sentence(passage_id, (start, end), text[start:end])
            if not any(letter.isalpha() for letter in sentence.text) or sentence.words in seen:
                continue
            mine.add(sentence.words)
            found.append(sentence)
        seen |= mine
    return tuple(found[:_MOST_COMPARED])


def differences(before: Sequence[Sentence], after: Sequence[Sentence]) -> tuple[Difference, ...]:
    """What differs, in reading order. A sentence that only moved is no difference."""
    old, new = [one.words for one in before], [one.words for one in after]
    moved = set(old) & set(new)
    found: list[Difference] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            gone = [one for one in before[a:b] if one.words not in moved]
            come = [one for one in after[c:d] if one.words not in moved]
            found += _paired(gone, come)
    return tuple(found)


def _paired(gone: Sequence[Sentence], come: Sequence[Sentence]) -> list[Difference]:
    """Sentences that replace one another, paired in order where their words are alike."""
    found: list[Difference] = []
    rest = list(gone)
    for after in come:
        likeness = [SequenceMatcher(None, one.words.split(), after.words.split()).ratio() for one in rest]
        best = max(range(len(rest)), key=likeness.__getitem__, default=None)
        if best is None or likeness[best] < _ALIKE:
            found.append(Difference("added", None, after))
            continue
        found += [Difference("removed", one, None) for one in rest[:best]]
        found.append(Difference("changed", rest[best], after))
        del rest[: best + 1]
    return found + [Difference("removed", one, None) for one in rest]
