"""What happens to the feed's connection, and that streams stay right whatever does."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import UUID

import psycopg

from live.changes import Changes
from tests.live.conftest import Message, Server, Stream, wait_until

Open = Callable[..., Stream]
Connection = psycopg.Connection[tuple[object, ...]]

ONE = str(UUID(int=1))

END_FEED = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'creditpulse feed'"


def calls(count: int) -> Callable[[Message], bool]:
    return lambda message: message.get("calls") == count


def test_a_feed_whose_connection_ends_connects_again_and_sends_what_it_missed(
    server: Server, open_stream: Open, call: Callable[..., None], connection: Connection
) -> None:
    stream = open_stream(server, f"thread:{ONE}")
    stream.frame()
    connection.execute(END_FEED)
    call(ONE)
    stream.until(calls(1))
    wait_until(lambda: server.live.feed.listening, "the feed to listen again")
    call(ONE)
    stream.until(calls(2))


def test_a_gap_in_the_fold_numbers_makes_everything_be_read_again(
    server: Server, open_stream: Open, connection: Connection
) -> None:
    connection.execute("INSERT INTO usage_logs (thread_id) VALUES (%s)", (ONE,))
    stream = open_stream(server, f"thread:{ONE}")
    stream.until(calls(1))
    later = json.dumps({"version": 99, "part": 1, "parts": 1, "threads": [], "accounts": []})
    connection.execute("SELECT pg_notify('creditpulse_folded', %s)", (later,))
    frame = stream.frame()
    assert {"type": "changed", "all": True, "version": 99} in frame
    assert any(calls(1)(message) for message in frame)


def test_what_is_no_announcement_makes_everything_be_read_again(
    server: Server, open_stream: Open, connection: Connection
) -> None:
    stream = open_stream(server, f"thread:{ONE}")
    stream.frame()
    connection.execute("SELECT pg_notify('creditpulse_folded', 'what?')")
    assert stream.until(lambda message: message["type"] == "changed")["all"] is True


def test_a_feed_that_goes_deaf_is_replaced_and_its_folds_are_served(
    server: Server, open_stream: Open, call: Callable[..., None]
) -> None:
    stream = open_stream(server, f"thread:{ONE}")
    stream.frame()
    deaf: list[str] = []
    hear, server.live.feed.hear = server.live.feed.hear, deaf.append  # type: ignore[method-assign]
    call(ONE)
    stream.until(calls(1))
    assert deaf
    server.live.feed.hear = hear  # type: ignore[method-assign]
    wait_until(lambda: server.live.feed.listening, "the feed to listen again")


def test_where_notifications_never_arrive_the_stream_polls_and_says_so(
    make_server: Callable[..., Server],
    make_database: Callable[..., str],
    template: str,
    open_stream: Open,
    call: Callable[..., None],
) -> None:
    # Another database's notifications never come, as behind a transaction pooler.
    server = make_server(listen_url=make_database(template))
    wait_until(lambda: server.live.monitor.answered, "the first look")
    stream = open_stream(server, f"thread:{ONE}")
    assert stream.until(lambda message: message["type"] == "beat")["listening"] is False
    call(ONE)
    stream.until(calls(1))
    assert server.get("/readyz").json().items() >= {"ready": True, "stream": "polling"}.items()


def test_a_fold_of_several_parts_is_no_gap(server: Server, call: Callable[..., None], connection: Connection) -> None:
    heard: list[Changes] = []
    server.live.feed.changed = heard.append
    connection.execute("INSERT INTO usage_logs (thread_id) SELECT gen_random_uuid() FROM generate_series(1, 250)")
    connection.execute("SELECT creditpulse.fold()")
    wait_until(lambda: sum(len(changes.threads) for changes in heard) == 250, "all parts")
    assert not any(changes.everything for changes in heard)


def test_above_a_thousand_ids_a_fold_announces_everything(server: Server, connection: Connection) -> None:
    heard: list[Changes] = []
    server.live.feed.changed = heard.append
    connection.execute("INSERT INTO usage_logs (thread_id) SELECT gen_random_uuid() FROM generate_series(1, 1100)")
    connection.execute("SELECT creditpulse.fold()")
    wait_until(lambda: any(changes.everything for changes in heard), "the announcement")
