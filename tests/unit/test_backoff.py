"""Waiting times, without waiting."""

from __future__ import annotations

import pytest

from live.backoff import Backoff


def test_a_backoff_doubles_to_its_limit_and_starts_again_after_a_success() -> None:
    backoff = Backoff(0.1, 1.0, draw=lambda: 1.0)
    assert [backoff.next() for _ in range(6)] == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.0, 1.0])
    backoff.reset()
    assert backoff.next() == pytest.approx(0.1)


def test_a_backoff_is_jittered_between_half_and_the_whole_step() -> None:
    assert Backoff(1.0, 8.0, draw=lambda: 0.0).next() == 0.5
    assert Backoff(1.0, 8.0, draw=lambda: 0.5).next() == 0.75
