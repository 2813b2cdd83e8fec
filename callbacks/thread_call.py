"""One call of a thread, asked for by a person: what it cost part by part, and its raw content."""

from __future__ import annotations

from functools import partial
from typing import Any

import dash
from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.failures import explain, note_refusal
from callbacks.requests import request_of, uuid_of
from callbacks.thread_growth import cursor_of
from callbacks.units import shown_in
from data.call_detail import WHOLE, CallDetail, call_detail
from data.call_prices import list_price
from data.errors import NotFoundError
from data.prices import Parts, PriceList
from data.queries import Queries
from data.wire import utc
from layouts import ids, thread_call
from layouts.thread_call import CallPanel, PricePart
from layouts.units import Unit


def show_call(queries: Queries, prices: PriceList, request: object, thread_id: object) -> dict[str, Any]:
    """The panel's body, and of which request."""
    detail = asked_call(queries, request, thread_id, thread_call.SHOWN)
    unit = shown_in(queries)
    panel = panel_of(detail, list_price(prices, detail.call), unit)
    return {"n": request_of(request).get("n"), "body": thread_call.call_panel(panel, unit), "cut": detail.cut}


def download_call(queries: Queries, clicks: object, request: object, thread_id: object) -> dict[str, Any]:
    """The whole content as a file."""
    if not clicks:
        raise PreventUpdate
    detail = asked_call(queries, request, thread_id, WHOLE)
    name = f"call-{str(detail.call.call_id)[:8]}.json"
    return {"content": detail.content or "", "filename": name, "type": "application/json", "base64": False}


def asked_call(queries: Queries, request: object, thread_id: object, most: int) -> CallDetail:
    """Raises BadRequest, and NotFoundError for a call that is not there or not the viewer's."""
    if request is None:
        raise PreventUpdate
    asked = request_of(request)
    with queries.connect() as connection:
        return call_detail(connection, current_viewer(), uuid_of(thread_id), cursor_of(asked), most=most)


def panel_of(detail: CallDetail, parts: Parts | None, unit: Unit) -> CallPanel:
    call = detail.call
    return CallPanel(
        call_id=str(call.call_id),
        at=utc(call.at),
        model=call.model,
        cost=call.cost,
        amount=unit.of(call.cost),
        parts=part_list(parts) if parts else None,
        cache_known=call.cache_read_tokens is not None,
        content=detail.content,
        length=detail.length,
    )


def part_list(parts: Parts) -> list[PricePart]:
    """Prompt and completion, and of the others those that there are."""
    named = {
        "Prompt": parts.fresh,
        "Read from cache": parts.cache_read,
        "Written to cache": parts.cache_write,
        "Completion": parts.completion,
    }
    always = ("Prompt", "Completion")
    found = [PricePart(name, *part, part.cost) for name, part in named.items() if part.tokens or name in always]
    return [*found, *([PricePart("Request", None, parts.request, parts.request)] if parts.request else [])]


def explain_missing(error: Exception) -> dict[str, Any] | None:
    """A call that was deleted since is an answer, not a failure."""
    note_refusal(error)
    if not isinstance(error, NotFoundError):
        explain(error)
        return None
    asked = dash.ctx.inputs[f"{ids.THREAD_CALL_REQUEST}.data"]
    return {"n": asked.get("n"), "body": thread_call.gone(str(error)), "cut": False}


def register(app: Dash, queries: Queries, prices: PriceList) -> None:
    app.callback(
        Output(ids.THREAD_CALL_ANSWER, "data"),
        Input(ids.THREAD_CALL_REQUEST, "data"),
        State(ids.THREAD_ID, "data"),
        prevent_initial_call=True,
        on_error=explain_missing,
    )(partial(show_call, queries, prices))
    app.callback(
        Output(ids.THREAD_CALL_FILE, "data"),
        Input(ids.THREAD_CALL_WHOLE, "n_clicks"),
        State(ids.THREAD_CALL_REQUEST, "data"),
        State(ids.THREAD_ID, "data"),
        prevent_initial_call=True,
    )(partial(download_call, queries))
    answer, request = Input(ids.THREAD_CALL_ANSWER, "data"), State(ids.THREAD_CALL_REQUEST, "data")
    wire(app, "thread_call", "show", [answer, request], PANEL, initial=False)
    wire(app, "thread", "local_times", [Input(ids.THREAD_CALL_BODY, "children")], initial=False)


# In the order that `thread_call.show` returns them.
PANEL = outputs_of(f"{ids.THREAD_CALL_BODY}.children", f"{ids.THREAD_CALL_WHOLE}.hidden")
