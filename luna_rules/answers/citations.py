"""The check that stands between any writer of answers and the reader: each claim against the passage it cites.

Only judging sentences belongs here, whole or as they arrive in a stream; what can be checked is found by `claims`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from luna_rules.answers.claims import Claims, find_claims
from luna_rules.answers.model import Passage
from luna_rules.answers.source_facts import SourceFacts, facts_of
from luna_rules.answers.text import clean, comparable
from luna_rules.documents.sentences import split_sentences

Verdict = Literal["ok", "dropped", "marked"]
UNPROVEN = "[nicht belegt]"
"""What is set right behind a claim that cites nothing."""

LONGEST_SENTENCE = 8_000
"""A longer run of text without an end is no sentence; it is dropped rather than held back for ever."""

_CITATION = re.compile(r"\[\s*chunks?\b\s*:?\s*(?P<ids>[^\[\]]{0,400})\]", re.I)
_BROKEN_CITATION = re.compile(r"\[\s*chunks?\b[^\[\]\n]{0,400}", re.I)
_ID_SEPARATOR = re.compile(r"\s*[,;]\s*(?:chunks?\s+)?|\s+(?:und|and|chunks?)\s+", re.I)
_MACHINERY = re.compile(
    r"<\|[^|>]{0,40}\|>|\[/?INST\]|<</?SYS>>|</?(?:system|assistant|user|context|passage|chunk)\b[^>\n]{0,80}>|"
    r"^\s*#{0,4}\s*(?:system|assistant|user|instruction)s?\s*:",
    re.I | re.M,
)
_ADMISSION = re.compile(
    r"\b(?:geht|ergibt|findet|lässt|steht|enthalten|enthält|nennt|sagt|regelt|weiß|kann ich)\b.{0,120}"
    r"\b(?:nicht|nichts|keine?n?)\b",
    re.I | re.S,
)
_SOURCES = re.compile(
    r"\b(?:Quellen?|Fundstellen?|Passagen?|Unterlagen|Auszüg\w*|Kontext|Textstellen?|Dokumente?n?|ich)\b", re.I
)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class CheckedSentence:
    """What became of one sentence. `text` is what may leave (empty when dropped); `lead` is the white space before it.

    `reasons` are German and for the log, `cited` the ids that it cites and that were retrieved.
    """

    text: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()
    original: str = ""
    lead: str = ""

    @property
    def rendered(self) -> str:
        """The piece of the answer's text: joined over all sentences it is the answer."""
        return self.lead + self.text if self.text else ""


class CitationChecker:
    """Judges sentences against the passages that were retrieved. Keeps count of what it dropped and marked.

    `instructions` is what the writer was told; a sentence that repeats it is no answer and is dropped.
    """

    def __init__(self, passages: Sequence[Passage], *, instructions: str = "") -> None:
        self._facts = {passage.chunk_id: facts_of(passage) for passage in passages}
        self._instructions = _bare(instructions)
        self.dropped: list[CheckedSentence] = []
        self.marked: list[CheckedSentence] = []

    def check_sentence(self, sentence: str) -> CheckedSentence:
        """The verdict on one sentence, citations included."""
        checked = self._check(sentence)
        if checked.verdict == "dropped":
            self.dropped.append(checked)
        elif checked.verdict == "marked":
            self.marked.append(checked)
        return checked

    def check_text(self, text: str) -> list[CheckedSentence]:
        """The verdicts on all sentences of a finished text."""
        stream = StreamChecker(self)
        return [*stream.feed(text), *stream.finish()]

    def _check(self, raw: str) -> CheckedSentence:
        shown = clean(raw)
        body = shown.strip()
        lead = shown[: len(shown) - len(shown.lstrip())]
        if not body:
            return CheckedSentence("", "ok", original=raw, lead=lead)

        def verdict(
            kind: Verdict, reasons: Iterable[str], cited: Iterable[str] = (), text: str = ""
        ) -> CheckedSentence:
            return CheckedSentence(text, kind, tuple(dict.fromkeys(reasons)), tuple(cited), raw, lead)

        if len(body) > LONGEST_SENTENCE:
            return verdict("dropped", ["kein Satzende gefunden"])
        folded = _fold_brackets(body)
        ids: list[str] = []
        for match in _CITATION.finditer(folded):
            ids += [part.strip() for part in _ID_SEPARATOR.split(match["ids"].strip()) if part.strip()] or [""]
        bare = _CITATION.sub(" ", folded)
        if _BROKEN_CITATION.search(bare):
            return verdict("dropped", ["unvollständiger Verweis"], ids)
        if unknown := [chunk_id for chunk_id in ids if chunk_id not in self._facts]:
            return verdict("dropped", [f"Verweis auf nicht gefundene Passage: {i[:80] or '(leer)'}" for i in unknown])
        if _MACHINERY.search(bare):
            return verdict("dropped", ["Steuerzeichen statt Antwort"], ids)
        if self._repeats_instructions(bare):
            return verdict("dropped", ["Anweisung wiederholt"], ids)
        cited = list(dict.fromkeys(ids))
        if not cited:
            return self._uncited(body, bare, raw, lead)
        sources = [self._facts[chunk_id] for chunk_id in cited]
        text = comparable(bare)
        if any(text in source.comparable for source in sources):
            return verdict("ok", [], cited, body)
        if reasons := list(_unsupported(find_claims(bare), sources)):
            return verdict("dropped", reasons, cited)
        return verdict("ok", [], cited, body)

    def _uncited(self, body: str, bare: str, raw: str, lead: str) -> CheckedSentence:
        if not _WORD.search(bare) and not any(char.isdigit() for char in bare):
            return CheckedSentence(body, "ok", original=raw, lead=lead)
        claims = find_claims(bare)
        if claims.urls:
            return CheckedSentence("", "dropped", ("Adresse ohne Beleg",), original=raw, lead=lead)
        if not claims and not _claims_something(bare):
            return CheckedSentence(body, "ok", original=raw, lead=lead)
        if body.endswith(UNPROVEN):
            return CheckedSentence(body, "marked", ("ohne Verweis",), original=raw, lead=lead)
        return CheckedSentence(f"{body} {UNPROVEN}", "marked", ("ohne Verweis",), original=raw, lead=lead)

    def _repeats_instructions(self, bare: str) -> bool:
        if not self._instructions:
            return False
        words = _bare(bare)
        return words.count(" ") >= 5 and words in self._instructions


