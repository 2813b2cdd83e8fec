"""How far off the projected days of exhaustion are, on recorded usage, and whether their ranges hold what they say.

The recorded coding sessions have no accounts and no calendar, so two kinds of accounts are made of them. End to end:
the sessions as they were recorded, one after another in twelve rows, an hour of which counts as a day; nothing is
invented, but no day has a weekday. Working weeks: whole sessions, drawn at random, begin on working days more often
than on weekends, with good and bad weeks and a trend of their own; what each costs and how long it takes is recorded,
when it begins is invented. Every method then forecasts, on some days of periods of 30 days, when an allowance will be
used up that is between half and one and a half times what the account went on to use.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import sys
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from statistics import mean, median

from benchmarks import harness
from data.forecast import DAY, MONDAY, WINDOW_DAYS, Forecast, forecast, pace_of
from data.prices import PriceList
from data.readings import EPOCH
from data.recordings import Call, CallReader, calls, open_recording

SESSIONS = "claude-code-agentic/requests.csv"
PERIOD_DAYS = 30
ASKED_ON_DAYS = (3, 7, 11, 15, 19, 23, 27)  # of a period
LEAST_HISTORY_DAYS = 7
ROWS_END_TO_END = 12
DRAWS = 200  # of the bootstrap

Spending = list[tuple[float, float]]  # days since the account's beginning (a Monday), dollars
Pick = tuple[float | None, float | None, float | None]  # days from now: expected, earliest, latest; None: never


@dataclass(frozen=True)
class Question:
    """What a method is told: the whole days up to now (in days), what is left, and the end of the period."""

    days: Sequence[float]
    now: float
    start: float
    used: float
    left: float
    end: float


@dataclass(frozen=True)
class Outcome:
    """In days from the question; None is not within the period, of which `remaining` days are left."""

    picked: Pick
    actual: float | None
    remaining: float

    def of(self, days: float | None) -> float:
        return self.remaining if days is None else days

    @property
    def matters(self) -> bool:
        return self.actual is not None or self.picked[0] is not None

    @property
    def error(self) -> float:
        return abs(self.of(self.picked[0]) - self.of(self.actual))

    @property
    def covered(self) -> bool:
        return self.of(self.picked[1]) <= self.of(self.actual) + 1e-9 and self.of(self.actual) <= self.of(
            self.picked[2]
        )

    @property
    def width(self) -> float:
        return self.of(self.picked[2]) - self.of(self.picked[1])


Method = Callable[[Question], Pick]


def main() -> int:
    options = read_options()
    sessions = recorded_sessions(options.folder)
    workloads = {
        "end to end, as recorded": end_to_end(sessions),
        "working weeks of recorded sessions": working_weeks(sessions, options.accounts, options.days, options.seed),
    }
    print(f"{len(sessions)} recorded sessions, ${sum(cost for session in sessions for _, cost in session):,.0f}")
    for name, accounts in workloads.items():
        rng = random.Random(options.seed)
        questions = [found for account in accounts for found in asked(account, rng)]
        outcomes = {method: answer(pick, questions) for method, pick in METHODS.items()}
        report(name, outcomes)
        report_by_lead(name, outcomes[OURS])
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folder = os.environ.get("CREDITPULSE_TRACE_DIR") or harness.ROOT.parent / "shared" / "data"
    parser.add_argument("--folder", type=Path, default=Path(folder), help="of the recorded workloads")
    parser.add_argument("--accounts", type=int, default=150, help="that are made of recorded sessions")
    parser.add_argument("--days", type=int, default=140, help="that each of them lasts")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def recorded_sessions(folder: Path) -> list[Spending]:
    """Days since the session's beginning and dollars (list prices) of each call, session by session."""
    recording = open_recording(folder / SESSIONS, {}, start_given=True)
    reader = CallReader(recording.mapping, recording.timescale(EPOCH), PriceList())
    sessions: dict[str, Spending] = defaultdict(list)
    for _, call in calls(recording.file, reader):
        if isinstance(call, Call):
            sessions[call.thread].append(((call.created_at - EPOCH) / DAY, float(call.cost)))
    return [sorted(session) for session in sessions.values()]


def end_to_end(sessions: Sequence[Spending]) -> list[Spending]:
    rows: list[Spending] = [[] for _ in range(ROWS_END_TO_END)]
    ends = [0.0] * ROWS_END_TO_END
    for session in sessions:
        row = ends.index(min(ends))
        rows[row] += [(ends[row] + 24 * at, cost) for at, cost in session]
        ends[row] += 24 * session[-1][0] + 1 / 60
    length = min(ends)
    return [[(at, cost) for at, cost in row if at < length] for row in rows]


def working_weeks(sessions: Sequence[Spending], accounts: int, days: int, seed: int) -> list[Spending]:
    return [one_account(sessions, days, random.Random(f"{seed}:{number}")) for number in range(accounts)]


def one_account(sessions: Sequence[Spending], days: int, rng: random.Random) -> Spending:
    a_day, weekend = math.exp(rng.uniform(math.log(0.3), math.log(8))), rng.choice((0.05, 0.1, 0.3, 0.6, 1.0))
    trend, moods = rng.gauss(0, 0.25) / 30, rng.choice((0.0, 0.3, 0.7))
    mood, spending = 0.0, []
    for day in range(days):
        mood = rng.gauss(0, moods) if day % 7 == 0 else mood
        expected = a_day * (weekend if day % 7 >= 5 else 1) * math.exp(trend * day + mood)
        for _ in range(poisson(rng, expected)):
            begins = day + rng.triangular(7, 22, 14) / 24
            spending += [(begins + at, cost) for at, cost in rng.choice(sessions)]
    return sorted(call for call in spending if call[0] < days)


