"""Gold questions: reading a file of them, and when a passage found is one of the provisions that answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

ALL_NEEDED = "multi"
"""The kind of question of which every gold provision answers a part; of others any one answers it."""
TUNE = "tune"
COUNTED = ("hold", "report")
"""Halves whose questions are for reporting only: counted, never listed, so that nobody tunes on them."""
_WORDLESS = re.compile(r"[^0-9a-zäöüß]+")
_EXAMPLE = (
    '{"id": "q-1", "question": "…?", "kind": "paraphrase", "gold": [{"law": "EnWG-BJNR197010005", "section": "§ 38"}]}'
)
_GOLD_EXAMPLE = '[{"law": "EnWG-BJNR197010005", "section": "§ 38"}], oder [] für eine Frage ohne Antwort'


class QuestionFileError(ValueError):
    """A file of questions cannot be used; the message names the file, the line, the field and a right example."""


@dataclass(frozen=True, slots=True)
class Provision:
    """A section of a law, the law as `law_key` writes it."""

    law: str
    section: str


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """A question and the provisions that answer it; none where the laws do not answer it.

    `evidence` are words of the provisions, `split` is `tune`, `hold`, `report` or None (not split).
    """

    id: str
    question: str
    kind: str
    gold: tuple[Provision, ...]
    split: str | None = None
    evidence: tuple[str, ...] = ()

    @property
    def answerable(self) -> bool:
        """Whether the laws answer it."""
        return bool(self.gold)

    @property
    def needs_all(self) -> bool:
        """Whether each of its provisions answers only a part."""
        return self.kind == ALL_NEEDED

    def fits(self, laws: frozenset[str]) -> bool:
        """Whether all its laws are among `laws` (keys); a question without an answer fits any."""
        return all(one.law in laws for one in self.gold)


def law_key(name: str) -> str:
    """A law's name without spaces, punctuation and case; of a file's stem only what stands before its number."""
    return _WORDLESS.sub("", re.split(r"-BJNR", name)[0].casefold())


def read_questions(text: str, name: str) -> list[GoldQuestion]:
    """Questions of a JSONL text, one object a line; `name` is told in faults. Raises QuestionFileError."""
    found: list[GoldQuestion] = []
    seen: dict[str, int] = {}
    # Editors on Windows put a byte order mark first, which JSON does not know.
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if not line.strip():
            continue
        question = _question(line, f"{name}, Zeile {number}")
        if question.id in seen:
            raise QuestionFileError(
                f"{name}, Zeile {number}: „id“ „{question.id}“ steht schon in Zeile {seen[question.id]}. "
                f"Richtig wäre eine eigene, zum Beispiel „{question.id}-2“."
            )
        seen[question.id] = number
        found.append(question)
    if not found:
        raise QuestionFileError(f"{name} enthält keine Frage. Je Zeile steht eine, zum Beispiel {_EXAMPLE}")
    return found


def _question(line: str, place: str) -> GoldQuestion:
    try:
        row: object = json.loads(line)
    except json.JSONDecodeError as fault:
        raise QuestionFileError(
            f"{place}: Das ist kein gültiges JSON, der Fehler liegt bei Zeichen {fault.pos + 1} der Zeile. "
            f"Richtig wäre zum Beispiel {_EXAMPLE}"
        ) from None
    if not isinstance(row, dict):
        raise QuestionFileError(f"{place}: Das ist kein JSON-Objekt. Richtig wäre zum Beispiel {_EXAMPLE}")
    fields = cast("Mapping[str, object]", row)
    texts = {key: fields.get(key) for key in ("id", "question", "kind")}
    for key, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise QuestionFileError(f"{place}: „{key}“ fehlt oder ist kein Text. Richtig wäre zum Beispiel {_EXAMPLE}")
    return GoldQuestion(
        id=str(texts["id"]),
        question=str(texts["question"]),
        kind=str(texts["kind"]),
        gold=tuple(_provisions(fields.get("gold"), place)),
        split=_half(fields, place),
        evidence=tuple(_evidence(fields.get("evidence"), place)),
    )


def _half(fields: Mapping[str, object], place: str) -> str | None:
    # A misspelt half would have questions listed that may only be counted, so no other word is let through.
    key = "use" if fields.get("split") is None else "split"
    half = fields.get(key)
    if half is None or half in (TUNE, *COUNTED):
        return cast("str | None", half)
    raise QuestionFileError(
        f"{place}: „{key}“ ist {json.dumps(half, ensure_ascii=False)}, das ist keine Hälfte. "
        "Richtig wäre „tune“, „hold“ oder „report“, oder die Angabe fehlt."
    )


def _evidence(value: object, place: str) -> Iterable[str]:
    for one in [] if value is None else _list(value, "evidence", place):
        if not isinstance(one, str) or not one.strip():
            raise QuestionFileError(
                f"{place}: „evidence“ enthält etwas anderes als Wörter der Fundstelle. "
                'Richtig wäre zum Beispiel ["Frist von zwei Wochen"]'
            )
        yield one


def _provisions(value: object, place: str) -> Iterable[Provision]:
    if value is None:
        raise QuestionFileError(f"{place}: „gold“ fehlt. Richtig wäre zum Beispiel {_GOLD_EXAMPLE}")
    for one in _list(value, "gold", place):
        entry = cast("Mapping[str, object]", one) if isinstance(one, dict) else {}
        law, section = entry.get("law"), entry.get("section")
        if not isinstance(law, str) or not isinstance(section, str) or not law_key(law):
            raise QuestionFileError(
                f"{place}: „gold“ nennt kein Gesetz mit Paragraf. "
                'Richtig wäre zum Beispiel {"law": "EnWG-BJNR197010005", "section": "§ 38"}'
            )
        yield Provision(law_key(law), section)


def _list(value: object, key: str, place: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise QuestionFileError(f"{place}: „{key}“ ist keine Liste. Richtig wäre zum Beispiel []")
    return cast("list[object]", value)


def ranks_of(question: GoldQuestion, found: Iterable[tuple[Sequence[str], str | None]]) -> tuple[int, ...]:
    """The rank of each gold provision among the distinct sections of the passages found, from 1; 0 = not found.

    `found` are the passages best first, each as the names of its law and its section.
    """
    places = dict.fromkeys((tuple(names), section) for names, section in found)
    ranks = dict.fromkeys(question.gold, 0)
    for rank, (names, section) in enumerate(places, 1):
        for name in names:
            provision = Provision(law_key(name), section or "")
            if ranks.get(provision) == 0:
                ranks[provision] = rank
    return tuple(ranks[provision] for provision in question.gold)


def evidence_share(question: GoldQuestion, answer: str) -> float | None:
    """Share of the question's evidence that stands in an answer's text, 0 to 1; None where it has none."""
    if not question.evidence:
        return None
    plain = _squeeze(re.sub(r"\[chunk [^\]]*\]", " ", answer))
    return sum(_squeeze(one) in plain for one in question.evidence) / len(question.evidence)


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()
