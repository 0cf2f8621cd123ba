"""The days of which simulated series consist: days of Europe/Berlin, many of them in one run."""

from datetime import UTC, datetime

from dagster import BackfillPolicy, DailyPartitionsDefinition

BERLIN_DAYS = DailyPartitionsDefinition(start_date="2020-01-01", timezone="Europe/Berlin", end_offset=1)
"""The day that is still going on can be asked for, too; what lies in the future is left out."""
IN_ONE_RUN = BackfillPolicy.single_run()


def until_now(start: datetime, end: datetime, now: datetime | None = None) -> tuple[datetime, datetime]:
    """The part of [start, end) that is not in the future, in UTC; empty where all of it is."""
    present = now or datetime.now(UTC)
    return start.astimezone(UTC), max(min(end, present), start).astimezone(UTC)
