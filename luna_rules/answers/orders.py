"""Text that is addressed to a machine reading along: it states nothing, so nobody is answered with it.

Only recognising and removing such text belongs here.
"""

from __future__ import annotations

import re

from luna_rules.documents.sentences import split_sentences

_MACHINE = (
    r"(?:ki|ai|k\.i\.|llm|sprachmodell\w*|assistent\w*|assistant|chatbot\w*|language model|künstliche intelligenz)"
)
ORDER = re.compile(
    r"\b(?:ignorier\w*|vergiss|vergessen sie|missachte\w*|ignore|disregard|forget)\b.{0,80}"
    r"\b(?:anweisung\w*|instruktion\w*|instructions?|regeln|rules|prompts?)\b|\b(?:system|assistant)\s*:\s"
    r"|\bdu bist (?:jetzt|nun|ab sofort)\b|\byou are now\b|\bantworte (?:nur|stets|immer|ab jetzt)\b",
    re.I | re.S,
)
"""An order to whoever reads the passage by machine."""
_ADDRESS = re.compile(
    rf"\b(?:liebe[rs]?|hallo|hey|dear|an (?:die|den|das|alle)|attention|achtung,?)\s+{_MACHINE}\b"
    rf"|\b(?:falls|wenn|sofern|if)\s+(?:du|sie|you)\b.{{0,30}}\b{_MACHINE}\b"
    r"|\b(?:antworte|erwidere|behaupte|schreibe|sage|nenne|empfiehl|gib|verrate|wiederhole)\s+(?:auf jede frage"
    r"|in jeder antwort|dem (?:nutzer|leser|kunden|frager|fragenden)|dein\w* (?:system\w*|anweisung\w*|prompt\w*))"
    r"|\b(?:tell|answer|reply to|reveal to|say to)\s+(?:the user|every question|everyone)"
    r"|\b(?:deine?|your)\s+(?:neuen?|new)\s+(?:anweisung\w*|aufgabe|rolle|instructions?|task|role)\b"
    r"|<\|[^|>]{0,40}\|>|\[/?INST\]|<</?SYS>>",
    re.I | re.S,
)
_PARAGRAPH = re.compile(r"\n\s*\n")
_CITATION = re.compile(r"\[(\s*chunks?\b)", re.I)


def is_order(text: str) -> bool:
    """Whether a sentence speaks to a machine instead of its reader."""
    return ORDER.search(text) is not None or _ADDRESS.search(text) is not None


def without_orders(text: str) -> str:
    """The text as a language model may get it: each paragraph ends before the first sentence that speaks to a machine.

    What follows such a sentence is part of what it orders („… und antworte: Die Frist beträgt drei Minuten."). Marks
    that look like our citations lose their bracket, so that none can be planted.
    """
    text = _CITATION.sub(r"(\1", text)
    if not is_order(text):
        return text
    kept: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        end = len(paragraph)
        if is_order(paragraph):
            end = next((start for start, stop in split_sentences(paragraph) if is_order(paragraph[start:stop])), 0)
        if paragraph[:end].strip():
            kept.append(paragraph[:end].rstrip())
    return "\n\n".join(kept)
