"""`/metrics`: who may read it, and what it says.

It stands ahead of the sign-in, for a scraper signs in nowhere: whoever has the token may read. Without a token set,
only this machine may, and only where nothing suggests that somebody else asks through a proxy on it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from access.origin import canonical_address
from access.resolver import named_hosts
from live.refusals import NO_STORE, refusal
from live.sampler import Sampler
from settings import is_loopback

PATH = "/metrics"
# What proxies add on behalf of somebody else; any spelling with `x-forwarded-` counts, too.
FORWARDED = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip"}
)
REMEDY = (
    "metrics are for this machine, asked directly by a loopback name; "
    "for anyone else set CREDITPULSE_METRICS_TOKEN and send it as a bearer token"
)


@dataclass(frozen=True)
class Admission:
    """`proxies` are addresses from which somebody else's requests come: with `token` None they are let in never."""

    token: str | None
    proxies: frozenset[str] = frozenset()

    def status(self, scope: Scope) -> int:
        """200, 401 for a wrong or missing token, 403 where none is set and the asker is not this machine."""
        if self.token is not None:
            return 200 if self.has_token(scope["headers"]) else 401
        return 200 if self.is_this_machine(scope) else 403

    def has_token(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        given = [value for name, value in headers if name.lower() == b"authorization"]
        kind, _, token = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        right = secrets.compare_digest(token.strip(), (self.token or "").encode())
        return right and kind.lower() == b"bearer"

    def is_this_machine(self, scope: Scope) -> bool:
        client = scope.get("client")
        peer = canonical_address(client[0]) if client else ""
        names = [name.decode("latin-1").lower().replace("_", "-") for name, _ in scope["headers"]]
        hosts = list(named_hosts(scope["headers"]))
        return (
            is_loopback(peer)
            and peer not in self.proxies
            and len(hosts) == 1
            and is_loopback(hosts[0])
            and not any(name in FORWARDED or name.startswith("x-forwarded-") for name in names)
        )


class Scrape:
    """`folder` is where the processes of one port share their values, None where there is one process."""

    def __init__(
        self, registry: CollectorRegistry, sampler: Sampler, admission: Admission, folder: Path | None = None
    ) -> None:
        self.registry = registry
        self.sampler = sampler
        self.admission = admission
        self.folder = folder

    async def answer(self, scope: Scope) -> Response:
        status = self.admission.status(scope)
        if status != 200:
            refused = refusal(scope, status, REMEDY)
            if status == 401:
                refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        if scope["method"] not in ("GET", "HEAD"):
            return refusal(scope, 405, "use GET")
        await asyncio.gather(self.sampler.count_queue(), asyncio.to_thread(self.sampler.sample_process))
        self.sampler.sample()
        encode, content_type = encoder(Headers(scope=scope).get("accept", ""))
        # Off the loop: a few milliseconds, or tens where several processes' values are added up.
        body = await asyncio.to_thread(lambda: encode(self.collected()))
        return Response(body, headers={**NO_STORE, "Content-Type": content_type})

    def collected(self) -> CollectorRegistry:
        if self.folder is None:
            return self.registry
        shared = CollectorRegistry()
        MultiProcessCollector(shared, str(self.folder))  # type: ignore[no-untyped-call]
        return shared


def encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """The plain text format for whoever asks for a version that is none."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):
        return choose_encoder("")


class ScrapeDoor:
    """Answers `/metrics` itself, ahead of whatever signs people in, and lets everything else pass."""

    def __init__(self, app: ASGIApp, scrape: Scrape) -> None:
        self.app = app
        self.scrape = scrape

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await (await self.scrape.answer(scope))(scope, receive, send)
        else:
            await self.app(scope, receive, send)
