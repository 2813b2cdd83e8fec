from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from layouts import formats


def test_totals_are_whole_numbers_halves_up() -> None:
    assert formats.whole(Decimal("1234.5")) == "1,235"
    assert formats.whole(Decimal("-0.4")) == "0"
    assert formats.whole(6037445403) == "6,037,445,403"


def test_a_call_has_one_decimal_halves_up() -> None:
    assert formats.one_decimal(Decimal("24.85")) == "24.9"
    assert formats.one_decimal(Decimal("1234")) == "1,234.0"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (871_204, "871,204"),
        (4_870_000, "4.87 M"),
        (62_400_000, "62.4 M"),
        (1_246_000_000, "1.25 B"),
        (7 * 10**12, "7.00 T"),
    ],
)
def test_large_numbers_keep_three_figures(number: int, text: str) -> None:
    assert formats.compact(number) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        ("12.471083", "$12.471083"),
        ("1234567.500000", "$1,234,567.500000"),
        ("0", "$0.000000"),
        ("-3", "-$3.000000"),
        ("100", "$100.000000"),
    ],
)
def test_dollars_are_exact(cost: str, text: str) -> None:
    assert formats.dollars(Decimal(cost)) == text


def test_times_are_in_utc() -> None:
    at = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert formats.utc_text(at) == "2026-11-23T10:00:00.000Z"
    assert formats.utc_text(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
