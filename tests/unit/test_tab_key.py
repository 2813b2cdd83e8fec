"""What tabs of one browser know each other by."""

from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from access.tabs import tab_key
from callbacks.dashboard import make_dash
from data.viewer import Viewer
from settings import Settings

STAFF = Viewer("staff@example.com", staff=True)
PERSON = Viewer("own@example.com", accounts=frozenset({UUID(int=1)}))


@pytest.mark.parametrize(
    "other",
    [
        Viewer("other@example.com", staff=True),
        Viewer("staff@example.com"),
        Viewer("staff@example.com", accounts=PERSON.accounts),
    ],
    ids=["another person with the same rights", "no longer staff", "now with an account"],
)
def test_another_person_or_other_rights_have_another_key(other: Viewer) -> None:
    assert tab_key("secret", STAFF) == tab_key("secret", Viewer("staff@example.com", staff=True))
    assert tab_key("secret", STAFF) != tab_key("secret", other)


def test_a_key_tells_nothing_and_nobody_can_make_it() -> None:
    key = tab_key("secret", PERSON)
    assert re.fullmatch("[0-9a-f]{32}", key)
    assert key != tab_key("another secret", PERSON)


def test_pages_say_whose_they_are() -> None:
    queries: Any = SimpleNamespace(credits_per_dollar=Decimal(100))  # nobody has chosen anything

    def document(viewer: Viewer) -> str:
        server = Flask("creditpulse")
        server.secret_key = "secret"
        client = make_dash(queries, Settings(auth="header"), server).server.test_client()
        client.environ_base["asgi.scope"] = {"state": {"viewer": viewer}}
        return str(client.get("/").text)

    keys = [re.findall('<meta name="creditpulse-viewer" content="(.*)">', document(who)) for who in (STAFF, PERSON)]
    assert keys == [[tab_key("secret", STAFF)], [tab_key("secret", PERSON)]]
