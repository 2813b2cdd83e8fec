"""What the tabs of one browser ask of the server: requests and streams in an hour, for 1, 3 and 10 tabs.

Two real browsers, each behind a relay that counts, have the same tabs open at the same time while an agent commits a
call every few seconds: one shows our pages, the other benchmarks/plain.html, the plain design of the customer's text:
every tab has a stream and intervals of its own, and reads three queries again at each event. Each kind of use is
counted for as long as is said, in real time, and reckoned up to an hour. Nothing is scaled; but that nobody has touched
anything for 5 minutes is brought about by putting our pages' clocks forward by as much, as after a computer's sleep.
The tabs are in one window, of which a person sees the one in front; hidden, they have been so for over a minute. Side
by side, each has a window of its own, and all are in sight.
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg

from benchmarks import harness
from data.migrate import migrate
from tests.faults.screens import Browser, Screen, browsing
from tests.web_proxy import STREAMS, WebProxy

USES = ("active", "idle", "hidden", "side by side")
IDLE_SECONDS = 5 * 60 + 1
HIDDEN_SECONDS = 63.0  # a hidden tab gives its stream up after 60
SETTLE_SECONDS = 6.0
HOUR = 3600
PLAIN = (Path(__file__).parent / "plain.html").read_text()

SOURCE = """
    INSERT INTO users (id, email) VALUES (%(account)s, 'person@example.com');
    INSERT INTO threads (thread_id, account_id, metadata)
        SELECT id, %(account)s, '{"title": "A thread"}' FROM unnest(%(threads)s::uuid[]) AS id;
    INSERT INTO agent_runs (thread_id, status) SELECT id, 'running' FROM unnest(%(threads)s::uuid[]) AS id;
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content, created_at)
        SELECT %(account)s, id, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}', now() - n * interval '1 minute'
        FROM unnest(%(threads)s::uuid[]) AS id, generate_series(1, 100) AS n;
"""
CALL = """
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content)
    VALUES (%s, %s, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}')
