"""The hub's passes, with reads that the test decides: what is read, what is sent, and to whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Coroutine
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest

from data.errors import UnavailableError
from data.viewer import Viewer
from live.changes import Changes
from live.hub import Hub
from live.readings import Readings
from live.subscriber import Subscriber

STAFF = Viewer("ann@example.com", staff=True)
ALICE, BOB = UUID(int=0xA11CE), UUID(int=0xB0B)
ONE, TWO = str(UUID(int=1)), str(UUID(int=2))


class Database:
    """Counts the reads; every value is a new one."""

    def __init__(self) -> None:
        self.reads: list[tuple[set[str], set[str]]] = []
        self.holders: dict[str, frozenset[str]] = {}
        self.rollover: float | None = None
        self.down = False

    async def read(self, topics: Collection[str], held: Collection[str]) -> Readings:
        self.reads.append((set(topics), set(held)))
        if self.down:
            raise UnavailableError("down")
        number = len(self.reads)
        return Readings(
            version=number,
            messages={topic: json.dumps({"topic": topic, "read": number}).encode() for topic in topics},
            gone={topic: json.dumps({"topic": topic, "gone": True}).encode() for topic in topics if held},
            holders={thread: self.holders[thread] for thread in held if thread in self.holders},
            seconds_to_rollover=self.rollover,
        )


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A hub, its database and clock, and what was marked stale."""

    def __init__(self) -> None:
        self.database, self.clock = Database(), Clock()
        self.invalidated: list[Changes] = []
        self.hub = Hub(self.database.read, self.invalidate, self.clock)
        self.open = ExitStack()

    async def invalidate(self, changes: Changes) -> None:
        self.invalidated.append(changes)

    def join(self, viewer: Viewer, *topics: str) -> Subscriber:
        return self.open.enter_context(self.hub.stream(viewer, topics))

    async def fold(self, version: int, threads: Collection[str] = (), accounts: Collection[UUID] = ()) -> None:
        self.hub.changed(Changes(version, frozenset(threads), frozenset(map(str, accounts))))
        await self.hub.serve()


@pytest.fixture
def play() -> Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]:
    """Runs a scene on a loop and a stage of its own."""

    def run(scene: Callable[[Stage], Coroutine[Any, Any, None]]) -> None:
        async def whole() -> None:
            stage = Stage()
            with stage.open:
                await scene(stage)

        asyncio.run(whole())

    return run


def frame(subscriber: Subscriber) -> list[dict[str, Any]]:
    taken = subscriber.take()
    return json.loads(taken) if taken else []


def read_of(messages: list[dict[str, Any]]) -> dict[str, int]:
    return {message["topic"]: message["read"] for message in messages if "read" in message}


Play = Callable[[Callable[[Stage], Coroutine[Any, Any, None]]], None]


