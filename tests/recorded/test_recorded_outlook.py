"""How far off the projected cost of a running agent is, on the recorded sessions: the figures of docs/thread.md."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random
from statistics import median
from typing import NamedTuple

import pytest

from data.prices import PriceList
from data.readings import moment
from data.run_outlook import MOST_RUNS, projected
from tests.recorded.test_recorded_import import SESSIONS, recorded

pytestmark = pytest.mark.recorded

AT = moment("2025-11-03T09:00:00Z")
PAUSE_SECONDS = 600  # ends an agent's run, as in a replay
LEAST_SECONDS = 30  # a run that is over before anybody looks needs no projection


class Run(NamedTuple):
    """Seconds since its start, and dollars up to then, of each call."""

    seconds: tuple[float, ...]
    dollars: tuple[Decimal, ...]

    @property
    def cost(self) -> Decimal:
        return self.dollars[-1]

    def cost_at(self, second: float) -> Decimal:
        calls = bisect_right(self.seconds, second)
        return self.dollars[calls - 1] if calls else Decimal(0)


def recorded_runs() -> list[Run]:
    prices, sessions = PriceList(), defaultdict(list)
    with recorded(SESSIONS).open(newline="") as file:
        for row in csv.DictReader(file):
            prompt, read = int(row["input_tokens"]), int(float(row["prefix_hit_tokens_derived"] or 0))
            cost = prices.cost(row["model"], AT, prompt, min(prompt, read), 0, int(row["output_tokens"]))
            sessions[row["trace_id"]].append((float(row["t_seconds"]), cost or Decimal(0)))
    return [run for calls in sessions.values() for run in runs_of(sorted(calls))]


def runs_of(calls: list[tuple[float, Decimal]]) -> list[Run]:
    parts = [[calls[0]]]
    for before, call in pairwise(calls):
        if call[0] - before[0] > PAUSE_SECONDS:
            parts.append([])
        parts[-1].append(call)
    return [
        Run(tuple(at - part[0][0] for at, _ in part), tuple(accumulate(cost for _, cost in part))) for part in parts
    ]


def test_half_of_the_projections_are_off_by_less_than_two_thirds_and_the_range_holds_seven_times_in_ten() -> None:
    rng, runs = Random(1), recorded_runs()
    errors, within, said = [], 0, 0
    for run in runs:
        age = rng.uniform(0, run.seconds[-1])
        if run.seconds[-1] < LEAST_SECONDS or not run.cost:
            continue
        others = [other for other in rng.sample(runs, 400) if other is not run and other.seconds[-1] >= age]
        projection = projected(run.cost_at(age), [other.cost - other.cost_at(age) for other in others[:MOST_RUNS]])
        if projection is not None:
            said += 1
            within += projection.low <= run.cost <= projection.high
            errors.append(abs(projection.likely - run.cost) / run.cost)
    assert len(runs) == 2165
    assert said > 1800
    assert median(errors) < Decimal("0.66"), f"half are off by less than {median(errors):.0%}"
    assert 0.65 < within / said < 0.85, f"the range holds for {within / said:.0%}"
