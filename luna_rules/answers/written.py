"""Sentences that a language model wrote: only what is cited and holds against what it cites may be shown.

Stricter than `citations`, whose judgement stands first: a model's uncited sentence is dropped and not marked, and a
citation must also be about what the sentence says. Streaming is `citations.StreamChecker`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from luna_rules.answers.citations import CheckedSentence, CitationChecker, StreamChecker
from luna_rules.answers.model import Passage, cite
from luna_rules.answers.orders import is_order
from luna_rules.answers.text import comparable, word_set
from luna_rules.documents.sentences import split_sentences
from luna_rules.search import words

MOST_SENTENCES = 12
"""More than twice what the model is asked for; what comes after is not waited for."""
MOST_DROPPED = 24
SHARE = 0.5
"""How much of a sentence's own words must stand in what it cites. Faithful paraphrases have 0.6 and more."""
_RUN = 6
"""So many words in a row from the model's instructions are no coincidence."""
_SAME = 0.75
_MARK = re.compile(r"[\[【⟦⁅［]\s*chunks?\b[^\[\]【】⟦⟧⁅⁆［］]{0,400}[\]】⟧⁆］]", re.I)
_MARKERS = re.compile(r"(?<=[.:;!?])[ \t]+(?=\(\d{1,3}[a-z]?\)\s)")
"""Before an Absatz within a line. At the beginning of a paragraph its number is none that a sentence could rest on."""
_MARKUP = re.compile(r"\]\s*\(|!\[|</?[a-z][^>\n]{0,200}>|\bjavascript:|\bdata:\w+/", re.I)
_NOT = re.compile(
    r"\b(?:nicht|nichts|nie|niemals|kein\w*|ohne|weder|unzulässig\w*|verboten\w*|entfällt|ausgeschlossen)\b", re.I
)
# Words that a paraphrase adds without saying anything more.
_NEUTRAL = word_set(
    "beträgt betragen gilt gelten laut gemäß gemass nach demnach danach somit daher also bedeutet heißt heisst erfolgt"
    " erfolgen besteht bestehen liegt liegen kann können darf dürfen muss müssen soll sollen wird werden sind haben hat"
    " innerhalb spätestens mindestens höchstens maximal jeweils grundsätzlich insbesondere außerdem ausserdem zudem"
    " ferner dabei hierbei hierfür dafür dazu sowie beziehungsweise regelt regeln geregelt festgelegt legt fest"
    " vorgesehen sieht vorschrift absatz satz nummer paragraf paragraph passage abschnitt bestimmung frage antwort"
    " folgende folgenden folgendes ende genau genauer möglich notwendig erforderlich"
)


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """What became of one sentence. `text` has its citations by the passages' own ids; it is empty where it was dropped.

    `lead` is the white space before it; `reasons` say in German why it was dropped.
    """

    text: str
    cited: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    lead: str = ""
    original: str = ""

    @property
    def holds(self) -> bool:
        """Whether it may be shown."""
        return bool(self.text)


