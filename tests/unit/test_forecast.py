"""When an allowance is used up: the pace that days tell of, and what follows from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.forecast import DAY, WINDOW_DAYS, Pace, bounds, expected, forecast, pace_of

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
EVEN = Pace(level=2.0, workday=1.0, weekend=1.0, variance=1.0, level_variance=0.1)
LATER = MONDAY + 60 * DAY

paces = st.builds(
    Pace,
    level=st.floats(0.001, 1000),
    workday=st.floats(0.15, 1.5),
    weekend=st.floats(0.15, 3),
    variance=st.floats(0, 1e6),
    level_variance=st.floats(0, 1e4),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


def test_even_days_go_on_as_they_were() -> None:
    pace = pace_of([2.0] * 28, weekday=6)
    assert pace is not None
    assert (pace.level, pace.workday, pace.weekend) == pytest.approx((2, 1, 1))
    assert forecast(pace, 10, MONDAY, LATER).at == pytest.approx(MONDAY + 5 * DAY, abs=timedelta(seconds=1))


def test_nothing_is_used_up_on_a_weekend_that_nobody_works_on() -> None:
    pace = Pace(level=1.0, workday=1.0, weekend=1e-9, variance=1.0, level_variance=0.0)
    friday = MONDAY + 4.5 * DAY
    assert forecast(pace, 1.5, friday, LATER).at == pytest.approx(MONDAY + 8 * DAY, abs=timedelta(minutes=1))


def test_weekends_are_learned_from_four_weeks() -> None:
    pace = pace_of([10.0, 10, 10, 10, 10, 0, 0] * 4, weekday=6)
    assert pace is not None
    assert pace.workday * pace.level == pytest.approx(10, rel=0.15)
    assert pace.weekend < 0.5


def test_with_few_days_weekends_are_days_like_others() -> None:
    pace = pace_of([10.0] * 5 + [0.1, 0.1], weekday=6)
    assert pace is not None
    assert (pace.workday, pace.weekend) == (1, 1)


def test_late_days_count_more_than_early_ones() -> None:
    rising, falling = pace_of([1.0] * 14 + [3.0] * 14, 6), pace_of([3.0] * 14 + [1.0] * 14, 6)
    assert rising is not None
    assert falling is not None
    assert rising.level > 2 > falling.level


def test_only_four_weeks_and_only_days_since_the_first_cost_count() -> None:
    assert pace_of([50.0] * 10 + [2.0] * WINDOW_DAYS, 6) == pace_of([2.0] * WINDOW_DAYS, 6)
    assert pace_of([0.0] * 20 + [2.0] * 3, 6) == pace_of([2.0] * 3, 6)


@pytest.mark.parametrize("days", [[], [0.0] * 28, [-1.0] * 5, [1.0, -2.0]])
def test_without_any_cost_there_is_no_pace_and_no_end(days: list[float]) -> None:
    pace = pace_of(days, 6)
    assert pace is None
    assert forecast(pace, 10, MONDAY, LATER).at is None


def test_one_day_tells_little_and_its_range_says_so() -> None:
    pace = pace_of([2.0], weekday=6)
    assert pace is not None
    found = forecast(pace, 10, MONDAY, LATER)
    assert found.at == MONDAY + 5 * DAY
    assert found.latest is None


def test_what_is_used_up_is_so_now() -> None:
    assert forecast(EVEN, 0, MONDAY, LATER).at == MONDAY
    assert forecast(None, -5, MONDAY, LATER).at == MONDAY


def test_what_lasts_longer_than_the_period_lasts() -> None:
    found = forecast(EVEN, 10, MONDAY, MONDAY + 5 * DAY - timedelta(minutes=1))
    assert found.at is None
    assert found.latest is None
    assert found.earliest is not None


def test_a_period_without_end_is_looked_at_for_a_year() -> None:
    assert forecast(EVEN, 2 * 365, MONDAY, datetime(9999, 12, 30, tzinfo=UTC)).at is not None
    assert forecast(EVEN, 2 * 367, MONDAY, datetime(9999, 12, 30, tzinfo=UTC)).at is None


@given(paces, moments, st.floats(0, 400))
def test_time_and_weight_are_each_others_inverse(pace: Pace, start: datetime, days: float) -> None:
    end = start + timedelta(days=days)
    assert abs(pace.after(start, pace.weight(start, end)) - end) < timedelta(seconds=1)


@given(paces, st.floats(0.001, 1e6))
def test_the_range_lies_around_the_day_expected(pace: Pace, left: float) -> None:
    fast, slow = bounds(pace, left)
    assert 0 <= fast <= left / pace.level * 1.000001
    assert slow is None or slow >= left / pace.level * 0.999999


@given(st.floats(0.5, 500))
def test_the_ranges_ends_are_where_the_fan_meets_the_allowance(left: float) -> None:
    found = forecast(EVEN, left, MONDAY, MONDAY + 366 * DAY)
    if found.earliest and found.earliest < MONDAY + 365 * DAY:
        assert expected(EVEN, 7, MONDAY, found.earliest).most == pytest.approx(7 + left, rel=1e-6, abs=1e-4)
    if found.latest:
        assert expected(EVEN, 7, MONDAY, found.latest).least == pytest.approx(7 + left, rel=1e-6, abs=1e-4)
