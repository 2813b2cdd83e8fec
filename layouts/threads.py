"""The threads list: a search box, and a grid with the running ones first."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.formats import whole
from layouts.grids import column, grid, hidden_order, number_column

REFRESH_MS = 30_000  # the stream tells sooner; this is for when it does not
ROWS_AT_ONCE = 100


def layout() -> Component:
    """The page before its first answer."""
    return html.Div(
        [
            html.Div([html.H1("Threads"), search_box()], className="page-head"),
            html.Div(
                [
                    html.Div(className="card skeleton-card threads-skeleton"),
                    html.Section(
                        [threads_grid(), footer()], className="card grid-card", **attributes(aria_label="Threads")
                    ),
                    html.Div(id=ids.THREADS_EMPTY),
                ],
                id=ids.THREADS_BODY,
                className="threads-body",
                **attributes(data_state="loading"),
            ),
            dcc.Store(id=ids.THREADS_REQUEST),
            dcc.Store(id=ids.THREADS_ANSWER),
            dcc.Store(id=ids.THREADS_ASKED),
            dcc.Store(id=ids.THREADS_CHANGED),
            dcc.Interval(id=ids.THREADS_INTERVAL, interval=REFRESH_MS),
        ],
        className="stack",
    )


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


def threads_grid() -> Component:
    return grid(
        ids.THREADS_GRID,
        [
            column("title", "Thread", flex=3, least=120, cellRenderer="ThreadLink"),
            column("account", "Account", flex=2, least=120, secondary=True, cellClass="muted", tooltipField="account"),
            column("model", "Model", flex=2, least=120, secondary=True, cellClass="muted", tooltipField="model"),
            number_column("calls", "Calls", "wholeNumber", least=70, secondary=True),
            number_column("total_tokens", "Tokens", "compactNumber", least=90, secondary=True),
            number_column("credits", "Credits", "wholeNumber", least=80),
            number_column("last_at", "Last call", "shortTime", least=112, secondary=True),
            hidden_order("running", 0, "desc"),
            hidden_order("last_at_order", 1, "desc"),
            hidden_order("id", 2, "asc"),
        ],
        height="min(72vh, 760px)",
    )


def footer() -> Component:
    return html.Div(
        [
            html.Span("", id=ids.THREADS_COUNT, role="status"),
            html.Button("Show more", id=ids.THREADS_MORE, n_clicks=0, className="button", hidden=True),
        ],
        className="grid-footer label",
    )


def count_text(shown: int, total: int, *, capped: bool) -> str:
    """How many of how many; `capped` where there are more than were counted."""
    if shown >= total and not capped:
        return f"{whole(total)} thread" if total == 1 else f"{whole(total)} threads"
    return f"{whole(shown)} of {'more than ' if capped else ''}{whole(total)} threads"


def nothing(search: str, scope: str) -> Component:
    """Why the list is empty, and what to do about it."""
    if search.strip():
        return states.empty(
            "No thread matches",
            "Titles, projects, accounts and the beginnings of thread IDs are searched. Clear the search to see all.",
        )
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
