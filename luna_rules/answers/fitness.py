"""How well the shape of a statement fits the kind of answer asked for: a value, a meaning, whom it binds, which energy.

Only the shape is judged here; what a statement speaks of is `scoring`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from luna_rules.answers.counts import counted
from luna_rules.answers.definitions import asked_term, asked_there, definition_of
from luna_rules.answers.energies import energies_of
from luna_rules.answers.question import NUMERIC, Question, Want
from luna_rules.answers.signs import value_spans
from luna_rules.answers.times import holds

_NO_VALUE = 0.7
_WORD_OF_TIME = 0.82
"""„unverzüglich“, „wenn“: they may answer „wann“, yet a day or a duration answers better."""
_MEANT = 0.55
"""How much more a definition is worth where the meaning of a word is asked for."""
_NO_MEANING = 0.8
_OTHER_ENERGY = 0.72
_ONLY_GAS = 0.9
_EXCEPTION = 0.86
_DETACHED = 0.94
_OF_PART = 0.7
"""What reduces a tax or frees from it, where its rate is asked for."""
_AGENT = 1.08
_BOUND = 1.15
_WRONG_BOUND = 0.82
_DIRECT = 1.1
"""„X beträgt …“, „X dauert …“: the rule itself rather than a rule with a number in it."""
_IN_FORCE = 1.12
_NOT_IN_FORCE = 0.75
_LENGTH = 1.05
_LONG = 420
_SHORT = 170
_FREE = 1.15

_EXCEPTIONS = re.compile(
    r"\W*(?:\(\d{1,3}[a-z]{0,2}\)\s*)?(?:Abweichend\w*|Ausgenommen|Unbeschadet|Satz \d|Die Sätze|Absatz \d|Die Absätze"
    r"|Dies gilt nicht|In den Fällen|Im Fall(?:e|s)?\s+(?:de[rs]|eine[rs])\b(?! Wechsels)|Sofern|Soweit"
    r"|Bei der Anwendung|Eine von\b.{1,60}\babweichende)\b"
)
_OF_EXCEPTIONS = re.compile(
    r"\b(?:ausnahme\w*|ausgenommen|befreit|abweich\w*|trotz\w*|wenn|falls|sofern|bei)\b|\bohne\b", re.I
)
_POINTING = re.compile(
    r"\W*(?:\(\d{1,3}[a-z]{0,2}\)\s*)?(?:Dies\w*|Sie|Er|Es|Hierbei|Dabei|Hierzu|Dazu|Das Gleiche|Gleiches|Dasselbe"
    r"|Ihm|Ihnen|Solche\w*|Hiervon|Davon|Diese[rsn]?)\b"
)
_AGENTS = re.compile(
    r"\bdurch (?:de[nm]|die|das|eine[nr]?)\b|\bist Aufgabe\b|\bobliegt|\bzuständig|\bnehmen\b.{1,260}\bwahr\b"
    r"|\bbestimmt\b|\bverantwortlich\b|\bsind verpflichtet\b|\bist verpflichtet\b|\bberechtigt\b",
    re.S,
)
_LEVIES = r"(?:steuer|abgabe|umlage|gebühr|tax|levy|duty|fee)"
_LEVY = re.compile(
    rf"\b(?=\w*{_LEVIES})[\w-]+(?:satz|sätze|tarif)\b|\b(?:tax|levy|fee)\b.*\brate"
    rf"|\b(?:wie\s?(?:hoch|viel)|was (?:kostet|zahl)|höhe|how (?:high|much))\b[^?]*{_LEVIES}",
    re.I,
)
"""A question for the rate of a tax, a levy or a fee."""
_NOUN = re.compile(r"(?<=[^.?!\s]\s)[A-ZÄÖÜ][\wäöüß-]+")
_TAXED = re.compile(
    rf"\w*{_LEVIES}\w*|\w*(?:strom|gas|energie|benzin|diesel|heizöl|öle?|kohle|wärme)|\w*(?:höhe|satz|tarif)|megawatt\w*"
    r"|kilowatt\w*|liter|euro|cent|deutschland",
    re.I,
)
"""What such a question may name and still ask for the rate of everybody, not for that of some use."""
_OF_LESS = re.compile(
    r"ermäßig|entlast|befrei|vergünstig|erstatt|zurück|reduzier|verring|nachlass|weniger|sparen|steuerfrei|relief|refund"
    r"|exempt|reduc|rebate",
    re.I,
)
_LESS = re.compile(
    r"\b(?:ermäßigt\w*|Steuerentlastung\w*|Entlastung\w*|Steuerbefreiung\w*|Steuerermäßigung\w*|Steuervergütung\w*|befreit"
    r"|verringer[tn] sich|wird (?:erlassen|erstattet|vergütet))\b",
    re.I,
)
_COSTS = re.compile(r"\b(?:kostet|kosten|zahlen|geld verlangen|gebühr\w*|entgelt\w*|bezahlen)\b", re.I)
_FREE_OF_CHARGE = re.compile(
    r"\bkeine[nrm]? (?:\w+ ){0,2}(?:Kosten|Entgelte?|Gebühr\w*)\b|\bunentgeltlich|\bkostenlos|\bkostenfrei"
    r"|\bohne hierfür ein Entgelt|\bentgeltfrei",
    re.I,
)
_OFTEN = re.compile(r"\bwie (?:oft|häufig)\b|\bin welche[nm] (?:zeit)?(?:abst\w+|abschnitt\w*|turnus)|\bturnus\b", re.I)
_REPEATED = re.compile(
    r"\balle \w+ (?:Jahre|Monate|Wochen|Tage)\b|\b\w*jährlich\w*|\bmonatlich\w*|\b(?:ein|zwei|drei|vier)mal\b"
    r"|\bjede[sn]? (?:Kalender)?(?:jahr|monat|woche|tag)\w*|\bZeitabschnitt\w*|\bin Abständen|\bregelmäßig"
    r"|\b(?:pro|je|im) (?:Kalender)?(?:jahr|monat|woche|tag|quartal)\b",
    re.I,
)
_AT_MOST = re.compile(
    r"\b(?:höchstens|maximal|längstens|bis zu|spätestens|nicht mehr als|höchst\w*|darf|bis wann)\b", re.I
)
_AT_LEAST = re.compile(r"\b(?:mindestens|wenigstens|frühestens|minimal)\b", re.I)
_UPPER = re.compile(
    r"\b(?:höchstens|längstens|bis zu|spätestens|nicht mehr als|nicht überst\w+|nicht überschreiten|bis zum Ablauf"
    r"|begrenzt|beschränkt|Höchst\w*|innerhalb|binnen)\b",
    re.I,
)
_LOWER = re.compile(r"\b(?:mindestens|wenigstens|frühestens)\b", re.I)
_RULES = re.compile(
    r"\b(?:beträgt|betragen|dauer[tn]|endet|enden|Laufzeit|für die Dauer von|überschreiten|übersteigen)\b"
)
_HEADS = re.compile(
    r"\bwelche[rmns]?\s+(?P<a>\w+)|\bwie ?viele?\s+(?P<b>\w+)|\bwie (?:hoch|groß|teuer)\s+(?:\w+\s+){1,2}?"
    r"(?:(?:der|die|das|ein|eine|mein|meine)\s+)?(?:[a-zäöüß]+(?:e|er|en|es)\s+){0,2}(?P<c>[A-ZÄÖÜ]\w+)|(?P<d>\bkoste\w*|\bteuer\b|\bzahl\w+)",
    re.I,
)
_PERCENT = r"Prozent|vom Hundert|v\. ?H\.|%"
_UNITS = (
    (
        re.compile(
            r"(?:steuer|abgabe|entgelt|preis|kosten|gebühr|zuschlag|vergütung|prämie|strafe|buße|bußgeld|zuschuss|betrag"
            r"|umlage|miete|zahlung|entlastung|schaden|schäden|pauschale|euro|cent|geld)(?:e[ns]?|s|n|en)?$|^koste|^teuer|^zahl",
            re.I,
        ),
        re.compile(rf"\b(?:Euro|Cent|ct|EUR|Pfennig|{_PERCENT})\b|€|%|\bnull\b|\bHälfte\b|\bunentgeltlich", re.I),
    ),
    (
        re.compile(r"(?:leistung|[kmg]w|(?:kilo|mega|giga)watt|nennleistung)$", re.I),
        re.compile(r"\b(?:[kMG]Wp?|(?:Kilo|Mega|Giga)watt|Voltampere)\b"),
    ),
    (
        re.compile(r"(?:verbrauch|[kmgt]wh|wattstunden?)s?$", re.I),
        re.compile(r"\b[kMGT]Wh\b|wattstunden?\b|Prozent"),
    ),
    (
        re.compile(r"(?:prozent|anteil|quote)s?$", re.I),
        re.compile(rf"(?:{_PERCENT}|Hälfte|Drittel|Viertel|Fünftel)", re.I),
    ),
)


def unit_of_head(question: str) -> re.Pattern[str] | None:
    """How the unit is written of what a question for an amount asks: „Wie hoch ist die Steuer?“ → Euro, Prozent."""
    match = _HEADS.search(question)
    if match is None:
        return None
    head = next(one for one in match.groups() if one)
    return next((unit for noun, unit in _UNITS if noun.search(head)), None)


def _asks_for_rate(question: str) -> bool:
    """Whether the rate of a tax, a levy or a fee is asked for as it holds for everybody."""
    if _LEVY.search(question) is None or _OF_LESS.search(question) is not None:
        return False
    return all(_TAXED.fullmatch(noun) for noun in _NOUN.findall(question))


class Fitness:
    """Judges statements for one question."""

    def __init__(self, question: Question, today: date | None = None) -> None:
        self._today = today
        self._wants: list[Want] = [want for want in question.wants if want in NUMERIC]
        if "duration" in self._wants and "date" not in self._wants:
            self._values: Sequence[Want] = (*self._wants, "date")
        else:
            self._values = self._wants
        term = ""
        if question.lookup is not None:
            term = asked_there(question.text, question.lookup.asked)
        elif question.place is None:
            term = asked_term(question.text)
        self._definition = definition_of(term) if term else None
        named = energies_of(question.text)
        self._energy = next(iter(named)) if len(named) == 1 else None
        self._both = len(named) > 1
        self._exceptions = _OF_EXCEPTIONS.search(question.text) is not None
        self._body = "body" in question.wants
        self._unit = unit_of_head(question.text) if {"amount", "money"} & set(self._wants) else None
        self._counted = counted(question.text) if "amount" in self._wants else None
        self._rate = _asks_for_rate(question.text)
        self._often = _OFTEN.search(question.text) is not None
        self._at_most = _AT_MOST.search(question.text) is not None
        self._at_least = _AT_LEAST.search(question.text) is not None
        self._costs = _COSTS.search(question.text) is not None

    def meaning(self, text: str) -> float:
        """How plainly a statement says what the word asked for means, from 0 to 1."""
        return self._definition.strength(text) if self._definition else 0.0

    def of(self, text: str, signs: frozenset[Want], line: str = "") -> float:
        """The factor for a statement's score: 1 where nothing speaks for or against its shape.

        `line` is the line of its passage that the statement begins with.
        """
        factor = 1.0
        free = self._costs and _FREE_OF_CHARGE.search(text) is not None
        if free:
            factor *= _FREE
        elif self._wants:
            factor *= self._value(text, signs)
        if self._definition is not None:
            strength = self._definition.strength(text, line)
            factor *= 1.0 + _MEANT * strength if strength else _NO_MEANING
        if not self._both:
            own = energies_of(text)
            if self._energy is not None and own and self._energy not in own:
                factor *= _OTHER_ENERGY
            elif self._energy is None and own == frozenset({"gas"}):
                factor *= _ONLY_GAS
        if not self._exceptions and _EXCEPTIONS.match(text):
            factor *= _EXCEPTION
        if self._rate and _LESS.search(text):
            factor *= _OF_PART
        if _POINTING.match(text):
            factor *= _DETACHED
        if self._today is not None and (in_force := holds(text, self._today)) is not None:
            factor *= _IN_FORCE if in_force else _NOT_IN_FORCE
        if self._body and _AGENTS.search(text):
            factor *= _AGENT
        return factor

    def _value(self, text: str, signs: frozenset[Want]) -> float:
        """Whether a value of the kind and unit asked for stands there, and on the side of the bound asked for."""
        if self._often and not _REPEATED.search(text):
            return _NO_VALUE
        if self._unit is not None and not self._unit.search(text):
            return _NO_VALUE
        told = self._counted is not None and self._counted.search(text) is not None
        if not told and not self._often and not value_spans(text, self._values):
            timely = bool(signs & NUMERIC) and "date" in self._wants
            return _WORD_OF_TIME if timely else _NO_VALUE
        fit = self._bound(text)
        if _RULES.search(text):
            fit *= _DIRECT
        if len(text) > _LONG:
            fit /= _LENGTH
        elif len(text) < _SHORT:
            fit *= _LENGTH
        return fit

    def _bound(self, text: str) -> float:
        if self._at_most == self._at_least:
            return 1.0
        right, wrong = (_UPPER, _LOWER) if self._at_most else (_LOWER, _UPPER)
        if right.search(text):
            return _BOUND
        return _WRONG_BOUND if wrong.search(text) else 1.0
