"""Narrow screens, and both themes."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.customer import Customer
from tests.browser.tab import Tab

PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
Open = Callable[[Tab], None]


@pytest.fixture
def thread(customer: Customer) -> UUID:
    account = customer.account("An account with a rather long name, Incorporated")
    thread = customer.thread(account, "A thread with a rather long title that wants more room than a phone has")
    customer.call(thread, account, "1234.567891")
    return thread


def test_nothing_but_grids_scrolls_sideways_on_a_phone(tab: Tab, thread: UUID) -> None:
    tab.expect(FAILED_REQUEST)  # the browser's own line about the 404
    tab.command("Emulation.setDeviceMetricsOverride", **PHONE)
    tab.open_threads()
    assert width(tab) <= 390
    tab.open_thread(thread)
    tab.until_state("thread-body", "ready")
    assert width(tab) <= 390
    tab.open("/nowhere")
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")
    assert width(tab) <= 390


def width(tab: Tab) -> int:
    return int(tab.script("return document.scrollingElement.scrollWidth"))


def test_the_usage_card_is_one_line_that_opens_on_a_tap(tab: Tab, thread: UUID) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", **PHONE)
    tab.command("Emulation.setTouchEmulationEnabled", enabled=True)
    tab.open_thread(thread)
    seen = ["#nav-credits", "#nav-live", "#nav-refresh"]
    folded = ["#nav-plan", "#nav-tokens", "#nav-updated"]
    assert [tab.shown(part) for part in seen + folded] == [True] * 3 + [False] * 3
    line = height(tab)
    tab.tap("#nav-credits")
    tab.until(lambda: all(tab.shown(part) for part in seen + folded), "the card to open")
    assert tab.attribute("nav-toggle", "aria-expanded") == "true"
    assert height(tab) > line
    asked = tab.asked("nav")
    tab.tap("#nav-refresh")
    tab.until(lambda: tab.asked("nav") > asked, "a request")
    assert tab.attribute("nav-toggle", "aria-expanded") == "true"
    tab.tap("#nav-credits")
    tab.until(lambda: not any(tab.shown(part) for part in folded), "the card to close")


def height(tab: Tab) -> int:
    return int(tab.script("return document.getElementById('nav-card').offsetHeight"))


def test_light_and_dark_are_both_drawn(tab: Tab, thread: UUID) -> None:
    backgrounds, texts = {}, {}
    for theme in ("light", "dark"):
        tab.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
        tab.open_thread(thread)
        tab.until_state("thread-body", "ready")
        backgrounds[theme] = brightness(tab.style("body", "background-color"))
        texts[theme] = brightness(tab.style("#thread-credits", "color"))
        tab.until(lambda: tab.find_all("#thread-timeline .main-svg"), "the chart")
    assert backgrounds["light"] > 200 > 60 > backgrounds["dark"]
    assert texts["light"] < 60 < 200 < texts["dark"]


def brightness(colour: str) -> float:
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3
