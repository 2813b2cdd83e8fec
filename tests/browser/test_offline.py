"""Pages without their server: what was visited opens with its last figures, and is right again once it is back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.fixtures import MakeTab
from tests.browser.network_off import network_off
from tests.browser.sign_in import SignIn
from tests.browser.tab import Tab
from tests.servers import AppServer

BACK_SECONDS = 3.0
# Every text that is kept, and of each the note about it.
KEPT = """
    const done = arguments[0], open = indexedDB.open("creditpulse");
    open.onerror = () => done([String(open.error)]);
    open.onsuccess = () => {
        if (!open.result.objectStoreNames.contains("texts")) { open.result.close(); return done([]); }
        const stores = open.result.transaction(["notes", "texts"]), found = [];
        for (const name of ["notes", "texts"]) {
            const all = stores.objectStore(name).getAll();
            all.onsuccess = () => found.push(...all.result.map((one) => JSON.stringify(one)));
        }
        stores.oncomplete = () => { open.result.close(); done(found); };
    };
"""


@pytest.fixture
def server(make_server: Callable[..., AppServer], database_url: str) -> AppServer:
    return make_server(database_url)


@pytest.fixture
def customer(database_url: str) -> Iterator[Customer]:
    customer = Customer(database_url)
    yield customer
    customer.close()


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account("Ann")


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    """One that has used a dollar."""
    thread = customer.thread(account, "Sort the invoices")
    customer.call(thread, account, "1")
    return thread


def await_kept(tab: Tab, *outputs: str) -> None:
    """Until the worker has what the open page was made of, and these answers."""
    script = "return document.documentElement.dataset.kept && Boolean(navigator.serviceWorker.controller)"
    tab.until(lambda: tab.script(script), "the worker")
    for output in outputs:
        tab.until(lambda name=output: any(f'"key":"{name} ' in text for text in kept(tab)), f"{output} to be kept")  # type: ignore[misc]


def kept(tab: Tab) -> list[str]:
    return list(tab.driver.execute_async_script(KEPT))


@pytest.fixture
def tab(make_tab: MakeTab, server: AppServer, thread: UUID) -> Tab:
    """The thread's page, live, and kept."""
    tab = make_tab(server)
    tab.expect(FAILED_REQUEST)
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    await_kept(tab, "thread-answer", "thread-figure", "thread-outlook", "nav-answer", "subscription", "nav-account")
    return tab


def test_a_visited_page_opens_without_its_server_and_becomes_live_by_itself(
    tab: Tab, server: AppServer, customer: Customer, thread: UUID
) -> None:
    customer.call(thread, None, "2")
    tab.until_cost("thread-credits", Decimal("3.000000"))
    tab.until(lambda: tab.charted() == 300, "the chart")
    as_of = tab.attribute("thread-updated", "datetime")
    server.stop()
    tab.driver.refresh()
    tab.await_figures("thread-credits", "nav-credits")
    assert tab.attribute("thread-live", "data-state") in ("offline", "polling")
    tab.until_state("thread-live", "offline", 3)
    assert (tab.text("thread-credits"), tab.text("nav-credits")) == ("300", "300")
    assert tab.attribute("thread-updated", "datetime") == as_of
    assert (tab.text("thread-live"), tab.text("thread-frequency")) == ("Offline", "waiting for the server")
    assert (tab.text("nav-live"), tab.text("nav-frequency")) == ("Offline", "retrying")
    tab.until(lambda: tab.charted() == 300, "the chart with what came by the stream")
    assert "Sort the invoices" in tab.text_of("main h1")
    assert (tab.text("alerts-title"), tab.prop("failure")) == ("", None)
    customer.call(thread, None, "4")
    tab.script("window.sameDocument = true")
    server.start()
    tab.until_cost("thread-credits", Decimal("7.000000"), BACK_SECONDS)
    tab.until_state("thread-live", "live")
    tab.until(lambda: tab.charted() == 700, "the chart")
    customer.call(thread, None, "1")
    tab.until_cost("thread-credits", Decimal("8.000000"))
    assert tab.script("return window.sameDocument") is True


