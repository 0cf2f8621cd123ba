"""From a question and the passages found for it to the answer that leaves: choose, judge, frame, check.

Only the order of these steps belongs here; the same way is gone for every answer that no generator wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from luna_rules.answers.absent import Absent, absent
from luna_rules.answers.citations import CitationChecker
from luna_rules.answers.contrast import CONTRAST, PARTLY, Told, told_each, under
from luna_rules.answers.energies import LABEL, is_twin, law_energy
from luna_rules.answers.extract import Extract, Extractor
from luna_rules.answers.frame import Frame, ask_about, heading_of, place_name, plural_of_missing, quoted
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Answer, AnswerSentence, Passage
from luna_rules.answers.places import is_provision
from luna_rules.answers.question import Question, Want, read_question
from luna_rules.answers.smalltalk import Talk
from luna_rules.answers.statements import headings_at, statements
from luna_rules.answers.summary import summary_of
from luna_rules.answers.support import NO_PROVISION, Support, assess
from luna_rules.answers.tables import shown

_NEAR = 0.25
"""How much of the question a passage of another document must speak of to be offered next."""
_ANCHORED = 0.4
_MOST_STEPS = 4
NO_DOCUMENT_LEFT = "die Eingrenzung lässt kein Dokument übrig"
_NOTHING_MORE: tuple[Talk, ...] = ("bye", "no", "thanks", "ok")
"""Remarks after which offering a question would be pushing."""


def answer_question(
    question: str,
    passages: Sequence[Passage],
    matcher: ConceptMatcher,
    frame: Frame,
    *,
    corpus_empty: bool = False,
    today: date | None = None,
    twins: Sequence[Passage] = (),
    further: Sequence[Passage] = (),
) -> Answer:
    """The extractive answer over `passages` (best first), or a refusal that says so and cites nothing.

    `twins` are passages that say the same for the other energy; an answer from a twin of one says that it is there.
    `further` passages, found but not needed, may give the question to go on with.
    `corpus_empty` tells that nothing can be found yet; `today` lets an answer warn of a text whose validity ends.
    """
    read = read_question(question)
    if read.talk:
        return reply(question, read.talk, frame)
    if corpus_empty:
        return Answer(False, frame.say("empty_corpus", question), reason="keine Dokumente vorhanden")
    if read.empty:
        return reply(question, None, frame)
    gap = absent(read.lookup, (*passages, *further)) if read.lookup is not None else None
    if gap is not None and gap.sure and f"absent.{gap.kind}" in frame.templates:
        return refuse_absent(question, gap, frame)
    extractor = Extractor(read, passages, matcher, today)
    extract = extractor.extract()
    if CONTRAST in frame.templates and (told := told_each(read, passages, matcher, today)):
        given = tuple((one, _checked(one.sentences, passages)) for one in told)
        if any(sentences for _, sentences in given):
            every = tuple(sentence for one, sentences in given for sentence in under(one.thing, sentences))
            answer = _answer(read, passages, extractor, extract, every, frame, today, twins, further)
            return replace(answer, summary=_apart(question, given, frame), summary_chunk_id="")
    support = assess(read, extractor.passages, matcher, extractor, extract)
    if support.supported:
        sentences = _checked(extract.sentences, passages)
        if sentences:
            answer = _answer(read, passages, extractor, extract, sentences, frame, today, twins, further)
            return _not_seen(answer, question, gap, frame) if gap is not None else answer
        support = Support(False, "keine Aussage hielt der Prüfung stand")
    return refuse(question, passages, frame, support)


def _apart(question: str, given: Sequence[tuple[Told, Sequence[AnswerSentence]]], frame: Frame) -> str:
    """What stands above things that are told of one after the other, and of which of them nothing can be told."""
    missing = [one.thing for one, sentences in given if not sentences]
    return frame.say(PARTLY if missing else CONTRAST, question, missing=plural_of_missing(missing))


def reply(question: str, talk: Talk | None, frame: Frame) -> Answer:
    """What Luna says to a remark that asks for nothing in the documents; None is no words at all. It cites nothing."""
    said = frame.say(f"talk.{talk}" if talk else "nothing_asked", question)
    if talk in _NOTHING_MORE:
        return Answer(False, said, reason="keine Frage gestellt", talk=talk or "")
    first = frame.say("next_question.first", question)
    offer = frame.say("next_question.offer", question, asked=first)
    return Answer(False, said, next_question=first, offer=offer, reason="keine Frage gestellt", talk=talk or "nothing")


def refuse(question: str, passages: Sequence[Passage], frame: Frame, support: Support) -> Answer:
    """The open admission that nothing supports an answer, with one concrete question to go on with."""
    missing = support.missing
    if support.reason == NO_PROVISION and "unsure_provision" in frame.templates:
        summary = frame.say("unsure_provision", question, missing=plural_of_missing(missing))
    elif missing:
        summary = frame.say("unsure_missing", question, missing=plural_of_missing(missing))
    else:
        summary = frame.say("unsure", question)
    near = (ask_about(frame, question, p) for p in passages[:5] if statements(p))
    next_question = next((asked for asked in near if asked), "") or frame.say("next_question.first", question)
    return Answer(
        False,
        summary,
        suggestion=frame.say("suggestion.refusal", question),
        next_question=next_question,
        offer=frame.say("next_question.offer", question, asked=next_question),
        reason=support.reason,
        missing=missing,
    )


def refuse_absent(question: str, gap: Absent, frame: Frame) -> Answer:
    """The statement that a law, which is at hand, does not have what the question names, and how far it reaches."""
    key = f"absent.{gap.kind}{'_until' if gap.last else ''}"
    said = frame.say(key, question, named=gap.named, provision=gap.provision, last=gap.last)
    first = frame.say("next_question.first", question)
    next_question = (ask_about(frame, question, gap.near) if gap.near is not None else "") or first
    return Answer(
        False,
        said,
        next_question=next_question,
        offer=frame.say("next_question.offer", question, asked=next_question),
        reason=NO_PROVISION,
        missing=(f"{gap.provision} {gap.named}".strip(),),
    )


def _not_seen(answer: Answer, question: str, gap: Absent, frame: Frame) -> Answer:
    """An answer from the beginning of a provision, which says that it does not give the part that was asked for."""
    if "absent.unseen" not in frame.templates:
        return answer
    said = frame.say("absent.unseen", question, named=gap.named, provision=gap.provision)
    return replace(answer, summary=said, summary_chunk_id="")


def refuse_limits(question: str, limits: Sequence[str], frame: Frame) -> Answer:
    """The admission that the asker's own limits, told in German, leave nothing to read."""
    if "unsure_limits" not in frame.templates or "suggestion.limits" not in frame.templates:
        return refuse(question, (), frame, Support(False, NO_DOCUMENT_LEFT))
    return Answer(
        False,
        frame.say("unsure_limits", question, limits=", ".join(limits)),
        suggestion=frame.say("suggestion.limits", question),
        next_question=frame.say("next_question.first", question),
        reason=NO_DOCUMENT_LEFT,
    )


