"""Why a Dagster run failed: the step and one line of its error's message, read from the events of the run's log.

Dagster wraps what a step raised in errors of its own and keeps tracebacks beside them; neither helps whoever wants to
know what to do. What looks like a secret is left out here already, for the line is shown.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, cast

LONGEST: Final = 300
"""Characters of a message at most; the whole of it is in Dagster's log."""
_LEFT_OUT: Final = "…"
_FEWEST_WORDS = 3
_MOST_LINES = 4

# A cause is one level deeper each; what Dagster wraps around is never more than two.
ERROR_FIELDS: Final = "className message cause { className message cause { className message } }"
FAILURE_EVENTS: Final = f"""
__typename
... on ExecutionStepFailureEvent {{ stepKey error {{ {ERROR_FIELDS} }} }}
... on RunFailureEvent {{ message error {{ {ERROR_FIELDS} }} }}
"""

# Where the message of an error goes on to what only helps who reads the program, or tells values of rows.
_REST = re.compile(r"Traceback \(most recent call last\)|Stack Trace:|\[SQL: |^\s*(?:DETAIL|CONTEXT|LINE \d+):", re.M)
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")
_NAMED = re.compile(
    r"""(?ix) (?<![a-z])
    ( passw(?:or)?d | pwd | secret(?:[-_]?access[-_]?key)? | (?:api|access|admin)[-_]?key(?:[-_]id)? | token
    | signature | credential | authorization )
    ( ["']? \s* [=:] \s* )
    ( "[^"]*" | '[^']*' | (?:(?:bearer|basic)\s+)? [^\s&,;]+ )"""
)
_BEARER = re.compile(r"(?i)\bbearer\s+[^\s,;]+")


@dataclass(frozen=True, slots=True)
class RunFailure:
    """What failed: `step` is the step's key, None where the run failed outside of any; `message` is one line."""

    step: str | None
    message: str


def read_failure(events: Iterable[Mapping[str, object]]) -> RunFailure | None:
    """The failure that the events (as `FAILURE_EVENTS` asks for them) tell of; None where they tell of none.

    The step that failed first says why; what the run says comes from it.
    """
    of_run: RunFailure | None = None
    for event in events:
        error = cast("Mapping[str, object] | None", event.get("error"))
        if event.get("__typename") == "ExecutionStepFailureEvent":
            step = event.get("stepKey")
            return RunFailure(None if step is None else str(step), _told(error) if error else "")
        if event.get("__typename") == "RunFailureEvent" and of_run is None:
            of_run = RunFailure(None, _told(error) if error else one_line(str(event.get("message") or "")))
    return of_run


def one_line(text: str) -> str:
    """The line of a message that says what happened, bounded, without what looks like a secret."""
    text = text[: rest.start()] if (rest := _REST.search(text)) else text
    lines = [line.strip() for line in text.splitlines() if line.strip()][:_MOST_LINES]
    taken: list[str] = []
    for line in lines:
        taken.append(line)
        if not line.endswith(":"):
            break
    return bounded(without_secrets(" ".join(taken).rstrip(":")))


def bounded(text: str) -> str:
    """At most `LONGEST` characters, cut between words where that can be."""
    text = " ".join(text.split())
    if len(text) <= LONGEST:
        return text
    cut = textwrap.shorten(text, LONGEST, placeholder=f" {_LEFT_OUT}")
    return cut if len(cut) > LONGEST // 2 else text[: LONGEST - 1] + _LEFT_OUT


def without_secrets(text: str) -> str:
    """The text without logins in addresses, and without values that are named as keys, passwords or tokens."""
    text = _LOGIN.sub(f"{_LEFT_OUT}@", text)
    text = _NAMED.sub(lambda found: f"{found[1]}{found[2]}{_LEFT_OUT}", text)
    return _BEARER.sub(f"Bearer {_LEFT_OUT}", text)


def _told(error: Mapping[str, object]) -> str:
    """What the error says that a step raised, not those that Dagster put around it."""
    while _is_wrapper(error) and (cause := cast("Mapping[str, object] | None", error.get("cause"))):
        error = cause
    name = str(error.get("className") or "")
    text = re.sub(rf"^\s*(?:[\w.<>]+\.)?{re.escape(name)}(?::\s|\s*$)", "", str(error.get("message") or ""))
    line = one_line(text)
    if not line:
        return name
    # „'x'“ alone says nothing, „KeyError: 'x'“ a little.
    return line if len(line.split()) >= _FEWEST_WORDS or not name else bounded(f"{name}: {line}")


def _is_wrapper(error: Mapping[str, object]) -> bool:
    name = str(error.get("className") or "")
    return name.startswith("Dagster") or name == "RetryRequestedFromPolicy"
