"""How many SQL statements a fold causes, with one stream open and with two hundred.

The server's own log counts them: every statement that the real server sends, less those that it sends in the same
time while nothing is written. Each stream watches all accounts and a thread; each write is one statement that adds a
call to every watched thread. The control is what streams without a hub would do: each reads its two totals itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks import harness
from benchmarks.generator import generate, thread_id
from data.engine import make_engine
from data.usage import nav_usages, thread_usages
from data.viewer import SYSTEM

CALLS = 100_000  # of history
STREAMS = 200
IDLE_SECONDS = 6.0
WAIT_SECONDS = 20
STATEMENT = re.compile(r"^([^|\n]*)\|LOG:  (?:statement|execute [^:]*): ", re.MULTILINE)

INSERT = """
    INSERT INTO usage_logs (user_id, thread_id, total_prompt_tokens, total_tokens, estimated_cost, content)
    SELECT md5('account')::uuid, t.id, 1000, 1000, 0.01, '{"model": "claude-sonnet-4-5"}'
    FROM unnest(%s::uuid[]) AS t (id)
"""


@dataclass(frozen=True)
class Outcome:
    what: str
    streams: int
    folds: int
    hub_statements: float  # a fold
    leader_statements: float  # a fold
    delays_ms: list[float]  # from the commit to the frame, of every stream and write
    control_statements: int
    control_ms: float


class Statements:
    """Counts, by the name of the application that sent them, what the server's log has got since the last look."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        self.file = (Path(folder) / "log").open()
        self.file.seek(0, 2)

    def count(self) -> Counter[str]:
        time.sleep(0.3)  # the log is written by the backends themselves, a moment after
        return Counter(STATEMENT.findall(self.file.read()))

    def close(self) -> None:
        self.file.close()


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        server = stack.enter_context(harness.postgres(log_statement="all", log_line_prefix="%a|"))
        url = harness.make_database(server, "calls")
        generate(url, CALLS)
        address = stack.enter_context(harness.serving(url))
        statements = Statements(url)
        stack.callback(statements.close)
        own = [thread_id(number) for number in range(1, STREAMS + 1)]
        outcomes = [
            asyncio.run(measure(url, address, statements, options.folds, *case))
            for case in (
                ("its own thread", own[:1]),
                ("its own thread", own),
                ("the same thread", own[:1] * STREAMS),
            )
        ]
    report(outcomes)
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=40, help="writes in each case (default: 40)")
    return parser.parse_args()


async def measure(
    url: str, address: str, statements: Statements, writes: int, what: str, threads: Sequence[UUID]
) -> Outcome:
    """One stream for each of `threads`, which may repeat."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(open_stream(address, thread)) for thread in threads]
        statements.count()
        await asyncio.sleep(IDLE_SECONDS)
        idle = statements.count()
        began, version, delays = time.monotonic(), fold_number(url), []
        statements.count()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, application_name="a writer") as writer:
            for _ in range(writes):
                delays += await write_and_receive(writer, sorted(set(threads)), streams)
        seconds, folds = time.monotonic() - began, fold_number(url) - version
        busy = statements.count()
    control_statements, control_ms = read_alone(url, statements, threads)
    share = (seconds + 0.3) / (IDLE_SECONDS + 0.3)
    hub, leader = ((busy[name] - idle[name] * share) / folds for name in ("creditpulse live", "creditpulse leader"))
    return Outcome(what, len(streams), folds, hub, leader, delays, control_statements, control_ms)


@dataclass
class Stream:
    connection: ClientConnection
    calls: int = -1  # of its thread, by its last frame

    async def until(self, calls: int) -> float:
        """When the frame came that has so many calls of the thread."""
        while self.calls < calls:
            for message in json.loads(await self.connection.recv()):
                if message["type"] == "thread-usage":
                    self.calls = message["calls"]
        return time.perf_counter()


@asynccontextmanager
async def open_stream(address: str, thread: UUID) -> AsyncIterator[Stream]:
    url = f"ws://{address}/live/ws?topics=nav:all,thread:{thread}"
    async with connect(url, compression=None) as connection:
        stream = Stream(connection)
        await stream.until(0)
        yield stream


async def write_and_receive(
    writer: psycopg.AsyncConnection[tuple[object, ...]], threads: list[UUID], streams: list[Stream]
) -> list[float]:
    """How long after the commit each stream had its frame, in milliseconds."""
    waiting = [asyncio.create_task(stream.until(stream.calls + 1)) for stream in streams]
    await asyncio.sleep(0.05)
    await writer.execute(INSERT, (threads,))
    committed = time.perf_counter()
    async with asyncio.timeout(WAIT_SECONDS):
        return [(at - committed) * 1000 for at in await asyncio.gather(*waiting)]


def fold_number(url: str) -> int:
    with psycopg.connect(url, autocommit=True, application_name="benchmark") as connection:
        (version,) = connection.execute("SELECT version FROM creditpulse.state").fetchone() or (0,)
    return int(version)


def read_alone(url: str, statements: Statements, threads: Sequence[UUID]) -> tuple[int, float]:
    """Statements and milliseconds of reading both totals for each stream apart."""
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            thread_usages(connection, SYSTEM, threads[:1])
            statements.count()
            began = time.perf_counter()
            for thread in threads:
                thread_usages(connection, SYSTEM, [thread])
                nav_usages(connection, SYSTEM, ["all"])
            spent = (time.perf_counter() - began) * 1000
    finally:
        engine.dispose()
    return statements.count()["creditpulse"], spent


def report(outcomes: Sequence[Outcome]) -> None:
    least = outcomes[0].hub_statements
    rows = [
        (
            outcome.what, outcome.streams, outcome.folds, f"{outcome.hub_statements:.2f}",
            f"{outcome.leader_statements:.2f}", f"{outcome.control_statements}, {outcome.control_ms:.0f} ms",
            f"{outcome.control_statements / outcome.hub_statements:.1f} ×",
            f"{median(outcome.delays_ms):.1f}, {harness.percentile(outcome.delays_ms, 0.95):.1f}",
            harness.verdict(abs(outcome.hub_statements - least) < 0.5),
        )
        for outcome in outcomes
    ]  # fmt: skip
    columns = (
        "each watches", "streams", "folds", "statements a fold", "and of the leader", "reading alone",
        "alone / hub", "commit to frame ms: median, p95", "the same number",
    )  # fmt: skip
    harness.show("SQL statements a fold, by the server's log", columns, rows)
    print(harness.machine())


if __name__ == "__main__":
    sys.exit(main())
