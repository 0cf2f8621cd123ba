"""A question as it is dealt with: its words read, the day it is asked about, the ids its answer will have."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from luna_api.answers.schemas import AskRequest
from luna_api.errors import invalid
from luna_rules.answers.text import clean
from luna_rules.search.when import asked_day
from resources.vectors.index import Filters

_BERLIN = ZoneInfo("Europe/Berlin")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it is dealt with: its words, the day, the ids that its answer will have."""

    request: AskRequest
    filters: Filters
    question: str
    condensed: str
    as_of: date
    answer_id: UUID
    conversation_id: UUID


def valid_on(as_of: date | None, question: str) -> date:
    """The day whose texts are asked for: the one given, else the one that the question names, else today."""
    return as_of or asked_day(question, today()) or today()


def today() -> date:
    """The day on which an answer holds, where none is named: today in Germany."""
    return datetime.now(_BERLIN).date()


def read_question(text: str) -> str:
    """The question without invisible characters. Raises 400 when nothing is left."""
    question = clean(text).replace("\x00", "").strip()
    if not question:
        raise invalid("question", "ist leer")
    return question
