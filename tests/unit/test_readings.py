"""What cells say, exactly or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readings import Timescale, cost, count, identity, is_missing, words

AT = datetime(2023, 11, 16, 18, 15, 46, 680590, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2023-11-16 18:15:46.6805900",
        "2023-11-16T18:15:46.680590Z",
        "2023-11-16T20:15:46.68059+02:00",
        "2023-11-16 18:15:46.680590+00",
        "2023-11-16 18:15:46.680590 UTC",
        "1700158546.68059",
        Decimal("1700158546.68059"),
        "1700158546680.59",
        1700158546680590,
        "1700158546680590000",
        "1.70015854668059e9",
    ],
)
def test_a_time_is_read_in_every_spelling(text: object) -> None:
    assert Timescale().at(text) == AT


def test_a_day_is_its_first_moment_in_utc() -> None:
    assert Timescale().at("2024-05-01") == datetime(2024, 5, 1, tzinfo=UTC)


def test_a_number_counts_from_the_start_where_there_is_one() -> None:
    assert Timescale(AT).at("90.5") == datetime(2023, 11, 16, 18, 17, 17, 180590, tzinfo=UTC)
    assert Timescale(AT, unit=1000).at(90_500) == Timescale(AT).at("90.5")
    assert Timescale(AT).at("2024-05-01T00:00:00Z") == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["yesterday", "0", "12", "nan", "inf", "-5", "1e400", True, [], "2024-13-01", "9" * 40]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"no |neither|outside"):
        Timescale().at(value)


def test_a_number_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ValueError, match="outside the calendar"):
        Timescale(AT).at("1e15")


@pytest.mark.parametrize(
    ("value", "expected"), [("17", 17), (17, 17), (" 17.0 ", 17), ("1,234,567", 1_234_567), ("2147483647", 2**31 - 1)]
)
def test_a_count_is_read(value: object, expected: int) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "told"),
    [("-1", "negative"), ("nan", "finite"), ("inf", "finite"), ("12.5", "whole"), ("2147483648", "more than"),
     ("many", "no number"), (True, "no number"), ([1], "no number"), ("1,2", "no number"), (Decimal("NaN"), "finite")],
)  # fmt: skip
def test_what_is_no_count_is_refused(value: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        count(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0.0000005", "0.000001"), ("0.00000049", "0"), ("$1.25", "1.25"), (3, "3"), ("1.2e-05", "0.000012"),
     ("9999.9999994", "9999.999999")],
)  # fmt: skip
def test_a_cost_is_rounded_half_up_to_six_decimals(value: object, expected: str) -> None:
    assert cost(value) == Decimal(expected)


@pytest.mark.parametrize("value", ["-0.01", "nan", "Infinity", "10000", "9999.9999995", "free", "1e99"])
def test_what_no_call_can_cost_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"negative|number|more than (one call|any)"):
        cost(value)


@settings(deadline=None)
@given(st.decimals(0, 9999, places=12))
def test_a_cost_is_never_off_by_more_than_half_a_microdollar(dollars: Decimal) -> None:
    assert abs(cost(str(dollars)) - dollars) <= Decimal("0.0000005")


def test_a_uuid_is_its_own_id_and_any_other_text_has_one_for_good() -> None:
    assert identity("B4C86510-3985-55C3-9D99-5A97B2DF276B") == UUID("b4c86510-3985-55c3-9d99-5a97b2df276b")
    assert identity("trace_0001") == identity("trace_0001") != identity("Trace_0001")
    assert identity("trace_0001").version == 5
    assert identity("Ann@Example.com") == identity("ann@example.com")


def test_words_are_what_the_database_takes() -> None:
    assert words(" a\0b\ud800 ü ") == "ab? ü"


@pytest.mark.parametrize("value", [None, "", "  ", "NULL", "None", "\\N"])
def test_nothing_is_spelled_in_many_ways(value: object) -> None:
    assert is_missing(value)
