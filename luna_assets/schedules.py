"""Schedules: what the clock launches. Times are Europe/Berlin."""

from dagster import DefaultScheduleStatus, ScheduleDefinition

from luna_assets.jobs import documents_maintenance

nightly_maintenance = ScheduleDefinition(
    name="nightly_maintenance",
    job=documents_maintenance,
    cron_schedule="15 3 * * *",
    execution_timezone="Europe/Berlin",
    default_status=DefaultScheduleStatus.RUNNING,
)
