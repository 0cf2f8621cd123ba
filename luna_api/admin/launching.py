"""What is told to whoever wanted a job launched and got no run."""

import httpx

from luna_api.errors import ApiError, unavailable
from resources.orchestrator import OrchestratorError


def not_launched(fault: OrchestratorError) -> ApiError:
    """503 for a job that Dagster did not confirm.

    A busy Dagster may launch what it could not confirm in time; asked again, it would launch a second run.
    """
    if isinstance(fault.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
        return unavailable("dagster", "Dagster ist gerade nicht erreichbar; der Auftrag läuft nicht.")
    if isinstance(fault.__cause__, httpx.HTTPError):
        return unavailable(
            "dagster",
            "Dagster hat nicht oder nicht rechtzeitig geantwortet; vielleicht läuft der Auftrag trotzdem. Die Liste "
            "der Aufträge zeigt es; bitte sehen Sie dort nach, ehe Sie ihn noch einmal erteilen.",
            retry_after_s=30,
        )
    return unavailable("dagster", f"Dagster hat den Auftrag nicht angenommen: {fault}")
