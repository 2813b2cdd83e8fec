"""The demo's past: runs of agents, a day (UTC) at a time, with the rhythm of weekdays and office hours.

A day follows from the seed and its date alone. A run that would not end within the window that is asked for is
left out, so windows of one day that do not overlap never hold the same run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from uuid import UUID

from data.demo_calls import Call, Models
from data.demo_cast import Account, Cast, Thread, new_id

DAY = timedelta(days=1)
SHORTEST_GAP = timedelta(minutes=5)  # shorter pauses of the demo are left as they are
RUN_DOLLARS = 0.35  # what a run costs on average
# Weight of each hour of an account's own day, and of weekdays and weekends around 1.
HOURS = (1, 1, 1, 1, 1, 1, 2, 4, 8, 12, 14, 13, 9, 11, 14, 14, 12, 9, 6, 4, 3, 3, 2, 1)
WEEKDAY, WEEKEND = 1.25, 0.375
GROWTH_A_DAY, GROWTH_FROM_DAYS = 1.007, 10  # an account's usual usage is that of ten days before the first start
RUNAWAY_EVERY_DAYS = 19
ERRORS = (
    "tool call failed: the connection was reset",
    "the model answered 529 (overloaded) five times",
    "the sandbox ran out of disk space",
    "the answer was no valid JSON after three tries",
)


@dataclass(frozen=True)
class Run:
    run_id: UUID
    thread: Thread
    started_at: datetime
    ended_at: datetime
    status: str
    error: str | None
    calls: list[Call]


@dataclass(frozen=True)
class Window:
    """A stretch of one UTC day that history is to be written for."""

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        return self.start.date()


def missing_windows(now: datetime, days: int, newest: datetime | None, present: set[date]) -> list[Window]:
    """What is still to be written so that the last `days` days are complete, newest first.

    `newest` is when the demo last wrote a call (None: never), `present` the days it has written something for.
    """
    if days <= 0:
        return []
    today = midnight(now.date())
    windows = [Window(max(today, newest or today), now)]
    for back in range(1, days + 1):
        start = today - back * DAY
        if newest is not None and start.date() == newest.date():
            windows.append(Window(newest, start + DAY))
        elif start.date() not in present:
            windows.append(Window(start, start + DAY))
    return [window for window in windows if window.end - window.start >= SHORTEST_GAP]


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def runs_of(cast: Cast, models: Models, window: Window) -> Iterator[Run]:
    """Every run that begins and ends in the window."""
    for account in cast.accounts:
        rng = Random(f"{cast.seed}:{account.name}:{window.day}")  # noqa: S311
        threads = cast.threads(account, week_of(window.day))
        for _ in range(poisson(rng, expected_runs(cast, account, window.day))):
            run = make_run(rng, models, threads, start_time(rng, account, window.day), calls=usual_length(rng))
            if window.start <= run.started_at and run.ended_at < window.end:
                yield run
        if account is cast.runaway and window.day.toordinal() % RUNAWAY_EVERY_DAYS == 7:
            run = make_run(rng, models, threads, midnight(window.day) + timedelta(hours=15), calls=400, gap_seconds=2)
            if window.start <= run.started_at and run.ended_at < window.end:
                yield run


def expected_runs(cast: Cast, account: Account, day: date) -> float:
    if day < account.created_at.date():
        return 0.0
    rhythm = WEEKEND if day.weekday() >= 5 else WEEKDAY
    growth = float(GROWTH_A_DAY ** ((day - cast.first_start.date()).days + GROWTH_FROM_DAYS))
    return account.dollars_a_day * rhythm * growth / RUN_DOLLARS


def poisson(rng: Random, mean: float) -> int:
    """How often something happens that happens `mean` times on average (Knuth's method)."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def start_time(rng: Random, account: Account, day: date) -> datetime:
    hour = (rng.choices(range(24), HOURS)[0] - account.hours_east) % 24
    return midnight(day) + timedelta(hours=hour, seconds=rng.random() * 3600)


def usual_length(rng: Random) -> int:
    """Calls of a run: mostly a dozen or two, at times a hundred."""
    return max(2, min(150, int(rng.lognormvariate(3.0, 0.75))))


def make_run(
    rng: Random, models: Models, threads: list[Thread], start: datetime, calls: int, gap_seconds: float = 11
) -> Run:
    """A finished run in one of the threads, mostly a recent one."""
    opened = [thread for thread in threads if thread.created_at <= start]
    thread = opened[-1 - min(len(opened) - 1, int(rng.expovariate(0.5)))]
    conversation = models.converse(rng)
    at, made = start, []
    for _ in range(calls):
        at += timedelta(seconds=1 + rng.expovariate(1 / gap_seconds))
        made.append(conversation.call(at))
    status, error = outcome(rng)
    return Run(new_id(rng), thread, start, at + timedelta(seconds=1), status, error, made)


def outcome(rng: Random) -> tuple[str, str | None]:
    """How a run ends, with the error of a failed one."""
    status = rng.choices(("completed", "failed", "stopped"), (90, 6, 4))[0]
    return status, rng.choice(ERRORS) if status == "failed" else None
