"""What one table gathers while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from luna_rules.importing.model import Faults, ImportOptions


@dataclass
class Context:
    """What one table gathers while it is read."""

    options: ImportOptions
    faults: Faults
    warnings: list[str] = field(default_factory=list[str])
    facts: dict[str, str | int | float | bool | list[str] | None] = field(
        default_factory=dict[str, str | int | float | bool | list[str] | None]
    )
    without_value: int = 0
    rows: int = 0

    def warn(self, text: str) -> None:
        """Say it once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass
class Extracted:
    """Values, registers and what else a table held."""

    long: pl.DataFrame
    registers: pl.DataFrame
    obis: dict[str, set[str]]
    aliases: dict[str, tuple[str | None, str | None]]
