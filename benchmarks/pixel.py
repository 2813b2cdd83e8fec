"""From a commit to the screen: single inserts, and when the open page of their thread shows each, in Chromium.

The page notes when the exact cost on its card changes, and when the frame with it has been painted; commit and page
are on one clock. Then the same once more while four callers have charts drawn all the time. The control, from the same
commits, is the shortest way there is: the writing transaction itself notifies a client, which reads the sum. How
much of our way is the server's, and how much the page's, says another client that takes the same stream.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.synchronize import Event
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks import harness
from data.migrate import migrate
from tests.browser.chrome import chrome
from tests.browser.tab import Tab

MEDIAN_MS, P95_MS = 20, 50  # the targets, for the change of the page
CALLERS = 4
PAST_CALLS = 300
WARMING = 8  # inserts that come first
ACCOUNT, THREAD = uuid4(), uuid4()

SOURCE = """
    INSERT INTO users (id, email) VALUES (%(account)s, 'person@example.com');
    INSERT INTO threads (thread_id, account_id, metadata) VALUES (%(thread)s, %(account)s, '{"title": "A thread"}');
    INSERT INTO agent_runs (thread_id, status) VALUES (%(thread)s, 'running');
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content, created_at)
    SELECT %(account)s, %(thread)s, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}', now() - n * interval '1 minute'
    FROM generate_series(1, %(calls)s) AS n;
"""
INSERT = """
    WITH added AS (
        INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content)
        VALUES (%s, %s, 1000, 1000, %s, '{"model": "claude-sonnet-4-5"}')
    )
    SELECT pg_notify('control', '')
"""
SUM = "SELECT sum(estimated_cost) FROM usage_logs WHERE thread_id = %s"

# Times as Python's time.time() has them, in milliseconds. A message that is posted in a frame arrives after its paint.
WATCH = """
    const now = () => performance.timeOrigin + performance.now();
    window.seen = [];
    new MutationObserver((changes) => {
        const card = changes.map((change) => change.target).find((target) => target.id === "thread-credits");
        if (!card || seen.at(-1)?.[0] === card.dataset.cost) return;
        const entry = [card.dataset.cost, now(), null];
        window.seen.push(entry);
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { entry[2] = now(); };
            channel.port2.postMessage(null);
        });
    }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ["data-cost"]});
"""
LAST_PAINTED = "return window.seen.at(-1)?.[2] ? window.seen.at(-1)[0] : null"
# How far the page's clock is from the system's; that one counts whole milliseconds only.
SKEW = """
    let most = -Infinity;
    for (const end = performance.now() + 100; performance.now() < end;) {
        most = Math.max(most, Date.now() - (performance.timeOrigin + performance.now()));
    }
    return most;
"""
# What the page sends to have its chart drawn.
NOTE_CHART = """
    const fetch = window.fetch.bind(window);
    window.fetch = (resource, options) => {
        if (String(options?.body).includes("thread-figure.data") && !window.chart) window.chart = options.body;
        return fetch(resource, options);
    };
"""

Moments = dict[str, list[tuple[Decimal, float]]]  # by where: the cost that was seen, and when (ms)


@dataclass
class Phase:
    name: str
    commits: list[tuple[Decimal, float]] = field(default_factory=list)  # the thread's cost then, and when (ms)
    moments: Moments = field(default_factory=dict)
    charts_per_second: float = 0.0

    def delays(self, where: str) -> list[float]:
        """Of each commit, until a value that has it was seen there; a page may skip a value for a newer one."""
        seen = iter(self.moments[where])
        cost, at = next(seen)
        delays = []
        for wanted, committed in self.commits[WARMING:]:
            while cost < wanted:
                cost, at = next(seen)
            delays.append(at - committed)
        return delays


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        server = stack.enter_context(harness.postgres())
        url = harness.make_database(server, "pixel")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = psycopg.ClientCursor(connection)
            cursor.execute(SOURCE, {"account": ACCOUNT, "thread": THREAD, "calls": PAST_CALLS})
        address = stack.enter_context(harness.serving(url))
        profile = Path(stack.enter_context(TemporaryDirectory(prefix="creditpulse-bench-")))
        tab = Tab(stack.enter_context(chrome(profile)), address)
        tab.before_pages(NOTE_CHART)
        phases = [observe(url, tab, "page alone", options)]
        body = tab.script("return window.chart")
        with drawing(address, body) as charts:
            busy = observe(url, tab, f"{CALLERS} callers drawing charts", options)
        busy.charts_per_second = charts()
        phases.append(busy)
    report(phases, options)
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inserts", type=int, default=300, help="in each phase (default: 300)")
    parser.add_argument("--pause-ms", type=int, default=250, help="between two inserts (default: 250)")
    return parser.parse_args()


def observe(url: str, tab: Tab, name: str, options: argparse.Namespace) -> Phase:
    phase = Phase(name, moments={"notification": [], "stream": []})
    tab.open_thread(THREAD)
    tab.until_state("thread-live", "live")
    tab.script(WATCH)
    skew_ms = tab.script(SKEW)
    with notified(url, phase.moments["notification"]), streamed(tab.address, phase.moments["stream"]):
        write(url, phase, options)
        last = phase.commits[-1][0]
        tab.until(
            lambda: tab.script("return window.seen.at(-1)?.[2] && window.seen.at(-1)[0]") == str(last), "the last"
        )
    seen = tab.script("return window.seen")
    phase.moments["page"] = [(Decimal(cost), at + skew_ms) for cost, at, _ in seen]
    phase.moments["painted"] = [(Decimal(cost), at + skew_ms) for cost, _, at in seen if at is not None]
    return phase


def write(url: str, phase: Phase, options: argparse.Namespace) -> None:
    """Single inserts at a steady pace; each has a cost of its own, so that every total is another."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT sum(estimated_cost) FROM usage_logs WHERE thread_id = %s", (THREAD,)
        ).fetchone()
        total = Decimal(row[0] if row else 0)
        start = time.monotonic()
        for number in range(options.inserts + WARMING):
            time.sleep(max(0.0, start + number * options.pause_ms / 1000 - time.monotonic()))
            cost = Decimal("0.010000") + number * Decimal("0.000001")
            total += cost
            connection.execute(INSERT, (ACCOUNT, THREAD, cost))
            phase.commits.append((total, time.time() * 1000))


