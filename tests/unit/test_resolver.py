"""Who a connection belongs to, in each mode."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from access.resolver import Resolve, make_resolver
from access.viewer import LOCAL
from data.errors import InputError, MisdirectedError
from data.viewer import Viewer
from settings import Settings, SettingsError

ALICE = UUID(int=0xA11CE)


class People:
    """Knows alice; counts who was asked about."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def accounts(self, email: str) -> frozenset[UUID]:
        self.asked.append(email)
        return frozenset([ALICE]) if email == "alice@example.com" else frozenset()


def header_mode(people: People | None = None, **settings: Any) -> Resolve:
    staff = frozenset({"boss@example.com", "@staff.example"})
    return make_resolver(Settings(auth="header", staff=staff, **settings), people or People())  # type: ignore[arg-type]


def resolve(
    resolver: Resolve, *headers: tuple[str, str], peer: tuple[str, int] | None = ("127.0.0.1", 5)
) -> Viewer | None:
    raw = [(name.encode(), value.encode()) for name, value in headers]

    async def ask() -> Viewer | None:
        return await resolver({"type": "http", "client": peer, "headers": raw})

    return asyncio.run(ask())


def test_in_local_mode_everyone_is_staff() -> None:
    resolver = make_resolver(Settings(), People())  # type: ignore[arg-type]
    assert resolve(resolver, peer=None) == LOCAL
    assert LOCAL.staff


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8050", "127.1.2.3", "localhost", "LocalHost:80", "localhost.", "[::1]", "[::1]:8050"],
)
def test_in_local_mode_this_machine_goes_by_its_own_names(host: str) -> None:
    resolver = make_resolver(Settings(), People())  # type: ignore[arg-type]
    assert resolve(resolver, ("host", host)) == LOCAL


@pytest.mark.parametrize(
    "host",
    ["attacker.example", "attacker.example:8050", "127.0.0.1.attacker.example", "localhost.attacker.example",
     "10.0.0.5", "2130706433", "127.0.0.1@attacker.example", "::1", ""],
)  # fmt: skip
def test_in_local_mode_another_name_is_refused_with_the_remedy(host: str) -> None:
    resolver = make_resolver(Settings(), People())  # type: ignore[arg-type]
    with pytest.raises(MisdirectedError, match=r"open http://127\.0\.0\.1"):
        resolve(resolver, ("host", host))
    with pytest.raises(MisdirectedError):
        resolve(resolver, ("host", "localhost"), ("host", host))


def test_sign_in_without_sessions_is_a_fault_of_whoever_puts_the_app_together() -> None:
    with pytest.raises(SettingsError, match="no sessions"):
        make_resolver(Settings(auth="oidc"), People())  # type: ignore[arg-type]


def test_the_header_of_a_trusted_proxy_names_the_viewer_and_their_accounts() -> None:
    viewer = resolve(header_mode(), ("x-forwarded-email", " Alice@Example.com "))
    assert viewer == Viewer("alice@example.com", accounts=frozenset([ALICE]))


@pytest.mark.parametrize("email", ["boss@example.com", "any.one@staff.example", "Boss@EXAMPLE.com"])
def test_staff_are_named_by_address_or_domain(email: str) -> None:
    people = People()
    viewer = resolve(header_mode(people), ("x-forwarded-email", email))
    assert viewer is not None
    assert viewer.staff
    assert people.asked == []


def test_a_domain_that_only_ends_alike_is_not_staff() -> None:
    viewer = resolve(header_mode(), ("x-forwarded-email", "eve@not-staff.example"))
    assert viewer == Viewer("eve@not-staff.example")


@pytest.mark.parametrize("peer", [("10.0.0.9", 5), ("", 0), None])
def test_from_anybody_else_the_header_counts_for_nothing(peer: tuple[str, int] | None) -> None:
    assert resolve(header_mode(), ("x-forwarded-email", "boss@example.com"), peer=peer) is None


def test_a_forwarded_address_does_not_make_a_peer_trusted() -> None:
    headers = (("x-forwarded-email", "boss@example.com"), ("x-forwarded-for", "127.0.0.1"))
    assert resolve(header_mode(), *headers, peer=("10.0.0.9", 5)) is None


def test_a_trusted_peer_on_a_socket_of_both_families_is_known() -> None:
    viewer = resolve(header_mode(), ("x-forwarded-email", "alice@example.com"), peer=("::ffff:127.0.0.1", 5))
    assert viewer is not None


@pytest.mark.parametrize("headers", [(), (("x-forwarded-email", ""),), (("x-forwarded-email", "  "),)])
def test_without_a_name_there_is_nobody(headers: tuple[tuple[str, str], ...]) -> None:
    assert resolve(header_mode(), *headers) is None


def test_the_name_of_the_header_is_matched_in_any_case() -> None:
    assert resolve(header_mode(), ("X-Forwarded-Email", "alice@example.com")) is not None


@pytest.mark.parametrize(
    "headers",
    [
        (("x-forwarded-email", "alice@example.com"), ("x-forwarded-email", "boss@example.com")),
        (("x-forwarded-email", "alice@example.com"), ("x-forwarded-email", "alice@example.com")),
        (("x-forwarded-email", "alice@example.com"), ("x_forwarded_email", "boss@example.com")),
        (("x-forwarded-email", "alice@example.com"), ("X-Forwarded_Email", "boss@example.com")),
        (("x-forwarded-email", "alice@example.com"), ("x.forwarded.email", "boss@example.com")),
        (("x_forwarded_email", "boss@example.com"),),
        (("x-forwarded-email", "alice@example.com,boss@example.com"),),
        (("x-forwarded-email", "not an address"),),
        (("x-forwarded-email", "a@b@example.com"),),
    ],
)
def test_a_doubled_or_varied_header_is_refused(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(InputError):
        resolve(header_mode(), *headers)


def test_another_header_can_be_chosen() -> None:
    resolver = header_mode(auth_header="X-Auth-Request-Email")
    assert resolve(resolver, ("x-auth-request-email", "alice@example.com")) is not None
    assert resolve(resolver, ("x-forwarded-email", "boss@example.com")) is None
