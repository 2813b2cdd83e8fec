"""Whether a day's events leave anything behind: memory, connections, threads, open files and the queue, hour by hour.

A recorded hour of traffic (`CREDITPULSE_TRACE_DIR`) is replayed 24 times, at speed, against the real server, while
viewers watch, others come and go, programs ask the API and downloads are taken. The control is the first
hour: what a server needs to be warm is there by then, and nothing may grow after it. In the end every total is compared
with the raw rows.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import httpx
import psutil
import psycopg
from websockets.sync.client import connect

from benchmarks import harness
from benchmarks.viewers import watching
from data.doctor import Installation, examine
from data.migrate import migrate
from data.replay import replay_file

TRACE = "azure-llm-2023/AzureLLMInferenceTrace_conv.csv"
VIEWERS = 100
VISIT_SECONDS = 0.1
ASK_SECONDS = 0.2
DRAIN_SECONDS = 60
MEMORY_GROWTH = 1.10  # of what it was after the first hour
OTHERS_GROWTH = 2  # connections, threads and files that may just be open
ASKED = ("/api/v1/usage?range=24h", "/api/v1/threads?limit=50", "/export/usage.csv?range=24h", "/readyz")
SOME_THREAD = "SELECT thread_id FROM creditpulse.thread_totals OFFSET %s LIMIT 1"
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
QUEUE = "SELECT count(*) FROM creditpulse.changes"


@dataclass(frozen=True)
class Sample:
    hour: int
    calls: int
    seconds: float
    memory_mb: float
    connections: int
    threads: int
    files: int
    queued: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=24, help="of events (default: 24)")
    parser.add_argument("--speed", type=float, default=120.0, help="hours of events in an hour (default: 120)")
    options = parser.parse_args()
    trace = Path(os.environ.get("CREDITPULSE_TRACE_DIR", "")) / TRACE
    if not trace.is_file():
        print(f"{TRACE} is not in CREDITPULSE_TRACE_DIR; set that to the folder of recorded workloads", file=sys.stderr)
        return 2
    with harness.postgres() as server:
        url = harness.make_database(server, "soak")
        migrate(url)
        with harness.server_process(url) as (address, process):
            samples, lost = soak(url, address, psutil.Process(process.pid), trace, options.hours, options.speed)
        verify = dict(examine(Installation(url, url, None, None), verify=True))["verify"]
    report(samples, lost, verify)
    return 1 if lost else 0


def soak(
    url: str, address: str, process: psutil.Process, trace: Path, hours: int, speed: float
) -> tuple[list[Sample], int]:
    """And how many viewers were not there any more in the end."""
    samples, calls = list[Sample](), 0
    with watching(address, ["/live/ws?topics=nav:all"] * VIEWERS, 0) as finish, company(url, address):
        for hour in range(1, hours + 1):
            began = time.monotonic()
            calls += replay_file(url, trace, speed=speed).calls
            samples.append(sample(url, process, hour, calls, time.monotonic() - began))
            print(f"hour {hour}: {calls:,} calls", flush=True)
        still_open, _seen = finish()
    return samples, VIEWERS - still_open


def sample(url: str, process: psutil.Process, hour: int, calls: int, seconds: float) -> Sample:
    with psycopg.connect(url, autocommit=True) as connection:
        end = time.monotonic() + DRAIN_SECONDS
        while (queued := number(connection, QUEUE)) and time.monotonic() < end:
            time.sleep(0.1)
        connections = number(connection, CONNECTIONS)
    memory = process.memory_info().rss / 1024 / 1024
    return Sample(hour, calls, seconds, memory, connections, process.num_threads(), process.num_fds(), queued)


def number(connection: psycopg.Connection[tuple[int]], statement: str) -> int:
    row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def company(url: str, address: str) -> Iterator[None]:
    """People who come and go, and programs that ask."""
    stop, faults = threading.Event(), list[str]()
    workers = [
        threading.Thread(target=until, args=(stop, faults, VISIT_SECONDS, visitor(url, address))),
        threading.Thread(target=until, args=(stop, faults, ASK_SECONDS, asker(address))),
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    if faults:
        raise RuntimeError(f"{len(faults)} requests failed, the first: {faults[0]}")


def until(stop: threading.Event, faults: list[str], seconds: float, acts: Iterator[None]) -> None:
    try:
        while not stop.wait(seconds):
            next(acts)
    except Exception as error:
        faults.append(repr(error))


def visitor(url: str, address: str) -> Iterator[None]:
    """Opens the stream of one thread after the other, and leaves once it has its value."""
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            row = connection.execute(SOME_THREAD, (random.randrange(1000),)).fetchone()
            topics = f"nav:all,thread:{row[0]}" if row else "nav:all"
            with connect(f"ws://{address}/live/ws?topics={topics}", compression=None, proxy=None) as socket:
                socket.recv(timeout=30)
            yield


def asker(address: str) -> Iterator[None]:
    with httpx.Client(base_url=f"http://{address}", timeout=30) as client:
        while True:
            for path in ASKED:
                client.get(path).raise_for_status()
                yield


def report(samples: list[Sample], lost: int, verify: str) -> None:
    warm, last = samples[0], samples[-1]
    rows = [
        [f"{value:,.0f}" if isinstance(value, float) else f"{value:,}" for value in astuple(one)] for one in samples
    ]
    title = f"soak: {len(samples)} hours of recorded events, {VIEWERS} viewers and visitors ({harness.machine()})"
    harness.show(title, [field.name.replace("_", " ") for field in fields(Sample)], rows)
    growth = last.memory_mb / warm.memory_mb
    print(
        f"memory: {growth:.2f} of the first hour's (limit {MEMORY_GROWTH}): {harness.verdict(growth <= MEMORY_GROWTH)}"
    )
    for name in ("connections", "threads", "files"):
        more = getattr(last, name) - getattr(warm, name)
        print(
            f"{name}: {more:+} since the first hour (limit +{OTHERS_GROWTH}): {harness.verdict(more <= OTHERS_GROWTH)}"
        )
    print(f"viewers: {lost} lost (limit 0): {harness.verdict(lost == 0)}")
    print(f"queue: {last.queued} rows left (limit 0): {harness.verdict(last.queued == 0)}; {verify}")


if __name__ == "__main__":
    sys.exit(main())
