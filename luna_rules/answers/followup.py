"""Follow-up questions: what „Und gilt das auch für Gas?“ means after the questions before it.

Only making a question stand by itself belongs here, by rule and from the asker's own words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from luna_rules.answers.smalltalk import talk_of
from luna_rules.answers.text import clean, word_set
from luna_rules.search.when import asked_day_words
from luna_rules.search.words import fold

MOST_TURNS = 10


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange of a conversation. `condensed` is the question as it was searched, where it differs.

    `provision` is the place that the answer rested on first, `§ 38 EnWG`; `offered` the question that Luna offered.
    """

    question: str
    answer: str = ""
    condensed: str = ""
    provision: str = ""
    offered: str = ""


# Words of one kind: naming one after another replaces it.
_KINDS: tuple[tuple[str, ...], ...] = (
    ("strom", "elektrizität", "gas", "erdgas", "fernwärme", "wärme", "fernkälte", "wasserstoff", "wasser", "heizöl",
     "biogas"),
    ("grundversorger", "netzbetreiber", "messstellenbetreiber", "lieferant", "stromlieferant", "gaslieferant",
     "anlagenbetreiber", "vermieter", "versorger"),
    ("haushaltskunden", "haushaltskunde", "unternehmen", "gewerbe", "industrie", "verbraucher", "mieter", "eigentümer"),
    ("photovoltaik", "solaranlagen", "windenergieanlagen", "windkraft", "biomasse", "wasserkraft", "geothermie",
     "windräder", "solar", "wind"),
    ("neubau", "neubauten", "altbau", "bestandsgebäude", "bestandsbauten"),
)  # fmt: skip
_KIND_OF = {fold(word): number for number, words in enumerate(_KINDS) for word in words}
_COMPOUND_HEADS = {
    fold(word) for word in ("strom", "gas", "fernwärme", "wärme", "wasserstoff", "wasser", "solar", "wind")
}

_SECTION = re.compile(r"(?:§§?|\bparagra(?:f|ph)(?:en)?\b|\bart(?:ikel|\.))\s*\d+\s?[a-z]?(?![\wäöüß])", re.I)
_ABSATZ = re.compile(r"\babs(?:atz|\.)\s*\d+[a-z]?\b", re.I)
_BELOW_ABSATZ = re.compile(r"\b(?:satz|nr\.|nummer)\s*\d", re.I)
_PARAGRAPH = re.compile(r"\b(?:abs(?:atz|\.)|satz|nr\.|nummer)\s*\d+[a-z]?\b", re.I)
_LAW = re.compile(
    r"\b(?:[A-ZÄÖÜ][A-Za-zÄÖÜäöü-]{0,14}(?:G|V|GB)|[A-ZÄÖÜ][\wäöüß-]{3,60}(?:gesetz|verordnung|gesetzbuch)(?:e?s)?)\b"
    r"(?:\s(?:20\d\d)\b)?"
)
_STARTS = re.compile(
    r"^\W*(?:und|aber|oder|also|ok(?:ay)?|gut|danke|ja|nein|ach so|na|and|but|so|what about)\b[\s,;:–-]*", re.I
)
_CHAIN = re.compile(
    r"^\W*(?:(?:und|aber|oder|also|okay|ok)\b[\s,]*)?(?:was ist mit|wie (?:ist|sieht|steht|verhält sich) (?:es"
    r"|das)(?: aus)?(?: mit| bei)?"
    r"|gilt (?:das|dies|es)(?: auch)?(?: für| bei)?|auch (?:für|bei)"
    r"|(?:für|bei|mit|in|nach|ab|zu)\b(?! (?:welche|we[mn]|was|wann))"
    r"|what about"
    r"|does (?:that|this)"
    r"|is (?:that|this))",
    re.I,
)
_POINTS_BACK = re.compile(
    r"\b(?:das|dies|dieser?|diese[mns]|davon|dazu|dafür|dagegen|damit|dabei|darin|daran|darauf|daraus|dort|dann"
    r"|dessen|deren|es"
    r"|sie|er|ihn|ihm|ihr|derselben?|demselben|solche[rsnm]?|auch|genannten?|it|that|this|they|them|there|also"
    r"|jenes?r?)\b",
    re.I,
)
_OWN_SUBJECT = re.compile(r"\b(?:das|die|der|dem|den|dies(?:e[rsmn]?)?)\s+(?:[a-zäöüß]+\s+){0,2}[A-ZÄÖÜ][\wäöüß-]{3,}")
_ONLY_W = re.compile(
    r"^\W*(?:(?:und|aber|ab|bis|seit|von|für|um|in|an|bei|mit)\s+)*(?:wie\s?(?:lange|viel|hoch|oft|viele|genau"
    r"|weit|schnell|denn)"
    r"|wann|warum|wieso|weshalb|wer|wem|wen|wo|womit|wofür|wodurch|was|inwiefern|echt|wirklich|why|when|who|where|"
    r"how (?:long|much|many|often|far|so))"
    r"(?:\s+(?:genau|denn|das|dann|eigentlich|nicht|so|exactly|and|und|maximal|mindestens|höchstens))*\W*$",
    re.I,
)
_STOP = word_set(
    """
    und oder aber auch das die der dem den des ein eine einen einem einer eines ist sind war gilt gelten was wie
    wann wer wo warum wieso weshalb mit bei fuer nach von zu zum zur im in an auf aus als es ich mir mich mein
    meine meinen meinem meiner du sie er wir uns man denn dann so nicht kein keine muss muessen darf duerfen
    kann koennen soll sollen wird werden wurde hat haben habe hab bin lange hoch viel viele welche welcher
    welches welchem welchen wem wen ob um bis ab seit vor ueber genau eigentlich noch nur schon mal bitte dabei
    davon dafuer dazu dagegen gibt geht wenn dass weil the what is are how does do of for to and or can must my
    steht regelt satz absatz abs nummer nr
    it that this there a an in on when who why
    """
)
_WORD = re.compile(r"[^\W\d_][\w-]*")
_BEFORE_DAY = r"\b(?:am|im|in|zum|vom|im jahre?)\s+"
_OWN_TIME = re.compile(
    r"(?<![\d.,/-])(?:19|20)\d\d(?!\d)"
    r"|\b(?:heute|jetzt|aktuell\w*|derzeit\w*|inzwischen|mittlerweile|gegenwärtig\w*|momentan\w*|seitdem|now|today"
    r"|currently)\b",
    re.I,
)


