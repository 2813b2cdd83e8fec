"""The list of accounts and an account's page: what links and Back mean, and that figures move by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.tab import Tab

GRID = "#accounts-grid .ag-center-cols-container"
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@pytest.fixture
def name() -> str:
    """That no other test's account has."""
    return f"Quince {uuid4().hex[:12]}"


@pytest.fixture
def account(customer: Customer, name: str) -> UUID:
    """With a plan of 1,000 credits, of which 925 are used."""
    account = customer.account(name)
    now = datetime.now(UTC)
    customer.connection.execute(
        "INSERT INTO creditpulse.subscriptions (user_id, plan, status, credits_included, period_start, period_end)"
        " VALUES (%s, 'Pro', 'active', 1000, %s, %s)",
        (account, now - timedelta(days=9), now + timedelta(days=21)),
    )
    customer.call(customer.thread(account, "Sort the invoices"), account, "9.25")
    return account


def open_list(tab: Tab, query: str = "") -> None:
    tab.open(f"/accounts{query}")
    tab.until(lambda: tab.attribute("accounts-body", "data-state") in ("rows", "empty"), "the list of accounts")


def open_account(tab: Tab, account: UUID, query: str = "") -> None:
    tab.open(f"/accounts/{account}{query}")
    tab.await_figures("account-credits", "nav-credits")


def test_the_list_says_how_an_account_stands_and_leads_to_its_page_and_back(tab: Tab, account: UUID, name: str) -> None:
    open_list(tab, f"?q={name}&zone=UTC")
    tab.until(lambda: name in tab.text_of(GRID), "the account in the list")
    for words in ("Pro", "1,000", "925", "75", "93 %"):
        assert words in tab.text_of(GRID)
    tab.until_text("accounts-count", "1 account that fits")
    assert tab.attribute("nav-link-accounts", "class") == "nav-link on"
    tab.find(f"{GRID} a").click()
    tab.await_figures("account-credits")
    assert tab.path() == f"/accounts/{account}?zone=UTC"
    tab.driver.back()
    tab.until(lambda: name in tab.text_of(GRID), "the list as it was")
    assert tab.prop("accounts-search", "value") == name


def test_order_and_state_are_in_the_address_and_back_undoes_them(tab: Tab, account: UUID, name: str) -> None:
    open_list(tab, f"?q={name}&zone=UTC")
    tab.until(lambda: name in tab.text_of(GRID), "the account in the list")
    tab.find('#accounts-grid .ag-header-cell[col-id="used"]').click()
    tab.until(lambda: "sort=-used" in tab.path(), "the order in the address")
    tab.until(lambda: name in tab.text_of(GRID), "the account in that order")
    tab.click("accounts-state-ended")
    tab.until_state("accounts-body", "empty")
    assert "No account matches" in tab.text_of("#accounts-empty")
    assert tab.path().endswith("sort=-used&state=ended")
    assert (
        tab.attribute("accounts-csv", "href") == f"/export/accounts.csv?q={name.replace(' ', '+')}&state=ended&zone=UTC"
    )
    tab.driver.back()
    tab.until(lambda: tab.attribute("accounts-state-ended", "aria-pressed") == "false", "the step to be undone")
    tab.until(lambda: name in tab.text_of(GRID), "the account again")


def test_the_lists_figures_move_with_the_stream(tab: Tab, customer: Customer, account: UUID, name: str) -> None:
    open_list(tab, f"?q={name}&zone=UTC")
    tab.until(lambda: "925" in tab.text_of(GRID), "what is used")
    tab.until_state("nav-live", "live")
    customer.call(customer.thread(account), account, "0.5")
    tab.until(lambda: "975" in tab.text_of(GRID), "what is used now")


@pytest.fixture
def crowd(customer: Customer, name: str) -> Iterator[str]:
    """So many accounts that they come in three blocks; what all their names begin with."""
    customer.connection.execute(
        "INSERT INTO users (id, email, name) SELECT gen_random_uuid(), %s || n || '@example.com', %s || ' ' || n"
        " FROM generate_series(1000, 1249) AS n",
        (name, name),
    )
    yield name
    customer.connection.execute("DELETE FROM users WHERE starts_with(name, %s)", (name,))


def test_rows_come_as_they_come_into_view(tab: Tab, crowd: str) -> None:
    open_list(tab, f"?q={crowd}&sort=name&zone=UTC")
    tab.until_text("accounts-count", "250 accounts that fit")
    tab.until(lambda: f"{crowd} 1000" in tab.text_of(GRID), "the first account")
    tab.script("dash_ag_grid.getApi('accounts-grid').ensureIndexVisible(249)")
    tab.until(lambda: f"{crowd} 1249" in tab.text_of(GRID), "the last account")
    tab.script("dash_ag_grid.getApi('accounts-grid').ensureIndexVisible(120)")
    tab.until(lambda: f"{crowd} 1120" in tab.text_of(GRID), "one in the middle")


def test_an_accounts_page_is_live_whatever_the_navigations_scope_is(
    tab: Tab, customer: Customer, account: UUID, name: str
) -> None:
    open_account(tab, account, "?zone=UTC")
    tab.until_cost("account-credits", Decimal("9.25"))
    assert (tab.text("account-left"), tab.text("account-plan")) == ("75", "Pro")
    assert tab.text("account-allowance") == "of 1,000 credits, 93 % used"
    assert name in (tab.text("account-words") or "")
    assert tab.prop("nav-usage")["scope"] == "all"
    tab.until_state("account-live", "live")
    tab.until_text("account-figure-credits", "925")
    tab.until(lambda: "Sort the invoices" in tab.text_of("#account-threads"), "its threads")
    thread = customer.thread(account, "Another")
    customer.start_agent(thread)
    customer.call(thread, account, "1.25")
    tab.until_cost("account-credits", Decimal("10.50"))
    tab.until_text("account-left", "−50")
    tab.until(lambda: "has used up" in (tab.text("account-words") or ""), "the outlook as it is now")
    tab.until(lambda: "pulsing" in tab.classes("account-live"), "the dot to pulse")
    tab.until_text("account-figure-credits", "1,050")
    assert tab.prop("nav-usage")["scope"] == "all"


def test_a_card_of_the_range_follows_the_range_and_its_files_are_the_accounts(tab: Tab, account: UUID) -> None:
    open_account(tab, account, "?zone=UTC")
    tab.until_text("account-figure-credits", "925")
    tab.click("view-range-24h")
    tab.until(lambda: "range=24h" in tab.path(), "the range in the address")
    tab.until_state("account-spending", "ready")
    hrefs = [tab.attribute(link, "href") or "" for link in ("account-spending-csv", "account-threads-csv")]
    assert all(f"scope={account}&range=24h" in href for href in hrefs)


def test_an_account_that_is_not_there_is_a_page_that_says_so(tab: Tab) -> None:
    tab.expect(FAILED_REQUEST)  # the browser's own line about the 404
    tab.open(f"/accounts/{uuid4()}")
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")


def test_nothing_but_the_grid_scrolls_sideways_on_a_phone(tab: Tab, account: UUID, name: str) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", **PHONE)
    open_list(tab, f"?q={name}&zone=UTC")
    tab.until(lambda: name in tab.text_of(GRID), "the account in the list")
    assert tab.script("return document.scrollingElement.scrollWidth") <= 390
    open_account(tab, account, "?zone=UTC")
    tab.until_state("account-spending", "ready")
    assert tab.script("return document.scrollingElement.scrollWidth") <= 390
