"""Who is signed in, in the navigation, and the way out where Creditpulse itself let them in."""

from __future__ import annotations

from functools import partial

from dash import Dash, Input

from access.viewer import AUTH_CONFIG, current_viewer
from callbacks.clientside import outputs_of
from layouts import ids


def name_person(mode: str, _shown: object) -> tuple[str, bool, str, bool]:
    """The person's name, whether it is hidden, the class of the way to the audit, whether the way out is hidden:

    behind a proxy that is the proxy's.
    """
    viewer = current_viewer()
    return viewer.name, False, "label" if viewer.staff else "not-yours", mode != "oidc"


def register(app: Dash) -> None:
    mode = app.server.config[AUTH_CONFIG]
    if mode == "local":  # everyone is whoever sits at this machine
        return
    shown = outputs_of(
        f"{ids.NAV_PERSON}.children",
        f"{ids.NAV_PERSON_BOX}.hidden",
        f"{ids.NAV_AUDIT}.className",
        f"{ids.NAV_SIGN_OUT}.hidden",
    )
    app.callback(shown, Input(ids.NAV_PERSON, "id"))(partial(name_person, mode))
