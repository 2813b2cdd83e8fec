"""One thread: its live header, its credits over time, its calls, and what they were used for."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts import charts, ids
from layouts.attributes import attributes
from layouts.chart_card import COPY_KEY, TWIN_KEY
from layouts.grids import Column, column, grid, number_column
from layouts.thread_call import call_drawer
from layouts.thread_header import Crumb, thread_header
from layouts.thread_runs import runs_card
from layouts.thread_spending import debits_card, models_card
from layouts.units import CREDITS, Unit

CALLS_AT_ONCE = 100
NO_GRAPH = {"data": [], "layout": {"height": 240, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)",
    "xaxis": {"visible": False}, "yaxis": {"visible": False}}}  # fmt: skip
LIST_PRICE = "What the call would cost by the list of genai-prices. What counts is the recorded cost."


def layout(thread_id: str, name: str, crumbs: Sequence[Crumb] = (), unit: Unit = CREDITS) -> Component:
    """The page before its first answer; `crumbs` are its account and its project."""
    runs = runs_card([csv_link("runs.csv", thread_id)])
    spending = html.Div([models_card(), debits_card([csv_link("purchases.csv", thread_id)])], className="stack")
    return html.Div(
        [
            thread_header(thread_id, name, crumbs, unit),
            html.Div(
                [
                    html.P("", id=ids.THREAD_LAST_KNOWN, className="last-known muted"),
                    timeline_card(thread_id, unit),
                    calls_card([csv_link("calls.csv", thread_id)], unit),
                    html.Div([runs, spending], className="two even"),
                    call_drawer(),
                    *stores(),
                ],
                id=ids.THREAD_BODY,
                className="thread-body stack",
                **attributes(data_state="loading"),
            ),
        ],
        className="stack",
    )


def csv_link(name: str, thread_id: str) -> Component:
    return html.A(
        "CSV",
        href=f"/export/{name}?thread={thread_id}",
        download=name,
        className="tool",
        title="Download all of them as CSV, with exact figures",
    )


def timeline_card(thread_id: str, unit: Unit) -> Component:
    title = f"{unit.word} over time"
    return html.Section(
        [
            html.Div(
                [html.H2(title), html.Div([legend(), *chart_tools(thread_id)], className="row tools")],
                className="row between card-head",
            ),
            html.Div(
                [
                    html.Span(className="skeleton timeline-skeleton", **attributes(aria_hidden="true")),
                    dcc.Graph(
                        id=ids.THREAD_TIMELINE,
                        figure=NO_GRAPH,
                        config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
                        className="timeline",
                    ),
                    html.Div(id=ids.THREAD_TABLE, className="chart-table timeline-table"),
                    html.P("No calls yet. The chart begins with the first one.", className="muted when-empty"),
                ],
                className="timeline-box",
                tabIndex=0,
                title=f"Press {TWIN_KEY} for the figures as a table, {COPY_KEY} to copy them",
            ),
        ],
        id=ids.THREAD_TIMELINE_CARD,
        className="card timeline-card",
        **attributes(aria_label=title, data_twin="chart"),
    )


def chart_tools(thread_id: str) -> list[Component]:
    return [
        html.Button(
            "Table",
            id=ids.THREAD_TWIN,
            n_clicks=0,
            className="tool",
            title="Show the figures as a table",
            **attributes(aria_pressed="false", aria_keyshortcuts=TWIN_KEY, aria_controls=ids.THREAD_TABLE),
        ),
        csv_link("calls.csv", thread_id),
        html.Button("PNG", id=ids.THREAD_PNG, n_clicks=0, className="tool", title="Save the chart as a picture"),
    ]


def legend() -> Component:
    return html.Div(
        [
            html.Span([html.I(className="key-line"), "cumulative"]),
            html.Span([html.I(className="key-bars"), html.Span("per call", id=ids.THREAD_BARS)]),
            html.Span([html.I(className="key-run"), "agent run"]),
        ],
        className="legend",
    )


def calls_card(tools: Sequence[Component], unit: Unit) -> Component:
    return html.Section(
        [
            html.Div(
                [html.H2("Calls"), html.Div(list(tools), className="row tools")], className="row between grid-head"
            ),
            grid(ids.THREAD_LOG, call_columns(unit), height="452px"),
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


def call_columns(unit: Unit) -> list[Column]:
    """The time opens the call's panel."""
    return [
        column("at", "Time", flex=2, least=124, cellRenderer="CallLink"),
        column("model", "Model", flex=2, least=110, cellClass="muted", tooltipField="model"),
        group(
            "Tokens",
            [
                number_column("prompt_tokens", "Prompt", "wholeNumber", least=88, secondary=True),
                number_column("completion_tokens", "Completion", "wholeNumber", least=98, secondary=True),
            ],
        ),
        group(
            "At list price",
            [
                number_column("list_prompt", "Prompt", "asWritten", secondary=True, headerTooltip=LIST_PRICE),
                number_column(
                    "list_completion", "Completion", "asWritten", least=98, secondary=True, headerTooltip=LIST_PRICE
                ),
            ],
            headerTooltip=LIST_PRICE,
        ),
        group("Recorded", [number_column("credits", unit.word, "asWritten", least=80)]),
    ]


def group(title: str, columns: Sequence[Column], **more: str) -> Column:
    return {"headerName": title, "children": list(columns), "headerClass": "column-group", **more}


def stores() -> list[Component]:
    names = (
        ids.THREAD_FIGURE,
        ids.THREAD_THEME,
        ids.THREAD_SEEN,
        ids.THREAD_PAGE,
        ids.THREAD_DETAIL,
        ids.THREAD_LOG_SHOWN,
        ids.THREAD_OLDER_REQUEST,
        ids.THREAD_OLDER_PAGE,
        ids.THREAD_OUTLOOK_REQUEST,
        ids.THREAD_OUTLOOK,
        ids.THREAD_SAVED,
    )
    return [dcc.Store(id=ids.THREAD_TEMPLATES, data=charts.templates()), *(dcc.Store(id=name) for name in names)]
