"""Serves the service worker, which keeps visited pages in the browser: `worker/*.js`, as one script at the root.

Only a worker from the root may answer for every page, and in `assets/` Dash would run it in the page.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SOURCE = Path(__file__).parent.parent / "worker"
# Each builds on those before it.
FILES = ("routes", "questions", "absent", "shelf", "database", "reach", "keeper", "main")
PATH = "/sw.js"


class Worker:
    """`source` is read once: a worker that changes while pages run would be another release's."""

    def __init__(self, source: Path = SOURCE) -> None:
        self.script = b"\n".join((source / f"{name}.js").read_bytes() for name in FILES)
        self.tag = f'"{sha256(self.script).hexdigest()[:16]}"'

    async def __call__(self, request: Request) -> Response:
        """Browsers look for a new one with every page, so that it may not be kept without asking."""
        headers = {"Cache-Control": "no-cache", "ETag": self.tag, "X-Content-Type-Options": "nosniff"}
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        return Response(self.script, media_type="text/javascript", headers=headers)


def worker_route() -> Route:
    return Route(PATH, Worker().__call__, methods=["GET"])