"""
# Runs before a page's scripts.
CLOCKS = """(() => {
    const wall = Date.now.bind(Date), steady = performance.now.bind(performance);
    let aheadMs = 0;
    Date.now = () => wall() + aheadMs;
    performance.now = () => steady() + aheadMs;
    window.putForward = (seconds) => { aheadMs += seconds * 1000; };
})()"""
NOTED = """(() => {
    const fetch = window.fetch.bind(window);
    window.asked = {};
    window.fetch = (resource, options) => {
        if (String(resource.url || resource).includes("_dash-update-component")) {
            const name = JSON.parse(options.body).output.replace(/^\\.\\./, "").split(".")[0];
            window.asked[name] = (window.asked[name] || 0) + 1;
        }
        return fetch(resource, options);
    };
})()"""
FREQUENCY = "document.getElementById('nav-frequency')?.textContent"
STATUSES = "QUERIES.map(({status}) => status).join()"


@dataclass(frozen=True)
class Use:
    """What one browser did in `seconds`: `requests` besides streams, `opened` streams, and those that were `open`."""

    requests: Counter[str]
    opened: int
    open: int
    seconds: float

    @property
    def requests_an_hour(self) -> float:
        return sum(self.requests.values()) / self.seconds * HOUR


@dataclass(frozen=True)
class Cell:
    tabs: int
    use: str
    threads: int
    ours: Use
    plain: Use
    callbacks: Counter[str]  # which of ours were asked
    frequency: str  # how often ours says that it asks


@dataclass
class Person:
    """One browser, with its relay; `path` is of the page that shows a thread."""

    proxy: WebProxy
    browser: Browser
    path: str

    def open(self, account: UUID, threads: Sequence[UUID], tabs: int, *, windows: bool) -> None:
        for number in range(tabs):
            path = self.path.format(thread=threads[number % len(threads)], account=account)
            cards = {"nav": "", "thread": ""} if "plain" not in self.path else {}
            self.browser.open(path, cards, window=windows or number == 0).await_opened()

    def callbacks(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for screen in self.screens:
            found.update(screen.evaluate("window.asked"))
        return found

    @property
    def screens(self) -> list[Screen]:
        return self.browser.screens


def main() -> int:
    options = read_options()
    account, threads = uuid4(), [uuid4() for _ in range(max(options.tabs))]
    with ExitStack() as stack:
        url = harness.make_database(stack.enter_context(harness.postgres()), "tabs")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            psycopg.ClientCursor(connection).execute(SOURCE, {"account": account, "threads": threads})
        host, _, port = stack.enter_context(harness.serving(url)).partition(":")
        ours, plain = (
            stack.enter_context(person((host, int(port)), path))
            for path in ("/threads/{thread}?scope={account}", "/plain?thread={thread}&account={account}")
        )
        stack.enter_context(working(url, account, threads[0], options.every))
        cells = []
        uses = sorted(options.uses, key=USES.index)
        for tabs in options.tabs:
            in_one = [use for use in uses if use != USES[-1]]
            cells += observe(ours, plain, account, threads[:1], tabs, in_one, options.seconds)
            if tabs > 1:
                for shown in (1, tabs) if USES[-1] in uses else ():
                    cells += observe(ours, plain, account, threads[:shown], tabs, [USES[-1]], options.seconds)
    report(cells, options)
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tabs", type=int, nargs="+", default=[1, 3, 10], help="how many (default: 1 3 10)")
    parser.add_argument("--uses", nargs="+", choices=USES, default=list(USES), help="which kinds (default: all)")
    parser.add_argument("--seconds", type=float, default=90, help="that each is counted for (default: 90)")
    parser.add_argument("--every", type=float, default=5, help="seconds between two calls (default: 5)")
    return parser.parse_args()


@contextmanager
def person(target: tuple[str, int], path: str) -> Iterator[Person]:
    with ExitStack() as stack:
        folder = TemporaryDirectory(prefix="creditpulse-bench-", ignore_cleanup_errors=True)
        profile = Path(stack.enter_context(folder))
        proxy = stack.enter_context(WebProxy(target))
        proxy.place("/plain", PLAIN)
        yield Person(proxy, stack.enter_context(browsing(profile, proxy.address, (CLOCKS, NOTED))), path)


@contextmanager
def working(url: str, account: UUID, thread: UUID, every_seconds: float) -> Iterator[None]:
    """An agent that commits a call now and then."""
    stop = threading.Event()

    def work() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not stop.wait(random.uniform(0.8, 1.2) * every_seconds):
                connection.execute(CALL, (account, thread))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def observe(
    ours: Person,
    plain: Person,
    account: UUID,
    threads: Sequence[UUID],
    tabs: int,
    uses: Sequence[str],
    seconds: float,
) -> list[Cell]:
    """One kind of use after the other, of the same tabs."""
    people, cells = (ours, plain), []
    for one in people:
        one.open(account, threads, tabs, windows=uses[0] == USES[-1])
    for use in uses:
        bring_about(use, people)
        asked = ours.callbacks()
        before = [(one.proxy.requests, one.proxy.opened) for one in people]
        began = time.monotonic()
        time.sleep(seconds)
        taken = time.monotonic() - began
        found = [used(one, *then, taken) for one, then in zip(people, before, strict=True)]
        frequency = str(ours.screens[-1].evaluate(FREQUENCY))
        cells.append(Cell(tabs, use, len(threads), *found, ours.callbacks() - asked, frequency))
        check(plain)
    for one in people:
        one.browser.forget(time.time())
    return cells


def bring_about(use: str, people: Sequence[Person]) -> None:
    for one in people:
        for screen in one.screens:
            if use == "idle":
                screen.evaluate(f"putForward({IDLE_SECONDS})")
            elif use == "hidden":
                screen.show(False)
    time.sleep(HIDDEN_SECONDS if use == "hidden" else SETTLE_SECONDS)


def used(one: Person, requests: Counter[str], opened: int, seconds: float) -> Use:
    asked = one.proxy.requests - requests
    for path in STREAMS:
        del asked[f"GET {path}"]
    return Use(asked, one.proxy.opened - opened, one.proxy.streams, seconds)


def check(plain: Person) -> None:
    """A control whose requests fail would be none."""
    for screen in plain.screens:
        statuses = screen.evaluate(STATUSES)
        assert statuses == "200,200,200", f"the plain page was answered {statuses}"


def report(cells: Sequence[Cell], options: argparse.Namespace) -> None:
    rows = []
    for cell in cells:
        ours, plain = cell.ours, cell.plain
        rows.append(
            (
                f"{cell.tabs}{f', of {cell.threads} threads' if cell.threads > 1 else ''}",
                cell.use,
                f"{ours.requests_an_hour:,.0f}",
                f"{plain.requests_an_hour:,.0f}",
                times(plain.requests_an_hour, ours.requests_an_hour),
                ours.open,
                plain.open,
                f"{ours.opened / ours.seconds * HOUR:,.0f}",
                cell.frequency,
            )
        )
    title = f"What a browser's tabs ask in an hour, by {options.seconds:.0f} s of each; a call every {options.every} s"
    columns = ("tabs", "use", "requests", "plain", "plain : ours", "streams", "plain", "opened anew", "it says")
    harness.show(title, columns, rows)
    for cell in cells:
        print(f"{cell.tabs} {cell.use}: ours {dict(cell.ours.requests)}: {dict(cell.callbacks)}")
    print(harness.machine())


def times(one: float, other: float) -> str:
    return f"{one / other:.1f} ×" if other else ("none of ours" if one else "none of either")


if __name__ == "__main__":
    sys.exit(main())
