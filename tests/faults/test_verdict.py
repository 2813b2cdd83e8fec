"""The judges themselves: what the tests of faults would not forgive."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.faults.ledger import Entry
from tests.faults.page import Page
from tests.faults.sight_verdict import Silence
from tests.faults.verdict import assert_timely, assert_true_totals

ENTRIES = [Entry(0.0, Decimal(0)), Entry(1.0, Decimal(5)), Entry(10.0, Decimal(8))]


def beat(queue_age_ms: int = 3, listening: bool = True) -> dict[str, object]:
    return {"type": "beat", "queue_age_ms": queue_age_ms, "listening": listening}


def test_a_total_that_never_was_is_found() -> None:
    assert_true_totals("nav:all", [Decimal(0), Decimal(8), Decimal(8)], ENTRIES)
    with pytest.raises(AssertionError, match="never had"):
        assert_true_totals("nav:all", [Decimal(0), Decimal(6)], ENTRIES)


def test_a_total_that_goes_back_is_found() -> None:
    with pytest.raises(AssertionError, match="went back"):
        assert_true_totals("nav:all", [Decimal(8), Decimal(5)], ENTRIES)


@pytest.mark.parametrize(
    ("shown_at", "live", "late"),
    [
        (11.9, (0.0, 20.0), False),
        (12.2, (0.0, 20.0), True),
        (13.0, (0.0, 11.9), False),  # it said that it was not live
        (13.0, (12.9, 20.0), True),  # it said so too early
        (float("inf"), (13.0, 20.0), True),
    ],
)
def test_live_while_a_change_waits_too_long_is_found(shown_at: float, live: tuple[float, float], late: bool) -> None:
    costs = [(1.1, Decimal(5)), (shown_at, Decimal(8))]
    if not late:
        assert_timely("nav:all", costs, [live], ENTRIES)
        return
    with pytest.raises(AssertionError, match="said live"):
        assert_timely("nav:all", costs, [live], ENTRIES)


@pytest.mark.parametrize(("silence", "late"), [((11.0, 15.0), False), ((11.0, 14.0), True), ((12.5, 15.0), True)])
def test_what_was_due_in_a_silence_may_wait_for_its_end(silence: tuple[float, float], late: bool) -> None:
    costs = [(1.1, Decimal(5)), (16.5, Decimal(8))]
    if not late:
        assert_timely("nav:all", costs, [(0.0, 20.0)], ENTRIES, [Silence(*silence)])
        return
    with pytest.raises(AssertionError, match="said live"):
        assert_timely("nav:all", costs, [(0.0, 20.0)], ENTRIES, [Silence(*silence)])


def test_a_page_is_live_while_beats_come_that_say_so() -> None:
    page = Page()
    page.opening()
    page.frame(1.0, [beat()])
    page.frame(5.0, [beat(queue_age_ms=1600)])
    page.frame(6.0, [beat()])
    page.frame(7.0, [beat(listening=False)])
    page.frame(8.0, [beat()])
    page.closed(9.0)
    page.opening()
    page.frame(10.0, [beat()])
    assert page.lives_until(30.0) == [(1.0, 5.0), (6.0, 7.0), (8.0, 9.0), (10.0, 22.0)]


def test_a_page_shows_nothing_older_than_what_it_shows_within_one_connection() -> None:
    page = Page()
    page.opening()
    for version, cost in ((2, "5"), (1, "3"), (3, "8")):
        page.frame(1.0, [nav(version, cost)])
    page.opening()
    page.frame(2.0, [nav(1, "3")])
    assert [shown.cost for shown in page.shown] == [5, 8, 3]


def nav(version: int, cost: str) -> dict[str, object]:
    return {"type": "nav-usage", "scope": "all", "cost": cost, "version": version, "as_of": "2026-03-01T12:00:00Z"}
