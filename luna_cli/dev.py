"""`luna dev`, `luna down`, `luna status`: the embedded stack, told to people."""

from __future__ import annotations

import signal
import time
from dataclasses import asdict
from types import FrameType

from rich.table import Table

from luna_cli.client import ApiFaultError, NotRunningError
from luna_cli.output import EXIT_FAULT, EXIT_OK, EXIT_STOPPED, duration, err, megabytes, out, print_json
from luna_cli.seed import is_first_start, load_seed
from resources.embedded.stack import Stack
from resources.embedded.stack_status import StackStatus
from resources.secrets import load_secrets
from resources.settings import Settings

_WATCH_PAUSE_S = 2.0
_STATES = {"ok": "läuft", "starting": "startet", "fault": "gestört", "stopped": "angehalten"}


class _Interrupted(Exception):  # noqa: N818  no fault, but the wish to stop
    """Somebody asked to stop."""


def start(settings: Settings, *, detach: bool) -> int:
    """Start, and in the foreground watch until somebody stops it; the exit code."""
    stack = Stack(settings)
    with _Signals():
        try:
            result = stack.up(lambda title, what: err.print(f"{title}: {what}"))
        except (_Interrupted, KeyboardInterrupt):
            err.print("Abgebrochen; was schon lief, ist wieder angehalten.")
            return EXIT_FAULT
        if result.already_running:
            err.print("Luna läuft bereits." if not result.faults else "Luna läuft bereits, aber nicht vollständig.")
        else:
            err.print(f"Luna ist nach {result.seconds:.1f} s da." if not result.faults else "Luna ist nur zum Teil da.")
        if is_first_start(result.applied_migrations) and not result.faults:
            _seed(settings)
        _addresses(settings)
        code = EXIT_FAULT if result.faults else EXIT_OK
        if detach or result.already_running:
            return code
        err.print("Strg-C hält alles an.")
        try:
            while True:
                _watch(stack)
                if not stack.has_crashed():
                    err.print("Luna ist von anderer Hand angehalten worden.")
                    return EXIT_OK
                err.print("Die Aufsicht über die Dienste ist ausgefallen; alles wird neu gestartet.")
                stack.up(lambda title, what: err.print(f"{title}: {what}"))
        except (_Interrupted, KeyboardInterrupt):
            pass
    err.print("\nLuna wird angehalten …")
    stack.down()
    err.print("Alles steht. Bis zum nächsten Mal.")
    return code


def stop(settings: Settings) -> int:
    """Stop everything; the exit code."""
    if Stack(settings).down():
        err.print("Luna ist angehalten.")
    else:
        err.print("Es lief nichts.")
    return EXIT_OK


def status(settings: Settings, *, as_json: bool) -> int:
    """Tell how each part is; 0 all fine, 1 degraded, 3 not running."""
    found = Stack(settings).status()
    if as_json:
        print_json(asdict(found))
    elif found.overall == "stopped":
        crashed = "; ihre Aufsicht ist ausgefallen" if Stack(settings).has_crashed() else ""
        out.print(f"Luna läuft nicht{crashed}. „luna dev“ startet sie.")
    else:
        out.print(_table(found))
        for part in found.parts:
            if part.detail:
                out.print(f"{part.title}: {part.detail}")
    return {"ok": EXIT_OK, "degraded": EXIT_FAULT, "stopped": EXIT_STOPPED}[found.overall]


def _table(found: StackStatus) -> Table:
    table = Table(caption=f"{found.home}, zusammen {megabytes(found.memory_bytes)}", caption_justify="left")
    for name in ("Teil", "Zustand", "Port", "PID", "Speicher", "seit"):
        table.add_column(name, justify="right" if name in {"Port", "PID", "Speicher"} else "left")
    for part in found.parts:
        table.add_row(
            part.title,
            _STATES[part.state],
            str(part.port or "–"),
            str(part.pid or "–"),
            megabytes(part.memory_bytes),
            duration(part.uptime_s),
        )
    return table


def _seed(settings: Settings) -> None:
    """A home without demonstration documents is poorer, not broken."""
    try:
        summary = load_seed(settings)
    except (ApiFaultError, NotRunningError) as fault:
        err.print(f"Die Beispieldokumente fehlen noch ({fault}). „luna seed“ holt sie nach.")
        return
    err.print(f"{summary.count('ready')} Beispieldokumente aufgenommen.")


def _addresses(settings: Settings) -> None:
    out.print(f"Seite       {settings.api_url}/")
    out.print(f"API         {settings.api_url}/api/v1/docs")
    out.print(f"Dagster     {settings.dagster_url}/")
    out.print(f"Schlüssel   {load_secrets(settings).admin_api_key}  (X-Admin-Key)")


def _watch(stack: Stack) -> None:
    """Tell what changes; ends when the stack is stopped by another command."""
    known = {part.name: (part.state, part.pid) for part in stack.status().parts}
    while stack.is_running():
        time.sleep(_WATCH_PAUSE_S)
        for part in stack.status().parts:
            before = known.get(part.name)
            known[part.name] = (part.state, part.pid)
            if before is None or before == known[part.name]:
                continue
            if part.state != before[0]:
                err.print(f"{part.title}: {_STATES[part.state]}{f' ({part.detail})' if part.detail else ''}")
            else:
                err.print(f"{part.title}: neu gestartet (PID {part.pid})")


class _Signals:
    """While inside, a terminated or hung-up command stops the stack as Ctrl-C does."""

    def __enter__(self) -> None:
        self._before = {number: signal.signal(number, self._raise) for number in (signal.SIGTERM, signal.SIGHUP)}

    def __exit__(self, *_: object) -> None:
        # the stop that follows is not to be cut short by a second wish to stop
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @staticmethod
    def _raise(number: int, frame: FrameType | None) -> None:
        raise _Interrupted
