"""A thread's page beyond its live figures: what its calls cost, raw content, the chart's table, copying."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb
from selenium.webdriver.common.keys import Keys

from tests.browser.customer import Customer
from tests.browser.tab import Tab

NOTED_COPIES = """
    window.copies = [];
    navigator.clipboard.writeText = async (text) => { window.copies.push(text); };
"""
NOTED_FILES = """
    const made = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => { window.file = blob; return made(blob); };
    HTMLAnchorElement.prototype.dispatchEvent = HTMLAnchorElement.prototype.click = () => true;
"""
TEXT = "<img src=x onerror=window.broken=true> " + "x" * 30_000


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account("Acme")


@pytest.fixture
def thread(customer: Customer, account: UUID) -> UUID:
    """With a call of $0.50 with much content, and one of $0.10 with little."""
    thread = customer.thread(account, "Refactor the parser")
    for cost, content in (
        ("0.5", {"model": "claude-opus-4-5", "cache_read_tokens": 800, "said": TEXT}),
        ("0.1", {"model": "gpt-5", "said": "short"}),
    ):
        customer.connection.execute(
            "INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_completion_tokens, total_tokens,"
            " estimated_cost, content) VALUES (%s, %s, 1000, 100, 1100, %s, %s)",
            (account, thread, cost, Jsonb(content)),
        )
    return thread


def open_ready(tab: Tab, thread: UUID) -> None:
    tab.open_thread(thread)
    tab.until_state("thread-body", "ready")
    tab.until(lambda: len(tab.find_all(".call-link")) == 2, "the log")


def open_call(tab: Tab, place: int) -> str:
    """The panel's text of the log's call at that place, from the top."""
    tab.script("document.querySelectorAll('.call-link')[arguments[0]].click()", place)
    tab.until(lambda: tab.shown("#thread-call-content"), "the call's content")
    return tab.text_of("#thread-call")


def close_call(tab: Tab) -> None:
    tab.find("#thread-call .btn-close").click()
    tab.until(lambda: not tab.find_all("#thread-call"), "the panel to close")


def test_a_call_opens_with_its_price_part_by_part_and_its_raw_content(tab: Tab, thread: UUID) -> None:
    open_ready(tab, thread)
    assert not tab.find_all("#thread-call")
    text = open_call(tab, 0)
    for words in ("10.0 credits", "$0.100000", "At list price", "what came from a cache", '"said": "short"'):
        assert words in text
    assert not tab.shown("#thread-call-whole")
    close_call(tab)
    text = open_call(tab, 1)
    assert "Read from cache" in text
    assert "short" not in text


def test_content_is_text_and_a_long_one_is_cut_with_a_way_to_all_of_it(tab: Tab, thread: UUID) -> None:
    open_ready(tab, thread)
    assert "the first 20,000 of 30," in open_call(tab, 1)
    assert "<img src=x" in (tab.text("thread-call-content") or "")
    assert tab.script("return window.broken") is None
    tab.until(lambda: tab.shown("#thread-call-whole"), "the way to all of it")
    tab.script(NOTED_FILES)
    tab.click("thread-call-whole")
    tab.until(lambda: tab.script("return window.file?.size > 30000"), "the file")


def test_the_keyboard_opens_a_call_and_escape_closes_it(tab: Tab, thread: UUID) -> None:
    open_ready(tab, thread)
    cell = tab.find("#thread-log .ag-cell[col-id='at']")
    cell.click()
    if tab.find_all("#thread-call"):  # the click met the link itself
        close_call(tab)
    cell = tab.find("#thread-log .ag-cell[col-id='model']")
    cell.click()
    cell.send_keys(Keys.ARROW_LEFT)
    tab.driver.switch_to.active_element.send_keys(Keys.ENTER)
    tab.until(lambda: tab.shown("#thread-call-content"), "the call's content")
    tab.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    tab.until(lambda: not tab.find_all("#thread-call"), "the panel to close")


def test_a_press_copies_a_figure_exactly_and_says_so(tab: Tab, customer: Customer, thread: UUID) -> None:
    tab.before_pages(NOTED_COPIES)
    open_ready(tab, thread)
    tab.click("thread-credits")
    tab.until_is(lambda: tab.script("return window.copies"), ["0.600000"], "what was copied")
    assert tab.text_of("[role=status].copied") == "Copied $0.600000"
    tab.find("#nav-credits").send_keys(Keys.ENTER)
    month = f"{customer.month()[1]:f}"
    tab.until_is(lambda: tab.script("return window.copies"), ["0.600000", month], "what was copied")
    open_call(tab, 0)
    tab.find("#thread-call [data-copies]").click()
    tab.until(lambda: '"short"' in tab.script("return window.copies.at(-1)"), "the content")


def test_the_chart_has_a_table_twin_by_button_and_by_key_that_grows_with_it(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    open_ready(tab, thread)
    tab.click("thread-twin")
    tab.until(lambda: tab.shown("#thread-table table"), "the table")
    assert [cell.text for cell in tab.find_all("#thread-table tbody tr:first-child td")] == ["1", "10.00", "60.00"]
    customer.call(thread, account, "0.4")
    tab.until_is(lambda: len(tab.find_all("#thread-table tbody tr")), 3, "the table")
    tab.find(".timeline-box").send_keys("t")
    tab.until(lambda: not tab.shown("#thread-table table"), "the chart to be back")
    assert tab.attribute("thread-twin", "aria-pressed") == "false"


def test_the_chart_is_saved_as_large_as_it_is_drawn_and_copied_as_cells(tab: Tab, thread: UUID) -> None:
    tab.before_pages(NOTED_COPIES)
    open_ready(tab, thread)
    tab.until(lambda: tab.find_all("#thread-timeline .main-svg"), "the chart")
    tab.script(
        "Plotly.downloadImage = (figure, options) => Plotly.toImage(figure, options).then((url) => window.url = url)"
    )
    tab.click("thread-png")
    tab.until(lambda: tab.script("return window.url"), "the picture")
    size = (
        "const [url, done] = arguments, it = new Image(); it.onload = () => done([it.width, it.height]); it.src = url"
    )
    width, height = tab.driver.execute_async_script(size, tab.script("return window.url"))
    assert width > 1200
    assert height == 2 * (240 + 36)
    tab.find(".timeline-box").send_keys("c")
    tab.until(lambda: tab.script("return window.copies.length"), "the copy")
    head, last, *_ = tab.script("return window.copies[0]").split("\n")
    assert head == "Time\tCalls\tCredits\tCredits so far"
    assert last.split("\t")[1:] == ["1", "10", "60"]


def test_the_models_and_the_outlook_are_those_of_the_thread(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    customer.connection.execute(
        "INSERT INTO credit_usage (user_id, thread_id, amount_dollars, description) VALUES (%s, %s, 4.25, 'Overage')",
        (account, thread),
    )
    open_ready(tab, thread)
    models = tab.text_of("#thread-models")
    assert models.index("claude-opus-4-5") < models.index("gpt-5")
    tab.until(lambda: "425.0 credits in 1 debit" in tab.text_of("#thread-debits"), "the debits")
    tab.until_text("thread-rate", "6.0 / min")
    customer.start_agent(thread)
    tab.until_text("thread-run-label", "This run so far")
    tab.until_text("thread-run-range", "not enough runs to project")
    customer.call(thread, account, "1.5")
    dearest = "return document.querySelector('#thread-models [data-cost]').dataset.cost"
    tab.until_is(lambda: tab.script(dearest), "2.000000", "the dearest model's cost")


def test_another_threads_late_answer_shows_nothing_of_it(
    tab: Tab, customer: Customer, thread: UUID, account: UUID
) -> None:
    """Its runs are on their way while the next thread's page opens."""
    other = customer.thread(account, "Another")
    customer.call(other, account, "0.2")
    customer.start_agent(other)
    open_ready(tab, thread)
    late = {"of": str(other), "runs": "the other's runs", "models": "the other's models", "per": "-", "state": "empty"}
    tab.script("dash_clientside.set_props('thread-detail', {data: arguments[0]})", late)
    customer.call(thread, account, "0.4")
    tab.until_cost("thread-credits", Decimal("1.000000"))
    tab.until(lambda: len(tab.find_all(".call-link")) == 3, "the log")
    assert "the other's" not in tab.text_of("main")
    assert tab.attribute("thread-body", "data-state") == "ready"
