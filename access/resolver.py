"""From a connection to a viewer, once per request or stream: nothing behind the host asks again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any

from access.cookies import SESSION, cookie_in, cookie_name
from access.directory import Directory
from access.email import address_of, is_among
from access.origin import Origin
from access.sessions import Sessions
from access.viewer import LOCAL
from data.errors import InputError, MisdirectedError
from data.viewer import Viewer
from settings import Settings, SettingsError, is_loopback

Scope = MutableMapping[str, Any]

# Returns None for nobody. Raises InputError for a contradictory request, UnavailableError.
Resolve = Callable[[Scope], Awaitable[Viewer | None]]

# Where in a scope's state it stands when (by time.monotonic) the viewer's right ends, where that is known.
ENDS_AT = "ends_at"


def make_resolver(settings: Settings, directory: Directory, sessions: Sessions | None = None) -> Resolve:
    """The resolver of the mode that is set. Raises SettingsError for a mode that cannot be served.

    `sessions` are of those who have signed in by `oidc`.
    """
    if settings.auth == "local":
        return resolve_local
    if settings.auth == "header":
        return HeaderResolver(settings, directory)
    if sessions is not None:
        return SessionResolver(settings, directory, sessions)
    raise SettingsError(f"CREDITPULSE_AUTH is {settings.auth!r}, for which there are no sessions here")


async def resolve_local(scope: Scope) -> Viewer:
    """Everyone who reaches this machine as itself. Raises MisdirectedError for whoever came by another name.

    A page of any site may have its own name lead to 127.0.0.1, and then read what a browser here is shown.
    """
    if not all(is_loopback(name) for name in named_hosts(scope["headers"])):
        raise MisdirectedError(
            "with CREDITPULSE_AUTH=local everyone is staff, so pages are served to this machine by its own names only: "
            "open http://127.0.0.1 or http://localhost, with this port; behind a proxy, set CREDITPULSE_AUTH=header"
        )
    return LOCAL


def named_hosts(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[str]:
    """Whom the request asks for, without ports; a browser always says it."""
    for key, value in headers:
        if key.lower() == b"host":
            host = value.decode("latin-1").strip().lower()
            yield re.sub(r":[0-9]*$", "", host).removesuffix(".")


class HeaderResolver:
    """Trusts one header, set by a proxy whose own address is on the list; forwarded addresses count for nothing."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        self.header = settings.auth_header.strip().lower()
        self.origin = Origin(settings)
        self.staff = settings.staff
        self.directory = directory

    async def __call__(self, scope: Scope) -> Viewer | None:
        if not self.origin.trusts(scope):
            return None
        said = sole_value(scope["headers"], self.header)
        if not said:
            return None
        email = address_of(said)
        if email is None:
            raise InputError(f"the header {self.header} must hold one e-mail address")
        return await viewer_of(email, self.staff, self.directory)


class SessionResolver:
    """Knows people by the session that their cookie names, and says until when it lasts."""

    def __init__(self, settings: Settings, directory: Directory, sessions: Sessions) -> None:
        self.origin = Origin(settings)
        self.staff = settings.staff
        self.directory = directory
        self.sessions = sessions

    async def __call__(self, scope: Scope) -> Viewer | None:
        name = cookie_name(SESSION, secure=self.origin.is_secure(scope))
        session = await self.sessions.find(cookie_in(scope["headers"], name))
        if session is None:
            return None
        scope.setdefault("state", {})[ENDS_AT] = session.ends_at
        return await viewer_of(session.email, self.staff, self.directory)


async def viewer_of(email: str, staff: frozenset[str], directory: Directory) -> Viewer:
    """Whoever that address is, with what they may see. Raises UnavailableError."""
    if is_among(email, staff):
        return Viewer(email, staff=True)
    return Viewer(email, accounts=await directory.accounts(email))


def sole_value(headers: Iterable[tuple[bytes, bytes]], name: str) -> str:
    """The header's value, empty where it is missing.

    Raises InputError where it is there twice, or under a name that some server or proxy takes for the same
    (X_Forwarded_Email): a client could slip such a one past the proxy that strips the real one.
    """
    alike = [
        (given, value)
        for given, value in ((key.decode("latin-1").lower(), value) for key, value in headers)
        if folded(given) == folded(name)
    ]
    if not alike:
        return ""
    if len(alike) > 1 or alike[0][0] != name:
        raise InputError(f"the header {name} must come once, spelt exactly so")
    return alike[0][1].decode("latin-1").strip()


def folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "-", name.strip())
