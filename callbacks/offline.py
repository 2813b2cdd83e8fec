"""What a browser has to know to keep the pages that were visited: for whom they are, and of which release.

Documents say it in their heads (`callbacks/document.py`), documents and answers in their headers. The keeping itself is
the service worker's (`worker/`), and the page's side of it `assets/offline.js`.
"""

from __future__ import annotations

import flask
from dash import Dash, Input

from access.tabs import tab_key
from access.viewer import current_viewer
from callbacks.clientside import wire
from layouts import ids

VIEWER = "X-Creditpulse-Viewer"
RELEASE = "X-Creditpulse-Release"
FILES = ("/assets/", "/_dash-component-suites/")  # the same for all


def register(app: Dash, release: str) -> None:
    wire(app, "offline", "follow", [Input(ids.LIVE_STATE, "data")])

    @app.server.after_request  # type: ignore[untyped-decorator]
    def say_whose(response: flask.Response) -> flask.Response:
        secret = app.server.secret_key
        if secret and not flask.request.path.startswith(FILES):
            response.headers[VIEWER] = tab_key(str(secret), current_viewer())
            response.headers[RELEASE] = release
        return response
