"""Damages files the way transfers, spreadsheets and careless hands do; every case follows from its seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from luna_rules.importing import ImportOptions
from tests.unit.importing import test_mscons_variants as mscons
from tests.unit.importing import variants_more, variants_oddities, variants_operators, variants_portals
from tests.unit.importing.variant_kit import VARIANTS, load
from tests.unit.importing.variants_prices import PRICES

MODULES = (variants_more, variants_oddities, variants_operators, variants_portals)
DAY = date(2025, 10, 25)
NASTY = (
    "", "-", "²", "½", "٣٤", "1²", "NaN", "nan", "inf", "-Infinity", "1e400", "1e-400", "1E+999999", "-1e308",
    "9" * 400, "9" * 4_400, "-" + "9" * 20, "0" * 30 + "1", "0,", ",5", "1.234.567,89", "1,234.5", "1'234", "−5",
    "31.02.2025 00:00", "01.01.0001 00:00", "31.12.9999 23:45", "31.12.9999", "0001-01-01T00:00:00Z", "PT0M",
    "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00-12:00", "2025-03-30 02:30", "24:00", "25:61", "1761346800",
    "99999999999999999999", "-900", "0", "2025-10-26T02:30:00+02:00", "26.10.2025 02:30", "000101010000",
    "999912312345+00", "000101010000+14", "\x00", "\ufeff", '"', '""', "'", "\t", "kWh", "MWh", "W", "ct/kWh", "°C",
    "1-1:1.29.0", "2.8.0", "41373559241", "PT99999999999M", "2025-10-26", "46000", "4,5E4", "Σ", "\u2028", "x" * 3_000,
    "(" * 3_000, "1." * 2_000, " " * 3_000,
)  # fmt: skip
"""What is put in place of a cell, an element's text or a component."""
TOKEN = re.compile(r"[^;,\t|<>{}\[\]\"'+:=\s]+(?:[ T.:][0-9][^;,\t|<>{}\[\]\"'+\s]*)*")


@dataclass(frozen=True)
class Base:
    """A whole file and how it is asked for."""

    name: str
    content: bytes
    options: ImportOptions


def bases(every: int = 1) -> list[Base]:
    """The made-up kinds of readings and prices, or every n-th, and MSCONS, for the days out of summer time."""
    found: list[Base] = []
    for name, make in list(VARIANTS.items())[::every]:
        one = make(DAY)
        found.append(Base(name, one.content, ImportOptions(meter_id=one.meter, mapping=one.mapping)))
    for name, price in list(PRICES.items())[::every]:
        two = price(DAY)
        options = ImportOptions(target="market_prices", mapping=two.mapping, product=two.given)
        found.append(Base(name, two.content, options))
    stamps = {"303": mscons.with_offset, "203": mscons.bare_utc}
    for form, stamp in stamps.items():
        text = mscons.interchange(mscons.message(load(DAY), stamp=stamp))
        found.append(Base(f"MSCONS {form}", text.encode(), ImportOptions()))
    text = mscons.interchange(mscons.message(load(DAY), ends=False))
    found.append(Base("MSCONS without ends", text.encode(), ImportOptions()))
    return found


Mutation = Callable[[str, random.Random], str]


def _lines(change: Callable[[list[str], random.Random], list[str]]) -> Mutation:
    def mutate(text: str, source: random.Random) -> str:
        end = "\r\n" if "\r\n" in text else "'" if "\n" not in text else "\n"
        return end.join(change(text.split(end), source))

    return mutate


def _columns(change: Callable[[list[str], int, int], list[str]]) -> Mutation:
    def mutate(text: str, source: random.Random) -> str:
        lines = text.split("\n")
        separator = max(";\t,|", key=lambda mark: sum(mark in line for line in lines))
        width = max(line.count(separator) for line in lines) + 1
        one, other = source.randrange(width), source.randrange(width)
        return "\n".join(separator.join(change(line.split(separator), one, other)) for line in lines)

    return mutate


def _duplicated(lines: list[str], source: random.Random) -> list[str]:
    at, number = source.randrange(len(lines)), source.randrange(1, 60)
    return [*lines[: at + number], *lines[at:]]


def _removed(lines: list[str], source: random.Random) -> list[str]:
    at, number = source.randrange(len(lines)), source.randrange(1, 60)
    return [*lines[:at], *lines[at + number :]] or lines


def _shuffled(lines: list[str], source: random.Random) -> list[str]:
    at = source.randrange(len(lines))
    part = lines[at : at + source.randrange(2, 400)]
    source.shuffle(part)
    return [*lines[:at], *part, *lines[at + len(part) :]]


