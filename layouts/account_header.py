"""An account's header: who it is, its live credits against its allowance, and until when that lasts."""

from __future__ import annotations

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.copying import exact
from layouts.live import frequency, live_state, refresh_button, updated
from layouts.units import CREDITS, Unit, rate_words


def account_header(account_id: str, name: str, email: str | None, unit: Unit = CREDITS) -> Component:
    """Figures come with the first answer."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div([crumbs(), html.H1(name), identity(account_id, name, email)]),
                    html.Div([agent_pill(), *ways_on(account_id)], className="row pills"),
                ],
                className="page-head",
            ),
            html.Div(
                [credits_card(unit), standing_card()],
                id=ids.ACCOUNT_CARD,
                className="two even account-standing",
                **attributes(data_state="loading"),
            ),
            *tooltips(unit),
        ],
        className="stack",
    )


def crumbs() -> Component:
    return html.Nav(
        dcc.Link("Accounts", href="/accounts"), className="crumbs", **attributes(aria_label="Where this account is")
    )


def identity(account_id: str, name: str, email: str | None) -> Component:
    """The address by which a person is known, the id by which the platform does, and when it was last heard of."""
    parts = [html.Span(email)] if email and email != name else []
    last = html.Span(["last call ", html.Span(states.skeleton("7ch"), id=ids.ACCOUNT_LAST)])
    return html.Div([*parts, html.Span(account_id, className="account-uuid"), last], className="label dotted")


def ways_on(account_id: str) -> list[Component]:
    return [
        dcc.Link("Threads", href=f"/threads?scope={account_id}", className="button"),
        dcc.Link("Overview", href=f"/?scope={account_id}", className="button"),
    ]


def agent_pill() -> Component:
    return html.Span(states.skeleton("9ch"), id=ids.ACCOUNT_AGENT, className="pill pill-idle")


def credits_card(unit: Unit) -> Component:
    return html.Section(
        [
            html.Div(
                [
                    html.Span(unit.used, id=ids.ACCOUNT_LABEL, className="label"),
                    html.Span(
                        [
                            live_state(ids.ACCOUNT_LIVE, ids.ACCOUNT_LIVE_WORD),
                            refresh_button(ids.ACCOUNT_REFRESH, "Refresh this account's figures"),
                        ],
                        className="row",
                    ),
                ],
                className="row between",
            ),
            html.Div(states.skeleton("5ch"), id=ids.ACCOUNT_CREDITS, className="thread-credits figure", **exact()),
            html.Div(html.I(id=ids.ACCOUNT_BAR, style={"width": "0%"}), className="bar"),
            html.Div(states.skeleton("20ch"), id=ids.ACCOUNT_ALLOWANCE, className="label"),
            html.Div(
                [
                    html.Span(states.skeleton("8ch"), id=ids.ACCOUNT_COST),
                    updated(ids.ACCOUNT_UPDATED),
                    frequency(ids.ACCOUNT_FREQUENCY),
                ],
                className="label dotted",
            ),
        ],
        className="card thread-card account-credits-card",
        **attributes(aria_label=f"{unit.word} of this account"),
    )


def standing_card() -> Component:
    return html.Section(
        [
            html.Div([out_figure(), *figures()], className="figures"),
            html.P("", id=ids.ACCOUNT_WORDS, className="account-words"),
        ],
        className="card",
        **attributes(aria_label="How long the allowance lasts"),
    )


def out_figure() -> Component:
    return html.Div(
        [
            html.Div("Runs out", className="label"),
            html.Div(
                [
                    html.Span(states.skeleton("8ch"), id=ids.ACCOUNT_OUT, className="figure medium"),
                    html.Span("", id=ids.ACCOUNT_OUT_RANGE, className="label"),
                ],
                className="run-figure",
            ),
        ],
        className="wide",
    )


def figures() -> list[Component]:
    return [
        figure("Left", ids.ACCOUNT_LEFT),
        figure("Burn rate", ids.ACCOUNT_RATE, **exact()),
        figure("Plan", ids.ACCOUNT_PLAN),
        figure("Purchased used", ids.ACCOUNT_PURCHASED),
    ]


def figure(label: str, figure_id: str, **more: Any) -> Component:
    return html.Div(
        [
            html.Div(label, className="label"),
            html.Div(states.skeleton("6ch"), id=figure_id, className="figure medium", **more),
        ]
    )


def tooltips(unit: Unit) -> list[Component]:
    return [
        states.tooltip(
            ids.ACCOUNT_LIVE,
            "Live: a call that is committed to the database is shown a moment later; the dot pulses while an agent of "
            "this account runs. Polling: the figures are asked for at the interval below. Offline: the server does "
            "not answer.",
        ),
        states.tooltip(ids.ACCOUNT_REFRESH, "Ask the database now, past every cache."),
        states.tooltip(ids.ACCOUNT_FREQUENCY, html.Span("", id=ids.ACCOUNT_FREQUENCY_WORDS)),
        states.tooltip(
            ids.ACCOUNT_CREDITS,
            f"The cost of all calls of the period{rate_words(unit)}. A click copies the exact dollars.",
        ),
        states.tooltip(ids.ACCOUNT_LEFT, "The allowance of the period without what is used."),
        states.tooltip(ids.ACCOUNT_RATE, f"{unit.word} a minute over the last ten minutes, of all of its agents."),
        states.tooltip(
            ids.ACCOUNT_PURCHASED,
            "Debits of purchased credits in the period. They pay for usage that is counted above too.",
        ),
        states.tooltip(
            ids.ACCOUNT_OUT,
            "Projected from the cost of each of the last 28 days, the recent ones counting more, weekends apart. The "
            "range holds four times out of five.",
        ),
    ]
