"""How long the SQL of each page takes, at each size of the tables, and whether any of it reads the raw table.

The databases are read in turn, so that a busy moment of the machine meets all of them alike. The range is that of
90 days until the last call, in a zone with a change of clocks in it.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, Engine

from benchmarks import harness
from benchmarks.generator import account_id, generated, rows_of, size_of, thread_id
from benchmarks.statements import Read, raw_scans, sql_milliseconds
from data.account_ids import account_count, account_ids
from data.account_page import account_head, account_standing
from data.account_query import AccountQuery
from data.account_rows import account_rows
from data.agent_runs import agent_runs
from data.burn import running_agents, thread_rate
from data.calls import calls
from data.content_listing import CallListing
from data.engine import make_engine
from data.figures import activity, heat, series, top_accounts, top_models, top_threads, totals
from data.run_outlook import run_outlook
from data.subscriptions import subscription
from data.thread_debits import thread_debits
from data.thread_models import thread_models
from data.threads import thread_head
from data.timeline import timeline
from data.usage import nav_usages, thread_usages
from data.usage_query import UsageQuery, usage_query
from data.viewer import SYSTEM

SIZES = (1_000_000, 10_000_000)
GROWTH = 2.0  # of the largest over the smallest, for what has a limit of its own below LATER_MS
FIRST_MS, PAGE_MS, LATER_MS = 60.0, 30.0, 500.0
WARMING = 2
BLOCK = 100  # accounts, as layouts/grids.py has it
RARE = "rosa ueda"  # the name of one in 552
BUSIEST, ACCOUNT = thread_id(1), account_id(1)
ZONE = "America/New_York"


@dataclass(frozen=True)
class Page:
    """`most_ms` is its limit; what comes after and blocks nothing may take LATER_MS, and may grow."""

    name: str
    read: Read
    most_ms: float


def pages(until: datetime) -> tuple[Page, ...]:
    """Each with all that it asks for at once; caches left out."""
    everything, own = queries(until, "all"), queries(until, str(ACCOUNT))
    return (
        Page("overview: totals, heat, by model", lambda c: first_of_overview(c, everything, "model"), FIRST_MS),
        Page("overview: totals, heat, by account", lambda c: first_of_overview(c, everything, "account"), FIRST_MS),
        Page("busiest account: totals, heat, by model", lambda c: first_of_overview(c, own, "model"), FIRST_MS),
        Page("overview: active threads and accounts", lambda c: activity(c, SYSTEM, everything), LATER_MS),
        Page("overview: top threads", lambda c: top_threads(c, SYSTEM, everything), LATER_MS),
        Page("overview: top accounts", lambda c: top_accounts(c, SYSTEM, everything), LATER_MS),
        Page("overview: top models", lambda c: top_models(c, SYSTEM, everything), LATER_MS),
        Page("busiest account: active threads", lambda c: activity(c, SYSTEM, own), LATER_MS),
        Page("busiest account: top threads", lambda c: top_threads(c, SYSTEM, own), LATER_MS),
        Page("overview: agents that burn most", lambda c: running_agents(c, SYSTEM, "all", limit=50), LATER_MS),
        Page("navigation", navigation, PAGE_MS),
        Page("accounts: a block by the latest call", lambda c: accounts_block(c, AccountQuery()), PAGE_MS),
        Page("accounts: a block by burn rate", lambda c: accounts_block(c, AccountQuery(sort="-rate")), PAGE_MS),
        Page("accounts: a block of all with an a", lambda c: accounts_block(c, AccountQuery(search="a")), PAGE_MS),
        Page("accounts: a block of a rare word", lambda c: accounts_block(c, AccountQuery(search=RARE)), PAGE_MS),
        Page("accounts: how many there are", lambda c: account_count(c, SYSTEM, AccountQuery()), LATER_MS),
        Page("accounts: how many have an a", lambda c: account_count(c, SYSTEM, AccountQuery(search="a")), LATER_MS),
        Page("account page, the busiest account", account_page, PAGE_MS),
        Page("thread page, the busiest thread", thread_page, PAGE_MS),
        Page("a page of a download of its calls", page_of_calls, PAGE_MS),
    )  # fmt: skip


def queries(until: datetime, scope: str) -> UsageQuery:
    return usage_query({"range": "90d", "scope": scope, "zone": ZONE}, until)


def first_of_overview(connection: Connection, query: UsageQuery, by: str) -> None:
    totals(connection, SYSTEM, query)
    series(connection, SYSTEM, query, by=by)
    heat(connection, SYSTEM, query)


def navigation(connection: Connection) -> None:
    nav_usages(connection, SYSTEM, ["all", str(ACCOUNT)])
    subscription(connection, SYSTEM, str(ACCOUNT))


def accounts_block(connection: Connection, query: AccountQuery) -> None:
    ids = account_ids(connection, SYSTEM, query, limit=BLOCK)
    account_rows(connection, SYSTEM, ids, harness.CREDITS_PER_DOLLAR)


def account_page(connection: Connection) -> None:
    """Its header; what the range asks for is that of the overview."""
    account_head(connection, SYSTEM, ACCOUNT)
    account_standing(connection, SYSTEM, ACCOUNT, harness.CREDITS_PER_DOLLAR)
    nav_usages(connection, SYSTEM, [str(ACCOUNT)])
    running_agents(connection, SYSTEM, str(ACCOUNT), limit=50)


def thread_page(connection: Connection) -> None:
    thread_head(connection, SYSTEM, BUSIEST)
    thread_usages(connection, SYSTEM, [BUSIEST])
    timeline(connection, SYSTEM, BUSIEST)
    calls(connection, SYSTEM, BUSIEST)
    agent_runs(connection, SYSTEM, BUSIEST)
    thread_models(connection, SYSTEM, BUSIEST)
    thread_debits(connection, SYSTEM, BUSIEST)
    run_outlook(connection, SYSTEM, BUSIEST)
    thread_rate(connection, SYSTEM, BUSIEST)


def page_of_calls(connection: Connection) -> None:
    listing = CallListing(harness.CREDITS_PER_DOLLAR)
    query = listing.query(SYSTEM, {"thread": str(BUSIEST)}, datetime.min)
    listing.page(connection, SYSTEM, query, None, 250)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=rows_of, nargs="+", default=list(SIZES), help="calls in each database")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that databases stay in for reuse")
    parser.add_argument("--reads", type=int, default=9, help="of each page in each database")
    options = parser.parse_args()
    with ExitStack() as stack:
        engines: dict[int, tuple[Engine, tuple[Page, ...]]] = {}
        for rows in options.rows:
            url, shape = stack.enter_context(generated(rows, options.keep))
            engine = make_engine(url, pool_size=1)
            stack.callback(engine.dispose)
            engines[rows] = engine, pages(shape.until)
        spent = measure(engines, options.reads)
        scans = {
            (page.name, rows): raw_scans(engine, page.read)
            for rows, (engine, found) in engines.items()
            for page in found
        }
    report(engines[min(engines)][1], options.rows, spent, scans)
    return 1 if any(scans.values()) else 0


def measure(engines: dict[int, tuple[Engine, tuple[Page, ...]]], reads: int) -> dict[tuple[str, int], list[float]]:
    """Milliseconds of SQL by page and size."""
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)
    for number in range(-WARMING, reads):
        for rows, (engine, found) in engines.items():
            for page in found:
                milliseconds = sql_milliseconds(engine, page.read)
                if number >= 0:
                    spent[page.name, rows].append(milliseconds)
    return spent


def report(
    found: tuple[Page, ...],
    sizes: list[int],
    spent: dict[tuple[str, int], list[float]],
    scans: dict[tuple[str, int], list[str]],
) -> None:
    lines = []
    for page in found:
        medians = [median(spent[page.name, rows]) for rows in sizes]
        growth = medians[sizes.index(max(sizes))] / medians[sizes.index(min(sizes))]
        met = max(medians) <= page.most_ms and (page.most_ms == LATER_MS or growth <= GROWTH)
        raw = "; ".join(dict.fromkeys(scan for rows in sizes for scan in scans[page.name, rows])) or "no"
        times = [f"{one:.1f}" for one in medians]
        lines.append((page.name, *times, f"{growth:.2f} ×", f"{page.most_ms:.0f}", harness.verdict(met), raw))
    columns = (
        "SQL of",
        *(f"{size_of(rows)}: median ms" for rows in sizes),
        "growth",
        "limit",
        "targets",
        "unbound scans of raw rows",
    )
    harness.show(f"90 days in {ZONE}, {len(spent[found[0].name, sizes[0]])} reads each", columns, lines)
    print(harness.machine())


if __name__ == "__main__":
    sys.exit(main())
