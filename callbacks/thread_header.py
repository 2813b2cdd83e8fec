"""The thread header's server callback, and the wiring of its clientside ones."""

from __future__ import annotations

from functools import partial
from typing import Any

import dash
from dash import Dash, Input, Output

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.failures import explain, note_refusal
from callbacks.requests import request_of, uuid_of
from data.errors import NotFoundError
from data.queries import Queries
from data.wire import thread_message
from layouts import ids


def answer_thread_usage(queries: Queries, request: object) -> dict[str, Any]:
    """The thread's credits, as the live stream sends them, with the request's number."""
    asked = request_of(request)
    thread_id = uuid_of(asked.get("thread_id"))
    viewer, force = current_viewer(), asked.get("force") is True
    usage = queries.thread_usage(viewer, thread_id, force=force, chosen=queries.preferences(viewer))
    return {**thread_message(usage, queries.credits_per_dollar), "request": asked.get("n")}


def explain_gone(error: Exception) -> dict[str, Any] | None:
    """A thread that was there when its page was opened and is not any more is an answer, not a failure."""
    note_refusal(error)
    if not isinstance(error, NotFoundError):
        explain(error)
        return None
    asked = dash.ctx.inputs[f"{ids.THREAD_REQUEST}.data"]
    return {"type": "thread-usage", "thread_id": asked["thread_id"], "gone": True, "request": asked.get("n")}


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.THREAD_ANSWER, "data"),
        Input(ids.THREAD_REQUEST, "data"),
        prevent_initial_call=True,
        on_error=explain_gone,
    )(partial(answer_thread_usage, queries))
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    ticks, clicks = Input(ids.THREAD_INTERVAL, "n_intervals"), Input(ids.THREAD_REFRESH, "n_clicks")
    thread, live_state = Input(ids.THREAD_ID, "data"), Input(ids.LIVE_STATE, "data")
    wire(app, "gate", "thread", [ticks, clicks, thread], [Output(ids.THREAD_GATE, "data")])
    wire(app, "gate", "thread_detail", [thread, Input(ids.THREAD_CHANGED, "data")])
    wire(app, "live", "thread_answered", [Input(ids.THREAD_ANSWER, "data")])
    usage, held = Input(ids.THREAD_USAGE, "data"), Input(ids.PREFERENCES, "data")
    wire(app, "render", "thread", [usage, thread, live_state, held], THREAD_FIGURES)
    wire(app, "preferences", "thread_words", [held], outputs_of(f"{ids.THREAD_FREQUENCY_WORDS}.children"))
    wire(app, "render", "dot", [live_state, Input(ids.AGENT_STATUS, "data")], THREAD_DOT)


# In the order that `render.thread` returns them.
THREAD_FIGURES = outputs_of(
    f"{ids.THREAD_CREDITS}.children",
    f"{ids.THREAD_CREDITS}.data-cost",
    f"{ids.THREAD_CREDITS}.className",
    f"{ids.THREAD_LABEL}.children",
    f"{ids.THREAD_COST}.children",
    f"{ids.THREAD_TOKENS}.children",
    f"{ids.THREAD_PROMPT}.children",
    f"{ids.THREAD_COMPLETION}.children",
    f"{ids.THREAD_CALLS}.children",
    f"{ids.THREAD_UPDATED}.children",
    f"{ids.THREAD_UPDATED}.dateTime",
    f"{ids.AGENT_STATUS}.data",
    f"{ids.THREAD_AGENT}.children",
    f"{ids.THREAD_AGENT}.className",
    f"{ids.THREAD_AGENT}.data-status",
    f"{ids.THREAD_INTERVAL}.interval",
    f"{ids.THREAD_FREQUENCY}.children",
    f"{ids.THREAD_GONE}.hidden",
)
THREAD_DOT = outputs_of(
    f"{ids.THREAD_LIVE}.data-state", f"{ids.THREAD_LIVE}.className", f"{ids.THREAD_LIVE_WORD}.children"
)
