"""The parts that every live card has: dot and word, time of the value, frequency, refresh."""

from __future__ import annotations

from dash import dcc, html
from dash.development.base_component import Component

from layouts.attributes import attributes

IDLE_INTERVAL_MS = 30_000  # until the page knows better: `assets/periods.js` says how often it asks


def live_state(live_id: str, word_id: str) -> Component:
    """`data-state` is live, polling, offline or paused; class `pulsing` while an agent runs and it is live."""
    return html.Span(
        [html.Span(className="dot"), html.Span("Connecting", id=word_id, className="live-word")],
        id=live_id,
        className="live",
        tabIndex=0,
        **attributes(data_state="polling"),
    )


def updated(time_id: str) -> Component:
    """The database's time of the value shown; the text is local time."""
    return html.Span(["updated ", html.Time("–", id=time_id, dateTime="")], className="updated")


def frequency(frequency_id: str) -> Component:
    """How often the figures are asked for, which leads to where that is chosen."""
    return dcc.Link("every 30 s", id=frequency_id, href="/preferences", className="label frequency")


def refresh_button(button_id: str, label: str) -> Component:
    return html.Button(
        html.Span(className="refresh-sign", **attributes(aria_hidden="true")),
        id=button_id,
        className="icon",
        n_clicks=0,
        **attributes(aria_label=label),
    )
