"""One account's page: its header follows the stream, what it spent in the range comes in answers of its own.

The page's account is its own: the navigation's scope stays what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from dash import Dash, Input, State
from dash.development.base_component import Component

from access.viewer import current_viewer
from callbacks.account_answers import standing_texts
from callbacks.chart_card import wire_chart, wire_exports
from callbacks.clientside import outputs_of, wire
from callbacks.overview_answers import agent_entry, entries, figure_texts, head_text, query_text, spending_figure, title
from callbacks.parts import Answer, compares, figure_outputs, forced, longer, noted
from callbacks.requests import uuid_of, view_of
from callbacks.routing import Page
from callbacks.units import metric_texts, shown_in
from data.account_page import account_head, cached_standing
from data.constants import UNATTRIBUTED
from data.overview_queries import OverviewQueries
from data.queries import Queries
from data.viewer import Viewer
from data.wire import nav_message, utc
from data.zones import zone_of
from layouts import account, ids, overview_lists
from layouts.units import CREDITS, unit_of

BY = "model"


@noted
def answer_account(reads: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """How the account stands: its usage as the stream sends it, and what goes with it; and the card's state."""
    queries, viewer, account_id = reads.queries, current_viewer(), uuid_of(asked.get("scope"))
    zone = zone_of(view_of(asked)["zone"] or "UTC")
    chosen = queries.preferences(viewer)
    row = cached_standing(queries, viewer, account_id, force=forced(asked), chosen=chosen)
    usage = queries.nav_usage(viewer, str(account_id), force=forced(asked), chosen=chosen)
    unit = unit_of(chosen.unit, queries.credits_per_dollar)
    message = {**nav_message(usage, queries.credits_per_dollar), "history": queries.freshness().history}
    return {
        "of": str(account_id),
        "usage": message,
        **standing_texts(row, unit, queries.credits_per_dollar, zone),
    }, "ready"


