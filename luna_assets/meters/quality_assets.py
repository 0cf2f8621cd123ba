"""The assets `meters/quality` and `meters/substitutes`, their checks, jobs and the sensor. Thin: see `quality`."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    Backoff,
    Config,
    DefaultSensorStatus,
    Failure,
    MaterializeResult,
    MetadataValue,
    RetryPolicy,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    asset,
    define_asset_job,
    sensor,
)
from pydantic import Field

from luna_assets.meters.assets import DAYS, READINGS
from luna_assets.sensors import ALIVE, process_may_live
from resources.database import DEFAULT_TENANT
from resources.series import quality_days as store
from resources.wiring import LunaResource

QUALITY = AssetKey(["meters", "quality"])
SUBSTITUTES = AssetKey(["meters", "substitutes"])
MAX_RUNTIME_S = 3600
_WARNINGS = {
    "complete": "Warns when intervals are missing between a meter's first and last value.",
    "unsuspicious": "Warns about outliers, flat lines, negative, doubled or unusable values, voltage beyond EN 50160.",
    "measured": "Warns about values that are substitutes, preliminary or forecasts.",
}


class QualityConfig(Config):
    """Which reports a run is to make."""

    meter_ids: list[str] = Field(default_factory=list, description="Only these meters; empty: all that are due.")


@asset(
    key=QUALITY,
    deps=[READINGS, DAYS],
    group_name="meters",
    kinds={"postgres"},
    check_specs=[
        AssetCheckSpec(
            "plausible",
            asset=QUALITY,
            blocking=True,
            description="Blocks when values are out of range, in the future, or contradict register or stated sum.",
        ),
        *(AssetCheckSpec(name, asset=QUALITY, description=what) for name, what in _WARNINGS.items()),
    ],
    retry_policy=RetryPolicy(max_retries=1, delay=5, backoff=Backoff.LINEAR),
    description="Report per meter and Berlin day in meter_quality_days: values, gaps, statuses, flags.",
)
def meters_quality(context: AssetExecutionContext, config: QualityConfig, luna: LunaResource) -> Iterator[object]:
    """Report the days whose rollup was written again since their last report."""
    from luna_assets.meters.quality import HARD, SOFT, report_due_days

    with luna.connection() as connection:
        run = report_due_days(connection, context.run.run_id, meter_ids=config.meter_ids, log=context.log.info)
    yield MaterializeResult(
        asset_key=QUALITY,
        metadata={
            "meters": run.meters,
            "days": run.days,
            "values": run.values,
            "missing": run.missing,
            "substituted": run.substituted,
            "flags": MetadataValue.json(dict(run.flags)),
        },
    )
    found = {
        "plausible": (run.count(HARD), HARD),
        "complete": (run.missing, ("missing",)),
        "unsuspicious": (run.count(SOFT), SOFT),
        "measured": (run.substituted + run.preliminary + run.forecast, ("substituted", "preliminary", "forecast")),
    }
    for name, (count, kinds) in found.items():
        yield AssetCheckResult(
            asset_key=QUALITY,
            check_name=name,
            passed=count == 0,
            severity=AssetCheckSeverity.ERROR if name == "plausible" else AssetCheckSeverity.WARN,
            metadata={"values": count, "days": MetadataValue.md(run.examples(kinds))},
        )


class SubstitutesConfig(Config):
    """For which gaps substitute values are formed, and how."""

    meter_ids: list[str] = Field(default_factory=list, description="Only these meters; empty: all of the tenant.")
    first_day: str = Field(description="First Berlin day whose gaps are filled, for example 2025-03-01.")
    last_day: str = Field(description="Last Berlin day whose gaps are filled, for example 2025-03-31.")
    method: str = Field(
        default="auto",
        description="Z92 interpolation, Z93 hold, Z95 historical, ZJ2 statistical; auto: Z92 up to 2 h, else Z95.",
    )
    max_gap_days: int = Field(default=31, ge=1, le=366, description="Longer gaps stay gaps.")
    tenant_id: str = Field(default=str(DEFAULT_TENANT), description="Whose meters.")
    dry_run: bool = Field(default=False, description="Only tell what would be formed.")


@asset(
    key=SUBSTITUTES,
    deps=[QUALITY],
    group_name="meters",
    kinds={"postgres"},
    description="Substitute values for gaps, with status ERSATZWERT and the method's code; never formed by themselves.",
)
def meters_substitutes(
    context: AssetExecutionContext, config: SubstitutesConfig, luna: LunaResource
) -> Iterator[object]:
    """Fill gaps by a named method. Each meter's values are an import that can be undone."""
    from datetime import timedelta

    from luna_assets.meters.quality import form_substitutes, method_named

    first, last = _day("first_day", config.first_day), _day("last_day", config.last_day)
    if last < first:
        raise Failure(description=f"last_day ({last}) lies before first_day ({first})")
    try:
        method = method_named(config.method)
        tenant = UUID(config.tenant_id)
    except ValueError as fault:
        raise Failure(description=str(fault)) from fault
    with luna.connection() as connection:
        run = form_substitutes(
            connection,
            context.run.run_id,
            tenant=tenant,
            meter_ids=config.meter_ids,
            start=store.berlin_midnight(first),
            end=_end_of(last),
            method=method,
            max_gap=timedelta(days=config.max_gap_days),
            dry_run=config.dry_run,
        )
    yield MaterializeResult(
        asset_key=SUBSTITUTES,
        metadata={
            "meters": run.meters,
            "gaps": run.gaps,
            "gaps_left": run.left,
            "formed": run.written.loaded,
            "by_method": MetadataValue.json(dict(run.by_method)),
            "imports": MetadataValue.json(run.imports),
            "dry_run": config.dry_run,
        },
    )


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Failure(description=f"{name}={text!r} is no day, for example {name}=2025-03-01") from fault


def _end_of(day: date) -> datetime:
    return store.berlin_midnight(store.after(day))


series_quality = define_asset_job(
    "series_quality",
    selection=AssetSelection.assets(QUALITY),
    description="Quality reports of the days that are due.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
series_substitutes = define_asset_job(
    "series_substitutes",
    selection=AssetSelection.assets(QUALITY, SUBSTITUTES),
    description="Report what is due, and, where nothing blocks, form substitute values for the gaps of some days.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)


@sensor(
    job=series_quality,
    minimum_interval_seconds=60,
    default_status=DefaultSensorStatus.RUNNING,
    description="Starts a run when days that are over were written again since their last quality report.",
)
def quality_due(context: SensorEvaluationContext, luna: LunaResource) -> RunRequest | SkipReason:
    """One run at a time."""
    with luna.connection() as connection:
        due = store.is_due(connection)
    if not due:
        return SkipReason("No report is due.")
    alive = context.instance.get_runs(RunsFilter(job_name=series_quality.name, statuses=ALIVE), limit=5)
    working = [run for run in alive if process_may_live(context.instance, run)]
    if working:
        return SkipReason(f"Reports are due; run {working[0].run_id} is at work.")
    return RunRequest(tags={"luna/reason": "quality reports due"})
