"""One account's page: how it stands in its period, and what it spent in the chosen range, when, and on what."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, list_card, states
from layouts.account_header import account_header
from layouts.chart_card import chart_card
from layouts.figure_card import figure_card
from layouts.live import IDLE_INTERVAL_MS, updated
from layouts.overview_charts import HEIGHT
from layouts.units import CREDITS, Unit


def layout(
    account_id: str, name: str, email: str | None, metrics: Mapping[str, tuple[str, str]], unit: Unit = CREDITS
) -> Component:
    """The page before its first answer; `metrics` are the figures' labels and what they mean."""
    return html.Div(
        [
            account_header(account_id, name, email, unit),
            range_head(),
            html.Div(
                [figure_card(parts, *metrics[figure]) for figure, parts in ids.ACCOUNT_FIGURES.items()],
                className="figure-cards",
            ),
            html.Div(
                [spending_card(unit), list_card.agents_card(ids.ACCOUNT_AGENTS, ids.ACCOUNT_AGENTS_COUNT)],
                className="two",
            ),
            html.Div(
                [
                    top_card("Top threads", ids.ACCOUNT_THREADS, "top-threads.csv"),
                    top_card("Models", ids.ACCOUNT_MODELS, "models.csv"),
                ],
                className="two even",
            ),
            *stores(account_id),
        ],
        id=ids.ACCOUNT,
        className="account stack",
    )


def range_head() -> Component:
    """What everything below it is of."""
    return html.Div(
        [
            html.Div(
                [
                    html.H2("In the chosen range"),
                    html.Div(
                        [
                            html.Span(states.skeleton("34ch"), id=ids.ACCOUNT_RANGE_HEAD),
                            updated(ids.ACCOUNT_RANGE_UPDATED),
                        ],
                        className="label dotted head-line",
                    ),
                ]
            ),
            html.Button(
                "", id=ids.ACCOUNT_MODEL, n_clicks=0, hidden=True, className="pill pill-chosen", title="Show all models"
            ),
        ],
        className="page-head range-head",
    )


def spending_card(unit: Unit) -> Component:
    return chart_card(
        ids.ACCOUNT_SPENDING,
        unit.word,
        about=f"{unit.word} over time by model, with the period before as a dotted line. The table has its figures.",
        height=HEIGHT,
        export="usage.csv",
        nothing=html.Div(id=ids.ACCOUNT_NOTHING),
    )


def top_card(title: str, list_id: str, export: str) -> Component:
    return list_card.list_card(title, list_id, ids.ACCOUNT_EXPORTS[export], export)


def stores(account_id: str) -> list[Component]:
    names = (
        ids.ACCOUNT_REQUEST,
        ids.ACCOUNT_ANSWER,
        ids.ACCOUNT_USAGE,
        ids.ACCOUNT_RANGE_REQUEST,
        ids.ACCOUNT_RANGE,
        ids.ACCOUNT_TOPS_REQUEST,
        ids.ACCOUNT_TOPS,
        ids.ACCOUNT_RUNNING_REQUEST,
        ids.ACCOUNT_RUNNING,
        ids.ACCOUNT_CHANGED,
        ids.ACCOUNT_ASKED,
    )
    return [
        dcc.Store(id=ids.ACCOUNT_ID, data=account_id),
        *(dcc.Store(id=name) for name in names),
        dcc.Interval(id=ids.ACCOUNT_INTERVAL, interval=IDLE_INTERVAL_MS),
    ]
