"""The overview: what was spent, when, on what and by whom, and which agents run now."""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, list_card, states
from layouts.attributes import attributes
from layouts.chart_card import chart_card, switch
from layouts.figure_card import figure_card
from layouts.live import IDLE_INTERVAL_MS, updated
from layouts.overview_charts import HEAT_HEIGHT, HEIGHT
from layouts.units import CREDITS, Unit


def layout(metrics: Mapping[str, tuple[str, str]], unit: Unit = CREDITS) -> Component:
    """The page before its first answer; `metrics` are the figures' labels and what they mean."""
    return html.Div(
        [
            head(),
            html.Div(
                [figure_card(parts, *metrics[name]) for name, parts in ids.OVERVIEW_FIGURES.items()],
                className="figure-cards",
            ),
            html.Div([credits_card(unit), agents_card()], className="two"),
            html.Div([threads_card(), heat_card(unit)], className="two"),
            html.Div([accounts_card(), models_card()], className="two even"),
            *stores(),
        ],
        id=ids.OVERVIEW,
        className="overview stack",
        **attributes(data_scope="all"),
    )


def without_accounts() -> Component:
    """The page of a person whom no account belongs to."""
    return html.Div(
        [
            html.Div(html.H1("Overview"), className="page-head"),
            states.empty(
                "No account is yours yet",
                "Figures appear here once the platform has a user with your e-mail address. Ask whoever runs it.",
            ),
        ],
        className="stack",
    )


def head() -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Overview"),
                    html.Div(
                        [
                            html.Span(states.skeleton("34ch"), id=ids.OVERVIEW_RANGE),
                            updated(ids.OVERVIEW_UPDATED),
                        ],
                        className="label dotted head-line",
                    ),
                ]
            ),
            html.Button(
                "",
                id=ids.OVERVIEW_MODEL,
                n_clicks=0,
                hidden=True,
                className="pill pill-chosen",
                title="Show all models",
            ),
        ],
        className="page-head",
    )


def credits_card(unit: Unit) -> Component:
    by = switch(
        "Stacked by",
        [(ids.OVERVIEW_BY["model"], "Model"), (ids.OVERVIEW_BY["account"], "Account")],
        ids.OVERVIEW_BY["model"],
    )
    return chart_card(
        ids.OVERVIEW_CREDITS,
        unit.word,
        about=f"{unit.word} over time, stacked, with the period before as a dotted line. The table has its figures.",
        height=HEIGHT,
        export="usage.csv",
        controls=[by],
        nothing=html.Div(id=ids.OVERVIEW_NOTHING),
    )


def heat_card(unit: Unit) -> Component:
    return chart_card(
        ids.OVERVIEW_HEAT,
        "When",
        about=f"{unit.word} by weekday and hour. The table has its figures.",
        height=HEAT_HEIGHT,
        export="heat.csv",
    )


def agents_card() -> Component:
    return list_card.agents_card(ids.OVERVIEW_AGENTS, ids.OVERVIEW_AGENTS_COUNT)


def threads_card() -> Component:
    return top_card("Top threads", ids.OVERVIEW_THREADS, "top-threads.csv")


def accounts_card() -> Component:
    return top_card("Top accounts", ids.OVERVIEW_ACCOUNTS, "top-accounts.csv")


def models_card() -> Component:
    return top_card("Models", ids.OVERVIEW_MODELS, "models.csv")


def top_card(title: str, list_id: str, export: str) -> Component:
    return list_card.list_card(title, list_id, ids.OVERVIEW_EXPORTS[export], export)


def stores() -> list[Component]:
    names = (
        ids.OVERVIEW_REQUEST,
        ids.OVERVIEW_ANSWER,
        ids.OVERVIEW_REST_REQUEST,
        ids.OVERVIEW_REST,
        ids.OVERVIEW_ACTIVITY_REQUEST,
        ids.OVERVIEW_ACTIVITY,
        ids.OVERVIEW_TOPS_REQUEST,
        ids.OVERVIEW_TOPS,
        ids.OVERVIEW_RUNNING_REQUEST,
        ids.OVERVIEW_RUNNING,
        ids.OVERVIEW_CHANGED,
        ids.OVERVIEW_ASKED,
    )
    return [*(dcc.Store(id=name) for name in names), dcc.Interval(id=ids.OVERVIEW_INTERVAL, interval=IDLE_INTERVAL_MS)]