def test_a_click_on_refresh_without_the_server_is_done_once_it_is_back(
    tab: Tab, server: AppServer, customer: Customer, thread: UUID
) -> None:
    said = f"[useThreadTokenUsage] Refresh: invalidated thread-usage {thread}"
    server.stop()
    tab.until_state("thread-live", "offline")
    tab.click("thread-refresh")
    customer.call(thread, None, "2")
    assert tab.text("thread-credits") == "100"
    assert said not in tab.console()
    server.start()
    tab.until_cost("thread-credits", Decimal("3.000000"), BACK_SECONDS)
    tab.until_said(said)
    assert tab.prop("thread-request")["force"] is True


def test_visited_pages_lead_to_each_other_and_others_say_that_they_are_not_kept(
    tab: Tab, server: AppServer, account: UUID, thread: UUID
) -> None:
    tab.open_threads()
    tab.until(lambda: "Sort the invoices" in tab.text_of("#threads-grid"), "the list")
    tab.open("/")
    tab.until(lambda: tab.attribute("overview-credits", "data-state") == "ready", "the overview")
    server.stop()
    tab.open("/threads")
    tab.until(lambda: "Sort the invoices" in tab.text_of("#threads-grid"), "the list")
    tab.until_state("nav-live", "offline")
    tab.find("#threads-grid .thread-link").click()
    tab.until_text("thread-credits", "100")
    tab.click("nav-link-overview")
    tab.until(lambda: tab.attribute("overview-credits", "data-state") == "ready", "the overview")
    tab.click("nav-link-accounts")
    tab.until(lambda: "This page is not kept" in tab.text_of("main"), "the page to say so")
    assert tab.classes("page") == set()
    links = [link.text for link in tab.find_all("#offline-page .kept-pages a")]
    assert {"Sort the invoices", "Threads", "Overview"} <= {*links}
    tab.open(f"/accounts/{account}")
    tab.until(lambda: "This page is not kept" in tab.text_of("main"), "the page to say so")
    server.start()
    tab.until(lambda: tab.attribute("account-credits", "data-cost"), "the account's page by itself")
    tab.until_text("account-credits", "100")


def test_another_range_than_was_looked_at_says_that_it_is_not_kept(tab: Tab, server: AppServer) -> None:
    tab.open("/")
    tab.until(lambda: tab.attribute("overview-credits", "data-state") == "ready", "the overview")
    server.stop()
    tab.until_state("nav-live", "offline")
    tab.click("view-range-7d")
    tab.until(lambda: tab.text("alerts-title") == "Not kept", "the alert")
    server.start()
    tab.until(lambda: not tab.shown("#alerts"), "the alert to go")
    tab.until(lambda: tab.attribute("overview-credits", "data-state") == "ready", "the range")


def test_a_tab_without_network_opens_what_it_has(tab: Tab, customer: Customer, thread: UUID) -> None:
    with network_off(tab):
        tab.until_state("thread-live", "offline")
        tab.driver.refresh()
        tab.await_figures("thread-credits")
        tab.until_state("thread-live", "offline")
        assert tab.text("thread-credits") == "100"
        customer.call(thread, None, "2")
    tab.until_cost("thread-credits", Decimal("3.000000"), BACK_SECONDS)
    tab.until_state("thread-live", "live")


def test_a_server_that_says_nothing_holds_up_no_reload(
    tab: Tab, server: AppServer, customer: Customer, thread: UUID
) -> None:
    with server.frozen():
        tab.driver.refresh()
        tab.await_figures("thread-credits")
        tab.until_state("thread-live", "offline")
        assert tab.text("thread-credits") == "100"
        customer.call(thread, None, "2")
    tab.until_cost("thread-credits", Decimal("3.000000"), BACK_SECONDS)
    tab.until_state("thread-live", "live")


