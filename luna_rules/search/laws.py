"""Names of laws and numbers of their sections as exact keys, the same for written and asked text."""

from __future__ import annotations

import re
from functools import lru_cache

from luna_rules.search import words

_YEAR = re.compile(r"[\s_]*(?:19|20)\d\d$")
_GENITIVE = re.compile(r"(gesetz|buch|erlass|kodex)e?s$")
_NOT_KEY = re.compile(r"[^a-z0-9]")
_SECTION = re.compile(
    r"\s*(?P<kind>§+|art(?:ikel|\.)?|anlage|anhang|paragra(?:f|ph)(?:en)?|par\.)?\s*(?P<number>\d+)?\s*(?P<letter>[a-z])?\b",
    re.IGNORECASE,
)


def key(text: str) -> str:
    """Letters and digits of a name, folded: `Erneuerbare-Energien-Gesetzes` → `erneuerbareenergiengesetz`."""
    folded = words.spelling(text.strip()).translate(str.maketrans({"ä": "a", "ö": "o", "ü": "u"}))
    return _GENITIVE.sub(r"\1", _NOT_KEY.sub("", folded))


def law_keys(name: str) -> tuple[str, ...]:
    """Keys under which a law's name is found: as written and, where it ends with a year, without it."""
    keys = [key(name), key(_YEAR.sub("", name))]
    return tuple(dict.fromkeys(k for k in keys if k))


@lru_cache(maxsize=20_000)
def section_key(section: str) -> str | None:
    """`§ 41a` → `41a`, `Art. 3` → `art3`, `Anlage 2` → `anlage2`; None where there is nothing to look up."""
    match = _SECTION.match(words.spelling(section).replace("ä", "a"))
    if match is None or not (match["number"] or match["kind"]):
        return None
    kind = (match["kind"] or "").lower().rstrip(".")
    number = f"{int(match['number'])}" if match["number"] else ""
    letter = (match["letter"] or "").lower()
    if kind.startswith("art"):
        return f"art{number}{letter}"
    if kind in ("anlage", "anhang"):
        return f"{kind}{number}{letter}"
    return f"{number}{letter}" or None


def law_term(law_key: str) -> str:
    """The look-up term of all passages of a law."""
    return f"@law/{law_key}"


def section_term(number: str) -> str:
    """The look-up term of all passages of a section, whatever the law."""
    return f"@sec/{number}"


def paragraph_term(number: str) -> str:
    """The look-up term of all passages of an Absatz, whatever the law and section."""
    return f"@abs/{number.lower()}"
