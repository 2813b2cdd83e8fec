"""How long each callback took, and how it ended, for whoever measures.

From when it has a thread and its turn (what it waited for them, it did not take) until its answer is made.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import flask
from dash import Dash

Observe = Callable[[str, str, float], object]  # the callback, its outcome, its seconds

UNKNOWN = "unknown"  # a body that names no callback of ours; whatever it says instead is no label


def ignore(_callback: str, _outcome: str, _seconds: float) -> None:
    """Nobody measures."""


def names_of(callbacks: dict[str, Any]) -> dict[str, str]:
    """The first output of each, by which people know it: `nav-answer.data`."""
    return {output: output.removeprefix("..").split("...")[0].removesuffix("..").split("@")[0] for output in callbacks}


def outcome_of(response: flask.Response) -> str:
    """`ok`, `refused`, `unavailable` (no database), or `failed`: a fault of ours."""
    if response.status_code >= 500:
        return "failed"
    if response.status_code >= 400:
        return "refused"
    return str(flask.g.get("outcome", "ok"))


def register(app: Dash, observe: Observe) -> None:
    path = f"{app.config.routes_pathname_prefix}_dash-update-component"
    names: dict[str, str] = {}

    @app.server.before_request  # type: ignore[untyped-decorator]
    def begin() -> None:
        flask.g.began = time.monotonic()

    @app.server.after_request  # type: ignore[untyped-decorator]
    def end(response: flask.Response) -> flask.Response:
        if flask.request.path == path and flask.request.method == "POST":
            if not names:
                names.update(names_of(app.callback_map))  # complete by the first request, not before
            name = names.get(flask.g.get("callback", ""), UNKNOWN)
            observe(name, outcome_of(response), time.monotonic() - flask.g.began)
        return response
