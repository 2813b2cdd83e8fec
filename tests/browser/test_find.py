"""The box that finds anything: by keyboard, on every page, and on a phone."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.browser.test_screens import PHONE, width


@pytest.fixture
def word() -> str:
    """In the names of this test alone."""
    return uuid4().hex[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


@pytest.fixture
def threads(customer: Customer, word: str) -> list[UUID]:
    """The one called last comes first."""
    account = customer.account(f"{word} Incorporated")
    threads = [customer.thread(account, f"{word} {number}") for number in ("two", "one")]
    for thread in threads:
        customer.call(thread, account)
    return threads[::-1]


def test_a_thread_is_found_by_a_part_of_its_title_without_a_mouse(tab: Tab, threads: list[UUID], word: str) -> None:
    tab.open_thread(threads[0])
    tab.find("body").send_keys("/")
    tab.find("#find-text:focus").send_keys(word.upper()[1:])
    tab.until_is(lambda: titles(tab), [f"{word} one", f"{word} two", f"{word} Incorporated"], "what is found")
    assert selected(tab) == f"{word} one"
    tab.find("#find-text").send_keys(Keys.DOWN)
    tab.until_is(lambda: selected(tab), f"{word} two", "the chosen one")
    active = tab.attribute("find-text", "aria-activedescendant")
    assert tab.attribute(str(active), "aria-selected") == "true"
    tab.find("#find-text").send_keys(Keys.ENTER)
    tab.until(lambda: tab.path().startswith(f"/threads/{threads[1]}"), "its page")
    tab.await_figures("thread-credits")
    assert not tab.shown(".find-popup")
    assert tab.find("#find-text").get_property("value") == ""


def test_a_pasted_id_and_enter_go_straight_there(tab: Tab, threads: list[UUID]) -> None:
    tab.open_threads()
    tab.find("#find-text").send_keys(f"https://agents.example.com/thread/{str(threads[0]).upper()}", Keys.ENTER)
    tab.until(lambda: tab.path().startswith(f"/threads/{threads[0]}"), "its page")


def test_what_is_not_there_is_said_and_escape_leaves(tab: Tab) -> None:
    tab.command("Emulation.setDeviceMetricsOverride", **PHONE)
    tab.open_threads()
    tab.find("#find-text").send_keys("no such thing anywhere")
    tab.until(lambda: "Nothing found" in tab.text_of(".find-popup"), "the list to say so")
    assert "titles of threads" in tab.text_of(".find-popup")
    assert width(tab) <= 390
    tab.find("#find-text").send_keys(Keys.ESCAPE)
    tab.until(lambda: not tab.shown(".find-popup"), "the list to close")


def titles(tab: Tab) -> list[str]:
    found: list[str] = tab.script(
        "return [...document.querySelectorAll('#find-list .find-title')].map(e => e.textContent)"
    )
    return found


def selected(tab: Tab) -> str:
    return tab.text_of("#find-list [aria-selected=true] .find-title")
