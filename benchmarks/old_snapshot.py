"""Whether the duty holds, and the state stays truthful, while another transaction's snapshot is held open.

A backup or an export keeps its snapshot for minutes. PostgreSQL may then remove no old version of a row, so that each
fold, which updates the same rollup rows again, finds more of them in its way. Measured first without such a snapshot,
which is the control, then with one: the share of time spent folding, how long a fold takes, how old the queue is by
`freshness` and by the commit times that the server itself keeps, and how long the totals take to read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy import Connection, Engine

from benchmarks import harness
from benchmarks.generator import generate, thread_id
from data.engine import make_engine
from data.freshness import freshness
from data.reign import Fold, Reign
from data.usage import nav_usages, thread_usages
from data.viewer import SYSTEM

CALLS = 100_000  # of history
THREADS, ACCOUNTS = 20_000, 2_000  # that are written for
WRITES_PER_SECOND = 200
MOST_DUTY = 0.2
LOOK_SECONDS = 0.25
TOLERANCE_MS = 50  # between the time of a commit and the moment when others see it, on a busy machine
LIVE_MS = 2000  # what waits longer is not shown as live
WINDOWS = 5  # lines of the report

INSERT = rf"""
\set chance random_zipfian(1, {THREADS}, 1.05)
\set prompt random(1000, 90000)
\set model random(1, 4)
INSERT INTO usage_logs (user_id, thread_id, message_id, total_prompt_tokens, total_completion_tokens, total_tokens,
    estimated_cost, content)
VALUES (md5('account ' || :chance % {ACCOUNTS})::uuid, md5('thread ' || :chance)::uuid, gen_random_uuid(), :prompt, 300,
    :prompt + 300, 0.012345, jsonb_build_object('model', 'model ' || :model));
"""

# One statement, so one snapshot: what freshness says of the queue, and since when its oldest row is committed. The
# clock comes first: what was true then has to be said by the time that is said.
LOOK = """
    SELECT extract(epoch FROM clock_timestamp())::float8 AS at,
        greatest(0, extract(epoch FROM creditpulse.queue_age()) * 1000)::float8 AS said,
        (SELECT extract(epoch FROM min(pg_xact_commit_timestamp(c.xid::xid)))::float8
            FROM creditpulse.changes c) AS since
"""


@dataclass
class Record:
    """What was seen in one phase; times in seconds since its beginning, everything else in milliseconds."""

    began: float = field(default_factory=time.monotonic)
    folds: list[tuple[float, float, int]] = field(default_factory=list)  # time, duration, rows taken
    ages: list[tuple[float, float, float]] = field(default_factory=list)  # time, said, true
    reads: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    ended: float = 0.0

    def now(self) -> float:
        return time.monotonic() - self.began


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        server = stack.enter_context(harness.postgres(track_commit_timestamp="on"))
        url = harness.make_database(server, "calls")
        generate(url, CALLS)
        engine = make_engine(url, pool_size=1)
        stack.callback(engine.dispose)
        control = observe(url, engine, min(1.0, options.minutes) * 60)
        with held_snapshot(url):
            held = observe(url, engine, options.minutes * 60)
        missed = uncounted(url)
    report(control, held, options)
    print(f"rows that the totals miss afterwards: {missed}; {harness.machine()}")
    return 0 if missed == 0 else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="for which the snapshot is held (default: 1)")
    return parser.parse_args()


@contextmanager
def held_snapshot(url: str) -> Iterator[None]:
    with psycopg.connect(url, application_name="an export") as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute("SELECT count(*) FROM creditpulse.state")
        yield


def observe(url: str, engine: Engine, seconds: float) -> Record:
    """Writers, a leader, and looks at both, for so long; returns once everything is folded."""
    record = Record(reads={"freshness": [], "thread total": [], "navigation total": []})
    with timed_folds(record), harness.leading(url), writers(url, seconds) as writing:
        with psycopg.connect(url, autocommit=True) as connection:
            while writing.poll() is None:
                began = record.now()
                record.ages.append((began, *look(connection)))
                read_totals(engine, record)
                time.sleep(max(0.0, LOOK_SECONDS - (record.now() - began)))
        if writing.returncode:
            raise RuntimeError(f"pgbench failed: {writing.stderr.read().decode() if writing.stderr else ''}")
        record.ended = record.now()
        wait_folded(url)
    return record


def look(connection: psycopg.Connection[TupleRow]) -> tuple[float, float]:
    """The queue's age as it is said, and as it is, in milliseconds."""
    at, said, since = connection.execute(LOOK).fetchone() or (0.0, 0.0, None)
    return said, 0.0 if since is None else (at - since) * 1000


