"""When an account's allowance will be used up, with the range in which that falls four times out of five.

Statistics, so floats: what is used and what is left stay Decimal wherever they are shown. docs/forecast.md has the
method, what it was chosen against, and how far off it was on recorded usage (`python -m benchmarks.forecast`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

WINDOW_DAYS = 28  # whole days (UTC) that a pace is reckoned from, up to and without today
HALF_LIFE_DAYS: float | None = 10  # a day counts half as much as one ten days after it; None: all alike
WEEKDAYS_FROM_DAYS = 14  # with fewer days nothing is known about weekends
WEEKEND_PRIOR_DAYS = 2.0  # so many days like any other are taken for granted of weekends, and of working days
LEAST_FACTOR = 0.15  # weekends without any use are not quite certain to stay so
COVERAGE = 0.8
DEVIATIONS = 1.2816  # of a normal distribution, on either side of which 10 % lie
FARTHEST = timedelta(days=366)
MONDAY = datetime(2001, 1, 1, tzinfo=UTC)  # any Monday
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """Dollars a day: `level` on a day of factor 1, around which days scatter by `variance`; `level_variance` is how
    uncertain the level is. `workday` and `weekend` (Saturday and Sunday, UTC) are the factors."""

    level: float
    workday: float
    weekend: float
    variance: float
    level_variance: float

    def weight(self, start: datetime, end: datetime) -> float:
        """How many days of factor 1 lie between two times."""
        (from_workdays, from_weekends), (to_workdays, to_weekends) = days_since_monday(start), days_since_monday(end)
        return self.workday * (to_workdays - from_workdays) + self.weekend * (to_weekends - from_weekends)

    def after(self, start: datetime, weight: float) -> datetime:
        """When so many days of factor 1 have passed."""
        week = 5 * self.workday + 2 * self.weekend
        weeks, rest = divmod(self.weight(MONDAY, start) + weight, week)
        days = rest / self.workday if rest < 5 * self.workday else 5 + (rest - 5 * self.workday) / self.weekend
        return MONDAY + timedelta(days=7 * weeks + days)


@dataclass(frozen=True)
class Forecast:
    """When an allowance is used up: at `at`, between `earliest` and `latest` four times out of five.

    None is never within the period.
    """

    at: datetime | None
    earliest: datetime | None
    latest: datetime | None


@dataclass(frozen=True)
class Expected:
    """Dollars used by a time, and the bounds between which they are four times out of five."""

    at: datetime
    least: float
    middle: float
    most: float


def days_since_monday(at: datetime) -> tuple[float, float]:
    """Working days, and days of weekends, since a Monday long ago."""
    weeks, days = divmod((at - MONDAY) / DAY, 7)
    return 5 * weeks + min(days, 5), 2 * weeks + max(0.0, days - 5)


def pace_of(
    costs: Sequence[float], weekday: int, half_life: float | None = HALF_LIFE_DAYS, by_weekday: bool = True
) -> Pace | None:
    """The pace that daily costs tell of, of whole days in a row; `weekday` is that of the last (0: Monday).

    None where there are none, or nothing was spent. Days before the first with a cost do not count: the account
    was not there, or was asleep.
    """
    days = list(costs)[-WINDOW_DAYS:]
    days = days[next((number for number, cost in enumerate(days) if cost > 0), len(days)) :]
    if not days:
        return None
    ages = range(len(days) - 1, -1, -1)
    weights = [0.5 ** (age / half_life) if half_life else 1.0 for age in ages]
    weekends = [(weekday - age) % 7 >= 5 for age in ages]
    workday, weekend = factors(days, weights, weekends) if by_weekday and len(days) >= WEEKDAYS_FROM_DAYS else (1, 1)
    scale = [weekend if is_weekend else workday for is_weekend in weekends]
    level = weighted(days, weights) / weighted(scale, weights)
    if level <= 0:
        return None
    scatter = [(cost - level * factor) ** 2 / factor for cost, factor in zip(days, scale, strict=True)]
    effective = sum(weights) ** 2 / sum(weight * weight for weight in weights)
    # One more day that is off by a whole day's cost: a few days that happen to be alike prove nothing.
    variance = weighted(scatter, weights) + level * level / effective
    return Pace(level, workday, weekend, variance, variance / effective)


def factors(days: Sequence[float], weights: Sequence[float], weekends: Sequence[bool]) -> tuple[float, float]:
    """What working days and weekends cost, relative to all days, drawn towards 1 where there are few of them."""
    mean = weighted(days, weights)
    if mean <= 0:
        return 1.0, 1.0

    def factor(of_weekends: bool) -> float:
        chosen = [day for day, is_weekend in enumerate(weekends) if is_weekend is of_weekends]
        cost = sum(weights[day] * days[day] for day in chosen) + WEEKEND_PRIOR_DAYS * mean
        return max(LEAST_FACTOR, cost / (sum(weights[day] for day in chosen) + WEEKEND_PRIOR_DAYS) / mean)

    return factor(False), factor(True)


def weighted(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)


def forecast(pace: Pace | None, left: Decimal | float, now: datetime, until: datetime) -> Forecast:
    """When `left` dollars are used up, at this pace from `now` on; what is not by `until` (a year at most) is never."""
    if left <= 0:
        return Forecast(now, now, now)
    if pace is None:
        return Forecast(None, None, None)
    fast, slow = bounds(pace, float(left))
    until = min(until, now + FARTHEST)
    most = pace.weight(now, until)
    at, earliest, latest = (
        pace.after(now, weight) if weight is not None and weight < most else None
        for weight in (float(left) / pace.level, fast, slow)
    )
    return Forecast(at, earliest, latest)


def bounds(pace: Pace, left: float) -> tuple[float, float | None]:
    """The days of factor 1 after which `left` is used up, if it goes fast and if it goes slowly; None is never.

    After x of them the cost is level·x, with variance·x + level_variance·x² as its variance. Where that is
    DEVIATIONS away from `left`, on either side, are the roots of a quadratic.
    """
    spread = DEVIATIONS**2
    a = pace.level**2 - spread * pace.level_variance
    b = 2 * left * pace.level + spread * pace.variance
    root = math.sqrt(max(0.0, b * b - 4 * a * left * left))
    return 2 * left * left / (b + root), (b + root) / (2 * a) if a > 0 else None


def expected(pace: Pace, used: Decimal | float, now: datetime, at: datetime) -> Expected:
    """What will be used by a time to come, when `used` dollars are by now."""
    weight = pace.weight(now, at)
    middle = pace.level * weight
    spread = DEVIATIONS * math.sqrt(pace.variance * weight + pace.level_variance * weight**2)
    start = float(used)
    return Expected(at, start + max(0.0, middle - spread), start + middle, start + middle + spread)
