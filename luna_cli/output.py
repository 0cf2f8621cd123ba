"""What the command line says: German sentences, results on stdout, everything else on stderr."""

from __future__ import annotations

import json
from typing import NoReturn

import typer
from rich.console import Console

EXIT_OK, EXIT_FAULT, EXIT_USAGE, EXIT_STOPPED = 0, 1, 2, 3

out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def fail(sentence: str, code: int = EXIT_FAULT) -> NoReturn:
    """Say what is wrong and end with `code`."""
    err.print(sentence, style="red")
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """One JSON document on stdout, for programs."""
    # written plainly: a console would wrap or colour it
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def megabytes(count: int) -> str:
    """A size for people."""
    return f"{count / 1_048_576:.0f} MB"


def duration(seconds: int | None) -> str:
    """A time span for people."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours = seconds // 60, seconds // 3600
    if hours < 1:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} Tage"
