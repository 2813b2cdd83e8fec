"""The live stream from a row to a client, through a real server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import psycopg
from sqlalchemy import event

from tests.live.conftest import WAIT_SECONDS, Message, Server, Stream, wait_until

Open = Callable[..., Stream]
Connection = psycopg.Connection[tuple[object, ...]]

ONE, TWO = str(UUID(int=1)), str(UUID(int=2))
ALICE = str(UUID(int=0xA11CE))


def kinds(frame: list[Message]) -> list[str]:
    return [message["type"] for message in frame]


def thread(message: Message) -> bool:
    return message["type"] == "thread-usage"


def beat(message: Message) -> bool:
    return message["type"] == "beat"


def test_the_first_frame_holds_the_current_values_and_a_beat(
    server: Server, open_stream: Open, call: Callable[..., None]
) -> None:
    call(ONE, "0.123456")
    frame = open_stream(server, "nav:all", f"thread:{ONE}").frame()
    # A feed that has only just begun to listen says besides that anything may have changed.
    assert sorted(set(kinds(frame)) - {"changed"}) == ["beat", "nav-usage", "preferences", "thread-usage"]
    usage = next(filter(thread, frame))
    assert usage.items() >= {
        "thread_id": ONE, "cost": "0.123456", "credits": 12, "total_tokens": 10, "calls": 1,
        "agent_status": "idle",
    }.items()  # fmt: skip
    assert next(filter(beat, frame)).keys() == {"type", "as_of", "version", "queue_age_ms", "listening"}


def test_what_one_fold_changed_is_one_frame(server: Server, open_stream: Open, call: Callable[..., None]) -> None:
    stream = open_stream(server, "nav:all", f"nav:{ALICE}", f"thread:{ONE}", f"thread:{TWO}")
    stream.frame()
    call(ONE, user_id=ALICE)
    frame = [message for message in stream.frame() if not beat(message)]
    assert sorted(kinds(frame)) == ["changed", "nav-usage", "nav-usage", "thread-usage"]
    version = frame[0]["version"]
    assert frame[-1] == {"type": "changed", "accounts": [ALICE], "threads": [ONE], "version": version}
    assert {message["version"] for message in frame} == {version}


def test_server_sent_events_carry_the_same_frames(server: Server, call: Callable[..., None]) -> None:
    call(ONE)
    with httpx.stream(
        "GET", f"http://{server.address}/live/events?topics=thread:{ONE}", timeout=WAIT_SECONDS
    ) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-accel-buffering"] == "no"
        lines = response.iter_lines()
        assert kinds(json.loads(next(lines).removeprefix("data: "))) == ["preferences", "thread-usage", "beat"]
        assert next(lines) == ""
        call(ONE)
        frames = (json.loads(line.removeprefix("data: ")) for line in lines if line)
        assert next(message for frame in frames for message in frame if thread(message))["calls"] == 2


def test_an_open_stream_changes_its_topics(server: Server, open_stream: Open, call: Callable[..., None]) -> None:
    stream = open_stream(server, "nav:all")
    stream.frame()
    stream.say(subscribe=[f"thread:{TWO}"], unsubscribe=["nav:all"])
    assert stream.until(thread)["thread_id"] == TWO
    call(TWO)
    assert "nav-usage" not in kinds(stream.frame())


def test_a_thread_that_is_not_there_is_gone_until_it_is(
    server: Server, open_stream: Open, call: Callable[..., None], connection: Connection
) -> None:
    stream = open_stream(server, f"thread:{ONE}")
    assert stream.until(thread)["gone"] is True
    call(ONE)
    there = stream.until(thread)
    assert there["calls"] == 1
    connection.execute("DELETE FROM usage_logs")
    connection.execute("SELECT creditpulse.fold()")
    gone = stream.until(thread)
    assert gone.keys() == {"type", "thread_id", "gone", "as_of", "version"}
    assert gone["version"] == there["version"] + 1


def test_an_agent_that_starts_is_seen_at_once(
    server: Server, open_stream: Open, call: Callable[..., None], connection: Connection
) -> None:
    call(ONE)
    stream = open_stream(server, f"thread:{ONE}")
    assert stream.until(thread)["agent_status"] == "idle"
    connection.execute("INSERT INTO agent_runs (thread_id) VALUES (%s)", (ONE,))
    connection.execute("SELECT creditpulse.fold()")
    # A busy server may have read what it was late with once more, before it hears of that.
    stream.until(lambda message: thread(message) and message["agent_status"] == "running")


def test_beats_come_without_topics(server: Server, open_stream: Open) -> None:
    assert open_stream(server).frame()[0].items() >= {"type": "beat", "listening": True}.items()


def test_a_change_that_is_not_folded_is_told_before_it_is_two_seconds_old(
    server: Server, open_stream: Open, connection: Connection
) -> None:
    stream = open_stream(server)
    connection.execute("INSERT INTO usage_logs (thread_id) VALUES (%s)", (ONE,))
    late = stream.until(lambda message: beat(message) and message["queue_age_ms"] >= 1500)
    assert late["queue_age_ms"] < 2000


def test_a_value_that_cannot_be_read_is_told_before_it_is_two_seconds_old(
    server: Server, open_stream: Open, call: Callable[..., None], connection: Connection, database_url: str
) -> None:
    stream = open_stream(server, f"thread:{ONE}")
    stream.frame()
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE agent_runs IN ACCESS EXCLUSIVE MODE")
        call(ONE)
        late = stream.until(lambda message: beat(message) and message["queue_age_ms"] >= 1500)
        assert late["queue_age_ms"] < 2000
    assert stream.until(thread)["calls"] == 1


def test_the_cache_is_marked_stale_with_each_fold(server: Server, call: Callable[..., None]) -> None:
    call(ONE)
    wait_until(lambda: server.marks.threads == [ONE], "the mark")


@contextmanager
def statements(server: Server) -> Iterator[list[str]]:
    """The statements of the hub's passes, as its engine sends them."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "queue_age" not in statement:  # the monitor asks that too, when it likes
            sent.append(statement)

    event.listen(server.live.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(server.live.engine.sync_engine, "before_cursor_execute", note)


def fold_statements(server: Server, streams: list[Stream], call: Callable[..., None]) -> list[str]:
    for stream in streams:
        stream.frame()
    with statements(server) as sent:
        call(ONE)
        for stream in streams:
            stream.until(thread)
    return sent


def test_a_fold_costs_the_same_statements_for_200_streams_as_for_one(
    server: Server, open_stream: Open, call: Callable[..., None]
) -> None:
    topics = ("nav:all", f"thread:{ONE}")
    alone = fold_statements(server, [open_stream(server, *topics)], call)
    crowd = fold_statements(server, [open_stream(server, *topics) for _ in range(200)], call)
    assert alone == crowd
    assert len(alone) == 2
