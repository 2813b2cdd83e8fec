"""Which rollup answers which part of a stretch of time: the coarsest that fits, and raw rows for what none fits.

So a total of 90 days reads 90 rows a model, not 8,640, and is exact all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from data.ranges import DAY, HOUR, QUARTER, floor

# As the column grain of the rollups has them; the raw rows have none.
QUARTERS, DAYS, HOURS, RAW = 0, 1, 2, -1
GRAINS: tuple[tuple[int, timedelta], ...] = ((DAYS, DAY), (HOURS, HOUR), (QUARTERS, QUARTER))  # the coarsest first


@dataclass(frozen=True)
class Stretch:
    """Buckets of one grain, or raw rows, from `first` up to `last`, that belong to step `number` (from 0)."""

    grain: int
    first: datetime
    last: datetime
    number: int


@dataclass(frozen=True)
class Segments:
    """In the order of time, without gap or overlap from the first edge to the last."""

    stretches: tuple[Stretch, ...]

    @property
    def values(self) -> dict[str, list[int] | list[datetime]]:
        """The stretches as arrays, for a statement's parameters."""
        return {
            "grains": [stretch.grain for stretch in self.stretches],
            "firsts": [stretch.first for stretch in self.stretches],
            "lasts": [stretch.last for stretch in self.stretches],
            "numbers": [stretch.number for stretch in self.stretches],
        }


def cover(edges: Sequence[datetime], grains: Sequence[tuple[int, timedelta]] = GRAINS) -> Segments:
    """The stretches of every step between two of the edges (UTC, ascending)."""
    steps = enumerate(pairwise(edges))
    return Segments(tuple(s for number, (start, end) in steps for s in stretches(start, end, number, grains)))


def stretches(
    start: datetime, end: datetime, number: int, grains: Sequence[tuple[int, timedelta]]
) -> Iterator[Stretch]:
    if start >= end:
        return
    if not grains:
        yield Stretch(RAW, start, end, number)
        return
    (grain, width), *finer = grains
    first, last = ceiling(start, width), floor(end, width)
    if first >= last:
        yield from stretches(start, end, number, finer)
        return
    yield from stretches(start, first, number, finer)
    yield Stretch(grain, first, last, number)
    yield from stretches(last, end, number, finer)


def ceiling(at: datetime, width: timedelta) -> datetime:
    below = floor(at, width)
    return below if below == at else below + width