def assess_question(question: str, passages: Sequence[Passage], matcher: ConceptMatcher) -> Support:
    """Whether `passages` support an answer at all; asked before a generator is."""
    read = read_question(question)
    extractor = Extractor(read, passages, matcher)
    return assess(read, extractor.passages, matcher, extractor, extractor.extract())


def _checked(sentences: Sequence[AnswerSentence], passages: Sequence[Passage]) -> tuple[AnswerSentence, ...]:
    """The sentences that hold: every slice is verbatim in its passage, and the check agrees."""
    every = [*(one for passage in passages for one in passage.above), *passages]
    by_id = {passage.chunk_id: passage for passage in every}
    checker = CitationChecker(every)
    kept: list[AnswerSentence] = []
    for sentence in sentences:
        places = list(zip(sentence.located, sentence.slices, strict=True))
        verbatim = all(shown(by_id[chunk_id].text[slice(*span)]) == piece for (chunk_id, span), piece in places)
        lines = [f"{piece} [chunk {chunk_id}]" for (chunk_id, _), piece in places]
        # A piece of several lines is read line by line where the answer is read as a whole.
        parts = [part for line in lines for part in (checker.check_text(line) if "\n" in line.strip() else ())]
        single = [checker.check_sentence(line) for line in lines]
        if verbatim and all(one.verdict == "ok" for one in (*single, *parts)):
            kept.append(sentence)
    return tuple(kept)


