"""`/metrics` of the whole application: what it says after something happened, by one process and by several."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.sync.client import connect

from live.sampler import MOST_QUEUED
from tests.servers import ROOT, START_SECONDS, AppServer, wait_until

TOKEN = "0123456789abcdef"
THREAD = "00000000-0000-4000-8000-000000000001"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

MakeServer = Callable[..., AppServer]
Connection = psycopg.Connection[tuple[object, ...]]
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture
def make_server(database_url: str, tmp_path: Path) -> Iterator[MakeServer]:
    servers: list[AppServer] = []

    def make(*options: str, **settings: str) -> AppServer:
        server = AppServer(database_url, tmp_path, *options)
        server.settings = {f"CREDITPULSE_{name.upper()}": value for name, value in settings.items()}
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.close()


def scrape(server: AppServer, **headers: str) -> Samples:
    answer = httpx.get(f"http://{server.address}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200, answer.text
    families = list(text_string_to_metric_families(answer.text))
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def value(server: AppServer, name: str, **labels: str) -> float:
    return scrape(server).get((f"creditpulse_{name}", tuple(sorted(labels.items()))), 0.0)


def pay(connection: Connection) -> None:
    connection.execute("INSERT INTO usage_logs (thread_id, estimated_cost, total_tokens) VALUES (%s, 1, 1)", (THREAD,))


def reaches(server: AppServer, name: str, wanted: float, **labels: str) -> None:
    """Waits until the meter has that value."""
    wait_until(lambda: value(server, name, **labels) == wanted, f"{name} to be {wanted}")


def test_what_happens_is_counted(make_server: MakeServer, connection: Connection) -> None:
    server = make_server()
    reaches(server, "leading", 1)
    reaches(server, "listening", 1)
    before = scrape(server)
    with connect(f"ws://{server.address}/live/ws?topics=nav:all", proxy=None) as stream:
        stream.recv(timeout=5)
        reaches(server, "streams", 1, transport="websocket")
        reaches(server, "streams", 0, transport="events")
        pay(connection)
        wait_until(lambda: "nav-usage" in str(stream.recv(timeout=5)), "the frame of the change")
    reaches(server, "folded_changes_total", 1)
    after = scrape(server)
    for name in ("creditpulse_fold_seconds_count", "creditpulse_push_seconds_count"):
        assert after[name, ()] > before[name, ()] >= 0, name
    assert 0 < after["creditpulse_push_seconds_sum", ()] < 10
    assert after["creditpulse_queue_changes", ()] == 0
    assert after["process_resident_memory_bytes", ()] > 10_000_000
    assert after["process_cpu_seconds_total", ()] > before["process_cpu_seconds_total", ()]
    reaches(server, "streams", 0, transport="websocket")
    for pool in ("callbacks", "requests", "stream", "exports"):
        assert value(server, "pool_most", pool=pool) > 0
    with connection.transaction():
        connection.execute("LOCK TABLE creditpulse.state IN ACCESS EXCLUSIVE MODE")  # so that nobody folds
        with psycopg.connect(server.url, autocommit=True) as other:
            other.execute(
                "INSERT INTO usage_logs (thread_id, estimated_cost) SELECT gen_random_uuid(), 1"
                " FROM generate_series(1, %s)",
                (MOST_QUEUED + 1,),
            )
        assert value(server, "queue_changes") == MOST_QUEUED


def ask(server: AppServer, n: int, force: bool = False) -> httpx.Response:
    body = {
        "output": "nav-answer.data",
        "outputs": {"id": "nav-answer", "property": "data"},
        "inputs": [{"id": "nav-request", "property": "data", "value": {"scope": "all", "n": n, "force": force}}],
        "changedPropIds": ["nav-request.data"],
    }
    return httpx.post(f"http://{server.address}/_dash-update-component", json=body, timeout=20)


def test_callbacks_and_the_cache_are_counted_by_names_of_ours_alone(make_server: MakeServer) -> None:
    server = make_server(log_format="json")
    for n in (1, 2, 3):
        assert ask(server, n).status_code == 200
    assert value(server, "cache_answers_total", query="nav-usage", outcome="miss") == 1
    assert value(server, "cache_answers_total", query="nav-usage", outcome="hit") == 2
    assert value(server, "callback_seconds_count", callback="nav-answer.data", outcome="ok") == 3
    for forged in ({"output": "evil.data"}, {"output": "nav-answer.data", "inputs": []}):
        answer = httpx.post(f"http://{server.address}/_dash-update-component", json=forged)
        assert answer.status_code == 400
    text = httpx.get(f"http://{server.address}/metrics").text
    assert "evil" not in text
    assert value(server, "callback_seconds_count", callback="unknown", outcome="refused") == 1
    assert value(server, "callback_seconds_count", callback="nav-answer.data", outcome="refused") == 1
    assert_openmetrics(server)
    assert_documented(server)
    server.stop()
    assert_json(server.log.read_text())


def assert_json(log: str) -> None:
    """Every line, from the start to the end, with what happened."""
    records = [json.loads(line) for line in log.splitlines()]
    assert all(record.keys() >= {"time", "level", "logger", "message", "action"} for record in records)
    assert {"server.started", "feed.listening", "leader.elected"} <= {record["action"] for record in records}


def assert_openmetrics(server: AppServer) -> None:
    """Where it is asked for; nothing else is served, nor anybody behind a proxy."""
    asked = {"Accept": "application/openmetrics-text;version=1.0.0"}
    answer = httpx.get(f"http://{server.address}/metrics", headers=asked)
    assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
    assert httpx.post(f"http://{server.address}/metrics").status_code == 405
    assert httpx.get(f"http://{server.address}/metrics", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 403


def assert_documented(server: AppServer) -> None:
    """The manual lists every metric, and no other."""
    text = httpx.get(f"http://{server.address}/metrics").text
    families = {family.name for family in text_string_to_metric_families(text)}
    section = (ROOT / "docs" / "operations.md").read_text().partition("## Metrics")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| `"))
    listed = {name.removesuffix("_total") for name in re.findall(r"`((?:creditpulse|process)_\w+)", table)}
    assert listed == {name.removesuffix("_created") for name in families}


def test_a_token_is_asked_for_where_one_is_set(make_server: MakeServer) -> None:
    server = make_server(metrics_token=TOKEN)
    refused = httpx.get(f"http://{server.address}/metrics")
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "creditpulse_" not in refused.text
    assert TOKEN not in refused.text
    assert scrape(server, **BEARER)


def test_whichever_worker_is_asked_answers_for_all_and_forgets_what_the_dead_held(
    make_server: MakeServer, connection: Connection, tmp_path: Path
) -> None:
    server = make_server("--workers", "2")
    reaches(server, "leading", 1)
    wait_until(lambda: len(running(server)) == 2, "both workers to be measured", START_SECONDS)
    with connect(f"ws://{server.address}/live/ws?topics=nav:all", proxy=None) as stream:
        stream.recv(timeout=5)
        for _ in range(8):  # whoever answers: each on a connection of its own
            reaches(server, "streams", 1, transport="websocket")
        pay(connection)
        reaches(server, "folded_changes_total", 1)
    killed = running(server).copy()
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(partial(replaced, server, killed), "two other workers", START_SECONDS)
    wait_until(lambda: value(server, "streams", transport="websocket") == 0, "the dead one's stream to be forgotten")
    assert value(server, "folded_changes_total") == 1
    reaches(server, "leading", 1)
    folders = list((tmp_path / ".creditpulse" / "meters").glob("*")) or list((tmp_path / "meters").glob("*"))
    assert len(folders) == 1
    server.stop()
    assert not folders[0].exists()


def running(server: AppServer) -> set[int]:
    """The processes that the metrics know."""
    try:
        found = scrape(server)
    except httpx.TransportError:
        return set()
    return {int(dict(labels)["pid"]) for name, labels in found if name == "process_resident_memory_bytes"}


def replaced(server: AppServer, killed: set[int]) -> bool:
    now = running(server)
    return len(now) == 2 and not now & killed
