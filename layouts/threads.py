"""The threads list: a search box, filters, a grid with the running ones first, and threads side by side."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.chart_card import csv_link
from layouts.grids import Column, column, endless_grid, number_column
from layouts.live import IDLE_INTERVAL_MS, updated
from layouts.thread_compare import compare_section
from layouts.thread_filters import filters
from layouts.units import CREDITS, Unit


def layout(unit: Unit = CREDITS) -> Component:
    """The page before its first answer."""
    return html.Div(
        [
            html.Div([html.H1("Threads"), search_box()], className="page-head"),
            filters(unit),
            html.Div(
                [
                    html.Div(className="card skeleton-card threads-skeleton"),
                    html.Section(
                        [threads_grid(unit), footer()], className="card grid-card", **attributes(aria_label="Threads")
                    ),
                    html.Div(id=ids.THREADS_EMPTY),
                ],
                id=ids.THREADS_BODY,
                className="threads-body",
                **attributes(data_state="loading"),
            ),
            compare_section(unit),
            *(dcc.Store(id=name) for name in STORES),
            dcc.Interval(id=ids.THREADS_INTERVAL, interval=IDLE_INTERVAL_MS),
        ],
        className="stack",
    )


STORES = (
    ids.THREADS_REQUEST, ids.THREADS_ANSWER, ids.THREADS_LIVE_REQUEST, ids.THREADS_LIVE, ids.THREADS_ASKED,
    ids.THREADS_CHANGED, ids.THREADS_MODELS, ids.THREADS_MODELS_ASKED,
)  # fmt: skip


def without_accounts() -> Component:
    """The page of a person whom no account belongs to."""
    return html.Div(
        [
            html.Div(html.H1("Threads"), className="page-head"),
            states.empty(
                "No account is yours yet",
                "Threads appear here once the platform has a user with your e-mail address. Ask whoever runs it.",
            ),
        ],
        className="stack",
    )


def search_box() -> Component:
    return html.Div(
        [
            html.Label("Find a thread", htmlFor=ids.THREADS_SEARCH, className="visually-hidden"),
            dcc.Input(
                id=ids.THREADS_SEARCH,
                type="search",
                placeholder="Title, project, account, or thread ID",
                debounce=0.3,
                autoComplete="off",
                maxLength=200,
                className="input threads-search",
            ),
        ]
    )


def threads_grid(unit: Unit) -> Component:
    """With what stands over it: how many have come to the top since."""
    grid = endless_grid(ids.THREADS_GRID, columns(unit), height="min(72vh, 760px)")
    newer = html.Button("", id=ids.THREADS_NEWER, n_clicks=0, className="newer", hidden=True)
    return html.Div([grid, newer], className="endless")


def columns(unit: Unit) -> list[Column]:
    """Few cells are components of their own: each costs the browser as much as ten texts do."""
    return [
        column("title", "Thread", flex=3, least=120, cellRenderer="ThreadLink", headerTooltip=TICK),
        column("account", "Account", flex=2, least=120, secondary=True, cellClass="muted", tooltipField="account"),
        column("project", "Project", flex=2, least=110, wide=True, cellRenderer="ProjectLink"),
        column("model", "Model", flex=2, least=110, secondary=True, cellClass="muted", tooltipField="model"),
        number_column("calls", "Calls", "wholeNumber", least=78, secondary=True, **FIGURE),
        number_column("total_tokens", "Tokens", "compactNumber", least=92, secondary=True, **FIGURE),
        number_column("credits", unit.word, "cost", arguments="params.value, params.data", least=88, **FIGURE),
        number_column("last_at", "Last call", "shortTime", least=116, secondary=True, sortable=True),
    ]


TICK = "Tick threads to compare them"
# Downwards first; a third click goes back to the usual order.
FIGURE: dict[str, Any] = {"sortable": True, "enableCellChangeFlash": True}


def footer() -> Component:
    return html.Div(
        [
            html.Span(
                [
                    html.Span("", id=ids.THREADS_COUNT, role="status"),
                    html.Span("", id=ids.THREADS_CUT, className="cut"),
                    html.Button("Look further", id=ids.THREADS_MORE, n_clicks=0, className="button", hidden=True),
                ],
                className="row",
            ),
            html.Span([updated(ids.THREADS_UPDATED), csv_link(ids.THREADS_CSV, "threads.csv")], className="row tools"),
        ],
        className="grid-footer label",
    )


def nothing(search: str, scope: str, *, narrowed: bool = False) -> Component:
    """Why the list is empty, and what to do about it."""
    if search.strip():
        return states.empty(
            "No thread matches",
            "Titles, projects, accounts and the beginnings of thread IDs are searched. Clear the search to see all.",
        )
    if narrowed:
        return states.empty("No thread fits", "Clear the filters to see all threads.")
    if scope != "all":
        return states.empty(
            "No threads in this account",
            "Whatever it has used belongs to no thread. Choose another account in the navigation.",
        )
    return states.empty(
        "No threads yet",
        "They appear as soon as usage is written to the database. To look around first, run "
        "python app.py demo, or bring in a recording with python app.py import FILE.",
    )
