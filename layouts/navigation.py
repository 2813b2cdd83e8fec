"""The navigation: brand, scope chooser, sections, and the card with the scope's credits of its current period."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.copying import exact
from layouts.live import IDLE_INTERVAL_MS, frequency, live_state, refresh_button, updated

SECTIONS = {"/": "Overview", "/threads": "Threads", "/accounts": "Accounts", "/preferences": "Preferences"}

SUBSCRIPTION_INTERVAL_MS = 120_000


def navigation(*, everyone_is_staff: bool = False) -> Component:
    return html.Aside(
        [
            html.Div([brand(), scope_chooser()], className="nav-head"),
            sections(),
            html.Div(className="grow"),
            usage_card(),
            person(everyone_is_staff=everyone_is_staff),
            *tooltips(),
            *stores(),
        ],
        className="navigation",
    )


def brand() -> Component:
    return dcc.Link(
        [html.Span(className="brand-sign", **attributes(aria_hidden="true")), html.Span("Creditpulse")],
        href="/",
        className="brand",
    )


def scope_chooser() -> Component:
    """Options come from the server as one types: there may be thousands of accounts."""
    return html.Div(
        [
            html.Label("Account", htmlFor=ids.NAV_ACCOUNT, className="visually-hidden"),
            dcc.Dropdown(
                id=ids.NAV_ACCOUNT,
                options=[],
                clearable=False,
                searchable=True,
                search_order="original",
                placeholder="Account",
                maxHeight=320,
                optionHeight=38,
                labels={"search": "Find an account", "no_options_found": "No account with that name"},
                className="scope",
            ),
        ],
        className="scope-box",
    )


def sections() -> Component:
    return html.Nav(
        [dcc.Link(name, href=path, id=ids.NAV_LINKS[path], className="nav-link") for path, name in SECTIONS.items()],
        className="nav-sections",
        **attributes(aria_label="Sections"),
    )


def usage_card() -> Component:
    """On narrow screens one line, credits, dot and refresh, that opens on a tap."""
    return html.Section(
        [
            html.Div(
                [
                    html.Span("Credits", id=ids.NAV_LABEL, className="label usage-label"),
                    refresh_button(ids.NAV_REFRESH, "Refresh the credits of this account"),
                ],
                className="usage-head",
            ),
            html.Div(states.skeleton("6ch"), id=ids.NAV_CREDITS, className="usage-credits figure", **exact()),
            html.Div(
                [
                    html.Div(html.I(id=ids.NAV_BAR, style={"width": "0%"}), className="bar"),
                    html.Div(states.skeleton("14ch"), id=ids.NAV_PLAN, className="label"),
                    html.Div(
                        [
                            html.Span(states.skeleton("9ch"), id=ids.NAV_TOKENS),
                            html.Span("", id=ids.NAV_PURCHASED),
                        ],
                        className="label",
                    ),
                ],
                className="usage-more",
            ),
            html.Div(
                [
                    live_state(ids.NAV_LIVE, ids.NAV_LIVE_WORD),
                    frequency(ids.NAV_FREQUENCY),
                ],
                className="usage-live",
            ),
            html.Div(updated(ids.NAV_UPDATED), className="label usage-updated"),
            html.Button(
                html.Span("Usage details", className="visually-hidden"),
                id=ids.NAV_TOGGLE,
                className="usage-toggle",
                n_clicks=0,
                **attributes(aria_expanded="false", aria_controls=ids.NAV_CARD),
            ),
        ],
        id=ids.NAV_CARD,
        className="card usage-card",
        **attributes(aria_label="Credits of the chosen account"),
    )


def person(*, everyone_is_staff: bool) -> Component:
    """Who is signed in, the audit for staff, the way out; hidden until that is known.

    The way out is a form: no link of another site signs anybody out.
    """
    leave = html.Form(
        html.Button("Sign out", type="submit", className="button"),
        id=ids.NAV_SIGN_OUT,
        action="/signout",
        method="post",
        hidden=True,
    )
    return html.Div(
        [
            html.Span("", id=ids.NAV_PERSON, className="label"),
            dcc.Link("Audit", href="/audit", id=ids.NAV_AUDIT, className="label" if everyone_is_staff else "not-yours"),
            leave,
        ],
        id=ids.NAV_PERSON_BOX,
        className="person",
        hidden=not everyone_is_staff,
    )


def tooltips() -> list[Component]:
    return [
        states.tooltip(ids.NAV_REFRESH, "Ask the database now, past every cache."),
        states.tooltip(
            ids.NAV_LIVE,
            "Live: a change in the database is shown a moment after it is committed. Polling: the figures are "
            "asked for at the interval beside. Offline: the server does not answer; these are the last figures.",
        ),
        states.tooltip(ids.NAV_FREQUENCY, html.Span("", id=ids.NAV_FREQUENCY_WORDS)),
        states.tooltip(ids.NAV_PLAN, "The plan and its allowance for the period."),
        states.tooltip(
            ids.NAV_CREDITS,
            "What all calls of the period cost, in credits or in dollars as the preferences say. A click copies the "
            "exact dollars.",
        ),
    ]


def stores() -> list[Component]:
    return [
        dcc.Interval(id=ids.NAV_INTERVAL, interval=IDLE_INTERVAL_MS),
        dcc.Interval(id=ids.SUBSCRIPTION_INTERVAL, interval=SUBSCRIPTION_INTERVAL_MS),
        dcc.Store(id=ids.SCOPE_ASKED),
        dcc.Store(id=ids.DEFAULT_SCOPE),
        dcc.Store(id=ids.NAV_REQUEST),
        dcc.Store(id=ids.NAV_ANSWER),
        dcc.Store(id=ids.NAV_USAGE),
        dcc.Store(id=ids.NAV_AGENT_STATUS, data="idle"),
        dcc.Store(id=ids.SUBSCRIPTION_REQUEST),
        dcc.Store(id=ids.SUBSCRIPTION),
    ]