_ADDS = re.compile(
    r"^\W*(?:(?:gilt|gelten|ist|sind|geht|stimmt|war) (?:das|dies|es|sie)(?: (?:auch|so|eigentlich|denn))*\s+)?"
    r"(?:auch\s+)?(?P<what>(?:für|bei|mit|ohne|in|nach)\s+(?!welche|we[mn]\b|was\b)[^?!.]{2,60})[?!.\s]*$",
    re.I,
)
"""„Und für Mieter?“: the question before, for them."""


def _content(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if fold(word) not in _STOP and len(word) > 1]


def is_follow_up(question: str) -> bool:
    """Whether a question cannot be understood by itself."""
    text = clean(question).strip()
    if not _WORD.search(text):
        return False
    if _ONLY_W.match(text):
        return True
    content = _content(_SECTION.sub(" ", _PARAGRAPH.sub(" ", text)))
    bare_section = bool(_SECTION.search(text) or _PARAGRAPH.search(text))
    if bare_section and not _LAW.search(text) and len(content) <= 2:
        return True
    if _CHAIN.match(text) and len(content) <= 3:
        return True
    if _STARTS.match(text) and len(content) <= 2:
        return True
    if len(content) <= 3 and _POINTS_BACK.search(text) and not _LAW.search(text):
        rest = _OWN_SUBJECT.sub(" ", text)
        return bool(_POINTS_BACK.search(rest))
    return False


def condense(question: str, history: Sequence[Turn]) -> str:
    """A question that stands by itself. One that already does is returned unchanged, whatever was asked before."""
    text = question.strip()
    turns = [turn for turn in history if turn.question.strip()][-MOST_TURNS:]
    if turns and turns[-1].offered and talk_of(text) == "yes":
        return turns[-1].offered
    if talk_of(text) is not None:
        return question
    turns = [turn for turn in turns if turn.condensed or talk_of(turn.question) is None]
    if not turns or not is_follow_up(text):
        return question
    base = _base(turns)
    return _of_its_day(_standing(question, text, base, turns), text, base) if base else question


def _of_its_day(condensed: str, text: str, base: str) -> str:
    """The question of the day that the one before asked for, where it names none of its own."""
    day = asked_day_words(base)
    if not day or asked_day_words(condensed) or _OWN_TIME.search(clean(text)):
        return condensed
    return f"{condensed.rstrip('?!. ')} (Stand {day})?"


def _without_day(base: str) -> str:
    day = asked_day_words(base)
    return " ".join(re.sub(rf"(?:{_BEFORE_DAY})?{re.escape(day)}", " ", base, flags=re.I).split()) if day else base


