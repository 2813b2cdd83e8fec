"""Many tabs of one browser on one server: they share one stream and one poll, whatever becomes of who has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.fixtures import MakeTab
from tests.browser.scripts import METERED, NO_LOCKS, NO_MINUTE, NO_STREAM, NOTED_ASKS, NOTED_SOCKETS, hasty
from tests.browser.tab import Tab, business
from tests.servers import AppServer
from tests.web_proxy import STREAMS, WebProxy

TABS = 8
SOON = 2.0  # seconds within which another tab leads
LEADS = "return window.dash_clientside.tabs.leads()"
OPEN = "return window.sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length"


@dataclass
class Windows:
    """Several windows that show the same thread side by side; none of them hides another."""

    tab: Tab
    way: WebProxy
    thread: UUID
    account: UUID
    handles: list[str] = field(default_factory=list)

    def open(self, script: str = "", kind: str = "window") -> str:
        """One more, in which the script runs first; with `kind` tab it hides the one before."""
        if self.handles:
            self.tab.driver.switch_to.new_window(kind)
        self.handles.append(self.tab.driver.current_window_handle)
        self.tab.before_pages(NOTED_SOCKETS + script)
        self.tab.open_thread(self.thread, f"?scope={self.account}")
        return self.handles[-1]

    @contextmanager
    def at(self, handle: str) -> Iterator[Tab]:
        self.tab.driver.switch_to.window(handle)
        yield self.tab

    def each(self, read: Callable[[Tab], object]) -> list[object]:
        found = []
        for handle in self.handles:
            with self.at(handle) as tab:
                found.append(read(tab))
        return found

    def streams(self) -> list[int]:
        return [int(str(count)) for count in self.each(lambda tab: tab.script(OPEN))]

    def leading(self) -> list[bool]:
        return [bool(leads) for leads in self.each(lambda tab: tab.script(LEADS))]

    def leaders(self) -> list[str]:
        return [handle for handle, leads in zip(self.handles, self.leading(), strict=True) if leads]

    def until_shared(self, cost: str) -> str:
        """Each is live and shows that, and one has the stream for all; which."""
        for handle in self.handles:
            with self.at(handle) as tab:
                tab.until_state("thread-live", "live")
                tab.until_cost("thread-credits", Decimal(cost))
                tab.until_cost("nav-credits", Decimal(cost))
        self.tab.until(self.is_shared, "one stream for all, which the leader has")
        (leader,) = self.leaders()
        return leader

    def is_shared(self) -> bool:
        """A new leader is live on the last one's word for a moment, before its own stream is there."""
        return self.streams() == [int(leads) for leads in self.leading()] and self.streams_there() == 1

    def streams_there(self) -> int:
        """As the server has them."""
        return self.way.order(lambda: sum(link.path in STREAMS for link in self.way.links))

    def close(self, handle: str) -> None:
        with self.at(handle):
            self.tab.driver.close()
        self.handles.remove(handle)
        self.tab.driver.switch_to.window(self.handles[0])


@pytest.fixture
def way(served: AppServer) -> Iterator[WebProxy]:
    """From the browser to the server."""
    with WebProxy(("127.0.0.1", served.port)) as proxy:
        yield proxy


@pytest.fixture
def tab(make_tab: MakeTab, way: WebProxy) -> Tab:
    tab = make_tab(way)
    tab.expect(FAILED_REQUEST)  # where a page was closed while it asked
    return tab


@pytest.fixture
def windows(tab: Tab, way: WebProxy, customer: Customer) -> Windows:
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account, "1")
    return Windows(tab, way, thread, account)


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


def test_three_windows_have_one_stream_and_each_shows_a_change(windows: Windows, customer: Customer) -> None:
    for _ in range(3):
        windows.open()
    windows.until_shared("1.000000")
    customer.call(windows.thread, windows.account, "2")
    windows.until_shared("3.000000")


def test_without_web_locks_each_window_has_its_own(windows: Windows) -> None:
    for _ in range(2):
        windows.open(NO_LOCKS)
    windows.each(lambda tab: tab.until_state("thread-live", "live"))
    assert windows.streams() == [1, 1]
    assert windows.streams_there() == 2


def test_when_the_leader_is_closed_another_feeds_the_rest_within_two_seconds(
    windows: Windows, customer: Customer
) -> None:
    for _ in range(3):
        windows.open()
    windows.close(windows.until_shared("1.000000"))
    began = time.monotonic()
    customer.call(windows.thread, windows.account, "1")
    with windows.at(windows.handles[1]) as tab:
        tab.until_cost("thread-credits", Decimal("2.000000"))
    assert time.monotonic() - began < SOON * business()
    windows.until_shared("2.000000")


def test_a_hidden_leader_hands_over_to_the_tab_that_is_shown(windows: Windows, customer: Customer) -> None:
    first, second = windows.open(), windows.open(kind="tab")
    for handle in (second, first, second):
        with windows.at(handle) as tab:
            tab.until(lambda: tab.script(LEADS), "the shown tab to lead", SOON)
            tab.until_state("thread-live", "live")
            tab.until_is(lambda: tab.script(OPEN), 1, "its streams")
    customer.call(windows.thread, windows.account, "1")
    with windows.at(second) as tab:
        tab.until_cost("thread-credits", Decimal("2.000000"))


