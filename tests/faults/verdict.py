"""What has to hold of every page, whatever failed meanwhile."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from itertools import pairwise

from data.doctor import Installation, examine
from tests.faults.ledger import Books, Entry
from tests.faults.sight_verdict import Silence
from tests.faults.watcher import Watcher
from tests.servers import wait_until

LATEST_SECONDS = 2.0  # how long a committed change may wait while a page says `live`
RECOVERY_SECONDS = 20.0


def await_truth(watcher: Watcher, books: Books, seconds: float = RECOVERY_SECONDS) -> None:
    """The page shows the true figure, and says `live`, by itself."""
    for topic in books.topics:
        total = books.entries_of(topic)[-1].cost
        wait_until(partial(watcher.shows, topic, total), f"{topic} to show {total}", seconds)
    wait_until(watcher.is_live, "the page to be live", seconds)


def assert_truthful(watcher: Watcher, books: Books, silences: Sequence[Silence] = ()) -> None:
    """It showed nothing but true totals, never went back, and was `live` only with good reason.

    `silences` are times of which it could not know better than by the beats that did not come.
    """
    assert watcher.fault is None, watcher.fault
    with watcher.lock:
        shown, lives = list(watcher.page.shown), list(watcher.page.lives_until(time.monotonic()))
    for topic in books.topics:
        costs = [(s.at, s.cost) for s in shown if s.topic == topic]
        assert_true_totals(topic, [cost for _at, cost in costs], books.entries_of(topic))
        assert_timely(topic, costs, lives, books.entries_of(topic), silences)


def assert_true_totals(topic: str, costs: list[Decimal], entries: list[Entry]) -> None:
    true = {entry.cost for entry in entries}
    wrong = [cost for cost in costs if cost not in true]
    assert not wrong, f"{topic} showed {len(wrong)} totals that the database never had, such as {wrong[0]}"
    back = [(a, b) for a, b in pairwise(costs) if b < a]
    assert not back, f"{topic} went back, such as from {back[0][0]} to {back[0][1]}"


def assert_timely(
    topic: str,
    costs: list[tuple[float, Decimal]],
    lives: list[tuple[float, float]],
    entries: list[Entry],
    silences: Sequence[Silence] = (),
) -> None:
    """No change waited longer than it may while the page said `live`."""
    shown = [cost for _at, cost in costs]  # in order, as has been asserted
    for entry in entries[1:]:
        place = bisect_left(shown, entry.cost)
        delivered = costs[place][0] if place < len(costs) else float("inf")
        late = excused_until(entry.at + LATEST_SECONDS, silences)
        for since, until in lives:
            wrongly = min(until, delivered) - max(since, late)
            assert wrongly <= 0, (
                f"{topic} said live for {wrongly:.2f} s while {entry.cost} waited longer than {LATEST_SECONDS} s:"
                f" committed at {entry.at:.2f}, shown at {delivered:.2f}, live from {since:.2f} to {until:.2f}"
            )


def excused_until(due: float, silences: Sequence[Silence]) -> float:
    """What is due while nothing can be heard may wait until then: how long a page says `live` meanwhile is told by the
    beats that it knows, which the page's own rules see to."""
    ended = [silence.until for silence in silences if silence.since <= due <= silence.until + LATEST_SECONDS]
    return max((until + LATEST_SECONDS for until in ended), default=due)


def assert_nothing_differs(url: str) -> None:
    """What `doctor --verify` checks; it raises where something is wrong."""
    found = dict(examine(Installation(url, url, None, None), verify=True))
    assert found["verify"] == "every rollup equals the raw tables"
