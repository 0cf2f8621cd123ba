"""Which columns of a block hold the values: the total before its tariffs, energy before power, or a refusal."""

from __future__ import annotations

import re

import polars as pl

from luna_rules.importing.context import Context
from luna_rules.importing.layout import Block, Layout, ValueColumn, shown_header
from luna_rules.importing.model import Mapping, UnreadableFileError
from luna_rules.importing.vocabulary import UNITS, is_aside, is_net, part_of_total
from luna_rules.series.obis import Direction


class Columns:
    """Chooses among the columns of one block."""

    def __init__(self, layout: Layout, block: Block, body: pl.DataFrame, context: Context, mapping: Mapping) -> None:
        self.layout, self.block, self.body, self.context, self.mapping = layout, block, body, context, mapping
        self.parts: set[int] = set()
        """Columns that hold a tariff's or a phase's share and are added up."""

    def choose(self) -> tuple[list[ValueColumn], list[ValueColumn], list[ValueColumn]]:
        """Columns of energy or power, of registers, of voltage; the others are named in the facts."""
        mapped = [value for value in self.block.values if value.role is not None]
        values = [value for value in self.block.values if value.role is None]
        if any(value.role in {"consumption", "production", "register"} for value in mapped):
            values = []
        registers = [v for v in values if v.hint.measure == "register"] + [v for v in mapped if v.role == "register"]
        voltages = [v for v in values if v.hint.measure == "voltage"] + [v for v in mapped if v.role == "voltage"]
        chosen = [v for v in mapped if v.role in {"consumption", "production"}]
        rest = [v for v in values if v not in registers and v not in voltages and v.hint.measure != "other"]
        priced = [v for v in rest if v.hint.measure == "price"]
        rest = [v for v in rest if v not in priced]
        within = [v for v in rest if is_aside(v.header)]
        aside = [v for v in within if len(within) < len(rest) and v in within]
        rest = [v for v in rest if v not in aside]
        if priced and not rest and not registers:
            raise UnreadableFileError(
                "wrong_target",
                "Die Datei enthält Preise und keine Messwerte. Bitte als Ziel „market_prices“ wählen.",
            )
        if not chosen:
            chosen = self._preferred(rest)
        unused = [
            v.header or f"#{v.column + 1}" for v in [*rest, *aside, *priced] if v not in chosen and self._count(v)
        ]
        if unused:
            known = self.context.facts.get("unused_columns")
            before: list[str] = known if isinstance(known, list) else []
            self.context.facts["unused_columns"] = sorted({*before, *unused})
        return chosen, registers, voltages[:1]

    def _count(self, value: ValueColumn) -> int:
        return self.body.height - self.body[f"c{value.column}"].null_count()

    def _preferred(self, values: list[ValueColumn]) -> list[ValueColumn]:
        known = [
            v for v in values if v.hint.measure in {"energy", "power"} or v.unit is not None or v.meter is not None
        ]
        candidates = known or [v for v in values if v.hint.role in {None, "value"}]
        by_key: dict[tuple[str | None, str], list[ValueColumn]] = {}
        for value in candidates:
            direction = self.direction(value) or "?"
            by_key.setdefault((value.meter if self.block.meter is None else None, direction), []).append(value)
        unnamed = by_key.get((None, "?"), [])
        if len(unnamed) > 1 and self.block.obis is None and self.block.words is None:
            filled = [v for v in unnamed if self._count(v)]
            units = {v.unit for v in filled}
            shares = any(part_of_total(v.header) for v in filled)
            power = all(v.hint.measure == "power" for v in filled)
            if len(filled) > 1 and len(units) == 1 and not power and not shares:
                if len(by_key) == 1:
                    return self._columns_as_meters(filled)
                if (None, "consumption") not in by_key:
                    raise self._ambiguous()
        chosen: list[ValueColumn] = []
        for group in by_key.values():
            chosen += self._best(group)
        if any(self.direction(v) == "consumption" for v in chosen) and any(self.direction(v) is None for v in chosen):
            chosen = [v for v in chosen if self.direction(v) is not None or v.meter is not None]
        return chosen

    def _best(self, group: list[ValueColumn]) -> list[ValueColumn]:
        """The total before the tariffs, energy before power, the fuller column before the emptier."""
        filled = [v for v in group if self._count(v)] or group[:1]
        totals = [v for v in filled if v.hint.obis is None or v.hint.obis.tariff == 0]
        shares = self._once(_one_kind([v for v in totals if part_of_total(v.header)]))
        whole = [v for v in totals if not part_of_total(v.header)]
        if shares and whole:
            totals = whole
        elif len(shares) > 1 and len({part_of_total(v.header) for v in shares}) == len(shares):
            self.parts |= {v.column for v in shares}
            self.context.warn(
                "Der Gesamtwert fehlt; er wurde zusammengezählt aus " + ", ".join(v.header for v in shares) + "."
            )
            return shares
        if any(is_net(v.header) for v in totals):
            totals = [v for v in totals if is_net(v.header)]
        if totals:
            order = {v.column: place for place, v in enumerate(totals)}
            return [
                min(
                    totals,
                    key=lambda v: (
                        v.unit is None,
                        UNITS[v.unit.lower()][0] != "energy" if v.unit else False,
                        -self._count(v),
                        order[v.column],
                    ),
                )
            ]
        self.context.warn("Der Gesamtwert fehlt; er wurde aus den Tarifregistern zusammengezählt.")
        return filled

    def _once(self, shares: list[ValueColumn]) -> list[ValueColumn]:
        """The shares without columns that say the same again under the same header."""
        kept: list[ValueColumn] = []
        for share in shares:
            column = self.body[f"c{share.column}"]
            if not any(v.header == share.header and column.equals(self.body[f"c{v.column}"]) for v in kept):
                kept.append(share)
        return kept

    def _columns_as_meters(self, values: list[ValueColumn]) -> list[ValueColumn]:
        """Several columns of one kind without a direction: each header is a meter's number, or nothing is known."""
        names = [re.sub(r"[\[(].*?[\])]", "", v.header).strip() for v in values]
        numbered = sum(re.search(r"\d", name) is not None for name in names) > len(names) // 2
        if numbered and all(len(name) >= 3 for name in names) and len(set(names)) == len(names):
            self.context.facts["meter_source"] = "Kopfzeile"
            self.context.warn("Jede Wertspalte gilt als eigener Zähler, benannt nach ihrer Kopfzeile.")
            return [
                ValueColumn(v.column, v.header, v.hint, name, v.unit, v.direction, v.status, v.role)
                for v, name in zip(values, names, strict=True)
            ]
        raise self._ambiguous()

    def _ambiguous(self) -> UnreadableFileError:
        return self.missing(
            "value_ambiguous", "Mehrere Spalten könnten die Messwerte enthalten. Bitte die Spalten zuordnen.", "value"
        )

    def direction(self, value: ValueColumn) -> Direction | None:
        """Taken from the network or fed into it, as far as the file or the mapping says."""
        if value.role in {"consumption", "production"}:
            return "consumption" if value.role == "consumption" else "production"
        if self.mapping.direction is not None:
            return self.mapping.direction
        return value.direction or self.layout.preamble_direction

    def missing(self, code: str, reason: str, what: str) -> UnreadableFileError:
        """The refusal that asks for a mapping, with what is known so far."""
        layout = self.layout
        lead = self.block.start or self.block.single
        header = shown_header(layout)
        columns = {header[lead.column]: "ts"} if lead is not None and lead.clock is None and self.block.single else {}
        values = [v for v in self.block.values if self._count(v)]
        if len(values) == 1:
            columns[header[values[0].column]] = self.direction(values[0]) or "consumption"
        stamp = self.context.facts.get("stamp")
        return UnreadableFileError(
            code,
            reason,
            missing=[what],
            header=header,
            header_signature=layout.signature,
            proposal=Mapping(columns=columns, stamp="end" if stamp == "end" else "start" if stamp == "start" else None),
        )


def _one_kind(shares: list[ValueColumn]) -> list[ValueColumn]:
    """Of several quantities of the same phases or tariffs the one that says total, else the first in an energy unit."""
    kinds: dict[str, list[ValueColumn]] = {}
    for value in shares:
        part = part_of_total(value.header) or ""
        kinds.setdefault(
            re.sub(rf"(?i)(?<![a-z0-9]){re.escape(part)}(?![a-z0-9])|^{re.escape(part)}_", "", value.header), []
        ).append(value)
    if len(kinds) < 2:
        return shares

    def rank(item: tuple[str, list[ValueColumn]]) -> tuple[bool, bool, int]:
        stem, values = item
        energy = all(v.unit is not None and UNITS[v.unit.lower()][0] == "energy" for v in values)
        return (re.search(r"(?i)total|gesamt", stem) is None, not energy, -len(values))

    return min(kinds.items(), key=rank)[1]
