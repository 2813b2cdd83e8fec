"""Nobody takes more than a share: requests of one person are counted, and too many are asked to wait.

It stands behind the gate, which has said who is looking. Files of our own, which browsers keep, are not counted.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from live.rates import Rate, Rates
from live.refusals import refusal, refuse

# A page that changes all the time asks some five times a second; a person has a dozen of them at the most.
ASKING = Rate("asking", 600, 10)
EXPORTING = Rate("exporting", 60, 60)
FREE = ("/assets/", "/_dash-component-suites/")
TOO_MANY = "Too many requests; try again in {} s."


class Throttle:
    """`rates` None counts nothing: a person's own machine."""

    def __init__(self, app: ASGIApp, rates: Rates | None) -> None:
        self.app = app
        self.rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        viewer = scope.get("state", {}).get("viewer")
        if self.rates is None or viewer is None or scope["path"].startswith(FREE):
            await self.app(scope, receive, send)
            return
        wait = await self.rates.seconds_over(rate_of(scope["path"]), viewer.name)
        if not wait:
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            response = refusal(scope, 429, TOO_MANY.format(wait))
            response.headers["Retry-After"] = str(wait)
            await response(scope, receive, send)
        else:
            await refuse(scope, receive, send, 429, TOO_MANY.format(wait))


def rate_of(path: str) -> Rate:
    return EXPORTING if path.startswith("/export/") else ASKING
