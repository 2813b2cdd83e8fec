"""Every address, callback, export and topic of the app, and who may have it. What is not listed here fails the test.

Lists may be ahead of the app: what it does not have is not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.two_people import Person

OPEN, ANYBODY, OWN, STAFF, NONE = "open", "signed in", "own", "staff", "none"


class Address(NamedTuple):
    """`path` is of Ann's things; `who` may have it; `shown` says what of hers stands in the answer, if anything."""

    path: Callable[[Person], str]
    who: str
    shown: str = ""
    refused: int = 404  # how it is refused to who is signed in, and not in time


def fixed(path: str, who: str = ANYBODY) -> Address:
    return Address(lambda _: path, who)


def export(query: Callable[[Person], str], shown: str) -> Address:
    return Address(query, OWN, shown)


# By the pattern that the host answers; the last is Flask, whose own are below.
HOST: Mapping[str, list[Address]] = {
    "/healthz": [fixed("/healthz", OPEN)],
    "/readyz": [fixed("/readyz", OPEN)],
    "/live/ws": [],  # a WebSocket: see TOPICS
    "/live/events": [],  # the same
    "/live/check": [],
    "/export/{name}.csv": [],  # see EXPORTS
    "/api/v1/openapi.json": [fixed("/api/v1/openapi.json")],
    "/api/v1/usage": [
        Address(lambda ann: f"/api/v1/usage?scope={ann.account}&by=model&range=today&limit=1000", OWN, "model-ann")
    ],
    "/api/v1/threads": [Address(lambda ann: f"/api/v1/threads?scope={ann.account}", OWN, "Title ann")],
    "/api/v1/accounts": [Address(lambda _: "/api/v1/accounts?q=Shown", OWN, "Shown ann", 200)],
    "/api/v1/threads/{id}": [Address(lambda ann: f"/api/v1/threads/{ann.thread}", OWN, "Title ann")],
    "/api/{path:path}": [Address(lambda _: "/api/none", NONE)],
    "/export/{path:path}": [Address(lambda _: "/export/none", NONE)],
    "/metrics": [],  # for machines: has tests of its own
    "/sw.js": [fixed("/sw.js")],
    "/signin": [],  # these four are tests/browser/test_sign_in.py's, and live/signin.py's own
    "/signin/callback": [],
    "/signout": [],
    "/signed-out": [],
    "": [],
}

FLASK: Mapping[str, list[Address]] = {
    "/static/<path:filename>": [Address(lambda _: "/static/none", NONE)],
    "/assets/<path:filename>": [fixed("/assets/render.js")],
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>": [
        fixed("/_dash-component-suites/dash/dash-renderer/build/dash_renderer.min.js")
    ],
    "/_dash-layout": [fixed("/_dash-layout")],
    "/_dash-dependencies": [fixed("/_dash-dependencies")],
    "/_dash-update-component": [],  # see CALLBACKS
    "/_reload-hash": [fixed("/_reload-hash")],
    "/_favicon.ico": [fixed("/_favicon.ico")],
    "/": [fixed("/")],
    "/<path:path>": [],  # see PAGES
}

PAGES: Mapping[str, list[Address]] = {
    "/": [Address(lambda ann: f"/?scope={ann.account}", OWN)],
    "/threads": [fixed("/threads"), Address(lambda ann: f"/threads?scope={ann.account}", OWN)],
    "/threads/<id>": [Address(lambda ann: f"/threads/{ann.thread}", OWN)],
    "/accounts": [fixed("/accounts")],
    "/accounts/<id>": [Address(lambda ann: f"/accounts/{ann.account}", OWN)],
    "/audit": [Address(lambda _: "/audit", STAFF)],
    "/preferences": [fixed("/preferences")],
}

EXPORTS: Mapping[str, Address] = {
    "usage": export(lambda ann: f"?scope={ann.account}&by=model", "model-ann"),
    "heat": export(lambda ann: f"?scope={ann.account}", "1.234567"),
    "top-threads": export(lambda ann: f"?scope={ann.account}", "Title ann"),
    "top-accounts": export(lambda ann: f"?scope={ann.account}", "Shown ann"),
    "accounts": Address(lambda ann: "?q=Shown", OWN, "Shown ann", 200),
    "threads": export(lambda ann: f"?scope={ann.account}", "Title ann"),
    "compare": export(lambda ann: f"?threads={ann.thread}", "1.234567"),
    "models": export(lambda ann: f"?scope={ann.account}", "model-ann"),
    "calls": export(lambda ann: f"?thread={ann.thread}", "model-ann"),
    "runs": export(lambda ann: f"?thread={ann.thread}", "running"),
    "purchases": export(lambda ann: f"?scope={ann.account}", "3"),
}

