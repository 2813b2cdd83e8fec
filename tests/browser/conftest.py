"""Pages in a real browser, served by a process of their own."""

from tests.browser.fixtures import browser, customer, make_server, make_tab, served, served_started, tab

__all__ = ["browser", "customer", "make_server", "make_tab", "served", "served_started", "tab"]
