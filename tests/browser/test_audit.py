"""The audit's page: what was just done stands there, and is found by person, action and time."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.browser.test_members import guarded, threads
from tests.servers import AppServer

__all__ = ["guarded", "threads"]  # fixtures


def opened(tab: Tab) -> None:
    tab.open("/audit")
    tab.until(lambda: "entr" in (tab.text("audit-note") or ""), "the audit's entries")


def shown(tab: Tab) -> str:
    return tab.text_of("#audit-grid")


def choose(tab: Tab, name: str, label: str) -> None:
    tab.click(name)
    tab.until(lambda: tab.shown(".dash-dropdown-option"), "the choices")
    next(one for one in tab.find_all(".dash-dropdown-option") if one.text == label).click()


def test_a_look_stands_in_the_audit_and_leads_to_its_page(tab: Tab, customer: Customer) -> None:
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account)
    tab.open_thread(thread)
    opened(tab)

    def read_until_there() -> bool:
        tab.click("audit-refresh")
        return str(thread) in shown(tab)

    tab.until(read_until_there, "the look at the thread")
    choose(tab, "audit-action", "exported")
    tab.until(lambda: str(thread) not in shown(tab), "other actions to go")
    choose(tab, "audit-action", "viewed")
    tab.until(lambda: str(thread) in shown(tab), "looks to be there")
    tab.find("#audit-person").send_keys("somebody else")
    tab.until(lambda: "No entry fits" in (tab.text("audit-note") or ""), "nobody to be found")
    tab.find("#audit-person").send_keys(Keys.CONTROL, "a")
    tab.find("#audit-person").send_keys("local")
    tab.until(lambda: str(thread) in shown(tab), "the look again")
    next(link for link in tab.find_all("#audit-grid a") if link.text == str(thread)).click()
    tab.until(lambda: tab.path().startswith(f"/threads/{thread}"), "the thread's page")


def test_older_entries_are_read_on_request(tab: Tab, customer: Customer) -> None:
    customer.connection.execute(
        "INSERT INTO creditpulse.audit (person, action, subject)"
        " SELECT 'many@example.com', 'refused', 'number ' || i FROM generate_series(1, 250) AS i"
    )
    customer.connection.execute("INSERT INTO creditpulse.audit (person, action) VALUES ('last@example.com', 'refused')")
    opened(tab)
    tab.until(lambda: "last@example.com" in shown(tab), "everybody's entries")
    tab.find("#audit-person").send_keys("many@")
    tab.until(lambda: "last@example.com" not in shown(tab), "the others to go")
    assert "latest 200 entries" in (tab.text("audit-note") or "")
    tab.click("audit-older")
    tab.until(lambda: not tab.shown("#audit-older"), "the rest")
    rows = "return window.dash_ag_grid.getApi('audit-grid').getDisplayedRowCount()"
    tab.until(lambda: tab.script(rows) == 250, "all of them")


def test_staff_find_the_way_to_it_and_members_find_nothing(
    guarded: AppServer, threads: dict[str, UUID], make_tab: Callable[[AppServer], Tab]
) -> None:
    tab = make_tab(guarded)
    tab.expect(FAILED_REQUEST)
    tab.command("Network.enable")
    tab.command("Network.setExtraHTTPHeaders", headers={"X-Forwarded-Email": "boss@staff.example"})
    tab.open_threads()
    tab.until_text("nav-person", "boss@staff.example")
    tab.click("nav-audit")
    tab.until(lambda: "entr" in (tab.text("audit-note") or ""), "the audit")
    tab.command("Network.setExtraHTTPHeaders", headers={"X-Forwarded-Email": "ann@example.com"})
    tab.open_threads()
    tab.until_text("nav-person", "ann@example.com")
    assert not tab.shown("#nav-audit")
    assert not tab.shown("#nav-signout")
    tab.open("/audit")
    tab.until(lambda: "names no page" in tab.text_of("main"), "the page to say that it is not there")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_audit_fits_every_screen(tab: Tab, width: int) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    opened(tab)
    wide = tab.script("return document.documentElement.scrollWidth")
    assert wide <= width
    assert tab.script("return document.getElementById('audit-person').offsetWidth") >= 200, "an address can be read"
    tab.command("Emulation.clearDeviceMetricsOverride")
