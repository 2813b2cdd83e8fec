"""One thread's page: read once in one snapshot, then only what is new, as long as that adds up to the exact totals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from dash import Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.failures import explain
from callbacks.requests import request_of, uuid_of
from callbacks.routing import Page
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
from data.agent_runs import AgentRun, agent_runs
from data.calls import Call, calls
from data.constants import UNATTRIBUTED
from data.errors import NotFoundError
from data.queries import Queries
from data.threads import ThreadRow, thread_head
from data.timeline import Point, timeline
from data.viewer import Viewer
from data.wire import utc
from layouts import charts, formats, ids, thread

MOST_SHOWN = 2000  # calls that a reload brings back into the log
Answer = tuple[Any, dict[str, Any], Component, Any, Any, str]


def show_thread(queries: Queries, request: object, seen_before: object, shown: object) -> Answer:
    """Figure, calls for the log, runs, what has been read, what a bar stands for, the body's state."""
    if request is None:  # the gate has not asked yet
        raise PreventUpdate
    asked = request_of(request)
    thread_id, seen, viewer = uuid_of(asked.get("thread_id")), seen_of(seen_before), current_viewer()
    with queries.connect() as connection:
        snapshot = connection.execution_options(isolation_level="REPEATABLE READ")
        if seen and asked.get("force") is not True and (answer := grow(snapshot, viewer, thread_id, seen, queries)):
            return answer
        return read_all(snapshot, viewer, thread_id, limit_of(shown), queries)


def read_all(connection: Connection, viewer: Viewer, thread_id: UUID, limit: int, queries: Queries) -> Answer:
    runs = agent_runs(connection, viewer, thread_id)
    line = timeline(connection, viewer, thread_id)
    log = calls(connection, viewer, thread_id, limit=limit)
    seen = first_seen(log, line)
    rate = queries.credits_per_dollar
    figure = charts.timeline(drawn(line.points, rate), bands(runs), line.bucket_seconds, of=str(thread_id))
    per = "per call" if line.bucket_seconds is None else charts.span_name(line.bucket_seconds)
    page = log_page("replace", thread_id, log.calls, log.total_calls, rate)
    return figure, page, run_list(runs), seen.store() if seen else None, per, "ready" if line.points else "empty"


def grow(connection: Connection, viewer: Viewer, thread_id: UUID, seen: Seen, queries: Queries) -> Answer | None:
    """What came since; None where everything has to be read again."""
    log = growth(connection, viewer, thread_id, seen)
    if log is None:
        return None
    runs, points = agent_runs(connection, viewer, thread_id), grown_points(seen, log)
    after, rate = seen_after(seen, log, points), queries.credits_per_dollar
    figure = charts.timeline_growth(
        drawn(points, rate),
        bands(runs),
        drawn=seen.drawn,
        bucket_seconds=seen.bucket_seconds,
        bars=charts.bar_scale([credits_drawn(after.lowest, rate), credits_drawn(after.highest, rate)]),
        replaces_last=replaces_last(seen, points),
        of=str(thread_id),
    )
    page = log_page("grow", thread_id, log.calls, log.total_calls, rate)
    return figure, page, run_list(runs), after.store(), no_update, "ready"


def older_calls(queries: Queries, request: object) -> dict[str, Any]:
    """The calls before the oldest one that the log has."""
    if request is None:
        raise PreventUpdate
    asked = request_of(request)
    thread_id = uuid_of(asked.get("thread_id"))
    with queries.connect() as connection:
        log = calls(connection, current_viewer(), thread_id, before=cursor_of(asked), limit=thread.CALLS_AT_ONCE)
    return log_page("older", thread_id, log.calls, log.total_calls, queries.credits_per_dollar)


def leave_gone(error: Exception) -> None:
    """A thread that went away while its page was open: the header says so, and what was read stays."""
    if not isinstance(error, NotFoundError):
        explain(error)


def limit_of(shown: object) -> int:
    """As many calls as the log has, so that a reload takes nothing from under the reader."""
    count = shown if isinstance(shown, int) else 0
    return max(thread.CALLS_AT_ONCE, min(count, MOST_SHOWN))


def log_page(mode: str, thread_id: UUID, found: Sequence[Call], total: int, rate: Decimal) -> dict[str, Any]:
    rows = [call_row(call, rate) for call in found]
    return {"mode": mode, "thread_id": str(thread_id), "rows": rows, "total": total}


def call_row(call: Call, rate: Decimal) -> dict[str, Any]:
    return {
        "id": str(call.call_id),
        "at": utc(call.at),
        "model": call.model,
        "prompt_tokens": call.prompt_tokens,
        "completion_tokens": call.completion_tokens,
        "credits": formats.one_decimal(call.cost * rate),
    }