def test_a_frozen_leader_is_replaced_and_follows_once_it_thaws(windows: Windows, customer: Customer) -> None:
    for _ in range(2):
        windows.open()
    frozen = windows.until_shared("1.000000")
    (other,) = set(windows.handles) - {frozen}
    with windows.at(frozen) as tab:
        tab.command("Page.setWebLifecycleState", state="frozen")
    customer.call(windows.thread, windows.account, "1")
    with windows.at(other) as tab:
        tab.until(lambda: tab.script(LEADS), "another to lead", SOON)
        tab.until_cost("thread-credits", Decimal("2.000000"))
    with windows.at(frozen) as tab:
        tab.command("Page.setWebLifecycleState", state="active")
        tab.driver.minimize_window()  # freezing has hidden it, and only this shows it again
        tab.driver.set_window_rect(0, 0, 1280, 900)
    assert windows.until_shared("2.000000") == other


# So that nothing runs there, nor says that it does not: as a page that is frozen without a warning.
BUSY = "setTimeout(() => { const end = Date.now() + arguments[0]; while (Date.now() < end); });"


def test_a_leader_that_hangs_is_robbed_and_follows_once_it_is_back(windows: Windows, customer: Customer) -> None:
    for _ in range(2):
        windows.open()
    hanging = windows.until_shared("1.000000")
    (other,) = set(windows.handles) - {hanging}
    hang_seconds = 6 * business()
    with windows.at(hanging) as tab:
        tab.script(BUSY, 1000 * hang_seconds)
    began = time.monotonic()
    customer.call(windows.thread, windows.account, "1")
    with windows.at(other) as tab:
        tab.until(lambda: tab.script(LEADS), "another to lead", 1.5 + SOON)
        tab.until_state("thread-live", "live")
        tab.until_cost("thread-credits", Decimal("2.000000"))
    assert time.monotonic() - began < hang_seconds, "the leader was back before it was robbed"
    assert windows.until_shared("2.000000") == other


def test_a_refresh_in_one_window_refreshes_the_other_by_the_same_answer(windows: Windows, customer: Customer) -> None:
    first, second = windows.open(NO_STREAM), windows.open(NO_STREAM)
    with windows.at(second) as tab:
        tab.until(lambda: tab.prop("nav-answer"), "the first answers")
        asked = tab.asked("thread")
    customer.call(windows.thread, windows.account, "1")
    with windows.at(first) as tab:
        tab.click("thread-refresh")
        tab.until_cost("thread-credits", Decimal("2.000000"))
    with windows.at(second) as tab:
        tab.until_cost("thread-credits", Decimal("2.000000"), SOON)
        assert tab.asked("thread") == asked


def test_windows_ask_once_between_them(windows: Windows, customer: Customer) -> None:
    customer.start_agent(windows.thread)
    for _ in range(3):
        windows.open(NO_STREAM + NOTED_ASKS)
    windows.each(lambda tab: tab.until_text("thread-frequency", "every 10 s while the agent runs"))

    def asked(card: str) -> list[float]:
        script = f"return window.asks.filter(([output]) => output.startsWith('{card}-answer')).length"
        return [float(str(count)) for count in windows.each(lambda tab: tab.script(script))]

    windows.each(lambda tab: tab.until(lambda: tab.prop("thread-answer"), "an answer"))
    before, began = sum(asked("thread")), time.monotonic()
    windows.tab.until(lambda: sum(asked("thread")) >= before + 5, "five more requests")
    periods = (time.monotonic() - began) / 2  # intervals run five times as fast
    assert periods >= 3.5, f"5 requests in {periods:.1f} periods"


def test_a_hidden_tab_gives_up_its_stream_after_a_minute_and_is_right_when_it_is_back(
    windows: Windows, customer: Customer
) -> None:
    first = windows.open(NO_MINUTE)
    windows.until_shared("1.000000")
    windows.tab.driver.switch_to.new_window("tab")  # an empty one, which hides the first
    customer.call(windows.thread, windows.account, "1")
    # To look is to show it: what it says is what it was when it was hidden, and so is when its stream ended.
    with windows.at(first) as tab:
        tab.until_cost("thread-credits", Decimal("2.000000"), SOON)
        tab.until_state("thread-live", "live", SOON)
        assert tab.script("return window.sockets.length") == 2
        assert tab.script(OPEN) == 1


def test_after_five_minutes_without_input_it_asks_less_often_and_says_so(windows: Windows) -> None:
    windows.open(NO_STREAM + hasty(60))
    tab = windows.tab
    tab.until_text("nav-frequency", "every 2 min")
    tab.until_text("thread-frequency", "every 2 min while the agent is idle")
    assert tab.prop("nav-interval", "interval") == tab.prop("thread-interval", "interval") == 120_000
    tab.until_is(lambda: tab.prop("subscription-interval", "interval"), 480_000, "the interval of the subscription")
    asked = tab.asked("nav")
    tab.command("Input.dispatchMouseEvent", type="mouseMoved", x=200, y=200)
    tab.until_text("nav-frequency", "every 30 s")
    tab.until_is(lambda: tab.prop("nav-interval", "interval"), 30_000, "the interval")
    tab.until(lambda: tab.asked("nav") > asked, "a request", SOON)


def test_where_data_is_dear_it_asks_half_as_often_and_says_so(windows: Windows) -> None:
    windows.open(METERED)
    tab = windows.tab
    tab.until_text("nav-frequency", "every 60 s")
    tab.until_text("thread-frequency", "every 60 s while the agent is idle")
    assert tab.prop("nav-interval", "interval") == tab.prop("thread-interval", "interval") == 60_000
    assert tab.prop("subscription-interval", "interval") == 240_000
    tab.until_state("nav-live", "live")
