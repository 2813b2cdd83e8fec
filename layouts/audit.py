"""The audit: who looked at what, took it out, changed something or was refused; for staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids
from layouts.attributes import attributes
from layouts.formats import whole
from layouts.grids import Column, column, grid, number_column
from layouts.live import refresh_button

ANY, EVER = "any", "ever"
SINCE: Mapping[str, str] = {  # by hours
    "1": "Last hour",
    "24": "Last 24 hours",
    "168": "Last 7 days",
    "720": "Last 30 days",
    EVER: "Ever",
}
DEFAULT_SINCE = "168"


def layout(actions: Sequence[str] = ()) -> Component:
    """The page before its first answer."""
    return html.Div(
        [
            html.Div([html.H1("Audit"), filters(actions)], className="page-head"),
            html.Section(
                [
                    grid(ids.AUDIT_GRID, columns(), height="min(72vh, 760px)"),
                    footer(),
                ],
                className="card grid-card",
                **attributes(aria_label="Audit"),
            ),
            dcc.Store(id=ids.AUDIT_NEXT),
        ],
        className="stack",
    )


def columns() -> list[Column]:
    time = {"function": "shortTime(params.value)"}
    return [
        column("at", "Time", flex=2, least=120, valueFormatter=time),
        column("person", "Person", flex=4, least=150, tooltipField="person"),
        column("action", "Action", flex=2, least=90),
        column("kind", "What", flex=2, least=80, cellClass="muted"),
        column("subject", "Which", flex=5, least=140, cellRenderer="AuditSubject", tooltipField="subject"),
        column("way", "By", flex=1, least=76, secondary=True, cellClass="muted"),
        column("address", "Address", flex=2, least=110, secondary=True, cellClass="muted"),
        number_column("times", "Times", "wholeNumber", least=70, secondary=True),
    ]


def filters(actions: Sequence[str]) -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.Label("Person", htmlFor=ids.AUDIT_PERSON, className="visually-hidden"),
                    dcc.Input(
                        id=ids.AUDIT_PERSON, type="search", placeholder="E-mail address begins with", debounce=0.3,
                        autoComplete="off", maxLength=200, className="input threads-search",
                    ),
                ],
                className="audit-person",
            ),
            chooser(ids.AUDIT_ACTION, "Action", {ANY: "Every action", **{name: name for name in actions}}, ANY),
            chooser(ids.AUDIT_SINCE, "Time", SINCE, DEFAULT_SINCE),
            refresh_button(ids.AUDIT_REFRESH, "Read the audit again"),
        ],
        className="row audit-filters",
    )  # fmt: skip


def chooser(chooser_id: str, name: str, options: Mapping[str, str], value: str) -> Component:
    return html.Div(
        [
            html.Label(name, htmlFor=chooser_id, className="visually-hidden"),
            dcc.Dropdown(
                id=chooser_id,
                options=[{"label": label, "value": key} for key, label in options.items()],
                value=value,
                clearable=False,
                searchable=False,
            ),
        ],
        className="audit-chooser",
    )


def footer() -> Component:
    return html.Div(
        [
            html.Span("", id=ids.AUDIT_NOTE, role="status"),
            html.Button("Show older", id=ids.AUDIT_OLDER, n_clicks=0, className="button", hidden=True),
        ],
        className="grid-footer label",
    )


def count_text(count: int, *, more: bool) -> str:
    if not count:
        return "No entry fits. Choose another action or a longer time, or clear the person."
    entries = "entry" if count == 1 else "entries"
    return f"The latest {whole(count)} {entries}; there are older ones" if more else f"{whole(count)} {entries}"
