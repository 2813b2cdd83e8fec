"""The navigation's server callbacks: the chooser's accounts, the scope's credits, its subscription."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

import dash
from dash import Dash, Input, Output, State, no_update

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.requests import request_of, scope_of, text_of
from callbacks.scopes import check_scope, default_scope, scope_in
from data.accounts import account, accounts
from data.errors import NotFoundError
from data.queries import Queries
from data.viewer import Viewer
from data.wire import nav_message, preferences_message, subscription_message
from layouts import ids

Option = dict[str, str]


def choose_account(
    queries: Queries, typed: object, search: object, shown: object
) -> tuple[list[Option], Any, str | None]:
    """The chooser's options, the chosen scope, and the scope of an address that names none: empty for who has none.

    Typing changes the options alone, and what is `shown` stays among them: the chooser drops a value that is not.
    """
    viewer = current_viewer()
    typing = (
        dash.ctx.triggered_id == ids.NAV_ACCOUNT and f"{ids.NAV_ACCOUNT}.search_value" in dash.ctx.triggered_prop_ids
    )
    scope = scope_of(shown) if typing and shown else chosen_scope(viewer, text_of(search or ""))
    options = account_options(queries, viewer, scope, text_of(typed or ""))
    return options, no_update if typing else scope, default_scope(viewer) or ""


def chosen_scope(viewer: Viewer, search: str) -> str | None:
    """The address's scope if it is the viewer's, else the default: the page itself says what is not there."""
    try:
        check_scope(viewer, search)
        return scope_in(search) or default_scope(viewer)
    except NotFoundError:
        return default_scope(viewer)


def account_options(queries: Queries, viewer: Viewer, scope: str | None, typed: str) -> list[Option]:
    """What fits the typed text, and always the chosen one, without which the chooser could not name it."""
    with queries.connect() as connection:
        found = accounts(connection, viewer, typed)
        options = [
            {"label": one.label, "value": str(one.account_id), "search": f"{one.label} {one.email or ''} {typed}"}
            for one in found
        ]
        if scope not in (None, "all") and scope not in {option["value"] for option in options}:
            chosen = account(connection, viewer, UUID(scope))
            if chosen:
                options.insert(0, {"label": chosen.label, "value": str(scope), "search": chosen.label})
    return [{"label": "All accounts", "value": "all", "search": "all accounts"}, *options] if viewer.staff else options


def answer_nav_usage(queries: Queries, request: object) -> dict[str, Any]:
    """The scope's credits, as the live stream sends them, with the history's state and the request's number.

    And with what the person has chosen: where there is no stream, this is how a page hears of it.
    """
    asked = request_of(request)
    scope = scope_of(asked.get("scope"))
    viewer, force = current_viewer(), asked.get("force") is True
    chosen = queries.preferences(viewer)
    usage = queries.nav_usage(viewer, scope, force=force, chosen=chosen)
    message = nav_message(usage, queries.credits_per_dollar)
    notes = {"history": queries.freshness().history, "preferences": preferences_message(chosen)}
    return {**message, **notes, "request": asked.get("n")}


def answer_subscription(queries: Queries, request: object) -> dict[str, Any]:
    asked = request_of(request)
    scope = scope_of(asked.get("scope"))
    viewer, force = current_viewer(), asked.get("force") is True
    found = queries.subscription(viewer, scope, force=force, chosen=queries.preferences(viewer))
    message = subscription_message(found, scope)
    return {**message, "credits_per_dollar": float(queries.credits_per_dollar), "request": asked.get("n")}


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.NAV_ACCOUNT, "options"),
        Output(ids.NAV_ACCOUNT, "value"),
        Output(ids.DEFAULT_SCOPE, "data"),
        Input(ids.NAV_ACCOUNT, "search_value"),
        Input(ids.SCOPE_ASKED, "data"),
        State(ids.NAV_ACCOUNT, "value"),
        prevent_initial_call=True,
    )(partial(choose_account, queries))
    app.callback(Output(ids.NAV_ANSWER, "data"), Input(ids.NAV_REQUEST, "data"), prevent_initial_call=True)(
        partial(answer_nav_usage, queries)
    )
    app.callback(Output(ids.SUBSCRIPTION, "data"), Input(ids.SUBSCRIPTION_REQUEST, "data"), prevent_initial_call=True)(
        partial(answer_subscription, queries)
    )
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    scope, live_state = Input(ids.NAV_ACCOUNT, "value"), Input(ids.LIVE_STATE, "data")
    ticks, clicks = Input(ids.NAV_INTERVAL, "n_intervals"), Input(ids.NAV_REFRESH, "n_clicks")
    page, search = Input(ids.URL, "pathname"), Input(ids.URL, "search")
    shown, status = Input(ids.PAGE_SHOWN, "data"), Input(ids.NAV_AGENT_STATUS, "data")
    usage, subscription = Input(ids.NAV_USAGE, "data"), Input(ids.SUBSCRIPTION, "data")
    wire(app, "gate", "nav", [ticks, clicks, scope])
    wire(app, "gate", "subscription", [Input(ids.SUBSCRIPTION_INTERVAL, "n_intervals"), scope])
    wire(app, "periods", "subscription", [live_state], [Output(ids.SUBSCRIPTION_INTERVAL, "interval")])
    wire(app, "live", "nav_answered", [Input(ids.NAV_ANSWER, "data")])
    wire(app, "live", "subscription_answered", [subscription])
    wire(app, "live", "follow", [scope, shown])
    wire(app, "scope", "keep", [scope, page, search, State(ids.DEFAULT_SCOPE, "data")])
    usual, held = State(ids.DEFAULT_SCOPE, "data"), Input(ids.PREFERENCES, "data")
    wire(app, "render", "nav", [usage, subscription, scope, live_state, held, usual], NAV_FIGURES)
    wire(app, "render", "dot", [live_state, status], NAV_DOT)
    wire(app, "preferences", "nav_words", [held], outputs_of(f"{ids.NAV_FREQUENCY_WORDS}.children"))
    wire(app, "render", "sections", [shown], [Output(link, "className") for link in ids.NAV_LINKS.values()])
    toggled = [Output(ids.NAV_CARD, "className"), Output(ids.NAV_TOGGLE, "aria-expanded")]
    wire(app, "render", "usage_card", [Input(ids.NAV_TOGGLE, "n_clicks")], toggled)


# In the order that `render.nav` returns them.
NAV_FIGURES = outputs_of(
    f"{ids.NAV_CREDITS}.children",
    f"{ids.NAV_CREDITS}.data-cost",
    f"{ids.NAV_CREDITS}.className",
    f"{ids.NAV_LABEL}.children",
    f"{ids.NAV_BAR}.style",
    f"{ids.NAV_PLAN}.children",
    f"{ids.NAV_TOKENS}.children",
    f"{ids.NAV_TOKENS}.title",
    f"{ids.NAV_PURCHASED}.children",
    f"{ids.NAV_UPDATED}.children",
    f"{ids.NAV_UPDATED}.dateTime",
    f"{ids.NAV_AGENT_STATUS}.data",
    f"{ids.NAV_INTERVAL}.interval",
    f"{ids.NAV_FREQUENCY}.children",
)
NAV_DOT = outputs_of(f"{ids.NAV_LIVE}.data-state", f"{ids.NAV_LIVE}.className", f"{ids.NAV_LIVE_WORD}.children")
