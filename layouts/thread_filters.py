"""What the threads list is narrowed to, as controls above it; the address keeps it (`assets/threads_view.js`)."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes
from layouts.units import Unit

RUNNING = {"": "All", "yes": "Running", "no": "Idle"}
ACTIVE = {
    "1h": "Called in the last hour", "24h": "Called in 24 hours", "7d": "Called in 7 days",
    "30d": "Called in 30 days", "90d": "Called in 90 days", "-24h": "No call for 24 hours",
    "-7d": "No call for 7 days", "-30d": "No call for 30 days", "-90d": "No call for 90 days",
}  # fmt: skip


def filters(unit: Unit) -> Component:
    return html.Div(
        [running_switch(), active_chooser(), model_chooser(), cost_bounds(unit), project_chip(), clear_button()],
        className="list-filters",
        role="group",
        **attributes(aria_label="Filters"),
    )


def running_switch() -> Component:
    buttons = [
        html.Button(text, id=ids.THREADS_RUNNING[value], n_clicks=0, **attributes(aria_pressed=str(not value).lower()))
        for value, text in RUNNING.items()
    ]
    return html.Div(buttons, className="seg", role="group", **attributes(aria_label="Agent"))


def active_chooser() -> Component:
    options = [{"value": value, "label": text} for value, text in ACTIVE.items()]
    return chooser(ids.THREADS_ACTIVE, "Latest call", options, "Any latest call", searchable=False)


def model_chooser() -> Component:
    """Its options come when it is first used."""
    return chooser(ids.THREADS_MODEL, "Model", [], "Any model", searchable=True)


def chooser(name: str, label: str, options: list[dict[str, str]], anything: str, *, searchable: bool) -> Component:
    return html.Div(
        [
            html.Label(label, htmlFor=name, className="visually-hidden"),
            dcc.Dropdown(id=name, options=options, clearable=True, searchable=searchable, placeholder=anything),
        ],
        className="filter-box",
    )


def cost_bounds(unit: Unit) -> Component:
    word = unit.word if not unit.sign else f"{unit.word} in {unit.sign}"
    return html.Div(
        [
            bound(ids.THREADS_LEAST, f"{word}, at least", f"{word} from"),
            html.Span("–", className="muted", **attributes(aria_hidden="true")),
            bound(ids.THREADS_MOST, f"{word}, at most", "to"),
        ],
        className="filter-bounds",
    )


def bound(name: str, label: str, placeholder: str) -> Component:
    return html.Div(
        [
            html.Label(label, htmlFor=name, className="visually-hidden"),
            dcc.Input(
                id=name, type="text", inputMode="numeric", debounce=0.6, placeholder=placeholder, maxLength=20,
                autoComplete="off", className="input",
            ),
        ]
    )  # fmt: skip


def project_chip() -> Component:
    """A click on a project's name in the list chooses it."""
    return html.Button("", id=ids.THREADS_PROJECT, n_clicks=0, className="button chip", hidden=True)


def clear_button() -> Component:
    return html.Button("Clear filters", id=ids.THREADS_CLEAR, n_clicks=0, className="tool", hidden=True)
