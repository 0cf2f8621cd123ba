"""The stated answer to what changed: how much, and each sentence of either wording with its passage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from luna_rules.answers.model import Answer, AnswerSentence, Labelled, Passage
from luna_rules.comparison.wording import Difference, Sentence, differences, sentences

_MOST = 8
"""Differences that are quoted; of more the number is told."""


def compare(
    provision: str,
    before: Sequence[Passage],
    after: Sequence[Passage],
    days: tuple[dt.date, dt.date],
) -> Answer:
    """What differs in a provision between two days, given its passages as they held on each (in reading order).

    Where one side has no passages, the answer says that no wording of that day is at hand; that is no claim that the
    provision did not exist.
    """
    then, now = (f"{day:%d.%m.%Y}" for day in days)
    if not before or not after:
        missing = then if not before else now
        said = f"Zu {provision} liegt für den {missing} keine Fassung vor; ein Vergleich ist damit nicht möglich."
        return Answer(False, said, reason=f"keine Fassung von {provision} zum {missing}")
    old, new = sentences(_texts(before)), sentences(_texts(after))
    found = differences(old, new)
    if not found:
        if not new:
            return Answer(False, f"{provision} hat an diesen Tagen keinen Wortlaut, der sich vergleichen ließe.")
        said = f"{provision} hat am {then} und am {now} denselben Wortlaut."
        return Answer(True, said, (_quoted(new[0], f"Am {then} und am {now}, beginnend mit:"),))
    quoted: list[AnswerSentence] = []
    for one in _chosen(found):
        quoted += _statements(one, then, now)
    rest = len(found) - _MOST
    more = f" {_MOST} davon stehen hier; {rest} weitere zeigt der Wortlaut beider Fassungen." if rest > 0 else ""
    said = f"{provision} hat sich zwischen dem {then} und dem {now} geändert: {_counted(found)}.{more}"
    return Answer(True, said, tuple(quoted))


def _texts(passages: Iterable[Passage]) -> list[tuple[str, str]]:
    return [(passage.chunk_id, passage.text) for passage in passages]


def _chosen(found: Sequence[Difference]) -> list[Difference]:
    """The first few of each kind in turn, so that a wording made anew shows what went as well as what came."""
    kinds = [[place for place, one in enumerate(found) if one.kind == kind] for kind in ("changed", "removed", "added")]
    turns = [place for turn in zip_longest(*kinds) for place in turn if place is not None]
    return [found[place] for place in sorted(turns[:_MOST])]


def _statements(one: Difference, then: str, now: str) -> list[AnswerSentence]:
    changed = one.before is not None and one.after is not None
    found: list[AnswerSentence] = []
    if one.before is not None:
        found.append(_quoted(one.before, f"Bisher (Stand {then}):" if changed else f"Weggefallen (Stand {then}):"))
    if one.after is not None:
        found.append(_quoted(one.after, f"Danach (Stand {now}):" if changed else f"Neu (Stand {now}):"))
    return found


def _quoted(sentence: Sentence, label: str) -> Labelled:
    return Labelled(sentence.text, sentence.passage_id, (sentence.span,), (sentence.text,), label=label)


def _counted(found: Sequence[Difference]) -> str:
    kinds = [one.kind for one in found]
    named = (("changed", "geändert"), ("added", "neu"), ("removed", "weggefallen"))
    parts: list[str] = []
    for kind, word in named:
        count = kinds.count(kind)
        if count:
            parts.append(f"{count} {'Satz' if count == 1 else 'Sätze'} {word}")
    return ", ".join(parts[:-1]) + (" und " if len(parts) > 1 else "") + parts[-1]
