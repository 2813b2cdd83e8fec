"""When a beat goes out, and what it says; the database's answers and the clock are the test's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from data.freshness import Freshness
from live import monitor as monitors
from live.changes import Changes
from live.monitor import Monitor

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Stage:
    """The monitor, and the hub and feed that it sees."""

    def __init__(self) -> None:
        self.now = 0.0
        self.found: Freshness | Exception | None = Freshness(NOON, 5, 3, "complete")
        self.asked = 0
        self.answering = asyncio.Event()
        self.listening, self.version, self.distrusted = True, 5, 0
        self.waiting_ms, self.restarts = 0, 0
        self.since: float | None = None
        self.changes: list[Changes] = []
        self.beats: list[dict[str, Any]] = []
        self.monitor = Monitor(self.look_up, self, self, lambda: self.now)

    async def look_up(self) -> Freshness:
        self.asked += 1
        if self.found is None:
            await self.answering.wait()
        if isinstance(self.found, Exception):
            raise self.found
        assert self.found is not None
        return self.found

    def changed(self, changes: Changes, since: float | None = None) -> None:
        self.changes.append(changes)
        self.since = since

    def broadcast(self, beat: bytes) -> None:
        self.beats.append(json.loads(beat))

    def restart_streams(self) -> None:
        self.restarts += 1

    def distrust(self) -> None:
        self.distrusted += 1

    async def look(self, at: float, version: int = 5, queue_age_ms: int = 3, history: str = "complete") -> None:
        self.now, self.found = at, Freshness(NOON, version, queue_age_ms, history)
        await self.monitor.look()


Play = Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def play() -> Play:
    def run(scene: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            await scene(Stage())

        asyncio.run(whole())

    return run


def test_a_beat_goes_out_every_five_seconds(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for tenths in range(0, 110, 3):
            await stage.look(tenths / 10)
        assert len(stage.beats) == 3
        assert stage.beats[0] == {
            "type": "beat",
            "as_of": "2026-03-01T12:00:00.000000Z",
            "version": 5,
            "queue_age_ms": 3,
            "listening": True,
        }

    play(scene)


def test_a_queue_that_grows_old_and_young_again_is_told_at_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for at, age in ((0.0, 3), (0.3, 1400), (0.6, 1700), (0.9, 2000), (1.2, 5)):
            await stage.look(at, queue_age_ms=age)
        assert [beat["queue_age_ms"] for beat in stage.beats] == [3, 1700, 5]

    play(scene)


def test_the_next_look_comes_when_the_queue_would_be_too_old(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        pauses = []
        for age in (3, 1400, 1700):
            await stage.look(0.0, queue_age_ms=age)
            pauses.append(round(stage.monitor.pause_seconds, 2))
        assert pauses == [0.3, 0.11, 0.3]

    play(scene)


def test_a_change_that_waits_for_its_pass_makes_the_queue_old(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0)
        stage.waiting_ms = 1600
        await stage.look(0.3)
        assert stage.beats[-1]["queue_age_ms"] == 1600

    play(scene)


def test_a_feed_that_stops_listening_is_told_at_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0)
        stage.listening = False
        await stage.look(0.3)
        assert [beat["listening"] for beat in stage.beats] == [True, False]

    play(scene)


def test_history_that_is_being_counted_is_told_until_it_is_complete(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0, history="counting")
        await stage.look(0.3)
        assert [beat.get("history") for beat in stage.beats] == ["counting", None]

    play(scene)


def test_a_database_that_fails_is_not_shown_as_live(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0)
        stage.now, stage.found = 0.3, OSError("gone")
        await stage.monitor.look()
        assert stage.beats[-1]["listening"] is False
        stage.now = 2.0
        assert stage.monitor.queue_age_ms == 2003

    play(scene)


def test_a_database_that_hangs_is_asked_once_and_not_shown_as_live(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitors, "ANSWER_SECONDS", 0.01)

    async def scene(stage: Stage) -> None:
        stage.found = None
        for _ in range(3):
            await stage.monitor.look()
        assert (stage.asked, stage.monitor.answered) == (1, False)
        assert [beat["listening"] for beat in stage.beats] == [False]
        stage.answering.set()
        await stage.look(0.3)
        assert (stage.asked, stage.monitor.answered) == (1, True)

    play(scene)


def test_what_may_have_been_missed_counts_as_waiting_until_it_is_read_again(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(1.0)
        stage.now, stage.found = 1.3, OSError("gone")
        await stage.monitor.look()
        assert stage.changes == []
        await stage.look(4.0)
        assert (stage.changes, stage.since) == ([Changes(0, everything=True)], pytest.approx(0.997))
        await stage.look(4.3)
        assert len(stage.changes) == 1

    play(scene)


def test_what_waited_too_long_goes_on_waiting_until_it_is_read(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for at, age in ((1.0, 1400), (1.3, 1700), (1.6, 0), (1.9, 0)):
            await stage.look(at, queue_age_ms=age)
        assert (stage.changes, stage.since) == ([Changes(0, everything=True)], pytest.approx(-0.4))

    play(scene)


def test_without_a_listening_feed_new_folds_are_polled(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.listening = False
        for version in (5, 5, 6, 6):
            await stage.look(0.0, version=version)
        assert stage.changes == [Changes(6, everything=True)]

    play(scene)


def test_a_feed_that_misses_folds_is_distrusted_after_a_second_look(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0, version=5)
        await stage.look(0.3, version=6)
        assert stage.distrusted == 0
        await stage.look(0.6, version=6)
        assert stage.distrusted == 1
        assert stage.changes == [Changes(6, everything=True)]

    play(scene)


def test_a_feed_that_is_a_moment_behind_is_trusted(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for version in range(5, 20):
            stage.version = version - 1
            await stage.look(0.0, version=version)
        assert stage.distrusted == 0

    play(scene)


def test_an_older_state_restored_starts_every_stream_anew(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await stage.look(0.0, version=5)
        await stage.look(0.3, version=2)
        assert stage.restarts == 1
        assert stage.changes == [Changes(2, everything=True)]

    play(scene)
