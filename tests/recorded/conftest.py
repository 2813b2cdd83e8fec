"""Pages of the recorded workloads, in a real browser."""

from tests.browser.fixtures import browser, customer, make_tab, served, served_started, tab

__all__ = ["browser", "customer", "make_tab", "served", "served_started", "tab"]
