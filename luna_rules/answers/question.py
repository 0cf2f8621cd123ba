"""What a question asks for: the kind of answer, named things, its parts, a provision to look up, or just a greeting.

Only reading the question belongs here; what it is compared with is `matching`'s and `support`'s business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from luna_rules.answers.names import KNOWN_LAWS, is_company, is_land, norms_in
from luna_rules.answers.smalltalk import Talk, talk_of
from luna_rules.answers.text import clean, word_set
from luna_rules.references import as_written, find_references, lone_section
from luna_rules.search.laws import section_key
from luna_rules.search.words import fold

Want = Literal["duration", "date", "money", "amount", "percent", "distance", "body", "modal", "reason", "definition"]

_WANTS: tuple[tuple[Want, re.Pattern[str]], ...] = (
    (
        "duration",
        re.compile(
            r"\bwie\s?lange?\b|\bwieviele? (?:jahre?|monate?|wochen|tage)|\bwie viele (?:jahre?|monate|wochen"
            r"|tage|stunden)"
            r"|\b(?:laufzeit|dauer|gültigkeitsdauer|gueltigkeitsdauer|frist|kündigungsfrist|höchstlaufzeit"
            r"|binnen welcher"
            r"|innerhalb welcher|wie weit rückwirkend|wie weit reichen|wie schnell|wie oft|how long|how soon)\b"
            r"|\bwie viel zeit|(?:laufzeit|frist)\b",
            re.I,
        ),
    ),
    (
        "date",
        re.compile(
            # „Wann darf er …?“ asks for what it depends on, unless a first or last day is meant.
            r"\b(?:bis|ab|seit) wann\b"
            r"|\bwann\b(?! (?:darf|dürfen|(?:kann|können)(?! (?:ich|wir|man)\b))\b(?!.*\b(?:früh|spät)estens\b))"
            r"|\bby when\b|\bwhen\b(?! (?:may|can(?! (?:i|we|you|one)\b))\b(?!.*\b(?:earliest|latest)\b))|\bdeadline\b"
            r"|\bstichtag\b|\bzu welchem (?:datum|zeitpunkt|termin)\b|\bin welchem jahr\b"
            r"|\bab welchem (?:jahr|datum)\b",
            re.I,
        ),
    ),
    (
        "percent",
        re.compile(
            r"\bwie ?viel prozent\b|\bprozent\w*\b|\bwelche[rn]? (?:an)?teil\b|\bhow many percent\b|\bpercent", re.I
        ),
    ),
    (
        "distance",
        re.compile(
            r"\bwie weit (?:muss|müssen|darf|entfernt|weg)\b|\babstand\b|\bumkreis\b|\bhow far\b|\bwie nah", re.I
        ),
    ),
    (
        "amount",
        re.compile(
            r"\bwie ?viel(?:e|en)?\b|\bwie (?:hoch|teuer|groß|gross|stark)\b|\bkostet\b|\bwelche[rn]? (?:betrag"
            r"|preis|summe"
            r"|obergrenze|höhe|geldbuße|bußgeld)\b|\bwelches bußgeld\b|\b(?:ab|bis zu|unter|über) welche[rmn] \w*"
            r"|\bpreisobergrenze\b"
            r"|\bum wie ?viel\b|\bhow (?:much|many|high|large|big)\b|\bwelche(?:n)? schwelle|\bwelche geldbuße",
            re.I,
        ),
    ),
    (
        "body",
        re.compile(
            r"\bwer\b|\bwem\b|\bwelche[rs]? (?:behörde|stelle|unternehmen|amt|ministerium|institution)\b"
            r"|\bbei wem\b|\bvon wem\b|\bwho\b|\bwhich (?:authority|body|agency)\b",
            re.I,
        ),
    ),
    ("reason", re.compile(r"\bwarum\b|\bweshalb\b|\bwieso\b|\bwhy\b", re.I)),
    (
        "definition",
        re.compile(r"\bwas (?:ist|sind|bedeutet|heißt|versteht man)\b|\bdefinition\b|\bwhat (?:is|are|does)\b", re.I),
    ),
    (
        "modal",
        re.compile(
            r"\b(?:darf|dürfen|kann|können|muss|müssen|soll|sollen|ist es (?:erlaubt|zulässig)|bin ich|habe? ich"
            r"|verpflichtet"
            r"|zulässig|erlaubt|verboten|kriege|bekomme|fallen|kostet|gilt|gelten|may|can|must|am i|do i)\b",
            re.I,
        ),
    ),
)
NUMERIC: frozenset[Want] = frozenset(("duration", "date", "money", "percent", "distance", "amount"))
"""Kinds of answer that are a number or a date."""


_DECIDES = re.compile(
    r"(?P<asked>\A\W*(?:darf|dürfen|muss|müssen|kann|können|soll|sollen)\s+"
    r"(?!(?:mir\s+)?(?:sie|du|ihr|luna|jemand|einer|wer|man)\b)[^,?!.;:]+(?<!wissen)(?<!fragen)(?<!erfahren)),\s*"
    r"(?:(?:ab|bis|um|von|mit|in|zu)\s+)?(?:was|wie|wann|we[rmn]|wo|welche\w*|wieviel)\b(?!\s+(?:\w+\s+)?"
    r"(?:ist|sind|war|darf|dürfen|muss|müssen|kann|können|soll|sollen|gilt|gelten|hat|haben|habe|wird|werden)\s+\w)"
    r"[^,?!.;:]*\b(?-i:[a-zäöüß]+)(?=\s*(?:[,?!.;:]|\Z))",
    re.I,
)
"""„Darf der Verlag bestimmen, was die Zeitung kostet?“ asks for yes or no, not for the price; „Können Sie mir sagen,
was sie kostet?“ asks for it."""
_ACRONYM = re.compile(r"\b(?=\w*[A-ZÄÖÜ]\w*[A-ZÄÖÜ])[A-Za-zÄÖÜäöü][A-Za-zÄÖÜäöü0-9]{1,11}(?:-[A-Z0-9]+)?\b")
_NO_NAMES = word_set(
    """
    germany german germans
    kw kwh mw mwh gw gwh tw twh kva va kv ct eur co2 pv kwp mwp e-auto uht bhkw kwk eu brd lng abs nr usa faq ok
    ag gmbh kg wp ev pdf
    """
)
_OTHER_CODES = re.compile(r"\b(?:StGB|BGB|HGB|SGB|StVO|StVG|BauGB|BauO|EStG|UStG|ZPO|StPO|VwVfG|BetrKV)\b")
_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b")
_PLACE = re.compile(r"[^\W\d_][\w-]{2,}")
_COMPANY = re.compile(r"(?<![\w-])(?:[A-ZÄÖÜ0-9][\w-]{1,}|[A-Z]\.[A-Z]{2,3})(?![\w-])")
_OWN_NAME = re.compile(
    r"\b(?:Stadtwerken?|Firma|Landkreis)\s+"
    r"(?P<name>[A-ZÄÖÜ][\wÄÖÜäöüß-]{2,})"
)
_LAW_NAME = re.compile(
    r"\b(?:[A-ZÄÖÜ][A-Za-zÄÖÜäöü-]{0,14}(?:G|V|O|B)|[\wÄÖÜäöüß-]{3,60}(?:gesetz|verordnung|gesetzbuch)(?:e?s)?"
    r"|(?:enwg|eeg|msbg|stromgvv|gasgvv|nav|ndav|kwkg|gwb|behg|tehg|geg|gmodg|ksg|wpg|enefg|enfg|avbfernwärmev))\b"
    r"(?:\s(?:20\d\d)\b)?"
)
_ANNEX = re.compile(r"\b(?:Anlage|Anhang|Annex)\b", re.I)
_IN_PLACE = re.compile(r"\bin\s+„(?P<title>[^„“]{1,300})“\s+unter\s+„(?P<heading>[^„“]{1,300})“", re.I)
_LOOKUP_WORDS = word_set(
    """
    was regelt steht in dem der die das im paragraf paragraph par art artikel inhalt worum geht es um sagt
    besagt wie lautet wortlaut text vom von des zu erklaere erklaeren mir bitte den ist da vorgegeben vorschrift
    absatz abs satz nummer nr eigentlich genau denn gesetz zeige zeig what does say about section of the explain
    und nach bis anlage anhang annex bedeutet heisst is mit auf sich
    """
)
_SPLIT = re.compile(
    r"[?!;]\s+(?=\S)|(?<=\w)\.\s+(?=[A-ZÄÖÜ])|,?\s+und\s+(?=(?:was|wie|wann|we[rmn]|wo\w{0,5}|welche\w*|ab|bis|in|gibt|muss"
    r"|darf|kann|gilt|gelten|warum)\b)"
    r"|,\s+(?=(?:einmal|erstens|zweitens)\b)",
    re.I,
)
_ENGLISH = re.compile(r"\b(?:the|what|how|when|which|who|does|is|are|my|can|must|of|for|under|and)\b", re.I)
_GERMAN = re.compile(
    r"\b(?:der|die|das|ist|was|wie|wann|welche\w*|wer|ich|mein\w*|und|für|muss|darf|kann|ein\w*|nicht)\b", re.I
)


_SEVERAL_ITEMS = re.compile(
    r"\b(?:Nr|Nrn|Nummern?|Ziffern?|numbers?)\b\.?\s*\d+[a-z]?\s*(?:,|–|-|und|oder|bis|and|or|to)\s*\d", re.I
)
STRAY_POINT = re.compile(r"(§{1,2})\s*\.\s*(?=\d)")
"""„§. 48“ means § 48."""
_MAX_RANGE = 10
_KEPT_QUESTIONS = 64
_MONEY = re.compile(
    r"\b(?:kostet|wie teuer|kosten|bußgeld|geldbuße|prämie|gewinn|rundfunkbeitrag|gebühr\w*|wie viel (?:geld|euro|cent)"
    r"|\w*preis|preise|how much does .* cost|subsidy|miete)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Provisions that the question names: keys (`41c`, `anlage1`, as in the index), Absatz and law where named."""

    numbers: tuple[str, ...]
    paragraph: str | None
    law: str | None
    only: bool
    """Whether the question asks for nothing but the provision."""
    asked: str = ""
    """The provision as it was written."""
    item: str | None = None
    """The number of the one item of its list that is asked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a document that the question names: its title and the heading within."""

    title: str
    heading: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as read. `parts` are its clauses where it asks several things, else the question itself."""

    text: str
    wants: tuple[Want, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()
    lookup: Lookup | None = None
    place: Place | None = None
    talk: Talk | None = None
    empty: bool = False
    english: bool = False

    @property
    def wants_value(self) -> bool:
        """Whether only a number or a date answers it."""
        return any(want in NUMERIC for want in self.wants)


def wanted(text: str) -> tuple[Want, ...]:
    """The kinds of answer that a question or a part of it asks for."""
    text = _DECIDES.sub(r"\g<asked>", text)
    found: list[Want] = [want for want, pattern in _WANTS if pattern.search(text)]
    if "amount" in found and "percent" not in found and _MONEY.search(text):
        found[found.index("amount")] = "money"
    if "percent" in found and "amount" in found and not re.search(r"\b(?:euro|cent|kw|kwh|leistung)\b", text, re.I):
        found.remove("amount")
    if "modal" in found and any(want in NUMERIC for want in found):
        found.remove("modal")
    if "distance" in found and "amount" in found:
        found.remove("amount")
    if (
        "duration" in found
        and "amount" in found
        and re.search(r"\bwie ?viele? (?:jahr|monat|woch|tag|stund)", text, re.I)
    ):
        found.remove("amount")
    return tuple(found)


def named_things(text: str) -> tuple[str, ...]:
    """Proper names in a question: places, abbreviations of organisations and norms, what stands behind „Stadtwerke“."""
    laws = {match.group().split()[0] for match in _LAW_NAME.finditer(text)}
    found: dict[str, None] = {}
    shouting = text.upper() == text
    for match in _ACRONYM.finditer(text):
        name = match.group()
        if shouting or fold(name) in _NO_NAMES or name in laws or name.split("-")[0] in laws:
            continue
        if re.search(r"[a-zäöüß]{4,}", name):
            continue
        found[name] = None
    found.update(dict.fromkeys(_OTHER_CODES.findall(text)))
    for match in _OWN_NAME.finditer(text):
        if fold(match["name"]) not in ("unsere", "eine", "die", "der"):
            found[match["name"]] = None
    for match in _PLACE.finditer(text):
        if is_land(match.group()):
            found[match.group()] = None
    found.update(dict.fromkeys(word for word in _COMPANY.findall(text) if is_company(word)))
    found.update(dict.fromkeys(norms_in(text)))
    if _is_english(text):
        # Only names are capitalised within an English sentence.
        for match in _CAPITAL.finditer(text):
            if (
                match.group() not in laws
                and fold(match.group()) not in _NO_NAMES
                and not _LAW_NAME.fullmatch(match.group())
            ):
                found[match.group()] = None
    return tuple(found)


def _is_english(text: str) -> bool:
    return len(_ENGLISH.findall(text)) > len(_GERMAN.findall(text))


def _lookup(text: str) -> Lookup | None:
    text = as_written(STRAY_POINT.sub(r"\1 ", text), KNOWN_LAWS)
    found = find_references(text, KNOWN_LAWS)
    laws = _laws(text)
    law = next((reference.law for reference in found if reference.law), laws[0] if laws else None)
    paragraph = found[-1].paragraph if found else None
    if found:
        numbers = tuple(key for reference in found if (key := section_key(reference.section)))
        first, last = (re.match(r"(\d+)\Z", number) for number in (numbers[0], numbers[-1]))
        if found[-1].through and first and last:
            between = range(int(first[1]), min(int(last[1]), int(first[1]) + _MAX_RANGE))
            numbers = (*(str(number) for number in between), *numbers[1:])
    elif number := lone_section(text):
        numbers = (number,)
    elif laws and (annex := _ANNEX.search(text)) is not None:
        numbers = ("anhang" if annex.group().lower() == "anhang" else "anlage",)
    else:
        return None
    rest = text
    for reference in reversed(found):
        rest = f"{rest[: reference.start]} {rest[reference.end :]}"
    for name in laws:
        rest = rest.replace(name, " ")
    left = [word for word in re.findall(r"[^\W\d_]+", fold(rest)) if word not in _LOOKUP_WORDS and len(word) > 1]
    asked = " und ".join(text[reference.start : reference.end].strip(" ,") for reference in found) or text.strip(" ?!.")
    item = found[0].number if len(found) == 1 and not _SEVERAL_ITEMS.search(asked) else None
    return Lookup(numbers, paragraph, law, only=not left, asked=asked, item=item)


def _laws(text: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for match in _LAW_NAME.finditer(text):
        if fold(match.group()) not in _NO_NAMES and len(match.group()) > 2:
            found[match.group()] = None
    return tuple(found)


@lru_cache(maxsize=_KEPT_QUESTIONS)
def read_question(text: str) -> Question:
    """Read a question: what it wants, whom and what it names, its parts.

    What was read is kept for the steps of one answer, each of which wants it.
    """
    text = clean(text).strip()
    if not re.search(r"[^\W_]", text):
        return Question(text, empty=True)
    if place := _IN_PLACE.search(text):
        # What is quoted is a name: it asks for nothing by itself.
        return Question(text, parts=(text,), place=Place(place["title"], place["heading"]))
    parts = tuple(part.strip() for part in _SPLIT.split(text) if part and len(part.split()) > 1) or (text,)
    return Question(
        text=text,
        wants=wanted(text),
        names=named_things(text),
        parts=parts,
        laws=_laws(text),
        lookup=_lookup(text),
        talk=talk_of(text),
        english=_is_english(text),
    )
