"""Who may read `/metrics`: whoever has the token; without one, only this machine, asking for itself."""

from __future__ import annotations

import pytest

from live.meters import KINDS, kind_of
from live.scrape import FORWARDED, Admission

TOKEN = "0123456789abcdef"


def status(admission: Admission, *headers: tuple[str, str], peer: str = "127.0.0.1", host: str = "127.0.0.1") -> int:
    named = [("Host", host), *headers] if host else list(headers)
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]
    return admission.status({"type": "http", "client": (peer, 1234), "headers": raw})


def test_the_token_opens_from_anywhere() -> None:
    asked = ("Authorization", f"Bearer {TOKEN}")
    assert status(Admission(TOKEN), asked, peer="203.0.113.9", host="creditpulse.example") == 200
    assert status(Admission(TOKEN), ("authorization", f"bearer  {TOKEN} ")) == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "")],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer ")],
        [("Authorization", f"Bearer {TOKEN[:-1]}")],
        [("Authorization", f"Bearer {TOKEN}x")],
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", TOKEN)],
        [("Authorization", "Bearer \xff\xfe")],
        [("Authorization", f"Bearer {TOKEN}"), ("Authorization", f"Bearer {TOKEN}")],
    ],
)
def test_with_a_token_set_nothing_else_opens_not_even_this_machine(headers: list[tuple[str, str]]) -> None:
    assert status(Admission(TOKEN), *headers) == 401


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8050", "localhost", "[::1]:8050", "LOCALHOST:8050"])
def test_without_a_token_this_machine_may(peer: str, host: str) -> None:
    assert status(Admission(None), peer=peer, host=host) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"peer": "10.0.0.7"},
        {"peer": "::ffff:10.0.0.7"},
        {"peer": ""},
        {"host": "creditpulse.example"},
        {"host": "localhost.example"},
        {"host": ""},
    ],
)
def test_without_a_token_nobody_else_may(changed: dict[str, str]) -> None:
    assert status(Admission(None), **changed) == 403


def test_a_second_host_is_not_taken_for_the_first() -> None:
    assert status(Admission(None), ("Host", "127.0.0.1")) == 403


@pytest.mark.parametrize("name", sorted(FORWARDED | {"x-forwarded-for", "X-Forwarded-Email", "X_Forwarded_For"}))
def test_what_a_proxy_passes_on_is_somebody_elses(name: str) -> None:
    assert status(Admission(None), (name, "127.0.0.1")) == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "::ffff:127.0.0.1"])
def test_a_proxy_that_says_nothing_is_known_by_its_address(peer: str) -> None:
    assert status(Admission(None, frozenset({"127.0.0.1"})), peer=peer) == 403
    assert status(Admission(None, frozenset({"10.0.0.7"})), peer=peer) == 200


Key = tuple[str, ...]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (("nav-usage", "all", "staff"), "nav-usage"),
        (("nav-usage", "all", "overview", "agents", "staff"), "overview"),
        (("nav-usage", "all", "overview", "course\nstaff"), "overview"),
        (("nav-usage", "an id", "standing", "staff"), "standing"),
        (("nav-usage", "an id", "something a client said", "staff"), "other"),
        (("thread-usage", "an id", "overview", "x"), "thread-usage"),
        (("something new", "x"), "other"),
    ],
)
def test_a_kind_of_query_is_one_of_a_few_words(key: Key, kind: str) -> None:
    assert kind_of(key) == kind
    assert kind in KINDS | {"other"}
