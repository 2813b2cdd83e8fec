"""`doctor` and a server that runs: the whole report, and a fault of each kind, named with its remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, repeat, takewhile
from pathlib import Path

import psycopg
import pytest

import live.visit
from data.errors import CreditpulseError, MissingRightError, UnavailableError
from live.meter_text import parse_samples
from live.visit import CHECKS, Visit, check_clean_up, check_load, visit
from settings import Settings
from tests.live.conftest import Server, wait_until
from tests.live.relay import Relay
from tests.servers import AppServer, free_port, run_command

EMAIL = "ana@example.org"

Connection = psycopg.Connection[tuple[object, ...]]


def visited(address: str, connection: Connection, **headers: str) -> Visit:
    def version() -> int:
        row = connection.execute("SELECT version FROM creditpulse.state").fetchone()
        assert row
        return int(str(row[0]))

    return Visit(f"http://{address}", True, version, lambda: 0, headers)


def fault(visiting: Visit) -> str:
    """The fault that the visit ends with."""
    with pytest.raises(CreditpulseError) as error:
        list(visit(visiting))
    return str(error.value)


def findings(visiting: Visit) -> dict[str, str]:
    """What the checks of streams find; the test's host has no API and no metrics."""
    return dict(takewhile(lambda found: found[0] != "agents", visit(visiting)))


@pytest.fixture
def app_server(database_url: str, tmp_path: Path) -> Iterator[AppServer]:
    server = AppServer(database_url, tmp_path)
    server.start()
    yield server
    server.close()


def test_a_sound_server_passes_every_check(app_server: AppServer, tmp_path: Path) -> None:
    done = run_command(app_server.url, tmp_path, "doctor", "--url", f"http://{app_server.address}")
    assert done.returncode == 0, done.stderr
    said = {line[:14].strip(): line[15:] for line in done.stdout.splitlines()}
    assert said.keys() >= CHECKS.keys()
    assert said["stream"].startswith("a first frame")
    assert said["events"].startswith("an event came")
    assert said["clean-up"].startswith("8 streams opened beside 0")
    assert "0 failed" in said["load"]
    assert "not" not in said["agents"]


def test_where_no_server_runs_only_who_named_one_hears_of_a_fault(connection: Connection) -> None:
    nowhere = visited(f"127.0.0.1:{free_port()}", connection)
    assert "start the server" in fault(nowhere)
    ((name, finding),) = visit(replace(nowhere, named=False))
    assert name == "application"
    assert finding.startswith("none answers")


def test_a_server_on_another_database_is_found_out(server: Server, connection: Connection) -> None:
    elsewhere = replace(visited(server.address, connection), version=lambda: 1_000_000)
    assert "is it another one?" in fault(elsewhere)


def test_agents_that_the_stream_does_not_see_are_named(server: Server, connection: Connection) -> None:
    assert "agent_runs that 3 do" in fault(replace(visited(server.address, connection), running=lambda: 3))


def test_another_name_of_the_server_is_named(server: Server, connection: Connection) -> None:
    assert "use 127.0.0.1" in fault(visited(server.address, connection, Host="creditpulse.example"))


def test_a_server_that_drains_says_so(server: Server, connection: Connection) -> None:
    server.live.hub.draining = True
    assert "it is draining" in fault(visited(server.address, connection))


def test_one_that_polls_says_so(server: Server, connection: Connection) -> None:
    server.live.feed.listening = False
    assert "does not hear of folds" in fault(visited(server.address, connection))


@pytest.mark.parametrize(
    ("held", "named"),
    [(b"GET /live/events", "events: no event within 5 s"), (b"GET /live/ws", "stream: no first frame")],
)
def test_a_proxy_that_holds_streams_back_is_named(
    server: Server, connection: Connection, held: bytes, named: str
) -> None:
    with Relay(server.address, held) as relay:
        assert named in fault(visited(relay.address, connection))


def test_sign_in_is_checked_for_somebody(make_server: Callable[..., Server], connection: Connection) -> None:
    server = make_server(Settings(auth="header", staff=frozenset({"@example.org"})))
    wait_until(lambda: server.live.monitor.listening, "the feed to listen")
    found = findings(visited(server.address, connection))
    assert found["sign-in"].startswith("asks who is there")
    assert found["stream"].startswith("not tried")
    found = findings(visited(server.address, connection, **{"X-Forwarded-Email": EMAIL}))
    assert found["sign-in"] == "lets us in as staff"
    assert found["stream"].startswith("a first frame")
    found = findings(visited(server.address, connection, **{"X-Forwarded-Email": "ana@elsewhere.org"}))
    assert found["sign-in"].endswith("their own accounts")


def test_a_header_that_is_not_taken_is_named(make_server: Callable[..., Server], connection: Connection) -> None:
    server = make_server(Settings(auth="header", trusted_proxies=frozenset({"10.0.0.1"})))
    wait_until(lambda: server.live.monitor.listening, "the feed to listen")
    asking = visited(server.address, connection, **{"X-Forwarded-Email": EMAIL})
    with pytest.raises(MissingRightError, match="CREDITPULSE_TRUSTED_PROXIES"):
        list(visit(asking))


LOAD = b"""
creditpulse_pool_most{pool="callbacks"} 32
creditpulse_pool_connections{pool="callbacks",state="used"} %d
creditpulse_loop_late_seconds_bucket{le="0.5"} 90
creditpulse_loop_late_seconds_bucket{le="1.0"} %d
creditpulse_loop_late_seconds_bucket{le="+Inf"} 100
creditpulse_callback_seconds_count{callback="nav-answer.data",outcome="failed"} 2
creditpulse_callback_seconds_count{callback="nav-answer.data",outcome="ok"} 5
"""


def test_a_pool_that_is_used_up_and_a_loop_that_is_late_are_named() -> None:
    assert "7 callbacks, 2 failed" in check_load(
        Visit("http://127.0.0.1:1", True, int, int, samples=parse_samples(LOAD.replace(b"90", b"95") % (31, 100)))
    )
    for used, steps, named in ((32, LOAD.replace(b"90", b"95"), "pool callbacks"), (1, LOAD, "late at p95")):
        with pytest.raises(UnavailableError, match=named):
            check_load(Visit("http://127.0.0.1:1", True, int, int, samples=parse_samples(steps % (used, 100))))


def test_streams_that_are_not_forgotten_are_named(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = chain((20, 28), repeat(27))
    monkeypatch.setattr(live.visit, "scraped", lambda _visit: (200, b"creditpulse_streams %d\n" % next(counts)))
    monkeypatch.setattr(live.visit, "PATIENCE_SECONDS", 1.0)
    with pytest.raises(UnavailableError, match="27 of 28 are still there"):
        check_clean_up(replace(visited(server.address, connection), staff=True))
