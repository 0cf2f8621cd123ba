"""Whether a statute's statement answers, weighed from several signs: how much it covers, how plainly, how found.

Only the weighing belongs here; what declines by itself (a name that is missing, another field of law) is `support`'s
business. The weights are data, fitted by `python tests/bench/answer_weights.py` on questions that may be looked at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from luna_rules.answers.gather import LEAD
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.question import Question
from luna_rules.answers.scoring import Scored

_MOST_LEAD = 0.3
_FIRST_PASSAGES = 6
_FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer from a statute; all but `words` and `score` between 0 and 1.

    `passages`: the share of the question that the cited passages, or what people ask of them, cover; `words`: the
    logarithm of how many words were asked, at least three (a long question is seldom covered by chance, and people
    who type two words are owed an answer, too); `lead`: how far search's first section leads the next; `score`: what
    the best statement came to; `sum_asked`: 1 where a sum or a price is asked for and nothing else, which laws name
    less often than people ask for it; `one_law`: the share of the first passages that one law has, 1 where several
    things are asked for, which may stand in several laws.
    """

    passages: float
    words: float
    lead: float
    score: float
    sum_asked: float
    one_law: float


WEIGHTS = Signs(passages=3.42, words=4.48, lead=4.86, score=4.29, sum_asked=-1.57, one_law=2.36)
"""What each sign counts."""
LEAST = 12.43
"""The weighed sum from which on an answer is given: cross-validated, 3 % of the answers are lost below it."""


def signs_for(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, best: Scored, covered: float
) -> Signs:
    """The signs for the best statement of `passages`; `covered` is how much of the question the cited ones cover."""
    several = len(question.parts) > 1
    laws = Counter(passage.law for passage in passages[:_FIRST_PASSAGES])
    return Signs(
        passages=covered,
        words=math.log(max(len(matcher.labels), _FEWEST_WORDS)),
        lead=min(max((passage.scores.get(LEAD, 0.0) for passage in passages), default=0.0), _MOST_LEAD),
        score=best.score,
        sum_asked=float(not several and ("money" in question.wants or "amount" in question.wants)),
        one_law=1.0 if several else max(laws.values()) / sum(laws.values()),
    )


def answers(signs: Signs) -> bool:
    """Whether the signs together speak for an answer."""
    return weighed(signs) >= LEAST


def weighed(signs: Signs) -> float:
    """The signs' weighed sum, in units of the logistic function; greater speaks for an answer."""
    return sum(getattr(WEIGHTS, name) * getattr(signs, name) for name in Signs.__slots__)
