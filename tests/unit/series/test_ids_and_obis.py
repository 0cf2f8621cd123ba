"""Check digits and codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luna_rules.series.ids import is_malo, is_melo, location_kind, malo_check_digit, malo_fault, melo_fault
from luna_rules.series.obis import find_obis, parse_obis

MELO = "DE0007913123400000000000000054321"


@pytest.mark.parametrize(("ten", "digit"), [("4137355924", 1), ("4866291809", 7)])
def test_check_digit(ten: str, digit: int) -> None:
    assert malo_check_digit(ten) == digit
    assert is_malo(f"{ten}{digit}")
    assert location_kind(f"{ten}{digit}") == "malo"


@given(st.integers(10**9, 10**10 - 1), st.integers(0, 9))
def test_only_one_digit_fits(ten: int, digit: int) -> None:
    right = malo_check_digit(str(ten))
    assert is_malo(f"{ten}{digit}") is (digit == right)
    assert (malo_fault(f"{ten}{digit}") is None) is (digit == right)


@given(st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_malo(text) is (malo_fault(text) is None)
    assert is_melo(text) is (melo_fault(text) is None)


def test_reasons_name_the_fault() -> None:
    assert "gehört 1" in (malo_fault("41373559242") or "")
    assert "elf Ziffern" in (malo_fault("4137355924") or "")
    assert "33 Zeichen" in (melo_fault("DE123") or "")
    assert melo_fault(MELO) is None
    with pytest.raises(ValueError, match="ten digits"):
        malo_check_digit("123")


@pytest.mark.parametrize(
    ("text", "direction", "register", "period"),
    [
        ("1-0:1.8.0", "consumption", True, False),
        ("1-0:2.8.0", "production", True, False),
        ("1-1:1.29.0", "consumption", False, True),
        ("1-1:2.29.0", "production", False, True),
        ("1-1:1.9.0 P.01", "consumption", False, True),
        ("1-1:3.29.0", None, False, False),
    ],
)
def test_obis(text: str, direction: str | None, register: bool, period: bool) -> None:
    code = parse_obis(text)
    assert code is not None
    assert (code.direction, code.is_register, code.is_period, code.text) == (direction, register, period, text)


@pytest.mark.parametrize("text", ["01.10.2024", "ab 21.02.2024 00:30", "192.168.1.1", "Version 3.2.1.5", "12,5"])
def test_dates_and_numbers_are_no_codes(text: str) -> None:
    assert find_obis(text) is None
