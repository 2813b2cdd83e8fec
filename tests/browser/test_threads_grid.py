"""The threads list as a person uses it: far down, in another order, narrowed, live, by keyboard, side by side."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.customer import Customer
from tests.browser.tab import Tab

MANY = 320
ROWS = """return [...document.querySelectorAll('#threads-grid .ag-center-cols-container .ag-row')]
    .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
    .map(row => row.querySelector(`[col-id="${arguments[0]}"]`)?.textContent.trim())"""
VIEWPORT = "document.querySelector('#threads-grid .ag-body-viewport')"


@pytest.fixture
def account(customer: Customer) -> UUID:
    return customer.account("Aster & Sons")


@pytest.fixture
def many(customer: Customer, account: UUID) -> list[UUID]:
    """Thread n cost n cents, n minutes ago."""
    threads = [customer.thread(account, f"Thread number {number}") for number in range(1, MANY + 1)]
    with customer.connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO usage_logs (user_id, thread_id, total_tokens, estimated_cost, created_at)"
            " VALUES (%s, %s, 7, %s, now() - make_interval(mins => %s))",
            [(account, thread, number / 100, number) for number, thread in enumerate(threads, 1)],
        )
    return threads


def cells(tab: Tab, column: str) -> list[str]:
    return list(tab.script(ROWS, column))


def titles(tab: Tab) -> list[str]:
    return cells(tab, "title")


def open_list(tab: Tab, query: str) -> None:
    tab.open_threads(query)
    tab.until(lambda: tab.find_all(".thread-link"), "rows")


def scroll(tab: Tab, row: int) -> None:
    tab.script(f"{VIEWPORT}.scrollTop = arguments[0]", row * 36)


def figure(tab: Tab, title: str, column: str) -> str | None:
    """What stands in that column of the thread's row."""
    return dict(zip(titles(tab), cells(tab, column), strict=True)).get(title)


def tick(tab: Tab, title: str) -> None:
    def row() -> WebElement | None:
        return next((row for row in tab.find_all("#threads-grid .ag-row") if title in row.text.split("\n")), None)

    tab.until(row, title).find_element(By.CSS_SELECTOR, ".tick").click()  # type: ignore[union-attr]


def test_every_row_is_reached_also_by_a_jump(tab: Tab, many: list[UUID], account: UUID) -> None:
    open_list(tab, f"?scope={account}")
    tab.until_text("threads-count", f"{MANY} threads")
    scroll(tab, MANY)
    tab.until(lambda: f"Thread number {MANY}" in titles(tab), "the last row")
    seen = [title for title in titles(tab) if title]
    assert seen == sorted(seen, key=lambda title: int(title.split()[-1]))
    scroll(tab, 150)
    tab.until(lambda: "Thread number 151" in titles(tab), "a row in between")


def test_a_column_orders_the_list_and_the_address_keeps_it(tab: Tab, many: list[UUID], account: UUID) -> None:
    open_list(tab, f"?scope={account}")
    scroll(tab, 150)
    tab.until(lambda: "Thread number 151" in titles(tab), "a row in between")
    header = "#threads-grid .ag-header-cell[col-id='credits'] .ag-header-cell-label"
    tab.find(header).click()
    tab.until_is(lambda: titles(tab)[:2], [f"Thread number {MANY}", f"Thread number {MANY - 1}"], "the dearest")
    assert tab.path() == f"/threads?scope={account}&sort=-cost"
    assert cells(tab, "credits")[:2] == [str(MANY), str(MANY - 1)]
    tab.driver.back()
    tab.until_is(lambda: titles(tab)[:1], ["Thread number 1"], "the usual order")
    assert tab.find_all("[aria-sort='descending'], [aria-sort='ascending']") == []


def test_filters_narrow_the_list_and_a_link_keeps_them(tab: Tab, many: list[UUID], account: UUID) -> None:
    open_list(tab, f"?scope={account}")
    tab.find("#threads-least input, input#threads-least").send_keys("318")
    tab.until_is(lambda: titles(tab), [f"Thread number {number}" for number in (318, 319, 320)], "those that fit")
    assert tab.path() == f"/threads?scope={account}&least=318"
    assert (tab.attribute("threads-csv", "href") or "").startswith(f"/export/threads.csv?scope={account}&least=318")
    tab.driver.refresh()
    tab.until_is(lambda: titles(tab), [f"Thread number {number}" for number in (318, 319, 320)], "those that fit")
    tab.click("threads-running-yes")
    tab.until_state("threads-body", "empty")
    assert "Clear the filters" in tab.text_of("main")
    tab.click("threads-clear")
    tab.until_text("threads-count", f"{MANY} threads")
    assert tab.path() == f"/threads?scope={account}"