def _reversed(lines: list[str], source: random.Random) -> list[str]:
    keep = source.randrange(0, 3)
    return [*lines[:keep], *reversed(lines[keep:])]


def _without_head(lines: list[str], source: random.Random) -> list[str]:
    return lines[source.randrange(1, 4) :] or lines


def _removed_column(cells: list[str], one: int, _: int) -> list[str]:
    return cells[:one] + cells[one + 1 :]


def _doubled_column(cells: list[str], one: int, other: int) -> list[str]:
    return [*cells[:other], *cells[one : one + 1], *cells[other:]]


def _swapped_columns(cells: list[str], one: int, other: int) -> list[str]:
    if max(one, other) < len(cells):
        cells[one], cells[other] = cells[other], cells[one]
    return cells


def _tokens(text: str, source: random.Random, number: int) -> str:
    places = list(TOKEN.finditer(text))
    for found in sorted(source.sample(places, min(number, len(places))), key=lambda one: -one.start()):
        text = text[: found.start()] + source.choice(NASTY) + text[found.end() :]
    return text


def _one_token(text: str, source: random.Random) -> str:
    return _tokens(text, source, 1)


def _head_token(text: str, source: random.Random) -> str:
    cut = min(len(text), source.choice((120, 400, 1_200)))
    return _tokens(text[:cut], source, source.randrange(1, 3)) + text[cut:]


def _some_tokens(text: str, source: random.Random) -> str:
    return _tokens(text, source, source.randrange(2, 80))


def _same_token(text: str, source: random.Random) -> str:
    """One spelling everywhere replaced by another: a unit, a status, a zone."""
    places = [found[0] for found in TOKEN.finditer(text[:2_000])]
    return text.replace(source.choice(places), source.choice(NASTY)) if places else text


def _cut(text: str, source: random.Random) -> str:
    return text[: source.randrange(1, len(text))]


def _cut_front(text: str, source: random.Random) -> str:
    return text[source.randrange(1, len(text)) :]


def _inserted(text: str, source: random.Random) -> str:
    for _ in range(source.randrange(1, 6)):
        at = source.randrange(len(text))
        text = text[:at] + source.choice(NASTY) + text[at:]
    return text


def _ends(text: str, source: random.Random) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    return "".join(line + source.choice(("\n", "\r\n", "\r", "\n\n")) for line in lines)


def _digits(text: str, source: random.Random) -> str:
    """Some digits are others."""
    letters = list(text)
    places = [place for place, letter in enumerate(letters) if letter in "0123456789"]
    for place in source.sample(places, min(len(places), source.randrange(1, 200))):
        letters[place] = source.choice("0123456789")
    return "".join(letters)


MUTATIONS: dict[str, Mutation] = {
    "cut": _cut,
    "cut in front": _cut_front,
    "lines twice": _lines(_duplicated),
    "lines gone": _lines(_removed),
    "lines mixed": _lines(_shuffled),
    "lines from the end": _lines(_reversed),
    "head gone": _lines(_without_head),
    "column gone": _columns(_removed_column),
    "column twice": _columns(_doubled_column),
    "columns swapped": _columns(_swapped_columns),
    "a cell": _one_token,
    "cells": _some_tokens,
    "a cell of the head": _head_token,
    "a word everywhere": _same_token,
    "inserted": _inserted,
    "line ends": _ends,
    "digits": _digits,
}


def mutated(base: Base, kind: str, seed: int) -> bytes:
    """The file damaged in one way, or in two; bytes that are no text are cut or get other bytes."""
    source = random.Random(f"{base.name}/{kind}/{seed}")  # noqa: S311
    try:
        text = base.content.decode("utf-8")
    except UnicodeDecodeError:
        return _bytes(base.content, source)
    text = MUTATIONS[kind](text, source)
    if text and source.random() < 0.3:
        text = MUTATIONS[source.choice(list(MUTATIONS))](text, source)
    return text.encode("utf-8", errors="surrogatepass")


def _bytes(content: bytes, source: random.Random) -> bytes:
    if source.random() < 0.3:
        return content[: source.randrange(1, len(content))]
    changed = bytearray(content)
    for _ in range(source.randrange(1, 30)):
        changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def cases(seeds: range) -> Iterator[tuple[Base, str, int]]:
    """Each kind of file with each damage, for each seed."""
    known = bases()
    for seed in seeds:
        for base in known:
            for kind in MUTATIONS:
                yield base, kind, seed
