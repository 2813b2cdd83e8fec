"""How often one person may ask, counted here and in Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from live.rates import MOST_KEYS, Rate, Rates
from tests.redis_server import RedisServer
from tests.unit.cache_reads import Clock

FIVE = Rate("asking", 5, 10)


@pytest.fixture(params=["memory", "redis"])
def make_rates(request: pytest.FixtureRequest, clock: Clock) -> Callable[[], Rates]:
    """Each as of a process of its own."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else None
    return lambda: Rates(url, clock)


def counted(rates: Rates, *people: str, rate: Rate = FIVE) -> list[bool]:
    """Whether each of these requests, in turn, is one too many."""

    async def count() -> list[bool]:
        try:
            return [await rates.seconds_over(rate, who) > 0 for who in people]
        finally:
            await rates.close()

    return asyncio.run(count())


def test_who_asks_too_often_has_to_wait(make_rates: Callable[[], Rates]) -> None:
    assert counted(make_rates(), *["ann"] * 7) == [False] * 5 + [True] * 2


def test_each_person_and_each_kind_is_counted_apart(make_rates: Callable[[], Rates]) -> None:
    rates = make_rates()
    assert counted(rates, *["ann"] * 6, "ben")[-2:] == [True, False]
    assert counted(rates, "ann", rate=Rate("exporting", 5, 10)) == [False]


def test_a_window_slides(make_rates: Callable[[], Rates], clock: Clock) -> None:
    rates = make_rates()
    clock.now = 1000.0  # a window's beginning
    counted(rates, *["ann"] * 5)
    clock.now = 1012.0
    assert counted(rates, "ann", "ann") == [False, True]  # four fifths of the five are still within ten seconds
    clock.now = 1030.0
    assert counted(rates, *["ann"] * 5) == [False] * 5


def test_the_wait_is_said_in_whole_seconds(make_rates: Callable[[], Rates], clock: Clock) -> None:
    rates = make_rates()
    clock.now = 1007.5

    async def wait() -> int:
        try:
            waits = [await rates.seconds_over(FIVE, "ann") for _ in range(6)]
        finally:
            await rates.close()
        return waits[-1]

    assert asyncio.run(wait()) == 5  # 2.5 s of this window, and 2 of the next until one of the five weighs nothing


def test_who_waits_for_as_long_as_was_said_may_ask_again(make_rates: Callable[[], Rates], clock: Clock) -> None:
    clock.now = 1003.0

    async def obey(tries: int) -> list[int]:
        rates, waits = make_rates(), list[int]()
        try:
            for _ in range(tries):
                waits.append(await rates.seconds_over(FIVE, "ann"))
            clock.now += waits[-1]
            return [waits[-1], await rates.seconds_over(FIVE, "ann")]
        finally:
            await rates.close()

    for tries in (6, 60):
        clock.now += 1000
        wait, again = asyncio.run(obey(tries))
        assert (0 < wait <= 12, again) == (True, 0)


def test_processes_that_share_a_redis_count_together(redis_url: str, clock: Clock) -> None:
    assert counted(Rates(redis_url, clock), *["ann"] * 5) == [False] * 5
    assert counted(Rates(redis_url, clock), "ann") == [True]


def test_without_its_redis_a_process_counts_by_itself(own_redis: RedisServer, clock: Clock) -> None:
    rates = Rates(own_redis.url, clock)
    own_redis.stop()
    assert counted(rates, *["ann"] * 6)[-1] is True


def test_memory_is_bounded(clock: Clock) -> None:
    rates = Rates(None, clock)
    counted(rates, *map(str, range(MOST_KEYS + 100)))
    assert len(rates.windows) == MOST_KEYS