def _bare(text: str) -> str:
    """Only the words, for comparing with instructions whatever the punctuation."""
    return " ".join(re.findall(r"\w+", comparable(text)))


def _fold_brackets(text: str) -> str:
    return text.translate({0x3010: "[", 0x3011: "]", 0x27E6: "[", 0x27E7: "]", 0x2045: "[", 0x2046: "]"})


def _claims_something(text: str) -> bool:
    """Whether a sentence states anything: questions, lead-ins and the admission that nothing is known do not."""
    stripped = text.strip().rstrip("*_ ")
    if stripped.endswith(("?", ":")):
        return False
    if stripped.startswith("#"):
        return False
    return not (_ADMISSION.search(stripped) and _SOURCES.search(stripped))


def _unsupported(claims: Claims, sources: Sequence[SourceFacts]) -> Iterable[str]:
    """Why a sentence is not held by its sources, one German reason for each claim that fails."""
    for amount in claims.amounts:
        if not any(source.has_amount(amount) for source in sources):
            yield f"Zahl nicht in der Quelle: {amount.written}"
    for year, month, day in claims.dates:
        if not any(source.has_date((year, month, day)) for source in sources):
            yield f"Datum nicht in der Quelle: {day:02}.{month:02}." + (f"{year:04}" if year else "")
    for section in claims.sections:
        if not any(source.has_section(section) for source in sources):
            yield f"Vorschrift nicht in der Quelle: {section.written} {section.law}".rstrip()
    for part in claims.parts:
        if not any(source.has_part(part) for source in sources):
            yield f"Gliederung nicht in der Quelle: {part[0].capitalize()} {part[1]}"
    for url in claims.urls:
        if not any(url in source.comparable for source in sources):
            yield "Adresse nicht in der Quelle"


# --- streaming ------------------------------------------------------------------------------------------------------

_END = re.compile(r"[.!?]+[\"“”'»)*_]*|\n[ \t\r]*(?=\n)|\n(?=[ \t]*(?:[-*•–#|]|\d{1,3}[a-z]?[.)]|[a-z]{1,2}\))[ \t])")
_LOOKAHEAD = 24
_LOOKBACK = 80
_SHORTEST = 16


