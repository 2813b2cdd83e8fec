"""The overview: its first figures and chart in one answer, everything else in answers of its own that come after."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from dash import Dash, Input, Output, State
from dash.development.base_component import Component

from access.viewer import current_viewer
from callbacks.chart_card import wire_chart, wire_exports
from callbacks.clientside import outputs_of, wire
from callbacks.overview_answers import (
    activity_texts,
    agent_entry,
    entries,
    figure_texts,
    head_text,
    heat_figure,
    query_text,
    range_text,
    spending_figure,
    title,
)
from callbacks.parts import Answer, compares, figure_outputs, forced, longer, noted
from callbacks.requests import scope_of, view_of
from callbacks.routing import Page
from callbacks.units import metric_texts, shown_in
from data.figures import GROUPS
from data.overview_queries import OverviewQueries
from data.queries import Queries
from data.viewer import Viewer
from data.wire import utc
from layouts import ids, overview, overview_lists
from layouts.units import CREDITS


@noted
def answer_overview(queries: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """Figures, chart, its title, what is said without one, its state."""
    view, viewer, unit = view_of(asked), current_viewer(), shown_in(queries.queries)
    course = queries.course(viewer, view, by_of(asked), force=forced(asked))
    before = queries.course_before(viewer, view) if compares(asked) else None
    note = {
        "open": course.range.open,
        "head": head_text(course, before),
        "as_of": utc(course.as_of),
        "figures": figure_texts(course, before, unit),
    }
    heading = title(course.series.step, unit)
    if course.series.lines:
        return note, spending_figure(course, before, unit, query_text(asked, compare="")), heading, None, "ready"
    return note, None, heading, overview_lists.nothing(longer("/", asked)), "empty"


@noted
def answer_rest(queries: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The heat map and its state, the models."""
    view, viewer, unit = view_of(asked), current_viewer(), shown_in(queries.queries)
    cells = queries.heat(viewer, view, force=forced(asked))
    found = queries.models(viewer, view, force=forced(asked))
    hrefs = {top.key: "/" + query_text(asked, model=top.key) for top in found}
    state = "ready" if any(figures.calls for row in cells for figures in row) else "empty"
    models = overview_lists.top_list("Model", entries(found, hrefs, unit), unit)
    return {}, heat_figure(cells, unit, query_text(asked)), state, models, "ready"