class WrittenChecker:
    """Judges a model's text as it arrives. `passages` are those it was given, under the short ids that it was told.

    `real_ids` turns a short id into the passage's own. `instructions` is what the model was told; `question` is what
    was asked: its words say nothing about whether a sentence holds.
    """

    def __init__(
        self, passages: Sequence[Passage], real_ids: Mapping[str, str], *, question: str, instructions: str
    ) -> None:
        read = [replace(passage, text=_MARKERS.sub("\n\n", passage.text)) for passage in passages]
        self._checker = CitationChecker(read, instructions=instructions)
        self._stream = StreamChecker(self._checker)
        self._passages = {passage.chunk_id: passage for passage in passages}
        self._real_ids = real_ids
        self._asked = _stems(question)
        self._instructions = _bare(instructions)
        self._vocabulary: dict[str, frozenset[str]] = {}
        self._seen: set[str] = set()
        self.kept: list[WrittenSentence] = []
        self.dropped: list[WrittenSentence] = []

    @property
    def enough(self) -> bool:
        """Whether more need not be waited for."""
        return len(self.kept) >= MOST_SENTENCES or len(self.dropped) >= MOST_DROPPED

    def feed(self, piece: str) -> list[WrittenSentence]:
        """Take in the next piece; the sentences that it completed and that hold."""
        return self._judged(self._stream.feed(piece))

    def finish(self) -> list[WrittenSentence]:
        """The text has ended: the last sentences that hold."""
        return self._judged(self._stream.finish())

    def _judged(self, checked: Sequence[CheckedSentence]) -> list[WrittenSentence]:
        found: list[WrittenSentence] = []
        for one in checked:
            judged = self._judge(one)
            if judged is None:
                continue
            if judged.holds and len(self.kept) < MOST_SENTENCES:
                self.kept.append(judged)
                found.append(judged)
            elif not judged.holds:
                self.dropped.append(judged)
        return found

    def _judge(self, checked: CheckedSentence) -> WrittenSentence | None:
        bare = _MARK.sub(" ", checked.original or checked.text)
        if not any(char.isalnum() for char in bare):
            return None  # a ruler, a lonely bracket: nothing was said and nothing is missed

        def no(*reasons: str) -> WrittenSentence:
            return WrittenSentence("", checked.cited, reasons, checked.lead, checked.original)

        if checked.verdict == "dropped":
            return no(*checked.reasons)
        if not checked.cited:
            return no("ohne Verweis")
        if _MARKUP.search(bare):
            return no("Auszeichnung statt Text")
        if is_order(bare):
            return no("Anweisung aus einem Dokument")
        key = _bare(bare)
        if key in self._seen:
            return no("wiederholt")
        cited = [self._passages[chunk_id] for chunk_id in checked.cited]
        if self._betrays(key, cited):
            return no("Anweisung wiederholt")
        if not self._is_about(bare, cited):
            return no("Verweis auf eine Passage, die davon nicht handelt")
        if _turned_round(bare, cited):
            return no("Verneinung anders als in der Quelle")
        self._seen.add(key)
        real = tuple(dict.fromkeys(self._real_ids[chunk_id] for chunk_id in checked.cited))
        text = f"{_without_marks(checked.text)} {' '.join(cite(chunk_id) for chunk_id in real)}"
        return WrittenSentence(text, real, (), checked.lead, checked.original)

    def _betrays(self, key: str, cited: Sequence[Passage]) -> bool:
        """Whether it says what the model was told in confidence; the passages may of course say the same."""
        spoken = key.split()
        runs = {" ".join(spoken[i : i + _RUN]) for i in range(len(spoken) - _RUN + 1)}
        told = {run for run in runs if f" {run} " in f" {self._instructions} "}
        return any(all(run not in _bare(passage.text) for passage in cited) for run in told)

    def _is_about(self, bare: str, cited: Sequence[Passage]) -> bool:
        """Whether enough of its words stand in what it cites, the question's own words left aside."""
        said = _stems(bare)
        if not said:
            return True  # numbers and references alone were compared already
        known: set[str] = set()
        for passage in cited:
            known |= self._words_of(passage)
        own = said - self._asked or said
        held = {word for word in own if _within(word, known)}
        return len(held) >= SHARE * len(own)

    def _words_of(self, passage: Passage) -> frozenset[str]:
        known = self._vocabulary.get(passage.chunk_id)
        if known is None:
            around = (*passage.heading_path, passage.title, passage.law or "", passage.section or "")
            known = self._vocabulary[passage.chunk_id] = _stems(" ".join((passage.text, *around)))
        return known


def _stems(text: str) -> frozenset[str]:
    """The stems of the words that tell something."""
    found: set[str] = set()
    for raw in words.tokens(words.clean(text)):
        for piece in words.pieces(raw):
            spelled = words.spelling(piece)
            if words.is_word(spelled) and len(spelled) > 2 and spelled not in words.FUNCTION_WORDS | _NEUTRAL:
                found.add(words.stem(spelled))
    return frozenset(found)


def _within(word: str, known: frozenset[str] | set[str]) -> bool:
    """Whether the word stands there itself, or in or around a compound."""
    if word in known:
        return True
    if len(word) < 5:
        return False
    return any(word in one or (len(one) >= 5 and one in word) for one in known)


def _turned_round(bare: str, cited: Sequence[Passage]) -> bool:
    """Whether it denies what the nearest sentence of its source affirms, or the other way round.

    Only where the two are nearly the same words otherwise; elsewhere a „nicht" may speak of something else.
    """
    said = _stems(bare)
    if len(said) < 3:
        return False
    denies = _NOT.search(bare) is not None
    opposite = False
    for passage in cited:
        for start, end in split_sentences(passage.text):
            sentence = passage.text[start:end]
            own = _stems(sentence)
            if not own or len(said & own) < _SAME * len(said) or len(said & own) < _SAME * len(own):
                continue
            if (_NOT.search(sentence) is not None) == denies:
                return False
            opposite = True
    return opposite


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", comparable(text)))


def words_of(text: str) -> str:
    """The words of a sentence without its citations, for telling whether two say the same in the same words."""
    return _bare(_MARK.sub(" ", text))


def _without_marks(text: str) -> str:
    """The sentence without its citations; the full stop moves in front of where they stand."""
    bare = _MARK.sub("", text).strip()
    bare = re.sub(r"\s+([.!?;:,])", r"\1", bare)
    return re.sub(r"[ \t]{2,}", " ", bare)


def under_short_ids(passages: Sequence[Passage]) -> tuple[tuple[Passage, ...], dict[str, str]]:
    """The passages numbered from 1, and what each number stands for: models copy short ids, and mangle long ones."""
    short = tuple(replace(passage, chunk_id=str(number)) for number, passage in enumerate(passages, 1))
    return short, {one.chunk_id: passage.chunk_id for one, passage in zip(short, passages, strict=True)}
