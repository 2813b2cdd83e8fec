"""What a person chooses, saved as they choose it: each field by itself, so that two devices do not undo each other."""

from __future__ import annotations

from functools import partial
from typing import Any

from dash import Dash, Input, Output
from dash.development.base_component import Component
from werkzeug.exceptions import BadRequest

from access.viewer import LOCAL, current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.requests import request_of
from callbacks.routing import Page
from data.preferences import BOUNDS, FIELDS, preferences, read_choices, save
from data.queries import Queries
from data.viewer import Viewer
from data.wire import preferences_message
from layouts import ids
from layouts import preferences as layout


def save_choices(queries: Queries, request: object) -> dict[str, Any]:
    """What holds now, and for each field that was not saved the reason. None makes a field follow its default."""
    asked = request_of(request)
    given = asked.get("choices")
    if not isinstance(given, dict) or len(given) > len(FIELDS):
        raise BadRequest("choices are missing, or too many")
    choices, errors = read_choices(given)
    person = current_viewer().name
    with queries.transaction() as connection:
        held = save(connection, person, choices) if choices else preferences(connection, person)
    return {"request": asked.get("n"), "errors": errors, "preferences": preferences_message(held)}


def whose(viewer: Viewer) -> str:
    if viewer == LOCAL:
        return "Of everyone who opens Creditpulse on this machine, in every tab at once. Saved as you choose."
    return f"Of {viewer.name} alone, on every device at once. Saved as you choose."


def render(_queries: Queries, viewer: Viewer) -> Component:
    return layout.layout(whose(viewer), BOUNDS)


PAGE = Page("/preferences", "Preferences", "/preferences", render, layout.layout)


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.PREFERENCES_ANSWER, "data"), Input(ids.PREFERENCES_REQUEST, "data"), prevent_initial_call=True
    )(partial(save_choices, queries))
    held, state = Input(ids.PREFERENCES, "data"), Input(ids.PREFERENCES_STATE, "data")
    wire(app, "preferences", "start", [Input(ids.URL, "pathname")], outputs_of(f"{ids.PREFERENCES}.data"))
    wire(app, "preferences_page", "answered", [Input(ids.PREFERENCES_ANSWER, "data")], initial=False)
    entered = [Input(name, "value") for name in ids.PREFERENCE_PERIODS.values()]
    wire(app, "preferences_page", "enter", entered, initial=False)
    pressed = [Input(name, "n_clicks") for name in OPTIONS]
    wire(app, "preferences_page", "press", pressed, initial=False)
    wire(app, "preferences_page", "choose_zone", [Input(ids.PREFERENCES_ZONE, "value")], initial=False)
    wire(app, "preferences_page", "reset", [Input(ids.PREFERENCES_RESET, "n_clicks")], initial=False)
    wire(app, "preferences_page", "undo", [Input(ids.PREFERENCES_UNDO, "n_clicks")], initial=False)
    wire(app, "preferences_page", "show", [held, state, Input(ids.VIEW_ZONES, "data")], SHOWN)
    wire(app, "preferences_page", "pressed", [held], outputs_of(*(f"{name}.aria-pressed" for name in OPTIONS)))


OPTIONS = [
    ids.preference_option(name, value)
    for name, values in {
        "live_stream": ("on", "off"),
        "unit": ("credits", "dollars"),
        "theme": ("system", "light", "dark"),
        "reduced_motion": ("system", "reduced"),
    }.items()
    for value in values
]

# In the order that `preferences_page.show` returns them.
SHOWN = outputs_of(
    *(f"{ids.preference_effect(name)}.children" for name in FIELDS),
    *(f"{ids.preference_error(name)}.{prop}" for name in FIELDS for prop in ("children", "hidden")),
    *(f"{name}.value" for name in ids.PREFERENCE_PERIODS.values()),
    f"{ids.PREFERENCES_ZONE}.options",
    f"{ids.PREFERENCES_ZONE}.value",
    f"{ids.PREFERENCES_WORD}.children",
    f"{ids.PREFERENCES_WORD}.className",
    f"{ids.PREFERENCES_UNDO}.hidden",
    f"{ids.PREFERENCES_RESET}.disabled",
)
