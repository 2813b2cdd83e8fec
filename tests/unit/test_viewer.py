"""Who a callback works for."""

from __future__ import annotations

import flask
import pytest

from access.viewer import AUTH_CONFIG, LOCAL, current_viewer
from data.errors import CreditpulseError
from data.viewer import Viewer


def test_the_viewer_is_the_one_that_the_host_resolved() -> None:
    ann = Viewer("ann@example.com")
    environ = {"asgi.scope": {"state": {"viewer": ann}}}
    with flask.Flask("test").test_request_context(environ_overrides=environ):
        assert current_viewer() is ann


def test_without_a_host_local_mode_makes_everyone_staff() -> None:
    server = flask.Flask("test")
    server.config[AUTH_CONFIG] = "local"
    with server.test_request_context():
        assert current_viewer() is LOCAL


@pytest.mark.parametrize("mode", ["header", "oidc", None])
def test_without_a_host_nobody_is_vouched_for_in_any_other_mode(mode: str | None) -> None:
    server = flask.Flask("test")
    server.config[AUTH_CONFIG] = mode
    request = server.test_request_context(headers={"X-Forwarded-Email": "boss@example.com"})
    with request, pytest.raises(CreditpulseError, match="did not come through the host"):
        current_viewer()
