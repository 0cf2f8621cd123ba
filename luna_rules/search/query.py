"""The asked question becomes groups of terms, exact look-ups and a vector. What is written is in `analyser.py`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from luna_rules.search import laws, words
from luna_rules.search.analyser import Analyser
from luna_rules.search.cases import quantities_named
from luna_rules.search.lexicon import Lexicon, has_vector
from luna_rules.search.lookups import Lookup, LookupParser
from luna_rules.search.phrases import Phrases, english_key, phrase_key
from luna_rules.search.separable import parted_verbs
from luna_rules.search.similar import SimilarTerms
from luna_rules.search.stories import told_weights
from luna_rules.search.tables import OTHERWISE, SearchTables
from luna_rules.search.when import without_day
from luna_rules.search.wordings import Hint, WordingIndex

_SYNONYM = 0.8
_PARTS = 0.5
_PART_SYNONYM = 0.4
_HINT = 0.3
_GENERAL = 0.5
_SIMILAR = 0.5
_SIMILAR_KNOWN = 0.3
_PIECES = 0.6
_FORM = 0.8
_VERB = 1.0
_NEAR = 0.8
_SECOND = 0.5
_UNNAMED = 0.5
_LOOSE = 0.35
_OTHERWISE = 0.3
_MOST_ALTERNATIVES = 12
_MOST_KNOWN = 4096
_LONGEST_COMPOUND = 60
_SEPARABLE = (
    "ab|an|auf|aus|bei|dar|durch|ein|fest|fort|frei|her|hin|los|mit|nach|nieder|über|um|unter|vor|weg|"
    "zu|zurück|zusammen"
)
_PARTICIPLE = re.compile(rf"(?P<prefix>{_SEPARABLE})?ge(?P<rest>\w{{3,}}?)(?:e?t|en|te[nrms]?|ene[nrms]?)")
_FINITE = re.compile(r"(?P<rest>\w{3,}?)(?:e?t|est|te|ten|end|ende[nrms]?)")


_PART = re.compile(r"\b(?:Nr\.?|Nummer|Satz)\s*\d{1,3}[a-z]?\b", re.I)


@dataclass(frozen=True, slots=True)
class Alternative:
    """One way to say a concept: `terms` add up (a compound's parts, a synonym of two words), times `weight`."""

    terms: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Group:
    """One concept of the question. Its best alternative counts, groups add up.

    `asked` is the wording in the question. `content` is False for hints about the kind of answer, which a passage
    may lack and still support an answer. `people`: the concept's own terms where the law uses them for another thing,
    so that they count fully only in what people ask.
    """

    asked: str
    alternatives: tuple[Alternative, ...]
    weight: float = 1.0
    content: bool = True
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed question. `terms` are all terms whose postings the ranker needs, look-up terms included.

    `behind`: look-up terms of laws for another energy than the question's, which go behind the others; `doubt` (0…1)
    tells how sure that is. `hints`: sections whose everyday wordings the question uses; `worded`: look-up terms of the
    laws that have such wordings at all, so that others do not stand back for want of them.
    """

    text: str
    groups: tuple[Group, ...]
    lookups: tuple[Lookup, ...]
    language: str = "de"
    terms: tuple[str, ...] = field(default=())
    behind: tuple[str, ...] = ()
    doubt: float = 0.0
    hints: tuple[Hint, ...] = ()
    worded: tuple[str, ...] = ()

    @property
    def content_groups(self) -> tuple[Group, ...]:
        """The concepts that a supporting passage must speak about."""
        return tuple(group for group in self.groups if group.content)

    def vector(self, lexicon: Lexicon) -> NDArray[np.float32]:
        """The question as unit vector in the lexicon's space; zeros where no term is known, empty without vectors."""
        total = np.zeros(lexicon.dimension, np.float32)
        rows = lexicon.rows
        if lexicon.dimension:
            for group in self.content_groups:
                for alternative in group.alternatives:
                    for term in alternative.terms:
                        row = rows.get(term)
                        if row is not None:
                            total += (
                                group.weight * alternative.weight * lexicon.matrix[row].astype(np.float32, copy=False)
                            )
        norm = float(np.linalg.norm(total))
        return total / np.float32(norm) if norm > 0 else total


@dataclass(slots=True)
class _Token:
    raw: str
    key: str  # what phrases of the tables are compared with
    terms: tuple[str, ...]
    parts: tuple[str, ...]


def verb_forms(spelled: str) -> tuple[str, ...]:
    """The infinitives that a word may be a form of: `sperrt` → sperren, `ausgestellt` → ausstellen."""
    found: list[str] = []
    participle = _PARTICIPLE.fullmatch(spelled)
    if participle is not None:
        found.append(f"{participle['prefix'] or ''}{participle['rest']}en")
    finite = _FINITE.fullmatch(spelled)
    if finite is not None:
        found.append(f"{finite['rest']}en")
    return tuple(found)


class QueryParser:
    """Parses questions by one lexicon and the word tables. Building one takes a moment; threads may share it."""

    def __init__(self, lexicon: Lexicon, tables: SearchTables) -> None:
        self._lexicon = lexicon
        self._tables = tables
        self._analyser = Analyser(lexicon)
        self._synonyms = Phrases(tables.synonyms, phrase_key)
        self._words = Phrases(tables.words, phrase_key)
        self._english_ignored = frozenset(tables.english_ignored)
        self._english = Phrases(tables.english, partial(english_key, ignored=self._english_ignored))
        self._answer_types = Phrases(tables.answer_types, phrase_key)
        self._energies = [
            (
                frozenset(term for cue in cues for term in (*phrase_key(cue), *english_key(cue))),
                tuple(laws.law_term(key) for name in names for key in laws.law_keys(name)[:1]),
            )
            for cues, names in tables.energies
        ]
        self._ignored = frozenset(words.spelling(word) for word in tables.ignored)
        self._ignored |= frozenset(words.stem(word) for word in self._ignored)
        self._lookups = LookupParser(lexicon.laws, tables.law_names)
        self._similar = SimilarTerms(lexicon.terms)
        self._wordings = WordingIndex(
            tables.sections, self._analyser, self._ignored, self._english_ignored, tables.cases
        )
        self._known: dict[str, tuple[tuple[tuple[str, ...], float], ...]] = {}

    def parse(self, question: str) -> Query:
        """Parses a question of any length; an empty one gives a query without groups."""
        text = words.clean(question).strip()
        lookups, rest = self._lookups.parse(text)
        exact = any(lookup.section for lookup in lookups)
        rest = _PART.sub(" ", rest) if exact else rest
        english = self._is_english(rest)
        rest = without_day(rest)
        concepts = self._concepts(rest, english)
        factors = told_weights(text, [group.asked for group in concepts])
        groups = [
            group if factor == 1 else replace(group, weight=group.weight * factor)
            for group, factor in zip(concepts, factors, strict=True)
        ]
        groups += self._hints(rest)
        groups += [
            Group(lookup.asked, (Alternative((lookup.reference,), 1.0),), 0.5, False)
            for lookup in lookups
            if lookup.reference
        ]
        groups += [self._item(lookup.item) for lookup in lookups if lookup.item]
        terms = dict.fromkeys(t for group in groups for alternative in group.alternatives for t in alternative.terms)
        terms.update(dict.fromkeys(term for lookup in lookups for term in lookup.terms))
        behind, doubt = ((), 0.0) if lookups else self._other_energies(rest, english)
        terms.update(dict.fromkeys(behind))
        content = [group for group in groups if group.content]
        hints = (
            ()
            if exact
            else self._wordings.find(content, english=english, named=quantities_named(text, english=english))
        )
        terms.update(dict.fromkeys(term for hint in hints for term in hint.terms))
        worded = self._wordings.laws if hints else ()
        terms.update(dict.fromkeys(worded))
        language = "en" if english else "de"
        return Query(text, tuple(groups), lookups, language, tuple(terms), behind, doubt, hints, worded)

    def _other_energies(self, text: str, english: bool) -> tuple[tuple[str, ...], float]:
        """The laws of the energies that a question does not speak of; the first energy is meant where it names none."""
        spoken: set[str] = set()
        cues = tuple(cue for some, _ in self._energies for cue in some)
        for raw in words.tokens(text):
            word = self._analyser.word(raw)
            spoken.update(word.full[:1] if word.full else ())
            spoken.update(word.parts[:1])
            # A compound that the corpus does not know is read from its beginning.
            if not word.parts and word.full and word.full[0].startswith(cues):
                spoken.update(cue for cue in cues if _begins(word.full, cue))
            if english:
                spoken.add(words.english_stem(raw))
        named = [bool(cues & spoken) for cues, _ in self._energies]
        if not any(named):
            return tuple(term for _, names in self._energies[1:] for term in names), _UNNAMED
        return tuple(
            term for (_, names), said in zip(self._energies, named, strict=True) if not said for term in names
        ), 1.0

    def _is_english(self, text: str) -> bool:
        raw = [token.lower() for token in words.tokens(text)]
        english = sum(token in self._english_ignored for token in raw)
        german = sum(token in words.FUNCTION_WORDS or words.spelling(token) in self._ignored for token in raw)
        if english != german:
            return english > german
        # Key words without any function word: English where more of them are English alone than German alone.
        spelled = [words.spelling(token) for token in raw]
        native = [self._is_known(words.stem(one)) or one in self._wordings.spoken_german for one in spelled]
        foreign = [
            bool(self._english.meant(words.english_stem(token))) or one in self._wordings.spoken_english
            for token, one in zip(raw, spelled, strict=True)
        ]
        pairs = list(zip(foreign, native, strict=True))
        return pairs.count((True, False)) > pairs.count((False, True))

    def _concepts(self, text: str, english: bool) -> list[Group]:
        found: list[_Token] = []
        parted = () if english else tuple(parted_verbs(text, verb_forms, self._is_known))
        whole = {one.verb: one.whole for one in parted}
        particles = {one.particle for one in parted}
        for raw in words.tokens(text):
            if (english and raw.lower() in self._english_ignored) or raw in particles:
                continue
            if raw in whole:
                together = self._analyser.word(whole[raw])
                alone = self._analyser.word(raw)
                found.append(_Token(raw, together.full[0], (*together.full, *alone.full), together.parts))
                continue
            word = self._analyser.word(raw)
            if word.full:
                joined = words.joined(raw)
                key = words.english_stem(joined) if english else words.stem(words.spelling(joined))
                found.append(_Token(raw, key, word.full, word.parts))
        keys = [token.key for token in found]
        lower = text == text.lower()
        covered: set[int] = set()
        groups: list[Group] = []
        for start in range(len(found)):
            table = self._english if english else self._synonyms
            matches = [(n, meant) for n, meant in table.at(keys, start) if n > 1]
            if english:
                matches += [(n, meant) for n, meant in self._synonyms.at(keys, start) if n > 1]
            for n, meant in matches:
                span = range(start, start + n)
                own = tuple(t for i in span for t in found[i].terms)
                otherwise = not english and _is_otherwise([meant])
                alternatives = [Alternative(own, 0.5 if english else _OTHERWISE if otherwise else 1.0)]
                alternatives += self._meant(meant, 1.0 if english else _SYNONYM)
                asked = " ".join(found[i].raw for i in span)
                groups.append(Group(asked, _merged(alternatives), people=own if otherwise else ()))
                covered.update(span)
        german = [self._translated(key) for key in keys] if english else keys
        near = self._synonyms.near(german) + (self._english.near(keys) if english else [])
        for start in () if english else range(len(keys)):
            near += [(tuple(range(start, start + n)), meant) for n, meant in self._words.at(keys, start) if n > 1]
        for span, meant in near:
            asked = " ".join(found[i].raw for i in span)
            groups.append(Group(asked, _merged(self._meant(meant, _SYNONYM)), _NEAR))
        for i, token in enumerate(found):
            if i in covered or words.spelling(token.raw) in self._ignored or token.key in self._ignored:
                continue
            weight = 1.0 if english or lower or token.raw[:1].isupper() or not token.raw.isalpha() else _VERB
            otherwise = not english and _is_otherwise(self._synonyms.meant(token.key))
            alternatives = _merged(self._alternatives(token, english))
            groups.append(Group(token.raw, alternatives, weight, people=token.terms[:1] if otherwise else ()))
        return _distinct(groups)

    def _alternatives(self, token: _Token, english: bool) -> list[Alternative]:
        if english and (translated := self._translations(token.key)):
            return [Alternative((token.terms[0],), 0.5), *translated]
        whole, pieces = token.terms[0], tuple(self._corrected(term) for term in token.terms[1:])
        synonyms = self._synonyms.meant(token.key)
        alternatives = [Alternative((whole,), _OTHERWISE if _is_otherwise(synonyms) else 1.0)]
        if pieces:
            alternatives.append(Alternative(pieces, _PIECES))
        for meant in synonyms:
            alternatives += self._meant(meant, _SYNONYM)
        for meant in self._synonyms.partly(token.key):
            alternatives += self._meant(meant, _LOOSE)
        for meant in self._words.meant(token.key):
            alternatives += self._meant(meant, _GENERAL)
        for form in verb_forms(words.spelling(token.raw)):
            key = words.stem(form)
            if key == whole:
                continue
            if self._is_known(key):
                alternatives.append(Alternative((key,), _FORM))
            for meant in self._synonyms.meant(key):
                alternatives += self._meant(meant, _SYNONYM)
        parts = self._spoken(token) or self._partial(token)
        if parts:
            alternatives.append(Alternative(parts, _PARTS))
            for part in parts:
                for meant in self._synonyms.meant(part):
                    alternatives += self._meant(meant, _PART_SYNONYM)
        if has_vector(whole) and len(whole) >= 5:
            weight = _SIMILAR_KNOWN if self._is_known(whole) else _SIMILAR
            alternatives += [Alternative((term,), weight * s) for term, s in self._similar.find(whole) if term != whole]
        return alternatives

    def _item(self, number: str) -> Group:
        """The number of a list's item within a provision, which tells its passages apart."""
        return Group(f"Nr. {number}", (Alternative(self._analyser.word(number).full, 1.0),), 0.5, False)

    def _translations(self, key: str) -> list[Alternative]:
        """German wordings for an English word, and what these mean in turn."""
        found: list[Alternative] = []
        for meant in self._english.meant(key):
            found += self._meant(meant, 1.0)
            for wording in meant:
                for further in self._synonyms.meant(" ".join(phrase_key(wording))):
                    found += self._meant(further, _SECOND)
        return found

    def _translated(self, key: str) -> str:
        """The stem of the first German word for an English one, itself where there is none."""
        meant = self._english.meant(key)
        stems = phrase_key(meant[0][0]) if meant else ()
        return stems[0] if len(stems) == 1 else key

    def _is_known(self, term: str) -> bool:
        return term in self._lexicon.rows

    def _corrected(self, term: str) -> str:
        """A term as it is, or the known one that is spelled most alike where it is unknown."""
        if self._is_known(term) or not has_vector(term) or len(term) < 5:
            return term
        return next((similar for similar, _ in self._similar.find(term)), term)

    def _spoken(self, token: _Token) -> tuple[str, ...]:
        """The parts of a compound; of one that the corpus does not know only those that it does know.

        Two parts joined („Wärmeanlage“ of „Erdwärmeanlage“) are parts, too, and need be no word.
        """
        if self._is_known(token.terms[0]):
            return token.parts
        known = tuple(part for part in token.parts if self._is_known(part))
        return known if len(known) > 1 else token.parts

    def _partial(self, token: _Token) -> tuple[str, ...]:
        """What is known at the two ends of a word that the corpus neither knows nor can split."""
        spelled = words.spelling(token.raw)
        if self._is_known(token.terms[0]) or not spelled.isalpha() or not 8 <= len(spelled) <= _LONGEST_COMPOUND:
            return ()
        found: list[str] = []
        for cut in range(3, len(spelled) - 3):
            tail = words.stem(spelled[cut:])
            if len(tail) >= 4 and self._is_known(tail):
                found.append(tail)
                break
        for cut in range(len(spelled) - 3, 3, -1):
            head = words.stem(spelled[:cut])
            if spelled[:cut] in self._lexicon.parts and self._is_known(head):
                found.insert(0, head)
                break
        return tuple(dict.fromkeys(found))

    def _meant(self, wordings: Iterable[str], weight: float) -> list[Alternative]:
        return [Alternative(terms, weight * own) for wording in wordings for terms, own in self._said(wording)]

    def _said(self, wording: str) -> tuple[tuple[tuple[str, ...], float], ...]:
        """The terms of a table's wording, each way to say it with its weight; tables say the same in many places."""
        found = self._known.get(wording)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[wording] = self._read(wording)
        return found

    def _read(self, wording: str) -> tuple[tuple[tuple[str, ...], float], ...]:
        analysed = [word for raw in words.tokens(words.clean(wording)) if (word := self._analyser.word(raw)).full]
        if not analysed:
            return ()
        terms = tuple(word.full[0] for word in analysed)
        if len(analysed) == 1 and analysed[0].parts and not self._is_known(terms[0]):
            return (terms, 1.0), (analysed[0].parts, _PARTS)
        return ((terms, 1.0 / math.sqrt(len(terms))),)

    def _hints(self, text: str) -> list[Group]:
        keys = [words.stem(words.spelling(raw)) for raw in words.tokens(text)]
        groups: list[Group] = []
        for start in range(len(keys)):
            for _, meant in self._answer_types.at(keys, start):
                alternatives = self._meant(meant, 1.0)
                groups.append(Group(keys[start], _merged(alternatives), _HINT, False))
        return _distinct(groups)


def _is_otherwise(synonyms: Iterable[tuple[str, ...]]) -> bool:
    """Whether the table says of a wording that the law uses its words for another thing."""
    return any(meant[0].startswith(OTHERWISE) for meant in synonyms)


def _begins(full: tuple[str, ...], cue: str) -> bool:
    """Whether a word begins with another and goes on with at least four letters."""
    return bool(full) and full[0].startswith(cue) and len(full[0]) >= len(cue) + 4


def _merged(alternatives: Iterable[Alternative]) -> tuple[Alternative, ...]:
    best: dict[tuple[str, ...], float] = {}
    for alternative in alternatives:
        best[alternative.terms] = max(best.get(alternative.terms, 0.0), alternative.weight)
    if len(best) > _MOST_ALTERNATIVES:
        kept = sorted(best, key=lambda terms: -best[terms])[:_MOST_ALTERNATIVES]
        best = {terms: weight for terms, weight in best.items() if terms in set(kept)}
    return tuple(Alternative(terms, weight) for terms, weight in best.items())


def _distinct(groups: Iterable[Group]) -> list[Group]:
    """One group for one concept: those of the same wording or with the same first terms are joined."""
    kept: list[Group] = []
    for group in groups:
        for place, other in enumerate(kept):
            same = other.asked == group.asked or other.alternatives[0].terms == group.alternatives[0].terms
            if same and other.content == group.content:
                kept[place] = _joined(other, group)
                break
        else:
            kept.append(group)
    return kept


def _joined(one: Group, other: Group) -> Group:
    """Two groups of one concept as one, each alternative as strong as in the stronger of them."""
    stronger, weaker = sorted((one, other), key=lambda group: -group.weight * group.alternatives[0].weight)
    ratio = weaker.weight / stronger.weight
    added = [Alternative(alternative.terms, alternative.weight * ratio) for alternative in weaker.alternatives]
    merged = _merged([*stronger.alternatives, *added])
    return replace(stronger, alternatives=merged, people=stronger.people or weaker.people)
