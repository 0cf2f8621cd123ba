"""What operators call the kinds of values, and the status each means."""

from __future__ import annotations

import re
from typing import Final

from luna_rules.series.quality import METHOD_MASK, METHOD_SHIFT, STATUS_MASK, Flag, Method, Status, encode

MISSING: Final = -1
"""No value: the row is a gap."""

_WORDS: Final[tuple[tuple[str, int], ...]] = (
    # Order matters: „ungültig“ holds „gültig“, „nicht gemessen“ holds „gemessen“.
    (r"ung[üu]e?ltig|invalid|unbrauchbar|nicht verwendbar|gest[öo]e?rt", encode(flags=Flag.UNUSABLE)),
    (r"fehl|missing|kein(e)? (wert|daten|messwert)|nicht vorhanden|no (data|value)|l[üu]e?cke", MISSING),
    (r"prognose|forecast|vorhersage", encode(Status.PROGNOSEWERT)),
    (r"vorl[äa]e?ufig|provisor|preliminary|tempor[äa]e?r|ungepr[üu]e?ft", encode(Status.VORLAEUFIGERWERT)),
    (
        r"ersatz|substitut|gesch[äa]e?tz|estimat|rechnerisch|berechnet|hochgerechnet|interpol|calculated|"
        r"nicht gemessen|korrigiert|geschat|estimad|estim[eé]",
        encode(Status.ERSATZWERT),
    ),
    (
        r"g[üu]e?ltig|gemessen|abgelesen|wahr|valid|measured|actual|gepr[üu]e?ft|\bok\b|original|plausib|messwert|echt|"
        r"^real$|uitgelezen|gevalideerd|r[eé]el",
        encode(),
    ),
)
_CODES: Final[dict[str, int]] = {
    # one letter or a short code, as exports use them beside „gemessen“
    "val": encode(), "w": encode(), "g": encode(), "m": encode(), "a": encode(), "l1": encode(), "l2": encode(),
    "220": encode(), "true": encode(),
    "est": encode(Status.ERSATZWERT), "e": encode(Status.ERSATZWERT), "s": encode(Status.ERSATZWERT),
    "l3": encode(Status.ERSATZWERT), "67": encode(Status.ERSATZWERT),
    "v": encode(Status.VORLAEUFIGERWERT), "z18": encode(Status.VORLAEUFIGERWERT),
    "201": encode(Status.VORLAEUFIGERWERT),
    "p": encode(Status.PROGNOSEWERT), "187": encode(Status.PROGNOSEWERT),
    "f": MISSING, "z30": MISSING,
    "20": encode(flags=Flag.UNUSABLE),
    "z92": encode(Status.ERSATZWERT, Method.Z92_INTERPOLATION), "z93": encode(Status.ERSATZWERT, Method.Z93_HOLD),
    "z95": encode(Status.ERSATZWERT, Method.Z95_HISTORICAL), "zj2": encode(Status.ERSATZWERT, Method.ZJ2_STATISTICAL),
    "abgelesen": encode(), "ersatzwert": encode(Status.ERSATZWERT),
    "vorlaeufigerwert": encode(Status.VORLAEUFIGERWERT), "prognosewert": encode(Status.PROGNOSEWERT), "fehlt": MISSING,
}  # fmt: skip


def status_quality(text: str) -> int | None:
    """The quality that a status word or code means; `MISSING` for no value, None if unknown. Empty is ABGELESEN."""
    word = text.strip().lower()
    if not word:
        return encode()
    if word in _CODES:
        return _CODES[word]
    for pattern, quality in _WORDS:
        if re.search(pattern, word):
            return quality
    return None


_YES_NO: Final = {"j": True, "ja": True, "y": True, "yes": True, "x": True, "1": True, "true": True,
                  "n": False, "nein": False, "no": False, "0": False, "false": False, "": False}  # fmt: skip


def is_substitute_flag(header: str, texts: list[str]) -> bool:
    """Whether a column says of each value by yes or no that it is a substitute."""
    return re.search(r"(?i)ersatz|substitut|estimated|gesch(ä|ae)tzt", header) is not None and all(
        text.strip().lower() in _YES_NO for text in texts
    )


def flagged_substitute(text: str) -> int:
    """The quality of a value by the yes or no beside it."""
    return encode(Status.ERSATZWERT) if _YES_NO[text.strip().lower()] else encode()


def is_known_quality(quality: int) -> bool:
    """Whether an integer is a quality as this platform stores it."""
    if quality < 0 or quality > 2**31 - 1:
        return False
    known = STATUS_MASK | METHOD_MASK
    for flag in Flag:
        known |= int(flag)
    return (
        not quality & ~known
        and (quality & STATUS_MASK) <= Status.FEHLT
        and (quality & METHOD_MASK) >> METHOD_SHIFT <= max(Method)
    )
