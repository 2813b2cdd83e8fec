"""One thread's page: its address, what stands on it before the first answer, and its wiring."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from callbacks import thread_call, thread_outlook
from callbacks.clientside import outputs_of, wire
from callbacks.routing import Page
from callbacks.thread_detail import leave_gone, older_calls, show_thread
from callbacks.units import shown_in
from data.constants import UNATTRIBUTED
from data.prices import PriceList
from data.queries import Queries
from data.threads import ThreadRow, thread_head
from data.viewer import Viewer
from layouts import ids, thread
from layouts.thread_header import Crumb


def crumbs(viewer: Viewer, head: ThreadRow) -> list[Crumb]:
    """The account's name, which leads to its page, and the project's where that does not already name the thread."""
    found = []
    if head.account_id != UNATTRIBUTED:
        open_to = viewer.staff or head.account_id in viewer.accounts
        found.append(Crumb(head.account, f"/accounts/{head.account_id}" if open_to else None))
    if head.project and head.project != head.title:
        found.append(Crumb(head.project))
    return found


def render(queries: Queries, viewer: Viewer, thread_id: UUID) -> Component:
    with queries.connect() as connection:
        head = thread_head(connection, viewer, thread_id)
    return thread.layout(str(thread_id), head.title, crumbs(viewer, head), shown_in(queries, viewer))


def outline() -> Component:
    return thread.layout(str(UNATTRIBUTED), "Thread")


def check(queries: Queries, viewer: Viewer, thread_id: UUID) -> None:
    """Raises NotFoundError for a thread that is not there, or not the viewer's."""
    queries.thread_usage(viewer, thread_id)


PAGE = Page("/threads/<id>", "Thread", "/threads", render, outline, check)


def register(app: Dash, queries: Queries) -> None:
    prices = PriceList()
    app.callback(
        Output(ids.THREAD_FIGURE, "data"),
        Output(ids.THREAD_PAGE, "data"),
        Output(ids.THREAD_SEEN, "data"),
        Output(ids.THREAD_DETAIL, "data"),
        Input(ids.THREAD_DETAIL_REQUEST, "data"),
        State(ids.THREAD_SEEN, "data"),
        State(ids.THREAD_LOG_SHOWN, "data"),
        prevent_initial_call=True,
        on_error=leave_gone,
    )(partial(show_thread, queries, prices))
    app.callback(
        Output(ids.THREAD_OLDER_PAGE, "data"),
        Input(ids.THREAD_OLDER_REQUEST, "data"),
        prevent_initial_call=True,
        on_error=leave_gone,
    )(partial(older_calls, queries, prices))
    thread_outlook.register(app, queries)
    thread_call.register(app, queries, prices)
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    thread_id, page = State(ids.THREAD_ID, "data"), Input(ids.THREAD_PAGE, "data")
    usage, ticks = Input(ids.THREAD_USAGE, "data"), Input(ids.THREAD_INTERVAL, "n_intervals")
    figure, theme = Input(ids.THREAD_FIGURE, "data"), Input(ids.THREAD_THEME, "data")
    templates, chart = State(ids.THREAD_TEMPLATES, "data"), f"{ids.THREAD_TIMELINE}.figure"
    wire(app, "charts", "paint", [figure, theme, templates, thread_id], outputs_of(chart))
    wire(app, "thread", "log", [page, Input(ids.THREAD_OLDER_PAGE, "data"), thread_id], LOG, initial=False)
    wire(app, "thread", "detail", [Input(ids.THREAD_DETAIL, "data"), thread_id], DETAIL)
    wire(app, "gate", "thread_detail_answered", [page], initial=False)
    wire(app, "thread", "follow", [usage, ticks, thread_id, State(ids.THREAD_SEEN, "data")], initial=False)
    wire(app, "thread", "gone", [usage, thread_id], GONE)
    wire(app, "thread", "local_times", [Input(ids.THREAD_RUNS, "children")])
    older = outputs_of(f"{ids.THREAD_OLDER_REQUEST}.data")
    wire(app, "thread", "older", [Input(ids.THREAD_OLDER, "n_clicks"), thread_id], older, initial=False)
    twin = outputs_of(f"{ids.THREAD_TIMELINE_CARD}.data-twin", f"{ids.THREAD_TWIN}.aria-pressed")
    wire(app, "thread_chart", "twin", [Input(ids.THREAD_TWIN, "n_clicks"), Input(ids.THREAD_TIMELINE, "figure")], twin)
    saved = outputs_of(f"{ids.THREAD_SAVED}.data")
    wire(app, "thread_chart", "picture", [Input(ids.THREAD_PNG, "n_clicks")], saved, initial=False)


# In the order that `thread.log` returns them.
LOG = outputs_of(
    f"{ids.THREAD_LOG}.rowData",
    f"{ids.THREAD_LOG}.rowTransaction",
    f"{ids.THREAD_LOG_SHOWN}.data",
    f"{ids.THREAD_LOG_NOTE}.children",
    f"{ids.THREAD_OLDER}.hidden",
)
# And `thread.detail`.
DETAIL = outputs_of(
    f"{ids.THREAD_RUNS}.children",
    f"{ids.THREAD_MODELS}.children",
    f"{ids.THREAD_BARS}.children",
    f"{ids.THREAD_BODY}.data-state",
)
GONE = outputs_of(f"{ids.THREAD_BODY}.className", f"{ids.THREAD_LAST_KNOWN}.children")