class StreamChecker:
    """Cuts text that arrives in pieces into sentences and lets each pass only once it is judged.

    A sentence is complete when something else begins behind it and behind its citations, so an id or an abbreviation
    that is split over pieces is never judged by half. Every character is looked at a bounded number of times.
    """

    def __init__(self, checker: CitationChecker) -> None:
        self._checker = checker
        self._buffer = ""
        self._scanned = 0
        self._overlong = False

    def feed(self, delta: str) -> list[CheckedSentence]:
        """Take in the next piece, give out what became complete."""
        self._buffer += delta
        return self._drain(final=False)

    def finish(self) -> list[CheckedSentence]:
        """The text has ended: give out the rest."""
        checked = self._drain(final=True)
        rest, self._buffer, self._scanned = self._buffer, "", 0
        if rest.strip() and not self._overlong:
            checked.append(self._checker.check_sentence(rest))
        self._overlong = False
        return checked

    def _drain(self, *, final: bool) -> list[CheckedSentence]:
        checked: list[CheckedSentence] = []
        start = 0
        while True:
            end = self._sentence_end(start, final=final)
            if end is None:
                break
            if self._overlong:
                self._overlong = False
            elif self._buffer[start:end].strip():
                checked.append(self._checker.check_sentence(self._buffer[start:end]))
            start = end
            self._scanned = end
        if start:
            self._buffer = self._buffer[start:]
            self._scanned = max(0, self._scanned - start)
        if len(self._buffer) > LONGEST_SENTENCE and not self._buffer.strip():
            self._buffer = self._buffer[-2:]
            self._scanned = 0
        if len(self._buffer) > LONGEST_SENTENCE:
            # Report it once, then forget whatever follows until a sentence ends.
            if not self._overlong:
                checked.append(self._checker.check_sentence(self._buffer + " "))
                self._overlong = True
            self._buffer = self._buffer[-_LOOKAHEAD:]
            self._scanned = 0
        return checked

    def _sentence_end(self, start: int, *, final: bool) -> int | None:
        """Where the sentence that begins at `start` ends, citations behind it included; None while that is open."""
        text = self._buffer
        position = max(start, self._scanned)
        while match := _END.search(text, position):
            if match.end() - start > LONGEST_SENTENCE + _LOOKAHEAD:
                return match.end()
            breaks = match.group().startswith("\n")
            if match.start() - start < _SHORTEST or breaks:
                said = text[start : match.start()].strip()
                if not said or (not breaks and not any(char.isalnum() for char in said)):
                    position = match.end()
                    continue
            if not final and not breaks and len(text) - match.end() < _LOOKAHEAD and not _settled(text, match.end()):
                self._scanned = max(start, match.start() - _LOOKAHEAD)
                return None
            if self._inside_citation(text, start, match.start()) or not self._ends(text, match, start):
                position = match.end()
                continue
            if breaks:  # the line break leads the next sentence in
                return match.start()
            end = self._behind_citations(text, match.end(), final=final)
            if end is None:
                self._scanned = max(start, match.start() - _LOOKAHEAD)
                return None
            return end
        self._scanned = max(start, len(text) - _LOOKAHEAD)
        return None

    @staticmethod
    def _inside_citation(text: str, start: int, at: int) -> bool:
        opened = text.rfind("[", max(start, at - 420), at)
        return opened >= 0 and text.find("]", opened, at) < 0 and bool(_BROKEN_CITATION.match(text, opened, at))

    @staticmethod
    def _ends(text: str, match: re.Match[str], start: int) -> bool:
        if match.group().startswith("\n"):
            return True
        end = match.end()
        following = text[end : end + 1]
        if following and not following.isspace() and following not in "[【［":
            return False
        if text[match.start() - 1 : match.start()] in ("]", "】", "］") or text[match.start()] != ".":
            return True
        if text[max(start, match.start() - _SHORTEST) : match.start()].rstrip()[-1:] in (".", "!", "?"):
            return False  # a row of full stops is no row of sentences
        begin = max(start, match.start() - _LOOKBACK)
        before = text[begin:end]
        behind = text[end : end + _LOOKAHEAD]
        if behind.lstrip()[:1] in ("[", "【", "［"):
            behind = " Die"  # a citation says nothing about what stands before it; take it for the next sentence
        window = (before + behind).lstrip()
        cut = end - begin - (len(before + behind) - len(window))
        return any(span_end == cut for _, span_end in split_sentences(window))

    def _behind_citations(self, text: str, end: int, *, final: bool) -> int | None:
        """The end moved behind citations that follow the full stop; None while one is still arriving."""
        while True:
            at = end
            while at < len(text) and text[at] in " \t\u00a0\u200b\u2060":
                at += 1
            if at >= len(text):
                return end if final else None
            if text[at] not in "[【［":
                return end
            if match := _CITATION.match(_fold_brackets(clean(text[at : at + 460]))):
                close = min((i for i in (text.find(c, at) for c in "]】］") if i >= 0), default=-1)
                if close < 0 or not match.group():
                    return end
                end = close + 1
                if end < len(text) and text[end] in ".;,":
                    end += 1
                continue
            window = text[at : at + 460]
            if not final and len(window) < 460 and not any(c in window for c in "]】］\n") and _may_cite(window):
                return None
            return end


_WHOLE_WORD = re.compile(r"\s+\S+\s|\S")


def _settled(text: str, at: int) -> bool:
    """Whether enough stands behind a full stop to tell what it is: the next word as a whole."""
    return _WHOLE_WORD.match(text, at) is not None


def _may_cite(window: str) -> bool:
    head = clean(window).lstrip("[【［ ").lower()
    return "chunk".startswith(head[:5]) or head.startswith("chunk")
