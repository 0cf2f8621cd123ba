"""The assets of imported readings and prices, and the job that works off the queue. Thin: see `imports`."""

from collections.abc import Iterator

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSelection,
    AssetSpec,
    Backoff,
    Config,
    MaterializeResult,
    MetadataValue,
    RetryPolicy,
    define_asset_job,
    multi_asset,
)
from pydantic import Field

from luna_assets.meters.imports import ImportRun, ImportsReport
from luna_assets.meters.inbox import Inbox, drop_places
from resources.series.imports import JOB
from resources.series.model import Window, WriteReport
from resources.wiring import LunaResource

READINGS = AssetKey(["meters", "readings"])
QUARTER_HOURS = AssetKey(["meters", "quarter_hours"])
HOURS = AssetKey(["meters", "hourly"])
DAYS = AssetKey(["meters", "daily"])
SPOT = AssetKey(["prices", "spot"])
PRICE_HOURS = AssetKey(["prices", "hourly"])
PRICE_DAYS = AssetKey(["prices", "daily"])
MAX_RUNTIME_S = 3600


class ImportsConfig(Config):
    """What a run of the imports is to do."""

    linger_s: float = Field(
        default=20.0, ge=0, le=600, description="Seconds to wait for further arrivals before the run ends."
    )


def _spec(key: AssetKey, group: str, description: str, *deps: AssetKey) -> AssetSpec:
    return AssetSpec(key, deps=[*deps], group_name=group, skippable=True, description=description, kinds={"postgres"})


@multi_asset(
    name="series_imports",
    specs=[
        _spec(READINGS, "meters", "Accepted values of real meters, in smart_meter_readings; replaced ones are kept."),
        _spec(QUARTER_HOURS, "meters", "Quarter-hours of meters that are read more often than that.", READINGS),
        _spec(HOURS, "meters", "Hours of meters, cut in UTC, in meter_hours.", READINGS),
        _spec(DAYS, "meters", "Days of meters in Europe/Berlin, in meter_days.", HOURS),
        _spec(SPOT, "prices", "Accepted prices of real markets, in market_prices; replaced ones are kept."),
        _spec(PRICE_HOURS, "prices", "Hours of market products: the mean of the quarter-hours.", SPOT),
        _spec(PRICE_DAYS, "prices", "Days of market products: base, peak, negative hours.", PRICE_HOURS),
    ],
    check_specs=[
        AssetCheckSpec(
            "files_readable", asset=READINGS, description="Warns when files were refused, with the reasons."
        ),
        AssetCheckSpec("rows_rejected", asset=READINGS, description="Warns when rows could not be used."),
        AssetCheckSpec("rows_rejected", asset=SPOT, description="Warns when rows could not be used."),
    ],
    # Checks have something to say only where files were read; Dagster lets them be silent in what can be subset.
    can_subset=True,
    retry_policy=RetryPolicy(max_retries=2, delay=2, backoff=Backoff.EXPONENTIAL),
)
def series_imports(context: AssetExecutionContext, config: ImportsConfig, luna: LunaResource) -> Iterator[object]:
    """Take what lies in the inbox, then work off the queue: read, flag, write, roll up, undo."""
    with luna.connection() as connection:
        inbox = Inbox(drop_places(luna.settings), connection, luna.objects, max_bytes=luna.settings.max_import_bytes)
        run = ImportRun(connection, luna.objects, run_id=context.run.run_id, log=context.log.info, inbox=inbox)
        report = run.work(linger_s=config.linger_s)
    if report.already_working:
        context.log.info("Another run works off the imports; it will take these, too.")
        return
    yield from _results(report)


def _results(report: ImportsReport) -> Iterator[object]:
    readings, prices = report.readings, report.prices
    about = {
        "files": report.files,
        "undone": report.undone,
        "rows_undone": report.undone_rows,
        "requeued_after_a_crash": report.requeued,
        "seconds": round(report.seconds, 3),
    }
    if readings.loaded + readings.updated + readings.unchanged:
        yield MaterializeResult(asset_key=READINGS, metadata=about | _counts(readings))
        touched = _touched(readings.windows)
        for key in (QUARTER_HOURS, HOURS, DAYS):
            yield MaterializeResult(asset_key=key, metadata=touched)
    if prices.loaded + prices.updated + prices.unchanged:
        yield MaterializeResult(asset_key=SPOT, metadata=about | _counts(prices))
        touched = _touched(prices.windows)
        for key in (PRICE_HOURS, PRICE_DAYS):
            yield MaterializeResult(asset_key=key, metadata=touched)
    failed = sum(report.failed.values())
    if report.files:
        yield AssetCheckResult(
            asset_key=READINGS,
            check_name="files_readable",
            passed=failed == 0,
            severity=AssetCheckSeverity.WARN,
            metadata={
                "failed": failed,
                "reasons": MetadataValue.json(report.failed),
                "files": MetadataValue.md("\n".join(f"- {line}" for line in report.failures) or "–"),
            },
        )
    for key, target in ((READINGS, "smart_meter_readings"), (SPOT, "market_prices")):
        rejected = report.rejected.get(target, 0)
        if report.files:
            yield AssetCheckResult(
                asset_key=key,
                check_name="rows_rejected",
                passed=rejected == 0,
                severity=AssetCheckSeverity.WARN,
                metadata={
                    "rejected": rejected,
                    "files": MetadataValue.md("\n".join(f"- {line}" for line in report.rejections) or "–"),
                },
            )


def _counts(report: WriteReport) -> dict[str, int]:
    return {"loaded": report.loaded, "updated": report.updated, "unchanged": report.unchanged}


def _touched(windows: list[Window]) -> dict[str, int]:
    """How many series and hours were computed anew."""
    hours = sum((one.end - one.begin).total_seconds() for one in windows) / 3600
    return {"series": len({one.key for one in windows}), "hours": round(hours), "windows": len(windows)}


series_import = define_asset_job(
    JOB,
    selection=AssetSelection.assets(READINGS, QUARTER_HOURS, HOURS, DAYS, SPOT, PRICE_HOURS, PRICE_DAYS),
    description="Work off the queue of imports: files of readings and prices, and imports to be undone.",
    tags={"dagster/max_runtime": str(MAX_RUNTIME_S)},
)
