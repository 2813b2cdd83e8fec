"""How a leader shares its time between folding and resting; a clock that only folds and rests move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from data.reign import REST_FOLDS, Reign

FOLD_SECONDS = 0.01


class Database:
    """Answers every fold with nothing taken, after a hundredth of a second."""

    def __init__(self) -> None:
        self.now = 100.0

    def execute(self, _statement: str) -> Any:
        self.now += FOLD_SECONDS
        return SimpleNamespace(fetchone=lambda: (0, True, 1, "complete", datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database()
    monkeypatch.setattr("data.reign.time", SimpleNamespace(monotonic=lambda: database.now))
    return database


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    rests: list[float] = []
    monkeypatch.setattr(Reign, "rest", lambda _self, seconds: rests.append(seconds))
    return rests


@pytest.fixture
def reign(database: Database) -> Reign:
    return Reign(database, "", "test", 0.001, threading.Event())  # type: ignore[arg-type]


def test_a_leader_rests_for_all_its_folds_those_before_a_sleep_included(reign: Reign, rests: list[float]) -> None:
    for _ in range(3):
        reign.fold()
    reign.recover(0)
    assert rests == [pytest.approx(3 * REST_FOLDS * FOLD_SECONDS)]


def test_time_without_a_fold_was_a_rest(reign: Reign, rests: list[float], database: Database) -> None:
    for _ in range(3):
        reign.fold()
    database.now += 3600
    reign.fold()
    reign.recover(0)
    assert rests == [pytest.approx(REST_FOLDS * FOLD_SECONDS)]


def test_a_rest_is_never_shorter_than_the_interval(reign: Reign, rests: list[float]) -> None:
    reign.fold()
    reign.recover(1)
    assert rests == [1]
