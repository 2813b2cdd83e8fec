"""The agent runs of a thread: which, since when, how long, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.formats import whole


class Run(NamedTuple):
    """An agent run as the list shows it; `started` is ISO 8601 in UTC."""

    status: str
    started: str | None
    lasted: timedelta | None
    quiet_for: timedelta | None
    error: str | None


def runs_card(tools: Sequence[Component] = ()) -> Component:
    return html.Section(
        [
            html.Div([html.H2("Agent runs"), html.Div(list(tools), className="row tools")], className="row between"),
            html.Div(skeletons(), id=ids.THREAD_RUNS, className="runs-box", tabIndex=0),
        ],
        className="card runs-card",
        **attributes(aria_label="Agent runs"),
    )


def skeletons() -> list[Component]:
    return [html.Div(states.skeleton("100%", "20px"), className="run") for _ in range(3)]


def run_list(runs: Sequence[Run], most: int = 0) -> Component:
    """`most` is how many are listed at most."""
    if not runs:
        return html.P("No agent run is recorded for this thread.", className="muted")
    items: list[Component] = [run_item(run) for run in runs]
    if len(runs) == most:
        items.append(html.Li(f"The latest {whole(most)}; the CSV file has all of them.", className="run muted"))
    return html.Ol(items, className="runs")


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
