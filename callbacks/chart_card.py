"""The wiring of cards with a chart, the same on every page: painting, table twin, picture, links to CSV files."""

from __future__ import annotations

from collections.abc import Sequence

from dash import Dash, Input, Output, State

from callbacks.clientside import outputs_of, wire
from layouts import ids


def wire_chart(app: Dash, parts: ids.ChartCard) -> None:
    figure, theme, themes = Input(parts.figure, "data"), Input(ids.CHART_THEME, "data"), State(ids.CHART_THEMES, "data")
    wire(app, "chart_card", "paint", [figure, theme, themes], outputs_of(f"{parts.graph}.figure"))
    twin = outputs_of(f"{parts.card}.data-twin", f"{parts.twin}.aria-pressed")
    wire(app, "chart_card", "twin", [Input(parts.twin, "n_clicks"), figure], twin)
    saved = outputs_of(f"{parts.saved}.data")
    wire(app, "chart_card", "picture", [Input(parts.png, "n_clicks"), State(parts.title, "children")], saved)


def wire_exports(app: Dash, links: Sequence[str], account: str | None = None) -> None:
    """`links` are the ids of a page's links to CSV files; `account` is the store with the account that they are of,
    where that is not the navigation's scope."""
    exports = [State(link, "data-export") for link in links]
    hrefs, view = [Output(link, "href") for link in links], Input(ids.VIEW, "data")
    if account is None:
        wire(app, "chart_card", "links", [view, *exports], hrefs)
    else:
        wire(app, "chart_card", "links_of", [view, Input(account, "data"), *exports], hrefs)
