"""The threads list: asked for when the page opens, when something was typed, and when the gate says so."""

from __future__ import annotations

from functools import partial
from typing import Any

from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from access.viewer import current_viewer
from callbacks.clientside import wire
from callbacks.requests import request_of, scope_of, text_of
from callbacks.routing import Page
from data.queries import Queries
from data.thread_grid import COUNTED_AT_MOST, ThreadBlock, thread_block
from data.thread_query import ThreadQuery, search_of
from data.threads import ThreadRow
from data.usage import credits_of
from data.viewer import Viewer
from data.wire import utc
from layouts import ids, threads

Answer = tuple[list[dict[str, Any]], str, bool, Component | None, str, Any]
MOST_ROWS = 1000


def list_threads(queries: Queries, request: object, search: object, more_clicks: object) -> Answer:
    """Rows, how many, whether there are more, what an empty list says, the body's state, the request's number."""
    if request is None:  # the gate has not asked yet
        raise PreventUpdate
    asked = request_of(request)
    query = ThreadQuery(search=search_of(text_of(search or "")), scope=scope_of(asked.get("scope")))
    limit = limit_of(more_clicks)
    with queries.connect() as connection:
        block = thread_block(connection, current_viewer(), query, limit=limit)
    rows = [grid_row(row, queries) for row in block.rows]
    nothing = None if rows else threads.nothing(query.search, query.scope)
    more = block.after is not None and limit < MOST_ROWS
    return rows, count_text(block), not more, nothing, "rows" if rows else "empty", asked.get("n")


def limit_of(more_clicks: object) -> int:
    clicks = more_clicks if isinstance(more_clicks, int) else 0
    return min(MOST_ROWS, threads.ROWS_AT_ONCE * (1 + max(0, clicks)))


def grid_row(row: ThreadRow, queries: Queries) -> dict[str, Any]:
    return {
        "id": str(row.thread_id),
        "title": row.title,
        "project": row.project,
        "account": row.account,
        "model": row.model,
        "calls": row.calls,
        "total_tokens": row.total_tokens,
        "credits": credits_of(row.cost, queries.credits_per_dollar),
        "last_at": utc(row.last_at) if row.last_at else None,
        "last_at_order": order_of(row),
        "running": row.running,
    }


def order_of(row: ThreadRow) -> str:
    """Texts in the order of the list: by the latest call, and threads without any after those, the newest first."""
    if row.calls > 0:
        return f"1 {utc(row.last_at) if row.last_at else ''}"
    return f"0 {utc(row.created_at) if row.created_at else ''}"


def count_text(block: ThreadBlock) -> str:
    shown = len(block.rows)
    if block.after is None or block.total is None:
        return threads.count_text(shown, shown, capped=block.after is not None) if shown else ""
    return threads.count_text(shown, block.total, capped=block.total >= COUNTED_AT_MOST)


def render(_queries: Queries, viewer: Viewer) -> Component:
    return threads.layout() if viewer.staff or viewer.accounts else threads.without_accounts()


PAGE = Page("/threads", "Threads", "/threads", render, threads.layout)


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.THREADS_GRID, "rowData"),
        Output(ids.THREADS_COUNT, "children"),
        Output(ids.THREADS_MORE, "hidden"),
        Output(ids.THREADS_EMPTY, "children"),
        Output(ids.THREADS_BODY, "data-state"),
        Output(ids.THREADS_ANSWER, "data"),
        Input(ids.THREADS_REQUEST, "data"),
        Input(ids.THREADS_SEARCH, "value"),
        Input(ids.THREADS_MORE, "n_clicks"),
        prevent_initial_call=True,
    )(partial(list_threads, queries))
    scope, search = State(ids.NAV_ACCOUNT, "value"), State(ids.THREADS_SEARCH, "value")
    hints = [Input(ids.THREADS_CHANGED, "data"), Input(ids.THREADS_INTERVAL, "n_intervals")]
    # With an output, or Dash would not call it as the page opens.
    wire(app, "threads", "ask", [*hints, scope, search], [Output(ids.THREADS_ASKED, "data")])
    wire(app, "gate", "threads_answered", [Input(ids.THREADS_ANSWER, "data")], initial=False)
    wire(app, "threads", "scope_changed", [Input(ids.NAV_ACCOUNT, "value")])