def test_the_first_frame_holds_every_topic_and_a_beat(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.hub.broadcast(b'{"type":"beat"}')
        stream = stage.join(STAFF, "nav:all", f"thread:{ONE}")
        await stage.hub.serve()
        first = json.loads(await stream.next_frame() or b"")
        assert read_of(first) == {"nav:all": 1, f"thread:{ONE}": 1}
        assert first[-1] == {"type": "beat"}

    play(scene)


def test_nothing_is_sent_before_the_first_frame_is_complete(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stream = stage.join(STAFF, "nav:all")
        stage.hub.broadcast(b'{"type":"beat"}')
        assert not stream.ready.is_set()
        await stage.hub.serve()
        assert stream.ready.is_set()

    play(scene)


def test_a_stream_without_topics_has_its_beat_at_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.hub.broadcast(b'{"type":"beat"}')
        assert await stage.join(STAFF).next_frame() == b'[{"type":"beat"}]'

    play(scene)


def test_many_watchers_cost_one_read_and_share_its_bytes(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        streams = [stage.join(STAFF, "nav:all", f"thread:{ONE}") for _ in range(200)]
        await stage.hub.serve()
        await stage.fold(5, [ONE, TWO], [ALICE])
        assert stage.database.reads == [({"nav:all", f"thread:{ONE}"}, set())] * 2
        assert len({id(stream.values["nav:all"]) for stream in streams}) == 1
        assert len({id(stream.changes) for stream in streams}) == 1

    play(scene)


def test_only_what_changed_is_read_again(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.join(STAFF, f"nav:{ALICE}", f"nav:{BOB}", f"thread:{ONE}", f"thread:{TWO}")
        await stage.hub.serve()
        await stage.fold(5, [TWO], [BOB])
        assert stage.database.reads[-1] == ({f"nav:{BOB}", f"thread:{TWO}"}, set())

    play(scene)


def test_a_slow_stream_finds_only_the_newest_of_each_topic(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stream = stage.join(STAFF, "nav:all", f"thread:{ONE}")
        for version in range(1, 50):
            await stage.fold(version, [ONE if version < 20 else TWO], [ALICE])
        messages = frame(stream)
        assert read_of(messages) == {"nav:all": 49, f"thread:{ONE}": 19}
        assert [m for m in messages if m.get("type") == "changed"] == [
            {"type": "changed", "accounts": [str(ALICE)], "threads": [ONE, TWO], "version": 49}
        ]

    play(scene)


def test_folds_during_a_pass_gather_for_one_more(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.join(STAFF, "nav:all")
        await stage.hub.serve()
        for version in (2, 3, 4):
            stage.hub.changed(Changes(version, frozenset([ONE])))
        await stage.hub.serve()
        assert len(stage.database.reads) == 2
        assert not stage.hub.work.is_set()

    play(scene)


def test_above_200_ids_a_stream_is_told_that_all_changed(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stream = stage.join(STAFF)
        await stage.fold(7, [str(UUID(int=n)) for n in range(201)])
        assert frame(stream) == [{"type": "changed", "all": True, "version": 7}]

    play(scene)


def test_others_are_told_only_of_what_is_theirs(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.database.holders = {ONE: frozenset([str(ALICE)]), TWO: frozenset([str(ALICE), str(BOB)])}
        alice = stage.join(Viewer("alice", accounts=frozenset([ALICE])))
        bob = stage.join(Viewer("bob", accounts=frozenset([BOB])))
        nobody = stage.join(Viewer("carol"))
        both = stage.join(Viewer("both", accounts=frozenset([ALICE, BOB])))
        await stage.fold(3, [ONE, TWO], [ALICE])
        mine = {"type": "changed", "accounts": [str(ALICE)], "threads": [ONE], "version": 3}
        assert frame(alice) == [mine]
        assert (frame(bob), frame(nobody)) == ([], [])
        assert frame(both) == [{**mine, "threads": [ONE, TWO]}]
        assert len(stage.database.reads) == 1

    play(scene)


def test_a_thread_that_changes_hands_is_gone_for_who_had_it(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.database.holders = {ONE: frozenset([str(ALICE)])}
        alice = stage.join(Viewer("alice", accounts=frozenset([ALICE])), f"thread:{ONE}")
        staff = stage.join(STAFF, f"thread:{ONE}")
        await stage.hub.serve()
        assert read_of(frame(alice)) == {f"thread:{ONE}": 1}
        stage.database.holders = {ONE: frozenset([str(BOB)])}
        await stage.fold(2, [ONE], [BOB])
        assert frame(alice) == [{"topic": f"thread:{ONE}", "gone": True}]
        assert read_of(frame(staff)) == {f"thread:{ONE}": 2}

    play(scene)


def test_a_topic_that_was_left_sends_nothing_more(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stream = stage.join(STAFF, "nav:all", f"thread:{ONE}")
        await stage.hub.serve()
        stage.hub.unwatch(stream, {f"thread:{ONE}"})
        assert read_of(frame(stream)) == {"nav:all": 1}
        await stage.fold(2, [ONE])
        assert read_of(frame(stream)) == {"nav:all": 2}

    play(scene)


def test_a_new_topic_is_read_for_its_stream_alone(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        first = stage.join(STAFF, "nav:all")
        await stage.hub.serve()
        frame(first)
        second = stage.join(STAFF, "nav:all")
        await stage.hub.serve()
        assert frame(first) == []
        assert read_of(frame(second)) == {"nav:all": 2}

    play(scene)


def test_the_last_stream_of_a_topic_ends_its_reads(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        with stage.hub.stream(STAFF, ["nav:all"]):
            await stage.hub.serve()
        await stage.fold(2, [ONE], [ALICE])
        assert len(stage.database.reads) == 1
        assert stage.invalidated == [Changes(2, frozenset([ONE]), frozenset([str(ALICE)]))]

    play(scene)


def test_the_cache_is_marked_stale_before_anybody_is_told(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        marked, told = asyncio.Event(), stage.join(STAFF)

        async def slowly(_changes: Changes) -> None:
            await marked.wait()

        stage.hub.invalidate = slowly
        passing = asyncio.create_task(stage.fold(2, [ONE]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert frame(told) == []
        marked.set()
        await passing
        assert frame(told)[0]["threads"] == [ONE]

    play(scene)


def test_after_a_failed_pass_everything_is_read_again(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.hub.broadcast(b'{"type":"beat"}')
        stream = stage.join(STAFF, "nav:all", f"thread:{ONE}")
        stage.database.down = True
        with pytest.raises(UnavailableError):
            await stage.hub.serve()
        assert await stream.next_frame() == b'[{"type":"beat"}]'
        stage.database.down = False
        await stage.hub.serve()
        assert read_of(frame(stream)) == {"nav:all": 2, f"thread:{ONE}": 2}

    play(scene)


def test_a_change_that_waits_for_its_pass_counts_as_waiting(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.join(STAFF, "nav:all")
        stage.database.down = True
        stage.hub.changed(Changes(2, frozenset([ONE])))
        stage.clock.now = 1.2
        with pytest.raises(UnavailableError):
            await stage.hub.serve()
        stage.clock.now = 2.0
        assert stage.hub.waiting_ms == 2000
        stage.database.down = False
        await stage.hub.serve()
        assert stage.hub.waiting_ms == 0

    play(scene)


def test_what_was_missed_for_a_while_counts_as_waiting_since_then(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.clock.now = 5.0
        stage.hub.changed(Changes(2, frozenset([ONE])))
        stage.hub.changed(Changes(0, everything=True), since=2.0)
        assert stage.hub.waiting_ms == 3000
        await stage.hub.serve()
        assert stage.hub.waiting_ms == 0

    play(scene)


def test_what_was_missed_counts_as_waiting_also_beside_a_pass_that_began_later(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.join(STAFF, "nav:all")
        seen = []

        async def read(topics: Collection[str], held: Collection[str]) -> Readings:
            if not seen:  # a beat that went out now would be of this
                stage.hub.changed(Changes(0, everything=True), since=2.0)
            seen.append(stage.hub.waiting_ms)
            return await stage.database.read(topics, held)

        stage.hub.read = read
        stage.clock.now = 5.0
        await stage.fold(2, [ONE])
        assert seen == [3000]
        assert stage.hub.waiting_ms == 3000
        await stage.hub.serve()
        assert stage.hub.waiting_ms == 0

    play(scene)


def test_totals_of_a_period_are_read_again_every_30_seconds(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stream = stage.join(STAFF, "nav:all", f"thread:{ONE}")
        await stage.hub.serve()
        frame(stream)
        stage.clock.now = 30.0
        await stage.hub.serve()
        assert read_of(frame(stream)) == {"nav:all": 2}
        assert stage.hub.refresh_at == 60.0

    play(scene)


def test_totals_are_read_again_when_their_period_ends(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stage.database.rollover = 4.0
        stage.join(STAFF, "nav:all")
        await stage.hub.serve()
        assert 4.0 < stage.hub.refresh_at < 4.2

    play(scene)


def test_a_closing_hub_ends_streams_and_those_that_come_later(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        before = stage.join(STAFF, "nav:all")
        stage.hub.close()
        assert await before.next_frame() is None
        assert await stage.join(STAFF, "nav:all").next_frame() is None

    play(scene)