def poisson(rng: random.Random, expected: float) -> int:
    limit, product, count = math.exp(-expected), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def asked(account: Spending, rng: random.Random) -> Iterator[tuple[Question, float | None]]:
    """The questions of an account, each with the days until the allowance was in fact used up (None: not)."""
    times, so_far = [at for at, _ in account], [0.0, *accumulate(cost for _, cost in account)]
    days = daily(account)
    for start in range(LEAST_HISTORY_DAYS, len(days) - PERIOD_DAYS, PERIOD_DAYS):
        end, before = start + PERIOD_DAYS, so_far[bisect_left(times, start)]
        allowance = (so_far[bisect_left(times, end)] - before) * rng.uniform(0.5, 1.5)
        place = bisect_left(so_far, before + allowance) - 1
        gone = times[place] if allowance and place < len(times) and times[place] < end else None
        for day in ASKED_ON_DAYS:
            now = start + day + rng.random()
            used = so_far[bisect_left(times, now)] - before
            if 0 < used < allowance:
                question = Question(days[: int(now)], now, start, used, allowance - used, end)
                yield question, None if gone is None else gone - now


def daily(account: Spending) -> list[float]:
    days = [0.0] * (int(account[-1][0]) + 1)
    for at, cost in account:
        days[int(at)] += cost
    return days


def answer(pick: Method, questions: Sequence[tuple[Question, float | None]]) -> list[Outcome]:
    return [Outcome(pick(question), actual, question.end - question.now) for question, actual in questions]


def of_the_period(question: Question) -> Pick:
    """The mean of the period so far; it knows no range."""
    days = question.left / (question.used / (question.now - question.start))
    picked = days if question.now + days < question.end else None
    return picked, picked, picked


def paced(half_life: float | None, by_weekday: bool) -> Method:
    """Ours, and what it is without its parts."""

    def pick(question: Question) -> Pick:
        now, end = (MONDAY + timedelta(days=at) for at in (question.now, question.end))
        pace = pace_of(question.days, (len(question.days) - 1) % 7, half_life, by_weekday)
        found: Forecast = forecast(pace, question.left, now, end)
        at, earliest, latest = (at and (at - now) / DAY for at in (found.at, found.earliest, found.latest))
        return at, earliest, latest

    return pick


def bootstrap(question: Question) -> Pick:
    """Days to come are drawn from those of the last four weeks, working days and weekends apart."""
    rng = random.Random(1)
    first = len(question.days) - WINDOW_DAYS
    recent = [(max(first, 0) + number, cost) for number, cost in enumerate(question.days[-WINDOW_DAYS:])]
    pools = {weekend: [cost for day, cost in recent if (day % 7 >= 5) is weekend] for weekend in (False, True)}
    hits = sorted(one_draw(question, pools, rng) for _ in range(DRAWS))
    at, earliest, latest = (hits[int(share * DRAWS)] for share in (0.5, 0.1, 0.9))
    never = question.end - question.now
    return tuple(None if days >= never else days for days in (at, earliest, latest))  # type: ignore[return-value]


def one_draw(question: Question, pools: dict[bool, list[float]], rng: random.Random) -> float:
    at, left = question.now, question.left
    while at < question.end:
        until = min(int(at) + 1.0, question.end)
        cost = rng.choice(pools[int(at) % 7 >= 5] or [0.0]) * (until - at)
        if cost >= left > 0:
            return at + (until - at) * left / cost - question.now
        at, left = until, left - cost
    return question.end - question.now


OURS = "weighted, half-life 10 days, by weekday (ours)"
METHODS: dict[str, Method] = {
    "mean of the period so far": of_the_period,
    "mean of 28 days": paced(None, False),
    "mean of 28 days, by weekday": paced(None, True),
    "weighted, half-life 10 days": paced(10, False),
    OURS: paced(10, True),
    "weighted, half-life 5 days, by weekday": paced(5, True),
    "bootstrap of 28 days, by weekday": bootstrap,
}


def report(name: str, outcomes: dict[str, list[Outcome]]) -> None:
    rows = [
        (
            method, f"{mean(found.error for found in some if found.matters):.2f}",
            f"{median(found.error for found in some if found.matters):.2f}",
            f"{mean((found.actual is None) == (found.picked[0] is None) for found in some):.1%}",
            f"{mean(found.covered for found in some):.1%}", f"{median(found.width for found in some):.1f}",
        )
        for method, some in outcomes.items()
    ]  # fmt: skip
    count = len(next(iter(outcomes.values())))
    columns = ("method", "mean error, days", "median", "whether at all", "in the range (80 %)", "width, days")
    harness.show(f"{name}: {count:,} forecasts; errors where it ran out, or was said to", columns, rows)


def report_by_lead(name: str, outcomes: Sequence[Outcome]) -> None:
    rows = []
    for least, most in ((0, 1), (1, 3), (3, 7), (7, 14), (14, 30)):
        some = [found for found in outcomes if found.picked[0] is not None and least <= found.picked[0] < most]
        if some:
            errors = [found.error for found in some]
            held = mean(found.covered for found in some)
            rows.append(
                (f"{least} to {most}", len(some), f"{mean(errors):.2f}", f"{median(errors):.2f}", f"{held:.1%}")
            )
    columns = ("said to be so many days away", "forecasts", "mean error, days", "median", "in the range (80 %)")
    harness.show(f"{name}: ours", columns, rows)


if __name__ == "__main__":
    sys.exit(main())
