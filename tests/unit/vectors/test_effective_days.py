"""Which version of a document counts on which day."""

from __future__ import annotations

from datetime import date

import numpy as np

from resources.vectors.postgres_view import FIRST_DAY, LAST_DAY, effective_days

EPOCH = date(1970, 1, 1).toordinal()


def day(text: str | None, otherwise: int) -> int:
    return otherwise if text is None else date.fromisoformat(text).toordinal() - EPOCH


def spans(*versions: tuple[int, str | None, str | None, str | None]) -> list[tuple[str | None, str | None]]:
    """(version, valid_from, valid_to, superseded) of one document → (first, last day) of each."""
    since, until = effective_days(
        np.array([b"d"] * len(versions), "S16"),
        np.array([one[0] for one in versions], np.int32),
        np.array([day(one[1], FIRST_DAY) for one in versions], np.int32),
        np.array([day(one[2], LAST_DAY) for one in versions], np.int32),
        np.array([day(one[3], LAST_DAY) for one in versions], np.int32),
    )

    def told(value: int) -> str | None:
        return None if value in (FIRST_DAY, LAST_DAY) else date.fromordinal(value + EPOCH).isoformat()

    return [(told(int(a)), told(int(b))) for a, b in zip(since, until, strict=True)]


def test_dates_of_validity_decide() -> None:
    assert spans((1, "2021-01-01", None, "2026-05-05"), (2, "2023-01-01", None, None)) == [
        ("2021-01-01", "2022-12-31"),
        ("2023-01-01", None),
    ]


def test_an_older_text_that_was_added_later_ends_where_its_successor_begins() -> None:
    assert spans(
        (1, "2023-01-01", None, "2025-01-31"), (2, "2021-12-31", None, "2023-01-01"), (3, "2025-01-31", None, None)
    ) == [("2023-01-01", "2025-01-30"), ("2021-12-31", "2022-12-31"), ("2025-01-31", None)]


def test_without_dates_the_day_of_the_change_decides() -> None:
    assert spans((1, None, None, "2026-05-05"), (2, None, None, None)) == [(None, "2026-05-04"), ("2026-05-05", None)]
