"""Servers, pages and writers for the tests of what happens when something dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.faults.ledger import Books, Ledger
from tests.faults.watcher import Watcher
from tests.postgres import Postgres
from tests.servers import AppServer, wait_until

numbers = count(1)

MakeServer = Callable[..., AppServer]
MakeLedger = Callable[[str], Ledger]
Watch = Callable[[AppServer, Books], Watcher]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL that these tests may stop; whoever does starts it again."""
    server = Postgres()
    try:
        server.start()
        server.make_template()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def pair_started(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[AppServer]]:
    url = postgres.make_database("pair")
    servers = [AppServer(url, tmp_path_factory.mktemp("server")) for _ in range(2)]
    try:
        for server in servers:
            server.launch()
        yield servers
    finally:
        close_all(servers)


@pytest.fixture
def pair(pair_started: list[AppServer]) -> list[AppServer]:
    """Two servers on one database, for every test that leaves them as well as it found them."""
    for server in pair_started:
        server.await_ready()
    return pair_started


@pytest.fixture
def fault_url(postgres: Postgres) -> Iterator[str]:
    """A migrated, empty database of this test's own, on the PostgreSQL that these tests may stop."""
    name = f"fault_{next(numbers)}"
    yield postgres.make_database(name)
    postgres.drop_database(name)


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[MakeServer]:
    """Launches servers: the database's URL, and options; the test waits for them."""
    servers: list[AppServer] = []

    def make(url: str | None, *options: str, settings: dict[str, str] | None = None) -> AppServer:
        server = AppServer(url, tmp_path, *options)
        server.settings = settings or {}
        servers.append(server)
        server.launch()
        return server

    yield make
    close_all(servers)


def close_all(servers: list[AppServer]) -> None:
    for server in servers:
        server.ask_to_end()
    for server in servers:
        server.close()


@pytest.fixture
def make_ledger() -> Iterator[MakeLedger]:
    """Makes writers; the test starts them, or pays by hand."""
    with ExitStack() as stack:

        def make(url: str) -> Ledger:
            ledger = Ledger(url)
            stack.callback(ledger.close)
            return ledger

        yield make


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Opens pages that show what is in the books, and waits until they are live."""
    with ExitStack() as stack:

        def watch(server: AppServer, books: Books) -> Watcher:
            watcher = Watcher(server.address, *books.topics)
            watcher.start()
            stack.callback(watcher.stop)
            wait_until(watcher.is_live, "the page to be live")
            return watcher

        yield watch
