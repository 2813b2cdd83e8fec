"""How a person finds a thread, chooses an account, and comes back."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import httpx
import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.servers import AppServer


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account()


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    thread = customer.thread(account, "Sort the invoices")
    customer.call(thread, account, "2")
    return thread


def titles(tab: Tab) -> list[str]:
    """Those of the list, from the top."""
    script = """return [...document.querySelectorAll('#threads-grid .ag-center-cols-container .ag-row')]
        .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
        .map(row => row.querySelector('.thread-link')?.textContent)"""
    return list(tab.script(script))


def test_running_threads_come_first_then_the_latest(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    later, running = customer.thread(account, "Later"), customer.thread(account, "Running")
    customer.call(later, account)
    customer.start_agent(running)
    tab.open_threads(f"?scope={account}")
    tab.until_is(lambda: titles(tab), ["Running", "Later", "Sort the invoices"], "the list")
    customer.stop_agents(running)
    customer.start_agent(thread)
    customer.call(thread, account)
    tab.until_is(lambda: titles(tab)[0], "Sort the invoices", "the first")


def test_a_search_finds_a_thread_by_its_title(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    customer.call(customer.thread(account, "Paint the shed"), account)
    tab.open_threads(f"?scope={account}")
    tab.until_is(lambda: set(titles(tab)), {"Sort the invoices", "Paint the shed"}, "the list")
    tab.find("#threads-search").send_keys("INVOIC")
    tab.until_is(lambda: titles(tab), ["Sort the invoices"], "what was found")
    tab.find("#threads-search").send_keys("xyz")
    tab.until_state("threads-body", "empty")
    assert "No thread matches" in tab.text_of("main")


def test_from_the_list_to_a_thread_and_back(tab: Tab, thread: UUID, account: UUID) -> None:
    tab.open_threads(f"?scope={account}")
    tab.script("window.sameDocument = true")
    tab.until_is(lambda: titles(tab), ["Sort the invoices"], "the list")
    tab.find("#threads-grid .thread-link").click()
    tab.await_figures("thread-credits")
    assert tab.path() == f"/threads/{thread}?scope={account}"
    tab.until_state("thread-live", "live")
    tab.driver.back()
    tab.until_is(lambda: titles(tab), ["Sort the invoices"], "the list")
    assert tab.path() == f"/threads?scope={account}"
    assert tab.script("return window.sameDocument") is True
    tab.until_state("nav-live", "live")


def test_the_chosen_account_is_in_the_address_and_stays_over_a_reload(
    tab: Tab, customer: Customer, thread: UUID
) -> None:
    account = customer.account("Globex and daughters")
    customer.call(customer.thread(account, "Of Globex"), account, "0.42")
    tab.open_threads()
    tab.until_cost("nav-credits", customer.month()[1])
    tab.choose_account("Globex and daughters")
    tab.until_cost("nav-credits", Decimal("0.420000"))
    tab.until_is(tab.path, f"/threads?scope={account}", "the address")
    tab.until_is(lambda: titles(tab), ["Of Globex"], "the list")
    tab.driver.refresh()
    tab.until_cost("nav-credits", Decimal("0.420000"))
    assert tab.path() == f"/threads?scope={account}"
    tab.until_is(lambda: titles(tab), ["Of Globex"], "the list")


def test_an_account_beyond_the_first_options_stays_chosen(tab: Tab, customer: Customer, account: UUID) -> None:
    for number in range(60):
        customer.account(f"Aardvark {number}")
    last = customer.account("Zyzzyva")
    tab.open_threads(f"?scope={account}")
    tab.choose_account("Zyzzyva")
    tab.until_is(tab.path, f"/threads?scope={last}", "the address")
    tab.until_cost("nav-credits", Decimal(0))
    tab.until(lambda: "Aardvark 0" in [option["label"] for option in tab.prop("nav-account", "options")], "the others")
    assert tab.prop("nav-account", "value") == str(last)


def test_back_returns_to_the_account_before(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    customer.account("Initech")
    tab.open_threads(f"?scope={account}")
    tab.until_cost("nav-credits", Decimal("2.000000"))
    tab.choose_account("Initech")
    tab.until_cost("nav-credits", Decimal(0))
    tab.driver.back()
    tab.until_cost("nav-credits", Decimal("2.000000"))
    assert tab.path() == f"/threads?scope={account}"


def test_a_deleted_thread_says_that_it_is_gone(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    tab.open_thread(thread, f"?scope={account}")
    tab.until_state("thread-live", "live")
    assert not tab.shown("#thread-gone")
    customer.delete_thread(thread)
    tab.until(lambda: tab.shown("#thread-gone"), "the page to say so")
    assert "This thread is gone" in tab.text_of("#thread-gone")
    tab.until_cost("nav-credits", Decimal(0))
    assert tab.attribute("alerts", "hidden") is not None


ABSENT = "00000000-0000-4000-8000-00000000dead"


@pytest.mark.parametrize("path", [f"/threads/{ABSENT}", "/threads/none", "/nowhere", f"/threads?scope={ABSENT}x"])
def test_what_is_not_there_is_a_page_that_says_so(tab: Tab, served: AppServer, path: str) -> None:
    tab.expect(FAILED_REQUEST)  # the browser's own line about the 404
    assert httpx.get(f"http://{served.address}{path}", headers={"Accept": "text/html"}).status_code == 404
    tab.open(path)
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")
    tab.find("main a.button").click()
    tab.until(lambda: tab.shown("#threads-search"), "the list of threads")
