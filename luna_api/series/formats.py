"""Series as files: CSV, Excel, Parquet, Arrow. The frames library is loaded when the first file is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Final, Literal

from luna_api.errors import invalid
from luna_api.series.bounds import BERLIN

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

FileFormat = Literal["csv", "xlsx", "parquet", "arrow"]
MEDIA_TYPES: Final[dict[FileFormat, str]] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
}
_SHEET_ROWS: Final = 1_048_575
_ORDER = (
    "interval_s", "consumption_kw", "production_kw", "voltage", "price_eur_mwh", "volume", "quality",
)  # fmt: skip


def file_bytes(
    kind: FileFormat, keys: Mapping[str, str], columns: Mapping[str, NDArray[np.int64] | NDArray[np.float64]]
) -> bytes:
    """The series as a file. `keys` are constant columns (`meter_id`), `columns` the others with `ts` among them.

    CSV and Excel leave an empty cell for a gap; CSV can be imported again as it is. Raises 400 for more rows than a
    sheet can hold.
    """
    frame = _frame(keys, columns)
    out = BytesIO()
    match kind:
        case "csv":
            frame.write_csv(out, datetime_format="%Y-%m-%dT%H:%M:%SZ")
        case "parquet":
            frame.write_parquet(out)
        case "arrow":
            frame.write_ipc(out)
        case "xlsx":
            if frame.height > _SHEET_ROWS:
                raise invalid(
                    "format", f"passt nicht: Ein Excel-Blatt fasst {_SHEET_ROWS:,} Zeilen".replace(",", "."),
                    "resolution=1h oder format=parquet",
                )  # fmt: skip
            _sheet(frame, out)
    return out.getvalue()


def _frame(keys: Mapping[str, str], columns: Mapping[str, NDArray[np.int64] | NDArray[np.float64]]) -> pl.DataFrame:
    import polars as pl

    rest = [name for name in columns if name not in _ORDER and name != "ts"]
    names = [name for name in _ORDER if name in columns] + rest
    ts = pl.Series("ts", columns["ts"]).cast(pl.Datetime("ms", "UTC"))
    data = [ts] + [pl.Series(name, columns[name], nan_to_null=True) for name in names]
    frame = pl.DataFrame(data)
    return frame.select(*[pl.lit(value).alias(name) for name, value in keys.items()], pl.all())


def _sheet(frame: pl.DataFrame, out: BytesIO) -> None:
    import polars as pl
    from xlsxwriter import Workbook

    shown = frame.with_columns(
        pl.col("ts").dt.convert_time_zone("Europe/Berlin").dt.strftime("%d.%m.%Y %H:%M:%S %:z").alias("ts_lokal"),
        pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    # In constant memory a row is written when the next begins, so cells go row by row.
    with Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Werte")
        sheet.write_row(0, 0, shown.columns)
        for number, row in enumerate(shown.iter_rows(), start=1):
            for at, value in enumerate(row):
                if value is not None:
                    sheet.write(number, at, value)


def file_name(stem: str, begin: datetime, end: datetime, kind: FileFormat) -> str:
    """`haus-1_2024-01-01_2025-01-01.csv`, with the days of Europe/Berlin."""
    first, last = (moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(BERLIN) for moment in (begin, end))
    return f"{stem}_{first:%Y-%m-%d}_{last:%Y-%m-%d}.{kind}"