def _answer(
    read: Question,
    passages: Sequence[Passage],
    extractor: Extractor,
    extract: Extract,
    sentences: tuple[AnswerSentence, ...],
    frame: Frame,
    today: date | None,
    twins: Sequence[Passage],
    further: Sequence[Passage],
) -> Answer:
    by_id = {passage.chunk_id: passage for passage in passages}
    rows = [one for one in sentences if one.table and one.chunk_id == sentences[0].chunk_id]
    lookup = read.lookup is not None and read.lookup.only
    # The summary speaks of what is read first; only of a table's rows, which keep their order, is it the best.
    in_order = read.lookup is not None or read.place is not None or not sentences[0].table
    lead = sentences[0] if in_order else max(rows, key=lambda sentence: sentence.score)
    passage = by_id[lead.chunk_id]
    headings = headings_at(passage, lead.start)
    # A value is said by itself only where its own sentence speaks of what was asked, not merely its surroundings.
    anchored = extract.best is not None and extract.best.coverage >= _ANCHORED
    summary = summary_of(
        read, lead, [one for one in sentences if one is not lead], passage, headings, frame, anchored=anchored
    )
    cited = [by_id[i] for i in dict.fromkeys(sentence.chunk_id for sentence in sentences)]
    kind = _suggestion_kind(read, extract, lookup=lookup)
    ending = [p for p in cited if p.valid_to is not None and (today is None or p.valid_to >= today)]
    asked, offer = _next_question(read, passages, further, cited, extractor, frame)
    suggestion = frame.say(f"suggestion.{kind}", read.text)
    if twin := next((one for one in twins if is_twin(passage, one)), None):
        energy, provision = law_energy(twin), f"{twin.section} {twin.law}"
        said = frame.say("suggestion.twin", read.text, energy=LABEL[energy] if energy else "", provision=provision)
        suggestion = f"{said} {suggestion}"
    if ending:
        suggestion = f"{suggestion} {frame.say('suggestion.validity', read.text)}"
    return Answer(
        answered=True,
        summary=summary,
        body_sentences=sentences,
        suggestion=suggestion,
        next_question=asked,
        steps=_steps(sentences, lead, by_id, kind, frame, read.text, validity=ending),
        summary_chunk_id=lead.chunk_id,
        offer=offer,
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


def _next_question(
    read: Question,
    passages: Sequence[Passage],
    further: Sequence[Passage],
    cited: Sequence[Passage],
    extractor: Extractor,
    frame: Frame,
) -> tuple[str, str]:
    """About the nearest provision or section that the answer did not use, and Luna's offer of it; empty without one."""
    used = {_section_of(passage) for passage in cited}
    homes = {_home_of(passage) for passage in cited}
    for number, passage in enumerate((*passages, *further)):
        near = number < len(passages) and extractor.share(number) >= _NEAR
        if _section_of(passage) in used or (_home_of(passage) not in homes and not near):
            continue
        if read.lookup is not None and is_provision(passage, read.lookup):
            continue
        if statements(passage) and (asked := ask_about(frame, read.text, passage)):
            return asked, frame.say("next_question.offer", read.text, asked=asked)
    return "", ""


def _home_of(passage: Passage) -> str:
    return passage.law or passage.title


def _section_of(passage: Passage) -> tuple[str, object]:
    return _home_of(passage), passage.section or passage.heading_path


def _steps(
    sentences: Sequence[AnswerSentence],
    best: AnswerSentence,
    by_id: Mapping[str, Passage],
    kind: str,
    frame: Frame,
    question: str,
    *,
    validity: Sequence[Passage],
) -> tuple[str, ...]:
    reads = dict.fromkeys(_reading(by_id[one.chunk_id], one.start, frame, question) for one in sentences)
    steps = [step for step in reads if step][:2]
    passage = by_id[best.chunk_id]
    name = place_name(passage, headings_at(passage, best.start))
    if name and kind in ("deadline", "amount"):
        steps.append(frame.say(f"steps.{kind}", question, name=name))
    elif name and kind == "duty":
        steps.append(frame.say("steps.conditions", question, name=name))
    steps += [frame.say("steps.validity", question, name=p.provision or f"„{quoted(p.title)}“") for p in validity[:1]]
    return tuple(dict.fromkeys(steps))[:_MOST_STEPS]


def _reading(passage: Passage, position: int, frame: Frame, question: str) -> str:
    headings = headings_at(passage, position)
    heading = heading_of(headings)
    if not passage.provision and heading and passage.title:
        return frame.say("steps.read_document", question, title=quoted(passage.title), heading=quoted(heading))
    name = place_name(passage, headings)
    return frame.say("steps.read", question, name=name) if name else ""
