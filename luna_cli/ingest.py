"""`luna ingest`: finds the files, uploads a few at a time, waits until each is ready or failed."""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from luna_cli.client import ApiFaultError, LunaClient

IN_FLIGHT = 4
_POLLED_AT_ONCE = 32
_POLL_PAUSE_S = 0.4
LINE_EVERY_S = 5.0
_FINAL = frozenset({"ready", "failed", "archived"})

Outcome = Literal["ready", "unchanged", "failed"]


class UnusableError(ValueError):
    """The paths cannot be ingested as given; the text says why."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file, and the reference by which the platform knows it again (none for a file named by itself)."""

    path: Path
    reference: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file."""

    source: Source
    outcome: Outcome
    reason: str = ""


@dataclass(slots=True)
class Summary:
    """What became of all."""

    results: list[Result] = field(default_factory=list[Result])

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def failures(self) -> list[Result]:
        """Those that failed, in the order of their paths."""
        return sorted((r for r in self.results if r.outcome == "failed"), key=lambda r: str(r.source.path))


def find_sources(paths: Iterable[Path]) -> list[Source]:
    """Files of `paths`, folders recursively, hidden ones left out. Raises `UnusableError`."""
    found: dict[Path, Source] = {}
    references: dict[str, Path] = {}
    for path in paths:
        if path.is_dir():
            for file in _files_below(path):
                reference = unicodedata.normalize("NFC", file.relative_to(path).as_posix())
                real = file.resolve()
                if real in found:
                    continue
                if reference in references:
                    raise UnusableError(
                        f"„{reference}“ gibt es in zwei der Ordner ({references[reference]} und {file}); Luna hielte "
                        "sie für zwei Fassungen eines Dokuments. Bitte den gemeinsamen Ordner darüber angeben."
                    )
                references[reference] = file
                found[real] = Source(file, reference)
        elif path.is_file():
            found.setdefault(path.resolve(), Source(path, None))
        else:
            raise UnusableError(f"„{path}“ gibt es nicht (oder es ist weder Datei noch Ordner).")
    return list(found.values())


def _files_below(folder: Path) -> list[Path]:
    files: list[Path] = []
    for base, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(base) / name for name in sorted(names) if not name.startswith(".")]
    return [file for file in files if file.is_file()]


class Ingest:
    """One call of `luna ingest`."""

    def __init__(self, client: LunaClient, fields: Mapping[str, str | Sequence[str]]) -> None:
        self._client = client
        self._fields = fields
        self._stopping = threading.Event()

    def run(self, sources: Sequence[Source], console: Console) -> Summary:
        """Upload and wait; when the API is away for too long the client's `NotRunningError` ends it."""
        summary = Summary()
        waiting: dict[str, Source] = {}
        with (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=console,
                disable=not console.is_terminal,
            ) as progress,
            ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="ingest") as pool,
        ):
            sending = progress.add_task("Hochladen ", total=len(sources))
            working = progress.add_task("Einarbeiten", total=len(sources))
            lines = _Lines(None if console.is_terminal else console, len(sources))

            def done(result: Result) -> None:
                summary.results.append(result)
                progress.advance(working)
                lines.done += 1

            def sent() -> None:
                progress.advance(sending)
                lines.sent += 1
                lines.tell()

            try:
                self._send(pool, sources, waiting, done, sent)
                while waiting:
                    self._poll(pool, waiting, done)
                    lines.tell()
            except BaseException:
                self._stopping.set()
                raise
        return summary

    def _send(
        self,
        pool: ThreadPoolExecutor,
        sources: Sequence[Source],
        waiting: dict[str, Source],
        done: Callable[[Result], None],
        sent: Callable[[], None],
    ) -> None:
        # handed out as places become free: ten thousand files are not ten thousand open futures
        rest = iter(sources)
        running: dict[Future[str | Result], Source] = {}
        exhausted = False
        while running or not exhausted:
            while not exhausted and len(running) < IN_FLIGHT:
                source = next(rest, None)
                if source is None:
                    exhausted = True
                else:
                    running[pool.submit(self._upload, source)] = source
            finished, _ = wait(running, return_when=FIRST_COMPLETED) if running else (set[Future[str | Result]](), None)
            for future in finished:
                source = running.pop(future)
                outcome = future.result()
                if isinstance(outcome, Result):
                    done(outcome)
                else:
                    waiting[outcome] = source
                sent()

    def _upload(self, source: Source) -> str | Result:
        """Item id to wait for, or the result when it is already known."""
        if self._stopping.is_set():
            return Result(source, "failed", "abgebrochen")
        try:
            content = source.path.read_bytes()
        except OSError as fault:
            return Result(source, "failed", f"nicht lesbar: {fault.strerror or fault}")
        fields: dict[str, str | Sequence[str]] = {**self._fields, "wait": "0"}
        if source.reference is not None:
            fields["external_ref"] = source.reference
        for attempt in range(3):
            try:
                data = self._client.upload("/ingest/doc", fields, source.path.name, content)
            except ApiFaultError as fault:
                if fault.status != 409:
                    return Result(source, "failed", str(fault))
                known = fault.data.get("item_id")
                if known is None and attempt < 2:
                    # two equal files at the same moment: the other one is about to be there
                    time.sleep(0.3 * (attempt + 1))
                    continue
                if known is not None and fault.data.get("status") not in {*_FINAL, None}:
                    return str(known)
                return Result(source, "unchanged")
            if data.get("status") == "ready":
                return Result(source, "ready")
            return str(data["item_id"])
        return Result(source, "unchanged")

    def _poll(self, pool: ThreadPoolExecutor, waiting: dict[str, Source], done: Callable[[Result], None]) -> None:
        """Ask for the longest waiting ones: they are worked off in the order of their arrival."""
        asked = list(waiting)[:_POLLED_AT_ONCE]
        settled = 0
        for item_id, result in zip(asked, pool.map(lambda key: self._state(key, waiting[key]), asked), strict=True):
            if result is not None:
                del waiting[item_id]
                done(result)
                settled += 1
        if settled < len(asked):
            time.sleep(_POLL_PAUSE_S)
            # one that is stuck must not hide the others
            for item_id in asked:
                if item_id in waiting and len(waiting) > _POLLED_AT_ONCE:
                    waiting[item_id] = waiting.pop(item_id)

    def _state(self, item_id: str, source: Source) -> Result | None:
        try:
            state = self._client.get(f"/ingest/{item_id}")
        except ApiFaultError as fault:
            return Result(source, "failed", str(fault))
        status = state.get("status")
        if status == "failed":
            return Result(source, "failed", str(state.get("error") or "ohne Angabe von Gründen"))
        return Result(source, "ready") if status in _FINAL else None


class _Lines:
    """Progress for logs and pipes, where no bar can be drawn: a line at the start, then one every few seconds."""

    def __init__(self, console: Console | None, total: int) -> None:
        self._console = console
        self._total = total
        self._began = self._told = time.monotonic()
        self.sent = self.done = 0
        if console is not None:
            console.print(f"{total} Datei wird aufgenommen." if total == 1 else f"{total} Dateien werden aufgenommen.")

    def tell(self) -> None:
        """A line, when the last one is long enough ago."""
        now = time.monotonic()
        if self._console is None or now - self._told < LINE_EVERY_S:
            return
        self._told = now
        self._console.print(
            f"Nach {now - self._began:.0f} s: {self.sent} von {self._total} hochgeladen, "
            f"{self.done} von {self._total} fertig."
        )


def failures_table(summary: Summary) -> Table:
    """The failures with their reasons."""
    table = Table(title="Nicht aufgenommen", title_justify="left", show_lines=False)
    table.add_column("Datei", overflow="fold")
    table.add_column("Grund", overflow="fold")
    for result in summary.failures:
        table.add_row(str(result.source.path), result.reason)
    return table