def drawn(points: Iterable[Point], rate: Decimal) -> list[charts.TimelinePoint]:
    return [
        charts.TimelinePoint(
            utc(point.at),
            credits_drawn(point.cumulative, rate),
            credits_drawn(point.cost, rate),
            point.calls,
            utc(point.bucket_start) if point.bucket_start else None,
        )
        for point in points
    ]


def credits_drawn(cost: Decimal, rate: Decimal) -> float:
    return round(float(cost * rate), 6)


def bands(runs: Iterable[AgentRun]) -> list[tuple[str, str | None]]:
    """From start to end; a run that goes on has none, and one that ended at an unknown time is not drawn."""
    return [
        (utc(run.started_at), None if run.running or run.completed_at is None else utc(run.completed_at))
        for run in runs
        if run.started_at and (run.running or run.completed_at)
    ]


def run_list(runs: Iterable[AgentRun]) -> Component:
    return thread.run_list(
        [
            thread.Run(
                run.status, utc(run.started_at) if run.started_at else None, run.lasted, run.quiet_for, run.error
            )
            for run in runs
        ]
    )


def crumbs(head: ThreadRow) -> list[str]:
    """The account's name and the project's, where the project does not already name the thread."""
    account = [] if head.account_id == UNATTRIBUTED else [head.account]
    return [*account, *([head.project] if head.project and head.project != head.title else [])]


def render(queries: Queries, viewer: Viewer, thread_id: UUID) -> Component:
    with queries.connect() as connection:
        head = thread_head(connection, viewer, thread_id)
    return thread.layout(str(thread_id), head.title, crumbs(head))


def outline() -> Component:
    return thread.layout(str(UNATTRIBUTED), "Thread")


def check(queries: Queries, viewer: Viewer, thread_id: UUID) -> None:
    """Raises NotFoundError for a thread that is not there, or not the viewer's."""
    queries.thread_usage(viewer, thread_id)


PAGE = Page("/threads/<id>", "Thread", "/threads", render, outline, check)


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.THREAD_FIGURE, "data"),
        Output(ids.THREAD_PAGE, "data"),
        Output(ids.THREAD_RUNS, "children"),
        Output(ids.THREAD_SEEN, "data"),
        Output(ids.THREAD_BARS, "children"),
        Output(ids.THREAD_BODY, "data-state"),
        Input(ids.THREAD_DETAIL_REQUEST, "data"),
        State(ids.THREAD_SEEN, "data"),
        State(ids.THREAD_LOG_SHOWN, "data"),
        prevent_initial_call=True,
        on_error=leave_gone,
    )(partial(show_thread, queries))
    app.callback(
        Output(ids.THREAD_OLDER_PAGE, "data"),
        Input(ids.THREAD_OLDER_REQUEST, "data"),
        prevent_initial_call=True,
        on_error=leave_gone,
    )(partial(older_calls, queries))
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    thread_id, page = State(ids.THREAD_ID, "data"), Input(ids.THREAD_PAGE, "data")
    usage, ticks = Input(ids.THREAD_USAGE, "data"), Input(ids.THREAD_INTERVAL, "n_intervals")
    figure, theme = Input(ids.THREAD_FIGURE, "data"), Input(ids.THREAD_THEME, "data")
    templates = State(ids.THREAD_TEMPLATES, "data")
    wire(app, "charts", "paint", [figure, theme, templates, thread_id], outputs_of(f"{ids.THREAD_TIMELINE}.figure"))
    wire(app, "thread", "log", [page, Input(ids.THREAD_OLDER_PAGE, "data"), thread_id], LOG, initial=False)
    wire(app, "gate", "thread_detail_answered", [page], initial=False)
    wire(app, "thread", "follow", [usage, ticks, thread_id, State(ids.THREAD_SEEN, "data")], initial=False)
    wire(app, "thread", "gone", [usage, thread_id], GONE)
    wire(app, "thread", "local_times", [Input(ids.THREAD_RUNS, "children")])
    older = outputs_of(f"{ids.THREAD_OLDER_REQUEST}.data")
    wire(app, "thread", "older", [Input(ids.THREAD_OLDER, "n_clicks"), thread_id], older, initial=False)


# In the order that `thread.log` returns them.
LOG = outputs_of(
    f"{ids.THREAD_LOG}.rowData",
    f"{ids.THREAD_LOG}.rowTransaction",
    f"{ids.THREAD_LOG_SHOWN}.data",
    f"{ids.THREAD_LOG_NOTE}.children",
    f"{ids.THREAD_OLDER}.hidden",
)
GONE = outputs_of(f"{ids.THREAD_BODY}.className", f"{ids.THREAD_LAST_KNOWN}.children")
