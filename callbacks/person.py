"""Who is signed in, in the navigation, and the way out where Creditpulse itself let them in."""

from __future__ import annotations

from functools import partial

from dash import Dash, Input

from access.viewer import AUTH_CONFIG, current_viewer
from callbacks.clientside import outputs_of
from layouts import ids


def name_person(mode: str, _shown: object) -> tuple[str, bool, bool]:
    """The person's name, whether it is hidden, and whether the way out is: behind a proxy that is the proxy's."""
    return current_viewer().name, False, mode != "oidc"


def register(app: Dash) -> None:
    mode = app.server.config[AUTH_CONFIG]
    if mode == "local":  # everyone is whoever sits at this machine
        return
    shown = outputs_of(f"{ids.NAV_PERSON}.children", f"{ids.NAV_PERSON_BOX}.hidden", f"{ids.NAV_SIGN_OUT}.hidden")
    app.callback(shown, Input(ids.NAV_PERSON, "id"))(partial(name_person, mode))
