"""What a person may choose: how often pages ask, the live stream, how pages look, in what they count.

What each choice does at present is said beside it by `assets/preferences_page.js`, which also fills the controls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes


def layout(whose: str = "", bounds: str = "") -> Component:
    """`whose` says in a sentence for whom they are kept, `bounds` between which times a period may be."""
    return html.Div(
        [
            html.Div(
                [html.Div([html.H1("Preferences"), html.P(whose, className="muted")]), saving()],
                className="page-head preferences-head",
            ),
            card("How often figures are asked for", periods(bounds)),
            card("What figures are counted in", [unit(), zone()]),
            card("How pages look", [theme(), motion()]),
        ],
        className="stack preferences",
    )


def saving() -> Component:
    """Whether what stands here is kept, and the way back to the defaults, which can be undone."""
    return html.Div(
        [
            html.Span("", id=ids.PREFERENCES_WORD, className="label", role="status"),
            html.Button("Undo", id=ids.PREFERENCES_UNDO, n_clicks=0, className="button", hidden=True),
            html.Button("Reset to defaults", id=ids.PREFERENCES_RESET, n_clicks=0, className="button"),
        ],
        className="row preferences-saving",
    )


def card(title: str, children: Sequence[Component]) -> Component:
    return html.Section([html.H2(title), *children], className="card preferences-card", **attributes(aria_label=title))


def choice(name: str, label: Component, control: Component) -> Component:
    """A line: what it is and does at present, its control, and what is wrong with what was entered."""
    return html.Div(
        [
            html.Div([label, html.P("", id=ids.preference_effect(name), className="label")]),
            html.Div(
                [
                    control,
                    html.P("", id=ids.preference_error(name), className="choice-error", role="alert", hidden=True),
                ],
                className="choice-control",
            ),
        ],
        className="choice",
    )


def periods(bounds: str) -> list[Component]:
    return [
        period("running_seconds", "While an agent runs", bounds),
        period("idle_seconds", "While no agent runs", bounds),
        period("subscription_seconds", "Plan and allowance", bounds),
        switch("live_stream", "Live updates", {"on": "On", "off": "Off"}),
    ]


def period(name: str, label: str, bounds: str) -> Component:
    control_id = ids.PREFERENCE_PERIODS[name]
    control = dcc.Input(
        id=control_id,
        type="text",
        debounce=True,
        autoComplete="off",
        maxLength=20,
        placeholder="30 s",
        className="input period",
    )
    words = [html.Label(label, htmlFor=control_id), html.Span(f", {bounds}", className="visually-hidden")]
    return choice(name, html.Div(words, className="choice-name"), control)


def switch(name: str, label: str, options: Mapping[str, str]) -> Component:
    """A row of buttons of which one is on."""
    buttons = [
        html.Button(text, id=ids.preference_option(name, value), n_clicks=0, **attributes(aria_pressed="false"))
        for value, text in options.items()
    ]
    control = html.Div(buttons, className="seg", role="group", **attributes(aria_label=label))
    return choice(name, html.Div(label, className="choice-name"), control)


def unit() -> Component:
    return switch("unit", "Credits or dollars", {"credits": "Credits", "dollars": "Dollars"})


def zone() -> Component:
    control = dcc.Dropdown(
        id=ids.PREFERENCES_ZONE,
        options=[],
        clearable=False,
        searchable=True,
        placeholder="Time zone",
        maxHeight=320,
        optionHeight=34,
        labels={"search": "Find a time zone", "no_options_found": "No zone with that name"},
    )
    label = html.Label("Time zone", htmlFor=ids.PREFERENCES_ZONE, className="choice-name")
    return choice("zone", label, html.Div(control, className="filter-box"))


def theme() -> Component:
    return switch("theme", "Theme", {"system": "System", "light": "Light", "dark": "Dark"})


def motion() -> Component:
    return switch("reduced_motion", "Motion", {"system": "System", "reduced": "Reduced"})