def _standing(question: str, text: str, base: str, turns: Sequence[Turn]) -> str:
    """The question with what it takes from those before."""
    bare = _STARTS.sub("", text).strip() or text
    day = re.sub(rf"\A{_BEFORE_DAY}", "", bare.rstrip("?!. "), flags=re.I)
    if asked_day_words(f"Stand {day}") == day and (_SECTION.search(base) or _LAW.search(base) or asked_day_words(base)):
        return f"{_without_day(base).rstrip('?!. ')} (Stand {day})?"
    section = _SECTION.search(clean(text))
    part = _PARAGRAPH.search(clean(text))
    if section or part:
        return _with_provision(bare, base, turns, has_section=bool(section))
    replaced = _replace_same_kind(bare, base)
    if replaced:
        return replaced
    if added := _ADDS.match(bare):
        return f"{base.rstrip('?!. ')}, {added['what'].strip()}?"
    known = {fold(word) for word in _WORD.findall(bare)}
    # The day has its own place, and a § stands before the law that it is of.
    base = _without_day(base)
    provision = [m.group() for m in _SECTION.finditer(base)] if not _SECTION.search(bare) else []
    laws = [m.group() for m in _LAW.finditer(base)]
    if len(provision) == len(laws) == 1 and not _LAW.search(bare):
        base = base.replace(laws[0], " ")
        provision = [f"{provision[0].strip()} {laws[0].strip()}"]
    topic = [word for word in _content(base) if fold(word) not in known]
    topic = list(dict.fromkeys([*topic, *provision]))
    return f"{bare.rstrip('?!. ')}: {' '.join(topic)}?" if topic else question


def _base(turns: Sequence[Turn]) -> str:
    """The last question that stood by itself, or its condensed form."""
    for turn in reversed(turns):
        if turn.condensed:
            return clean(turn.condensed).strip()
        if not is_follow_up(turn.question):
            return clean(turn.question).strip()
    return clean(turns[0].question).strip()


def _with_provision(bare: str, base: str, turns: Sequence[Turn], *, has_section: bool) -> str:
    """A provision named in part, completed by what was spoken of last: its law, its §, for a Satz its Absatz."""
    law = _LAW.search(bare)
    place = "" if _SECTION.search(base) else next((turn.provision for turn in reversed(turns) if turn.provision), "")
    known_law = law.group() if law else _last(_LAW, f"{base} {place}" if not _LAW.search(base) else base, turns)
    text = bare.rstrip("?!. ")
    if not has_section:
        if _BELOW_ABSATZ.search(bare) and not _ABSATZ.search(bare) and (above := _ABSATZ.search(f"{base} {place}")):
            text = f"{text} {above.group()}"
        section = _SECTION.search(place) or _SECTION.search(base)
        named = section.group().strip() if section else _last(_SECTION, base, turns)
        if named:
            text = f"{text} {named}"
    if known_law and not law:
        text = f"{text} {known_law}"
    return f"{text}?"


def _last(pattern: re.Pattern[str], base: str, turns: Sequence[Turn]) -> str:
    """What was named last: in the question that counts, else in earlier questions, else where the answers stood.

    Never from the words of an answer: the sentences of a law name other provisions, too.
    """
    texts = [
        base,
        *(clean(turn.question) for turn in reversed(turns)),
        *(clean(turn.provision) for turn in reversed(turns)),
    ]
    for text in texts:
        if match := pattern.search(text):
            return match.group().strip()
    return ""


def _replace_same_kind(bare: str, base: str) -> str:
    """The question before with the contrasted thing in place of its like: Strom → Gas, also inside compounds."""
    named = [(word, _KIND_OF[fold(word)]) for word in _WORD.findall(bare) if fold(word) in _KIND_OF]
    if len(named) != 1 or len(_content(bare)) > 2:
        return ""
    new, kind = named[0]
    changed = False

    def swap(match: re.Match[str]) -> str:
        nonlocal changed
        word = match.group()
        folded = fold(word)
        if folded == fold(new):
            return word
        if _KIND_OF.get(folded) == kind:
            changed = True
            return new
        for head in sorted(_COMPOUND_HEADS, key=len, reverse=True):
            if (
                kind == _KIND_OF.get(head)
                and folded.startswith(head)
                and len(folded) > len(head) + 3
                and head != fold(new)
            ):
                changed = True
                # Umlauts make the word as written shorter than its folded form.
                length = next(n for n in range(1, len(word) + 1) if fold(word[:n]) == head)
                rest = word[length:]
                if rest.isupper():  # StromGVV
                    return new + rest
                return new + rest.lower() if word[0].isupper() else (new + rest).lower()
        return word

    text = _WORD.sub(swap, base)
    return text if changed else ""
