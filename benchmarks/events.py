"""What a thousand events a second cost the page that shows them: time of its main thread, in Chromium.

The page of a thread is open and live, and its stream is fed by the benchmark: so many frames a second, each of them
a call of its thread as the server would send it (the thread's new total, the account's, a hint at what has changed).
Its main thread's time is the browser's own count, less what the same page takes in the same time with beats alone. The
control is the same page with every event painted as it comes, without the pause between two paints.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks import harness
from data.migrate import migrate
from tests.browser.chrome import chrome
from tests.browser.tab import Tab

ACCOUNT, THREAD = uuid4(), uuid4()
TOPICS = f"nav:{ACCOUNT},thread:{THREAD}"
FIRST_VERSION = 1_000_000  # so that no answer of the server, which knows nothing of this, counts as newer
BEAT_SECONDS = 5.0
SETTLE_SECONDS = 5.0
LAST_SECONDS = 10.0  # until the last value has to be there

SOURCE = """
    INSERT INTO users (id, email) VALUES (%(account)s, 'person@example.com');
    INSERT INTO threads (thread_id, account_id, metadata) VALUES (%(thread)s, %(account)s, '{"title": "A thread"}');
    INSERT INTO agent_runs (thread_id, status) VALUES (%(thread)s, 'running');
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content, created_at)
    SELECT %(account)s, %(thread)s, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}', now() - n * interval '1 minute'
    FROM generate_series(1, 300) AS n;
"""
# The page's stream comes from the benchmark.
REDIRECT = """
    const Native = window.WebSocket;
    window.WebSocket = class extends Native {
        constructor(url) { super(`ws://127.0.0.1:%d/${new URL(url).search}`); }
    };
"""
# What waits for the next paint does not wait: hints and stores, whose pauses are longer, keep them.
UNPAUSED = """
    const pulse = window.dash_clientside = window.dash_clientside || {};
    let publish;
    Object.defineProperty(pulse, "publish", {
        get: () => publish,
        set(found) {
            const paused = found.createThrottle;
            const createThrottle = (made) => (made.ms > 100 ? paused(made) : made.fire);
            publish = {...found, createThrottle, createCoalescer: ({apply}) => apply};
        },
    });
"""
WATCH = """
    window.gaps = []; window.changes = 0; window.shown = [];
    let last = performance.now();
    const look = (at) => { gaps.push(at - last); last = at; requestAnimationFrame(look); };
    requestAnimationFrame(look);
    const card = document.getElementById("thread-credits");
    new MutationObserver(() => { changes += 1; shown = [card.dataset.cost, Date.now()]; })
        .observe(card, {attributes: true, attributeFilter: ["data-cost"]});
"""


@dataclass(frozen=True)
class Outcome:
    """Of one way to paint. Seconds are those that the main thread was at work, by its own clock."""

    name: str
    events: int
    seconds: float  # that they were sent in
    idle_busy_seconds: float
    busy_seconds: float
    script_seconds: float
    paints: int
    gap_ms: float  # between two frames, for one in a hundred longer
    last_ms: float  # from the last event until its value stood there

    @property
    def ms_per_thousand(self) -> float:
        return (self.busy_seconds - self.idle_busy_seconds) / self.events * 1_000_000

    @property
    def share(self) -> float:
        return self.busy_seconds / self.seconds


class Feed:
    """The server of the page's stream, on a thread of its own."""

    def __init__(self, first: Sequence[dict[str, Any]]) -> None:
        self.thread_usage = dict(next(one for one in first if one["type"] == "thread-usage"))
        self.nav_usage = dict(next(one for one in first if one["type"] == "nav-usage"))
        self.number = 0
        self.page: ServerConnection | None = None
        self.port = harness.free_port()
        self.loop = asyncio.new_event_loop()
        self.ended = asyncio.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.run(),))

    async def run(self) -> None:
        async with serve(self.attend, "127.0.0.1", self.port, compression=None, ping_interval=None):
            while not self.ended.is_set():
                await self.beat()
                try:
                    await asyncio.wait_for(self.ended.wait(), BEAT_SECONDS)
                except TimeoutError:
                    continue

    async def attend(self, page: ServerConnection) -> None:
        self.page = page
        await page.send(json.dumps([*self.values(), self.beat_message()]))
        await page.wait_closed()
        if self.page is page:
            self.page = None

    async def beat(self) -> None:
        if self.page is not None:
            with suppress(ConnectionClosed):
                await self.page.send(json.dumps([self.beat_message()]))

    def beat_message(self) -> dict[str, Any]:
        return {"type": "beat", "as_of": moment(), "version": self.version, "queue_age_ms": 0, "listening": True}

    @property
    def version(self) -> int:
        return FIRST_VERSION + self.number

    def values(self) -> list[dict[str, Any]]:
        """Both cards', after the last event."""
        stamp = {"as_of": moment(), "version": self.version}
        cost = Decimal(self.thread_usage["cost"]) + self.number * Decimal("0.010001")
        figures = {"cost": str(cost), "credits": int(cost * 100)}
        tokens = self.thread_usage["total_tokens"] + self.number * 7
        calls = self.thread_usage["calls"] + self.number
        return [
            {**self.thread_usage, **figures, **stamp, "total_tokens": tokens, "calls": calls},
            {**self.nav_usage, **figures, **stamp, "total_tokens": tokens},
        ]

    def feed(self, rate: int, seconds: float) -> tuple[int, float]:
        """Sends events at that rate; how many, and in how many seconds."""
        return asyncio.run_coroutine_threadsafe(self.send(rate, seconds), self.loop).result(seconds * 4)

    async def send(self, rate: int, seconds: float) -> tuple[int, float]:
        assert self.page is not None
        began, sent = time.monotonic(), 0
        hint = {"type": "changed", "threads": [str(THREAD)], "accounts": [str(ACCOUNT)]}
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * rate:
                self.number += 1
                sent += 1
                await self.page.send(json.dumps([*self.values(), {**hint, "version": self.version}]))
            await asyncio.sleep(0.001)
        return sent, time.monotonic() - began

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.ended.set)
        self.thread.join()


