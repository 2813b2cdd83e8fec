"""The OpenAPI 3.1 document: what can be asked for, made from the same definitions that answer it."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api.columns import COLUMNS, Schema, time
from api.resources import COLLECTED, LIMIT, MOST_ROWS
from data.account_query import STATES
from data.figures import GROUPS
from data.listing import FIGURES, Listing
from data.ranges import CUSTOM, DEFAULT, PRESETS, STEPS
from data.thread_compare import MOST_COMPARED
from data.thread_listing import COLUMNS as THREAD_COLUMNS
from data.thread_query import RUNNING, SPANS
from data.top_listing import MOST_IN_ORDER
from data.usage_query import NO_MODEL

DESCRIPTION = """Credits and usage of AI agents, with the figures that the pages show.

Dollars and credits are decimal strings, exact to the last place. Times have their offset from UTC; a range includes its
start and not its end. Lists come in pages: `next` is the cursor of the following one, null at the end. A cursor
belongs to the filters that it came with, keeps an open range as it was at the first page, and remains good for ever.
Who asks is known from the sign-in proxy, as on the pages, and sees what they see there: staff everything, others their
own accounts and threads. What is not there and what is not yours look the same. Everything is GET."""

PARAMETERS: Mapping[str, tuple[Schema, str]] = {
    "scope": (
        {"type": "string"},
        "`all` (for staff), or an account's id. Left out: everything for staff, else the first of your accounts.",
    ),
    "range": ({"type": "string", "enum": [*PRESETS, CUSTOM], "default": DEFAULT}, "Days are those of the zone."),
    "from": ({"type": "string"}, "Start of a custom range: `2026-11-01`, `2026-11-01T10:07`, or with an offset."),
    "to": ({"type": "string"}, "Its end: a date is part of the range, a time is not."),
    "zone": ({"type": "string", "default": "UTC"}, "An IANA time zone, such as Asia/Kathmandu."),
    "model": ({"type": "string"}, f"Only calls of this model; `{NO_MODEL}` for those that name none."),
    "step": ({"type": "string", "enum": list(STEPS)}, "How long each step is; left out, as long as on the chart."),
    "by": ({"type": "string", "enum": list(GROUPS)}, "One row for each model, or account, of each step."),
    "q": (
        {"type": "string"},
        "A part of the account's name or e-mail address, or its id; of threads also of the title or the project.",
    ),
    "running": ({"type": "string", "enum": list(RUNNING)}, "Only threads in which an agent is at work, or none is."),
    "active": (
        {"type": "string", "enum": [*SPANS, *(f"-{span}" for span in SPANS)]},
        "Only threads whose latest call is not longer ago than that; with a minus, those whose latest call is.",
    ),
    "project": ({"type": "string", "format": "uuid"}, "Only threads of the project with this id."),
    "least": ({"type": "number"}, "Only threads that cost at least so many credits, as pages round them."),
    "most": ({"type": "number"}, "Only threads that cost at most so many credits, as pages round them."),
    "threads": ({"type": "string"}, f"Ids of 1 to {MOST_COMPARED} threads, with commas between."),
    "state": (
        {"type": "string", "enum": [*STATES]},
        "Only accounts whose allowance will be used up in the period, is used up; that spend now; that have a plan.",
    ),
    "thread": ({"type": "string", "format": "uuid"}, "The thread's id."),
    "limit": (
        {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": LIMIT},
        "Rows of a page, at most.",
    ),
    "cursor": ({"type": "string"}, "`next` of the page before, with the same filters."),
}
PROBLEMS = {
    400: "A parameter cannot be read.",
    401: "Nobody is signed in.",
    404: "Not there, or not yours.",
    503: "The database does not answer, or the history is being counted.",
}
DEAREST = (
    {"type": "integer", "minimum": 1, "maximum": MOST_IN_ORDER},
    "Only the dearest so many, in order; left out, everything, by id.",
)
PAGING = ("limit", "cursor")


class Document:
    """The document, and the answer with it; `listed` is what can be exported."""

    def __init__(self, listed: Mapping[str, Listing]) -> None:
        self.body = json.dumps(document(listed), ensure_ascii=False).encode()
        self.tag = f'"{hashlib.sha256(self.body).hexdigest()[:24]}"'

    async def answer(self, request: Request) -> Response:
        headers = {"ETag": self.tag, "Cache-Control": "no-cache, private"}
        if self.tag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
            return Response(status_code=304, headers=headers)
        return Response(self.body, headers=headers, media_type="application/json")


def document(listed: Mapping[str, Listing]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Creditpulse", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": {
            **{f"/api/v1/{name}": {"get": collection(name, listed[name])} for name in COLLECTED},
            "/api/v1/threads/{id}": {"get": one_thread()},
            **{f"/export/{name}.csv": {"get": download(name, listing)} for name, listing in listed.items()},
        },
        "components": {
            "schemas": {"Totals": rows(FIGURES), "Problem": PROBLEM},
            "responses": {f"Problem{status}": failure(text) for status, text in PROBLEMS.items()},
        },
    }


def collection(name: str, listing: Listing) -> Schema:
    page = {
        "as_of": time("The database's clock at the first page."),
        "data": {"type": "array", "items": rows(listing.every_column)},
        "next": {"type": ["string", "null"], "description": "The cursor of the next page; null at the end."},
    }
    if name == "usage":
        page["range"] = record({"start": COLUMNS["start"], "end": COLUMNS["end"]}, ())
        page["totals"] = {"$ref": "#/components/schemas/Totals"}
    return operation(
        f"list_{name}", about(listing), (*listing.filters, *PAGING), json_body(record(page, ("as_of", "data", "next")))
    )


def one_thread() -> Schema:
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}}
    found = operation("get_thread", "A thread with its exact totals.", (), json_body(rows(THREAD_COLUMNS)))
    return {**found, "parameters": [path]}


def download(name: str, listing: Listing) -> Schema:
    """`limit` means something else here than in the API."""
    columns = "\n".join(f"- `{column}`: {COLUMNS[column]['description']}" for column in listing.every_column)
    body = {"text/csv": {"schema": {"type": "string", "description": f"Columns, where they apply:\n{columns}"}}}
    found = operation(f"export_{name.replace('-', '_')}", about(listing), listing.filters, body)
    for one in found["parameters"]:
        if one["name"] == "limit":
            one["schema"], one["description"] = DEAREST
    return found


def operation(name: str, summary: str, filters: Iterable[str], body: Schema) -> Schema:
    failures = {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS}
    return {
        "operationId": name,
        "summary": summary,
        "parameters": [parameter(filter) for filter in filters],
        "responses": {"200": {"description": summary, "content": body}, **failures},
    }


def about(listing: Listing) -> str:
    return " ".join((inspect.getdoc(listing) or "").split())


def parameter(name: str) -> Schema:
    schema, description = PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def json_body(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def rows(columns: Iterable[str]) -> Schema:
    return record({column: COLUMNS[column] for column in columns}, ())


def record(properties: Schema, required: Iterable[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def failure(text: str) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": schema}}}


PROBLEM = record(
    {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong."},
        "remedy": {"type": "string", "description": "What to do about it."},
    },
    ("title", "status", "detail"),
)
