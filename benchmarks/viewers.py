"""How soon thousands of open pages have a change, and what each of their streams takes.

Each viewer is a WebSocket that follows all accounts and a thread, beside the server, the database and the writer on
this one machine. A change is one committed call; measured is from its commit to the first message that contains it, at
every viewer. The control is the least that could be done: a loop that writes the same bytes to as many sockets, as
often. The loads are those for which Supabase Realtime publishes its figures.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sys
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import psycopg
import uvloop

from benchmarks import harness
from benchmarks.generator import generate, thread_id
from benchmarks.watching import watch

CALLS = 100_000  # of history
THREADS = 200  # that are called, and watched
TOKENS = 1000  # a change
SETTLE_SECONDS = 2.0
SPAWN = multiprocessing.get_context("spawn")

INSERT = """
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content)
    VALUES (md5('account')::uuid, %s, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}')
"""
TOTAL = """
    SELECT coalesce(sum(total_tokens), 0) FROM usage_logs WHERE created_at >= date_trunc('month', now(), 'UTC')
"""
HANDSHAKE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
MESSAGE = (
    '[{{"type":"thread-usage","thread_id":"00000000-0000-0000-0000-000000000000","cost":"1234.567890","credits":123456,'
    '"prompt_tokens":1000000,"completion_tokens":1000000,"total_tokens":2000000,"calls":1000,"agent_status":"running",'
    '"as_of":"2026-11-25T00:00:00.000000Z","version":1000000}},{{"type":"nav-usage","scope":"all","cost":"1234.567890",'
    '"credits":123456,"total_tokens":{total},"purchased_credits":0,"agents_running":0,"agent_status":"idle",'
    '"period_label":"month to date","as_of":"2026-11-25T00:00:00.000000Z","version":1000000}}]'
)


@dataclass(frozen=True)
class Load:
    """`p95_ms` is the limit, `wanted_ms` what we want, `published` what Supabase Realtime publishes at p95."""

    viewers: int
    rate: int  # changes a second
    p95_ms: int
    wanted_ms: int
    published: str
    stalled: int = 0  # further viewers that never read


LOADS = (
    Load(500, 64, 50, 20, "184 to 238"),
    Load(500, 64, 50, 20, "184 to 238", stalled=100),
    Load(5_000, 10, 200, 110, "672 to 807"),
    Load(10_000, 5, 500, 310, "1,253 to 1,349"),
)
MOST_BYTES = 20 * 1024  # a stream


@dataclass(frozen=True)
class Outcome:
    delays_ms: list[float]  # of every change at every viewer
    missing: int  # changes that never came, of all viewers
    lost: int  # streams that did not stay
    bytes_a_stream: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15, help="of writing at each load (default: 15)")
    parser.add_argument("--most", type=int, default=10_000, help="no load with more viewers (default: 10000)")
    options = parser.parse_args()
    loads = [load for load in LOADS if load.viewers <= options.most]
    with ExitStack() as stack:
        server = stack.enter_context(harness.postgres())
        outcomes = []
        for number, load in enumerate(loads):
            url = harness.make_database(server, f"calls_{number}")
            generate(url, CALLS)
            outcomes.append((load, measure(url, load, options.seconds), control(load, options.seconds)))
    report(outcomes)
    return 0 if all(not ours.missing and not ours.lost for _load, ours, _control in outcomes) else 1


def measure(url: str, load: Load, seconds: int) -> Outcome:
    threads = [thread_id(number) for number in range(1, THREADS + 1)]
    paths = [f"/live/ws?topics=nav:all,thread:{threads[n % THREADS]}" for n in range(load.stalled + load.viewers)]
    with harness.server_process(url) as (address, process):
        before = resident_bytes(process.pid)
        with psycopg.connect(url, autocommit=True) as writer, watching(address, paths, load.stalled) as finish:
            a_stream = (resident_bytes(process.pid) - before) / len(paths)
            (start,) = writer.execute(TOTAL).fetchone() or (0,)
            commits = paced(lambda n: writer.execute(INSERT, (threads[n % THREADS],)), load.rate, seconds)
            time.sleep(SETTLE_SECONDS)
            still_open, seen = finish()
    return outcome(seen, commits, int(start), len(paths) - still_open, a_stream)


def control(load: Load, seconds: int) -> Outcome:
    here, there = SPAWN.Pipe()
    loop = SPAWN.Process(target=plain_server, args=(load.rate, seconds, there), daemon=True)
    loop.start()
    try:
        with watching(here.recv(), ["/"] * load.viewers, 0) as finish:
            here.send("begin")
            ticks = here.recv()
            time.sleep(SETTLE_SECONDS)
            still_open, seen = finish()
    finally:
        loop.terminate()
        loop.join()
    return outcome(seen, ticks, 0, load.viewers - still_open, 0.0)


@contextmanager
def watching(
    address: str, paths: Sequence[str], stalled: int
) -> Iterator[Callable[[], tuple[int, list[tuple[bytes, bytes]]]]]:
    """Viewers in a process of their own, all of them there; what is yielded ends them, and returns what they saw."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=watch, args=(address, paths, stalled, there), daemon=True)
    process.start()

    def finish() -> tuple[int, list[tuple[bytes, bytes]]]:
        here.send("finish")
        still_open, seen = here.recv()
        return still_open, seen

    try:
        if not here.poll(300):
            raise TimeoutError("the viewers were not connected within five minutes")
        here.recv()
        yield finish
    finally:
        process.terminate()
        process.join()


