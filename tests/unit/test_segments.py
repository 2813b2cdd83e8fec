"""Whatever the edges, every instant lies in one stretch, of the coarsest rollup that fits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from data.ranges import DAY, HOUR, QUARTER, floor
from data.segments import GRAINS, RAW, Stretch, cover

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
