"""The customer's own procedure, section "Testing the Solution" of their text, step by step."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest

from tests.browser.console import IDLE_CONFIG, RUNNING_CONFIG
from tests.browser.customer import Customer
from tests.browser.scripts import FASTER, NO_STREAM, NOTED_ASKS
from tests.browser.tab import Tab

MOMENT = 5.0  # seconds within which a change has to be there by push; asking alone would take up to 10 or 30
SUBSCRIBED = [
    "[useUsageRealtime] Usage logs subscription status: SUBSCRIBED",
    "[useUsageRealtime] Credit usage subscription status: SUBSCRIBED",
]


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account("Acme")


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    """One of Acme's, which has used $12.345678."""
    thread = customer.thread(account, "Refactor the parser")
    customer.call(thread, account, "12.345678")
    return thread


def setting_up(scope: object) -> str:
    return f"[useUsageRealtime] Setting up real-time subscriptions for user: {scope}"


def hook_config(thread: UUID, config: str) -> str:
    return f"[useThreadTokenUsage] Hook config for thread {thread}: {config}"


def updated(tab: Tab, card: str) -> datetime:
    """The database's time of the value that the card shows."""
    return datetime.fromisoformat(tab.attribute(f"{card}-updated", "datetime") or "")


# 1. Check console logs


