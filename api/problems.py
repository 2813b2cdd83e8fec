"""What goes wrong, as RFC 9457 has it: problem details that say what to do about it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from data.errors import InputError, NotFoundError, UnavailableError

logger = logging.getLogger(__name__)

NO_STORE = {"Cache-Control": "no-store"}
METHODS = ("GET", "HEAD")
REMEDIES: Mapping[int, str] = {
    400: "GET /api/v1/openapi.json says what each parameter takes.",
    404: "Check the address and its ids; who is not staff sees their own accounts and threads only.",
    405: "Use GET.",
    500: "The server's log has the details; tell whoever runs it.",
    503: "Try again in a moment.",
}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    content = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "remedy": REMEDIES[status],
    }
    return JSONResponse(content, status, {**NO_STORE, **(headers or {})}, "application/problem+json")


def problem_of(error: Exception) -> Response:
    if isinstance(error, InputError):
        return problem(400, str(error))
    if isinstance(error, NotFoundError):
        return problem(404, str(error))
    if isinstance(error, UnavailableError):
        return problem(503, str(error), {"Retry-After": "5"})
    logger.error("an answer of the API failed", exc_info=error, extra={"action": "api.failed"})
    return problem(500, "Something went wrong.")


class Resource:
    """An address that answers GET, and every error as a problem."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.response(Request(scope))
        await response(scope, receive, send)

    async def response(self, request: Request) -> Response:
        if request.method not in METHODS:
            return problem(405, f"{request.method} is not answered here.", {"Allow": ", ".join(METHODS)})
        try:
            return await self.answer(request)
        except Exception as error:
            return problem_of(error)


async def nothing_here(request: Request) -> Response:
    raise NotFoundError(f"There is nothing at {request.url.path[:200]}.")
