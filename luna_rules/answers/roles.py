"""How much each word of a question tells about its subject: nouns name it, other words are often only the asker's.

Only weighing the question's words belongs here.
"""

from __future__ import annotations

from luna_rules.answers.matching import ConceptMatcher
from luna_rules.answers.question import Question
from luna_rules.answers.text import word_set
from luna_rules.search.words import fold

NOUN, FIRST, OTHER, _ENGLISH, _LOWER, _LIGHT, _NUMBER = 1.0, 0.7, 0.4, 0.7, 0.6, 0.15, 0.12
LIGHT_WORDS = word_set(
    """
    jahr jahre jahren jahres tag tage tagen monat monate monaten woche wochen stunde stunden uhr euro cent prozent kw
    kwh mw mwh kilowatt kilowattstunde kilowattstunden megawatt geld pro frist datum dauer hoechstens mindestens betrag
    hoehe
    teuer teure teuren dauert dauern dauerte laeuft laufen gilt gelten gueltig betraegt betragen kostet kosten gibt
    year years month months day days week weeks euro euros percent per
    """
)


def importance(question: Question, matcher: ConceptMatcher) -> list[float]:
    """How much each concept tells about the subject, by the kind of its word."""
    text = question.text
    lower = text == text.lower()
    roles: list[float] = []
    for label in matcher.labels:
        if label[:1].isdigit():
            roles.append(_NUMBER)
        elif any(fold(word) in LIGHT_WORDS for word in label.split()):
            roles.append(_LIGHT)
        elif question.english:
            roles.append(_ENGLISH)
        elif lower:
            roles.append(_LOWER)
        elif label[:1].isupper():
            before = text[: max(0, text.find(label))].rstrip()
            roles.append(FIRST if not before or before[-1] in ".?!:" else NOUN)
        else:
            roles.append(OTHER)
    return roles
