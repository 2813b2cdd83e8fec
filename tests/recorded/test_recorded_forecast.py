"""The forecasts' error and range on recorded usage: what docs/forecast.md claims of them."""

from __future__ import annotations

import random
from statistics import mean

import pytest

from benchmarks import forecast as benchmark
from tests.recorded.test_recorded_import import SESSIONS, recorded

pytestmark = pytest.mark.recorded


def test_four_of_five_ranges_hold_and_the_error_is_below_that_of_the_periods_mean() -> None:
    sessions = benchmark.recorded_sessions(recorded(SESSIONS).parents[1])
    accounts, rng = benchmark.working_weeks(sessions, accounts=60, days=140, seed=7), random.Random(7)
    questions = [found for account in accounts for found in benchmark.asked(account, rng)]
    ours = benchmark.answer(benchmark.METHODS[benchmark.OURS], questions)
    plain = benchmark.answer(benchmark.of_the_period, questions)
    assert len(questions) > 1000
    assert 0.75 < mean(found.covered for found in ours) < 0.9
    assert error(ours) < error(plain)


def error(outcomes: list[benchmark.Outcome]) -> float:
    return mean(found.error for found in outcomes if found.matters)
