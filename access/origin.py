"""The address that browsers know this server by: behind a proxy it is not the one that it listens on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from ipaddress import IPv6Address, ip_address
from typing import Any

from settings import Settings

Scope = MutableMapping[str, Any]


class Origin:
    """What `CREDITPULSE_PUBLIC_URL` says, or else the request: its Host, and whether a trusted proxy says HTTPS."""

    def __init__(self, settings: Settings) -> None:
        self.public = settings.public_url
        self.trusted = frozenset(canonical_address(address) for address in settings.trusted_proxies)

    def of(self, scope: Scope) -> str:
        """`https://host`, without a slash at the end."""
        if self.public:
            return self.public
        host = next(values(scope["headers"], b"host"), "localhost")
        return f"{'https' if self.is_secure(scope) else 'http'}://{host}"

    def is_secure(self, scope: Scope) -> bool:
        """Whether the browser came by HTTPS."""
        if self.public:
            return self.public.startswith("https:")
        said = list(values(scope["headers"], b"x-forwarded-proto"))
        return scope.get("scheme") in ("https", "wss") or (said == ["https"] and self.trusts(scope))

    def client(self, scope: Scope) -> str:
        """Who asks, by address: the peer, or whom a proxy of ours says that it speaks for."""
        peer = canonical_address(scope["client"][0]) if scope.get("client") else "unknown"
        forwarded = ",".join(values(scope["headers"], b"x-forwarded-for")).rpartition(",")[2].strip()
        return canonical_address(forwarded) if forwarded and self.trusts(scope) else peer

    def trusts(self, scope: Scope) -> bool:
        """Whether the peer itself, not whom it speaks for, is a proxy of ours."""
        client = scope.get("client")
        return client is not None and canonical_address(client[0]) in self.trusted


def values(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> Iterator[str]:
    return (value.decode("latin-1").strip().lower() for key, value in headers if key.lower() == name)


def canonical_address(address: str) -> str:
    """One spelling for each address, also for an IPv4 peer of a socket that serves both families."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(parsed)
