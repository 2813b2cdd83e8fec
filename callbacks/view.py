"""The bar's wiring: the address decides what is looked at, every control changes the address (`assets/view.js`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.clientside import outputs_of, wire
from data.ranges import PRESETS
from data.zones import zones
from layouts import bar, ids

Option = dict[str, str]

RANGE_BUTTONS = [*map(ids.view_range, bar.SHORT), *map(ids.view_preset, PRESETS)]
BOUNDS = (ids.VIEW_FROM_DATE, ids.VIEW_FROM_TIME, ids.VIEW_TO_DATE, ids.VIEW_TO_TIME)


def list_zones(asked: object) -> list[Option]:
    """Every zone with its distance from UTC now, once the chooser is used."""
    if not asked:
        raise PreventUpdate
    now = datetime.now(UTC)
    return [zone_option(name, now) for name in sorted(zones())]


def zone_option(name: str, now: datetime) -> Option:
    distance = distance_text(now.astimezone(ZoneInfo(name)).utcoffset() or timedelta(0))
    return {
        "value": name,
        "label": f"{name} {distance}".strip(),
        "search": f"{name} {name.replace('_', ' ')} {distance}",
    }


def distance_text(offset: timedelta) -> str:
    """`+5:45`; nothing for none."""
    minutes = int(offset.total_seconds() // 60)
    if not minutes:
        return ""
    return f"{'+' if minutes > 0 else '−'}{abs(minutes) // 60}:{abs(minutes) % 60:02}"


def register(app: Dash) -> None:
    app.callback(Output(ids.VIEW_ZONES, "data"), Input(ids.VIEW_ZONES_ASKED, "data"), prevent_initial_call=True)(
        list_zones
    )
    view, shown = Input(ids.VIEW, "data"), Input(ids.PAGE_SHOWN, "data")
    search, path = Input(ids.URL, "search"), Input(ids.URL, "pathname")
    wire(app, "view", "read", [Input(ids.NAV_ACCOUNT, "value"), search, path, shown], outputs_of(f"{ids.VIEW}.data"))
    wire(app, "view", "bar", [view, shown, Input(ids.VIEW_ZONES, "data")], BAR)
    wire(app, "view", "ranges", [view], outputs_of(*(f"{name}.aria-pressed" for name in RANGE_BUTTONS)))
    wire(app, "view", "choose_range", [Input(name, "n_clicks") for name in RANGE_BUTTONS], initial=False)
    bounds = [State(name, "value") for name in BOUNDS]
    note = outputs_of(f"{ids.VIEW_CUSTOM_NOTE}.children")
    wire(app, "view", "choose_custom", [Input(ids.VIEW_CUSTOM, "n_clicks"), *bounds], note, initial=False)
    wire(app, "view", "fill_custom", [view], outputs_of(*(f"{name}.value" for name in BOUNDS)))
    wire(app, "view", "choose_zone", [Input(ids.VIEW_ZONE, "value")], initial=False)
    wire(app, "view", "choose_utc", [Input(ids.VIEW_UTC, "n_clicks")], initial=False)
    wire(app, "times", "follow", [view])
    wire(app, "view", "choose_compare", [Input(ids.VIEW_COMPARE, "n_clicks")], initial=False)


# In the order that `view.bar` returns them.
BAR = outputs_of(
    f"{ids.VIEW_BAR}.data-ranged",
    f"{ids.VIEW_MENU_WIDE}.children",
    f"{ids.VIEW_MENU_NARROW}.children",
    f"{ids.VIEW_MENU}.className",
    f"{ids.VIEW_ZONE}.options",
    f"{ids.VIEW_ZONE}.value",
    f"{ids.VIEW_UTC}.aria-pressed",
    f"{ids.VIEW_COMPARE}.aria-pressed",
)
