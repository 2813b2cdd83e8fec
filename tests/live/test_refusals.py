"""Who gets in, who does not, and how they are told: statuses for HTTP, close codes for WebSockets."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from settings import Settings
from tests.live.conftest import WAIT_SECONDS, Server, Stream, wait_until

Open = Callable[..., Stream]
Connection = psycopg.Connection[tuple[object, ...]]

MINE, SHARED, THEIRS, ABSENT = (str(UUID(int=number)) for number in range(1, 5))
ALICE, BOB = str(UUID(int=0xA11CE)), str(UUID(int=0xB0B))
AS_ALICE = {"X-Forwarded-Email": "alice@example.com"}
AS_STAFF = {"X-Forwarded-Email": "boss@staff.example"}


@pytest.fixture
def guarded(make_server: Callable[..., Server], connection: Connection, call: Callable[..., None]) -> Server:
    """A host in header mode, with Alice's thread, Bob's, and one that both have used."""
    connection.execute("INSERT INTO users (id, email) VALUES (%s, 'Alice@Example.com')", (ALICE,))
    for thread, user in ((MINE, ALICE), (SHARED, ALICE), (SHARED, BOB), (THEIRS, BOB)):
        call(thread, user_id=user)
    server = make_server(Settings(auth="header", staff=frozenset({"@staff.example"})))
    # Who listens anew is told that everything may have changed: that is to be over when a test begins.
    wait_until(lambda: settled(server), "the feed to listen")
    return server


def settled(server: Server) -> bool:
    hub = server.live.hub
    return server.live.feed.listening and hub.changed_at is None and hub.serving_since is None


@pytest.mark.parametrize("path", ["/whoami", "/live/events?topics=nav:all", "/live/check", "/anything"])
def test_nobody_gets_past_the_gate(guarded: Server, path: str) -> None:
    assert guarded.get(path).status_code == 401


def test_scripts_are_told_in_the_form_of_the_api(guarded: Server) -> None:
    answer = guarded.get("/api/v1/usage")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], "sign-in proxy" in answer.json()["detail"]) == (401, True)


def test_people_see_a_page_that_says_how_to_get_in(guarded: Server) -> None:
    answer = guarded.get("/threads", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "sign-in proxy" in answer.text


def test_nobody_s_socket_is_closed_after_the_accept(guarded: Server, open_stream: Open) -> None:
    assert open_stream(guarded, "nav:all").close_code()[0] == 4401


def test_the_viewer_reaches_dash(guarded: Server) -> None:
    assert guarded.get("/whoami", headers=AS_ALICE).text == "alice@example.com"


def test_a_browser_cannot_name_itself_with_an_underscore(guarded: Server) -> None:
    answer = guarded.get("/whoami", headers={**AS_ALICE, "X_Forwarded_Email": "boss@staff.example"})
    assert answer.status_code == 400


def test_a_socket_cannot_name_itself_with_an_underscore_either(guarded: Server, open_stream: Open) -> None:
    headers = {**AS_ALICE, "X_Forwarded_Email": "boss@staff.example"}
    assert open_stream(guarded, additional_headers=headers).close_code()[0] == 4400


def test_a_doubled_header_is_refused_as_it_is_sent(guarded: Server) -> None:
    host, port = guarded.address.split(":")
    with socket.create_connection((host, int(port)), timeout=WAIT_SECONDS) as raw:
        header = b"X-Forwarded-Email: boss@staff.example\r\n"
        raw.sendall(b"GET /whoami HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header * 2 + b"\r\n")
        assert raw.makefile("rb").readline().startswith(b"HTTP/1.1 400")


def test_a_peer_that_is_no_trusted_proxy_is_nobody(make_server: Callable[..., Server]) -> None:
    server = make_server(
        Settings(auth="header", staff=frozenset({"@staff.example"}), trusted_proxies=frozenset({"10.0.0.1"}))
    )
    headers = {**AS_STAFF, "X-Forwarded-For": "10.0.0.1"}
    assert server.get("/whoami", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("topic", "status"),
    [
        (f"thread:{MINE}", 200),
        (f"nav:{ALICE}", 200),
        ("nav:all", 403),
        (f"nav:{BOB}", 403),
        (f"thread:{SHARED}", 403),
        (f"thread:{THEIRS}", 403),
        (f"thread:{ABSENT}", 403),
        ("nav:nobody", 400),
    ],
)
def test_every_door_gives_the_same_answer(guarded: Server, open_stream: Open, topic: str, status: int) -> None:
    check = guarded.get(f"/live/check?topics={topic}", headers=AS_ALICE)
    assert (check.status_code, check.json()["allowed"]) == (status, status == 200)
    stream = open_stream(guarded, topic, additional_headers=AS_ALICE)
    if status == 200:
        assert stream.frame()
    else:
        assert guarded.get(f"/live/events?topics={topic}", headers=AS_ALICE).status_code == status
        assert stream.close_code()[0] == 4000 + status


def test_staff_may_watch_everything(guarded: Server) -> None:
    topics = f"nav:all,nav:{BOB},thread:{SHARED},thread:{ABSENT}"
    assert guarded.get(f"/live/check?topics={topics}", headers=AS_STAFF).status_code == 200


def test_one_refused_topic_refuses_the_whole_stream(guarded: Server, open_stream: Open) -> None:
    code, reason = open_stream(guarded, f"thread:{MINE}", f"thread:{THEIRS}", additional_headers=AS_ALICE).close_code()
    assert (code, THEIRS in reason, MINE in reason) == (4403, True, False)


def test_a_topic_asked_for_later_is_refused_too(guarded: Server, open_stream: Open) -> None:
    stream = open_stream(guarded, f"nav:{ALICE}", additional_headers=AS_ALICE)
    stream.frame()
    stream.say(subscribe=[f"thread:{THEIRS}"])
    assert stream.close_code()[0] == 4403


def test_alice_hears_of_her_own_changes_only(guarded: Server, open_stream: Open, call: Callable[..., None]) -> None:
    stream = open_stream(guarded, f"nav:{ALICE}", additional_headers=AS_ALICE)
    stream.frame()
    call(THEIRS, user_id=BOB)
    call(SHARED, user_id=BOB)
    call(MINE, user_id=ALICE)
    told = stream.until(lambda message: message["type"] == "changed")
    assert (told["accounts"], told["threads"]) == ([ALICE], [MINE])


@pytest.mark.parametrize("said", ["{", "[]", '{"subscribe": ["nav:x"]}', '{"hello": []}'])
def test_what_a_client_cannot_mean_ends_its_stream(server: Server, open_stream: Open, said: str) -> None:
    stream = open_stream(server, "nav:all")
    stream.frame()
    stream.connection.send(said)
    code, reason = stream.close_code()
    assert code == 4400
    assert reason


def test_too_many_topics_end_a_stream(server: Server, open_stream: Open) -> None:
    stream = open_stream(server, "nav:all")
    stream.say(subscribe=[f"thread:{UUID(int=number)}" for number in range(500)])
    assert stream.close_code()[0] == 4400


def test_a_message_without_end_is_cut_off(server: Server, open_stream: Open) -> None:
    stream = open_stream(server)
    stream.connection.send("x" * 100_000)
    assert stream.close_code()[0] == 1009


@pytest.mark.parametrize(("origin", "closed"), [("http://{}", False), ("https://evil.example", True)])
def test_a_page_of_another_site_gets_no_stream(server: Server, open_stream: Open, origin: str, closed: bool) -> None:
    stream = open_stream(server, origin=origin.format(server.address))
    if closed:
        assert stream.close_code()[0] == 4403
    else:
        assert stream.frame()


def test_events_are_for_reading(server: Server) -> None:
    assert httpx.post(f"http://{server.address}/live/events").status_code == 405


def test_the_probes_need_no_viewer(guarded: Server) -> None:
    assert guarded.get("/healthz").json() == {"alive": True}
    assert guarded.get("/readyz").status_code in (200, 503)


def test_a_server_is_ready_when_it_can_serve(server: Server) -> None:
    answer = server.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True, "database": True, "schema": True, "stream": "listening", "draining": False, "stopping": False,
    }  # fmt: skip


def test_a_server_with_another_schema_is_not_ready(server: Server, connection: Connection) -> None:
    connection.execute("UPDATE creditpulse.alembic_version SET version_num = 'older'")
    answer: Any = server.get("/readyz")
    assert (answer.status_code, answer.json()["schema"]) == (503, False)


def test_in_local_mode_a_page_under_another_name_reads_nothing(server: Server, open_stream: Open) -> None:
    elsewhere = {"Host": "rebound.example:8050"}
    for path in ("/", "/whoami", "/live/events?topics=nav:all", "/live/check?topics=nav:all"):
        answer = server.get(path, headers=elsewhere)
        assert (answer.status_code, "http://localhost" in answer.text) == (421, True)
    assert server.get("/healthz", headers=elsewhere).status_code == 200
    assert open_stream(server, "nav:all", additional_headers=elsewhere).close_code()[0] == 4421
