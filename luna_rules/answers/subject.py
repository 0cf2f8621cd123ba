"""Whether what a statute says is about what was asked: the law that was named, the thing asked for, tenants.

A question may use a law's words and still be about another matter. These signs hold against statutes alone; whether
enough of the question is covered at all is `support`'s verdict.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from luna_rules.answers.extract import Extract, Extractor
from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.model import Passage
from luna_rules.answers.names import KNOWN_LAWS
from luna_rules.answers.question import Question
from luna_rules.answers.roles import LIGHT_WORDS
from luna_rules.answers.text import only_words, word_set
from luna_rules.search.words import fold

OTHER_LAW = "das genannte Gesetz sagt dazu nichts"
NOT_THE_THING = "wonach gefragt ist, kommt in den Fundstellen nicht vor"

_THING = re.compile(
    r"\b[Ww]elche[rnsm]?\s+(?:[a-zäöüß]+e[nrsm]?\s+){0,2}(?P<thing>[A-ZÄÖÜ][\wäöüß-]+)",
)
_CODE = re.compile(r"StGB|BGB|HGB|SGB|StVO|StVG|StVZO|BauGB|BauO|EStG|UStG|ZPO|StPO|VwVfG|BetrKV|WEG|BImSchG|WHG|TKG")
_SPELLED_OUT = re.compile(r"(?:gesetz|verordnung|gesetzbuch)(?:e?s)?$", re.I)
_ANY_LAW = re.compile(
    r"(?:rechts|landes|bundes|eu-?|durchführungs|bundesrechts|energie|steuer|umwelt)(?:gesetz|verordn)", re.I
)
_HEARD = 0.35
"""What a word that the index does not know must come to through its parts and synonyms to be spoken of at all."""
_ANY_ANSWER = word_set(
    """
    art weise form voraussetzung voraussetzungen bedingung bedingungen regel regeln regelung regelungen vorschrift
    vorschriften angabe angaben recht rechte rechten pflicht pflichten folge folgen massnahme massnahmen unterlage
    unterlagen moeglichkeit moeglichkeiten grund gruende gruenden fall faelle faellen prozentsatz satz anteil zeitraum
    zeitpunkt termin stelle stellen behoerde behoerden gesetz paragraf paragraph vorteil vorteile nachteil nachteile
    ausnahme ausnahmen anforderung anforderungen aufgabe aufgaben gebuehr gebuehren strafe sanktion sanktionen rolle
    bedeutung sinn zweck ziel ziele unterschied unterschiede weg wege
    """
)
"""What an answer of any matter may be: a text that gives it need not say the word."""
_TENANCY = re.compile(r"\b(?:ver|unter)?(?:miete?r?(?:in|innen|n|s)?|mietende[nr]?)\b|\bmietwohnung", re.I)
_TENANT = re.compile(r"miet|nutzer|bewohner|nutzeinheit", re.I)


def law_not_cited(question: Question, passages: Sequence[Passage], extract: Extract) -> tuple[str, ...]:
    """Laws that the question names while the best statement stands in none of them; empty where it does."""
    if question.lookup is not None or extract.best is None:
        return ()
    # „EEG-Vergütung“ is a word, „nach dem EEG“ names the law.
    named = tuple(
        law for law in question.laws if _is_law(law) and not re.search(rf"{re.escape(law)}-\w", question.text)
    )
    return () if not named or _is_of(passages[extract.best.statement.passage], named) else named


def _is_law(name: str) -> bool:
    """Whether a name is surely a law's: „VNB“ and „ÖPNV“ only look like one."""
    if KNOWN_LAWS.exact(name) is not None or _CODE.fullmatch(name):
        return True
    return _SPELLED_OUT.search(name) is not None and not _ANY_LAW.match(name)


def _is_of(passage: Passage, laws: Sequence[str]) -> bool:
    if passage.law is None or passage.scores.get("named", 0.0) > 0 or passage.scores.get("lookup", 0.0) > 0:
        return True
    own = [only_words(name) for name in (passage.law, passage.title) if name]
    return any(only_words(law)[:12] in name for law in laws for name in own)


def unheard_of(
    question: Question, passages: Sequence[Passage], matcher: ConceptMatcher, extractor: Extractor
) -> tuple[str, ...]:
    """What is asked for by „welche …“ where the index does not know the word and nothing found speaks of it."""
    thing = _THING.search(question.text)
    asked = next((c for c, label in enumerate(matcher.labels) if thing and fold(label) == fold(thing["thing"])), None)
    if asked is None or asked not in matcher.unknown:
        return ()
    if fold(matcher.labels[asked]) in LIGHT_WORDS | _ANY_ANSWER:
        return ()
    found = (extractor.passage_concepts(number).get(asked, 0.0) for number in range(len(passages)))
    return () if max(found, default=0.0) >= _HEARD else (matcher.labels[asked],)


def without_tenants(question: Question, passages: Sequence[Passage], extract: Extract) -> bool:
    """Whether landlord and tenant are asked about and no section cited speaks of anyone who uses what is another's."""
    if not _TENANCY.search(question.text):
        return False
    cited = {sentence.chunk_id for sentence in extract.sentences}
    sections = {(p.item_id or p.title, p.section) for p in passages if p.chunk_id in cited}
    near = [p for p in passages if (p.item_id or p.title, p.section) in sections]
    return not any(_TENANT.search(" ".join((p.text, p.title, *p.heading_path))) for p in near)
