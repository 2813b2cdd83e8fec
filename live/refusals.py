"""How a request or a stream is refused: a status for HTTP; for WebSockets a close code after the accept.

A browser learns nothing from a refused handshake, so code 4000 + status says what the status would have said.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

NO_STORE = {"Cache-Control": "no-store"}
MOST_REASON_BYTES = 123  # of a close frame

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">{head}
<title>{title} · Creditpulse</title></head>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 20vh auto; padding: 0 1rem">
<h1 style="font-size: 1.4rem">{title}</h1><p>{text}</p>{action}</body></html>
"""


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    """Answers the connection, whichever kind it is."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await close(send, 4000 + status, reason)
        return
    await refusal(scope, status, reason)(scope, receive, send)


async def close(send: Send, code: int, reason: str) -> None:
    """`reason` is cut to what a close frame holds."""
    text = reason.encode()[:MOST_REASON_BYTES].decode(errors="ignore")
    await send({"type": "websocket.close", "code": code, "reason": text})


def refusal(scope: Scope, status: int, reason: str) -> Response:
    """A page for people, problem details (RFC 9457) for scripts."""
    title = HTTPStatus(status).phrase
    if "text/html" in Headers(scope=scope).get("accept", ""):
        return page(title, reason, status)
    problem = {"type": "about:blank", "title": title, "status": status, "detail": reason, "error": reason}
    return JSONResponse(problem, status, NO_STORE, "application/problem+json")


def page(title: str, text: str, status: int = 200, *, head: str = "", action: str = "") -> Response:
    """A page that stands by itself; `head` and `action` are HTML of ours."""
    content = PAGE.format(title=escape(title), text=escape(text), head=head, action=action)
    return HTMLResponse(content, status, headers=NO_STORE)
