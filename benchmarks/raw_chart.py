"""The same chart of 30 days twice in one run: by `GROUP BY` on the raw table, as one would write it, and by ours."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

from sqlalchemy import Connection, text

from benchmarks import harness
from benchmarks.generator import generated, rows_of, size_of
from benchmarks.statements import sql_milliseconds
from data.engine import make_engine
from data.figures import series
from data.usage_query import NO_MODEL, UsageQuery, usage_query
from data.viewer import SYSTEM

ZONE = "America/New_York"
# The index by time is there: `migrate` has built one, for the quarter hours that edges cut.
GROUPED = text("""
    SELECT date_trunc('day', created_at, :zone) AS day, content->>'model' AS model, count(*) AS calls,
        sum(total_prompt_tokens) AS prompt_tokens, sum(total_completion_tokens) AS completion_tokens,
        sum(total_tokens) AS total_tokens, sum(estimated_cost) AS cost
    FROM usage_logs WHERE created_at >= :start AND created_at < :end
    GROUP BY day, model
""")
Chart = Mapping[tuple[datetime, str], tuple[int, Decimal]]  # day and model: calls and dollars


def grouped(connection: Connection, query: UsageQuery) -> Chart:
    values = {"zone": ZONE, "start": query.range.start, "end": query.range.end}
    return {(row.day, row.model or NO_MODEL): (row.calls, row.cost) for row in connection.execute(GROUPED, values)}


def ours(connection: Connection, query: UsageQuery) -> Chart:
    found = series(connection, SYSTEM, query, "day", "model", most=100)
    return {
        (start, line.key): (figures.calls, figures.cost)
        for line in found.lines
        for start, figures in zip(found.edges, line.figures, strict=False)
        if figures.calls
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=rows_of, default=rows_of("10M"), help="calls in the database (default: 10M)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="folder that databases stay in for reuse")
    parser.add_argument("--reads", type=int, default=5, help="of each")
    options = parser.parse_args()
    spent: dict[str, list[float]] = {"GROUP BY on the raw table": [], "ours": []}
    with generated(options.rows, options.keep) as (url, shape):
        engine = make_engine(url, pool_size=1)
        query = usage_query({"range": "30d", "zone": ZONE}, shape.until)
        with engine.connect() as connection:
            same = grouped(connection, query) == ours(connection, query)
        for _ in range(options.reads):
            for name, read in zip(spent, (grouped, ours), strict=True):
                spent[name].append(sql_milliseconds(engine, lambda c, read=read: read(c, query)))
        engine.dispose()
    plain, quick = (median(times) for times in spent.values())
    lines = [(name, f"{median(times):,.1f}", f"{plain / median(times):,.0f} ×") for name, times in spent.items()]
    harness.show(
        f"30 days by day and model, {size_of(options.rows)} calls", ("chart", "SQL, median ms", "faster"), lines
    )
    print(f"the same figures: {'yes' if same else 'NO'}; {harness.machine()}")
    return 0 if same and quick < plain else 1


if __name__ == "__main__":
    sys.exit(main())
