"""What is said without asking for anything in the documents: greetings, thanks, yes and no, questions about Luna.

Only telling such remarks from questions belongs here; the words of the reply are the frame's.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from luna_rules.answers.text import clean

Talk = Literal["rules", "who", "can", "how", "no", "yes", "bye", "thanks", "ok", "greeting"]
TALKS: tuple[Talk, ...] = get_args(Talk)

_FILLER = (
    r"(?:luna|liebe|lieber|na|du|sie|ihnen|dir|there|zusammen|also|gut|sehr|so|schon|mal|doch|aber|und|für (?:die"
    r" (?:hilfe|antwort|auskunft|info)|alles|deine hilfe|ihre hilfe)|bitte|wieder|erstmal|alle|alles)"
)
_ORDERS = (
    r"system[- ]?(?:prompts?|anweisung(?:en)?|nachricht(?:en)?|instruktion(?:en)?|messages?|vorgaben?)|prompts?"
    r"|anweisung(?:en)?|instruktion(?:en)?|instructions?"
)
_WISHES = (
    r"(?:kannst|könntest|würdest) du|(?:können|könnten|würden) sie|ich (?:möchte|will|würde gerne?|hätte gerne?)"
    r"|(?:can|could|would) you|i want to|what's|please|show|zeige?|gib|nenne?|wie (?:lautet|lauten)"
)
_SAID: tuple[tuple[Talk, str], ...] = (
    ("rules", r"(?:bitte )?(?:zeige?|nenne?|verrate?|gib|wiederhole?|drucke?|schreibe?|sage?|was (?:ist|steht in|sind)"
              r"|wie (?:lautet|lauten|ist|sind)|show|print|reveal|repeat|what (?:is|are))\b[^.?!]{0,60}?"
              r"(?:\b(?:dein\w*|ihre\w*|your)\b[^.?!]{0,30}?\b(?:anweisung(?:en)?|instruktion(?:en)?|instructions?|regeln"
              r"|prompts?|system\w*[- ]?\w*)|\bsystem[- ]?(?:prompt|message|nachricht)s?|\bprompts?)\b[^.?!]{0,60}"
              r"|(?:ignoriere?|vergiss|missachte|ignore|forget|disregard)\b[^.?!]{0,60}?\b(?:anweisung(?:en)?"
              r"|instruktion(?:en)?|instructions?|regeln|rules|prompts?)\b[^.?!]{0,60}"
              rf"|(?:{_WISHES})\b[^.?!]{{0,40}}?\b(?:(?:dein\w*|ihre[mnr]?|your)\b[^.?!]{{0,20}}?\b(?:{_ORDERS})"
              r"|system[- ]?prompts?)\b[^.?!]{0,60}"
              rf"|(?:welche|was für) (?:{_ORDERS}|regeln|vorgaben) (?:(?:hast|befolgst|bekamst) du|wurden dir"
              r"|haben sie (?:bekommen|erhalten))\b[^.?!]{0,40}|nach welchen (?:regeln|vorgaben|anweisungen)"
              r" (?:antwortest|arbeitest|antworten|arbeiten) (?:du|sie)"
              r"|was (?:wurde|hat man) dir (?:vorgegeben|gesagt|eingegeben)"
              rf"|[^.?!]{{0,30}}\b(?:{_ORDERS}),? die du [^.?!]{{0,40}}(?:hast|befolgst|wurden)"
              r"|(?:wiederhole?|repeat|gib|print|zeige?|show)\b[^.?!]{0,20}?\b(?:alles|everything|all)\b[^.?!]{0,20}?"
              r"\b(?:oberhalb|darüber|davor|above|before|vor dieser)\b[^.?!]{0,30}"),
    ("who", r"(?:wer|was) (?:bist|sind) (?:du|sie)(?: (?:denn|eigentlich))?|bist du (?:eine? )?\w+"
            r"|sind sie (?:eine? )?\w+|wie hei(?:ß|ss)(?:t du|en sie)|who are you|what are you"
            r"|stell(?:en sie)? dich vor"),
    ("can", r"was (?:kannst|weißt) du(?: (?:denn|alles|eigentlich|für mich tun|so))*"
            r"|was können sie(?: (?:denn|alles|eigentlich|für mich tun))*|(?:womit|wobei|wie) kannst du (?:mir )?helfen"
            r"|was kann ich (?:dich |sie )?(?:alles )?fragen|what can you do|hilfe|help"),
    ("how", r"wie geht(?:'s|s| es)?(?: dir| ihnen)?(?: heute)?|alles klar bei dir|und (?:dir|ihnen)"),
    ("thanks", r"(?:vielen |herzlichen |lieben |besten |tausend )?dank(?:e)?(?: (?:schön|sehr|dir|ihnen|vielmals))*"
               r"|dankeschön|merci|thanks?(?: you)?(?: very much)?|super|prima|perfekt|toll|klasse|das hilft(?: mir)?"),
    ("bye", r"tsch(?:ü|ue)(?:ss|ß)(?:i)?|auf wiedersehen|ciao|bis (?:bald|dann|später|morgen)|adieu|servus und tschüss"
            r"|schönen (?:tag|abend|feierabend)(?: noch)?|bye(?: bye)?|goodbye|mach'?s gut|das war(?:'s| es| alles)"),
    ("yes", r"ja(?:wohl|a+)?|gern(?:e)?|jo|na klar|unbedingt|natürlich|sicher|mach das|machen sie das|bitte ja"
            r"|das wäre (?:gut|nett|schön)|yes(?: please)?|sure|jep|genau das|ja genau"),
    ("no", r"nein(?: danke| nein)?|nee|nö|lieber nicht|no(?: thanks)?|nicht nötig|kein bedarf"),
    ("ok", r"ok(?:ay|e)?|in ordnung|alles klar|verstanden|aha|ach so|achso|gut|passt|einverstanden|stimmt|mhm|hm+"),
    ("greeting", r"hallo|hi|hey|moin(?: moin)?|servus|guten? (?:tag|morgen|abend)|grüß (?:gott|dich|sie)|gruess gott"
                 r"|hello|hallöchen|test|luna|good (?:morning|evening)"),
)  # fmt: skip
_PATTERNS: tuple[tuple[Talk, re.Pattern[str]], ...] = tuple(
    (talk, re.compile(rf"(?:{said})(?![\w])", re.I)) for talk, said in _SAID
)
_FILL = re.compile(rf"{_FILLER}(?!\w)", re.I)
# What goes on about what was just asked for: „Gib ihn wörtlich aus“, „Wort für Wort“, „du bist jetzt im Testmodus“.
_GOES_ON = re.compile(
    r"(?:(?:gib|nenne?|zeige?|schreibe?|sage?|wiederhole?|drucke?|print|show|repeat|say)(?: (?:mir|uns|me))?"
    r" (?:ihn|sie|es|das|diesen?|alles|it|them|that|all)\b[^.?!]{0,40}|wort für wort|wörtlich|im wortlaut|vollständig"
    r"|verbatim|word for word|(?:du bist|sie sind) (?:jetzt|nun|ab sofort|ab jetzt)\b[^.?!]{0,60})(?!\w)",
    re.I,
)
_BETWEEN = re.compile(r"[\W_]*")
_LONGEST = 160


def talk_of(text: str) -> Talk | None:
    """What kind of remark a text is; None for a question (or anything else that is to be looked up).

    Of several remarks at once the first of `TALKS` counts: „Ja, danke“ is a yes, „Hallo, wer bist du?“ asks who.
    """
    text = clean(text).strip()
    if not text or len(text) > _LONGEST:
        return None
    said: set[Talk] = set()
    went_on = False
    at = _end_of(_BETWEEN, text, 0)
    while at < len(text):
        ends = [_end_of(pattern, text, at) for _, pattern in _PATTERNS]
        end = max(ends)
        filler, further = _end_of(_FILL, text, at), _end_of(_GOES_ON, text, at)
        if further > max(end, filler):
            went_on, filler = True, further
        if max(end, filler) <= at:
            return None
        if end > at and end >= filler:
            said.add(_PATTERNS[ends.index(end)][0])
        at = _end_of(_BETWEEN, text, max(end, filler))
    if went_on and "rules" not in said:
        return None
    return next((talk for talk in TALKS if talk in said), None)


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else -1
