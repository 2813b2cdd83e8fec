"""Where a request comes from: our own pages, a person's address bar or a script, or a page of another site."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import Scope

READING = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = frozenset({"cross-site", "same-site"})  # of another site, and of a neighbour on ours

REFUSED = "This was sent by a page of another site (or a proxy changes the Host header), so it is not answered."


def from_elsewhere(scope: Scope) -> bool:
    """Whether a page of another site opened this: browsers send WebSockets across sites, with our cookies.

    Schemes are not compared: behind a proxy that ends TLS nobody tells ours.
    """
    headers = Headers(scope=scope)
    hosts = {host.lower() for host in headers.getlist("host")}
    return any({origin.partition("://")[2].lower()} != hosts for origin in headers.getlist("origin"))


def is_forged(scope: Scope) -> bool:
    """Whether another site's page asks for this in a person's name.

    It may lead a person here, as every link does; it may neither read with their rights nor change anything.
    Browsers say so themselves (Fetch Metadata) on HTTPS and on this machine, and with `Origin` on every change.
    """
    headers = Headers(scope=scope)
    if scope["method"] not in READING and from_elsewhere(scope):
        return True
    if not FOREIGN.intersection(headers.getlist("sec-fetch-site")):
        return False
    led_here = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest", "document") == "document"
    return scope["method"] not in READING or not led_here
