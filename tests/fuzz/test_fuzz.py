"""Malformed callback bodies, addresses, topics and files, by the thousand: no 500, no traceback, nothing of others.

A seeded run: FUZZ_CASES (some hundreds here, 100,000 in `make fuzz`) and FUZZ_SEED say which. Whoever sends them is
signed in as Ann, so that whatever is Ben's in an answer is a leak, unless the request itself had it.
"""

from __future__ import annotations

import logging
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from data.errors import CreditpulseError
from data.importer import import_file
from data.verify import differences
from live import throttle
from live.rates import Rate
from settings import Settings
from tests.conftest import url_of
from tests.fuzz.addresses import METHODS, address, message, topic
from tests.fuzz.bodies import body_of, spoilt, written
from tests.fuzz.files import recording
from tests.two_people import ANN, World, serving, two_people

CASES = int(os.environ.get("FUZZ_CASES", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
SHARES = {"bodies": 0.45, "addresses": 0.35, "streams": 0.14, "files": 0.06}
HEADERS = {"X-Forwarded-Email": ANN}
TRACES = ("Traceback (most recent call last)", "Something went wrong", "psycopg.", "sqlalchemy.exc")


class Stage(NamedTuple):
    client: TestClient
    world: World
    callbacks: Mapping[str, Any]
    faults: list[logging.LogRecord]
    url: str


class Faults(logging.Handler):
    """Keeps what is logged as an error: an unforeseen one is, whatever the client was told."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture(scope="module")
def stage(postgres_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    url = made(postgres_url, template, "fuzzed")
    world, faults, apps = two_people(url), Faults(), list[Any]()
    settings = Settings(
        database_url=url, auth="header", staff=frozenset({"@staff.example"}), state_dir=tmp_path_factory.mktemp("fuzz")
    )
    logging.getLogger().addHandler(faults)
    with pytest.MonkeyPatch.context() as patch, serving(settings, apps.append) as client:
        for name in ("ASKING", "EXPORTING"):
            patch.setattr(throttle, name, Rate(name, 10**9, 10))  # the one thing that is in our way here
        callbacks = {name: spec for name, spec in apps[0].state.dash.callback_map.items() if "callback" in spec}
        yield Stage(client, world, callbacks, faults.records, url)
    logging.getLogger().removeHandler(faults)


def made(postgres_url: str, template: str, name: str) -> str:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    return url_of(postgres_url, name)


def cases(kind: str) -> Iterator[tuple[int, random.Random]]:
    """Each with a chance of its own, so that one of a hundred thousand can be looked at alone."""
    for number in range(int(CASES * SHARES[kind])):
        yield number, random.Random(f"{SEED} {kind} {number}")


def check(stage: Stage, said: str, answer: str, status: int, what: str) -> None:
    leaked = [secret for secret in stage.world.leaked(answer, stage.world.ann) if secret not in said]
    traces = [trace for trace in TRACES if trace in answer]
    logged = [record.getMessage() for record in stage.faults]
    stage.faults.clear()
    assert (status < 500, leaked, traces, logged) == (True, [], [], []), f"{what}: {said[:3000]!r} → {answer[:1000]!r}"


def tables(url: str) -> tuple[object, ...]:
    """What nothing that was sent may have changed."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM usage_logs), (SELECT count(*) FROM threads), (SELECT count(*) FROM users),"
            " (SELECT sum(estimated_cost) FROM usage_logs), (SELECT count(*) FROM creditpulse.subscriptions)"
        ).fetchone()
    assert row is not None
    return row


@pytest.fixture(autouse=True)
def unharmed(stage: Stage) -> Iterator[None]:
    """Whatever was sent, the data is as it was, and the app still answers."""
    before = tables(stage.url)
    yield
    assert tables(stage.url) == before
    assert stage.client.get(f"/threads/{stage.world.ann.thread}", headers=HEADERS).status_code == 200


def test_no_callback_s_body_breaks_anything(stage: Stage) -> None:
    statuses: Counter[int] = Counter()
    for number, chance in cases("bodies"):
        output = chance.choice(sorted(stage.callbacks))
        body = body_of(output, stage.callbacks[output], stage.world, chance, own=chance.random() < 0.5)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            body = spoilt(body, chance)
        sent = written(body, chance)
        answer = stage.client.post(
            "/_dash-update-component", content=sent, headers={**HEADERS, "Content-Type": "application/json"}
        )
        check(stage, sent.decode(errors="replace"), answer.text, answer.status_code, f"body {number}")
        statuses[answer.status_code] += 1
    assert statuses[400] > statuses[200] / 3  # else too little of it was malformed
    assert statuses[200] > CASES * SHARES["bodies"] / 50  # else nothing of it was read


def test_no_address_breaks_anything(stage: Stage) -> None:
    statuses: Counter[int] = Counter()
    for number, chance in cases("addresses"):
        method, path = chance.choice(METHODS), address(stage.world, chance)
        html = {"Accept": "text/html"} if chance.random() < 0.3 else {}
        answer = stage.client.request(
            method, path, headers={**HEADERS, **html}, content=b"{}" if method == "POST" else None
        )
        check(stage, path, answer.text, answer.status_code, f"address {number} {method}")
        statuses[answer.status_code] += 1
    assert min(statuses[200], statuses[400], statuses[404], statuses[405]) > 0, statuses


def test_no_topic_and_no_message_breaks_anything(stage: Stage) -> None:
    codes: Counter[int] = Counter()
    for number, chance in cases("streams"):
        path = f"/live/ws?topics={topic(stage.world, chance)}"[:60_000]
        said = [message(stage.world, chance) for _ in range(chance.choice((0, 1, 2)))]
        code, heard = conversation(stage.client, path, [*said, "{"])  # which ends every stream
        check(stage, path + "".join(said), heard, 200, f"stream {number} {code}")
        assert code in (4400, 4403, 4404), f"stream {number}: {path[:300]} {said} → {code}"
        codes[code] += 1
    assert min(codes[4400], codes[4403]) > 0, codes


def conversation(client: TestClient, path: str, said: list[str]) -> tuple[int, str]:
    """The close code, and everything that was heard before."""
    heard: list[str] = []
    with client.websocket_connect(path, headers=HEADERS) as socket:
        try:
            heard.append(socket.receive_text())
            for one in said:
                socket.send_text(one)
            while True:
                heard.append(socket.receive_text())
        except WebSocketDisconnect as closed:
            return closed.code, "".join(heard) + (closed.reason or "")


@pytest.fixture(scope="module")
def imported(postgres_url: str, template: str) -> str:
    return made(postgres_url, template, "fuzzed_imports")


def test_no_file_breaks_anything(stage: Stage, imported: str, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for number, chance in cases("files"):
        name, content = recording(chance)
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(content)
        outcomes[outcome_of(lambda path=path: import_file(imported, path), content)] += 1  # type: ignore[misc]
        path.unlink()
    assert min(outcomes["taken"], outcomes["refused"]) > 0, outcomes
    with psycopg.connect(imported, autocommit=True) as connection:
        connection.execute("SELECT creditpulse.fold()")
    assert not stage.faults


def outcome_of(load: Callable[[], object], content: bytes) -> str:
    """Whatever the file is: it is taken, or refused with words that say why (of which the command makes one line)."""
    try:
        load()
    except CreditpulseError as error:
        reason = str(error)
    else:
        return "taken"
    assert 0 < len(reason) < 1000, content
    return "refused"


def test_what_was_taken_of_the_files_adds_up(imported: str) -> None:
    with psycopg.connect(imported, autocommit=True) as connection:
        assert differences(connection) == []