def paced(act: Callable[[int], object], rate: int, seconds: int) -> list[float]:
    """Acts at that rate; returns when each was done. One that takes long is not made up for."""
    done, due = [], time.perf_counter()
    for number in range(rate * seconds):
        time.sleep(max(0.0, due - time.perf_counter()))
        act(number)
        done.append(time.perf_counter())
        due = max(due + 1 / rate, done[-1])
    return done


def outcome(seen: list[tuple[bytes, bytes]], commits: list[float], start: int, lost: int, a_stream: float) -> Outcome:
    delays: list[float] = []
    missing = 0
    for times_bytes, totals_bytes in seen:
        times, totals = array("d", times_bytes), array("q", totals_bytes)
        for number, committed in enumerate(commits, start=1):
            place = bisect_right(totals, start + number * TOKENS - 1)  # totals only grow
            if place < len(totals):
                delays.append(max(0.0, times[place] - committed) * 1000)
            else:
                missing += 1
    return Outcome(delays, missing, lost, a_stream)


def plain_server(rate: int, seconds: int, pipe: Connection) -> None:
    """A process: says its address, and when told writes the same bytes to every socket, so often; says when."""
    uvloop.run(write_to_all(rate, seconds, pipe))


async def write_to_all(rate: int, seconds: int, pipe: Connection) -> None:
    loop, sockets = asyncio.get_running_loop(), []

    class Plain(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            sockets.append(cast(asyncio.Transport, transport))
            sockets[-1].write(HANDSHAKE + frame_of(0))

    server = await loop.create_server(Plain, "127.0.0.1", 0, backlog=1024)
    pipe.send(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    await loop.run_in_executor(None, pipe.recv)
    ticks, due = [], time.perf_counter()
    for number in range(1, rate * seconds + 1):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        frame = frame_of(number * TOKENS)
        ticks.append(time.perf_counter())
        for socket in sockets:
            socket.write(frame)
        due += 1 / rate
    pipe.send(ticks)
    await asyncio.sleep(SETTLE_SECONDS * 3)


def frame_of(total: int) -> bytes:
    payload = MESSAGE.format(total=total).encode()
    return b"\x81\x7e" + len(payload).to_bytes(2) + payload


def resident_bytes(pid: int) -> int:
    """Of a process; Linux only."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024


def report(outcomes: Sequence[tuple[Load, Outcome, Outcome]]) -> None:
    rows = []
    for load, ours, least in outcomes:
        p50, p95 = (harness.percentile(ours.delays_ms, share) for share in (0.5, 0.95))
        plain = harness.percentile(least.delays_ms, 0.95)
        beside = f" and {load.stalled} that never read" if load.stalled else ""
        rows.append(
            (
                f"{load.viewers:,}{beside}", f"{load.rate}/s", f"{p50:.1f}, {p95:.1f}", f"{plain:.1f}",
                f"{p95 / plain:.1f} ×", load.published, f"{load.p95_ms} ({load.wanted_ms} wanted)",
                f"{ours.bytes_a_stream / 1024:.1f} KB", f"{ours.missing}, {ours.lost}",
                harness.verdict(p95 <= load.p95_ms and ours.bytes_a_stream <= MOST_BYTES and not ours.missing),
            )
        )  # fmt: skip
    columns = (
        "viewers", "changes", "ms: median, p95", "plain loop ms: p95", "ours / plain", "Supabase publishes, p95",
        "limit ms", "memory a stream", "changes missed, streams lost", "targets",
    )  # fmt: skip
    harness.show("From a commit to the first message that contains it, at every viewer", columns, rows)
    print(harness.machine())


if __name__ == "__main__":
    sys.exit(main())
