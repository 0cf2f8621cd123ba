"""Documents beside laws, for a question that the laws among what was found do not answer.

Laws are many and speak of everything, so a price list or a letter may stand behind them though it alone says what was
asked. Only which of its passages are tried before declining belongs here.
"""

from __future__ import annotations

from luna_rules.answers.gather import Ground
from luna_rules.answers.question import read_question


def beside_laws(question: str, ground: Ground, top_k: int) -> Ground | None:
    """The ground of the passages found that belong to no law, best first; None where a law is asked for or none is."""
    read = read_question(question)
    if read.empty or read.talk or read.laws or read.lookup is not None or read.place is not None:
        return None
    if all(passage.law is None for passage in ground.passages):
        return None
    own = [passage for passage in (*ground.passages, *ground.further) if passage.law is None]
    return Ground(tuple(own[:top_k])) if own else None