@contextmanager
def timed_folds(record: Record) -> Iterator[None]:
    fold = Reign.fold

    def timed(reign: Reign) -> Fold:
        began = record.now()
        done = fold(reign)
        record.folds.append((began, (record.now() - began) * 1000, done.taken))
        return done

    with patch.object(Reign, "fold", timed):
        yield


@contextmanager
def writers(url: str, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """pgbench, which sends single inserts at a steady rate from four connections."""
    with TemporaryDirectory(prefix="creditpulse-bench-") as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(INSERT)
        command = [
            str(harness.pgbench_path()), "--no-vacuum", "--protocol=prepared", "--client=4",
            f"--rate={WRITES_PER_SECOND}", f"--time={seconds:.0f}", f"--file={script}", url,
        ]  # fmt: skip
        # The time of a commit that the server keeps is from before it waits for its disk; without that wait it is
        # the time from which others see the row.
        environment = {**os.environ, "PGOPTIONS": "-c synchronous_commit=off"}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()
            if process.stderr:
                process.stderr.close()


def read_totals(engine: Engine, record: Record) -> None:
    reads: dict[str, Callable[[Connection], object]] = {
        "freshness": freshness,
        "thread total": lambda connection: thread_usages(connection, SYSTEM, [thread_id(1)]),
        "navigation total": lambda connection: nav_usages(connection, SYSTEM, ["all"]),
    }
    for name, read in reads.items():
        began = record.now()
        with engine.connect() as connection:
            read(connection)
        record.reads[name].append((began, (record.now() - began) * 1000))


def wait_folded(url: str, seconds: float = 60) -> None:
    end, pause = time.monotonic() + seconds, threading.Event()
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute("SELECT 1 FROM creditpulse.changes LIMIT 1").fetchone():
            if time.monotonic() > end:
                raise TimeoutError(f"the queue is not empty {seconds} s after the last write")
            pause.wait(0.1)


def uncounted(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM usage_logs) - (SELECT sum(calls) FROM creditpulse.exact_threads)"
        ).fetchone()
    assert row
    return int(row[0])


def report(control: Record, held: Record, options: argparse.Namespace) -> None:
    lines = [line("no", control, 0, control.ended)]
    step = held.ended / WINDOWS
    for number in range(WINDOWS):
        start, end = number * step, (number + 1) * step
        lines.append(line(f"{start:.0f} to {end:.0f} s", held, start, end))
    columns = (
        "snapshot held", "folds/s", "fold ms (p95)", "folding", f"≤ {MOST_DUTY:.0%}", "queue age ms (p95, most)",
        "by commit times", "reads ms: freshness", "thread", "navigation",
    )  # fmt: skip
    title = (
        f"{WRITES_PER_SECOND} single inserts a second, another transaction's snapshot held for {options.minutes:g} min"
    )
    harness.show(title, columns, lines)
    ages = control.ages + held.ages
    under = [true - said for _, said, true in ages if said < true] or [0.0]
    print(
        f"looks in which less was said than was true: {len(under)} of {len(ages)}, by {max(under):.1f} ms at most: "
        f"{harness.verdict(max(under) <= TOLERANCE_MS)}"
    )
    late = sum(said > LIVE_MS for _, said, _ in held.ages)
    print(f"looks with a queue older than {LIVE_MS} ms, shown as polling: {late} of {len(held.ages)}")


def line(name: str, record: Record, start: float, end: float) -> tuple[str, ...]:
    folds = [(at, spent) for at, spent, _ in record.folds if start <= at < end]
    spent = [spent for _, spent in folds] or [0.0]
    # From the first fold to the one after the last: each has its rest behind it, which may reach beyond the window.
    following = min((at for at, _, _ in record.folds if at >= end), default=end)
    duty = sum(spent) / 1000 / (following - (folds[0][0] if folds else start))
    ages = [(said, true) for at, said, true in record.ages if start <= at < end] or [(0.0, 0.0)]
    reads = [median([ms for at, ms in found if start <= at < end] or [0.0]) for found in record.reads.values()]
    return (
        name, f"{len(folds) / (end - start):.1f}", f"{median(spent):.1f} ({harness.percentile(spent, 0.95):.1f})",
        f"{duty:.1%}", harness.verdict(duty <= MOST_DUTY), spread([said for said, _ in ages]),
        spread([true for _, true in ages]), *(f"{ms:.1f}" for ms in reads),
    )  # fmt: skip


def spread(values: list[float]) -> str:
    return f"{median(values):.0f} ({harness.percentile(values, 0.95):.0f}, {max(values):.0f})"


if __name__ == "__main__":
    sys.exit(main())
