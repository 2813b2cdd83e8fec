"""The bar on top of every page: what is looked for, of which stretch of time, in which zone, against what.

Its choices are kept by the address (`assets/view.js`). Pages without a range have the zone alone: times they all have.
"""

from __future__ import annotations

from collections.abc import Mapping

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes

SHORT = {"24h": "24 h", "7d": "7 d", "30d": "30 d", "90d": "90 d"}  # beside the menu, where there is room


def bar(presets: Mapping[str, str], found: Component | None = None) -> Component:
    """`presets` are the ranges' names with their labels; `found` is the box that finds anything."""
    return html.Div(
        [
            html.Div(found, className="bar-find"),
            html.Div([short_ranges(), range_menu(presets), zone_chooser(), compare_switch()], className="bar-view"),
            dcc.Store(id=ids.VIEW),
            dcc.Store(id=ids.VIEW_ZONES_ASKED),
            dcc.Store(id=ids.VIEW_ZONES),
        ],
        id=ids.VIEW_BAR,
        className="page-bar",
        **attributes(data_ranged="unknown"),
    )


def short_ranges() -> Component:
    return html.Div(
        [
            html.Button(text, id=ids.view_range(name), n_clicks=0, **attributes(aria_pressed="false"))
            for name, text in SHORT.items()
        ],
        className="seg short-ranges",
        role="group",
        **attributes(aria_label="Range"),
    )


def range_menu(presets: Mapping[str, str]) -> Component:
    return html.Details(
        [
            html.Summary(
                [
                    html.Span("More", id=ids.VIEW_MENU_WIDE, className="menu-wide"),
                    html.Span("Range", id=ids.VIEW_MENU_NARROW, className="menu-narrow"),
                ],
                className="menu-head",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Button(text, id=ids.view_preset(name), n_clicks=0, **attributes(aria_pressed="false"))
                            for name, text in presets.items()
                        ],
                        className="menu-list",
                    ),
                    custom_range(),
                ],
                className="menu-body card",
            ),
        ],
        id=ids.VIEW_MENU,
        className="menu",
    )


def custom_range() -> Component:
    return html.Div(
        [
            bound("From", ids.VIEW_FROM_DATE, ids.VIEW_FROM_TIME),
            bound("To", ids.VIEW_TO_DATE, ids.VIEW_TO_TIME),
            html.P("Without times, both days are included.", id=ids.VIEW_CUSTOM_NOTE, className="label", role="status"),
            html.Button("Show this range", id=ids.VIEW_CUSTOM, n_clicks=0, className="button"),
        ],
        className="menu-custom",
    )


def bound(name: str, date_id: str, time_id: str) -> Component:
    return html.Div(
        [
            html.Label(name, htmlFor=date_id, className="label"),
            # Dash lists neither type, and hands both on to the browser.
            dcc.Input(id=date_id, type="date", className="input"),  # type: ignore[arg-type]
            html.Label(f"{name}, time of day", htmlFor=time_id, className="visually-hidden"),
            dcc.Input(id=time_id, type="time", className="input"),  # type: ignore[arg-type]
        ],
        className="menu-bound",
    )


def zone_chooser() -> Component:
    """Its options are filled in when it is first used: there are six hundred zones."""
    return html.Div(
        [
            html.Label("Time zone", htmlFor=ids.VIEW_ZONE, className="visually-hidden"),
            dcc.Dropdown(
                id=ids.VIEW_ZONE,
                options=[],
                clearable=False,
                searchable=True,
                placeholder="Time zone",
                maxHeight=320,
                optionHeight=34,
                labels={"search": "Find a time zone", "no_options_found": "No zone with that name"},
            ),
            html.Button(
                "UTC",
                id=ids.VIEW_UTC,
                n_clicks=0,
                className="zone-utc",
                title="Show times in UTC, and back",
                **attributes(aria_pressed="false"),
            ),
        ],
        className="zone-box",
    )


def compare_switch() -> Component:
    return html.Button(
        "Compare",
        id=ids.VIEW_COMPARE,
        n_clicks=0,
        className="button compare",
        title="Compare with the period before",
        **attributes(aria_pressed="true"),
    )
