"""What goes wrong in one random sequence, and when: all of it follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

BROWSERS = 2
MOST_PAGES = 3  # of one browser
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.9
LONG_PAUSE = 13.0  # longer than a beat counts: after it no page may say `live` for want of news
LONG_SHARE = 0.02  # of all pauses

# Faults that last, by what they are of: of one thing only one at a time. Those of `DEAF` let no page be loaded.
OF_PATH = ("delay", "swallow", "hold", "refuse", "buffer", "no-websocket", "no-stream")
OF_SERVER = ("kill", "freeze-server")
OF_NETWORK = ("network-off",)
OF_PAGE = ("hide", "freeze")
DEAF = {"delay", "swallow", "hold", "refuse", "kill", "freeze-server", "network-off"}
AT_ONCE = ("cut", "cut-streams", "terminate", "open", "open", "close", "close", "reload", "refresh")
BACKENDS = ("creditpulse leader", "creditpulse feed", "creditpulse%", "%")
PAGES = ("thread-0", "thread-0", "thread-1", "threads")


@dataclass(frozen=True)
class Step:
    """After a pause something happens: a fault begins, or ends, or is over at once.

    `browser` is None for what concerns the server; `page` is which of that browser's pages, from the oldest.
    """

    pause_seconds: float
    what: str
    browser: int | None = None
    page: int | None = None
    detail: str = ""
    ends: bool = False
    unanswered: bool = False  # a page is loaded although nothing answers

    @property
    def thing(self) -> tuple[str, int | None, int | None]:
        """What it is of: a lasting fault and its end are of the same."""
        for name, faults in (("path", OF_PATH), ("server", OF_SERVER), ("network", OF_NETWORK), ("page", OF_PAGE)):
            if self.what in faults:
                return (name, self.browser, self.page)
        return ("", self.browser, self.page)

    def __str__(self) -> str:
        where = "" if self.browser is None else f" browser {self.browser}"
        where += "" if self.page is None else f" page {self.page}"
        return f"{'end of ' if self.ends else ''}{self.what}{where} {self.detail}".rstrip()


@dataclass
class Plan:
    """`first` are the pages that are open before anything happens, of each browser."""

    seed: int
    first: list[list[str]]
    steps: list[Step]


def plan(seed: int, *, offline_loads: bool = False) -> Plan:
    """`offline_loads`: pages that were visited can be loaded although nothing answers."""
    return Planner(random.Random(seed), offline_loads).plan(seed)


@dataclass
class Planner:
    chance: random.Random
    offline_loads: bool
    pages: list[list[str]] = field(default_factory=list)  # that are open, of each browser
    visited: list[set[str]] = field(default_factory=list)
    lasting: dict[tuple[str, int | None, int | None], Step] = field(default_factory=dict)

    def plan(self, seed: int) -> Plan:
        first = [[self.some_page() for _ in range(self.chance.randint(1, 2))] for _ in range(BROWSERS)]
        self.pages = [list(pages) for pages in first]
        self.visited = [set(pages) for pages in first]
        return Plan(seed, first, [*self.middle(), *self.end()])

    def middle(self) -> Iterator[Step]:
        for _ in range(self.chance.randint(4, 7)):
            if self.lasting and self.chance.random() < 0.3:
                yield self.ended(self.chance.choice(list(self.lasting.values())))
            elif step := self.begun():
                yield step

    def end(self) -> Iterator[Step]:
        """Whatever still lasts ends, in some order."""
        left = list(self.lasting.values())
        self.chance.shuffle(left)
        yield from map(self.ended, left)

    def begun(self) -> Step | None:
        kinds = [*OF_PATH, *OF_PATH, *OF_SERVER, *OF_NETWORK * 2, *OF_PAGE * 2, *AT_ONCE]
        what = self.chance.choice(kinds)
        browser = None if what in OF_SERVER or what == "terminate" else self.chance.randrange(BROWSERS)
        unanswered = what in ("open", "reload") and self.deaf(browser)
        step = Step(self.pause(), what, browser, self.page(what, browser), self.detail(what), unanswered=unanswered)
        if not self.can(step):
            return None
        if step.what == "open" and browser is not None:
            self.pages[browser].append(step.detail)
            self.visited[browser].add(step.detail)
        elif step.what == "close" and browser is not None:
            self.pages[browser].pop()
        elif step.thing[0]:
            self.lasting[step.thing] = step
        return step

    def page(self, what: str, browser: int | None) -> int | None:
        if browser is None or what not in (*OF_PAGE, "close", "reload", "refresh"):
            return None
        # No page's number may change, so only the last can be closed.
        count = len(self.pages[browser])
        return count - 1 if what == "close" else self.chance.randrange(count)

    def can(self, step: Step) -> bool:
        if step.unanswered and not self.offline_loads:
            return False
        if step.browser is not None and step.what == "open":
            known = step.detail in self.visited[step.browser]
            return len(self.pages[step.browser]) < MOST_PAGES and (known or not step.unanswered)
        if step.browser is not None and step.what == "close":
            return len(self.pages[step.browser]) > 1 and not self.is_away(step)
        if step.what in ("reload", "refresh"):
            return not self.is_away(step)
        return step.thing not in self.lasting or not step.thing[0]

    def is_away(self, step: Step) -> bool:
        return ("page", step.browser, step.page) in self.lasting

    def deaf(self, browser: int | None) -> bool:
        return any(step.what in DEAF and step.browser in (None, browser) for step in self.lasting.values())

    def ended(self, step: Step) -> Step:
        del self.lasting[step.thing]
        return Step(self.pause(), step.what, step.browser, step.page, step.detail, ends=True)

    def pause(self) -> float:
        if self.chance.random() < LONG_SHARE:
            return LONG_PAUSE
        return round(self.chance.uniform(SHORTEST_PAUSE, LONGEST_PAUSE), 2)

    def detail(self, what: str) -> str:
        if what == "delay":
            return str(round(self.chance.uniform(0.05, 1.5), 2))
        if what in ("no-websocket", "no-stream"):
            return str(self.chance.choice((403, 404, 502)))
        if what == "terminate":
            return self.chance.choice(BACKENDS)
        if what == "open":
            return self.some_page()
        return ""

    def some_page(self) -> str:
        return self.chance.choice(PAGES)
