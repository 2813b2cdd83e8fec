"""A thread's header: its name and agent, its live credits, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.copying import exact
from layouts.live import IDLE_INTERVAL_MS, frequency, live_state, refresh_button, updated
from layouts.units import CREDITS, Unit, rate_words


class Crumb(NamedTuple):
    """`href` None where it leads nowhere."""

    text: str
    href: str | None = None


def thread_header(thread_id: str, name: str, crumbs: Sequence[Crumb] = (), unit: Unit = CREDITS) -> Component:
    """`crumbs` are the names above the thread's: its account, its project. Figures come with the first answer."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div([breadcrumbs(crumbs), html.H1(name)]),
                    html.Div([runaway_pill(), agent_pill()], className="row pills"),
                ],
                className="page-head",
            ),
            gone(),
            html.Div([credits_card(unit), figures_card()], className="two even"),
            *tooltips(unit),
            *stores(thread_id),
        ],
        className="thread-header stack",
    )


def breadcrumbs(crumbs: Sequence[Crumb]) -> Component:
    parts = [Crumb("Threads", "/threads"), *crumbs]
    links = [dcc.Link(part.text, href=part.href) if part.href else html.Span(part.text) for part in parts]
    return html.Nav(links, className="crumbs", **attributes(aria_label="Where this thread belongs"))


def agent_pill() -> Component:
    return html.Span(
        states.skeleton("9ch"), id=ids.THREAD_AGENT, className="pill pill-idle", **attributes(data_status="")
    )


def runaway_pill() -> Component:
    return html.Span("", id=ids.THREAD_RUNAWAY, className="pill pill-warn", hidden=True)


def credits_card(unit: Unit) -> Component:
    return html.Section(
        [
            html.Div(
                [
                    html.Span(unit.used, id=ids.THREAD_LABEL, className="label"),
                    html.Span(
                        [
                            live_state(ids.THREAD_LIVE, ids.THREAD_LIVE_WORD),
                            refresh_button(ids.THREAD_REFRESH, "Refresh credits usage"),
                        ],
                        className="row",
                    ),
                ],
                className="row between",
            ),
            html.Div(
                states.skeleton("5ch"),
                id=ids.THREAD_CREDITS,
                className="thread-credits figure",
                **exact(),
            ),
            html.Div(
                [
                    html.Span(states.skeleton("8ch"), id=ids.THREAD_COST),
                    updated(ids.THREAD_UPDATED),
                    frequency(ids.THREAD_FREQUENCY),
                ],
                className="label dotted",
            ),
        ],
        className="card thread-card",
        **attributes(aria_label=f"{unit.word} of this thread"),
    )


def figures_card() -> Component:
    figures = {
        ids.THREAD_CALLS: "Calls",
        ids.THREAD_TOKENS: "Tokens",
        ids.THREAD_PROMPT: "Prompt",
        ids.THREAD_COMPLETION: "Completion",
    }
    return html.Section(
        [
            run_figure(),
            figure("Burn rate", states.skeleton("6ch"), ids.THREAD_RATE, **exact()),
            *(figure(label, states.skeleton("6ch"), figure_id) for figure_id, label in figures.items()),
        ],
        className="card figures",
        **attributes(aria_label="What was used"),
    )


def figure(label: str, value: Component, figure_id: str, **more: Any) -> Component:
    return html.Div(
        [html.Div(label, className="label"), html.Div(value, id=figure_id, className="figure medium", **more)]
    )


def run_figure() -> Component:
    """Of the run that goes on, what it is likely to cost, else what the last one has cost."""
    return html.Div(
        [
            html.Div("This run", id=ids.THREAD_RUN_LABEL, className="label"),
            html.Div(
                [
                    html.Span(states.skeleton("6ch"), id=ids.THREAD_RUN_COST, className="figure medium", **exact()),
                    html.Span("", id=ids.THREAD_RUN_RANGE, className="label"),
                ],
                className="run-figure",
            ),
        ],
        className="wide",
    )


def gone() -> Component:
    """Shown, instead of everything else of the page, once the open thread is no longer there."""
    return html.Div(
        states.message(
            "This thread is gone",
            "It was deleted, or it is no longer yours to see, while this page was open.",
            dcc.Link("All threads", href="/threads", className="button"),
            kind="missing",
        ),
        id=ids.THREAD_GONE,
        hidden=True,
        role="status",
    )


def tooltips(unit: Unit) -> list[Component]:
    return [
        states.tooltip(
            ids.THREAD_LIVE,
            "Live: a call that is committed to the database is shown a moment later; the dot pulses while the agent "
            "runs. Polling: the figure is asked for at the interval below. Offline: the server does not answer.",
        ),
        states.tooltip(ids.THREAD_REFRESH, "Ask the database now, past every cache."),
        states.tooltip(ids.THREAD_FREQUENCY, html.Span("", id=ids.THREAD_FREQUENCY_WORDS)),
        states.tooltip(
            ids.THREAD_CREDITS,
            f"The cost of all calls of this thread{rate_words(unit)}. A click copies the exact dollars.",
        ),
        states.tooltip(
            ids.THREAD_RATE,
            f"{unit.word} a minute over the last ten minutes, or since the agent's run began.",
        ),
        states.tooltip(
            ids.THREAD_RUN_COST,
            "So far, and what the account's latest finished runs still cost after as long a time: the median, and the "
            "range without the highest and the lowest tenth. Runs differ widely; go by the range.",
        ),
        states.tooltip(ids.THREAD_AGENT, "Running while the thread has an agent run with that status."),
    ]


def stores(thread_id: str) -> list[Component]:
    return [
        dcc.Interval(id=ids.THREAD_INTERVAL, interval=IDLE_INTERVAL_MS),
        dcc.Store(id=ids.THREAD_ID, data=thread_id),
        dcc.Store(id=ids.THREAD_REQUEST),
        dcc.Store(id=ids.THREAD_ANSWER),
        dcc.Store(id=ids.THREAD_USAGE),
        dcc.Store(id=ids.AGENT_STATUS),
        dcc.Store(id=ids.THREAD_GATE),
        dcc.Store(id=ids.THREAD_CHANGED),
        dcc.Store(id=ids.THREAD_DETAIL_REQUEST),
    ]