@contextmanager
def notified(url: str, moments: list[tuple[Decimal, float]]) -> Iterator[None]:
    """Hears the writer's own notification, and reads the thread's sum."""
    with psycopg.connect(url, autocommit=True) as listener, psycopg.connect(url, autocommit=True) as reader:
        listener.execute("LISTEN control")
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                for _ in listener.notifies(timeout=0.5):
                    (cost,) = reader.execute(SUM, (THREAD,)).fetchone() or (0,)
                    moments.append((Decimal(cost), time.time() * 1000))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@contextmanager
def streamed(address: str, moments: list[tuple[Decimal, float]]) -> Iterator[None]:
    with connect(f"ws://{address}/live/ws?topics=thread:{THREAD}", compression=None) as socket:

        def listen() -> None:
            try:
                for frame in socket:
                    at = time.time() * 1000
                    usages = [message for message in json.loads(frame) if message["type"] == "thread-usage"]
                    moments.extend((Decimal(usage["cost"]), at) for usage in usages)
            except ConnectionClosed:
                pass

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            socket.close()
            thread.join()


@contextmanager
def drawing(address: str, body: str) -> Iterator[Any]:
    """Callers in a process of their own, each asking for the thread's chart as soon as it has the last one.

    Yields what gives, once they have ended, the charts a second.
    """
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    process = context.Process(target=call, args=(address, body, stop, results))
    process.start()
    rates: list[float] = []
    try:
        yield lambda: rates[0]
    finally:
        stop.set()
        rates.append(results.get(timeout=30))
        process.join()


def call(address: str, body: str, stop: Event, results: Any) -> None:
    began, drawn = time.monotonic(), []

    def ask() -> None:
        with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
            while not stop.is_set():
                answer = client.post(
                    "/_dash-update-component", content=body, headers={"content-type": "application/json"}
                )
                answer.raise_for_status()
                assert "thread-figure" in answer.json()["response"]
                drawn.append(1)

    threads = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(len(drawn) / (time.monotonic() - began))


def report(phases: Sequence[Phase], options: argparse.Namespace) -> None:
    rows = []
    for phase in phases:
        control = median(phase.delays("notification"))
        for where, name in (
            ("notification", "control: notified, and the sum read"),
            ("stream", "the frame is at another client"),
            ("page", "the page has changed"),
            ("painted", "the frame with it is painted"),
        ):
            delays = phase.delays(where)
            middle, high = median(delays), harness.percentile(delays, 0.95)
            met = harness.verdict(middle <= MEDIAN_MS and high <= P95_MS) if where == "page" else ""
            times = f"{middle / control:.1f} ×"
            rows.append((phase.name, name, f"{middle:.1f}", f"{high:.1f}", f"{max(delays):.1f}", times, met))
    title = (
        f"From commit to pixel, {options.inserts} single inserts {options.pause_ms} ms apart; "
        f"targets: median ≤ {MEDIAN_MS} ms, p95 ≤ {P95_MS} ms"
    )
    harness.show(title, ("", "until", "median ms", "p95 ms", "most ms", "of the control", "targets"), rows)
    print(f"charts drawn meanwhile: {phases[-1].charts_per_second:.1f} a second; {harness.machine()}")


if __name__ == "__main__":
    sys.exit(main())
