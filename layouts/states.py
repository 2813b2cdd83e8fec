"""What a page shows while there is nothing to show: loading, empty, failed, not found."""

from __future__ import annotations

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes


def skeleton(width: str, height: str = "1em") -> Component:
    """A grey bar in the size of what will stand there; read out as nothing."""
    return html.Span(className="skeleton", style={"width": width, "height": height}, **attributes(aria_hidden="true"))


def card_skeleton(height: str) -> Component:
    return html.Div(className="card skeleton-card", style={"minHeight": height})


def page_skeleton() -> Component:
    """A page that is on its way, in the size of a heading, two cards, a chart."""
    return html.Div(
        [
            html.Div([skeleton("160px", "12px"), skeleton("280px", "22px")], className="skeleton-head"),
            html.Div([card_skeleton("118px"), card_skeleton("118px")], className="two even"),
            card_skeleton("280px"),
            html.Span("Loading", className="visually-hidden", role="status"),
        ],
        className="stack",
    )


def message(title: str, text: str, action: Component | None = None, *, kind: str = "empty") -> Component:
    """One sentence and one action. `kind` is empty, missing or failed."""
    children = [html.H2(title), html.P(text)]
    return html.Div([*children, *([action] if action else [])], className=f"card message message-{kind}")


def empty(title: str, text: str, action: Component | None = None) -> Component:
    return message(title, text, action)


def not_found(text: str = "What this address names is not there, or is not yours to see.") -> Component:
    """A page of its own: with the heading that every page has, and the way back."""
    return html.Div(
        [
            html.H1("Not found"),
            message(
                "There is nothing here",
                text,
                # A page load: the way may differ in its query only, which changes no page.
                html.A("All threads", href="/threads", className="button"),
                kind="missing",
            ),
        ],
        className="stack",
    )


def alert() -> Component:
    """Hidden until the `failure` store holds something: what failed, since when, what still holds, a retry."""
    return html.Div(
        [
            html.Div(
                [
                    html.Strong(id=ids.ALERTS_TITLE),
                    html.Span(id=ids.ALERTS_TEXT),
                    html.Time(id=ids.ALERTS_SINCE, className="muted"),
                ],
                className="alert-words",
            ),
            html.Button("Try again", id=ids.ALERTS_RETRY, className="button", n_clicks=0),
            html.Button("×", id=ids.ALERTS_CLOSE, className="icon", n_clicks=0, **attributes(aria_label="Close")),
        ],
        id=ids.ALERTS,
        className="alert",
        role="alert",
        hidden=True,
    )


def tooltip(target: str, text: str | Component) -> Component:
    """What a figure means and where it comes from."""
    tip: Component = dbc.Tooltip(text, target=target, placement="top", delay={"show": 300, "hide": 0})
    return tip
