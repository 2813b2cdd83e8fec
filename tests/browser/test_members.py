"""A whole server behind a proxy that signs people in: each sees what is theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.browser.console import FAILED_REQUEST, UNANSWERED
from tests.browser.customer import Customer
from tests.browser.fixtures import MakeTab
from tests.browser.sign_in import SignIn
from tests.browser.tab import Tab
from tests.servers import AppServer

DOTENV = "CREDITPULSE_AUTH=header\nCREDITPULSE_STAFF=@staff.example\n"


@pytest.fixture
def guarded(make_server: Callable[..., AppServer], database_url: str) -> AppServer:
    return make_server(database_url, DOTENV)


@pytest.fixture
def threads(database_url: str) -> Iterator[dict[str, UUID]]:
    """One of Ann's, one of Ben's; and their accounts."""
    customer = Customer(database_url)
    found: dict[str, UUID] = {}
    for name in ("ann", "ben"):
        found[f"{name} account"] = account = customer.account(name.title())
        customer.connection.execute("UPDATE users SET email = %s WHERE id = %s", (f"{name}@example.com", account))
        found[name] = customer.thread(account, f"Of {name.title()}")
        customer.call(found[name], account, "1" if name == "ann" else "2")
    yield found
    customer.close()


def get(server: AppServer, path: str, email: str | None) -> httpx.Response:
    headers = {"Accept": "text/html"} | ({"X-Forwarded-Email": email} if email else {})
    return httpx.get(f"http://{server.address}{path}", headers=headers, timeout=10)


def test_a_member_gets_their_own_and_nothing_else(guarded: AppServer, threads: dict[str, UUID]) -> None:
    ann = "ann@example.com"
    statuses = {
        "/threads": 200,
        f"/threads/{threads['ann']}": 200,
        f"/threads/{threads['ben']}": 404,
        f"/threads?scope={threads['ben account']}": 404,
        "/threads?scope=all": 404,
        f"/live/check?topics=thread:{threads['ann']}": 200,
        f"/live/check?topics=thread:{threads['ben']}": 403,
        "/live/check?topics=nav:all": 403,
    }
    assert {path: get(guarded, path, ann).status_code for path in statuses} == statuses
    assert get(guarded, "/threads", None).status_code == 401
    assert get(guarded, f"/threads/{threads['ben']}", "boss@staff.example").status_code == 200


def test_a_members_pages_hold_their_own_and_nothing_else(
    guarded: AppServer, threads: dict[str, UUID], make_tab: MakeTab
) -> None:
    with SignIn(guarded.address, "ann@example.com") as proxy:
        tab = make_tab(proxy)
        tab.expect(FAILED_REQUEST, UNANSWERED)  # the 404, and what the page asks as the proxy ends
        look_around(tab, threads)


def look_around(tab: Tab, threads: dict[str, UUID]) -> None:
    tab.open_threads()
    tab.until_state("nav-live", "live")
    tab.until(lambda: "Of Ann" in tab.text_of("#threads-grid"), "Ann's thread")
    assert "Of Ben" not in tab.text_of("#threads-grid")
    assert tab.text("nav-credits") == "100"
    options: list[dict[str, Any]] = tab.prop("nav-account", "options")
    assert [option["value"] for option in options] == [str(threads["ann account"])]
    tab.open_thread(threads["ann"])
    tab.until_state("thread-live", "live")
    tab.open(f"/threads/{threads['ben']}")
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")
