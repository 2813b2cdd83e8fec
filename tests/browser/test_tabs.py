"""Many tabs of one browser on one server: a browser opens six HTTP/1.1 connections to a server, and no more."""

from __future__ import annotations

from decimal import Decimal

from tests.browser.customer import Customer
from tests.browser.tab import Tab

TABS = 8


def test_eight_tabs_all_become_and_stay_live_and_show_a_change(tab: Tab, customer: Customer) -> None:
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account, "1")
    handles = [tab.open_another(f"/threads/{thread}?scope={account}") for _ in range(TABS)]
    for cost in (Decimal("1.000000"), Decimal("3.000000")):
        for handle in handles:
            tab.driver.switch_to.window(handle)
            tab.until_state("thread-live", "live")
            tab.until_cost("thread-credits", cost)
            tab.until_cost("nav-credits", cost)
        if cost == 1:
            customer.call(thread, account, "2")
    asked = tab.asked("thread")  # there is a connection left to ask by
    tab.click("thread-refresh")
    tab.until(lambda: tab.asked("thread") > asked, "a request")
    tab.until(lambda: tab.prop("thread-answer")["request"] == tab.asked("thread"), "its answer")
