"""What `luna doctor` says of a server's TimescaleDB."""

from __future__ import annotations

import pytest

from luna_cli.doctor import _timescale


@pytest.mark.parametrize(
    ("edition", "available", "said"),
    [
        ("timescale", True, "Community-Edition"),
        ("apache", True, "Apache-Edition"),
        (None, True, "liegt bei, aber shared_preload_libraries nennt es nicht; geht auch ohne"),
        (None, False, "nicht da; geht auch ohne"),
    ],
)
def test_the_edition_is_named(edition: str | None, available: bool, said: str) -> None:
    assert _timescale(edition, available) == said
