"""Which passages an answer is taken from: the best found, their neighbours within the section, definitions, one energy.

Search finds passages for many readers; only narrowing and completing them for one answer belongs here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from luna_rules.answers.definitions import Definition, asked_term, definition_of
from luna_rules.answers.energies import energies_of, has_twin, is_twin, law_energy
from luna_rules.answers.frame import heading_of
from luna_rules.answers.headed import begins_section, fit, same_words
from luna_rules.answers.identifiers import home, homes, identifiers
from luna_rules.answers.model import Passage
from luna_rules.answers.question import NUMERIC, Question, Want, read_question
from luna_rules.answers.roles import LIGHT_WORDS
from luna_rules.answers.signs import value_spans
from luna_rules.answers.things import mark_of, things_of, what_is
from luna_rules.search.words import FUNCTION_WORDS, fold, spelling, stem, tokens

LEAD = "lead"
"""The score of passages of the section that search puts first: how far its best passage leads the best one of any other
section, as a share of its own score."""
SECOND = "second"
"""The score that passages of the second search bear (see `second`)."""
PART = "part"
"""The score of passages that the search for one part of a question puts first: the number of the part, from 1."""
POOL = 40
"""How many passages are looked through for neighbours and twins."""
DEFINING_POOL = 150
"""How many are looked through for the sentence that defines a word: it seldom uses the word often."""
_MOST_NEIGHBOURS = 6
_SECTIONS = 5
_MOST_DEFINITIONS = 3
_MOST_TITLED = 2
_MOST_FURTHER = 20
_LOOKED_AT = 8
_OF_PART = 12
_MOST_PARTS = 3
_PASSAGES_OF_PART = 2
_BEHIND = 0.7
_ASKS = re.compile(
    r"(?:was|wie|wann|we[rmn]|wo\w{0,5}|welche\w*|warum|(?:ab|bis|in|mit|von|bei|an|zu|unter|für|nach)\s+w\w+|gibt"
    r"|muss|müssen|darf|dürfen|kann|können|gilt|gelten|soll|habe?|bekomme|kriege)\b",
    re.I,
)
_NOUN = re.compile(r"\b[A-ZÄÖÜ][\wäöüß-]{3,}")


@dataclass(frozen=True, slots=True)
class Search:
    """A question to retrieval, and how many passages are wanted."""

    question: str
    limit: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The passages that an answer is taken from, best first; `twins` say the same for the other energy.

    `further` were found, too; the question that Luna offers next may be about them.
    """

    passages: tuple[Passage, ...]
    twins: tuple[Passage, ...] = ()
    further: tuple[Passage, ...] = ()


def searches(question: str, top_k: int) -> tuple[Search, ...]:
    """What to search for a question: itself, and for the meaning of a word the lists of definitions."""
    read = read_question(question)
    if things := things_of(read):
        each = (search for thing in things for search in searches(what_is(thing, read), top_k))
        return Search(question, max(POOL, top_k)), *each
    term = _term(read)
    if not term:
        return (Search(question, max(POOL, top_k)), *(Search(part, _OF_PART) for part in asked_parts(read)))
    return Search(question, max(DEFINING_POOL, top_k)), Search(f"Begriffsbestimmungen {term}", DEFINING_POOL)


def asked_parts(read: Question) -> tuple[str, ...]:
    """The parts of a question for several things that can be searched for alone, at most three."""
    if read.lookup is not None or read.place is not None or read.english:
        return ()
    parts = [part for part in read.parts if _ASKS.match(part) and _names_a_thing(part)]
    return tuple(parts[:_MOST_PARTS]) if len(parts) > 1 else ()


def _names_a_thing(part: str) -> bool:
    """Whether a part has a noun that tells what it is about: „welche Frist gilt?“ alone might be about anything."""
    return any(fold(noun) not in LIGHT_WORDS for noun in _NOUN.findall(part, 1))


