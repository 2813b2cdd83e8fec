"""Cards with a list that comes in one answer: top lists with their CSV file, agents that run."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from layouts.attributes import attributes
from layouts.chart_card import csv_link, skeleton_rows

LISTED = 8  # rows of a list


def list_card(title: str, list_id: str, link_id: str, export: str) -> Component:
    """`export` is the file's name below /export/."""
    return html.Section(
        [
            html.Div([html.H2(title), csv_link(link_id, export)], className="row between card-head"),
            html.Div(skeleton_rows(LISTED), id=list_id, className="list-body", **attributes(data_state="loading")),
        ],
        className=f"card list-card {list_id}-card",
        **attributes(aria_label=title),
    )


def agents_card(list_id: str, count_id: str) -> Component:
    return html.Section(
        [
            html.Div([html.H2("Running now"), html.Span("", id=count_id)], className="row between card-head"),
            html.Div(skeleton_rows(6), id=list_id, className="agents-body", **attributes(data_state="loading")),
        ],
        className="card agents-card",
        **attributes(aria_label="Running now"),
    )
