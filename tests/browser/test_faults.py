"""A server that is killed, a network that is slow or off, a person with two browsers: what can be seen, step by step.

What a single stream meets is in tests/browser/test_connection.py, what comes of many faults at once in tests/faults.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from selenium.webdriver import Chrome

from tests.browser.chrome import chrome, fresh_tab
from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.fixtures import MakeTab
from tests.browser.tab import Tab
from tests.servers import AppServer
from tests.web_proxy import WebProxy

RIGHT_SECONDS = 3.0  # after the end of a fault
MOMENT = 2.0
DELAY_SECONDS = 0.4
UNLIMITED = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
CARDS = ("nav", "thread")


@pytest.fixture
def way(served: AppServer) -> Iterator[WebProxy]:
    with WebProxy(("127.0.0.1", served.port)) as proxy:
        yield proxy


@pytest.fixture
def other_way(served: AppServer) -> Iterator[WebProxy]:
    with WebProxy(("127.0.0.1", served.port)) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def other_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chrome(tmp_path_factory.mktemp("other-chromium")) as driver:
        yield driver


def opened(tab: Tab, customer: Customer) -> tuple[UUID, UUID]:
    """A thread that has used a dollar, open and live on both cards; and its account."""
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account, "1")
    show(tab, thread, account)
    return thread, account


def show(tab: Tab, thread: UUID, account: UUID) -> None:
    tab.expect(FAILED_REQUEST)
    tab.open_thread(thread, f"?scope={account}")
    assert_right(tab, Decimal("1.000000"), 15)


def assert_right(tab: Tab, cost: Decimal, seconds: float = RIGHT_SECONDS) -> None:
    """Both cards show it, as can be read and exactly, and are live."""
    for card in CARDS:
        tab.until_cost(f"{card}-credits", cost, seconds)
        tab.until_state(f"{card}-live", "live", seconds)


def assert_kept(tab: Tab, credits: str, as_of: str | None) -> None:
    """What was known stands there, with its time, and is not called live."""
    assert (tab.text("thread-credits"), tab.text("nav-credits")) == (credits, credits)
    assert tab.attribute("thread-updated", "datetime") == as_of
    assert "stale" in tab.classes("thread-credits")


def test_a_killed_server_leaves_the_figures_muted_and_is_found_again(
    make_server: Callable[..., AppServer], make_tab: MakeTab, database_url: str
) -> None:
    server, customer = make_server(database_url), Customer(database_url)
    tab = make_tab(server)
    thread, account = opened(tab, customer)
    as_of = tab.attribute("thread-updated", "datetime")
    server.kill()
    tab.until(lambda: tab.attribute("thread-live", "data-state") != "live", "not to be live", MOMENT)
    for card in CARDS:
        tab.until_state(f"{card}-live", "offline")
    assert (tab.text("thread-live"), tab.text("thread-frequency")) == ("Offline", "waiting for the server")
    customer.call(thread, account, "2")
    assert_kept(tab, "100", as_of)
    server.start()
    assert_right(tab, Decimal("3.000000"))
    assert "stale" not in tab.classes("thread-credits")
    customer.close()


def test_a_slow_network_shows_every_change_a_little_later(make_tab: MakeTab, way: WebProxy, customer: Customer) -> None:
    tab = make_tab(way)
    thread, account = opened(tab, customer)
    way.delay(DELAY_SECONDS)
    began = time.monotonic()
    customer.call(thread, account, "2")
    assert_right(tab, Decimal("3.000000"), DELAY_SECONDS + MOMENT)
    assert time.monotonic() - began >= DELAY_SECONDS
    asked = tab.asked("thread")
    tab.click("thread-refresh")
    tab.until(lambda: tab.asked("thread") > asked, "a request")
    tab.until(lambda: tab.prop("thread-answer")["request"] == tab.asked("thread"), "its answer", 3 * MOMENT)
    way.heal()
    customer.call(thread, account, "4")
    assert_right(tab, Decimal("7.000000"))


def test_a_page_whose_network_is_off_says_so_at_once_and_is_right_when_it_is_back(
    make_tab: MakeTab, way: WebProxy, customer: Customer
) -> None:
    tab = make_tab(way)
    thread, account = opened(tab, customer)
    as_of = tab.attribute("thread-updated", "datetime")
    tab.command("Network.enable")
    for cost, known in (("3.000000", "100"), ("5.000000", "300")):
        tab.command("Network.emulateNetworkConditions", offline=True, **UNLIMITED)
        way.hold()  # Chromium lets open WebSockets be
        for card in CARDS:
            tab.until_state(f"{card}-live", "offline", MOMENT)
        customer.call(thread, account, "2")
        assert_kept(tab, known, as_of)
        tab.command("Network.emulateNetworkConditions", offline=False, **UNLIMITED)
        way.heal()
        assert_right(tab, Decimal(cost))
        as_of = tab.attribute("thread-updated", "datetime")


def test_of_two_browsers_each_says_what_is_true_of_its_own_way(
    make_tab: MakeTab, way: WebProxy, other_way: WebProxy, other_browser: Chrome, customer: Customer
) -> None:
    here, there = make_tab(way), fresh_tab(other_browser, other_way.address)
    thread, account = opened(here, customer)
    show(there, thread, account)
    customer.call(thread, account, "2")
    for tab in (here, there):
        assert_right(tab, Decimal("3.000000"))
    as_of = there.attribute("thread-updated", "datetime")
    other_way.refuse()
    for card in CARDS:
        there.until_state(f"{card}-live", "offline")
    customer.call(thread, account, "4")
    assert_right(here, Decimal("7.000000"))
    assert_kept(there, "300", as_of)
    other_way.heal()
    assert_right(there, Decimal("7.000000"))
    assert not there.unexpected()
