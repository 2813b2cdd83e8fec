"""A tab: what a person sees and does in it, and what its console says meanwhile."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from selenium.common.exceptions import JavascriptException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.console import Line, line_of

T = TypeVar("T")
Driver = Any  # selenium's Chrome; this version of selenium has hardly any types
Wait: Any = WebDriverWait
Mouse: Any = ActionChains

PATIENCE_SECONDS = 15.0
POLL_SECONDS = 0.03

# Dash throws for a component that is not on the page.
PROPERTY = """
    try { return window.dash_component_api.getLayout(arguments[0]).props[arguments[1]] ?? null; } catch { return null; }
"""


@dataclass
class Tab:
    """What a person sees and does in a tab of a server's pages, and what the console says meanwhile."""

    driver: Driver
    address: str
    lines: list[Line] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        self.driver.get(f"http://{self.address}{path}")

    def open_thread(self, thread: UUID, query: str = "") -> None:
        """And waits until it shows its figures."""
        self.open(f"/threads/{thread}{query}")
        self.await_figures("thread-credits", "nav-credits")

    def open_threads(self, query: str = "") -> None:
        self.open(f"/threads{query}")
        self.await_figures("nav-credits")
        self.until(lambda: self.attribute("threads-body", "data-state") in ("rows", "empty"), "the list of threads")

    def await_figures(self, *names: str) -> None:
        for name in names:
            self.until(lambda n=name: self.attribute(n, "data-cost"), f"the figures of {name}")  # type: ignore[misc]

    def before_pages(self, script: str) -> None:
        """Runs it in this tab before the scripts of every page that is opened from now on."""
        self.command("Page.addScriptToEvaluateOnNewDocument", source=f"(() => {{{script}}})()")

    def command(self, name: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, parameters)

    def until(self, condition: Callable[[], T], what: str, seconds: float = PATIENCE_SECONDS) -> T:
        """What the condition says once that is true; `seconds` are those of a machine that has nothing else to do."""
        seconds *= business()
        passing = [JavascriptException, StaleElementReferenceException]
        wait = Wait(self.driver, seconds, POLL_SECONDS, ignored_exceptions=passing)
        try:
            found: T = wait.until(lambda _: condition())
        except TimeoutException:
            raise AssertionError(f"waited {seconds:.1f} s for {what}; the console says {self.console()}") from None
        return found

    def until_text(self, name: str, text: str, seconds: float = PATIENCE_SECONDS) -> None:
        self.until_is(lambda: self.text(name), text, name, seconds)

    def until_cost(self, name: str, cost: Decimal, seconds: float = PATIENCE_SECONDS) -> None:
        """Its exact dollars, and the whole credits of them that stand there."""
        self.until_is(lambda: self.cost(name), cost, name, seconds)
        self.until_text(name, credits_text(cost), seconds)

    def until_state(self, name: str, state: str, seconds: float = PATIENCE_SECONDS) -> None:
        self.until_is(lambda: self.attribute(name, "data-state"), state, name, seconds)

    def until_is(
        self, read: Callable[[], object], wanted: object, what: str, seconds: float = PATIENCE_SECONDS
    ) -> None:
        try:
            self.until(lambda: read() == wanted, f"{what} to be {wanted!r}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{what} is {read()!r}; {error}") from None

    def script(self, script: str, *values: object) -> Any:
        return self.driver.execute_script(script, *values)

    def text(self, name: str) -> str | None:
        """Of the element with that id; None where there is none."""
        found: str | None = self.script("return document.getElementById(arguments[0])?.textContent ?? null", name)
        return found

    def text_of(self, selector: str) -> str:
        """What can be read there, hidden parts not counted; nothing where there is no such element."""
        return str(self.script("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def attribute(self, name: str, attribute: str) -> str | None:
        script = "return document.getElementById(arguments[0])?.getAttribute(arguments[1]) ?? null"
        found: str | None = self.script(script, name, attribute)
        return found

    def classes(self, name: str) -> set[str]:
        return set((self.attribute(name, "class") or "").split())

    def cost(self, name: str) -> Decimal | None:
        text = self.attribute(name, "data-cost")
        return Decimal(text) if text else None

    def prop(self, name: str, prop: str = "data") -> Any:
        """A Dash component's property, also of one that nobody sees."""
        return self.script(PROPERTY, name, prop)

    def style(self, selector: str, name: str, pseudo: str = "") -> str:
        script = """return getComputedStyle(document.querySelector(arguments[0]), arguments[2] || null)
            .getPropertyValue(arguments[1])"""
        return str(self.script(script, selector, name, pseudo))

    def find(self, selector: str) -> WebElement:
        return self.until(lambda: next(iter(self.find_all(selector)), None), selector)  # type: ignore[return-value]

    def find_all(self, selector: str) -> list[WebElement]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def shown(self, selector: str) -> bool:
        return any(element.is_displayed() for element in self.find_all(selector))

    def charted(self) -> float:
        """The end of the thread's chart, in credits: its cumulative line is above everything else."""
        script = """const chart = document.querySelector("#thread-timeline .js-plotly-plot");
            return Math.max(0, ...chart.data.flatMap(trace => [...trace.y]).filter(Number.isFinite))"""
        return float(self.script(script))

    def click(self, name: str) -> None:
        self.find(f"#{name}").click()

    def hover(self, selector: str) -> None:
        Mouse(self.driver).move_to_element(self.find(selector)).perform()

    def tap(self, selector: str) -> None:
        """With a finger, in the middle of it, whatever lies on top there."""
        box = self.script("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        self.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=[point])
        self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def choose_account(self, label: str) -> None:
        """In the navigation's chooser, by typing its name."""
        self.click("nav-account")
        self.find(".dash-dropdown-search").send_keys(label)
        self.until(lambda: label in self.text_of(".dash-dropdown-options"), f"{label} among the accounts")
        option = next(one for one in self.find_all(".dash-dropdown-option") if label in one.text)
        option.click()

    def path(self) -> str:
        """Of the address, with its query."""
        return str(self.script("return location.pathname + location.search"))

    def asked(self, name: str) -> int:
        """The number of the last request that was made of the server for that card; 0 before the first."""
        request = self.prop(f"{name}-request")
        return int(request["n"]) if request else 0

    def console(self) -> list[str]:
        """Everything that the console has said in this test."""
        self.lines += [line_of(entry) for entry in self.driver.get_log("browser")]
        return [line.text for line in self.lines]

    def until_said(self, text: str, seconds: float = PATIENCE_SECONDS) -> None:
        self.until(lambda: text in self.console(), f"the console to say {text!r}", seconds)

    def expect(self, *patterns: re.Pattern[str]) -> None:
        """The console may say that, too."""
        self.expected += patterns

    def unexpected(self) -> list[Line]:
        self.console()
        return [
            line
            for line in self.lines
            if not line.is_ours and not any(pattern.search(line.text) for pattern in self.expected)
        ]

    def open_another(self, path: str) -> str:
        """In a tab beside this one; its handle."""
        self.driver.switch_to.new_window("tab")
        self.open(path)
        return str(self.driver.current_window_handle)

    def another(self) -> str:
        """A tab beside this one, which is then the one that is acted on; the handle to come back by."""
        here = self.driver.current_window_handle
        self.driver.switch_to.new_window("window")
        return str(here)

    def close_and_return(self, handle: str) -> None:
        self.driver.close()
        self.driver.switch_to.window(handle)


def business() -> float:
    """How many times as long everything takes, because others are at work on this machine."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def credits_text(cost: Decimal) -> str:
    """At the default of 100 credits a dollar, halves up."""
    return f"{int(cost * 100 + Decimal('0.5')):,}"
