"""The threads list: blocks of rows as they come into view, and the figures of those that are in view."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any

from dash import Dash, Input, Output
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection, text
from werkzeug.exceptions import BadRequest

from access.viewer import current_viewer
from access.witness import current_witness
from callbacks import thread_compare, thread_filters
from callbacks.chart_card import wire_chart
from callbacks.clientside import outputs_of, wire
from callbacks.requests import request_of, scope_of, text_of, uuid_of
from callbacks.routing import Page
from callbacks.units import shown_in
from data.queries import Queries
from data.thread_grid import BLOCK, COUNTED_AT_MOST, ThreadBlock, thread_block
from data.thread_query import FILTERS, ThreadQuery, thread_query
from data.threads import ThreadRow, thread_rows
from data.usage import credits_of
from data.viewer import Viewer
from data.wire import plain, utc
from layouts import ids, threads

MOST_SEEN = 200  # rows that a window shows
NAMES = (*FILTERS, "sort")
NOW = text("SELECT statement_timestamp() AS as_of, (SELECT version FROM creditpulse.state) AS version")
Answer = dict[str, Any]


def list_block(queries: Queries, request: object) -> Answer:
    """Rows of the list from a place on, of which block the page asked for, and how the list goes on."""
    if request is None:  # the gate has not asked yet
        raise PreventUpdate
    asked, began, viewer = request_of(request), perf_counter(), current_viewer()
    query = query_of(asked, queries)
    after, limit = text_of(asked.get("after") or ""), number_of(asked.get("limit"), BLOCK, least=1)
    skip = number_of(asked.get("skip"), COUNTED_AT_MOST)
    with queries.connect() as connection:
        moment = moment_of(connection)
        block = thread_block(connection, viewer, query, after or None, limit, skip=skip)
    if viewer.staff or query.scope in map(str, viewer.accounts):
        current_witness().about("account", query.scope)
    note = {"request": asked.get("n"), "block": number_of(asked.get("block"), 2**50), **moment}
    return {**note, **block_shown(block, query, queries), "took_ms": milliseconds(began)}


def refresh_rows(queries: Queries, request: object) -> Answer:
    """The rows in view as they are now, and, where it is asked for, how the list begins now."""
    if request is None:
        raise PreventUpdate
    asked, began, viewer = request_of(request), perf_counter(), current_viewer()
    query, seen = query_of(asked, queries), ids_of(asked.get("ids"))
    with queries.connect() as connection:
        moment = moment_of(connection)
        head = thread_block(connection, viewer, query) if asked.get("head") is True else None
        listed = {row.thread_id for row in head.rows} if head else set()
        rows = thread_rows(connection, viewer, [id for id in seen if id not in listed])
    answer = {"request": asked.get("n"), "list": number_of(asked.get("list"), 2**50), **moment}
    gone = {*seen} - listed - {row.thread_id for row in rows}
    return {
        **answer,
        "rows": [grid_row(row, queries) for row in rows],
        "gone": sorted(map(str, gone)),
        "head": block_shown(head, query, queries) if head else None,
        "took_ms": milliseconds(began),
    }


def query_of(asked: Mapping[str, Any], queries: Queries) -> ThreadQuery:
    """Raises BadRequest for what is no text, InputError for what a person has written into the address."""
    texts = {name: text_of(asked.get(name) or "", 300) for name in NAMES}
    return thread_query({**texts, "scope": scope_of(asked.get("scope"))}, queries.credits_per_dollar)


def number_of(value: object, most: int, *, least: int = 0) -> int:
    """Raises BadRequest."""
    if value is None and not least:
        return 0
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadRequest("a number is not as it was sent")
    return value


def ids_of(value: object) -> list[Any]:
    if not isinstance(value, list) or len(value) > MOST_SEEN:
        raise BadRequest("ids are missing, or too many")
    return [uuid_of(one) for one in value]


def moment_of(connection: Connection) -> dict[str, Any]:
    """Before anything is read: what is read is at least as new as that."""
    now = connection.execute(NOW).one()
    return {"as_of": utc(now.as_of), "version": now.version}


def milliseconds(began: float) -> int:
    return round((perf_counter() - began) * 1000)


def block_shown(block: ThreadBlock, query: ThreadQuery, queries: Queries) -> Answer:
    """`nothing` is what an empty list says."""
    nothing = None if block.rows or block.cut else threads.nothing(query.search, query.scope, narrowed=query.narrowed)
    return {
        "rows": [grid_row(row, queries) for row in block.rows],
        "after": block.after,
        "cut": block.cut,
        "skipped": block.skipped,
        "total": block.total,
        "capped": block.total is not None and block.total >= COUNTED_AT_MOST and block.after is not None,
        "nothing": nothing,
    }


def grid_row(row: ThreadRow, queries: Queries) -> dict[str, Any]:
    return {
        "id": str(row.thread_id),
        "title": row.title,
        "project": row.project,
        "project_id": str(row.project_id) if row.project_id else None,
        "account": row.account,
        "account_id": str(row.account_id),
        "model": row.model,
        "calls": row.calls,
        "total_tokens": row.total_tokens,
        "credits": credits_of(row.cost, queries.credits_per_dollar),  # as the address names bounds of them
        "cost": plain(row.cost),
        "last_at": utc(row.last_at) if row.last_at else None,
        "running": row.running,
    }


def render(queries: Queries, viewer: Viewer) -> Component:
    shown = viewer.staff or viewer.accounts
    return threads.layout(shown_in(queries, viewer)) if shown else threads.without_accounts()


PAGE = Page("/threads", "Threads", "/threads", render, threads.layout)


def register(app: Dash, queries: Queries) -> None:
    for answer, request, store in (
        (list_block, ids.THREADS_REQUEST, ids.THREADS_ANSWER),
        (refresh_rows, ids.THREADS_LIVE_REQUEST, ids.THREADS_LIVE),
    ):
        app.callback(Output(store, "data"), Input(request, "data"), prevent_initial_call=True)(partial(answer, queries))
    thread_filters.register(app, queries)
    thread_compare.register(app, queries)
    wire_chart(app, ids.THREADS_COURSE)
    view, search = Input(ids.VIEW, "data"), Input(ids.URL, "search")
    hints = [Input(ids.THREADS_CHANGED, "data"), Input(ids.THREADS_INTERVAL, "n_intervals")]
    # With an output, or Dash would not call it as the page opens.
    wire(app, "threads", "ask", [view, search, *hints], [Output(ids.THREADS_ASKED, "data")])
    wire(app, "periods", "idle", [Input(ids.LIVE_STATE, "data")], [Output(ids.THREADS_INTERVAL, "interval")])
    wire(app, "threads", "equip", [Input(ids.THREADS_GRID, "getRowsRequest")], initial=False)
    wire(app, "threads", "answered", [Input(ids.THREADS_ANSWER, "data")], initial=False)
    wire(app, "threads", "sent", [Input(ids.THREADS_LIVE_REQUEST, "data")], initial=False)
    wire(app, "threads", "refreshed", [Input(ids.THREADS_LIVE, "data")], initial=False)
    wire(app, "threads", "look_further", [Input(ids.THREADS_MORE, "n_clicks")], initial=False)
    wire(app, "threads", "show_newer", [Input(ids.THREADS_NEWER, "n_clicks")], initial=False)
    wire(app, "threads", "tone", [Input(ids.LIVE_STATE, "data")], outputs_of(f"{ids.THREADS_BODY}.className"))
