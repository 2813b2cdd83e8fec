"""What stands around every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.bar import bar
from layouts.chart_theme import themes
from layouts.find import find_box
from layouts.navigation import navigation


def shell(presets: Mapping[str, str], *, everyone_is_staff: bool = False) -> Component:
    """`presets` are the ranges that the bar offers, with their labels."""
    return html.Div(
        [
            dcc.Location(id=ids.URL, refresh=False),
            dcc.Store(id=ids.PAGE_SHOWN),
            dcc.Store(id=ids.PAGE_ASKED),
            dcc.Store(id=ids.LIVE_STATE, data={"state": "polling", "since": None, "history": "complete"}),
            dcc.Store(id=ids.FAILURE),
            dcc.Store(id=ids.PREFERENCES),
            dcc.Store(id=ids.PREFERENCES_REQUEST),
            dcc.Store(id=ids.PREFERENCES_ANSWER),
            dcc.Store(id=ids.PREFERENCES_STATE),
            dcc.Store(id=ids.CHART_THEME),
            dcc.Store(id=ids.CHART_THEMES, data=themes()),
            html.A("Skip to the page", href=f"#{ids.PAGE}", className="skip"),
            navigation(everyone_is_staff=everyone_is_staff),
            html.Main(
                [bar(presets, find_box()), states.alert(), html.Div(states.page_skeleton(), id=ids.PAGE, tabIndex=-1)],
                className="main",
            ),
        ],
        className="app",
    )


def everything(pages: Sequence[Component], presets: Mapping[str, str]) -> Component:
    """The shell and every page at once: what Dash checks callbacks against."""
    return html.Div([shell(presets), *pages])
