"""Whether the totals stay as quick as they are when the table grows: a thread's, and a scope's of its period.

Three databases, with ten thousand, one million and ten million calls. They are read in turn, so that a busy moment of
the machine meets all of them alike. The control is what one would write without rollups: a sum over the table itself,
with the index that it needs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text

from benchmarks import harness
from benchmarks.generator import SUBSCRIBED, Shape, account_id, generated, rows_of, thread_id
from data.engine import make_engine
from data.usage import nav_usages, thread_usages
from data.viewer import SYSTEM

ROWS = (10_000, 1_000_000, 10_000_000)
GROWTH, MOST_MS = 1.5, 5.0  # the targets
WARMING = 20  # reads that come first
BUSIEST, ACCOUNT = thread_id(1), account_id(SUBSCRIBED)

SUMS = """count(*) AS calls, sum(estimated_cost) AS cost, sum(total_prompt_tokens) AS prompt_tokens,
    sum(total_completion_tokens) AS completion_tokens, sum(total_tokens) AS total_tokens"""
OF_THREAD = text(f"SELECT {SUMS} FROM usage_logs WHERE thread_id = :thread")
OF_ALL = text(f"SELECT {SUMS} FROM usage_logs WHERE created_at >= :start AND created_at < :end")
OF_ACCOUNT = text(
    f"SELECT {SUMS} FROM usage_logs WHERE user_id = :account AND created_at >= :start AND created_at < :end"
)

Read = Callable[[Connection], Any]
Figures = dict[tuple[str, str, int], list[float]]  # what, how, rows: milliseconds


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        engines = {rows: stack.enter_context(filled(rows, options.keep)) for rows in options.rows}
        figures = measure(engines, options.reads, options.controls)
        agree = all(same_sums(rows, engine) for rows, engine in engines.items())
    report(figures, options)
    print(f"totals and sums over the table agree: {'yes' if agree else 'NO'}; {harness.machine()}")
    return 0 if agree else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=rows_of, nargs="+", default=list(ROWS), help="calls in each database")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that databases stay in for reuse")
    parser.add_argument("--reads", type=int, default=300, help="of each total in each database")
    parser.add_argument("--controls", type=int, default=5, help="reads of each sum over the table")
    return parser.parse_args()


@contextmanager
def filled(rows: int, keep: Path | None) -> Iterator[Engine]:
    """The pool of a database with so many calls; without the index of the controls."""
    with generated(rows, keep) as (url, _):
        engine = make_engine(url, pool_size=1)
        try:
            with engine.begin() as connection:
                connection.execute(text("DROP INDEX IF EXISTS control"))
            yield engine
        finally:
            engine.dispose()


def rarest(rows: int) -> UUID:
    """The thread with the fewest calls."""
    return thread_id(Shape(rows, datetime.now(UTC)).threads)


def reads(rows: int) -> dict[str, Read]:
    rare = rarest(rows)
    return {
        "the busiest thread": lambda connection: thread_usages(connection, SYSTEM, [BUSIEST])[BUSIEST],
        "the thread with the fewest calls": lambda connection: thread_usages(connection, SYSTEM, [rare])[rare],
        "all accounts": lambda connection: nav_usages(connection, SYSTEM, ["all"])["all"],
        "an account with a plan": lambda connection: nav_usages(connection, SYSTEM, [str(ACCOUNT)])[str(ACCOUNT)],
    }


def controls(rows: int, engine: Engine) -> dict[str, Read]:
    """The same totals as sums over the table, of the same periods."""
    rare = rarest(rows)
    with engine.connect() as connection:
        month = nav_usages(connection, SYSTEM, ["all"])["all"].period
        plan = nav_usages(connection, SYSTEM, [str(ACCOUNT)])[str(ACCOUNT)].period
    return {
        "the busiest thread": lambda connection: connection.execute(OF_THREAD, {"thread": BUSIEST}).one(),
        "the thread with the fewest calls": lambda connection: connection.execute(OF_THREAD, {"thread": rare}).one(),
        "all accounts": lambda connection: connection.execute(OF_ALL, {"start": month.start, "end": month.end}).one(),
        "an account with a plan": lambda connection: connection.execute(
            OF_ACCOUNT, {"account": ACCOUNT, "start": plan.start, "end": plan.end}
        ).one(),
    }


def measure(engines: dict[int, Engine], times: int, control_times: int) -> Figures:
    """Ours first: the control's index has to come later, for ours may not lean on it."""
    figures: Figures = defaultdict(list)
    for number in range(-WARMING, times):
        for rows, engine in engines.items():
            for what, read in reads(rows).items():
                spent = milliseconds(engine, read)
                if number >= 0:
                    figures[what, "ours", rows].append(spent)
    for rows, engine in engines.items():
        with engine.begin() as connection:
            connection.execute(text("CREATE INDEX control ON usage_logs (created_at)"))
        for what, read in controls(rows, engine).items():
            milliseconds(engine, read)
            figures[what, "sum", rows] += [milliseconds(engine, read) for _ in range(control_times)]
    return figures


def milliseconds(engine: Engine, read: Read) -> float:
    """With the time to take a connection from the pool and to give it back."""
    began = time.perf_counter()
    with engine.connect() as connection:
        read(connection)
    return (time.perf_counter() - began) * 1000


def same_sums(rows: int, engine: Engine) -> bool:
    plain = controls(rows, engine)
    with engine.connect() as connection:
        return all(
            (ours.cost, ours.total_tokens) == cost_and_tokens(plain[what](connection))
            for what, ours in ((what, read(connection)) for what, read in reads(rows).items())
        )


def cost_and_tokens(row: Any) -> tuple[Decimal, int]:
    return row.cost or Decimal(0), row.total_tokens or 0


def report(figures: Figures, options: argparse.Namespace) -> None:
    rows = []
    for what in reads(min(options.rows)):
        least = median(figures[what, "ours", min(options.rows)])
        for size in options.rows:
            ours, plain = figures[what, "ours", size], median(figures[what, "sum", size])
            met = median(ours) <= GROWTH * least and median(ours) <= MOST_MS
            rows.append(
                (
                    what, f"{size:,}", f"{median(ours):.2f}", f"{harness.percentile(ours, 0.95):.2f}",
                    f"{median(ours) / least:.2f} ×", f"{plain:,.2f}", f"{plain / median(ours):,.1f} ×",
                    harness.verdict(met),
                )
            )  # fmt: skip
    columns = ("total of", "calls in the table", "median ms", "p95 ms", "of the smallest", "sum() ms", "sum / ours")
    title = f"Totals, {options.reads} reads each; targets: at most {GROWTH} × of the smallest table's and {MOST_MS} ms"
    harness.show(title, (*columns, "targets"), rows)


if __name__ == "__main__":
    sys.exit(main())
