"""Whatever the edges, every instant lies in one stretch, of the coarsest rollup that fits."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from data.ranges import DAY, HOUR, QUARTER, floor
from data.segments import GRAINS, RAW, Stretch, course, cover

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WIDTHS = dict(GRAINS)
instants = st.one_of(
    st.integers(0, 10_000).map(lambda quarters: NOON + quarters * QUARTER),
    st.integers(0, 150_000_000).map(lambda tenths: NOON + timedelta(microseconds=100_000 * tenths)),
)
ascending = st.lists(instants, min_size=2, max_size=12, unique=True).map(sorted)


@given(ascending)
def test_stretches_cover_each_instant_once(edges: list[datetime]) -> None:
    stretches = cover(edges).stretches
    assert (stretches[0].first, stretches[-1].last) == (edges[0], edges[-1])
    assert all(left.last == right.first for left, right in pairwise(stretches))
    assert all(stretch.first < stretch.last for stretch in stretches)


@given(ascending)
def test_stretches_lie_in_their_step_and_on_the_bounds_of_their_buckets(edges: list[datetime]) -> None:
    for stretch in cover(edges).stretches:
        assert edges[stretch.number] <= stretch.first < stretch.last <= edges[stretch.number + 1]
        if stretch.grain != RAW:
            width = WIDTHS[stretch.grain]
            assert floor(stretch.first, width) == stretch.first
            assert floor(stretch.last, width) == stretch.last


@given(ascending)
def test_no_stretch_holds_a_bucket_of_a_coarser_rollup(edges: list[datetime]) -> None:
    coarser = {2: DAY, 0: HOUR, RAW: QUARTER}
    for stretch in cover(edges).stretches:
        if stretch.grain in coarser:
            width = coarser[stretch.grain]
            assert floor(stretch.last, width) - (floor(stretch.first - timedelta(microseconds=1), width) + width) <= (
                timedelta(0)
            )


def test_a_subscriptions_month_is_days_with_finer_ends() -> None:
    def at(day: int, hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 11, day, hour, minute, tzinfo=UTC)

    assert cover([at(1, 10, 7), at(30, 10, 7)]).stretches == (
        Stretch(RAW, at(1, 10, 7), at(1, 10, 15), 0),
        Stretch(0, at(1, 10, 15), at(1, 11), 0),
        Stretch(2, at(1, 11), at(2, 0), 0),
        Stretch(1, at(2, 0), at(30, 0), 0),
        Stretch(2, at(30, 0), at(30, 10), 0),
        Stretch(RAW, at(30, 10), at(30, 10, 7), 0),
    )


# Days of any zone, also those of 23 and 25 hours, between a first and a last step that are cut anywhere.
days = st.tuples(
    instants,
    st.lists(st.sampled_from((12, 23, 24, 24, 25, 7 * 24)), max_size=9),
    st.integers(0, 95),
    st.timedeltas(QUARTER, 2 * DAY),
    st.timedeltas(timedelta(0), DAY),
)


@given(days, st.integers(0, 1_000_000))
def test_a_course_counts_each_instant_for_its_own_step_alone(
    drawn: tuple[datetime, list[int], int, timedelta, timedelta], place: int
) -> None:
    start, hours, quarters, first, last = drawn
    edges = [floor(start, DAY) + DAY + quarters * QUARTER]
    for length in hours:
        edges.append(edges[-1] + length * HOUR)
    edges = [edges[0] - first, *edges, edges[-1] + last + QUARTER]
    at = edges[0] + (edges[-1] - edges[0]) * (place / 1_000_001)
    counts: Counter[int] = Counter()
    for stretch in course(edges).stretches:
        if stretch.first <= at < stretch.last:
            counts[stretch.number] += 1
            if stretch.against is not None:
                counts[stretch.against] -= 1
    assert {step: times for step, times in counts.items() if times} == {bisect(edges, at) - 1: 1}


def test_a_course_of_days_five_hours_from_utc_reads_six_buckets_a_day_instead_of_twenty_four() -> None:
    edges = [datetime(2026, 11, 1, 5, tzinfo=UTC) + number * DAY for number in range(31)]

    def buckets(stretches: tuple[Stretch, ...]) -> float:
        return sum((s.last - s.first) / WIDTHS[s.grain] for s in stretches)

    assert buckets(cover(edges).stretches) == 30 * 24
    assert buckets(course(edges).stretches) == 29 * 5 + 29 + 19 + 5


@given(ascending)
def test_a_course_of_steps_shorter_than_days_is_read_as_it_is(edges: list[datetime]) -> None:
    hours = [floor(edges[0], HOUR) + number * HOUR for number in range(len(edges) + 2)]
    assert course(hours) == cover(hours)
