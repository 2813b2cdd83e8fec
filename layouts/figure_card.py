"""Cards with one figure of a range: what it means, how it changed, its course."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts import copying, ids, states
from layouts.attributes import attributes


def figure_card(parts: ids.FigureCard, label: str, meaning: str) -> Component:
    """The exact figure is copied by a press on it."""
    copied = copying.exact() if parts.exact == "data-cost" else copying.exactly("")
    return html.Div(
        [
            html.Div(
                [
                    html.Span(label, className="label", title=meaning),
                    html.Span("", id=parts.change, className="change"),
                ],
                className="row between figure-head",
            ),
            html.Div(
                html.Span(states.skeleton("5ch"), id=parts.value, className="figure", **copied),
                className="figure-line",
            ),
            html.Div("", id=parts.spark, className="spark label"),
        ],
        id=parts.card,
        className="card figure-card",
        **attributes(data_state="loading"),
    )
