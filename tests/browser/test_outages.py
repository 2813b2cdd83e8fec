"""What a page says while its server or the database is away, and that it is right again by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.postgres import Postgres
from tests.servers import AppServer

MakeTab = Callable[[AppServer], Tab]


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """One that the test may stop."""
    server = Postgres()
    try:
        server.start()
        server.make_template()
        yield server
    finally:
        server.close()


def opened(tab: Tab, url: str) -> UUID:
    """A thread that has used a dollar, open and live."""
    customer = Customer(url)
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account, "1")
    customer.close()
    tab.open_thread(thread, f"?scope={account}")
    tab.until_state("thread-live", "live")
    tab.until_cost("thread-credits", Decimal("1.000000"))
    return thread


def spend(url: str, thread: UUID, cost: str) -> None:
    customer = Customer(url)
    customer.call(thread, None, cost)
    customer.close()


def test_a_stopped_server_leaves_the_figures_with_their_time_and_is_found_again(
    make_server: Callable[..., AppServer], make_tab: MakeTab, database_url: str
) -> None:
    server = make_server(database_url)
    tab = make_tab(server)
    tab.expect(FAILED_REQUEST)
    thread = opened(tab, database_url)
    as_of = tab.attribute("thread-updated", "datetime")
    server.stop()
    tab.until(lambda: tab.attribute("thread-live", "data-state") in ("offline", "polling"), "not to be live", 3)
    tab.until_state("thread-live", "offline")
    tab.until_state("nav-live", "offline")
    assert (tab.text("thread-live"), tab.text("thread-frequency")) == ("Offline", "waiting for the server")
    spend(database_url, thread, "2")
    assert (tab.text("thread-credits"), tab.attribute("thread-updated", "datetime")) == ("100", as_of)
    server.start()
    tab.until_state("thread-live", "live", 10)
    tab.until_cost("thread-credits", Decimal("3.000000"))
    assert moment(tab) > datetime.fromisoformat(as_of or "")
    assert tab.attribute("alerts", "hidden") is not None


def moment(tab: Tab) -> datetime:
    return datetime.fromisoformat(tab.attribute("thread-updated", "datetime") or "")


def test_a_restarted_database_leaves_an_open_page_right(
    make_server: Callable[..., AppServer], make_tab: MakeTab, postgres: Postgres
) -> None:
    url = postgres.make_database("restarted")
    server = make_server(url)
    tab = make_tab(server)
    tab.expect(FAILED_REQUEST)
    thread = opened(tab, url)
    postgres.stop()
    tab.until_state("thread-live", "polling")
    assert tab.text("thread-credits") == "100"
    tab.click("thread-refresh")
    tab.until(lambda: tab.shown("#alerts"), "the alert")
    assert tab.text("thread-credits") == "100"
    postgres.start()
    spend(url, thread, "4")
    tab.until_state("thread-live", "live", 20)
    tab.until_cost("thread-credits", Decimal("5.000000"))
    tab.until(lambda: not tab.shown("#alerts"), "the alert to go", 20)
