"""What every answer tells the browser to forbid: scripts that are not ours, frames, guesses at types."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR_SECONDS = 31_536_000

# Figures, charts and grids set styles on their elements; scripts are files of ours, or named by their hash.
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
UNUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
    "payment", "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip


class SafeHeaders:
    """`hashes` are those of inline scripts; `is_secure(scope)` says whether the browser came by HTTPS."""

    def __init__(
        self, app: ASGIApp, hashes: Sequence[str] = (), is_secure: Callable[[Scope], bool] | None = None
    ) -> None:
        self.app = app
        self.headers = safe_headers(hashes)
        self.is_secure = is_secure or (lambda scope: scope.get("scheme") == "https")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = [*self.headers, *(HSTS if self.is_secure(scope) else ())]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", ())
                names = {name.lower() for name, _ in given}
                message = {**message, "headers": [*given, *(one for one in headers if one[0] not in names)]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


HSTS = ((b"strict-transport-security", f"max-age={YEAR_SECONDS}".encode()),)


def safe_headers(hashes: Sequence[str]) -> list[tuple[bytes, bytes]]:
    policy = POLICY.format(hashes="".join(f" {one}" for one in hashes))
    return [
        (b"content-security-policy", policy.encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"same-origin"),
        (b"permissions-policy", ", ".join(f"{name}=()" for name in UNUSED).encode()),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]