# What a stream may be opened on, as `live.topics.TOPIC` has it: a kind that is not here fails the test.
TOPIC_PATTERN = r"(?:nav:all|(?:nav|thread):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
TOPICS: Mapping[str, Address] = {
    "nav:all": Address(lambda _: "nav:all", STAFF, "", 403),
    "nav": Address(lambda ann: f"nav:{ann.account}", OWN, "1.234567", 403),
    "thread": Address(lambda ann: f"thread:{ann.thread}", OWN, "1.234567", 403),
}


class Callback(NamedTuple):
    """What of Ann's stands in the answer to her; `values` are those of inputs and state that are no request.

    `who` may have it: Ann too, unless it is for staff.
    """

    shown: str
    values: Callable[[Person], Mapping[str, Any]] = lambda _: {}
    who: str = OWN


def asked(person: Person) -> dict[str, Any]:
    """A request of a page that shows this person's things: each callback takes of it what it knows."""
    return {
        "n": 1, "scope": str(person.account), "force": True, "range": "30d", "zone": "UTC", "compare": "off",
        "by": "model", "text": f"Title {person.name}", "thread_id": str(person.thread), "threads": [str(person.thread)],
        "ids": [str(person.thread)], "limit": 50, "skip": 0, "block": 0, "list": 0, "head": True, "offset": 0,
        "at": "2999-01-01T00:00:00Z", "id": str(person.call),
    }  # fmt: skip


def the_call(person: Person) -> dict[str, Any]:
    request = {**asked(person), "at": person.called_at}
    return {"thread-id.data": str(person.thread), "thread-call-request.data": request}


def audit_filters(_: Person) -> dict[str, Any]:
    chosen = {"audit-person.value": "", "audit-action.value": "any", "audit-since.value": "ever"}
    return {**chosen, "audit-older.n_clicks": 1, "audit-next.data": 10**9}


# By the id of the first output.
CALLBACKS: Mapping[str, Callback] = {
    "nav-account": Callback("Shown ann", lambda _: {"scope-asked.data": ""}),
    "nav-answer": Callback("1.234567"),
    "subscription": Callback("Plan ann"),
    "nav-person": Callback("ann@example.com", lambda _: {"nav-person.id": "nav-person"}),
    "view-zones": Callback("UTC"),
    "find-answer": Callback("Title ann"),
    "thread-answer": Callback("1.234567"),
    "overview-answer": Callback("model-ann"),
    "overview-rest": Callback("model-ann"),
    "overview-activity": Callback("123"),
    "overview-tops": Callback("Title ann"),
    "overview-running": Callback("Title ann"),
    "threads-answer": Callback("Title ann"),
    "threads-live": Callback("Title ann"),
    "threads-models": Callback("model-ann", lambda ann: {"threads-models-asked.data": str(ann.account)}),
    "threads-compared": Callback("Title ann"),
    "thread-figure": Callback("1.234567", lambda _: {"thread-seen.data": None, "thread-log-shown.data": None}),
    "thread-older-page": Callback("model-ann"),
    "thread-outlook": Callback("This run so far"),
    "thread-call-answer": Callback("model-ann", the_call),
    "thread-call-file": Callback("model-ann", lambda ann: {**the_call(ann), "thread-call-whole.n_clicks": 1}),
    "accounts-answer": Callback("Shown ann"),
    "account-answer": Callback("Shown ann"),
    "account-range": Callback("model-ann"),
    "account-tops": Callback("Title ann"),
    "account-running": Callback("Title ann"),
    "audit-grid": Callback("ann@example.com", audit_filters, STAFF),
    "preferences-answer": Callback("errors", lambda _: {"preferences-request.data": {"n": 1, "choices": {}}}),
    "page": Callback(
        "Title ann", lambda ann: {"url.pathname": f"/threads/{ann.thread}", "page-asked.data": None, "url.search": ""}
    ),
}
