"""Signing in with a real OpenID provider, in a browser: there and back, and what only then is to be seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.browser.console import FAILED_REQUEST
from tests.browser.tab import Tab
from tests.openid import OpenIdProvider
from tests.servers import AppServer, wait_until
from tests.two_people import World, two_people

MakeTab = Callable[[AppServer], Tab]


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[AppServer]:
    server = AppServer(database_url, tmp_path)
    yield server
    server.close()


@pytest.fixture
def world(database_url: str) -> World:
    return two_people(database_url)


@pytest.fixture
def provider(server: AppServer, world: World) -> Iterator[OpenIdProvider]:
    """And the server, whose people sign in with it."""
    provider = OpenIdProvider(f"http://{server.address}")
    (server.state_dir / ".env").write_text(provider.dotenv)
    provider.start()
    server.start()
    yield provider
    provider.stop()


@pytest.fixture
def tab(provider: OpenIdProvider, server: AppServer, make_tab: MakeTab) -> Tab:
    """Looked at once more before its server ends."""
    tab = make_tab(server)
    tab.command("Storage.clearDataForOrigin", origin=provider.issuer, storageTypes="all")
    # The provider's page has no icon, and says nothing of how its field is to be filled in.
    tab.expect(FAILED_REQUEST, re.compile("autocomplete attributes"), re.compile("Clear-Site-Data header"))
    return tab


def sign_in(tab: Tab, login: str) -> None:
    """On the provider's page."""
    tab.find("input[name=login]").send_keys(login)
    tab.find("input[name=password]").send_keys("anything")
    tab.find("button[type=submit]").click()


def sessions(server: AppServer) -> int:
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute("SELECT count(*) FROM creditpulse.sessions").fetchone()
    assert row is not None
    return int(row[0])


def test_a_person_signs_in_and_comes_back_to_the_page_they_wanted(tab: Tab, world: World) -> None:
    wanted = f"/threads/{world.ann.thread}?range=7d"
    tab.open(wanted)
    sign_in(tab, "ann")
    tab.await_figures("thread-credits", "nav-credits")
    assert tab.path().startswith(wanted)
    tab.until_state("thread-live", "live")
    tab.until_text("nav-person", "ann@example.com")
    assert world.leaked(str(tab.script("return document.documentElement.outerHTML")), world.ann) == []
    tab.open(f"/threads/{world.ben.thread}")
    tab.until(lambda: "There is nothing here" in tab.text_of("main"), "the page to say so")


def test_no_script_reads_the_session(tab: Tab) -> None:
    tab.open("/threads")
    sign_in(tab, "ann")
    tab.await_figures("nav-credits")
    assert tab.script("return document.cookie") == ""
    (cookie,) = [one for one in tab.driver.get_cookies() if one["name"] == "creditpulse-session"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) == (True, "Lax", False)
    assert not [one for one in tab.driver.get_cookies() if one["name"].startswith("creditpulse-signin")]


def test_who_signs_out_is_out_here_and_there_and_leaves_nothing(tab: Tab, server: AppServer) -> None:
    tab.open("/threads")
    sign_in(tab, "boss")
    tab.await_figures("nav-credits")
    tab.script("localStorage.setItem('kept', 'figures')")
    tab.until(lambda: tab.shown("#nav-signout button"), "the way out")
    tab.find("#nav-signout button").click()
    tab.find("button[name=logout]").click()  # the provider asks
    tab.until(lambda: tab.path().startswith("/signed-out"), "the last page")
    assert tab.script("return localStorage.getItem('kept')") is None
    assert sessions(server) == 0
    tab.open("/threads")
    tab.find("input[name=login]")


def test_a_link_signs_nobody_out(tab: Tab, server: AppServer) -> None:
    tab.open("/threads")
    sign_in(tab, "ann")
    tab.await_figures("nav-credits")
    tab.open("/signout")
    assert "Sign out?" in tab.text_of("h1")
    assert sessions(server) == 1
    tab.find("button").click()
    tab.find("button[name=logout]")
    assert sessions(server) == 0


def test_an_address_that_is_not_verified_lets_nobody_in(tab: Tab, server: AppServer) -> None:
    tab.open("/threads")
    sign_in(tab, "eve")
    tab.until(lambda: "not verified your e-mail address" in tab.text_of("body"), "the refusal")
    assert sessions(server) == 0
    tab.find("a").click()  # as somebody else
    sign_in(tab, "boss")
    tab.await_figures("nav-credits")


def test_new_keys_of_the_provider_are_taken(tab: Tab, provider: OpenIdProvider) -> None:
    tab.open("/threads")
    sign_in(tab, "ann")
    tab.await_figures("nav-credits")
    provider.restart()
    tab.command("Network.clearBrowserCookies")
    tab.open("/threads")
    sign_in(tab, "ben")
    tab.await_figures("nav-credits")
    tab.until_text("nav-person", "ben@example.com")


def test_a_silent_provider_is_said_and_leads_in_no_circle(tab: Tab, provider: OpenIdProvider) -> None:
    provider.stop()
    tab.expect(re.compile("503"))
    tab.open("/threads")
    tab.until(lambda: "does not answer" in tab.text_of("body"), "the page to say so")
    provider.start()
    tab.find("a").click()
    sign_in(tab, "ann")
    tab.await_figures("nav-credits")
    assert tab.path().startswith("/threads")


def test_an_open_page_is_left_when_its_session_ends(tab: Tab, server: AppServer) -> None:
    tab.open("/threads")
    sign_in(tab, "ann")
    tab.await_figures("nav-credits")
    tab.until_state("nav-live", "live")
    tab.expect(re.compile("body stream already read"))  # Dash reads the body of a 401 twice
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("DELETE FROM creditpulse.sessions")
    # Its stream is closed, so it asks for itself anew, and the provider, which still knows Ann, lets her in again.
    wait_until(lambda: sessions(server) == 1, "the page to sign in again", 60)
    tab.await_figures("nav-credits")
