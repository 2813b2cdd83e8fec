"""The list of accounts: a search box, states to choose from, and a grid of how each stands in its period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.chart_card import csv_link, switch
from layouts.formats import whole
from layouts.grids import Column, column, endless_grid, number_column
from layouts.live import IDLE_INTERVAL_MS, updated
from layouts.units import CREDITS, Unit

ROW_HEIGHT = 52
SKELETONS = 12  # rows, before it is known how many there are
FIGURES_FIRST, NAMES_FIRST = ["desc", "asc"], ["asc", "desc"]
STATES: Mapping[str, tuple[str, str]] = {
    "": ("All", "Every account"),
    "ending": ("Running out", "Whose allowance is projected to be used up within the period"),
    "ended": ("Used up", "Whose allowance is used up"),
    "spending": ("Spending", "Who spent anything in the last ten minutes"),
    "planned": ("With a plan", "Who has a plan that is current"),
}


def layout(unit: Unit = CREDITS) -> Component:
    """The page before its first answer."""
    return html.Div(
        [
            html.Div([html.H1("Accounts"), tools()], className="page-head"),
            html.Div(
                [
                    html.Div(className="card skeleton-card accounts-skeleton"),
                    html.Section(
                        [accounts_grid(unit), footer()], className="card grid-card", **attributes(aria_label="Accounts")
                    ),
                    html.Div(id=ids.ACCOUNTS_EMPTY),
                ],
                id=ids.ACCOUNTS_BODY,
                className="accounts-body",
                **attributes(data_state="loading"),
            ),
            dcc.Store(id=ids.ACCOUNTS_REQUEST),
            dcc.Store(id=ids.ACCOUNTS_ANSWER),
            dcc.Store(id=ids.ACCOUNTS_CHANGED),
            dcc.Store(id=ids.ACCOUNTS_ASKED),
            dcc.Interval(id=ids.ACCOUNTS_INTERVAL, interval=IDLE_INTERVAL_MS),
        ],
        className="stack",
    )


def without_accounts() -> Component:
    """The page of a person whom no account belongs to."""
    return html.Div(
        [
            html.Div(html.H1("Accounts"), className="page-head"),
            states.empty(
                "No account is yours yet",
                "It appears here once the platform has a user with your e-mail address. Ask whoever runs it.",
            ),
        ],
        className="stack",
    )


def tools() -> Component:
    return html.Div(
        [
            switch("State", [(ids.ACCOUNTS_STATES[name], text) for name, (text, _) in STATES.items()], ""),
            search_box(),
            csv_link(ids.ACCOUNTS_CSV, "accounts.csv"),
            *(states.tooltip(ids.ACCOUNTS_STATES[name], meaning) for name, (_, meaning) in STATES.items() if name),
        ],
        className="row accounts-tools",
    )


def search_box() -> Component:
    return html.Div(
        [
            html.Label("Find an account", htmlFor=ids.ACCOUNTS_SEARCH, className="visually-hidden"),
            dcc.Input(
                id=ids.ACCOUNTS_SEARCH,
                type="search",
                placeholder="Name, e-mail, or account ID",
                debounce=0.3,
                autoComplete="off",
                maxLength=200,
                className="input threads-search accounts-search",
            ),
        ]
    )


def accounts_grid(unit: Unit) -> Component:
    return endless_grid(
        ids.ACCOUNTS_GRID,
        [
            column("name", "Account", flex=8, least=130, cellRenderer="AccountLink", **order(NAMES_FIRST)),
            column("plan", "Plan", flex=2, least=100, secondary=True, cellClass="muted", **order(NAMES_FIRST)),
            figure("allowance", "Allowance", "amount", least=96, secondary=True),
            figure("used", "Used", "amount", least=80, secondary=True),
            column("share", "Of allowance", least=110, cellRenderer="ShareBar", **order(FIGURES_FIRST)),
            figure("left", "Left", "amount", least=80),
            figure("rate", f"{unit.word} / min", "asWritten", least=104, secondary=True),
            number_column("agents", "Agents", "wholeNumber", least=66, secondary=True),
            column("out", "Runs out", flex=2, least=160, secondary=True, cellRenderer="RunsOut", **order(NAMES_FIRST)),
            figure("last", "Last call", "shortTime", least=112, secondary=True),
        ],
        height="min(72vh, 760px)",
        rowHeight=ROW_HEIGHT,
        infiniteInitialRowCount=SKELETONS,
    )


def order(directions: list[str]) -> Column:
    """The list may be in the order of this column; its name is that of the order in the address."""
    return {"sortable": True, "sortingOrder": directions}


def figure(field: str, title: str, written_by: str = "wholeNumber", **more: Any) -> Column:
    return number_column(field, title, written_by, **order(FIGURES_FIRST), **more)


def footer() -> Component:
    return html.Div(
        [
            html.Div(
                [html.Span("", id=ids.ACCOUNTS_COUNT, role="status"), updated(ids.ACCOUNTS_UPDATED)],
                className="dotted",
            ),
            html.Span("", id=ids.ACCOUNTS_NOTE, role="status"),
        ],
        className="grid-footer label",
    )


def count_text(total: int, *, narrowed: bool) -> str:
    noun = "account" if total == 1 else "accounts"
    return f"{whole(total)} {noun}{' that fit' + ('s' if total == 1 else '') if narrowed else ''}"


def reckoned_text(share: float, clock: str) -> str:
    """What an order is worth that not all accounts are reckoned for yet."""
    return f"Order as of {clock}; {min(99, int(share * 100))} % of the accounts reckoned, the rest follow"


def nothing(*, searched: bool, state: str) -> Component:
    """Why the list is empty, and what to do about it."""
    if searched:
        return states.empty(
            "No account matches",
            "Names, e-mail addresses and the beginnings of account IDs are searched. Clear the search to see all.",
        )
    if state:
        return states.empty(f"No account here: {STATES[state][0].lower()}", "Choose All to see every account.")
    return states.empty(
        "No accounts yet",
        "They appear as soon as there are users, plans or usage. To look around first, run python app.py demo.",
    )
