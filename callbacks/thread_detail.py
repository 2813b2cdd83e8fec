"""A thread's chart, log, runs and models: read once in one snapshot, then only what is new.

That is, as long as what is new adds up to the exact totals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from access.viewer import current_viewer
from callbacks.failures import explain, note_refusal
from callbacks.requests import request_of, uuid_of
from callbacks.thread_growth import (
    Seen,
    cursor_of,
    first_seen,
    grown_points,
    growth,
    replaces_last,
    seen_after,
    seen_of,
)
from callbacks.units import shown_in
from data.agent_runs import AgentRun, agent_runs
from data.call_prices import list_price
from data.calls import Call, CallLog, calls
from data.errors import NotFoundError
from data.prices import PriceList
from data.queries import Queries
from data.thread_models import ModelUsage, thread_models
from data.timeline import Point, timeline
from data.viewer import Viewer
from data.wire import plain, utc
from layouts import charts, thread, thread_runs, thread_spending
from layouts.units import Unit

MOST_SHOWN = 2000  # calls that a reload brings back into the log
MOST_RUNS = 50

# Figure (or its growth), calls for the log, what has been read, and the rest: each names its thread, for an answer may
# arrive when another is open.
Answer = tuple[Any, dict[str, Any], Any, dict[str, Any]]


def show_thread(queries: Queries, prices: PriceList, request: object, seen_before: object, shown: object) -> Answer:
    if request is None:  # the gate has not asked yet
        raise PreventUpdate
    asked = request_of(request)
    thread_id, viewer = uuid_of(asked.get("thread_id")), current_viewer()
    seen = None if asked.get("force") is True else seen_here(seen_before, thread_id)
    with queries.connect() as connection:
        snapshot = connection.execution_options(isolation_level="REPEATABLE READ")
        if seen and (answer := grow(snapshot, viewer, thread_id, seen, queries, prices)):
            return answer
        return read_all(snapshot, viewer, thread_id, limit_of(shown), queries, prices)


def seen_here(value: object, thread_id: UUID) -> Seen | None:
    """What the page has read of this thread; what it has of another, from an answer that came late, is nothing."""
    seen = seen_of(value)
    return seen if isinstance(value, dict) and value.get("of") == str(thread_id) else None


def read_all(
    connection: Connection, viewer: Viewer, thread_id: UUID, limit: int, queries: Queries, prices: PriceList
) -> Answer:
    runs = agent_runs(connection, viewer, thread_id, MOST_RUNS)
    line = timeline(connection, viewer, thread_id)
    log = calls(connection, viewer, thread_id, limit=limit)
    models = thread_models(connection, viewer, thread_id)
    unit = shown_in(queries, viewer)
    points = drawn(line.points, unit)
    figure = charts.timeline(points, bands(runs), line.bucket_seconds, of=str(thread_id), unit=unit)
    page = log_page("replace", thread_id, log, unit, prices)
    rest = detail(thread_id, runs, models, unit, "ready" if line.points else "empty")
    return figure, page, stored(thread_id, first_seen(log, line)), {**rest, "per": bar_words(line.bucket_seconds)}


def grow(
    connection: Connection, viewer: Viewer, thread_id: UUID, seen: Seen, queries: Queries, prices: PriceList
) -> Answer | None:
    """What came since; None where everything has to be read again."""
    log = growth(connection, viewer, thread_id, seen)
    if log is None:
        return None
    runs, points = agent_runs(connection, viewer, thread_id, MOST_RUNS), grown_points(seen, log)
    models = thread_models(connection, viewer, thread_id)
    after, unit = seen_after(seen, log, points), shown_in(queries, viewer)
    figure = charts.timeline_growth(
        drawn(points, unit),
        bands(runs),
        drawn=seen.drawn,
        bucket_seconds=seen.bucket_seconds,
        bars=charts.bar_scale([amount_drawn(after.lowest, unit), amount_drawn(after.highest, unit)]),
        replaces_last=replaces_last(seen, points),
        of=str(thread_id),
    )
    page = log_page("grow", thread_id, log, unit, prices)
    return figure, page, stored(thread_id, after), detail(thread_id, runs, models, unit, "ready")


def older_calls(queries: Queries, prices: PriceList, request: object) -> dict[str, Any]:
    """The calls before the oldest one that the log has."""
    if request is None:
        raise PreventUpdate
    asked = request_of(request)
    thread_id = uuid_of(asked.get("thread_id"))
    with queries.connect() as connection:
        log = calls(connection, current_viewer(), thread_id, before=cursor_of(asked), limit=thread.CALLS_AT_ONCE)
    return log_page("older", thread_id, log, shown_in(queries), prices)


def leave_gone(error: Exception) -> None:
    """A thread that went away while its page was open: the header says so, and what was read stays."""
    note_refusal(error)
    if not isinstance(error, NotFoundError):
        explain(error)


def limit_of(shown: object) -> int:
    """As many calls as the log has, so that a reload takes nothing from under the reader."""
    count = shown if isinstance(shown, int) else 0
    return max(thread.CALLS_AT_ONCE, min(count, MOST_SHOWN))


def stored(thread_id: UUID, seen: Seen | None) -> dict[str, Any] | None:
    return {"of": str(thread_id), **seen.store()} if seen else None


def detail(
    thread_id: UUID, runs: Sequence[AgentRun], models: Iterable[ModelUsage], unit: Unit, state: str
) -> dict[str, Any]:
    """What stands beside the chart and the log, ready to be shown, and the body's state."""
    return {
        "of": str(thread_id),
        "runs": thread_runs.run_list([run_shown(run) for run in runs], MOST_RUNS),
        "models": thread_spending.model_table([model_shown(model, unit) for model in models], unit),
        "state": state,
    }


