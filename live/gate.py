"""The host's only door: finds out who is looking, once, before anything else sees the request."""

from __future__ import annotations

import asyncio
import logging

from starlette.types import ASGIApp, Receive, Scope, Send

from access.resolver import Resolve
from data.errors import InputError, MisdirectedError, UnavailableError
from live.provenance import READING, REFUSED, is_forged
from live.refusals import refuse
from live.signin import SignIn

logger = logging.getLogger(__name__)

# What load balancers ask; it tells nothing about usage.
OPEN_PATHS = frozenset({"/healthz", "/readyz"})

SIGN_IN = (
    "You are not signed in. Open Creditpulse through your organisation's sign-in proxy; "
    "whoever runs it finds its address under CREDITPULSE_TRUSTED_PROXIES."
)


class Gate:
    """Puts the Viewer at `scope["state"]["viewer"]`; nobody gets past it without one.

    `sign_in` has the addresses that lead in, where people sign in here.
    """

    def __init__(self, app: ASGIApp, resolve: Resolve, sign_in: SignIn | None = None) -> None:
        self.app = app
        self.resolve = resolve
        self.sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or is_open(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and is_forged(scope):
            await refuse(scope, receive, send, 403, REFUSED)
        elif self.sign_in is not None and self.sign_in.is_open(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await self.admit(scope, receive, send)

    async def admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            viewer = await self.resolve(scope)
        except MisdirectedError as error:
            await refuse(scope, receive, send, 421, str(error))
        except InputError as error:
            await refuse(scope, receive, send, 400, str(error))
        except UnavailableError as error:
            await refuse(scope, receive, send, 503, str(error))
        else:
            if viewer is None:
                await self.lead_in(scope, receive, send)
            else:
                scope.setdefault("state", {})["viewer"] = viewer
                await self.serve(scope, receive, send)

    async def lead_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.sign_in is not None:
            await self.sign_in.way_in(scope, receive, send)
        else:
            await refuse(scope, receive, send, 401, SIGN_IN)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only a server that ends cancels a request (a callback that takes too long): that is no fault to report."""
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            logger.info("cut short: %s", scope["path"], extra={"action": "request.cut_short"})


def is_open(scope: Scope) -> bool:
    """Only reading: any other method there is for the pages to refuse, and they know nobody who was not let in."""
    return scope["path"] in OPEN_PATHS and scope.get("method", "GET") in READING
