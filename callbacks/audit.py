"""The audit's page: the latest entries that fit, older ones on request; for who is not staff it is not there."""

from __future__ import annotations

from functools import partial
from typing import Any

from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from werkzeug.exceptions import BadRequest

from access.viewer import current_viewer
from callbacks.clientside import outputs_of
from callbacks.requests import text_of
from callbacks.routing import Page
from data.audit import ACTIONS, AuditQuery, AuditRow, audit_rows
from data.errors import NotFoundError
from data.queries import Queries
from data.viewer import Viewer
from data.wire import utc
from layouts import audit, ids

ROWS = 200
NOT_THERE = "This address names no page of Creditpulse."  # as of any other address of none

Rows = list[dict[str, Any]]


def list_entries(
    queries: Queries, person: object, action: object, since: object, _clicks: object
) -> tuple[Rows, int | None, bool, str]:
    """The latest rows, the last of them where there are older ones, whether the way to those is hidden, a note."""
    rows, last = read(queries, query_of(person, action, since, None))
    return rows, last, last is None, audit.count_text(len(rows), more=last is not None)


def older_entries(
    queries: Queries, clicks: object, last: object, person: object, action: object, since: object
) -> tuple[dict[str, Rows], int | None, bool]:
    if not clicks or last is None:
        raise PreventUpdate
    rows, last = read(queries, query_of(person, action, since, last))
    return {"add": rows}, last, last is None


def read(queries: Queries, query: AuditQuery) -> tuple[Rows, int | None]:
    """Raises NotFoundError for who is not staff."""
    only_staff(current_viewer())
    with queries.connect() as connection:
        found = audit_rows(connection, query, ROWS + 1)
    shown = found[:ROWS]
    return [grid_row(row) for row in shown], shown[-1].id if len(found) > ROWS else None


def query_of(person: object, action: object, since: object, before: object) -> AuditQuery:
    """Raises BadRequest."""
    hours, chosen = text_of(since, 5), text_of(action)
    if hours not in audit.SINCE:
        raise BadRequest("a time is not as the page offers it")
    if before is not None and (not isinstance(before, int) or isinstance(before, bool) or not 0 < before < 2**63):
        raise BadRequest("a place in the list is not as it was sent")
    return AuditQuery(
        person=text_of(person or ""),
        action="" if chosen == audit.ANY else chosen,
        hours=None if hours == audit.EVER else int(hours),
        before=before,
    )


def grid_row(row: AuditRow) -> dict[str, Any]:
    return {**row._asdict(), "id": str(row.id), "at": utc(row.at)}


def only_staff(viewer: Viewer) -> None:
    if not viewer.staff:
        raise NotFoundError(NOT_THERE)


def render(_queries: Queries, viewer: Viewer) -> Component:
    only_staff(viewer)
    return audit.layout(ACTIONS)


def check(_queries: Queries, viewer: Viewer) -> None:
    only_staff(viewer)


PAGE = Page("/audit", "Audit", "/audit", render, audit.layout, check)


def register(app: Dash, queries: Queries) -> None:
    chosen = [(name, "value") for name in (ids.AUDIT_PERSON, ids.AUDIT_ACTION, ids.AUDIT_SINCE)]
    next_shown = outputs_of(f"{ids.AUDIT_NEXT}.data", f"{ids.AUDIT_OLDER}.hidden")
    app.callback(
        Output(ids.AUDIT_GRID, "rowData"),
        *next_shown,
        Output(ids.AUDIT_NOTE, "children"),
        *(Input(*part) for part in chosen),
        Input(ids.AUDIT_REFRESH, "n_clicks"),
    )(partial(list_entries, queries))
    app.callback(
        Output(ids.AUDIT_GRID, "rowTransaction"),
        *(Output(part.component_id, part.component_property, allow_duplicate=True) for part in next_shown),
        Input(ids.AUDIT_OLDER, "n_clicks"),
        State(ids.AUDIT_NEXT, "data"),
        *(State(*part) for part in chosen),
        prevent_initial_call=True,
    )(partial(older_entries, queries))
