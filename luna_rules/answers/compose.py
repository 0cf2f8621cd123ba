"""From a question and the passages found for it to the answer that leaves: choose, judge, frame, check.

Only the order of these steps belongs here; the same way is gone for every answer that no generator wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.extract import Extract, Extractor, is_provision, signs_of
from luna_rules.answers.frame import Frame, ask_about, heading_of, plural_of_missing
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Answer, AnswerSentence, Passage
from luna_rules.answers.question import Question, Want, read_question
from luna_rules.answers.support import Support, assess

_CLAUSE = 260
_CLAUSE_END = re.compile(r"[,;:](?=\s)|(?<=\w)\s[–—]\s")
_ABSATZ_MARK = re.compile(r"^\s*(?:\(\d{1,3}[a-z]{0,2}\)|\d{1,3}[a-z]?\.|[a-z]{1,2}\))\s+")
_MOST_STEPS = 4


def answer_question(
    question: str,
    passages: Sequence[Passage],
    matcher: ConceptMatcher,
    frame: Frame,
    *,
    corpus_empty: bool = False,
    today: date | None = None,
) -> Answer:
    """The extractive answer over `passages` (best first), or a refusal that says so and cites nothing.

    `corpus_empty` tells that nothing can be found yet; `today` lets an answer warn of a text whose validity ends.
    """
    read = read_question(question)
    if corpus_empty and not read.greeting:
        return Answer(False, frame.say("empty_corpus", question), reason="keine Dokumente vorhanden")
    if read.greeting or read.empty:
        key = "greeting" if read.greeting else "nothing_asked"
        return Answer(
            False,
            frame.say(key, question),
            next_question=frame.say("next_question.first", question),
            reason="keine Frage gestellt",
        )
    extractor = Extractor(read, passages, matcher)
    extract = extractor.extract()
    support = assess(read, passages, matcher, extractor, extract)
    if support.supported:
        sentences = _checked(extract.sentences, passages)
        if sentences:
            return _answer(read, passages, extract, sentences, frame, today)
        support = Support(False, "keine Aussage hielt der Prüfung stand")
    return refuse(question, passages, frame, support)


def refuse(question: str, passages: Sequence[Passage], frame: Frame, support: Support) -> Answer:
    """The open admission that nothing supports an answer, with one concrete question to go on with."""
    missing = support.missing
    if missing:
        summary = frame.say("unsure_missing", question, missing=plural_of_missing(missing))
    else:
        summary = frame.say("unsure", question)
    next_question = next((asked for p in passages[:5] if (asked := ask_about(frame, "near", question, p))), "")
    return Answer(
        False,
        summary,
        suggestion=frame.say("suggestion.refusal", question),
        next_question=next_question or frame.say("next_question.none", question),
        reason=support.reason,
        missing=missing,
    )


def assess_question(question: str, passages: Sequence[Passage], matcher: ConceptMatcher) -> Support:
    """Whether `passages` support an answer at all; asked before a generator is."""
    read = read_question(question)
    extractor = Extractor(read, passages, matcher)
    return assess(read, passages, matcher, extractor, extractor.extract())


def _checked(sentences: Sequence[AnswerSentence], passages: Sequence[Passage]) -> tuple[AnswerSentence, ...]:
    """The sentences that hold: every slice is verbatim in its passage, and the check agrees."""
    by_id = {passage.chunk_id: passage for passage in passages}
    checker = CitationChecker(passages)
    kept: list[AnswerSentence] = []
    for sentence in sentences:
        source = by_id[sentence.chunk_id].text
        verbatim = all(
            source[start:end] == piece for (start, end), piece in zip(sentence.spans, sentence.slices, strict=True)
        )
        lines = [f"{piece} [chunk {sentence.chunk_id}]" for piece in sentence.slices]
        if verbatim and all(checker.check_sentence(line).verdict == "ok" for line in lines):
            kept.append(sentence)
    return tuple(kept)


def _answer(
    read: Question,
    passages: Sequence[Passage],
    extract: Extract,
    sentences: tuple[AnswerSentence, ...],
    frame: Frame,
    today: date | None,
) -> Answer:
    by_id = {passage.chunk_id: passage for passage in passages}
    best = max(sentences, key=lambda sentence: sentence.score)
    lookup = read.lookup is not None and read.lookup.only
    lead = by_id[sentences[0].chunk_id if lookup else best.chunk_id]
    clause = "" if lookup else _clause(best, read.wants)
    if clause:
        summary, chunk_id = frame.say("summary", read.text, clause=clause), best.chunk_id
    else:
        summary, chunk_id = _provision_summary(read, lead, frame), ""
    cited = [by_id[i] for i in dict.fromkeys(sentence.chunk_id for sentence in sentences)]
    kind = _suggestion_kind(read, extract, lookup=lookup)
    ending = [p for p in cited if p.valid_to is not None and (today is None or p.valid_to >= today)]
    suggestion = frame.say(f"suggestion.{kind}", read.text)
    if ending:
        suggestion = f"{suggestion} {frame.say('suggestion.validity', read.text)}"
    return Answer(
        answered=True,
        summary=summary,
        body_sentences=sentences,
        suggestion=suggestion,
        next_question=_next_question(read, passages, cited, frame),
        steps=_steps(cited, kind, frame, read.text, validity=ending),
        summary_chunk_id=chunk_id,
    )


def _clause(sentence: AnswerSentence, wants: Sequence[Want]) -> str:
    """The words of the best sentence that answer: the clause with the wanted value, else its beginning; verbatim."""
    first = sentence.slices[0] if sentence.slices else sentence.text
    for piece in sentence.slices or (sentence.text,):
        if signs_of(piece, [want for want in wants if want not in ("modal", "body")]):
            first = piece
            break
    text = " ".join(_ABSATZ_MARK.sub("", first).split())
    if len(text) <= _CLAUSE:
        return text
    ends = [match.start() for match in _CLAUSE_END.finditer(text)]
    bounds = [0, *(end + 1 for end in ends), len(text)]
    clauses = [text[a:b].strip() for a, b in pairwise(bounds)]
    numeric: list[Want] = [want for want in wants if want not in ("modal", "body", "definition", "reason")]
    for place, clause in enumerate(clauses):
        if numeric and signs_of(clause, numeric) and len(clause) <= _CLAUSE:
            before = "" if place == 0 else "… "
            behind = "" if place == len(clauses) - 1 else " …"
            return f"{before}{clause.rstrip(',;:.')}{behind}"
    kept = ""
    for clause in clauses:
        if len(kept) + len(clause) + 1 > _CLAUSE:
            break
        kept = f"{kept} {clause}".strip()
    return f"{kept.rstrip(',;:')} …" if len(kept) > 20 else ""


def _provision_summary(read: Question, passage: Passage, frame: Frame) -> str:
    heading = heading_of(passage)
    if heading and passage.law and not re.search(r"\d|§", heading):
        law = re.sub(r"\s*\d{4}$", "", passage.law)
        return frame.say("summary_provision", read.text, law=law, heading=heading)
    return frame.say(
        "summary_document", read.text, heading=re.sub(r"[§\d]+", "", heading or passage.title).strip() or "Auszug"
    )


def _suggestion_kind(read: Question, extract: Extract, *, lookup: bool) -> str:
    if lookup:
        return "lookup"
    signs = extract.best.signs if extract.best else frozenset[Want]()
    if signs & {"duration", "date"}:
        return "deadline"
    if signs & {"amount", "money", "percent", "distance"}:
        return "amount"
    return "duty" if "modal" in read.wants else "default"


def _next_question(read: Question, passages: Sequence[Passage], cited: Sequence[Passage], frame: Frame) -> str:
    """About the nearest provision that the answer did not use."""
    used = {(p.law or p.title, p.section or p.heading_path) for p in cited}
    for passage in passages:
        if (passage.law or passage.title, passage.section or passage.heading_path) in used:
            continue
        if read.lookup is not None and is_provision(passage, read.lookup):
            continue
        if asked := ask_about(frame, "more", read.text, passage):
            return asked
    return frame.say("next_question.none", read.text)


def _steps(
    cited: Sequence[Passage], kind: str, frame: Frame, question: str, *, validity: Sequence[Passage]
) -> tuple[str, ...]:
    names = list(dict.fromkeys(passage.name for passage in cited if passage.name))
    steps = [frame.say("steps.read", question, name=name) for name in names[:2]]
    if names and kind in ("deadline", "amount"):
        steps.append(frame.say(f"steps.{kind}", question, name=names[0]))
    elif names and kind == "duty":
        steps.append(frame.say("steps.conditions", question, name=names[0]))
    steps += [frame.say("steps.validity", question, name=p.name) for p in validity[:1] if p.name]
    return tuple(dict.fromkeys(steps))[:_MOST_STEPS]
