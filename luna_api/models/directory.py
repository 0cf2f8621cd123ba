"""The models that may write answers right now, asked for so that a server that is down costs nobody its timeout."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import monotonic

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from luna_api.models.choice import ModelChoice, Role
from luna_api.models.pulls import Pulls
from resources.breaker import Breaker
from resources.generator import GeneratorError, ModelInfo, OllamaGenerator

_FRESH_S = 15.0
_SERVER_FIRST_PAUSE_S = 5.0
_SERVER_LONGEST_PAUSE_S = 30.0
_REMEMBERED = 32


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model for a purpose: ready to be asked, or what keeps it from that (`fault` and a German sentence)."""

    role: Role
    name: str
    info: ModelInfo | None
    fault: str = ""
    told: str = ""


class ModelDirectory:
    """Knows the server's models for some seconds, and which of them failed a moment ago."""

    def __init__(self, generator: OllamaGenerator | None, choice: ModelChoice) -> None:
        self.generator = generator
        self.pulls = Pulls(generator.host, self.forget) if generator is not None else None
        self.choice = choice
        self._server = Breaker(first_pause_s=_SERVER_FIRST_PAUSE_S, longest_pause_s=_SERVER_LONGEST_PAUSE_S)
        self._models: dict[str, Breaker] = {}
        self._known: dict[str, tuple[float, Candidate]] = {}

    async def close(self) -> None:
        """End what runs, and close the connections to the server."""
        if self.pulls is not None:
            await self.pulls.close()
        if self.generator is not None:
            await self.generator.close()

    async def writers(self) -> tuple[Candidate, ...]:
        """The models that answers are written by, the first choice first; empty where no server is configured."""
        if self.generator is None:
            return ()
        try:
            names = await self.choice.names()
        except (psycopg.Error, PoolTimeout):
            names = {**self.choice.configured, **self.choice.chosen}
        found = [await self._candidate(self.generator, "generate", names["generate"])]
        if names["fallback"] != names["generate"]:
            found.append(await self._candidate(self.generator, "fallback", names["fallback"]))
        return tuple(found)

    async def digests(self, names: Iterable[str]) -> dict[str, str]:
        """By name the digest of each model's weights as the server has them now, empty for one that it lacks.

        Those that cannot be told of, because the server is away or there is none, are left out.
        """
        if self.generator is None:
            return {}
        found = [await self._candidate(self.generator, "generate", name) for name in dict.fromkeys(names)]
        return {
            one.name: one.info.digest if one.info is not None else ""
            for one in found
            if one.info is not None or one.fault == "missing"
        }

    def may_try(self, info: ModelInfo) -> bool:
        """Whether a model may be asked now; it may not for a while after it failed."""
        return self._breaker(info).may_try()

    def worked(self, info: ModelInfo) -> None:
        """A model answered as it should."""
        self._breaker(info).worked()

    def failed(self, info: ModelInfo, fault: GeneratorError, seconds: float) -> None:
        """A model did not answer as it should, which took so long."""
        if fault.fault in ("busy", "too_long"):
            return
        self._known.clear()
        self._breaker(info).failed(at_least_s=seconds)

    def forget(self) -> None:
        """Look anew with the next question; for when a model was chosen or has just come."""
        self._known.clear()
        self._models.clear()
        self._server.worked()

    async def _candidate(self, generator: OllamaGenerator, role: Role, name: str) -> Candidate:
        known = self._known.get(name)
        if known is not None and monotonic() - known[0] < _FRESH_S:
            return Candidate(role, name, known[1].info, known[1].fault, known[1].told)
        if not self._server.may_try():
            return Candidate(role, name, None, "down", "Der Modellserver antwortet nicht")
        begun = monotonic()
        try:
            found = Candidate(role, name, await generator.describe(name))
        except GeneratorError as fault:
            found = Candidate(role, name, None, fault.fault, str(fault))
            structlog.get_logger("luna_api.models").warning("model_not_there", model=name, fault=fault.fault)
            if fault.fault != "missing":
                self._server.failed(at_least_s=monotonic() - begun)
                return found
        self._server.worked()
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[name] = (monotonic(), found)
        return found

    def _breaker(self, info: ModelInfo) -> Breaker:
        if len(self._models) >= _REMEMBERED:
            self._models.clear()
        return self._models.setdefault(f"{info.name}@{info.digest}", Breaker())
