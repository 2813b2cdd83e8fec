"""Every element that contracts.md promises, on its page, with figures that equal SQL on the raw tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.scripts import NOTED_ASKS
from tests.browser.tab import Tab, credits_text

TICK_SECONDS = 9  # of the page's sped-up time

NAVIGATION = {
    "nav-credits", "nav-tokens", "nav-plan", "nav-live", "nav-updated", "nav-frequency", "nav-refresh", "nav-account",
}  # fmt: skip
THREAD = {
    "thread-credits", "thread-tokens", "thread-agent", "thread-live", "thread-updated", "thread-frequency",
    "thread-refresh", "thread-timeline", "thread-log",
}  # fmt: skip
# Without anything to see.
PROPERTIES = {
    "nav-interval": "interval", "subscription-interval": "interval", "nav-usage": "data", "nav-agent-status": "data",
    "thread-interval": "interval", "thread-usage": "data", "agent-status": "data",
}  # fmt: skip


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account()


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    thread = customer.thread(account, "A thread of many calls")
    for cents in range(1, 41):
        customer.call(thread, account, f"0.{cents:02}0007")
    customer.call(thread, account, "9.000001")
    return thread


@pytest.mark.parametrize("path", ["/", "/threads", "/threads/{thread}", "/accounts", "/accounts/{account}", "/nowhere"])
def test_every_page_has_the_navigation_and_only_threads_have_theirs(
    tab: Tab, thread: UUID, account: UUID, path: str
) -> None:
    if path == "/nowhere":
        tab.expect(FAILED_REQUEST)  # the browser's own line about the 404
    tab.open(path.format(thread=thread, account=account))
    tab.await_figures("nav-credits")
    tab.until(lambda: tab.prop("page-shown"), "the page")
    there = set(tab.script("return [...document.querySelectorAll('[id]')].map(element => element.id)"))
    assert there >= NAVIGATION
    has_thread = path == "/threads/{thread}"
    assert there & THREAD == (THREAD if has_thread else set())
    for name, prop in PROPERTIES.items():
        is_there = has_thread or not name.startswith(("thread", "agent"))
        if is_there:
            tab.until(lambda n=name, p=prop: tab.prop(n, p) is not None, f"{name}.{prop}")  # type: ignore[misc]
        else:
            assert tab.prop(name, prop) is None, name


def test_the_threads_figures_are_those_of_the_raw_table(tab: Tab, customer: Customer, thread: UUID) -> None:
    calls, prompt, completion, tokens, cost = customer.totals(thread)
    tab.open_thread(thread)
    tab.until_cost("thread-credits", cost)
    assert tab.text("thread-credits") == credits_text(cost) == "1,720"
    assert tab.text("thread-cost") == f"${cost}"
    figures = [tab.text(f"thread-{name}") for name in ("calls", "prompt", "completion", "tokens")]
    assert figures == [f"{number:,}" for number in (calls, prompt, completion, tokens)]
    tab.until_is(lambda: tab.prop("thread-usage")["cost"], str(cost), "the store")


def test_the_navigations_figures_are_those_of_the_raw_table(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    for query, scope in ((f"?scope={account}", account), ("", None)):
        tokens, cost = customer.month(scope)
        tab.open_threads(query)
        tab.until_cost("nav-credits", cost)
        assert tab.text("nav-tokens") == f"{tokens:,} tokens"
        assert tab.prop("nav-usage")["scope"] == (str(scope) if scope else "all")


def test_a_plan_shows_its_allowance_of_its_period(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    now = datetime.now(UTC)
    customer.connection.execute(
        "INSERT INTO creditpulse.subscriptions (user_id, plan, status, credits_included, period_start, period_end)"
        " VALUES (%s, 'Pro', 'active', 12000, %s, %s)",
        (account, now - timedelta(days=3), now + timedelta(days=27)),
    )
    customer.connection.execute(
        "UPDATE usage_logs SET created_at = now() - interval '5 days' WHERE thread_id = %s AND estimated_cost > 1",
        (thread,),
    )
    tab.open_threads(f"?scope={account}")
    tab.until_text("nav-plan", "of 12,000 · Pro plan")
    tab.until_cost("nav-credits", customer.cost(thread) - Decimal("9.000001"))


def test_times_are_the_databases_and_are_written_in_local_time(tab: Tab, customer: Customer, thread: UUID) -> None:
    tab.command("Emulation.setTimezoneOverride", timezoneId="Asia/Kathmandu")
    before = database_clock(customer)
    tab.open_thread(thread)
    for name in ("thread-updated", "nav-updated"):
        assert tab.script("return document.getElementById(arguments[0]).tagName", name) == "TIME"
        shown = datetime.fromisoformat(tab.attribute(name, "datetime") or "")
        assert before <= shown <= database_clock(customer)
        local = shown + timedelta(hours=5, minutes=45)
        tab.until_text(name, f"{local:%H:%M:%S}")


def database_clock(customer: Customer) -> datetime:
    found: datetime = customer.row("SELECT clock_timestamp()")[0]
    return found


def test_what_is_live_explains_itself(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    explained = set()
    for name in ("thread-refresh", "thread-live", "thread-frequency", "nav-refresh", "nav-live", "nav-frequency"):
        tab.hover("h1")
        tab.until(lambda: not tab.shown(".tooltip"), "no tooltip")
        tab.hover(f"#{name}")
        tab.until(lambda: len(tab.text_of(".tooltip")) > 30, f"the tooltip of {name}")
        explained.add(tab.text_of(".tooltip"))
    assert any("pulses while the agent runs" in text for text in explained)
    assert any("every 10 s while the agent runs, else 30 s" in text for text in explained)


def test_a_thread_without_calls_says_so_and_begins_with_the_first(tab: Tab, customer: Customer, account: UUID) -> None:
    thread = customer.thread(account, "Nothing yet")
    tab.open_thread(thread)
    tab.until_state("thread-body", "empty")
    tab.until_state("thread-live", "live")
    assert tab.text("thread-credits") == "0"
    assert "No calls yet" in tab.text_of("main")
    customer.call(thread, account, "0.25")
    tab.until_state("thread-body", "ready")
    tab.until_is(tab.charted, 25.0, "the end of the chart")
    tab.until(lambda: "25.0" in tab.text_of("#thread-log .ag-center-cols-container"), "the call in the log")


def test_an_opened_thread_is_read_once_and_once_for_a_change(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    tab.before_pages(NOTED_ASKS)
    tab.open_thread(thread)
    tab.until_state("thread-body", "ready")
    tab.until_state("thread-live", "live")
    customer.call(thread, account, "1")
    tab.until_is(tab.charted, pytest.approx(1820.0288), "the end of the chart")
    assert (asks(tab, "..thread-figure"), asks(tab, "thread-answer")) == (2, 1)


def asks(tab: Tab, output: str) -> int:
    """How often it was asked for, ticks of the interval (here every 10 s at least) aside."""
    times = [at for asked, at in tab.script("return window.asks") if asked.startswith(output)]
    return sum(at - times[0] < TICK_SECONDS for at in times) if output == "thread-answer" else len(times)
