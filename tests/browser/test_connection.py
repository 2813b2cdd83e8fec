"""How a page stays connected by ways that fail: WebSocket, server-sent events, the intervals, and back up again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.fixtures import MakeTab
from tests.browser.scripts import FASTER, NOTED_ASKS
from tests.browser.tab import Tab, business
from tests.servers import AppServer
from tests.web_proxy import EVENTS, SOCKETS, STREAMS, WebProxy

RIGHT_SECONDS = 3.0  # after the end of a fault
BEAT_SECONDS = 12.0  # for so long a beat may be called live

# Each state that the thread's dot has had.
NOTED_STATES = """
    window.states = [];
    new MutationObserver(() => {
        const state = document.getElementById("thread-live")?.dataset.state;
        if (state && window.states.at(-1) !== state) window.states.push(state);
    }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["data-state"]});
"""
# The page's socket can be made to say a thousand things a second; what is painted meanwhile is noted, and how late
# timers are.
FLOOD = """
    const Real = window.WebSocket;
    window.WebSocket = class extends Real {
        constructor(...all) { super(...all); window.socket = this; }
    };
    window.flood = (frame, count) => {
        const costs = [], lags = [];
        const observer = new MutationObserver((changes) => changes.forEach(({target}) => {
            if (target.id === "thread-credits" && costs.at(-1) !== target.dataset.cost) costs.push(target.dataset.cost);
        }));
        observer.observe(document.body, {subtree: true, attributes: true, attributeFilter: ["data-cost"]});
        const began = performance.now();
        let sent = 0, last = began;
        const timer = setInterval(() => {
            const now = performance.now();
            lags.push(now - last);
            last = now;
            for (; sent < Math.min(count, now - began); sent += 1) {
                const message = {...frame, version: frame.version + sent, cost: (1 + sent / 1000).toFixed(6)};
                window.socket.onmessage({data: JSON.stringify([message])});
            }
            if (sent === count && now - began > count + 300) {
                clearInterval(timer);
                window.flooded = {costs, longest: Math.max(...lags), seconds: (now - began) / 1000};
            }
        }, 5);
    };
"""


@pytest.fixture
def way(served: AppServer) -> Iterator[WebProxy]:
    """From the browser to the server."""
    with WebProxy(("127.0.0.1", served.port)) as proxy:
        yield proxy


@pytest.fixture
def tab(make_tab: MakeTab, way: WebProxy) -> Tab:
    tab = make_tab(way)
    tab.expect(FAILED_REQUEST)
    tab.before_pages(NOTED_STATES)
    return tab


@pytest.fixture
def thread(customer: Customer) -> UUID:
    """One that has used a dollar."""
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account, "1")
    return thread


def open_streams(way: WebProxy) -> list[str]:
    return way.order(lambda: sorted(link.path for link in way.links if link.path in STREAMS))


def spend(tab: Tab, customer: Customer, thread: UUID, cost: str, seconds: float = RIGHT_SECONDS) -> None:
    """A call of that cost, which has to be on the page so soon."""
    customer.call(thread, None, cost)
    tab.until_cost("thread-credits", customer.cost(thread), seconds)


def states(tab: Tab) -> list[str]:
    return list(tab.script("return window.states"))


def assert_never_but_live(tab: Tab) -> None:
    """Since it was live for the first time."""
    seen = states(tab)
    assert seen[seen.index("live") :] == ["live"]


def test_where_sockets_are_refused_events_keep_the_page_live_until_it_climbs_back(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    way.refuse_path(SOCKETS)
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    assert open_streams(way) == [EVENTS]
    spend(tab, customer, thread, "2")
    way.heal()
    tab.until_is(lambda: open_streams(way), [SOCKETS], "the open streams")
    spend(tab, customer, thread, "3")
    assert_never_but_live(tab)


def test_where_nothing_streams_the_page_polls_at_its_intervals_and_is_soon_right_after_that(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    for path in STREAMS:
        way.refuse_path(path)
    customer.start_agent(thread)
    tab.before_pages(NOTED_ASKS)
    tab.open_thread(thread)
    tab.until_is(lambda: tab.prop("thread-interval", "interval"), 10000, "the period")
    tab.until_state("thread-live", "polling")
    asked = tab.asked("thread")
    spend(tab, customer, thread, "2", 2 * 10 / FASTER + 2)
    assert tab.asked("thread") > asked
    assert tab.attribute("thread-live", "data-state") == "polling"
    assert "live" not in states(tab)
    way.heal()
    tab.until_state("thread-live", "live", RIGHT_SECONDS)
    spend(tab, customer, thread, "3")


def test_a_proxy_that_holds_streams_back_is_as_one_that_refuses_them(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    way.buffer()
    way.cut(SOCKETS)
    tab.until_state("thread-live", "polling")
    tab.until(lambda: way.requests[f"GET {EVENTS}"] > 0, "events to be tried")
    customer.call(thread, None, "2")
    assert tab.attribute("thread-live", "data-state") == "polling"
    way.heal()
    tab.until_state("thread-live", "live", RIGHT_SECONDS)
    tab.until_cost("thread-credits", Decimal("3.000000"), RIGHT_SECONDS)


def test_what_a_network_swallows_is_not_called_live_and_is_right_three_seconds_after(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    way.swallow()
    customer.call(thread, None, "2")
    began = time.monotonic()
    tab.until(lambda: tab.attribute("thread-live", "data-state") != "live", "not to be live", BEAT_SECONDS)
    assert time.monotonic() - began <= BEAT_SECONDS * business()
    tab.until_state("thread-live", "offline", RIGHT_SECONDS)
    assert tab.text("thread-credits") == "100"
    way.heal()
    tab.until_cost("thread-credits", Decimal("3.000000"), RIGHT_SECONDS)
    tab.until_state("thread-live", "live", RIGHT_SECONDS)


def test_a_cut_stream_is_back_before_a_person_has_noticed(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    for cost in ("1", "2"):
        assert way.cut(SOCKETS) == 1
        spend(tab, customer, thread, cost, 1.5)
    tab.until_state("thread-live", "live", RIGHT_SECONDS)


def test_a_stream_that_falls_silent_is_replaced_without_a_moment_of_polling(
    tab: Tab, way: WebProxy, customer: Customer, thread: UUID
) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    lost = way.order(lambda: [link for link in way.links if link.path == SOCKETS])
    for link in lost:
        link.lost = True
    tab.until(lambda: way.opened == 2, "another stream", BEAT_SECONDS)
    spend(tab, customer, thread, "2")
    # Of the silent one the browser hears no more than we do: it takes a minute over closing it.
    assert way.order(lambda: [link.path for link in way.links if link.path in STREAMS and not link.lost]) == [SOCKETS]
    assert_never_but_live(tab)


def test_a_thousand_events_a_second_neither_freeze_the_page_nor_end_on_an_old_value(
    tab: Tab, customer: Customer, thread: UUID
) -> None:
    tab.before_pages(FLOOD)
    tab.open_thread(thread)
    tab.until_state("thread-live", "live")
    usage = tab.prop("thread-usage")
    tab.script("window.flood(arguments[0], 3000)", {**usage, "version": usage["version"] + 1000})
    found = tab.until(lambda: tab.script("return window.flooded ?? null"), "the flood to end", 20)
    assert found["costs"][-1] == "3.999000"
    assert found["longest"] < 250 * business(), found
    assert len(found["costs"]) <= 10 * found["seconds"] + 2, found
    assert len(found["costs"]) > 5 * found["seconds"] / business(), found
    assert tab.cost("thread-credits") == Decimal("3.999000")
