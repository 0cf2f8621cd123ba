"""Models on their way to the server: each fetched in the background, its progress read by whoever looks."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from time import time
from typing import Literal

import structlog

from luna_api.errors import ApiError
from resources.generator import GeneratorError
from resources.model_store import pull

AT_ONCE = 2
LONGEST_S = 6 * 3600.0
_REMEMBERED = 20

PullState = Literal["running", "done", "failed", "cancelled"]


@dataclass(slots=True)
class Pull:
    """One model being fetched. Bytes are of all its files that are known so far; times are epoch seconds, UTC."""

    model: str
    state: PullState = "running"
    status: str = ""
    error: str = ""
    started_at_s: float = field(default_factory=time)
    ended_at_s: float | None = None
    files: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    @property
    def completed_bytes(self) -> int:
        """Bytes that have come."""
        return sum(done for done, _ in self.files.values())

    @property
    def total_bytes(self) -> int:
        """Bytes of all files known so far; 0 before the first is known."""
        return sum(total for _, total in self.files.values())


class Pulls:
    """The pulls of this process. `arrived` is told when a model has come."""

    def __init__(self, host: str, arrived: Callable[[], None]) -> None:
        self._host = host
        self._arrived = arrived
        self._pulls: dict[str, Pull] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def all(self) -> list[Pull]:
        """Those that run and the last ones that ended, newest first."""
        return sorted(self._pulls.values(), key=lambda one: -one.started_at_s)

    def start(self, model: str) -> Pull:
        """Begin to fetch a model. Raises 409 where it is being fetched already, 429 where too many are."""
        running = [one for one in self._pulls.values() if one.state == "running"]
        if any(one.model == model for one in running):
            raise ApiError(409, f"{model} wird bereits geladen.", data={"model": model})
        if len(running) >= AT_ONCE:
            names = " und ".join(one.model for one in running)
            raise ApiError(
                429,
                f"Es werden schon {names} geladen; mehr auf einmal dauert nur länger.",
                headers={"Retry-After": "60"},
            )
        self._pulls.pop(model, None)
        while len(self._pulls) >= _REMEMBERED:
            del self._pulls[next(name for name, one in self._pulls.items() if one.state != "running")]
        self._pulls[model] = one = Pull(model)
        self._tasks[model] = asyncio.create_task(self._run(one), name=f"pull {model}")
        return one

    def cancel(self, model: str) -> None:
        """Stop fetching a model; what has come is kept. Raises 404 where it is not being fetched."""
        one = self._pulls.get(model)
        if one is None or one.state != "running":
            raise ApiError(404, f"{model} wird gerade nicht geladen.")
        self._tasks[model].cancel()

    async def close(self) -> None:
        """Stop all."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(self, one: Pull) -> None:
        log = structlog.get_logger("luna_api.models")
        try:
            async with asyncio.timeout(LONGEST_S), aclosing(pull(self._host, one.model)) as lines:
                async for line in lines:
                    one.status = line.status[:200]
                    if line.digest and line.total:
                        one.files[line.digest] = (min(line.completed, line.total), line.total)
            one.state = "done"
            self._arrived()
        except asyncio.CancelledError:
            one.state, one.error = "cancelled", "Abgebrochen; was schon da ist, bleibt für das nächste Mal."
        except TimeoutError:
            one.state, one.error = "failed", "Nach sechs Stunden war das Modell noch nicht da."
        except GeneratorError as fault:
            one.state, one.error = "failed", f"{fault}."
        except Exception as fault:
            one.state, one.error = "failed", "Da ist auf meiner Seite etwas schiefgegangen."
            log.error("pull_failed", model=one.model, exc_info=fault)
        finally:
            one.ended_at_s = time()
            self._tasks.pop(one.model, None)
            log.info("pull_ended", model=one.model, state=one.state, told=one.error)
