"""Which rows of a table a question means: those whose label it says, where it says one at all.

Rows of a price list differ by a word of their label; all others of a wrong row may fit the question better than the
right one's. Tables of statutes are left alone: their rows are numbered, and a question's numbers are those of sections.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from luna_rules.answers.identifiers import bears, identifiers
from luna_rules.answers.model import Passage
from luna_rules.answers.question import Question
from luna_rules.answers.scoring import Scored
from luna_rules.answers.tables import shown
from luna_rules.documents.strokes import cells_of
from luna_rules.search import words

_SEVERAL = re.compile(
    r"\b(?:und|oder|sowie|bzw|beziehungsweise|zwischen|alle[nr]?|welche[nrs]?|unterschied|vergleich\w*|and|or|all)\b|,",
    re.I,
)
_NUMBER = re.compile(r"\d[\d.,:/]*")
_LEAST_ROWS = 2
_LEAST_DIGITS = 3
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Meant:
    """Statements in their order, without rows that are not meant.

    `named` are the rows that are said in full where several are asked for; `unlisted` what the question names and no
    row bears.
    """

    ranked: list[Scored]
    named: list[Scored]
    unlisted: tuple[str, ...]


def rows_meant(question: Question, passages: Sequence[Passage], ranked: Sequence[Scored]) -> Meant:
    """Tells rows whose label the question says from those whose label is another one.

    A label that is said in full wins over one that has more words, unless several things are asked for. Where what
    stands behind the labels' common word in the question is in none of them, no row is meant: „Talstrom Wind“ is then
    a name not listed.
    """
    asked = own_words(question.text)
    several = len(question.parts) > 1 or _SEVERAL.search(question.text) is not None
    dropped: set[int] = set()
    named: list[Scored] = []
    unlisted: dict[str, None] = {}
    unsaid: list[int] = []
    full = False
    for rows in _tables(passages, ranked):
        labels = [own_words(_label(passages, ranked[place])) for place in rows]
        around = {number: passages[number] for number in (ranked[place].statement.passage for place in rows)}
        if name := _another(question.text, labels, around.values()):
            unlisted[name] = None
            dropped.update(rows)
            continue
        hits = _hits(asked, labels)
        kept = _kept(asked, labels, hits, several=several)
        dropped.update(place for place, meant in zip(rows, kept, strict=True) if not meant)
        unsaid += [] if any(hits) else rows
        said = (place for place, label, own in zip(rows, labels, hits, strict=True) if own and label <= asked)
        whole = [place for place in said if place not in dropped]
        full = full or bool(whole)
        if len(whole) > 1:
            named += [ranked[place] for place in whole[:_MOST_NAMED]]
    if full and not several:
        # Beside a row that is asked for by its name, one of another table would be any row of it.
        dropped.update(unsaid)
    named += _identified(question, passages, ranked, named)
    left = [scored for place, scored in enumerate(ranked) if place not in dropped]
    return Meant(left, named, tuple(unlisted))


def _identified(
    question: Question, passages: Sequence[Passage], ranked: Sequence[Scored], named: Sequence[Scored]
) -> list[Scored]:
    """Where several marks are asked for („Fehlercodes E03 und E11“), the best row that bears each of them."""
    marks = identifiers(question.text)
    if not 1 < len(marks) <= _MOST_NAMED:
        return []
    rows = [one for one in ranked if one.statement.table and passages[one.statement.passage].law is None]
    found = (next((row for row in rows if bears(row.text, mark)), None) for mark in marks)
    kept: list[Scored] = []
    for row in found:
        if row is not None and not any(row is other for other in (*named, *kept)):
            kept.append(row)
    return kept


def _tables(passages: Sequence[Passage], ranked: Sequence[Scored]) -> Iterator[list[int]]:
    """The places of the rows of each table; one that is cut into several passages is one by its header."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, scored in enumerate(ranked):
        statement = scored.statement
        passage = passages[statement.passage]
        if statement.table and passage.law is None and len(statement.spans) > 1:
            header = passage.text[slice(*statement.spans[0])]
            found.setdefault((passage.item_id or passage.title, " ".join(header.split())), []).append(place)
    yield from (rows for rows in found.values() if len(rows) >= _LEAST_ROWS)


def _label(passages: Sequence[Passage], scored: Scored) -> str:
    """The cells of a row before its first number, at least the first, behind the rows that lead it in."""
    text = passages[scored.statement.passage].text
    *above, row = (shown(text[slice(*span)]) for span in scored.statement.spans[1:])
    cells = [cell.strip() for cell in cells_of(row.strip().strip("|"))]
    numeric = next((place for place, cell in enumerate(cells) if place and _NUMBER.match(cell)), len(cells))
    return " ".join((*above, *cells[: max(1, numeric)]))


def own_words(text: str) -> frozenset[str]:
    """Stems of a text's own words; short numbers and letters together with the word before them („Modul B“)."""
    found: set[str] = set()
    before = ""
    for raw in words.tokens(words.clean(text)):
        spelled = words.spelling(raw)
        short = sum(map(str.isdigit, spelled)) < _LEAST_DIGITS if spelled[0].isdigit() else len(spelled) == 1
        if short:
            found.update([f"{before} {spelled}"] if before else [])
        elif spelled not in words.FUNCTION_WORDS:
            found.add(words.stem(spelled))
        before = "" if short else words.stem(spelled)
    return frozenset(found)


def _hits(asked: frozenset[str], labels: Sequence[frozenset[str]]) -> list[frozenset[str]]:
    """What the question says of each label, without what all labels have in common."""
    common = frozenset[str].intersection(*labels)
    return [(label - common) & asked for label in labels]


def _kept(
    asked: frozenset[str], labels: Sequence[frozenset[str]], hits: Sequence[frozenset[str]], *, several: bool
) -> list[bool]:
    if not any(hits):
        return [True] * len(labels)
    if not several:
        most = max((len(own) for own, label in zip(hits, labels, strict=True) if label <= asked), default=0)
        if most:
            return [label <= asked and len(own) == most for own, label in zip(hits, labels, strict=True)]
        # Of „Fernwärme, Steuerbox“ and „Fernwärme, Modem“ the one that the question says more of is meant.
        return [bool(own) and not any(own < other for other in hits) for own in hits]
    return [bool(own) for own in hits]


def _another(text: str, labels: Sequence[frozenset[str]], around: Iterable[Passage]) -> str:
    """What the question names by a word that most labels share and one that stands nowhere near the table."""
    raw = words.tokens(words.clean(text))
    said: frozenset[str] | None = None
    for before, behind in pairwise(raw):
        if not (before[:1].isupper() and behind[:1].isupper() and f"{before} {behind}" in text):
            continue
        bearing = sum(words.stem(words.spelling(before)) in label and len(label) > 1 for label in labels)
        if bearing < _LEAST_ROWS or 2 * bearing <= len(labels):
            continue
        if said is None:
            said = frozenset[str]().union(*(own_words(" ".join((p.text, p.title, *p.heading_path))) for p in around))
        own = own_words(f"{before} {behind}") - own_words(before)
        if own and not own & said:
            return f"{before} {behind}"
    return ""
