"""What the threads list is narrowed to: kept in the address (`assets/threads_view.js`), as every control shows it."""

from __future__ import annotations

from functools import partial

from dash import Dash, Input, Output
from dash.exceptions import PreventUpdate

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.requests import scope_of
from data.figures import top_models
from data.queries import Queries
from data.usage_query import database_now, usage_query
from layouts import ids

MODELS_FROM = "12mo"  # those used within it are offered
MOST_MODELS = 100


def list_models(queries: Queries, scope: object) -> list[str]:
    """The scope's models, the dearest first, once their chooser is used."""
    if not scope:
        raise PreventUpdate
    parameters = {"scope": scope_of(scope), "range": MODELS_FROM}
    with queries.connect() as connection:
        query = usage_query(parameters, database_now(connection))
        return [top.key for top in top_models(connection, current_viewer(), query, limit=MOST_MODELS)]


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.THREADS_MODELS, "data"), Input(ids.THREADS_MODELS_ASKED, "data"), prevent_initial_call=True
    )(partial(list_models, queries))
    shown = [Input(ids.VIEW, "data"), Input(ids.URL, "search"), Input(ids.THREADS_MODELS, "data")]
    wire(app, "threads_view", "show", shown, CONTROLS)
    states = [Input(name, "n_clicks") for name in ids.THREADS_RUNNING.values()]
    wire(app, "threads_view", "choose_running", states, initial=False)
    wire(app, "threads_view", "all_projects", [Input(ids.THREADS_PROJECT, "n_clicks")], initial=False)
    wire(app, "threads_view", "clear", [Input(ids.THREADS_CLEAR, "n_clicks")], initial=False)
    for name, control in (
        ("q", ids.THREADS_SEARCH),
        ("active", ids.THREADS_ACTIVE),
        ("model", ids.THREADS_MODEL),
        ("least", ids.THREADS_LEAST),
        ("most", ids.THREADS_MOST),
    ):
        wire(app, "threads_view", f"choose_{name}", [Input(control, "value")], initial=False)


# In the order that `threads_view.show` returns them.
CONTROLS = outputs_of(
    *(f"{name}.aria-pressed" for name in ids.THREADS_RUNNING.values()),
    f"{ids.THREADS_ACTIVE}.value",
    f"{ids.THREADS_MODEL}.options",
    f"{ids.THREADS_MODEL}.value",
    f"{ids.THREADS_LEAST}.value",
    f"{ids.THREADS_MOST}.value",
    f"{ids.THREADS_CLEAR}.hidden",
    f"{ids.THREADS_CSV}.href",
)
