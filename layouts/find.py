"""The box that finds anything. `assets/find.js` makes its field and its list: no field of Dash's has what they need."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids


def find_box() -> Component:
    return html.Div(
        [
            html.Div(id=ids.FIND, className="find"),
            dcc.Store(id=ids.FIND_REQUEST),
            dcc.Store(id=ids.FIND_ANSWER),
        ],
        className="find-box",
        role="search",
    )