def test_a_page_that_its_server_answers_is_never_one_of_the_past(
    tab: Tab, server: AppServer, customer: Customer, thread: UUID
) -> None:
    server.stop()
    tab.driver.refresh()
    tab.await_figures("thread-credits")
    customer.call(thread, None, "2")
    server.start()
    tab.driver.refresh()
    tab.until(lambda: tab.attribute("thread-credits", "data-cost"), "the figures")
    assert tab.cost("thread-credits") == Decimal("3.000000")
    assert tab.script("return document.querySelector('meta[name=creditpulse-kept]')") is None


def test_a_page_of_another_release_opens_anew_when_its_server_is_back(tab: Tab, server: AppServer) -> None:
    tab.script(
        "document.querySelector('meta[name=creditpulse-release]').content = 'before'; window.sameDocument = true"
    )
    tab.click("thread-refresh")
    tab.until(lambda: tab.asked("thread") > 1, "an answer of the new release")
    assert tab.script("return window.sameDocument") is True, "it is being read"
    server.stop()
    tab.until_state("thread-live", "offline")
    server.start()
    tab.until(lambda: tab.script("return window.sameDocument ?? null") is None, "another document")
    tab.await_figures("thread-credits")
    tab.until_state("thread-live", "live")


DOTENV = "CREDITPULSE_AUTH=header\nCREDITPULSE_STAFF=@staff.example\n"


@pytest.fixture
def sign_in(make_server: Callable[..., AppServer], database_url: str, customer: Customer) -> Iterator[Any]:
    """Ann and Ben, each with an account, in front of one browser; Ann is signed in."""
    for name in ("ann", "ben"):
        account = customer.account(name.title())
        customer.connection.execute("UPDATE users SET email = %s WHERE id = %s", (f"{name}@example.com", account))
        customer.call(customer.thread(account, f"Of {name.title()}"), account, "1" if name == "ann" else "2")
    server = make_server(database_url, DOTENV)
    with SignIn(server.address, "ann@example.com") as proxy:
        proxy.server = server
        yield proxy


@pytest.fixture
def anns(make_tab: MakeTab, sign_in: Any) -> Tab:
    """The list of Ann's threads, kept."""
    tab = make_tab(sign_in)
    tab.expect(FAILED_REQUEST)
    tab.open_threads()
    tab.until(lambda: "Of Ann" in tab.text_of("#threads-grid"), "Ann's thread")
    await_kept(tab)
    tab.until(lambda: any("Of Ann" in text for text in kept(tab)), "her list to be kept")
    return tab


def test_another_person_in_the_same_browser_sees_nothing_of_the_first(anns: Tab, sign_in: Any) -> None:
    sign_in.person = "ben@example.com"
    anns.open_threads()
    anns.until(lambda: "Of Ben" in anns.text_of("#threads-grid"), "Ben's thread")
    anns.until(lambda: any("Of Ben" in text for text in kept(anns)), "his list to be kept")
    assert [text for text in kept(anns) if "Of Ann" in text or "ann@" in text] == []
    sign_in.server.stop()
    anns.driver.refresh()
    anns.until(lambda: "Of Ben" in anns.text_of("#threads-grid"), "Ben's list")
    anns.until_state("nav-live", "offline")
    assert anns.text("nav-credits") == "200"


def test_who_is_signed_out_leaves_nothing(anns: Tab, sign_in: Any) -> None:
    sign_in.person = None
    anns.open("/threads")
    assert "not signed in" in anns.text_of("body")
    anns.until(lambda: kept(anns) == [], "everything to be gone")
    sign_in.server.stop()
    anns.driver.refresh()
    anns.until(lambda: "no page of it is kept" in anns.text_of("body"), "the page to say so")


def test_an_open_page_of_whom_is_signed_out_meanwhile_leaves_nothing_either(anns: Tab, sign_in: Any) -> None:
    sign_in.person = None
    anns.click("nav-refresh")
    anns.until(lambda: "not signed in" in anns.text_of("body"), "the page to say so")
    anns.until(lambda: kept(anns) == [], "everything to be gone")


def test_a_page_can_drop_what_is_kept(anns: Tab) -> None:
    anns.driver.execute_async_script("dash_clientside.offline.wipe().then(arguments[0])")
    assert kept(anns) == []