def run_shown(run: AgentRun) -> thread_runs.Run:
    started = utc(run.started_at) if run.started_at else None
    return thread_runs.Run(run.status, started, run.lasted, run.quiet_for, run.error)


def model_shown(usage: ModelUsage, unit: Unit) -> thread_spending.ModelRow:
    amount = unit.of(usage.cost)
    return thread_spending.ModelRow(usage.model, usage.calls, usage.total_tokens, amount, plain(usage.cost))


def bar_words(bucket_seconds: int | None) -> str:
    return "per call" if bucket_seconds is None else charts.span_name(bucket_seconds)


def log_page(mode: str, thread_id: UUID, log: CallLog, unit: Unit, prices: PriceList) -> dict[str, Any]:
    rows = [call_row(call, unit, prices) for call in log.calls]
    return {"mode": mode, "thread_id": str(thread_id), "rows": rows, "total": log.total_calls}


def call_row(call: Call, unit: Unit, prices: PriceList) -> dict[str, Any]:
    listed = list_price(prices, call)
    return {
        "id": str(call.call_id),
        "at": utc(call.at),
        "model": call.model,
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "list_prompt": unit.fine(unit.of(listed.prompt)) if listed else None,
        "list_completion": unit.fine(unit.of(listed.completion.cost)) if listed else None,
        "credits": unit.fine(unit.of(call.cost)),
    }


def drawn(points: Iterable[Point], unit: Unit) -> list[charts.TimelinePoint]:
    return [
        charts.TimelinePoint(
            utc(point.at),
            amount_drawn(point.cumulative, unit),
            amount_drawn(point.cost, unit),
            point.calls,
            utc(point.bucket_start) if point.bucket_start else None,
        )
        for point in points
    ]


def amount_drawn(cost: Decimal, unit: Unit) -> float:
    return round(float(unit.of(cost)), 6)


def bands(runs: Iterable[AgentRun]) -> list[tuple[str, str | None]]:
    """From start to end; a run that goes on has none, and one that ended at an unknown time is not drawn."""
    return [
        (utc(run.started_at), None if run.running or run.completed_at is None else utc(run.completed_at))
        for run in runs
        if run.started_at and (run.running or run.completed_at)
    ]