@noted
def answer_activity(queries: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """How many threads and accounts were active, and what one of them spent."""
    view, viewer, unit = view_of(asked), current_viewer(), shown_in(queries.queries)
    now = queries.activity(viewer, view, force=forced(asked))
    then = queries.activity_before(viewer, view) if compares(asked) else None
    amount = unit.of(queries.course(viewer, view, by_of(asked)).totals.cost)
    earlier = range_text(queries.course_before(viewer, view).range) if then else ""
    return ({"figures": activity_texts(now, then, amount, earlier, unit)},)


@noted
def answer_tops(queries: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The dearest threads and accounts."""
    found = queries.dearest(current_viewer(), view_of(asked), force=forced(asked))
    unit, query = shown_in(queries.queries), query_text(asked)
    threads = {top.key: f"/threads/{top.key}{query}" for top in found.threads}
    accounts = {top.key: f"/accounts/{top.key}{query}" for top in found.accounts}
    return (
        {},
        overview_lists.top_list("Thread", entries(found.threads, threads, unit), unit),
        "ready",
        overview_lists.top_list("Account", entries(found.accounts, accounts, unit), unit),
        "ready",
    )


@noted
def answer_running(queries: OverviewQueries, asked: Mapping[str, Any]) -> Answer:
    """The agents that run now, how many, and the colour of that."""
    scope = scope_of(asked.get("scope"))
    found = queries.agents(current_viewer(), scope, force=forced(asked))
    query, unit = query_text({"scope": scope}), shown_in(queries.queries)
    agents = [agent_entry(agent, query, unit) for agent in found]
    return (
        {},
        overview_lists.agents(agents, f"/threads{query}", unit),
        *overview_lists.agents_count(len(agents)),
        "ready",
    )


def by_of(asked: Mapping[str, Any]) -> str:
    by = asked.get("by")
    return by if by in GROUPS else GROUPS[0]


def render(queries: Queries, viewer: Viewer) -> Component:
    if not (viewer.staff or viewer.accounts):
        return overview.without_accounts()
    unit = shown_in(queries, viewer)
    return overview.layout(metric_texts(ids.OVERVIEW_FIGURES, unit), unit)


PAGE = Page(
    "/", "Overview", "/", render, partial(overview.layout, metric_texts(ids.OVERVIEW_FIGURES, CREDITS)), ranged=True
)


def register(app: Dash, queries: Queries) -> None:
    reads = OverviewQueries(queries)
    credits, heat = ids.OVERVIEW_CREDITS, ids.OVERVIEW_HEAT
    answers = (
        (answer_overview, ids.OVERVIEW_REQUEST, outputs_of(
            f"{ids.OVERVIEW_ANSWER}.data", f"{credits.figure}.data", f"{credits.title}.children",
            f"{ids.OVERVIEW_NOTHING}.children", f"{credits.card}.data-state",
        )),
        (answer_rest, ids.OVERVIEW_REST_REQUEST, outputs_of(
            f"{ids.OVERVIEW_REST}.data", f"{heat.figure}.data", f"{heat.card}.data-state",
            f"{ids.OVERVIEW_MODELS}.children", f"{ids.OVERVIEW_MODELS}.data-state",
        )),
        (answer_activity, ids.OVERVIEW_ACTIVITY_REQUEST, [Output(ids.OVERVIEW_ACTIVITY, "data")]),
        (answer_tops, ids.OVERVIEW_TOPS_REQUEST, outputs_of(
            f"{ids.OVERVIEW_TOPS}.data", f"{ids.OVERVIEW_THREADS}.children", f"{ids.OVERVIEW_THREADS}.data-state",
            f"{ids.OVERVIEW_ACCOUNTS}.children", f"{ids.OVERVIEW_ACCOUNTS}.data-state",
        )),
        (answer_running, ids.OVERVIEW_RUNNING_REQUEST, outputs_of(
            f"{ids.OVERVIEW_RUNNING}.data", f"{ids.OVERVIEW_AGENTS}.children",
            f"{ids.OVERVIEW_AGENTS_COUNT}.children", f"{ids.OVERVIEW_AGENTS_COUNT}.className",
            f"{ids.OVERVIEW_AGENTS}.data-state",
        )),
    )  # fmt: skip
    for answer, request, outputs in answers:
        app.callback(outputs, Input(request, "data"), prevent_initial_call=True)(partial(answer, reads))
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    credits, heat = ids.OVERVIEW_CREDITS, ids.OVERVIEW_HEAT
    view, live = Input(ids.VIEW, "data"), Input(ids.LIVE_STATE, "data")
    hints = [Input(ids.OVERVIEW_CHANGED, "data"), Input(ids.OVERVIEW_INTERVAL, "n_intervals")]
    status = Input(ids.NAV_AGENT_STATUS, "data")
    for parts in (credits, heat):
        wire_chart(app, parts)
    wire_exports(app, [credits.csv, heat.csv, *ids.OVERVIEW_EXPORTS.values()])
    # With an output, or Dash would not call it as the page opens.
    wire(app, "overview", "ask", [view, *hints], outputs_of(f"{ids.OVERVIEW_ASKED}.data"))
    wire(app, "periods", "by_status", [live, status], outputs_of(f"{ids.OVERVIEW_INTERVAL}.interval"))
    wire(app, "overview", "figures", [Input(ids.OVERVIEW_ANSWER, "data"), live], FIGURES)
    wire(app, "overview", "activity", [Input(ids.OVERVIEW_ACTIVITY, "data"), live], ACTIVITY)
    for name in ("rest", "tops", "running"):
        wire(app, "overview", f"{name}_answered", [Input(f"overview-{name}", "data")], initial=False)
    wire(app, "overview", "choices", [view], CHOICES)
    wire(
        app, "overview", "choose_by", [Input(button, "n_clicks") for button in ids.OVERVIEW_BY.values()], initial=False
    )
    wire(app, "overview", "all_models", [Input(ids.OVERVIEW_MODEL, "n_clicks")], initial=False)
    dragged = Input(credits.graph, "relayoutData")
    wire(app, "view", "brush", [dragged, State(credits.figure, "data")], initial=False)


# In the orders that `assets/overview.js` returns them.
FIGURES = [
    *(output for name in ("credits", "total_tokens", "calls") for output in figure_outputs(ids.OVERVIEW_FIGURES[name])),
    *outputs_of(
        f"{ids.OVERVIEW_RANGE}.children", f"{ids.OVERVIEW_UPDATED}.children", f"{ids.OVERVIEW_UPDATED}.dateTime"
    ),
]
ACTIVITY = [
    output
    for name in ("active_threads", "active_accounts")
    for output in (
        *figure_outputs(ids.OVERVIEW_FIGURES[name]),
        *outputs_of(f"{ids.OVERVIEW_FIGURES[name].spark}.children"),
    )
]
CHOICES = outputs_of(
    f"{ids.OVERVIEW}.data-scope",
    f"{ids.OVERVIEW_BY['model']}.aria-pressed",
    f"{ids.OVERVIEW_BY['account']}.aria-pressed",
    f"{ids.OVERVIEW_MODEL}.children",
    f"{ids.OVERVIEW_MODEL}.hidden",
)
