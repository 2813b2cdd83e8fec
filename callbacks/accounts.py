"""The list of accounts: blocks of rows as they come into sight, in an order and a state that the address names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from dash import Dash, Input, Output
from dash.development.base_component import Component
from werkzeug.exceptions import BadRequest

from access.viewer import current_viewer
from callbacks.account_answers import outlook_of, plan_text
from callbacks.clientside import outputs_of, wire
from callbacks.parts import Answer, noted
from callbacks.requests import text_of
from callbacks.routing import Page
from callbacks.units import shown_in
from data.account_list import MOST_ROWS, AccountBlock, account_block
from data.account_query import AccountQuery, account_query
from data.account_rows import AccountRow
from data.queries import Queries
from data.viewer import Viewer
from data.wire import utc
from data.zones import zone_of
from layouts import accounts, ids
from layouts.outlook_words import out_text, short_range_text
from layouts.units import Unit

FARTHEST = 10_000_000  # rows
PARAMETERS = ("q", "sort", "state")


@noted
def list_accounts(queries: Queries, asked: Mapping[str, Any]) -> Answer:
    """A block of the list, with the target that it is the answer to; what an empty list says.

    A block of no rows is asked for to learn how many there are in all.
    """
    query = account_query({name: text_of(asked.get(name) or "") for name in PARAMETERS})
    zone, offset = zone_of(text_of(asked.get("zone") or "UTC")), place_of(asked.get("offset"), FARTHEST)
    block = account_block(queries, current_viewer(), query, offset, place_of(asked.get("limit"), MOST_ROWS))
    empty = block.total == 0 and block.reckoned >= 1  # else the rest may have some
    nothing = accounts.nothing(searched=bool(query.search), state=query.state) if empty else None
    unit = shown_in(queries)
    rows = [grid_row(row, unit, zone) for row in block.rows]
    as_of = utc(block.rows[0].as_of) if block.rows else None
    return {"of": target_of(asked), "rows": rows, "as_of": as_of, **about(block, query, zone)}, nothing


def place_of(value: object, most: int) -> int:
    """Raises BadRequest."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise BadRequest("a place in the list is not as it was sent")
    return value


def target_of(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {name: asked.get(name) for name in (*PARAMETERS, "zone", "offset", "limit")}


def about(block: AccountBlock, query: AccountQuery, zone: ZoneInfo) -> dict[str, Any]:
    """How many accounts there are, None where that is yet to be counted, and how far the order is reckoned.

    `complete` where there is no more to ask for.
    """
    complete = block.reckoned >= 1
    clock = f"{block.as_of.astimezone(zone):%H:%M:%S}" if block.as_of else ""
    return {
        "total": block.total,
        "count": None if block.total is None else accounts.count_text(block.total, narrowed=query.narrowed),
        "complete": complete,
        "note": "" if complete else accounts.reckoned_text(block.reckoned, clock),
    }


def grid_row(row: AccountRow, unit: Unit, zone: ZoneInfo) -> dict[str, Any]:
    """Amounts as they are shown, to the last place: what is left adds up with what is used."""
    outlook, now = outlook_of(row, unit, zone), row.as_of
    used = unit.rounded(unit.of(row.used))
    allowance = None if row.allowance is None else unit.rounded(unit.of(row.allowance))
    return {
        "id": str(row.account_id),
        "name": row.label,
        "email": row.email if row.email != row.label else None,
        "plan": plan_text(row) if row.plan else "",
        "allowance": None if allowance is None else float(allowance),
        "used": float(used),
        "left": None if allowance is None else float(allowance - used),
        "share": percent_of(row),
        "rate": unit.some(unit.of(row.rate_per_minute)) if row.rate_per_minute else "",
        "agents": row.agents_running or None,
        "out": out_text(outlook, now.astimezone(zone)) if outlook else "",
        "out_range": short_range_text(outlook, now.astimezone(zone)) if outlook else "",
        "last": utc(row.last_at) if row.last_at else None,
        "period": row.period.label,
    }


def percent_of(row: AccountRow) -> float | None:
    """Of an allowance of nothing, whatever is used is all of it."""
    if row.allowance is None:
        return None
    if row.share is None:
        return 100.0 if row.used > 0 else 0.0
    return round(float(row.share) * 100, 1)


def render(queries: Queries, viewer: Viewer) -> Component:
    shown = viewer.staff or viewer.accounts
    return accounts.layout(shown_in(queries, viewer)) if shown else accounts.without_accounts()


def lead(viewer: Viewer) -> str | None:
    """A list of one is that one's page."""
    if viewer.staff or len(viewer.accounts) != 1:
        return None
    (own,) = viewer.accounts
    return f"/accounts/{own}"


PAGE = Page("/accounts", "Accounts", "/accounts", render, accounts.layout, lead=lead)


def register(app: Dash, queries: Queries) -> None:
    app.callback(
        Output(ids.ACCOUNTS_ANSWER, "data"),
        Output(ids.ACCOUNTS_EMPTY, "children"),
        Input(ids.ACCOUNTS_REQUEST, "data"),
        prevent_initial_call=True,
    )(partial(list_accounts, queries))
    register_clientside(app)


def register_clientside(app: Dash) -> None:
    search, view = Input(ids.URL, "search"), Input(ids.VIEW, "data")
    hints = [Input(ids.ACCOUNTS_CHANGED, "data"), Input(ids.ACCOUNTS_INTERVAL, "n_intervals")]
    buttons = ids.ACCOUNTS_STATES.values()
    # With an output, or Dash would not call it as the page opens.
    wire(app, "accounts", "follow", [search, view, *hints], FOLLOWED)
    periods = [Input(ids.LIVE_STATE, "data"), Input(ids.NAV_AGENT_STATUS, "data")]
    wire(app, "periods", "by_status", periods, outputs_of(f"{ids.ACCOUNTS_INTERVAL}.interval"))
    wire(app, "accounts", "answered", [Input(ids.ACCOUNTS_ANSWER, "data")], ANSWERED, initial=False)
    wire(app, "accounts", "tone", [Input(ids.LIVE_STATE, "data")], outputs_of(f"{ids.ACCOUNTS_BODY}.className"))
    wire(app, "accounts", "choose_state", [Input(button, "n_clicks") for button in buttons], initial=False)
    wire(app, "accounts", "find", [Input(ids.ACCOUNTS_SEARCH, "value")], initial=False)


# In the order that `assets/accounts.js` returns them.
FOLLOWED = outputs_of(
    f"{ids.ACCOUNTS_ASKED}.data",
    f"{ids.ACCOUNTS_SEARCH}.value",
    f"{ids.ACCOUNTS_CSV}.href",
    *(f"{button}.aria-pressed" for button in ids.ACCOUNTS_STATES.values()),
)
ANSWERED = outputs_of(
    f"{ids.ACCOUNTS_BODY}.data-state",
    f"{ids.ACCOUNTS_COUNT}.children",
    f"{ids.ACCOUNTS_NOTE}.children",
    f"{ids.ACCOUNTS_UPDATED}.children",
    f"{ids.ACCOUNTS_UPDATED}.dateTime",
)
