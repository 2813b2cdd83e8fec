"""A browser, a server on a database of its own, and the customer's platform that writes into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import psycopg
import pytest
from psycopg import sql
from selenium.webdriver import Chrome
from sqlalchemy import make_url

from tests.browser.chrome import chrome, fresh_tab
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.servers import AppServer


class Door(Protocol):
    """A server, or a relay in front of one."""

    @property
    def address(self) -> str: ...


MakeTab = Callable[[Door], Tab]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chrome(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def make_tab(browser: Chrome) -> Iterator[MakeTab]:
    """The browser's one tab, on a server; fails a test that left a line in the console which it did not expect."""
    tabs: list[Tab] = []

    def make(server: Door) -> Tab:
        tabs.append(fresh_tab(browser, server.address))
        return tabs[-1]

    yield make
    unexpected = [line for tab in tabs for line in tab.unexpected()]
    assert not unexpected, f"the console says {unexpected}"


@pytest.fixture(scope="session")
def served_started(postgres_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    name = "browser_tests"
    clone = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(clone)
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    server = AppServer(url, tmp_path_factory.mktemp("served"))
    try:
        server.launch()
        yield server
    finally:
        server.close()


@pytest.fixture
def served(served_started: AppServer) -> AppServer:
    """One server for every test that leaves it as well as it found it; their threads and accounts are their own."""
    served_started.await_ready()
    return served_started


@pytest.fixture
def tab(make_tab: MakeTab, served: AppServer) -> Tab:
    return make_tab(served)


@pytest.fixture
def customer(served: AppServer) -> Iterator[Customer]:
    customer = Customer(served.url)
    yield customer
    customer.close()


@pytest.fixture
def make_server(make_database: object, tmp_path: Path) -> Iterator[Callable[..., AppServer]]:
    """Starts servers of a test's own, and ends them before its databases; `dotenv` is what their `.env` says."""
    servers: list[AppServer] = []

    def make(url: str, dotenv: str = "") -> AppServer:
        (tmp_path / ".env").write_text(dotenv)
        servers.append(AppServer(url, tmp_path))
        servers[-1].start()
        return servers[-1]

    yield make
    for server in servers:
        server.close()
