"""The way in and out where people sign in with an OpenID provider: four addresses of the host."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from html import escape
from urllib.parse import quote, urlencode, urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from access.cookies import FLOW, SESSION, cookie_in, cookie_name, cookie_set
from access.origin import Origin
from access.provider import Flow, Provider, SignInError
from access.sessions import Sessions
from access.witness import witness_in
from data.audit import REFUSED, SIGNED_IN, SIGNED_OUT
from data.errors import UnavailableError
from live.rates import Rate, Rates
from live.refusals import NO_STORE, page, refusal, refuse

BEGIN, FINISH, LEAVE, LEFT = "/signin", "/signin/callback", "/signout", "/signed-out"
TOO_OFTEN = "Too many tries; sign in again in {} s."
FLOW_SECONDS = 600  # for a person to sign in there
SIGNING_IN = Rate("signing-in", 60, 60)
LONGEST_WAY = 1_000  # characters of the address that is come back to
NOT_SIGNED_IN = "You are not signed in. Open /signin in a browser; scripts cannot sign in by themselves."


class SignIn:
    """Also what the gate asks about who is not signed in: `is_open` addresses, and the `way_in`."""

    def __init__(
        self, provider: Provider, sessions: Sessions, origin: Origin, secret: str, hours: int, rates: Rates | None
    ) -> None:
        self.provider = provider
        self.sessions = sessions
        self.origin = origin
        self.flows = URLSafeTimedSerializer(
            secret, salt="creditpulse sign-in", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self.seconds = hours * 3600
        self.rates = rates

    def routes(self) -> list[BaseRoute]:
        return [
            Route(BEGIN, self.begin),
            Route(FINISH, self.finish),
            Route(LEAVE, self.leave, methods=["GET", "POST"]),
            Route(LEFT, self.left),
        ]

    @staticmethod
    def is_open(path: str) -> bool:
        return path in (BEGIN, FINISH, LEAVE, LEFT)

    async def way_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Leads a person to the provider and back to where they wanted to; tells everything else what to do."""
        if not wants_page(scope):
            await refuse(scope, receive, send, 401, NOT_SIGNED_IN)
            return
        wanted = quote(scope["path"]) + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
        await RedirectResponse(f"{BEGIN}?{urlencode({'to': wanted})}", 302, NO_STORE)(scope, receive, send)

    async def begin(self, request: Request) -> Response:
        if (wait := await self.seconds_over(request)) > 0:
            return refusal(request.scope, 429, TOO_OFTEN.format(wait))
        to = way_back(request.query_params.get("to", "/"))
        try:
            anew = request.query_params.get("again") is not None
            url, flow = await self.provider.begin(self.origin.of(request.scope) + FINISH, anew=anew)
        except (SignInError, UnavailableError) as error:
            return self.failed(request, error, to)
        response = RedirectResponse(url, 302, NO_STORE)
        self.put(request, response, FLOW + flow.state[:12], self.flows.dumps([asdict(flow), to]), FLOW_SECONDS)
        return response

    async def finish(self, request: Request) -> Response:
        """A new session, whatever the browser had before; the flow is over, however it went."""
        if (wait := await self.seconds_over(request)) > 0:
            return refusal(request.scope, 429, TOO_OFTEN.format(wait))
        name = FLOW + request.query_params.get("state", "")[:12]
        known = self.flow_of(request, name)
        if known is None:
            return self.failed(
                request, SignInError("This sign-in was not begun in this browser, or too long ago."), "/"
            )
        flow, to = known
        try:
            identity = await self.provider.finish(flow, dict(request.query_params))
            await self.sessions.end(self.cookie(request, SESSION))
            cookie = await self.sessions.start(identity.email, identity.subject, identity.id_token, self.seconds)
        except (SignInError, UnavailableError) as error:
            self.tell(request, REFUSED)
            response = self.failed(request, error, to)
        else:
            self.tell(request, SIGNED_IN, identity.email)
            response = RedirectResponse(to, 303, NO_STORE)
            self.put(request, response, SESSION, cookie, self.seconds)
        self.put(request, response, name, "", 0)
        return response

    async def leave(self, request: Request) -> Response:
        """Only a form of our own signs anybody out; whoever comes by a link is asked."""
        if request.method != "POST":
            return page("Sign out?", "Pages that are open in this browser close, and what they keep here is removed.",
                        action=f'<form method="post" action="{LEAVE}"><button>Sign out</button></form>')  # fmt: skip
        try:
            ended = await self.sessions.end(self.cookie(request, SESSION))
        except UnavailableError as error:
            return refusal(request.scope, 503, str(error))
        if ended:
            self.tell(request, SIGNED_OUT, ended.email)
        back = self.origin.of(request.scope) + LEFT
        url = await self.provider.sign_out_url(ended.id_token, back) if ended else None
        # A page that goes on by itself: a form may not lead to another site, also not by a redirect.
        response = page("Signed out", "Signing out at the sign-in service too …", head=refresh(url or LEFT))
        response.headers["Clear-Site-Data"] = '"storage"'  # what the pages have kept in this browser
        self.put(request, response, SESSION, "", 0)
        return response

    async def left(self, _request: Request) -> Response:
        return page("Signed out", "You are signed out, and nothing of what you saw is left in this browser.",
                    action=f'<p><a href="{BEGIN}">Sign in</a></p>')  # fmt: skip

    def tell(self, request: Request, action: str, person: str = "") -> None:
        """What the audit is to hear of this request."""
        witness = witness_in(request.scope)
        witness.action, witness.person = action, person

    def failed(self, request: Request, error: Exception, to: str) -> Response:
        """Never leads on by itself: a provider that says no would be asked for ever."""
        status = 503 if isinstance(error, UnavailableError) else 403
        again = f"{BEGIN}?{urlencode({'to': to, 'again': '1'})}"
        action = f'<p><a href="{escape(again)}">Sign in again</a></p>'
        if not wants_page(request.scope):
            return refusal(request.scope, status, str(error))
        return page("That did not work", str(error), status, action=action)

    def flow_of(self, request: Request, name: str) -> tuple[Flow, str] | None:
        """What this browser began, and not longer ago than it may take."""
        try:
            fields, to = self.flows.loads(self.cookie(request, name) or "", max_age=FLOW_SECONDS)
            flow = Flow(**fields)
        except (BadData, TypeError, ValueError):
            return None
        return (flow, way_back(to)) if flow.state == request.query_params.get("state") else None

    def cookie(self, request: Request, base: str) -> str | None:
        name = cookie_name(base, secure=self.origin.is_secure(request.scope))
        return cookie_in(request.scope["headers"], name)

    def put(self, request: Request, response: Response, base: str, value: str, seconds: int) -> None:
        secure = self.origin.is_secure(request.scope)
        line = cookie_set(cookie_name(base, secure=secure), value, seconds, secure=secure)
        response.headers.append("Set-Cookie", line)

    async def seconds_over(self, request: Request) -> int:
        if self.rates is None:
            return 0
        return await self.rates.seconds_over(SIGNING_IN, self.origin.client(request.scope))


def way_back(to: object) -> str:
    """An address of ours, or the home page: nothing that a browser would take for another site's."""
    if not isinstance(to, str) or len(to) > LONGEST_WAY or not to.isprintable() or "\\" in to:
        return "/"
    try:
        parts = urlsplit(to)
    except ValueError:
        return "/"
    own = to.startswith("/") and not to.startswith("//") and not parts.scheme and not parts.netloc
    return to if own and not SignIn.is_open(parts.path) else "/"


def wants_page(scope: Scope) -> bool:
    """Whether a person opens this in a browser's tab: only they can sign in."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
        return False
    headers = Headers(scope=scope)
    return "text/html" in headers.get("accept", "") and headers.get("sec-fetch-dest", "document") == "document"


def refresh(url: str) -> str:
    return f'<meta http-equiv="refresh" content="0; url={escape(url)}">'