def test_an_opened_thread_says_what_it_subscribed_to_and_how_often_it_asks(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    for line in (setting_up("all"), *SUBSCRIBED, hook_config(thread, IDLE_CONFIG)):
        tab.until_said(line)
    console = tab.console()
    assert console.index(setting_up("all")) < console.index(SUBSCRIBED[0]) < console.index(SUBSCRIBED[1])
    assert len(set(console)) == len(console) == 4


def test_the_chosen_account_is_the_one_subscribed_for(tab: Tab, thread: UUID, account: UUID) -> None:
    tab.open_threads(f"?scope={account}")
    tab.until_said(SUBSCRIBED[1])
    assert tab.console() == [setting_up(account), *SUBSCRIBED]


def test_nothing_is_called_subscribed_or_live_while_nothing_is_delivered(tab: Tab, thread: UUID) -> None:
    tab.before_pages(NO_STREAM)
    tab.open_thread(thread)
    tab.until_said(hook_config(thread, IDLE_CONFIG))
    tab.until_state("thread-live", "polling")
    tab.until_state("nav-live", "polling")
    assert set(tab.console()) == {setting_up("all"), hook_config(thread, IDLE_CONFIG)}


# 2. Test thread real-time updates


def test_a_thread_shows_its_credits(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    tab.until_cost("thread-credits", Decimal("12.345678"))
    assert tab.text("thread-credits") == "1,235"


def test_the_thread_follows_its_agent_from_idle_to_running_and_back(tab: Tab, customer: Customer, thread: UUID) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    assert_thread_is(tab, "idle")
    customer.start_agent(thread)
    tab.until_is(lambda: tab.prop("agent-status"), "running", "the agent's status", MOMENT)
    assert_thread_is(tab, "running")
    tab.until_said(hook_config(thread, RUNNING_CONFIG))
    customer.stop_agents(thread)
    tab.until_is(lambda: tab.prop("agent-status"), "idle", "the agent's status", MOMENT)
    assert_thread_is(tab, "idle")
    tab.until(lambda: tab.console().count(hook_config(thread, IDLE_CONFIG)) == 2, "the configuration of an idle agent")


def assert_thread_is(tab: Tab, status: str) -> None:
    period, words = (10, "runs") if status == "running" else (30, "is idle")
    tab.until_text("thread-frequency", f"every {period} s while the agent {words}")
    tab.until_text("thread-agent", f"Agent {status}")
    tab.until_is(lambda: tab.prop("thread-interval", "interval"), period * 1000, "the thread's interval")
    tab.until_is(lambda: "pulsing" in tab.classes("thread-live"), status == "running", "the dot's pulse")
    animation = tab.style("#thread-live", "animation-name", "::before")
    assert (animation != "none") == (status == "running")


def test_asking_alone_follows_every_10_s_while_the_agent_runs_and_every_30_s_after(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    tab.before_pages(NO_STREAM + NOTED_ASKS)
    customer.start_agent(thread)
    tab.open_thread(thread, f"?scope={account}")
    until_periods(tab, "thread-answer", 10, 2)
    until_periods(tab, "nav-answer", 10, 2)
    customer.call(thread, account, "0.5")
    tab.until_cost("thread-credits", Decimal("12.845678"), 2 * 10 / FASTER)
    tab.until_cost("nav-credits", Decimal("12.845678"), 2 * 10 / FASTER)
    customer.stop_agents(thread)
    until_periods(tab, "thread-answer", 30, 1)
    until_periods(tab, "nav-answer", 30, 1)
    assert "pulsing" not in tab.classes("thread-live")


def until_periods(tab: Tab, answer: str, seconds: float, count: int) -> None:
    """The page's last few requests for that card came at these distances, in its own, faster seconds."""

    def periods() -> list[float]:
        asked = [at for output, at in tab.script("return window.asks") if output.startswith(answer)]
        return [after - before for before, after in pairwise(asked)][-count:]

    def steady() -> bool:
        found = periods()
        return len(found) == count and all(abs(period - seconds) < seconds / 4 for period in found)

    tab.until(steady, f"{answer} to be asked for every {seconds} s; its last periods: {periods()}")


def test_the_dot_is_green_only_when_live(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    tab.until_state("nav-live", "live")
    live = tab.style("#nav-live .dot", "background-color")
    assert tab.style("#thread-live .dot", "background-color") == live
    assert is_green(live)
    tab.before_pages(NO_STREAM)
    tab.open_thread(thread)
    tab.until_state("thread-live", "polling")
    assert not is_green(tab.style("#thread-live .dot", "background-color"))


def is_green(colour: str) -> bool:
    red, green, blue = (int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return green > 1.2 * max(red, blue)


# 3. Test navigation bar real-time updates


def test_an_agent_used_in_another_window_updates_the_navigation(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    tab.open_threads(f"?scope={account}")
    tab.until_state("nav-live", "live")
    assert tab.text("nav-credits") == "1,235"
    assert_navigation_is(tab, "idle")
    first = tab.another()
    tab.open_thread(thread)
    customer.start_agent(thread)
    customer.call(thread, account, "1")
    tab.until_cost("thread-credits", Decimal("13.345678"), MOMENT)
    tab.close_and_return(first)
    tab.until_cost("nav-credits", Decimal("13.345678"), MOMENT)
    assert_navigation_is(tab, "running")
    customer.stop_agents(thread)
    tab.until_is(lambda: tab.prop("nav-agent-status"), "idle", "the agents' status", MOMENT)
    assert_navigation_is(tab, "idle")


def assert_navigation_is(tab: Tab, status: str) -> None:
    period = 10 if status == "running" else 30
    tab.until_text("nav-frequency", f"every {period} s")
    tab.until_text("nav-live", "Live")
    tab.until_is(lambda: tab.prop("nav-interval", "interval"), period * 1000, "the navigation's interval")
    tab.until_is(lambda: "pulsing" in tab.classes("nav-live"), status == "running", "the dot's pulse")
    assert tab.prop("subscription-interval", "interval") == 120_000


def test_another_accounts_agent_pulses_for_all_accounts_only(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    other = customer.account()
    customer.start_agent(customer.thread(other))
    tab.open_threads(f"?scope={account}")
    tab.until_state("nav-live", "live")
    assert_navigation_is(tab, "idle")
    tab.open_threads("?scope=all")
    tab.until_state("nav-live", "live")
    assert_navigation_is(tab, "running")


# 4. Test manual refresh


@pytest.mark.parametrize("card", ["thread", "nav"])
def test_a_refresh_shows_the_truth_at_once_past_every_cache(
    tab: Tab, customer: Customer, thread: UUID, account: UUID, card: str
) -> None:
    tab.before_pages(NO_STREAM)
    tab.open_thread(thread, f"?scope={account}")
    tab.until_cost(f"{card}-credits", Decimal("12.345678"))
    before, asked = updated(tab, card), tab.asked(card)
    customer.call(thread, account, "0.25")
    tab.click(f"{card}-refresh")
    tab.until_cost(f"{card}-credits", Decimal("12.595678"), MOMENT)
    tab.until(lambda: updated(tab, card) > before, "a later time")
    assert tab.prop(f"{card}-request")["force"] is True
    assert tab.asked(card) > asked
    tab.until_said(
        f"[useThreadTokenUsage] Refresh: invalidated thread-usage {thread}"
        if card == "thread"
        else f"[useUsageRealtime] Refresh: invalidated nav-usage {account}, subscription {account}"
    )


def test_a_refresh_while_live_renews_the_time(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    before = updated(tab, "thread"), updated(tab, "nav")
    tab.click("thread-refresh")
    tab.until(lambda: updated(tab, "thread") > before[0], "a later time")
    tab.click("nav-refresh")
    tab.until(lambda: updated(tab, "nav") > before[1], "a later time")


# 5. Test database changes


def test_a_change_by_another_process_is_there_without_asking(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    tab.open_thread(thread, f"?scope={account}")
    tab.until_state("thread-live", "live")
    tab.until_state("nav-live", "live")
    asked = tab.asked("thread"), tab.asked("nav")
    before = updated(tab, "thread"), updated(tab, "nav")
    customer.call(thread, account, "0.000001")
    tab.until_cost("thread-credits", Decimal("12.345679"), MOMENT)
    tab.until_cost("nav-credits", Decimal("12.345679"), MOMENT)
    assert updated(tab, "thread") > before[0]
    assert updated(tab, "nav") > before[1]
    assert (tab.asked("thread"), tab.asked("nav")) == asked
    tab.until_said(f"[useUsageRealtime] Usage changed: invalidated thread-usage {thread}, nav-usage {account}")


def test_corrected_and_deleted_calls_are_taken_back(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    customer.call(thread, account, "1.5")
    tab.open_thread(thread, f"?scope={account}")
    tab.until_state("thread-live", "live")
    customer.connection.execute(
        "UPDATE usage_logs SET estimated_cost = 0.7 WHERE thread_id = %s AND estimated_cost = 1.5", (thread,)
    )
    tab.until_cost("thread-credits", Decimal("13.045678"), MOMENT)
    customer.connection.execute("DELETE FROM usage_logs WHERE thread_id = %s AND estimated_cost > 1", (thread,))
    tab.until_cost("thread-credits", Decimal("0.7"), MOMENT)
    tab.until_cost("nav-credits", Decimal("0.7"), MOMENT)


def test_a_change_that_is_rolled_back_never_shows(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    tab.open_thread(thread, f"?scope={account}")
    tab.until_state("thread-live", "live")
    tab.script(WATCHED, "thread-credits")
    with customer.connection.transaction(force_rollback=True):
        customer.call(thread, account, "100")
    customer.call(thread, account, "1")
    tab.until_cost("thread-credits", Decimal("13.345678"), MOMENT)
    assert {Decimal(cost) for cost in tab.script("return window.watched")} == {Decimal("13.345678")}


# Every exact cost that stands there from now on.
WATCHED = """
    const element = document.getElementById(arguments[0]);
    window.watched = [];
    new MutationObserver(() => window.watched.push(element.getAttribute("data-cost")))
        .observe(element, {attributes: true, attributeFilter: ["data-cost"]});
"""


def test_purchased_credits_are_shown_as_they_are_used(tab: Tab, customer: Customer, account: UUID) -> None:
    tab.open_threads(f"?scope={account}")
    tab.until_state("nav-live", "live")
    customer.buy(account, "25.50")
    tab.until_text("nav-purchased", " · 2,550 purchased", MOMENT)


def test_a_call_appears_in_the_log_and_on_the_chart(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-body", "ready")
    tab.until_state("thread-live", "live")
    tab.until(lambda: "1,234.6" in tab.text_of("#thread-log .ag-center-cols-container"), "the first call in the log")
    customer.call(thread, account, "7.77")
    tab.until(lambda: "777.0" in tab.text_of("#thread-log .ag-center-cols-container"), "the call in the log", MOMENT)
    tab.until_text("thread-calls", "2")
    tab.until_is(tab.charted, pytest.approx(2011.5678), "the end of the chart")


def test_a_tab_that_was_hidden_asks_and_is_live_again(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    tab.script(HIDE, "hidden")
    tab.until_state("thread-live", "paused")
    tab.until_state("nav-live", "paused")
    asked = tab.asked("thread")
    customer.call(thread, account, "1")
    tab.script(HIDE, "visible")
    tab.until_state("thread-live", "live")
    tab.until_cost("thread-credits", Decimal("13.345678"), MOMENT)
    tab.until(lambda: tab.asked("thread") > asked, "a request")


HIDE = """
    Object.defineProperty(document, "visibilityState", {value: arguments[0], configurable: true});
    document.dispatchEvent(new Event("visibilitychange"));
"""
