"""Who a Dash callback works for: the viewer that the host resolved once, when the request came in."""

from __future__ import annotations

import flask

from data.errors import CreditpulseError
from data.viewer import Viewer

# In local mode everyone who reaches the server is staff.
LOCAL = Viewer("local", staff=True)

# The Flask setting that says which mode the server was made for.
AUTH_CONFIG = "CREDITPULSE_AUTH"


def current_viewer() -> Viewer:
    """The viewer of the current request.

    Without a host around Flask (as in Dash's own tests) only local mode has an answer; in every other mode
    nobody has vouched for the request, and CreditpulseError says so.
    """
    scope = flask.request.environ.get("asgi.scope")
    if scope is not None:
        viewer: Viewer = scope["state"]["viewer"]
        return viewer
    if flask.current_app.config.get(AUTH_CONFIG) == "local":
        return LOCAL
    raise CreditpulseError(
        f"this request did not come through the host; serve `app.py`, or set {AUTH_CONFIG} of the Flask server "
        "to local in a test"
    )