def test_a_model_and_a_project_narrow_the_list_too(
    tab: Tab, customer: Customer, many: list[UUID], account: UUID
) -> None:
    customer.call(many[4], account)
    project = uuid4()
    customer.connection.execute(
        "INSERT INTO projects (project_id, name, account_id) VALUES (%s, 'Northwind', %s)", (project, account)
    )
    customer.connection.execute("UPDATE threads SET project_id = %s WHERE thread_id = %s", (project, many[4]))
    open_list(tab, f"?scope={account}")
    tab.click("threads-model")
    tab.until(lambda: "claude-opus-4-5" in tab.text_of(".dash-dropdown-options"), "the models")
    next(one for one in tab.find_all(".dash-dropdown-option") if "claude-opus-4-5" in one.text).click()
    tab.until_is(lambda: titles(tab), ["Thread number 5"], "the threads of that model")
    tab.driver.refresh()
    tab.until_is(lambda: titles(tab), ["Thread number 5"], "the threads of that model")
    assert "claude-opus-4-5" in tab.text_of("#threads-model")
    assert "model=claude-opus-4-5" in tab.path()
    tab.click("threads-clear")
    tab.until_text("threads-count", f"{MANY} threads")
    tab.until(lambda: tab.find_all("#threads-grid .narrow-link"), "the project's name")
    tab.find("#threads-grid .narrow-link").click()
    tab.until_is(lambda: titles(tab), ["Thread number 5"], "the threads of that project")
    tab.until_text("threads-project", "Northwind ×")
    assert f"project={project}" in tab.path()


def test_rows_move_in_their_place_and_what_is_newer_waits_at_the_top(
    tab: Tab, customer: Customer, many: list[UUID], account: UUID
) -> None:
    open_list(tab, f"?scope={account}")
    tab.until_state("nav-live", "live")
    scroll(tab, 150)
    tab.until(lambda: "Thread number 160" in titles(tab), "a row in between")
    customer.call(many[159], account, "1")
    customer.start_agent(many[160])
    tab.until(
        lambda: dict(zip(titles(tab), cells(tab, "credits"), strict=True)).get("Thread number 160") == "260", "it"
    )
    tab.until(lambda: tab.find_all("#threads-grid .run-dot.running"), "the running mark")
    assert int(tab.script(f"return {VIEWPORT}.scrollTop")) == 150 * 36
    tab.until_text("threads-newer", "2 newer", 30)
    tab.click("threads-newer")
    tab.until_is(lambda: titles(tab)[:3], ["Thread number 161", "Thread number 160", "Thread number 1"], "the top")
    assert not tab.shown("#threads-newer")


def test_a_new_thread_comes_to_the_top_by_itself(tab: Tab, customer: Customer, many: list[UUID], account: UUID) -> None:
    open_list(tab, f"?scope={account}")
    tab.until_state("nav-live", "live")
    customer.call(customer.thread(account, "The very latest"), account)
    tab.until_is(lambda: titles(tab)[:2], ["The very latest", "Thread number 1"], "the top")
    tab.until_text("threads-count", f"{MANY + 1} threads")


def test_a_list_can_be_used_by_keyboard(tab: Tab, many: list[UUID], account: UUID) -> None:
    open_list(tab, f"?scope={account}")
    tab.find(
        "#threads-grid .ag-row[row-index='0'] [col-id='model'], #threads-grid .ag-row[row-index='0'] [col-id='calls']"
    )
    tab.find("#threads-grid .ag-row[row-index='0'] [col-id='calls']").click()
    focused = tab.driver.switch_to.active_element
    focused.send_keys(Keys.HOME)
    tab.driver.switch_to.active_element.send_keys(Keys.SPACE)
    tab.until(lambda: f"threads={many[0]}" in tab.path(), "the thread to be ticked")
    tab.driver.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    tab.driver.switch_to.active_element.send_keys(Keys.ENTER)
    tab.await_figures("thread-credits")
    assert tab.path().startswith(f"/threads/{many[1]}")


def test_threads_stand_side_by_side_and_a_link_shows_the_same(
    tab: Tab, customer: Customer, many: list[UUID], account: UUID
) -> None:
    customer.call(many[1], account, "1.5")
    open_list(tab, f"?scope={account}")
    assert not tab.shown("#threads-compare")
    tick(tab, "Thread number 3")
    tick(tab, "Thread number 2")
    tab.until(lambda: len(tab.find_all("#threads-compare-table thead .compare-head")) == 2, "both side by side")
    assert tab.path() == f"/threads?scope={account}&threads={many[2]},{many[1]}"
    tab.driver.refresh()
    tab.until_state("threads-course", "ready")
    costs = [
        cell.get_attribute("data-cost")
        for cell in tab.find_all("#threads-compare-table tbody tr:first-child [data-cost]")
    ]
    assert costs == [str(customer.cost(many[2])), str(customer.cost(many[1]))]
    chart = "document.querySelector('#threads-course-chart .js-plotly-plot')"
    tab.until(lambda: tab.script(f"return {chart}?.data.length") == 2, "two lines")
    ends = tab.script(f"return {chart}.data.map(({{y}}) => [...y].filter(Number.isFinite).at(-1))")
    assert ends == pytest.approx([3, 152])
    tab.click("threads-course-twin")
    tab.until(lambda: "152" in tab.text_of("#threads-course-table"), "the figures as a table")
    customer.call(many[2], account, "1")
    tab.until(
        lambda: (
            str(customer.cost(many[2]))
            in (tab.script("return document.getElementById('threads-compare-table').innerHTML"))
        ),
        "its new cost",
    )
    tab.find("[data-uncompare]").click()
    tab.until_is(tab.path, f"/threads?scope={account}&threads={many[1]}", "the address")
    tab.click("threads-compare-clear")
    tab.until(lambda: not tab.shown("#threads-compare"), "the section to go")
