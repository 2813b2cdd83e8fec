"""The page follows the address, also where an answer was lost; no account's figures stand under another's name."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.browser.console import FAILED_REQUEST, UNANSWERED
from tests.browser.customer import Customer
from tests.browser.scripts import NO_WORKER
from tests.browser.tab import Tab


@pytest.fixture
def threads(customer: Customer) -> dict[str, UUID]:
    """Two accounts with a thread each."""
    found: dict[str, UUID] = {}
    for name in ("Aster", "Birch"):
        found[f"{name} account"] = account = customer.account(f"{name} {uuid4().hex[:8]}")
        found[name] = customer.thread(account, f"Of {name}")
        customer.call(found[name], account, "1")
    return found


def network(tab: Tab, *, online: bool) -> None:
    tab.command("Network.enable")
    speeds = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.command("Network.emulateNetworkConditions", offline=not online, **speeds)


def test_a_page_that_the_network_lost_comes_once_it_is_back(tab: Tab, threads: dict[str, UUID]) -> None:
    tab.expect(FAILED_REQUEST, UNANSWERED)
    tab.before_pages(NO_WORKER)
    tab.open_thread(threads["Aster"])
    network(tab, online=False)
    tab.find(".crumbs a").click()
    tab.until(lambda: "leaving" in tab.classes("page"), "the page to be on its way out")
    network(tab, online=True)
    tab.until(lambda: tab.attribute("threads-body", "data-state") == "rows", "the list of threads")
    assert tab.classes("page") == set()
    assert tab.text("thread-credits") is None


def test_another_accounts_threads_are_hidden_until_the_answer_is_in(tab: Tab, threads: dict[str, UUID]) -> None:
    aster, birch = threads["Aster account"], threads["Birch account"]
    tab.before_pages(NO_WORKER)
    tab.open_threads(f"?scope={aster}")
    tab.until_state("nav-live", "live")
    network(tab, online=False)
    tab.script("dash_clientside.set_props('nav-account', {value: arguments[0]})", str(birch))
    tab.until_is(lambda: tab.attribute("threads-body", "data-state"), "loading", "the list")
    assert not tab.shown(".thread-link")
    assert "No plan" not in (tab.text("nav-plan") or "")
    network(tab, online=True)
    tab.until_is(lambda: tab.text_of(".thread-link"), "Of Birch", "the list")


def test_a_refused_address_stays_and_another_account_is_a_way_out(tab: Tab, threads: dict[str, UUID]) -> None:
    tab.expect(FAILED_REQUEST)  # the browser's own line about the 404
    refused = "/threads?scope=none"
    tab.open(refused)
    tab.await_figures("nav-credits")
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")
    assert tab.path() == refused
    tab.script("dash_clientside.set_props('nav-account', {value: arguments[0]})", str(threads["Aster account"]))
    tab.until_is(lambda: tab.text_of(".thread-link"), "Of Aster", "the list")
    assert tab.path() == f"/threads?scope={threads['Aster account']}"
