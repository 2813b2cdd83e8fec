"""What a read asks the database: its statements, how long they took, and what their plans do with `usage_logs`."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, event

Read = Callable[[Connection], object]
RAW = "usage_logs"


@dataclass
class Statements:
    """Those of one engine while it is watched; `seconds` is the time from sending each to having all its rows."""

    asked: list[tuple[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    began: float = 0.0

    def before(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.asked.append((statement, parameters))
        self.began = time.perf_counter()

    def after(self, *_: Any) -> None:
        self.seconds += time.perf_counter() - self.began


@contextmanager
def watched(engine: Engine) -> Iterator[Statements]:
    found = Statements()
    event.listen(engine, "before_cursor_execute", found.before)
    event.listen(engine, "after_cursor_execute", found.after)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", found.before)
        event.remove(engine, "after_cursor_execute", found.after)


def sql_milliseconds(engine: Engine, read: Read) -> float:
    with watched(engine) as found, engine.connect() as connection:
        read(connection)
    return found.seconds * 1000


def raw_scans(engine: Engine, read: Read) -> list[str]:
    """Scans of the raw table that are bound neither to a thread nor to a stretch of time, in any plan of the read."""
    with watched(engine) as found, engine.connect() as connection:
        read(connection)
    with engine.connect() as connection:
        raw = connection.connection.cursor()
        plans = []
        for statement, parameters in found.asked:
            raw.execute(f"EXPLAIN (FORMAT JSON, ANALYZE, TIMING OFF) {statement}", parameters)
            (plan,) = raw.fetchone() or (None,)
            plans.append(json.loads(plan) if isinstance(plan, str) else plan)
    return [scan for plan in plans for scan in unbound(plan[0]["Plan"])]


def unbound(node: dict[str, Any]) -> Iterator[str]:
    if node.get("Relation Name") == RAW and node.get("Actual Loops") and not bound(node):
        rows = (node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        yield f"{node['Node Type']} of {rows:,.0f} rows"
    for child in node.get("Plans", []):
        yield from unbound(child)


def bound(node: dict[str, Any]) -> bool:
    conditions = [node.get("Index Cond", ""), node.get("Recheck Cond", "")]
    conditions += [child.get("Index Cond", "") for child in node.get("Plans", [])]
    return any(name in condition for condition in conditions for name in ("thread_id", "created_at", "(id ="))
