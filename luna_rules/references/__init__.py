"""What texts and questions refer to: provisions of laws, and the numbers and dates that a claim may be checked by."""

from luna_rules.references.names import LawNames
from luna_rules.references.numbers import DateMention, NumberMention, find_dates, find_numbers
from luna_rules.references.provisions import Mention, Reference, find_laws, find_references
from luna_rules.references.spoken import as_written, lone_section

__all__ = [
    "DateMention",
    "LawNames",
    "Mention",
    "NumberMention",
    "Reference",
    "as_written",
    "find_dates",
    "find_laws",
    "find_numbers",
    "find_references",
    "lone_section",
]
