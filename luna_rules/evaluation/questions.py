"""Gold questions: reading a file of them, and when a passage found is one of the provisions that answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

ALL_NEEDED = "multi"
"""The kind of question of which every gold provision answers a part; of others any one answers it."""
_WORDLESS = re.compile(r"[^0-9a-zäöüß]+")
_EXAMPLE = (
    '{"id": "q-1", "question": "…?", "kind": "paraphrase", "gold": [{"law": "EnWG-BJNR197010005", "section": "§ 38"}]}'
)


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

    `evidence` are words of the provisions, `split` is `tune`, `hold` or None (not split).
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
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        question = _question(line, f"{name}, Zeile {number}")
        if question.id in seen:
            raise QuestionFileError(f"{name}, Zeile {number}: Die id „{question.id}“ steht schon weiter oben.")
        seen.add(question.id)
        found.append(question)
    if not found:
        raise QuestionFileError(f"{name} enthält keine Frage. Je Zeile steht eine, zum Beispiel {_EXAMPLE}")
    return found


def _question(line: str, place: str) -> GoldQuestion:
    try:
        row: object = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise QuestionFileError(f"{place}: Das ist kein JSON-Objekt. Richtig wäre zum Beispiel {_EXAMPLE}")
    fields = cast("Mapping[str, object]", row)
    texts = {key: fields.get(key) for key in ("id", "question", "kind")}
    for key, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise QuestionFileError(f"{place}: „{key}“ fehlt oder ist kein Text. Richtig wäre zum Beispiel {_EXAMPLE}")
    split = fields.get("split")
    if split is not None and not isinstance(split, str):
        raise QuestionFileError(f"{place}: „split“ ist kein Text. Richtig wäre „tune“ oder „hold“.")
    return GoldQuestion(
        id=str(texts["id"]),
        question=str(texts["question"]),
        kind=str(texts["kind"]),
        gold=tuple(_provisions(fields.get("gold") or [], place)),
        split=split,
        evidence=tuple(str(one) for one in _list(fields.get("evidence") or [], "evidence", place)),
    )


def _provisions(value: object, place: str) -> Iterable[Provision]:
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
