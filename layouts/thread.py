"""One thread: its live header, its credits over time, its calls, its agent runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from layouts import charts, ids, states
from layouts.attributes import attributes
from layouts.formats import whole
from layouts.grids import column, grid, number_column
from layouts.thread_header import thread_header

CALLS_AT_ONCE = 100
NO_GRAPH = {"data": [], "layout": {"height": 240, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
    "xaxis": {"visible": False}, "yaxis": {"visible": False}}}  # fmt: skip


class Run(NamedTuple):
    """An agent run as the list shows it; `started` is ISO 8601 in UTC."""

    status: str
    started: str | None
    lasted: timedelta | None
    quiet_for: timedelta | None
    error: str | None


def layout(thread_id: str, name: str, crumbs: Sequence[str] = ()) -> Component:
    """The page before its first answer; `crumbs` are the account's and the project's names."""
    return html.Div(
        [
            thread_header(thread_id, name, crumbs),
            html.Div(
                [
                    html.P("", id=ids.THREAD_LAST_KNOWN, className="last-known muted"),
                    timeline_card(),
                    html.Div([calls_card(), runs_card()], className="two"),
                    *stores(),
                ],
                id=ids.THREAD_BODY,
                className="thread-body stack",
                **attributes(data_state="loading"),
            ),
        ],
        className="stack",
    )


def timeline_card() -> Component:
    return html.Section(
        [
            html.Div([html.H2("Credits over time"), legend()], className="row between card-head"),
            html.Div(
                [
                    html.Span(className="skeleton timeline-skeleton", **attributes(aria_hidden="true")),
                    dcc.Graph(
                        id=ids.THREAD_TIMELINE,
                        figure=NO_GRAPH,
                        config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
                        className="timeline",
                    ),
                    html.P("No calls yet. The chart begins with the first one.", className="muted when-empty"),
                ],
                className="timeline-box",
            ),
        ],
        className="card",
        **attributes(aria_label="Credits over time"),
    )


def legend() -> Component:
    return html.Div(
        [
            html.Span([html.I(className="key-line"), "cumulative"]),
            html.Span([html.I(className="key-bars"), html.Span("per call", id=ids.THREAD_BARS)]),
            html.Span([html.I(className="key-run"), "agent run"]),
        ],
        className="legend",
    )


def calls_card() -> Component:
    return html.Section(
        [
            html.H2("Calls"),
            grid(
                ids.THREAD_LOG,
                [
                    column("at", "Time", least=92, valueFormatter={"function": "localTime(params.value)"}),
                    column("model", "Model", flex=2, least=110, cellClass="muted", tooltipField="model"),
                    number_column("prompt_tokens", "Prompt", "wholeNumber", secondary=True),
                    number_column("completion_tokens", "Completion", "wholeNumber", least=96, secondary=True),
                    number_column("credits", "Credits", "asWritten", least=80),
                ],
                height="420px",
            ),
            html.Div(
                [
                    html.Span("", id=ids.THREAD_LOG_NOTE),
                    html.Button("Load older calls", id=ids.THREAD_OLDER, n_clicks=0, className="button", hidden=True),
                ],
                className="grid-footer label",
            ),
        ],
        className="card grid-card calls-card",
        **attributes(aria_label="Calls"),
    )


def runs_card() -> Component:
    return html.Section(
        [html.H2("Agent runs"), html.Div(run_skeletons(), id=ids.THREAD_RUNS)],
        className="card runs-card",
        **attributes(aria_label="Agent runs"),
    )


def run_skeletons() -> list[Component]:
    return [html.Div(states.skeleton("100%", "20px"), className="run") for _ in range(3)]


def run_list(runs: Sequence[Run]) -> Component:
    if not runs:
        return html.P("No agent run is recorded for this thread.", className="muted")
    return html.Ol([run_item(run) for run in runs], className="runs")


def run_item(run: Run) -> Component:
    running = run.status == "running"
    parts: list[Component] = [
        html.Span(run.status, className=f"pill {'pill-running' if running else status_class(run.status)}"),
        html.Time(run.started or "no start recorded", dateTime=run.started or "", className="local-time"),
    ]
    if run.lasted is not None:
        parts.append(html.Span(f"for {duration(run.lasted)}" if running else duration(run.lasted), className="muted"))
    if run.quiet_for is not None:
        parts.append(
            html.Span(
                f"no call for {duration(run.quiet_for)}",
                className="pill pill-warn",
                title="The run is marked as running, but has gone quiet: it may hang, or have ended without saying so.",
            )
        )
    if run.error:
        parts.append(html.Div(run.error, className="run-error"))
    return html.Li(parts, className="run")


def status_class(status: str) -> str:
    return "pill-bad" if status in ("failed", "error") else "pill-idle"


def duration(lasted: timedelta) -> str:
    """In the two largest units that say something: 14 min, 2 h 5 min, 3 d 4 h."""
    seconds = int(lasted.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{whole(days)} d {hours % 24} h" if hours % 24 else f"{whole(days)} d"


def stores() -> list[Component]:
    names = (
        ids.THREAD_FIGURE,
        ids.THREAD_THEME,
        ids.THREAD_SEEN,
        ids.THREAD_PAGE,
        ids.THREAD_LOG_SHOWN,
        ids.THREAD_OLDER_REQUEST,
        ids.THREAD_OLDER_PAGE,
    )
    return [dcc.Store(id=ids.THREAD_TEMPLATES, data=charts.templates()), *(dcc.Store(id=name) for name in names)]