def moment() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        url = harness.make_database(stack.enter_context(harness.postgres()), "events")
        migrate(url)
        with psycopg.connect(url, autocommit=True) as connection:
            psycopg.ClientCursor(connection).execute(SOURCE, {"account": ACCOUNT, "thread": THREAD})
        address = stack.enter_context(harness.serving(url))
        feed = stack.enter_context(feeding(address))
        outcomes = [
            observe(address, feed, name, scripts, options)
            for name, scripts in (("ours", []), ("every event painted", [UNPAUSED]))
        ]
    report(outcomes, options)
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1000, help="events a second (default: 1000)")
    parser.add_argument("--seconds", type=float, default=20, help="of events, and of none (default: 20)")
    return parser.parse_args()


@contextmanager
def feeding(address: str) -> Iterator[Feed]:
    """Begins with the values that the real server has."""
    with connect(f"ws://{address}/live/ws?topics={TOPICS}", compression=None) as socket:
        feed = Feed(json.loads(socket.recv(harness.START_SECONDS)))
    feed.thread.start()
    try:
        yield feed
    finally:
        feed.close()


def observe(address: str, feed: Feed, name: str, scripts: list[str], options: argparse.Namespace) -> Outcome:
    with TemporaryDirectory(prefix="creditpulse-bench-") as profile, chrome(Path(profile)) as driver:
        tab = Tab(driver, address)
        tab.command("Page.enable")
        tab.command("Page.setBypassCSP", enabled=True)  # the stream is of another port
        tab.command("Performance.enable", timeDomain="threadTicks")
        for script in (REDIRECT % feed.port, *scripts):
            tab.before_pages(script)
        tab.open_thread(THREAD, f"?scope={ACCOUNT}")
        tab.until_state("thread-live", "live")
        time.sleep(SETTLE_SECONDS)
        tab.script(WATCH)
        idle = busy(tab)
        time.sleep(options.seconds)
        before = busy(tab)
        tab.script("window.gaps.length = 0; window.changes = 0")
        events, seconds = feed.feed(options.rate, options.seconds)
        sent = time.time() * 1000
        cost = feed.values()[0]["cost"]
        tab.until_is(lambda: tab.script("return window.shown[0]"), cost, "the last value", LAST_SECONDS)
        after = busy(tab)
        at = tab.script("return window.shown[1]")
        gaps, changes = tab.script("return [window.gaps, window.changes]")
    return Outcome(
        name,
        events,
        seconds,
        idle_busy_seconds=before["TaskDuration"] - idle["TaskDuration"],
        busy_seconds=after["TaskDuration"] - before["TaskDuration"],
        script_seconds=after["ScriptDuration"] - before["ScriptDuration"],
        paints=changes,
        gap_ms=harness.percentile(gaps, 0.99),
        last_ms=max(0.0, at - sent),
    )


def busy(tab: Tab) -> dict[str, float]:
    """Seconds of the page's main thread so far."""
    return {one["name"]: one["value"] for one in tab.command("Performance.getMetrics")["metrics"]}


def report(outcomes: Sequence[Outcome], options: argparse.Namespace) -> None:
    control = outcomes[-1].ms_per_thousand
    rows = []
    for one in outcomes:
        rows.append(
            (
                one.name,
                f"{one.events / one.seconds:,.0f}/s",
                f"{one.ms_per_thousand:.0f} ms",
                f"{one.ms_per_thousand / control:.2f}",
                f"{one.share:.0%} (idle {one.idle_busy_seconds / options.seconds:.0%})",
                f"{one.script_seconds / one.seconds:.0%}",
                f"{one.paints / one.seconds:.1f}/s",
                f"{one.gap_ms:.0f} ms",
                f"{one.last_ms:.0f} ms",
            )
        )
    title = f"A page's main thread at {options.rate:,} events a second, for {options.seconds:.0f} s"
    columns = ("", "events", "per 1,000 events", "of control", "busy", "scripts", "shown", "frames 99 %", "last value")
    harness.show(title, columns, rows)
    print(f"in each, the last value shown was the newest; {harness.machine()}")


if __name__ == "__main__":
    sys.exit(main())