def _term(read: Question) -> str:
    return "" if read.lookup is not None or read.place is not None else asked_term(read.text)


def ground(question: str, found: Sequence[Sequence[Passage]], top_k: int) -> Ground:
    """The passages for an answer out of the results of `searches`, each best first."""
    read = read_question(question)
    if things := things_of(read):
        return _of_things(question, things, found, top_k)
    return _ground(question, read, found, top_k)


def _of_things(question: str, things: Sequence[str], found: Sequence[Sequence[Passage]], top_k: int) -> Ground:
    """The passages for the question as a whole, and those for each of its things, marked with how they were found."""
    read = read_question(question)
    whole = _ground(question, read, found[:1], top_k)
    passages = {passage.chunk_id: passage for passage in whole.passages}
    start = 1
    for number, thing in enumerate(things, 1):
        asked = what_is(thing, read)
        end = start + len(searches(asked, top_k))
        own = _ground(asked, read_question(asked), found[start:end], top_k).passages
        start = end
        marks = mark_of(own, number)
        for passage in own:
            known = passages.get(passage.chunk_id, passage)
            passages[passage.chunk_id] = replace(known, scores={**known.scores, **marks[passage.chunk_id]})
    return replace(whole, passages=tuple(passages.values()))


def _ground(question: str, read: Question, found: Sequence[Sequence[Passage]], top_k: int) -> Ground:
    first = list(found[0]) if found else []
    twins: tuple[Passage, ...] = ()
    if not read.laws and read.place is None:
        first, twins = _one_energy(read.text, first)
    if marks := identifiers(read.text):
        # What bears another number is about another thing, however alike it reads.
        bearing = homes(first, marks)
        first = [passage for passage in first if home(passage) in bearing] or first
    first = _with_lead(first)
    best = first[:top_k]
    neighbours = _neighbours(read, best, first[top_k:])
    term = _term(read)
    defining: list[Passage] = []
    if term:
        definition = definition_of(term)
        rest = [p for one in found[1:] for p in one]
        if not read.laws:
            rest, _ = _one_energy(read.text, rest)
        defining = _defining(definition, [*first, *rest], best[0].score if best else 1.0)
    titled = _headed(term, first) if term else _titled(read, first[top_k:])
    several = _heads(first) if len(read.parts) > 1 else []
    parted = [] if term else _parted(read, found[1:], first)
    chosen = _unique([*defining, *best, *several, *titled, *neighbours])
    marks_of = {p.chunk_id: p.scores[PART] for p in parted}
    chosen = [
        replace(p, scores={**p.scores, PART: marks_of[p.chunk_id]}) if p.chunk_id in marks_of else p for p in chosen
    ]
    chosen = _unique([*chosen, *parted])
    used = {passage.chunk_id for passage in chosen}
    further = [passage for passage in first if passage.chunk_id not in used]
    return Ground(tuple(chosen), twins, tuple(further[:_MOST_FURTHER]))


def _with_lead(passages: list[Passage]) -> list[Passage]:
    """The passages, those of the first section with their lead over all others as a score more."""
    if len(passages) < _LOOKED_AT or passages[0].score <= 0:
        return passages
    section = _section(passages[0])
    rival = next((p.score for p in passages if _section(p) != section), passages[-1].score)
    lead = max(0.0, 1.0 - rival / passages[0].score)
    return [replace(p, scores={**p.scores, LEAD: lead}) if _section(p) == section else p for p in passages]


def _unique(passages: Iterable[Passage]) -> list[Passage]:
    found: dict[str, Passage] = {}
    for passage in passages:
        found.setdefault(passage.chunk_id, passage)
    return list(found.values())


