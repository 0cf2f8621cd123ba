"""Questions for the difference between things: which things, and what the passages say of each.

No law compares two of its words, so each is answered by what defines or regulates it, and the reader compares. Only
reading such questions and answering for each thing belongs here; the searches and the words around are others'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from luna_rules.answers.definitions import BRACKETED, definition_of
from luna_rules.answers.extract import Extractor
from luna_rules.answers.frame import quoted
from luna_rules.answers.headed import same_words
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import AnswerSentence, Passage, labelled
from luna_rules.answers.places import same_section
from luna_rules.answers.question import Question, read_question
from luna_rules.answers.statements import statements
from luna_rules.answers.support import assess
from luna_rules.answers.things import of_thing, things_of, what_is

CONTRAST = "contrast.each"
"""The words of the frame above things that are told of one after the other."""
PARTLY = "contrast.partly"
"""The same where of some of them nothing can be told."""
_SENTENCES = 2
_OWN = 0.65
_DIFFERENT = re.compile(
    r"unterschied|unterscheid|im Gegensatz zu|abgegrenzt|Abgrenzung|\banders als\b|\bdiffer|\bwhereas\b", re.I
)


@dataclass(frozen=True, slots=True)
class Told:
    """One of the things, and the sentences that tell what it is; none where nothing does."""

    thing: str
    sentences: tuple[AnswerSentence, ...]


def told_each(
    read: Question, passages: Sequence[Passage], matcher: ConceptMatcher, today: date | None = None
) -> tuple[Told, ...]:
    """What the passages found for each thing say of it, in the order in which the things were named.

    Empty for other questions, where no thing is told of, and where a document of the asker's compares them itself.
    """
    things = things_of(read)
    if not things or _compared(passages, things):
        return ()
    found = [of_thing(passages, number) for number in range(1, len(things) + 1)]
    if common := _defining_all(things, found):
        found = [[passage for passage in own if passage.law == common] for own in found]
    told = tuple(
        Told(thing, _said(thing, what_is(thing, read), own, _Own(matcher, thing), today))
        for thing, own in zip(things, found, strict=True)
    )
    return told if any(one.sentences for one in told) else ()


def under(thing: str, sentences: Sequence[AnswerSentence]) -> tuple[AnswerSentence, ...]:
    """The sentences, the first one under a line that names the thing."""
    return tuple(labelled(one, f"Zu „{quoted(thing)}“:") if not place else one for place, one in enumerate(sentences))


def _defining_all(things: Sequence[str], found: Sequence[Sequence[Passage]]) -> str | None:
    """The law that defines all of the things, the first found of several: words of one law are told apart by it."""
    laws = [
        dict.fromkeys(p.law for p in own if p.law and _defines(thing, p))
        for thing, own in zip(things, found, strict=True)
    ]
    return next((law for law in laws[0] if all(law in others for others in laws[1:])), None)


def _defines(thing: str, passage: Passage) -> bool:
    definition = definition_of(thing)
    return definition.likely(passage.text) and any(
        definition.strength(one.text) >= BRACKETED for one in statements(passage)
    )


def _said(
    thing: str, question: str, own: Sequence[Passage], matcher: ConceptMatcher, today: date | None
) -> tuple[AnswerSentence, ...]:
    if not own or not matcher.labels:
        return ()
    read = read_question(question)
    extractor = Extractor(read, own, matcher, today)
    extract = extractor.extract()
    if not assess(read, extractor.passages, matcher, extractor, extract).supported:
        return ()
    by_id = {passage.chunk_id: passage for passage in own}
    first = extract.sentences[0]
    if definition_of(thing).strength(first.text):
        return (first,)
    same = [one for one in extract.sentences if same_section(by_id[one.chunk_id], by_id[first.chunk_id])]
    return tuple(same[:_SENTENCES])


def _compared(passages: Sequence[Passage], things: Sequence[str]) -> bool:
    """Whether a sentence of a document that is no law, with its heading, tells the things apart itself."""
    for passage in passages:
        if passage.law is not None or not _DIFFERENT.search(" ".join((passage.text, *passage.heading_path))):
            continue
        for one in statements(passage):
            said = " ".join((*one.headings[-1:], one.text))
            if _DIFFERENT.search(said) and all(_names(said, thing) for thing in things):
                return True
    return False


def _names(text: str, thing: str) -> bool:
    speaks = same_words(thing)
    words = text.split()
    size = len(thing.split())
    return any(speaks(" ".join(words[at : at + size])) for at in range(len(words) - size + 1))


class _Own:
    """The part of a question's matcher that belongs to one thing of it."""

    def __init__(self, matcher: ConceptMatcher, thing: str) -> None:
        self._matcher = matcher
        own = [concept for concept, strength in sorted(matcher.concepts(thing).items()) if strength >= _OWN]
        self._number = {concept: number for number, concept in enumerate(own)}

    @property
    def labels(self) -> Sequence[str]:
        """The words of the thing."""
        return [self._matcher.labels[concept] for concept in self._number]

    @property
    def weights(self) -> Sequence[float]:
        """How much each tells."""
        return [self._matcher.weights[concept] for concept in self._number]

    @property
    def unknown(self) -> frozenset[int]:
        """Those that no passage has."""
        return frozenset(self._own(self._matcher.unknown))

    @property
    def known(self) -> frozenset[int]:
        """Those that a passage has."""
        return frozenset(self._own(self._matcher.known))

    def concepts(self, text: str) -> Mapping[int, float]:
        """What a text speaks of the thing."""
        return self._renumbered(self._matcher.concepts(text))

    def meant(self, law: str | None, section: str | None, paragraph: str | None = None) -> Mapping[int, float]:
        """What people use of the thing's words for what a section answers."""
        return self._renumbered(self._matcher.meant(law, section, paragraph))

    def _own(self, concepts: frozenset[int]) -> list[int]:
        return [self._number[concept] for concept in concepts if concept in self._number]

    def _renumbered(self, found: Mapping[int, float]) -> dict[int, float]:
        return {self._number[concept]: strength for concept, strength in found.items() if concept in self._number}
