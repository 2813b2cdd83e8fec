"""What an OpenID provider says, and which of it holds: every claim, key and algorithm that could let a wrong one in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from access.provider import FRESH_SECONDS, Flow, Identity, Provider, SignInError
from data.errors import UnavailableError
from settings import Settings, SettingsError
from tests.unit.cache_reads import Clock

ISSUER, CLIENT, BACK = "https://accounts.example.com", "creditpulse", "https://credits.example.com/signin/callback"
SETTINGS = Settings(auth="oidc", oidc_issuer=ISSUER, oidc_client_id=CLIENT, oidc_client_secret="hidden")
KEY = RSAKey.generate_key(2048, {"kid": "first"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "second"})
IMPOSTOR = RSAKey.generate_key(2048, {"kid": "first"})


class World:
    """A provider that answers as a test says; `asked` has every path that was asked for."""

    def __init__(self, **claims: Any) -> None:
        self.claims = claims
        self.key: Any = KEY
        self.alg = "RS256"
        self.published = [KEY]
        self.metadata: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.asked: list[str] = []
        self.sent: dict[str, str] = {}
        self.clock = Clock()
        self.provider = Provider(SETTINGS, self.clock, httpx2.MockTransport(self.answer))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.url.path)
        answers: dict[str, Callable[[], Mapping[str, Any]]] = {
            "/.well-known/openid-configuration": self.discovery,
            "/jwks": lambda: {"keys": [key.as_dict(private=False) for key in self.published]},
            "/token": lambda: self.token(request),
            "/me": lambda: self.userinfo,
        }
        return httpx2.Response(200, json=answers[request.url.path]())

    def discovery(self) -> Mapping[str, Any]:
        ends = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/jwks"}
        found = {name: ISSUER + path for name, path in ends.items()}
        return {
            "issuer": ISSUER,
            **found,
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.metadata,
        }

    def token(self, request: httpx2.Request) -> Mapping[str, Any]:
        self.sent = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        now = int(time.time())
        claims = {
            "iss": ISSUER, "aud": CLIENT, "sub": "ann", "iat": now, "exp": now + 300, "nonce": "the nonce",
            "email": "Ann@Example.com", "email_verified": True, **self.claims,
        }  # fmt: skip
        given = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": self.alg, "kid": "kid" if self.alg == "HS256" else self.key.kid}
        token = jwt.encode(header, given, self.key, algorithms=[self.alg])
        return {"access_token": "opaque", "token_type": "Bearer", "id_token": token}

    def finish(self, answer: Mapping[str, str] | None = None) -> Identity:
        flow = Flow("the state", "the nonce", "the verifier", BACK)
        return asyncio.run(self.provider.finish(flow, answer or {"code": "the code", "state": "the state"}))


def test_a_browser_is_sent_away_with_everything_that_has_to_come_back() -> None:
    url, flow = asyncio.run(World().provider.begin(BACK))
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(f"{ISSUER}/auth?")
    assert (query["response_type"], query["client_id"], query["redirect_uri"]) == ("code", CLIENT, BACK)
    assert (query["state"], query["nonce"]) == (flow.state, flow.nonce)
    assert query["code_challenge_method"] == "S256"
    assert query["code_challenge"] != flow.verifier
    assert min(map(len, (flow.state, flow.nonce))) >= 20
    assert len(flow.verifier) >= 43


def test_no_two_sign_ins_have_anything_in_common() -> None:
    world = World()
    flows = [asyncio.run(world.provider.begin(BACK))[1] for _ in range(2)]
    assert len({flow.state for flow in flows} | {flow.nonce for flow in flows} | {flow.verifier for flow in flows}) == 6


def test_who_comes_back_is_known_by_their_verified_address() -> None:
    world = World()
    found = world.finish()
    assert (found.email, found.subject) == ("ann@example.com", "ann")
    assert (world.sent["code"], world.sent["code_verifier"]) == ("the code", "the verifier")
    assert world.sent["redirect_uri"] == BACK


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"iss": None},
        {"aud": "another client"},
        {"aud": ["another client"]},
        {"aud": ["another client"], "azp": CLIENT},
        {"aud": [CLIENT, "another client"], "azp": "another client"},
        {"aud": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"nonce": "another"},
        {"nonce": None},
        {"sub": None},
        {"iat": None},
        {"nbf": 9_999_999_999},
        {"email": None},
        {"email": "no address"},
        {"email": ["ann@example.com"]},
        {"email_verified": False},
        {"email_verified": None},
    ],
)
def test_a_claim_that_does_not_hold_lets_nobody_in(claims: dict[str, Any]) -> None:
    with pytest.raises(SignInError):
        World(**claims).finish()


def test_a_token_that_another_key_has_signed_lets_nobody_in() -> None:
    world = World()
    world.key = IMPOSTOR
    with pytest.raises(SignInError):
        world.finish()


def test_a_token_signed_with_what_both_know_lets_nobody_in() -> None:
    world = World()
    world.alg, world.key = "HS256", OctKey.import_key("hidden" * 10)
    with pytest.raises(SignInError):
        world.finish()


def test_a_new_key_is_asked_for_at_once_and_an_old_one_is_given_up_within_the_hour() -> None:
    world = World()
    world.finish()
    world.finish()
    assert world.asked.count("/jwks") == 1
    world.key, world.published = OTHER_KEY, [OTHER_KEY]
    assert world.finish().email == "ann@example.com"
    assert world.asked.count("/jwks") == 2
    world.published = [KEY]
    world.clock.now += FRESH_SECONDS
    with pytest.raises(SignInError):
        world.finish()


def test_an_address_that_is_not_in_the_token_is_asked_for() -> None:
    world = World(email=None, email_verified=None)
    world.metadata["userinfo_endpoint"] = f"{ISSUER}/me"
    world.userinfo = {"sub": "ann", "email": "ann@example.com", "email_verified": True}
    assert world.finish().email == "ann@example.com"
    world.userinfo["sub"] = "eve"
    with pytest.raises(SignInError, match="two people"):
        world.finish()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({"error": "<script>alert(1)</script>"}, "an error"),
        ({"code": "x", "iss": "https://evil.example"}, "not of the sign-in service"),
        ({"state": "x"}, "not of the sign-in service"),
    ],
)
def test_an_answer_of_nobody_s_or_no_answer_is_said_so(answer: dict[str, str], words: str) -> None:
    with pytest.raises(SignInError, match=words):
        World().finish(answer)


@pytest.mark.parametrize("name", ["https://evil.example", "", None, 5])
def test_a_provider_under_another_name_is_not_the_one_that_was_asked(name: object) -> None:
    world = World()
    world.metadata["issuer"] = name
    with pytest.raises(SignInError, match="another name"):
        asyncio.run(world.provider.begin(BACK))


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_provider_that_fails_is_silent(status: int) -> None:
    provider = Provider(SETTINGS, transport=httpx2.MockTransport(lambda _: httpx2.Response(status)))
    with pytest.raises(UnavailableError, match="does not answer"):
        asyncio.run(provider.begin(BACK))


def test_what_is_no_json_does_not_hold() -> None:
    provider = Provider(SETTINGS, transport=httpx2.MockTransport(lambda _: httpx2.Response(200, text="<html>")))
    with pytest.raises(SignInError):
        asyncio.run(provider.begin(BACK))


def test_where_the_provider_s_own_session_is_ended() -> None:
    world = World()
    assert asyncio.run(world.provider.sign_out_url("a.b.c", "https://credits.example.com/signed-out")) is None
    world = World()
    world.metadata["end_session_endpoint"] = f"{ISSUER}/end"
    url = asyncio.run(world.provider.sign_out_url("a.b.c", "https://credits.example.com/signed-out"))
    query = parse_qs(urlsplit(str(url)).query)
    assert (query["id_token_hint"], query["client_id"]) == (["a.b.c"], [CLIENT])
    assert query["post_logout_redirect_uri"] == ["https://credits.example.com/signed-out"]


@pytest.mark.parametrize("name", ["oidc_issuer", "oidc_client_id"])
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    given = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, name: None}
    with pytest.raises(SettingsError, match=f"CREDITPULSE_{name.upper()}"):
        Provider(Settings(auth="oidc", **given))
