"""A card with a chart, its table twin (by button or by key), its CSV file and its picture; a key copies its figures.

What it draws comes as a figure without colours into the card's store; `assets/chart_card.js` paints it, writes the
legend and the table, and takes the picture. The figure's `layout.meta` names the steps of its axis.
"""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes

TWIN_KEY = "t"
COPY_KEY = "c"


def chart_card(
    parts: ids.ChartCard,
    title: str,
    *,
    about: str,
    height: int,
    export: str,
    controls: Sequence[Component] = (),
    nothing: Component | None = None,
) -> Component:
    """`about` says what it shows to who does not see it; `export` is the file's name below /export/."""
    return html.Section(
        [
            html.Div(
                [html.H2(title, id=parts.title), html.Div([*controls, *buttons(parts, export)], className="row tools")],
                className="row between card-head",
            ),
            html.Div(
                [
                    html.Span(className="skeleton chart-skeleton", **attributes(aria_hidden="true")),
                    html.Div(graph(parts, height), className="chart-drawn", role="img", **attributes(aria_label=about)),
                    html.Div(id=parts.table, className="chart-table"),
                    html.Div(nothing, className="chart-nothing"),
                ],
                className="chart-box",
                style={"height": height},
                tabIndex=0,
                title=f"Press {TWIN_KEY} for the figures as a table, {COPY_KEY} to copy them",
            ),
            html.Div(id=parts.legend, className="legend chart-legend"),
            dcc.Store(id=parts.figure),
            dcc.Store(id=parts.saved),
        ],
        id=parts.card,
        className="card chart-card",
        **attributes(data_state="loading", data_twin="chart", aria_label=title),
    )


def graph(parts: ids.ChartCard, height: int) -> Component:
    bare = {"visible": False}
    layout = {"height": height, "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "xaxis": bare}
    return dcc.Graph(
        id=parts.graph,
        figure={"data": [], "layout": {**layout, "yaxis": bare}},
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False},
        style={"height": height},
    )


def buttons(parts: ids.ChartCard, export: str) -> list[Component]:
    return [
        html.Button(
            "Table",
            id=parts.twin,
            n_clicks=0,
            className="tool",
            title="Show the figures as a table",
            **attributes(aria_pressed="false", aria_keyshortcuts=TWIN_KEY, aria_controls=parts.table),
        ),
        csv_link(parts.csv, export),
        html.Button("PNG", id=parts.png, n_clicks=0, className="tool", title="Save the chart as a picture"),
    ]


def csv_link(link_id: str, export: str) -> Component:
    """Its address has the view's query, once there is a view."""
    return html.A(
        "CSV",
        id=link_id,
        href=f"/export/{export}",
        download=export,
        className="tool",
        title="Download everything as CSV, with exact figures",
        **attributes(data_export=export),
    )


def switch(label: str, options: Sequence[tuple[str, str]], chosen: str) -> Component:
    """A row of buttons of which one is on; `options` are ids and texts."""
    return html.Div(
        [
            html.Button(text, id=name, n_clicks=0, **attributes(aria_pressed=str(name == chosen).lower()))
            for name, text in options
        ],
        className="seg",
        role="group",
        **attributes(aria_label=label),
    )


def skeleton_rows(count: int) -> list[Component]:
    return [html.Div(states.skeleton("100%", "20px"), className="list-row") for _ in range(count)]
