"""What every answer forbids, whoever gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from access.origin import Origin
from live.headers import SafeHeaders, safe_headers
from settings import Settings
from tests.live.conftest import Server

EVERY = {name.decode(): value.decode() for name, value in safe_headers(())}


@pytest.mark.parametrize(
    ("path", "status"),
    [("/whoami", 200), ("/healthz", 200), ("/nothing", 404), ("/live/check?topics=x", 400), ("/%ff", 404)],
)
def test_every_answer_has_every_header(server: Server, path: str, status: int) -> None:
    answer = server.get(path)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in EVERY} == EVERY


@pytest.mark.parametrize("path", ["/whoami", "/threads", "/live/events"])
def test_a_refusal_has_them_too(make_server: Callable[..., Server], path: str) -> None:
    answer = make_server(Settings(auth="header")).get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert answer.headers.items() >= EVERY.items()


def test_scripts_are_ours_or_named_by_their_hash() -> None:
    policy = dict(safe_headers(["'sha256-x'"]))[b"content-security-policy"].decode()
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == "'self' 'sha256-x'"
    assert directives["default-src"] == "'none'"
    assert directives["worker-src"] == "'self'"


@pytest.mark.parametrize(
    ("settings", "headers", "peer", "secure"),
    [
        (Settings(), (), "127.0.0.1", False),
        (Settings(), (("x-forwarded-proto", "https"),), "127.0.0.1", True),
        (Settings(), (("x-forwarded-proto", "https"),), "10.0.0.9", False),
        (Settings(), (("x-forwarded-proto", "http"),), "127.0.0.1", False),
        (Settings(), (("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")), "127.0.0.1", False),
        (Settings(public_url="https://credits.example"), (), "10.0.0.9", True),
        (Settings(public_url="http://credits.example"), (("x-forwarded-proto", "https"),), "127.0.0.1", False),
    ],
)
def test_who_came_by_https_is_told_to_come_so_always(
    settings: Settings, headers: tuple[tuple[str, str], ...], peer: str, secure: bool
) -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "client": (peer, 5),
        "headers": [(name.encode(), value.encode()) for name, value in headers],
    }
    assert Origin(settings).is_secure(scope) is secure
    assert (b"strict-transport-security" in sent(scope, settings)) is secure


def sent(scope: dict[str, object], settings: Settings) -> dict[bytes, bytes]:
    """The headers of an empty answer."""
    found: dict[bytes, bytes] = {}

    async def app(_scope: object, _receive: object, send: Callable[..., object]) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[misc]

    async def take(message: dict[str, object]) -> None:
        found.update(message["headers"])  # type: ignore[arg-type, call-overload]

    asyncio.run(SafeHeaders(app, is_secure=Origin(settings).is_secure)(scope, None, take))  # type: ignore[arg-type]
    return found
