"""The box that finds anything: what was typed in, what fits out, and where each of it leads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from dash import Dash, Input, Output

from access.viewer import current_viewer
from callbacks.clientside import wire
from callbacks.requests import request_of, text_of
from data.find import LOOKED_AT, Found, FoundAccount, FoundProject, find
from data.name_indexes import PROJECTS, THREADS, USERS
from data.queries import Queries
from data.sought import sought
from data.threads import ThreadRow
from data.viewer import Viewer
from layouts import ids
from layouts.formats import whole

Option = dict[str, Any]  # title, note, href; and of a thread whether it is running


def answer_find(queries: Queries, request: object) -> dict[str, Any]:
    """Groups of options for the request's text, which goes back with them: an answer is shown for no other."""
    asked = request_of(request)
    typed = text_of(asked.get("text"))
    viewer = current_viewer()
    with queries.connect() as connection:
        found = find(connection, viewer, typed)
    return {
        "n": asked.get("n"),
        "text": typed,
        "exact": found.exact,
        "groups": groups(found, viewer, sought(typed).words),
        "note": note(found),
    }


def groups(found: Found, viewer: Viewer, words: str) -> list[dict[str, Any]]:
    """Those that have something; each ends with the way to a list of all, where there is more."""
    everything = {"scope": "all"} if viewer.staff else {}
    parts: Sequence[tuple[str, list[Option], str, str]] = (
        ("Threads", list(map(thread_option, found.threads)), THREADS, address("/threads", q=words, **everything)),
        ("Accounts", list(map(account_option, found.accounts)), USERS, address("/accounts", q=words)),
        ("Projects", [project_option(one, viewer) for one in found.projects], PROJECTS, ""),
    )
    return [
        {"name": name, "options": options, "more": href if kind in found.more else ""}
        for name, options, kind, href in parts
        if options
    ]


def thread_option(row: ThreadRow) -> Option:
    note = " · ".join(filter(None, (row.project, row.account)))
    return {"title": row.title, "note": note, "href": f"/threads/{row.thread_id}", "running": row.running}


def account_option(found: FoundAccount) -> Option:
    note = found.email if found.email and found.email != found.label else ""
    return {"title": found.label, "note": note, "href": f"/accounts/{found.account_id}"}


def project_option(found: FoundProject, viewer: Viewer) -> Option:
    """Leads to its threads, of whichever account."""
    own = {"scope": str(found.account_id)} if found.account_id in viewer.accounts else {}
    scope = {"scope": "all"} if viewer.staff else own
    href = address("/threads", project=str(found.project_id), **scope)
    return {"title": found.name, "note": found.account or "", "href": href}


def address(path: str, **query: str) -> str:
    return f"{path}?{urlencode(query)}"


def note(found: Found) -> str:
    """What cannot be looked at in full."""
    if not found.unindexed:
        return ""
    kinds = {THREADS: "threads", USERS: "accounts", PROJECTS: "projects"}
    names = [name for kind, name in kinds.items() if kind in found.unindexed]
    return f"Of {' and '.join(names)}, which have no index of names here, up to {whole(LOOKED_AT)} are looked at."


def register(app: Dash, queries: Queries) -> None:
    app.callback(Output(ids.FIND_ANSWER, "data"), Input(ids.FIND_REQUEST, "data"), prevent_initial_call=True)(
        partial(answer_find, queries)
    )
    wire(app, "find", "answered", [Input(ids.FIND_ANSWER, "data"), Input(ids.FAILURE, "data")])
