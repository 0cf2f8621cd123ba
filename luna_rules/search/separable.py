"""Verbs that a German main clause takes apart: „Wer legt die Entgelte fest?“ asks for what a law calls „Festlegung“.

Only putting them together again belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from luna_rules.search import words

_WRITTEN = """
    ab an auf aus bei durch ein entgegen fest fort frei gegenüber her heran hervor hin hinaus hinzu inne los mit nach
    nieder statt teil über um unter vor voraus vorbei weg weiter wieder zu zurück zusammen
"""
_PARTICLES = frozenset(_WRITTEN.split())
_CLAUSE = re.compile(r"[,;:.?!()\n]|\b(?:und|oder|sowie|wenn|weil|dass|ob|falls)\b")
_LEAST_WORDS = 3
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Parted:
    """A verb taken apart, as its two words stand in the question, and the whole word."""

    verb: str
    particle: str
    whole: str


def parted_verbs(text: str, forms: Callable[[str], tuple[str, ...]], known: Callable[[str], bool]) -> Iterator[Parted]:
    """The verbs that are taken apart in a question and whose whole is a word that the corpus knows.

    A clause ends with such a verb's particle and has its finite verb before. `forms` gives the infinitives that a word
    in its spelling may be a form of, `known` tells whether the corpus has a stem.
    """
    for clause in _CLAUSE.split(text):
        raw = words.tokens(clause)
        if len(raw) < _LEAST_WORDS or raw[-1] not in _PARTICLES:
            continue
        particle = raw[-1]
        for place, verb in enumerate(raw[:-1]):
            spelled = words.spelling(verb)
            written_small = verb.islower() or place == 0
            if not written_small or not verb.isalpha() or len(spelled) < _SHORTEST or spelled in words.FUNCTION_WORDS:
                continue
            whole = next(
                (f"{particle}{one}" for one in (*forms(spelled), spelled) if known(words.stem(f"{particle}{one}"))),
                None,
            )
            if whole is not None:
                yield Parted(verb, particle, whole)
                break
