"""Headless Chromium for the tests of pages: one a worker process, and for each test a fresh tab without cookies."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.browser.tab import Driver, Tab

FLAGS = (
    "--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip
MISSING = "the browser tests need {}, which `make test` installs (Debian: apt-get install chromium chromium-driver)"


@contextmanager
def chrome(profile: Path) -> Iterator[Driver]:
    """A browser with a profile of its own. Raises AssertionError, which names the remedy, where it is not installed."""
    programs = {name: shutil.which(name) for name in ("chromium", "chromedriver")}
    for name, path in programs.items():
        assert path, MISSING.format(name)
    options: Any = ChromeOptions()
    options.binary_location = str(programs["chromium"])
    # The sandbox refuses to run as root, which is who runs tests in a container.
    for flag in (*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver: Driver = Chrome(service=Service(str(programs["chromedriver"])), options=options)
    try:
        yield driver
    finally:
        driver.quit()


def fresh_tab(driver: Driver, address: str) -> Tab:
    """The only tab of a browser that remembers nothing."""
    old = driver.window_handles
    driver.switch_to.new_window("tab")
    fresh = driver.current_window_handle
    for handle in old:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(fresh)
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": f"http://{address}", "storageTypes": "all"})
    driver.get_log("browser")  # what earlier tests left
    return Tab(driver, address)
