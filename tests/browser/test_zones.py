"""Times of a page that has no range: in the browser's zone, and in the one that is chosen, wherever they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from tests.browser.customer import Customer
from tests.browser.tab import Tab

FAR = "Asia/Kathmandu"


@pytest.fixture
def thread(customer: Customer) -> UUID:
    account = customer.account()
    thread = customer.thread(account)
    customer.call(thread, account)
    customer.start_agent(thread)
    customer.stop_agents(thread)
    return thread


@pytest.fixture
def far_away(tab: Tab) -> Iterator[Tab]:
    tab.command("Emulation.setTimezoneOverride", timezoneId=FAR)
    yield tab
    tab.command("Emulation.setTimezoneOverride", timezoneId="")


def test_every_time_of_a_page_follows_the_chosen_zone(far_away: Tab, thread: UUID) -> None:
    tab = far_away
    tab.open_thread(thread)
    tab.until_state("thread-body", "ready")
    tab.until(lambda: tab.shown("#view-utc"), "the zone, on a page without a range")
    assert not tab.shown("#view-compare")
    for zone in (FAR, "UTC", FAR):
        for place, of in PLACES.items():
            tab.until(lambda p=place, o=of, z=zone: in_zone(tab, p, o, z), f"{place} in {zone}")  # type: ignore[misc]
        tab.click("view-utc")
    tab.until(lambda: tab.path().endswith("zone=UTC"), "the zone in the address")


# What has the instant of each.
PLACES: dict[str, Callable[[Tab], str | None]] = {
    "#nav-updated": lambda tab: tab.attribute("nav-updated", "datetime"),
    "#thread-updated": lambda tab: tab.attribute("thread-updated", "datetime"),
    "#thread-runs time": lambda tab: str(tab.find("#thread-runs time").get_attribute("datetime")),
    "#thread-log .call-link": lambda tab: str(tab.script("return dash_ag_grid.getApi('thread-log')"
                                                         ".getDisplayedRowAtIndex(0).data.at")),
    "": lambda tab: str(tab.script("return dash_ag_grid.getApi('thread-log').getDisplayedRowAtIndex(0).data.at")),
}  # fmt: skip


def in_zone(tab: Tab, place: str, instant_of: Callable[[Tab], str | None], zone: str) -> bool:
    """Whether the time that stands there is its instant as that zone's clock shows it; without a place, the chart's."""
    chart = "return document.querySelector('#thread-timeline .js-plotly-plot').data[0].x[0]"
    text = tab.text_of(place) if place else str(tab.script(chart))
    local = datetime.fromisoformat(str(instant_of(tab))).astimezone(ZoneInfo(zone))
    return f"{local:%H:%M:%S}" in text
