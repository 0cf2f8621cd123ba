"""How many there are of something: whether a question asks it, and whether a text says it.

Only counted nouns belong here; quantities with a unit are `signs.py`'s business.
"""

from __future__ import annotations

import re

_COUNTED = re.compile(r"\bwie\s?viele?n?\s+(?P<what>[A-ZÄÖÜ][\wäöüß]{3,})")
_NUMBERS = "eine[nmrs]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|zwanzig|hundert"
_ENDING = 3
"""Letters at a noun's end that its other forms may change."""


def counted(question: str) -> re.Pattern[str] | None:
    """How a text says how many there are of what a question counts („wie viele Leuchten“); None where none are."""
    found = _COUNTED.search(question)
    if found is None:
        return None
    what = found["what"]
    stem = re.escape(what[: max(_ENDING + 2, len(what) - _ENDING)])
    return re.compile(rf"\b(?:\d+|{_NUMBERS})\s+(?:\w+\s+){{0,3}}{stem}", re.I)
