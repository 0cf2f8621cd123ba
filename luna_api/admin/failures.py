"""Why a run failed, as the administrator reads it: one German sentence."""

import re
from collections.abc import Iterable

from pydantic import SecretStr

from luna_api.admin.schemas import JobFailure
from resources.run_failures import RunFailure
from resources.settings import Settings

_SHORTEST_SECRET = 6
# What runs say in Dagster's page, whose language is English.
_GERMAN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"Another run has been at work for nine minutes; please try again later\.",
         "Ein anderer Lauf ist seit neun Minuten am Werk; bitte später noch einmal versuchen."),
        (r"The process of this run is gone: it was killed, or the machine went down\.",
         "Der Prozess des Laufs ist nicht mehr da: Er wurde beendet, oder der Rechner fiel aus."),
        (r"The new index version was refused by its checks; the live one stays\.",
         "Die neue Fassung des Index hat ihre Prüfung nicht bestanden; die bisherige bleibt."),
        (r"Scope public has no earlier index version to go back to",
         "Es gibt keine frühere Fassung des öffentlichen Index, zu der sich zurückkehren ließe"),
        (r"Scope \S+ has no earlier index version to go back to",
         "Es gibt keine frühere Fassung des Index eigener Dokumente, zu der sich zurückkehren ließe"),
        (r"There is no index version (\d+)", r"Eine Indexversion \1 gibt es nicht"),
        (r"Index version (\d+) is not a retired one of scope \S+ \(\w+\)",
         r"Die Indexversion \1 ist keine frühere, zu der sich zurückkehren ließe"),
        (r"Index version (\d+) is still not whole in Qdrant: (\d+) of (\d+) points",
         r"Die Indexversion \1 ist in Qdrant noch immer nicht vollständig: \2 von \3 Textstellen"),
        (r"No other engine has the vectors of index version (\d+)",
         r"Die Vektoren der Indexversion \1 liegen nirgends sonst"),
        (r"QDRANT_URL is not set, so there is (?:nothing to take a snapshot of|no engine outside PostgreSQL)\.?",
         "QDRANT_URL ist nicht gesetzt, es gibt also keinen Index in Qdrant."),
        (r"Exceeded maximum runtime of (\d+) seconds\.?", r"Der Lauf dauerte länger als erlaubt (\1 s)."),
    )
)  # fmt: skip


def failure_of(failure: RunFailure | None, hidden: Iterable[str]) -> JobFailure:
    """The failure as one German sentence; `hidden` are words that it must not show. None: the run's log tells none."""
    if failure is None or not failure.message:
        step = None if failure is None else failure.step
        return JobFailure(step=step, said=_sentence(step, "Einen Grund nennt das Protokoll des Laufs nicht"))
    message = failure.message
    for secret in hidden:
        message = message.replace(secret, "…")
    for pattern, said in _GERMAN:
        message = pattern.sub(said, message)
    return JobFailure(step=failure.step, said=_sentence(failure.step, message))


def secrets_of(settings: Settings) -> list[str]:
    """The values of the settings that nobody may read, the longest first. Short ones would hit words by chance."""
    values = {value.get_secret_value() for _, value in settings if isinstance(value, SecretStr)}
    return sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)


def _sentence(step: str | None, message: str) -> str:
    ended = message if message.endswith((".", "!", "?", "…")) else f"{message}."
    return ended if step is None else f"Schritt „{step}“: {ended}"
