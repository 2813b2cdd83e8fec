"""Which rollup answers which part of a stretch of time: the coarsest that fits, and raw rows for what none fits.

So a total of 90 days reads 90 rows, not 8,640, and is exact all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from data.ranges import DAY, HOUR, QUARTER, floor

# As the column grain of the rollups has them; the raw rows have none.
QUARTERS, DAYS, HOURS, RAW = 0, 1, 2, -1
GRAINS: tuple[tuple[int, timedelta], ...] = ((DAYS, DAY), (HOURS, HOUR), (QUARTERS, QUARTER))  # the coarsest first


@dataclass(frozen=True)
class Stretch:
    """Buckets of one grain, or raw rows, from `first` up to `last`, that count for step `number` (from 0).

    `against` is the step whose own stretches hold them too, and which they are taken off; None where there is none.
    """

    grain: int
    first: datetime
    last: datetime
    number: int
    against: int | None = None


@dataclass(frozen=True)
class Segments:
    """Together, every instant from the first edge to the last once. A step lies between two edges."""

    stretches: tuple[Stretch, ...]
    edges: tuple[datetime, ...]

    @property
    def values(self) -> dict[str, Sequence[int | None] | Sequence[datetime]]:
        """The stretches as arrays, for a statement's parameters."""
        return {
            "starts": list(self.edges[:-1]),
            "grains": [stretch.grain for stretch in self.stretches],
            "firsts": [stretch.first for stretch in self.stretches],
            "lasts": [stretch.last for stretch in self.stretches],
            "numbers": [stretch.number for stretch in self.stretches],
            "againsts": [stretch.against for stretch in self.stretches],
        }


def cover(edges: Sequence[datetime], grains: Sequence[tuple[int, timedelta]] = GRAINS) -> Segments:
    """The stretches of every step between two of the edges (UTC, ascending), in the order of time."""
    steps = enumerate(pairwise(edges))
    found = tuple(s for number, (start, end) in steps for s in stretches(start, end, number, grains))
    return Segments(found, tuple(edges))


def course(edges: Sequence[datetime]) -> Segments:
    """As `cover`, with fewer buckets where steps of a day or longer begin within the days of UTC, as in most zones.

    Such a step has whole days, from the midnight (UTC) that is nearest to each of its edges. What lies between edge and
    midnight counts for the one step and against the other.
    """
    inner = edges[1:-1]
    if any(end - start < DAY / 2 for start, end in pairwise(inner)):
        return cover(edges)
    bounds = [nearest_midnight(edge, edges[0], edges[-1]) for edge in inner]
    found = list(cover((edges[0], *bounds, edges[-1])).stretches)
    for number, (edge, bound) in enumerate(zip(inner, bounds, strict=True)):
        counts, against = (number, number + 1) if bound < edge else (number + 1, number)
        between = stretches(min(edge, bound), max(edge, bound), counts, GRAINS)
        found += (replace(stretch, against=against) for stretch in between)
    return Segments(tuple(found), tuple(edges))


def nearest_midnight(at: datetime, start: datetime, end: datetime) -> datetime:
    """Of UTC, between start and end; `at` itself where there is none on either side of it."""
    found = [midnight for midnight in (floor(at, DAY), ceiling(at, DAY)) if start <= midnight <= end]
    return min(found, key=lambda midnight: abs(at - midnight), default=at)


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
