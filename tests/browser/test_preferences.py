"""What a person chooses: in every tab and in every browser at once, and as it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from selenium.webdriver.common.keys import Keys

from access.viewer import LOCAL
from data.engine import make_engine
from data.preferences import save
from tests.browser.chrome import chrome
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.servers import AppServer


@pytest.fixture(autouse=True)
def nothing_chosen(customer: Customer) -> Iterator[None]:
    """Others have the same server, and with it the same person."""
    yield
    customer.connection.execute("DELETE FROM creditpulse.preferences")


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account()


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    thread = customer.thread(account)
    customer.call(thread, account, "12.345678")
    return thread


@pytest.fixture
def other(tmp_path: Path, served: AppServer) -> Iterator[Tab]:
    """A second browser, as on another device."""
    with chrome(tmp_path / "another") as driver:
        yield Tab(driver, served.address)


def open_preferences(tab: Tab) -> None:
    tab.open("/preferences")
    tab.until(lambda: tab.prop("preferences-running", "value"), "the page to be filled in")


def choose(tab: Tab, name: str, value: str) -> None:
    tab.click(f"preferences-{name}-{value}")
    tab.until(lambda: tab.attribute(f"preferences-{name}-{value}", "aria-pressed") == "true", f"{value} to be chosen")
    tab.until_text("preferences-word", "Saved")


def enter(tab: Tab, name: str, text: str) -> None:
    field = tab.find(f"#preferences-{name}")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text, Keys.ENTER)


def value(tab: Tab, name: str) -> str:
    return str(tab.script("return document.getElementById(arguments[0]).value", f"preferences-{name}"))


def save_elsewhere(customer: Customer, **choices: Any) -> None:
    """As another device does."""
    engine = make_engine(customer.url, pool_size=1)
    with engine.begin() as connection:
        save(connection, LOCAL.name, choices)
    engine.dispose()


def kept(customer: Customer, column: str) -> Any:
    return customer.row(f"SELECT max({column}) FROM creditpulse.preferences")[0]  # noqa: S608


def test_a_theme_is_in_every_tab_and_in_every_browser_at_once(tab: Tab, other: Tab, thread: UUID) -> None:
    for one in (tab, other):
        one.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "light"}])
    other.open_thread(thread)
    other.until_state("nav-live", "live")
    tab.open_thread(thread)
    first = tab.driver.current_window_handle
    tab.another()
    open_preferences(tab)
    choose(tab, "theme", "dark")
    for one, handle in ((other, None), (tab, first)):
        if handle:
            one.driver.switch_to.window(handle)
        one.until(lambda t=one: dark(t), "the dark theme")  # type: ignore[misc]
        one.until(lambda t=one: t.prop("thread-theme") == "dark", "the chart's dark theme")  # type: ignore[misc]
    other.open("/threads")  # its first paint, too
    assert other.script("return document.documentElement.outerHTML").startswith('<html lang="en" data-theme="dark"')
    assert not other.unexpected()


def dark(tab: Tab) -> bool:
    return "rgb(13, 16, 21)" in tab.style("body", "background-color")


def test_a_period_is_asked_by_and_said_at_once(tab: Tab, other: Tab, customer: Customer, thread: UUID) -> None:
    customer.start_agent(thread)
    other.open_thread(thread)
    other.until_state("nav-live", "live")
    other.until_is(lambda: other.prop("thread-interval", "interval"), 10000, "the period")
    open_preferences(tab)
    enter(tab, "running", "2")
    tab.until_is(lambda: value(tab, "running"), "2 s", "the field, once it is saved")
    enter(tab, "subscription", "1 min")
    for name, interval in (("thread-interval", 2000), ("nav-interval", 2000), ("subscription-interval", 60000)):
        other.until_is(lambda n=name: other.prop(n, "interval"), interval, name)  # type: ignore[misc]
    other.until_text("thread-frequency", "every 2 s while the agent runs")
    asked = other.asked("thread")
    other.until(lambda: other.asked("thread") >= asked + 2, "two requests", 6)
    other.until_said(
        f"[useThreadTokenUsage] Hook config for thread {thread}: "
        "{ agentStatus: 'running', staleTime: '1s', refetchInterval: '2s' }"
    )


@pytest.mark.parametrize(("text", "words"), [("1", "too short"), ("11 min", "too long"), ("soon", "Write a time")])
def test_what_cannot_be_a_period_stays_in_its_field_with_the_reason(
    tab: Tab, customer: Customer, text: str, words: str
) -> None:
    open_preferences(tab)
    enter(tab, "idle", text)
    tab.until(lambda: words in tab.text_of("#preferences-error-idle_seconds"), "the reason")
    assert "from 2 s to 10 min" in tab.text_of("#preferences-error-idle_seconds")
    assert tab.text("preferences-word") == "Not saved, see below"
    save_elsewhere(customer, theme="dark")
    tab.until(lambda: tab.attribute("preferences-theme-dark", "aria-pressed") == "true", "what another device chose")
    assert value(tab, "idle") == text
    assert kept(customer, "idle_seconds") is None
    enter(tab, "idle", "45 s")
    tab.until_text("preferences-word", "Saved")
    assert not tab.shown("#preferences-error-idle_seconds")
    assert kept(customer, "idle_seconds") == 45


def test_without_a_stream_cards_say_paused_and_are_asked_for_all_the_same(
    tab: Tab, other: Tab, customer: Customer, account: UUID, thread: UUID
) -> None:
    other.open_thread(thread, f"?scope={account}")
    other.until_state("thread-live", "live")
    open_preferences(tab)
    enter(tab, "idle", "2 s")
    tab.until_text("preferences-word", "Saved")
    choose(tab, "live_stream", "off")
    other.until_state("thread-live", "paused")
    other.until_text("thread-frequency", "every 2 s while the agent is idle")
    assert other.text("nav-live-word") == "Paused"
    customer.call(thread, account, "1")
    other.until_cost("thread-credits", customer.cost(thread))
    assert other.attribute("thread-live", "data-state") == "paused"
    choose(tab, "live_stream", "on")  # and a poll brings that
    other.until_state("thread-live", "live")


def test_a_reset_brings_everything_back_and_can_be_undone(tab: Tab, customer: Customer) -> None:
    open_preferences(tab)
    assert tab.prop("preferences-reset", "disabled") is True
    enter(tab, "running", "25 s")
    tab.until_text("preferences-word", "Saved")
    choose(tab, "theme", "dark")
    tab.click("preferences-reset")
    tab.until_is(lambda: value(tab, "running"), "10 s", "the field")
    assert tab.attribute("preferences-theme-system", "aria-pressed") == "true"
    assert (kept(customer, "running_seconds"), kept(customer, "theme")) == (None, None)
    tab.until(lambda: tab.shown("#preferences-undo"), "a way back")
    tab.click("preferences-undo")
    tab.until_is(lambda: value(tab, "running"), "25 s", "the field")
    tab.until(lambda: dark(tab), "the theme")
    assert not tab.shown("#preferences-undo")
    assert kept(customer, "idle_seconds") is None


def test_the_page_is_used_by_keys_alone(tab: Tab) -> None:
    open_preferences(tab)
    tab.script("document.getElementById('preferences-running').focus()")
    seen = []
    for _ in range(12):
        tab.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(str(tab.script("return document.activeElement.id")))
        if seen[-1] == "preferences-live_stream-off":
            tab.driver.switch_to.active_element.send_keys(Keys.SPACE)
    tab.until(lambda: tab.attribute("preferences-live_stream-off", "aria-pressed") == "true", "it to be pressed")
    tab.until_state("nav-live", "paused")
    assert seen[:4] == ["preferences-idle", "preferences-subscription", *SWITCH]
    assert "preferences-zone" in seen


SWITCH = ["preferences-live_stream-on", "preferences-live_stream-off"]


def test_figures_are_in_dollars_everywhere_at_once(tab: Tab, other: Tab, account: UUID, thread: UUID) -> None:
    other.open_thread(thread)
    other.until_state("thread-body", "ready")
    other.until_text("thread-credits", "1,235")
    open_preferences(tab)
    choose(tab, "unit", "dollars")
    other.until_text("thread-credits", "$12.35")
    assert other.attribute("thread-credits", "data-cost") == "12.345678"
    other.until_text("thread-label", "Cost")
    other.until(lambda: (other.text("nav-credits") or "").startswith("$"), "dollars in the navigation")
    other.until(lambda: "Cost over time" in other.text_of("main"), "the page in dollars")
    other.until_state("thread-body", "ready")
    other.until(lambda: "$12.3457" in other.text_of("#thread-log .ag-center-cols-container"), "the call in dollars")
    other.until(lambda: "$12.3457" in other.text_of("#thread-models"), "the model in dollars")
    assert other.charted() == pytest.approx(12.345678)
    assert "credits" not in other.text_of(".thread-body").lower()
    for path, selector in (
        ("/threads", "#threads-grid"),
        (f"/?scope={account}", "#overview-threads"),
        ("/accounts", "#accounts-grid"),
    ):
        other.open(path)
        other.until(lambda s=selector: "$12.35" in other.text_of(s), f"dollars on {path}")  # type: ignore[misc]
    choose(tab, "unit", "credits")
    other.until(lambda: "1,235" in other.text_of("#accounts-grid"), "credits again")


def test_a_zone_is_that_of_every_page_whose_address_names_no_other(tab: Tab, other: Tab, thread: UUID) -> None:
    other.command("Emulation.setTimezoneOverride", timezoneId="America/New_York")
    other.open("/")  # which writes the usual zone into its address
    other.until(lambda: "zone=America/New_York" in other.path(), "the browser's zone")
    other.driver.switch_to.new_window("tab")
    other.open_thread(thread, "?zone=Asia/Tokyo")
    open_preferences(tab)
    tab.click("preferences-zone")
    tab.find(".dash-dropdown-search").send_keys("Kathmandu")
    tab.until(lambda: "Asia/Kathmandu" in tab.text_of(".dash-dropdown-options"), "the zone among them")
    next(one for one in tab.find_all(".dash-dropdown-option") if "Kathmandu" in one.text).click()
    tab.until_text("preferences-word", "Saved")
    tab.until(lambda: "Asia/Kathmandu" in tab.text_of("#preferences-effect-zone"), "what it does")
    updated = datetime.fromisoformat(other.attribute("thread-updated", "datetime") or "")
    assert f"{updated.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M:%S}" in (other.text("thread-updated") or "")
    other.driver.switch_to.window(other.driver.window_handles[0])
    other.until(lambda: "zone=Asia/Kathmandu" in other.path(), "the zone that is preferred")
    other.open_thread(thread)
    updated = datetime.fromisoformat(other.attribute("thread-updated", "datetime") or "")
    assert f"{updated.astimezone(ZoneInfo('Asia/Kathmandu')):%H:%M:%S}" in (other.text("thread-updated") or "")


def test_nothing_moves_where_less_motion_is_preferred(tab: Tab, other: Tab, customer: Customer, thread: UUID) -> None:
    customer.start_agent(thread)
    other.open_thread(thread)
    other.until(lambda: "pulsing" in other.classes("thread-live"), "the pulse")
    assert other.style("#thread-live", "animation-name", "::before") == "pulse"
    open_preferences(tab)
    choose(tab, "reduced_motion", "reduced")
    other.until_is(lambda: other.style("#thread-live", "animation-name", "::before"), "none", "the pulse")