def _one_energy(text: str, passages: list[Passage]) -> tuple[list[Passage], tuple[Passage, ...]]:
    """Passages without those of the twin ordinance for the other energy, and those; named none means electricity."""
    named = energies_of(text)
    if len(named) > 1:
        return passages, ()
    asked = next(iter(named), None)
    kept: list[Passage] = []
    left: list[Passage] = []
    for passage in passages:
        own = law_energy(passage)
        if own is None or not has_twin(passage):
            kept.append(passage)
        elif asked is not None:
            (kept if own == asked else left).append(passage)
        elif own == "gas" and any(is_twin(passage, other) for other in passages):
            left.append(passage)
        else:
            kept.append(passage)
    return kept, tuple(left) if asked is None else ()


def _neighbours(read: Question, best: Sequence[Passage], others: Sequence[Passage]) -> list[Passage]:
    """Further passages of the first sections found: a rule and its sums often stand in two Absätze."""
    sections = list(dict.fromkeys(_section(passage) for passage in best))[:_SECTIONS]
    found = [passage for passage in others if _section(passage) in sections]
    wants: list[Want] = [want for want in read.wants if want in NUMERIC]
    if wants and len(found) > _MOST_NEIGHBOURS:
        found.sort(key=lambda passage: not value_spans(passage.text, wants))
    return found[:_MOST_NEIGHBOURS]


def _heads(passages: Sequence[Passage]) -> list[Passage]:
    """The best passage of each of the first sections: a question for several things has its answers in several."""
    found: dict[object, Passage] = {}
    for passage in passages:
        found.setdefault(_section(passage), passage)
    return list(found.values())[:_SECTIONS]


def _parted(read: Question, found: Sequence[Sequence[Passage]], first: Sequence[Passage]) -> list[Passage]:
    """The best passages of the section that the search for each part puts first, marked with the part's number."""
    top = first[0].score if first else 1.0
    known = {passage.chunk_id: passage.score for passage in first}
    chosen: list[Passage] = []
    for number, one in enumerate(found, 1):
        passages = list(one)
        if not read.laws:
            passages, _ = _one_energy(read.text, passages)
        best = [passage for passage in passages if _section(passage) == _section(passages[0])][:_PASSAGES_OF_PART]
        chosen += [
            replace(p, score=known.get(p.chunk_id, _BEHIND * top), scores={**p.scores, PART: float(number)})
            for p in best
        ]
    return chosen


def _titled(read: Question, others: Sequence[Passage]) -> list[Passage]:
    """First passages of sections whose heading names nothing but what is asked for: there stands the rule itself."""
    asked = {stem(spelling(raw)) for raw in tokens(read.text)}
    found: list[Passage] = []
    for passage in others:
        heading = heading_of(passage.heading_path[-1:])
        named = [spelling(raw) for raw in tokens(heading)]
        content = {stem(word) for word in named if word not in FUNCTION_WORDS}
        if content and content <= asked and passage.paragraph in (None, "1"):
            found.append(passage)
    return found[:_MOST_TITLED]


def _headed(term: str, passages: Sequence[Passage]) -> list[Passage]:
    """The beginnings of sections whose heading is the word that is asked for."""
    speaks = same_words(term)
    return [p for p in passages if begins_section(p) and fit(p, speaks)][:_MOST_TITLED]


def _section(passage: Passage) -> tuple[str, object]:
    return passage.item_id or passage.title, passage.section or passage.heading_path


def _defining(definition: Definition, passages: Sequence[Passage], score: float) -> list[Passage]:
    """The passages that define the word asked for, the plainest first, as good as the best that was found."""
    # Cutting all passages is dear: few get here.
    from luna_rules.answers.statements import first_line, statements

    found: list[tuple[float, int, Passage]] = []
    for place, passage in enumerate(_unique(passages)):
        if not definition.likely(passage.text):
            continue
        strength = max(
            (definition.strength(one.text, first_line(passage, one)) for one in statements(passage)),
            default=0.0,
        )
        if strength:
            found.append((-strength, place, passage))
    found.sort(key=lambda one: one[:2])
    return [replace(passage, score=max(score, passage.score)) for _, _, passage in found[:_MOST_DEFINITIONS]]
