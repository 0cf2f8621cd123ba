"""What texts and questions refer to: provisions of laws, and the numbers and dates that a claim may be checked by."""

from luna_rules.references.names import LawNames
from luna_rules.references.numbers import DateMention, NumberMention, find_dates, find_numbers
from luna_rules.references.provisions import Reference, find_references

__all__ = [
    "DateMention",
    "LawNames",
    "NumberMention",
    "Reference",
    "find_dates",
    "find_numbers",
    "find_references",
]
