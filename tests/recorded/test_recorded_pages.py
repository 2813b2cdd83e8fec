"""The recorded coding sessions on the pages: the same figures as SQL on the raw table."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from data.importer import import_file
from tests.browser.customer import Customer
from tests.browser.tab import Tab
from tests.recorded.test_recorded_import import SESSIONS, recorded

pytestmark = pytest.mark.recorded

LARGEST_FIRST = "SELECT thread_id FROM usage_logs GROUP BY thread_id ORDER BY sum(estimated_cost) DESC, thread_id"


def test_the_pages_show_the_recorded_figures(tab: Tab, customer: Customer) -> None:
    tab.open_threads()
    tab.until_state("nav-live", "live")
    import_file(customer.url, recorded(SESSIONS))
    tokens, cost = customer.month()
    tab.until_cost("nav-credits", cost)  # on the page that was open meanwhile, and after a reload
    tab.until_said("[useUsageRealtime] Usage changed: invalidated nav-usage all")
    tab.open_threads()
    tab.until_cost("nav-credits", cost)
    assert tab.attribute("nav-tokens", "title") == f"{tokens:,} tokens"
    tab.until_text("threads-count", "710 threads")
    threads = [row[0] for row in customer.connection.execute(LARGEST_FIRST)]
    for thread in (threads[0], threads[-1], *random.sample(threads, 2)):
        assert_shows(tab, customer, thread)


def assert_shows(tab: Tab, customer: Customer, thread: UUID) -> None:
    calls, prompt, completion, tokens, cost = customer.totals(thread)
    tab.open_thread(thread)
    tab.until_cost("thread-credits", cost)
    figures = [tab.text(f"thread-{name}") for name in ("calls", "prompt", "completion", "tokens")]
    assert figures == [f"{number:,}" for number in (calls, prompt, completion, tokens)], thread
    tab.until_state("thread-body", "ready")
    tab.until_is(tab.charted, pytest.approx(float(cost * 100), abs=0.01), f"the end of the chart of {thread}")
