"""Where a sign-in may lead back to, and whose address counts."""

from __future__ import annotations

from typing import Any

import pytest

from access.cookies import cookie_in, cookie_name, cookie_set
from access.email import address_of, is_among
from access.provider import SignInError, verified_email
from live.signin import LONGEST_WAY, way_back
from settings import Settings, SettingsError, read_settings


@pytest.mark.parametrize(
    "to", ["/", "/threads", "/threads?scope=all&q=a%20b", "/threads/x?q=//evil.example", "/a/../b", "/ü"]
)
def test_an_address_of_ours_is_come_back_to(to: str) -> None:
    assert way_back(to) == to


@pytest.mark.parametrize(
    "to",
    ["", "threads", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
     "https:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " //evil.example", "//[",
     "/" + "x" * LONGEST_WAY, "/signout", "/signin", "/signin/callback?code=x", "/signed-out", None, 5, ["/"]],
)  # fmt: skip
def test_any_other_leads_home(to: object) -> None:
    assert way_back(to) == "/"


@pytest.mark.parametrize(
    ("text", "email"),
    [(" Ann@Example.COM ", "ann@example.com"), ("ann@bücher.example", "ann@bücher.example"), ("a+b@x", "a+b@x")],
)
def test_addresses_have_one_spelling(text: str, email: str) -> None:
    assert address_of(text) == email


@pytest.mark.parametrize(
    "text",
    [None, 5, "", "@", "a@", "@b", "a b@c", "a@b@c", "a@b,c@d", "a@b\x00", "a@b\u202e", "<a@b>", "x" * 400 + "@b"],
)
def test_what_is_no_address_names_nobody(text: object) -> None:
    assert address_of(text) is None


def test_a_letter_that_only_looks_alike_is_another_letter() -> None:
    assert address_of("boss@\u212aelvin.example") != "boss@kelvin.example"
    assert not is_among(str(address_of("boss@\u212aelvin.example")), frozenset({"@kelvin.example"}))


@pytest.mark.parametrize("verified", [True, "true"])
def test_a_verified_address_counts(verified: object) -> None:
    assert verified_email({"email": "Ann@Example.com", "email_verified": verified}) == "ann@example.com"


@pytest.mark.parametrize(
    "verified",
    [{}, {"email_verified": False}, {"email_verified": "false"}, {"email_verified": 1}, {"email_verified": "True "}],
)
def test_any_other_does_not(verified: dict[str, Any]) -> None:
    with pytest.raises(SignInError, match="not verified"):
        verified_email({"email": "ann@example.com", **verified})


def test_cookies_are_for_this_host_and_no_script() -> None:
    assert cookie_name("session", secure=True) == "__Host-session"
    assert cookie_set("__Host-session", "x", 60, secure=True) == (
        "__Host-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
    )
    assert "Secure" not in cookie_set("session", "x", 60, secure=False)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (("session=a",), "a"),
        (("x=1; session=a; y=2",), "a"),
        (("x=1",), None),
        ((), None),
        (("session=a; session=b",), None),
        (("session=a", "session=b"), None),
        (("session=a", "session=a"), "a"),
        (("Session=a",), None),
        (("xsession=a",), None),
    ],
)
def test_of_several_cookies_of_one_name_none_counts(lines: tuple[str, ...], value: str | None) -> None:
    assert cookie_in([(b"Cookie", line.encode()) for line in lines], "session") == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("CREDITPULSE_OIDC_ISSUER", "accounts.example.com"),
        ("CREDITPULSE_OIDC_ISSUER", "http://accounts.example.com"),
        ("CREDITPULSE_OIDC_ISSUER", "https://"),
        ("CREDITPULSE_OIDC_ISSUER", "https://user@accounts.example.com"),
        ("CREDITPULSE_PUBLIC_URL", "credits.example.com"),
        ("CREDITPULSE_PUBLIC_URL", "https://credits.example.com/path"),
        ("CREDITPULSE_PUBLIC_URL", "https://credits.example.com:x"),
        ("CREDITPULSE_SESSION_HOURS", "0"),
        ("CREDITPULSE_SESSION_HOURS", "soon"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, text: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: text})


def test_settings_of_sign_in_are_read() -> None:
    given = {
        "CREDITPULSE_OIDC_ISSUER": "https://accounts.example.com/realm",
        "CREDITPULSE_PUBLIC_URL": "https://Credits.example.com/",
        "CREDITPULSE_SESSION_HOURS": "8",
    }
    settings = read_settings(given)
    assert settings.public_url == "https://credits.example.com"
    assert settings.session_hours == 8
    assert read_settings({"CREDITPULSE_OIDC_ISSUER": "http://127.0.0.1:3000"}).oidc_issuer == "http://127.0.0.1:3000"
    assert Settings().session_hours == 12
