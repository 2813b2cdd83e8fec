"""Cookies that scripts cannot read and other sites' forms do not send; on HTTPS no neighbour's page can set them."""

from __future__ import annotations

from collections.abc import Iterable

SESSION = "creditpulse-session"
FLOW = "creditpulse-signin-"  # and how the sign-in's state begins: several tabs may be at it


def cookie_name(base: str, *, secure: bool) -> str:
    """`__Host-`: the browser takes it over HTTPS from this very host only."""
    return f"__Host-{base}" if secure else base


def cookie_in(headers: Iterable[tuple[bytes, bytes]], name: str) -> str | None:
    """The cookie's value; None where there is none, or where there are several, of which one was slipped in."""
    found = {
        value.strip()
        for key, line in headers
        if key.lower() == b"cookie"
        for given, _, value in (part.partition("=") for part in line.decode("latin-1").split(";"))
        if given.strip() == name
    }
    return found.pop() if len(found) == 1 else None


def cookie_set(name: str, value: str, seconds: int, *, secure: bool) -> str:
    """The `Set-Cookie` header; 0 seconds forget it."""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"
