"""The overview: which figures of which range and zone, that links and Back mean the same, that it moves by itself."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.customer import Customer
from tests.browser.scripts import NO_WORKER
from tests.browser.tab import Mouse, Tab, credits_text
from tests.database import workload

CHART = "#overview-credits-chart"
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account("Aster & Sons")


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    """With calls of 2 dollars now, and of 1 dollar 3 days and 40 days ago."""
    thread = customer.thread(account, "Sort the invoices")
    customer.call(thread, account, "2")
    for days in (3, 40):
        at = customer.row("SELECT (now() - make_interval(days => %s))::text", (days,))[0]
        workload.add_call(customer.connection, thread, account, cost="1", at=at)
    return thread


def open_overview(tab: Tab, query: str = "") -> None:
    tab.open(f"/{query}")
    until_drawn(tab)


def until_drawn(tab: Tab) -> None:
    tab.until_state("overview-credits", "ready")
    tab.until(lambda: tab.find_all(f"{CHART} .bars path"), "bars")


def drawn(tab: Tab) -> float:
    """The credits of all bars."""
    script = f"""const {{data}} = document.querySelector("{CHART} .js-plotly-plot");
        return data.filter(({{type}}) => type === "bar").flatMap(({{y}}) => [...y]).reduce((a, b) => a + b, 0)"""
    return float(tab.script(script))


def steps(tab: Tab) -> int:
    script = f"""return document.querySelector("{CHART} .js-plotly-plot").layout.meta.steps.length"""
    return int(tab.script(script))


def drag(tab: Tab, first: int, last: int) -> None:
    """Over the chart, from the middle of one step to that of another."""
    script = f"""const graph = document.querySelector("{CHART} .js-plotly-plot"), axis = graph._fullLayout.xaxis;
        const box = graph.querySelector(".nsewdrag").getBoundingClientRect();
        return [arguments[0], arguments[1]].map(step => Math.round(box.left + axis.d2p(step)))
            .concat(Math.round(box.top + box.height / 2))"""
    left, right, middle = tab.script(script, first, last)
    mouse = Mouse(tab.driver)
    mouse.w3c_actions.pointer_action.move_to_location(left, middle).pointer_down()
    mouse.w3c_actions.pointer_action.move_to_location((left + right) // 2, middle)
    mouse.w3c_actions.pointer_action.move_to_location(right, middle).pointer_up()
    mouse.perform()


def test_the_first_page_shows_what_was_spent(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}")
    tab.until_text("overview-figure-credits", "300")
    assert tab.attribute("overview-figure-credits", "data-cost") == "3.000000"
    assert drawn(tab) == pytest.approx(300)
    tab.until_text("overview-figure-active_threads", "1")
    tab.until(lambda: "Sort the invoices" in tab.text_of("#overview-threads"), "the thread among the dearest")
    assert tab.attribute("nav-link-overview", "class") == "nav-link on"


def test_a_range_is_in_the_address_and_back_and_a_link_show_the_same(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.find("#view-range-24h").click()
    tab.until_text("overview-figure-credits", "200")
    tab.until_is(lambda: steps(tab), 24, "the hours")
    link = tab.path()
    assert link == f"/?scope={account}&zone=UTC&range=24h"
    tab.find("#view-range-90d").click()
    tab.until_text("overview-figure-credits", "400")
    tab.driver.back()
    tab.until_text("overview-figure-credits", "200")
    assert tab.path() == link
    assert tab.attribute("view-range-24h", "aria-pressed") == "true"
    open_overview(tab, link[1:])
    tab.until_text("overview-figure-credits", "200")


def test_links_between_pages_keep_the_range(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC&range=24h")
    tab.until(lambda: tab.shown("#overview-threads a"), "the dearest threads")
    tab.find("#overview-threads a").click()
    tab.await_figures("thread-credits")
    assert tab.path() == f"/threads/{thread}?scope={account}&range=24h&zone=UTC"
    assert not tab.shown("#view-range-24h")
    tab.find("#nav-link-overview").click()
    until_drawn(tab)
    tab.until_text("overview-figure-credits", "200")
    assert "range=24h" in tab.path()


def test_utc_is_one_click_away_and_so_is_the_way_back(tab: Tab, thread: UUID, account: UUID) -> None:
    tab.command("Emulation.setTimezoneOverride", timezoneId="Asia/Kathmandu")
    open_overview(tab, f"?scope={account}")
    tab.until(lambda: "zone=Asia/Kat" in tab.path(), "the browser's zone, by whichever of its names, in the address")
    tab.find("#view-utc").click()
    tab.until(lambda: "· UTC" in (tab.text("overview-range") or ""), "the range in UTC")
    assert tab.path().endswith("zone=UTC")
    tab.find("#view-utc").click()
    tab.until(lambda: "· Asia/Kat" in (tab.text("overview-range") or ""), "the range in the own zone")


def test_any_zone_can_be_chosen_by_its_name(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.find("#view-zone").click()
    tab.find(".dash-dropdown-search").send_keys("lord_h")
    tab.until_is(lambda: len(tab.find_all(".dash-dropdown-option")), 1, "the zones of that name")
    tab.find(".dash-dropdown-option").click()
    tab.until(lambda: "· Australia/Lord_Howe" in (tab.text("overview-range") or ""), "the range in that zone")
    assert tab.path().endswith("zone=Australia/Lord_Howe")


def test_a_drag_over_the_chart_chooses_its_days(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC&range=7d")
    tab.until_text("overview-figure-credits", "300")
    drag(tab, 2, 4)
    tab.until_text("overview-figure-credits", "100")
    assert "range=custom" in tab.path()
    tab.until_is(lambda: steps(tab), 3 * 24, "the hours of three days")
    tab.driver.back()
    tab.until_text("overview-figure-credits", "300")
    tab.until_is(lambda: steps(tab), 7, "the seven days")


def test_a_range_of_ones_own_is_typed_in(tab: Tab, thread: UUID, account: UUID, customer: Customer) -> None:
    day = customer.row("SELECT to_char(now() AT TIME ZONE 'UTC' - interval '3 days', 'MMDDYYYY')")[0]
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.find("#view-menu summary").click()
    tab.find("#view-custom").click()
    tab.until(lambda: "Choose the day" in (tab.text("view-custom-note") or ""), "what is missing")
    for name in ("from", "to"):
        tab.find(f"#view-{name}-date").send_keys(day)
    tab.find("#view-custom").click()
    tab.until_text("overview-figure-credits", "100")
    assert not tab.shown("#view-custom")


def test_every_chart_has_a_table_by_click_and_by_key(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC&range=7d")
    tab.until_state("overview-heat", "ready")
    for card, rows in (("overview-credits", 7), ("overview-heat", 7)):
        tab.find(f"#{card}-twin").click()
        tab.until_is(lambda c=card: len(tab.find_all(f"#{c}-table tbody tr")), rows, "the rows")  # type: ignore[misc]
        assert tab.shown(f"#{card}-table")
        assert tab.attribute(f"{card}-twin", "aria-pressed") == "true"
        tab.find(f"#{card} .chart-box").send_keys("t")
        tab.until(lambda c=card: not tab.shown(f"#{c}-table"), "the chart again")  # type: ignore[misc]
    tab.find("#overview-credits .chart-box").send_keys("t")
    tab.until(lambda: tab.text_of("#overview-credits-table tbody tr:last-child td") == "200.00", "today's credits")


def test_a_call_moves_figures_and_chart_without_flicker(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.until_state("nav-live", "live")
    tab.until_state("overview-threads", "ready")
    tab.script(f"""window.seen = [...document.querySelectorAll("{CHART} .bars path")];
        window.states = new Set();
        new MutationObserver(() => window.states.add(document.getElementById("overview-credits").dataset.state))
            .observe(document.getElementById("overview-credits"), {{attributes: true}})""")
    for cost in (5, 7):
        customer.call(thread, account, str(cost))
    tab.until_text("overview-figure-credits", credits_text(Decimal(15)))
    tab.until_is(lambda: drawn(tab), pytest.approx(1500), "the chart")
    tab.until(lambda: "1,500" in tab.text_of("#overview-threads"), "the list")
    assert set(tab.script("return [...window.states]")) <= {"ready"}
    assert tab.script("return window.seen.every(bar => bar.isConnected)"), "the bars were made anew"


def test_an_agent_that_starts_is_listed(tab: Tab, customer: Customer, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.until_state("nav-live", "live")
    tab.until(lambda: "No agent is running" in tab.text_of("#overview-agents"), "the empty list")
    customer.start_agent(thread)
    tab.until_text("overview-agents-count", "1 agent")
    customer.stop_agents(thread)
    tab.until_text("overview-agents-count", "none")


def test_comparison_can_be_switched_off_and_a_model_chosen(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.until_text("overview-change-credits", "+200 %")
    tab.find("#view-compare").click()
    tab.until_text("overview-change-credits", "")
    assert tab.path().endswith("compare=off")
    tab.until(lambda: tab.shown("#overview-models a"), "the models")
    tab.find("#overview-models a").click()
    tab.until(lambda: tab.shown("#overview-model"), "the model's name")
    assert "model=claude-opus-4-5" in tab.path()
    tab.find("#overview-model").click()
    tab.until(lambda: not tab.shown("#overview-model"), "all models")


def test_links_to_files_are_of_what_is_shown(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC&range=7d")
    tab.until_is(
        lambda: tab.attribute("overview-credits-csv", "href"),
        f"/export/usage.csv?scope={account}&range=7d&zone=UTC&by=model",
        "the link",
    )


def test_another_accounts_figures_are_hidden_until_the_answer_is_in(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    other = customer.account("Birch")
    tab.before_pages(NO_WORKER)
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.until_state("overview-threads", "ready")
    tab.command("Network.enable")
    stopped = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1, "offline": True}
    tab.command("Network.emulateNetworkConditions", **stopped)
    tab.script("dash_clientside.set_props('nav-account', {value: arguments[0]})", str(other))
    for card in ("overview-credits", "overview-threads", "overview-card-credits"):
        tab.until_state(card, "loading")
    assert not tab.shown("#overview-figure-credits")
    assert not tab.shown("#overview-threads a")
    tab.command("Network.emulateNetworkConditions", **{**stopped, "offline": False})
    tab.until_text("overview-figure-credits", "0")
    tab.until_state("overview-credits", "empty")


def test_nothing_scrolls_sideways_on_a_phone(tab: Tab, thread: UUID, account: UUID) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", **PHONE)
    open_overview(tab, f"?scope={account}&zone=America/Argentina/ComodRivadavia&range=12mo")
    tab.until_state("overview-threads", "ready")
    assert tab.script("return document.scrollingElement.scrollWidth") <= 390
    tab.find("#view-menu summary").click()
    tab.until(lambda: tab.shown("#view-custom"), "the menu")
    assert tab.script("return document.scrollingElement.scrollWidth") <= 390
    tab.find("body").send_keys(Keys.ESCAPE)
    tab.until(lambda: not tab.shown("#view-custom"), "the menu to close")


def test_a_figure_is_copied_with_its_exact_value(tab: Tab, thread: UUID, account: UUID) -> None:
    open_overview(tab, f"?scope={account}&zone=UTC")
    tab.until_text("overview-figure-credits", "300")
    tab.find("#overview-figure-credits").click()
    tab.until_is(lambda: tab.text_of(".copied"), "Copied $3.000000", "what is said")
    tab.find("#overview-figure-total_tokens").send_keys(Keys.ENTER)
    tab.until_is(lambda: tab.text_of(".copied"), "Copied 14", "what is said")
