"""What a browser may send: the shape of a callback's body, and the values that callbacks take from it.

Whatever is not as our own pages send it is answered with 400, before a callback sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import flask
import orjson
from dash import Dash
from werkzeug.exceptions import BadRequest

from callbacks.subjects import tell_subjects
from data.overview_queries import PARAMETERS
from data.usage_query import UsageQuery, usage_query

LARGEST_BODY = 2_000_000  # bytes; the largest that our pages send are some ten thousand
LONGEST_TEXT = 2_000  # characters
LONGEST_PART = 300  # of a view


def text_of(value: object, longest: int = LONGEST_TEXT) -> str:
    """A text that PostgreSQL takes. Raises BadRequest."""
    if not isinstance(value, str) or len(value) > longest or "\x00" in value:
        raise BadRequest("a text is missing, or too long")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRequest("a text is not Unicode") from None
    return value


def uuid_of(value: object) -> UUID:
    """Raises BadRequest."""
    try:
        return UUID(text_of(value, 36))
    except ValueError:
        raise BadRequest("an id is not a UUID") from None


def scope_of(value: object) -> str:
    """`all` or an account's id in its one spelling. Raises BadRequest."""
    return "all" if value == "all" else str(uuid_of(value))


def view_of(request: Mapping[str, Any]) -> dict[str, str]:
    """What a request says of whose usage of when it asks for, each as a text. Raises BadRequest."""
    texts = {name: text_of(request.get(name) or "", LONGEST_PART) for name in PARAMETERS}
    return {**texts, "scope": scope_of(request.get("scope"))}


def usage_query_of(request: Mapping[str, Any], now: datetime) -> UsageQuery:
    """Raises BadRequest for what is no text, and InputError, which names the remedy, for what cannot be read:

    those are a person's words, from the address.
    """
    return usage_query(view_of(request), now)


def request_of(value: object) -> Mapping[str, Any]:
    """What the gate put into a request store. Raises BadRequest.

    Its number goes back with the answer as it came: whatever else it were, the answer might not be JSON.
    """
    if not isinstance(value, dict):
        raise BadRequest("a request is missing")
    number = value.get("n", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**53:
        raise BadRequest("a request's number is not as it was sent")
    return value


def check_body(app: Dash) -> None:
    """Raises BadRequest for a body that fits no callback of this app: Dash itself would fail with a 500."""
    if flask.request.path != f"{app.config.routes_pathname_prefix}_dash-update-component":
        return
    if flask.request.method != "POST":
        return
    body = strict_json()
    if not isinstance(body, dict) or not isinstance(body.get("output"), str):
        raise BadRequest("the body names no output")
    spec = app.callback_map.get(body["output"])
    if spec is None:
        raise BadRequest("the body names an output that no callback has")
    flask.g.callback = body["output"]
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(name, str) for name in changed):
        raise BadRequest("changedPropIds is no list of names")
    check_parts(body.get("inputs", []), spec["inputs"])
    check_parts(body.get("state", []), spec["state"])
    check_outputs(body.get("outputs", []), spec)
    tell_subjects(body)


def strict_json() -> Any:
    """The body as RFC 8259 has it. Raises BadRequest.

    Python's own reader lets in what no browser sends: NaN, half characters, and depths that a callback would fail at.
    """
    try:
        body = flask.request.get_json()
        orjson.loads(flask.request.get_data())
    except (orjson.JSONDecodeError, RecursionError):
        raise BadRequest("the body is no JSON") from None
    return body


def check_outputs(given: object, spec: Mapping[str, Any]) -> None:
    output = spec["output"]
    multi = isinstance(output, (list, tuple))
    expected = [] if spec.get("no_output") else [part.to_dict() for part in (output if multi else [output])]
    check_parts(given if multi or spec.get("no_output") else [given], expected)


def check_parts(given: object, expected: list[dict[str, Any]]) -> None:
    if not isinstance(given, list) or len(given) != len(expected):
        raise BadRequest("the body has not the parts that its callback takes")
    for part, known in zip(given, expected, strict=True):
        if known["id"].startswith("{"):  # a pattern: how many components it matches is the page's matter
            check_pattern(part)
        else:
            check_part(part, known["id"], known["property"])


def check_part(part: object, component_id: str, prop: str) -> None:
    given = part.get("property") if isinstance(part, dict) else None
    # An output that several callbacks have is told apart by what follows the @.
    known = isinstance(given, str) and given.partition("@")[0] == prop.partition("@")[0]
    if not isinstance(part, dict) or part.get("id") != component_id or not known:
        raise BadRequest(f"the body has not {component_id}.{prop}")


def check_pattern(part: object) -> None:
    parts = part if isinstance(part, list) else [part]
    for one in parts:
        if not isinstance(one, dict) or not isinstance(one.get("id"), dict) or not isinstance(one.get("property"), str):
            raise BadRequest("a component's id is not as the page has it")


def register(app: Dash) -> None:
    app.server.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.server.before_request  # type: ignore[untyped-decorator]
    def refuse_malformed_bodies() -> None:
        check_body(app)

    @app.server.after_request  # type: ignore[untyped-decorator]
    def keep_nothing(response: flask.Response) -> flask.Response:
        """Answers are one viewer's, and of that moment; only files, which say so themselves, may be kept."""
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store" if flask.request.method == "POST" else "no-cache, private"
        return response
