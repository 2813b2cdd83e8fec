"""Chosen threads side by side: their figures in a table, and their course from the first call on as a chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes
from layouts.chart_card import chart_card
from layouts.compare_chart import COLOURS, HEIGHT
from layouts.copying import exact, exactly
from layouts.formats import whole
from layouts.thread_runs import duration
from layouts.units import CREDITS, Unit

ABOUT = "What each thread had cost by so long after its first call."


class ComparedRow(NamedTuple):
    """Amounts with their exact dollars; `models` are names with their amounts, the dearest first."""

    thread_id: str
    title: str
    account: str
    running: bool
    amount: Decimal
    cost: str
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    calls: int
    first_at: str | None  # ISO 8601 in UTC
    lasted: timedelta | None
    per_call: Decimal | None
    per_call_cost: str
    rate: Decimal  # a minute
    rate_cost: str
    models: Sequence[tuple[str, Decimal, str]]


def compare_section(unit: Unit = CREDITS) -> Component:
    """Hidden while nothing is chosen."""
    return html.Div(
        [
            html.Section(
                [
                    html.Div(
                        [
                            html.H2("Side by side"),
                            html.Div(
                                [
                                    html.Span("", id=ids.THREADS_COMPARE_NOTE, className="label", role="status"),
                                    html.Time("", id=ids.THREADS_COMPARE_UPDATED, className="label"),
                                    html.Button(
                                        "Clear selection", id=ids.THREADS_COMPARE_CLEAR, n_clicks=0, className="tool"
                                    ),
                                ],
                                className="row tools",
                            ),
                        ],
                        className="row between card-head",
                    ),
                    html.Div(
                        id=ids.THREADS_COMPARE_TABLE,
                        className="list-body compare-box",
                        tabIndex=0,
                        **attributes(data_state="loading"),
                    ),
                ],
                className="card",
                **attributes(aria_label="Threads side by side"),
            ),
            chart_card(
                ids.THREADS_COURSE,
                f"{unit.word} since the first call",
                about=ABOUT,
                height=HEIGHT,
                export="compare.csv",
                nothing=html.P("No calls yet. The chart begins with the first one."),
            ),
            dcc.Store(id=ids.THREADS_COMPARE_REQUEST),
            dcc.Store(id=ids.THREADS_COMPARED),
            dcc.Store(id=ids.THREADS_COMPARE_ASKED),
        ],
        id=ids.THREADS_COMPARE,
        className="stack compare",
        hidden=True,
    )


def compare_table(rows: Sequence[ComparedRow], missing: int, unit: Unit = CREDITS) -> list[Component]:
    """A column for each thread; `missing` are those that are not there, or not the viewer's."""
    lines: tuple[tuple[str, Callable[[ComparedRow], Component | str]], ...] = (
        (unit.word, lambda row: html.Strong(html.Span(unit.fine(row.amount), **exact(row.cost)))),
        ("Tokens", lambda row: number(row.total_tokens)),
        ("Prompt", lambda row: number(row.prompt_tokens)),
        ("Completion", lambda row: number(row.completion_tokens)),
        ("Calls", lambda row: number(row.calls)),
        (f"{unit.word} per call", lambda row: per_call(row, unit)),
        ("Burn rate now", lambda row: html.Span(f"{unit.some(row.rate)} / min", **exact(row.rate_cost))),
        ("First call", first_call),
        ("First to last call", lambda row: "–" if row.lasted is None else duration(row.lasted)),
        ("Models", lambda row: models(row, unit)),
    )
    body = [html.Tr([html.Th(name, scope="row"), *(html.Td(cell(row)) for row in rows)]) for name, cell in lines]
    heads = [html.Th(head(row, place), scope="col") for place, row in enumerate(rows)]
    table = html.Table([html.Thead(html.Tr([html.Td(), *heads])), html.Tbody(body)], className="compare-table")
    return [*([table] if rows else []), *([html.P(missing_words(missing), className="muted")] if missing else [])]


def head(row: ComparedRow, place: int) -> list[Component]:
    """The colour of its line, its name, and the way out of the comparison."""
    running = [html.Span(className="run-dot running", title="An agent is running")] if row.running else []
    return [
        html.Div(
            [
                html.I(className="key", style={"background": f"var({COLOURS[place]})"}),
                dcc.Link(row.title, href=f"/threads/{row.thread_id}", className="plain-link", title=row.title),
                *running,
                html.Button(
                    "×",
                    className="icon",
                    **attributes(data_uncompare=row.thread_id, aria_label=f"Take {row.title} out"),
                ),
            ],
            className="compare-head",
        ),
        html.Div(row.account, className="label compare-account", title=row.account),
    ]


def number(value: int) -> Component:
    return html.Span(whole(value), **exactly(str(value)))


def per_call(row: ComparedRow, unit: Unit) -> Component | str:
    return "–" if row.per_call is None else html.Span(unit.fine(row.per_call), **exact(row.per_call_cost))


def first_call(row: ComparedRow) -> Component | str:
    return html.Time("", dateTime=row.first_at, className="local-time") if row.first_at else "–"


def models(row: ComparedRow, unit: Unit) -> Component | str:
    if not row.models:
        return "–"
    return html.Ul(
        [
            html.Li([html.Span(name, title=name), html.Span(unit.fine(amount), **exact(cost))])
            for name, amount, cost in row.models
        ],
        className="compare-models",
    )


def missing_words(missing: int) -> str:
    if missing == 1:
        return "One of the chosen threads is not there, or is not yours to see."
    return f"{missing} of the chosen threads are not there, or are not yours to see."
