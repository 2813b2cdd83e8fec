"""How fast a thread burns credits, what its run is likely to cost, and its purchased credits: asked for at leisure."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from access.viewer import current_viewer
from callbacks.clientside import outputs_of, wire
from callbacks.requests import request_of, uuid_of
from callbacks.thread_detail import leave_gone
from callbacks.units import shown_in
from data.burn import RunningAgent, running_agents, thread_rate
from data.queries import Queries
from data.run_outlook import RunOutlook, run_outlook
from data.thread_debits import Debits, thread_debits
from data.threads import thread_head
from data.viewer import Viewer
from data.wire import plain, utc
from layouts import ids, thread_outlook, thread_spending
from layouts.units import Unit


def answer_outlook(queries: Queries, request: object) -> dict[str, Any]:
    """What the cards show, and of which thread."""
    if request is None:
        raise PreventUpdate
    asked = request_of(request)
    thread_id, viewer = uuid_of(asked.get("thread_id")), current_viewer()
    with queries.connect() as connection:
        agent = running_agent(connection, viewer, thread_id)
        burn = agent.rate_per_minute if agent else thread_rate(connection, viewer, thread_id)
        outlook = run_outlook(connection, viewer, thread_id)
        debits = thread_debits(connection, viewer, thread_id)
    unit = shown_in(queries, viewer)
    return {
        "of": str(thread_id),
        "request": asked.get("n"),
        "rate": thread_outlook.rate_text(unit.of(burn), unit),
        "rate_cost": plain(round(burn, 6)),
        "run": run_shown(outlook, unit),
        "runaway": thread_outlook.runaway_text(agent.rate_per_minute, agent.usual_rate)
        if agent and agent.runaway
        else "",
        "debits": debits_shown(debits, unit),
    }


def running_agent(connection: Connection, viewer: Viewer, thread_id: UUID) -> RunningAgent | None:
    """The thread's own, among those of its account."""
    head = thread_head(connection, viewer, thread_id)
    if not head.running:
        return None
    agents = running_agents(connection, viewer, str(head.account_id))
    return next((agent for agent in agents if agent.thread_id == thread_id), None)


def run_shown(outlook: RunOutlook | None, unit: Unit) -> dict[str, str]:
    """Label, figure, what stands beside it, and the figure's exact dollars."""
    if outlook is None:
        return {**thread_outlook.no_run(), "cost": ""}
    if outlook.projection is None:
        name = thread_outlook.run_so_far if outlook.running else thread_outlook.last_run
        return {**name(unit.of(outlook.cost), unit), "cost": plain(outlook.cost)}
    low, likely, high = map(unit.of, outlook.projection)
    words = thread_outlook.projected_run(unit.of(outlook.cost), low, likely, high, unit)
    return {**words, "cost": plain(outlook.projection.likely)}


def debits_shown(debits: Debits, unit: Unit) -> Any:
    """None where there are none."""
    if not debits.count:
        return None
    rows = [
        thread_spending.DebitRow(
            utc(debit.at) if debit.at else None, unit.of(debit.cost), plain(debit.cost), debit.description
        )
        for debit in debits.latest
    ]
    return thread_spending.debit_list(rows, debits.count, unit.of(debits.cost), plain(debits.cost), unit)


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.THREAD_OUTLOOK, "data"),
        Input(ids.THREAD_OUTLOOK_REQUEST, "data"),
        prevent_initial_call=True,
        on_error=leave_gone,
    )(partial(answer_outlook, queries))
    thread_id, status = State(ids.THREAD_ID, "data"), Input(ids.AGENT_STATUS, "data")
    ticks, clicks = Input(ids.THREAD_INTERVAL, "n_intervals"), Input(ids.THREAD_REFRESH, "n_clicks")
    outlook = Input(ids.THREAD_OUTLOOK, "data")
    wire(app, "thread", "ask_outlook", [status, ticks, clicks, thread_id], initial=False)
    wire(app, "thread", "outlook", [outlook, thread_id], OUTLOOK)
    wire(app, "thread", "local_times", [Input(ids.THREAD_DEBITS, "children")], initial=False)


# In the order that `thread.outlook` returns them.
OUTLOOK = outputs_of(
    f"{ids.THREAD_RATE}.children",
    f"{ids.THREAD_RATE}.data-cost",
    f"{ids.THREAD_RUN_LABEL}.children",
    f"{ids.THREAD_RUN_COST}.children",
    f"{ids.THREAD_RUN_COST}.data-cost",
    f"{ids.THREAD_RUN_RANGE}.children",
    f"{ids.THREAD_RUNAWAY}.children",
    f"{ids.THREAD_RUNAWAY}.hidden",
    f"{ids.THREAD_DEBITS}.children",
    f"{ids.THREAD_DEBITS_CARD}.hidden",
)