@noted
def answer_range(reads: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The range's figures, its chart, the chart's title, what is said without one, its state."""
    view, viewer, unit = view_of_account(asked), current_viewer(), shown_in(reads.queries)
    course = reads.course(viewer, view, BY, force=forced(asked))
    before = reads.course_before(viewer, view) if compares(asked) else None
    note = {
        "open": course.range.open,
        "head": head_text(course, before),
        "as_of": utc(course.as_of),
        "figures": figure_texts(course, before, unit),
    }
    heading = title(course.series.step, unit)
    if course.series.lines:
        return note, spending_figure(course, before, unit, query_text(asked, compare="")), heading, None, "ready"
    nothing = overview_lists.nothing(longer(f"/accounts/{view['scope']}", {**asked, "scope": ""}))
    return note, None, heading, nothing, "empty"


@noted
def answer_tops(reads: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The dearest threads, and the models."""
    view, viewer, unit = view_of_account(asked), current_viewer(), shown_in(reads.queries)
    query, path = query_text(asked, scope=""), f"/accounts/{view['scope']}"
    threads = reads.dearest(viewer, view, force=forced(asked)).threads
    models = reads.models(viewer, view, force=forced(asked))
    of_thread = {top.key: f"/threads/{top.key}{query}" for top in threads}
    of_model = {top.key: path + query_text(asked, scope="", model=top.key) for top in models}
    return (
        {},
        overview_lists.top_list("Thread", entries(threads, of_thread, unit), unit),
        "ready",
        overview_lists.top_list("Model", entries(models, of_model, unit), unit),
        "ready",
    )


@noted
def answer_running(reads: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The account's agents that run now, how many, and the colour of that."""
    scope, unit = str(uuid_of(asked.get("scope"))), shown_in(reads.queries)
    found = reads.agents(current_viewer(), scope, force=forced(asked))
    agents = [agent_entry(agent, "", unit) for agent in found]
    shown = overview_lists.agents(agents, f"/threads?scope={scope}", unit)
    return {}, shown, *overview_lists.agents_count(len(agents)), "ready"


def view_of_account(asked: Mapping[str, Any]) -> dict[str, str]:
    """A view of one account. Raises BadRequest for one of all."""
    return {**view_of(asked), "scope": str(uuid_of(asked.get("scope")))}


def render(queries: Queries, viewer: Viewer, account_id: UUID) -> Component:
    with queries.connect() as connection:
        head = account_head(connection, viewer, account_id)
    unit = shown_in(queries, viewer)
    return account.layout(str(account_id), head.label, head.email, metric_texts(ids.ACCOUNT_FIGURES, unit), unit)


def outline() -> Component:
    return account.layout(str(UNATTRIBUTED), "Account", None, metric_texts(ids.ACCOUNT_FIGURES, CREDITS))


def check(queries: Queries, viewer: Viewer, account_id: UUID) -> None:
    """Raises NotFoundError for an account that is not there, or not the viewer's."""
    with queries.connect() as connection:
        account_head(connection, viewer, account_id)


PAGE = Page("/accounts/<id>", "Account", "/accounts", render, outline, check, ranged=True)


def register(app: Dash, queries: Queries) -> None:
    reads, spending = OverviewQueries(queries), ids.ACCOUNT_SPENDING
    answers = (
        (answer_account, ids.ACCOUNT_REQUEST, outputs_of(
            f"{ids.ACCOUNT_ANSWER}.data", f"{ids.ACCOUNT_CARD}.data-state",
        )),
        (answer_range, ids.ACCOUNT_RANGE_REQUEST, outputs_of(
            f"{ids.ACCOUNT_RANGE}.data", f"{spending.figure}.data", f"{spending.title}.children",
            f"{ids.ACCOUNT_NOTHING}.children", f"{spending.card}.data-state",
        )),
        (answer_tops, ids.ACCOUNT_TOPS_REQUEST, outputs_of(
            f"{ids.ACCOUNT_TOPS}.data", f"{ids.ACCOUNT_THREADS}.children", f"{ids.ACCOUNT_THREADS}.data-state",
            f"{ids.ACCOUNT_MODELS}.children", f"{ids.ACCOUNT_MODELS}.data-state",
        )),
        (answer_running, ids.ACCOUNT_RUNNING_REQUEST, outputs_of(
            f"{ids.ACCOUNT_RUNNING}.data", f"{ids.ACCOUNT_AGENTS}.children", f"{ids.ACCOUNT_AGENTS_COUNT}.children",
            f"{ids.ACCOUNT_AGENTS_COUNT}.className", f"{ids.ACCOUNT_AGENTS}.data-state",
        )),
    )  # fmt: skip
    for answer, request, outputs in answers:
        app.callback(outputs, Input(request, "data"), prevent_initial_call=True)(partial(answer, reads))
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    spending, view = ids.ACCOUNT_SPENDING, Input(ids.VIEW, "data")
    account_id, live = Input(ids.ACCOUNT_ID, "data"), Input(ids.LIVE_STATE, "data")
    answer, usage = Input(ids.ACCOUNT_ANSWER, "data"), Input(ids.ACCOUNT_USAGE, "data")
    held = Input(ids.PREFERENCES, "data")
    hints = [Input(ids.ACCOUNT_CHANGED, "data"), Input(ids.ACCOUNT_INTERVAL, "n_intervals")]
    wire_chart(app, spending)
    wire_exports(app, [spending.csv, *ids.ACCOUNT_EXPORTS.values()], ids.ACCOUNT_ID)
    # With an output, or Dash would not call it as the page opens.
    wire(app, "account", "ask", [view, account_id, *hints], outputs_of(f"{ids.ACCOUNT_ASKED}.data"))
    wire(app, "account", "refresh", [Input(ids.ACCOUNT_REFRESH, "n_clicks")], initial=False)
    wire(app, "account", "answered", [answer], initial=False)
    wire(app, "account", "header", [answer, usage, account_id, live, held], HEADER)
    wire(app, "preferences", "account_words", [held], outputs_of(f"{ids.ACCOUNT_FREQUENCY_WORDS}.children"))
    wire(app, "account", "dot", [live, usage], DOT)
    wire(app, "account", "figures", [Input(ids.ACCOUNT_RANGE, "data"), live], FIGURES)
    for name in ("tops", "running"):
        wire(app, "account", f"{name}_answered", [Input(f"account-{name}", "data")], initial=False)
    wire(app, "account", "model", [view], outputs_of(f"{ids.ACCOUNT_MODEL}.children", f"{ids.ACCOUNT_MODEL}.hidden"))
    wire(app, "account", "all_models", [Input(ids.ACCOUNT_MODEL, "n_clicks")], initial=False)
    dragged = Input(spending.graph, "relayoutData")
    wire(app, "view", "brush", [dragged, State(spending.figure, "data")], initial=False)


# In the orders that `assets/account.js` returns them.
HEADER = outputs_of(
    f"{ids.ACCOUNT_CREDITS}.children",
    f"{ids.ACCOUNT_CREDITS}.data-cost",
    f"{ids.ACCOUNT_CREDITS}.className",
    f"{ids.ACCOUNT_LABEL}.children",
    f"{ids.ACCOUNT_BAR}.style",
    f"{ids.ACCOUNT_ALLOWANCE}.children",
    f"{ids.ACCOUNT_COST}.children",
    f"{ids.ACCOUNT_UPDATED}.children",
    f"{ids.ACCOUNT_UPDATED}.dateTime",
    f"{ids.ACCOUNT_FREQUENCY}.children",
    f"{ids.ACCOUNT_AGENT}.children",
    f"{ids.ACCOUNT_AGENT}.className",
    f"{ids.ACCOUNT_PURCHASED}.children",
    f"{ids.ACCOUNT_LEFT}.children",
    f"{ids.ACCOUNT_LEFT}.className",
    f"{ids.ACCOUNT_PLAN}.children",
    f"{ids.ACCOUNT_RATE}.children",
    f"{ids.ACCOUNT_RATE}.data-cost",
    f"{ids.ACCOUNT_RATE}.className",
    f"{ids.ACCOUNT_LAST}.children",
    f"{ids.ACCOUNT_OUT}.children",
    f"{ids.ACCOUNT_OUT}.className",
    f"{ids.ACCOUNT_OUT_RANGE}.children",
    f"{ids.ACCOUNT_WORDS}.children",
    f"{ids.ACCOUNT_WORDS}.className",
    f"{ids.ACCOUNT_INTERVAL}.interval",
)
DOT = outputs_of(f"{ids.ACCOUNT_LIVE}.data-state", f"{ids.ACCOUNT_LIVE}.className", f"{ids.ACCOUNT_LIVE_WORD}.children")
FIGURES = [
    *(output for parts in ids.ACCOUNT_FIGURES.values() for output in figure_outputs(parts)),
    *outputs_of(
        f"{ids.ACCOUNT_RANGE_HEAD}.children",
        f"{ids.ACCOUNT_RANGE_UPDATED}.children",
        f"{ids.ACCOUNT_RANGE_UPDATED}.dateTime",
    ),
]
