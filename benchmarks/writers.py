"""What the change queue costs the writers: commits a second of single inserts into usage_logs, with pgbench.

Three databases in one server, all with the same tables and indexes: no trigger, ours with the leader folding
meanwhile, and the obvious design at its cheapest, a `pg_notify` per statement that nobody hears. They take turns,
in another order each round, so that a busy moment of the machine meets all alike; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import harness
from data.migrate import migrate

VARIANTS = ("none", "ours", "notify")
WRITERS = (1, 8, 32)
OF_NONE, OF_NOTIFY = 0.60, 1.8  # the targets; the second from 8 writers on

INSERT = r"""
\set thread random(1, 200)
\set user random(1, 25)
\set prompt random(1000, 90000)
INSERT INTO usage_logs (user_id, thread_id, message_id, total_prompt_tokens, total_completion_tokens, total_tokens,
    estimated_cost, content)
VALUES (lpad(:user::text, 32, 'a')::uuid, lpad(:thread::text, 32, 'b')::uuid, gen_random_uuid(), :prompt, 300,
    :prompt + 300, 0.012345, '{"model": "claude-sonnet-4-5", "cache_read_tokens": 900}');
"""

NOTIFY_TRIGGER = """
    CREATE FUNCTION notify_usage() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify('usage', '');
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER notify_usage AFTER INSERT ON usage_logs FOR EACH STATEMENT EXECUTE FUNCTION notify_usage();
"""

OUR_TRIGGERS = """
    SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass)
    FROM pg_trigger WHERE tgname LIKE 'creditpulse\\_%'
"""


def main() -> int:
    options = read_options()
    with ExitStack() as stack:
        server = stack.enter_context(harness.postgres())
        urls = {variant: make_variant(server, variant) for variant in VARIANTS}
        script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "insert.sql"
        script.write_text(INSERT)
        stack.enter_context(harness.leading(urls["ours"]))
        before = harness.machine()
        figures = measure(urls, script, options)
        missed = uncounted(urls["ours"])
    report(figures, options)
    print(f"calls that our totals miss afterwards: {missed}; before: {before}")
    return 0 if missed == 0 else 1


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="of each variant and number of writers")
    parser.add_argument("--seconds", type=int, default=5, help="of each measurement")
    parser.add_argument("--writers", type=int, nargs="+", default=list(WRITERS))
    return parser.parse_args()


def make_variant(server: str, variant: str) -> str:
    """A migrated database with the variant's trigger; returns its URL."""
    url = harness.make_database(server, variant)
    migrate(url)
    if variant != "ours":
        with psycopg.connect(url, autocommit=True) as connection:
            for (drop,) in connection.execute(OUR_TRIGGERS).fetchall():
                connection.execute(drop)
            if variant == "notify":
                connection.execute(NOTIFY_TRIGGER)
    return url


Figures = dict[tuple[int, str], list[float]]


def measure(urls: dict[str, str], script: Path, options: argparse.Namespace) -> Figures:
    figures: Figures = defaultdict(list)
    for writers in options.writers:
        for number in range(options.rounds + 1):
            turn = number % len(VARIANTS)
            for variant in VARIANTS[turn:] + VARIANTS[:turn]:
                with psycopg.connect(urls[variant], autocommit=True) as connection:
                    connection.execute("CHECKPOINT")
                seconds = options.seconds if number else 1  # the first round only warms up
                commits = pgbench(urls[variant], script, writers, seconds)
                if number:
                    figures[writers, variant].append(commits)
    return figures


def pgbench(url: str, script: Path, writers: int, seconds: int) -> float:
    """Commits a second of so many writers, without the time to connect."""
    command = [
        str(harness.pgbench_path()), "--no-vacuum", "--protocol=prepared", f"--client={writers}",
        f"--jobs={min(2, writers)}", f"--time={seconds}", f"--file={script}", url,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"tps = ([0-9.]+) \(without initial connection time\)", done.stdout)
    assert found, done.stdout
    return float(found[1])


def uncounted(url: str) -> int:
    """Rows of the table less calls in the totals."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM usage_logs) - (SELECT sum(calls) FROM creditpulse.exact_threads)"
        ).fetchone()
    assert row
    return int(row[0])


def report(figures: Figures, options: argparse.Namespace) -> None:
    rows = []
    for writers in options.writers:
        none, ours, notify = (median(figures[writers, variant]) for variant in VARIANTS)
        met = ours >= OF_NONE * none and (writers < 8 or ours >= OF_NOTIFY * notify)
        rows.append(
            (
                writers, f"{none:,.0f}", f"{ours:,.0f}", f"{notify:,.0f}", f"{ours / none:.0%}",
                f"{ours / notify:.2f} ×", harness.verdict(met),
            )
        )  # fmt: skip
    columns = ("writers", "no trigger", "ours", "notify", "ours of no trigger", "ours / notify", "targets")
    title = (
        f"Commits a second, medians of {options.rounds} rounds of {options.seconds} s; targets: at least {OF_NONE:.0%} "
        f"of no trigger, and from 8 writers on {OF_NOTIFY} × notify"
    )
    harness.show(title, columns, rows)


if __name__ == "__main__":
    sys.exit(main())
