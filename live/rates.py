"""How often one person may ask: counted in Redis where there is one, so that all processes count together.

Over a sliding window: what the one before counted weighs as much as of it is still within reach. (The `limits` library
does the same; it excludes the client for Redis that we have, and keeps a lock for every key that it has ever seen.)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

from data.errors import UnavailableError

if TYPE_CHECKING:
    from live.shared_rates import SharedRates

logger = logging.getLogger(__name__)

REST_SECONDS = 5.0  # a Redis that did not answer is not asked again for so long
MOST_KEYS = 20_000


class Rate(NamedTuple):
    """At most `most` requests of a kind in `seconds`."""

    kind: str
    most: int
    seconds: int


class Window(NamedTuple):
    number: int
    asked: int
    before: int


class Rates:
    """`url` is that of a Redis; without one, and while it does not answer, each process counts by itself."""

    def __init__(self, url: str | None = None, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.windows: dict[str, Window] = {}
        self.rests_until = 0.0
        self.shared = shared_rates(url) if url else None

    async def seconds_over(self, rate: Rate, who: str) -> int:
        """Counts a request; for how long this person has to wait, 0 while they need not."""
        now = self.clock()
        number, into = divmod(now, rate.seconds)
        return seconds_until_free(rate, await self.count(f"{rate.kind}:{who}", int(number), rate.seconds), into)

    async def count(self, key: str, number: int, seconds: int) -> Window:
        if self.shared is not None and self.clock() >= self.rests_until:
            try:
                return Window(number, *await self.shared.count(key, number, seconds))
            except UnavailableError as error:
                self.rests_until = self.clock() + REST_SECONDS
                logger.warning("rates are counted by each process: %s", error, extra={"action": "rates.alone"})
        return self.count_here(key, number)

    def count_here(self, key: str, number: int) -> Window:
        known = self.windows.pop(key, None) or Window(number, 0, 0)
        before = known.before if known.number == number else known.asked if known.number == number - 1 else 0
        window = Window(number, (known.asked if known.number == number else 0) + 1, before)
        if len(self.windows) >= MOST_KEYS:
            del self.windows[next(iter(self.windows))]  # who has asked least lately
        self.windows[key] = window
        return window

    async def close(self) -> None:
        if self.shared is not None:
            await self.shared.close()


def seconds_until_free(rate: Rate, window: Window, into: float) -> int:
    """Whole seconds, `into` a window; 0 where this request is not one too many. Who waits for so long may ask again.

    What was refused weighs nothing: else who tried too early would be kept waiting by that.
    """
    before, asked = min(window.before, rate.most), min(window.asked, rate.most + 1)
    if before * (1 - into / rate.seconds) + asked <= rate.most:
        return 0
    if asked > rate.most:  # in the next window all of these are what was before
        return ceil(rate.seconds - into + rate.seconds / rate.most)
    return max(1, ceil(rate.seconds * (1 - (rate.most - asked) / before) - into))


def shared_rates(url: str) -> SharedRates:
    from live.shared_rates import SharedRates

    return SharedRates(url)
