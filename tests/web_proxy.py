"""A relay in front of the app that also knows HTTP: it can refuse or hold back what has a path, and counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from weakref import WeakKeyDictionary

from tests.proxy import Link, Proxy, write

SOCKETS, EVENTS = "/live/ws", "/live/events"
STREAMS = (SOCKETS, EVENTS)
END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # without its query
    upgrade: bool
    body_length: int


class Requests:
    """Follows the requests that come on one connection, as browsers send them: each body has its length."""

    def __init__(self) -> None:
        self.head = b""
        self.body_left = 0
        self.upgraded = False

    def feed(self, data: bytes) -> list[tuple[Request | None, bytes]]:
        """What can be passed on: whole heads, each with its request, and pieces of what follows them."""
        pieces: list[tuple[Request | None, bytes]] = []
        while data:
            if self.upgraded:
                pieces.append((None, data))
                return pieces
            if self.body_left:
                body, data = data[: self.body_left], data[self.body_left :]
                self.body_left -= len(body)
                pieces.append((None, body))
                continue
            self.head += data
            head, end, data = self.head.partition(END_OF_HEAD)
            if not end:
                return pieces
            self.head = b""
            request = parse(head)
            self.upgraded, self.body_left = request.upgrade, request.body_length
            pieces.append((request, head + end))
        return pieces


def parse(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(method, target.partition("?")[0], "upgrade" in fields, int(fields.get("content-length", 0)))


class WebProxy(Proxy):
    """`requests` counts what was asked for, by method and path; `opened` the streams among it that were let in."""

    def __init__(self, target: tuple[str, int]) -> None:
        super().__init__(target)
        self.following: WeakKeyDictionary[Link, Requests] = WeakKeyDictionary()
        self.refusals: dict[str, int] = {}
        self.pages: dict[str, bytes] = {}
        self.buffered: tuple[str, ...] = ()
        self.unbuffered = asyncio.Event()
        self.counts: Counter[str] = Counter()
        self.streams_opened = 0

    # ---- faults

    def refuse_path(self, path: str, status: int = 403) -> None:
        """Answers in the server's place whatever asks for `path…` from now on; what is open stays open."""
        self.order(lambda: self.refusals.update({path: status}))

    def buffer(self, *paths: str) -> None:
        """Keeps back everything that the server says to requests of these paths (the streams' without any)."""

        def start() -> None:
            self.buffered = paths or STREAMS
            self.unbuffered.clear()

        self.order(start)

    def place(self, path: str, page: str) -> None:
        """A page of the test's own, on the server's address; no fault, so that nothing ends it."""
        body = page.encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self.order(lambda: self.pages.update({path: head.encode() + body}))

    def end_faults(self) -> None:
        self.refusals.clear()
        self.buffered = ()
        self.unbuffered.set()
        super().end_faults()

    # ---- what was seen

    @property
    def requests(self) -> Counter[str]:
        """`GET /healthz` and the like, with how often; streams too."""
        return self.order(lambda: Counter(self.counts))

    @property
    def opened(self) -> int:
        """How many streams were opened so far."""
        return self.order(lambda: self.streams_opened)

    @property
    def streams(self) -> int:
        """How many are open now."""
        return self.order(lambda: sum(link.path in STREAMS for link in self.links))

    # ---- the relay

    async def to_server(self, link: Link, data: bytes) -> None:
        requests = self.following.setdefault(link, Requests())
        for request, piece in requests.feed(data):
            if request is not None:
                self.note(link, request)
                answer = self.answer(request.path)
                if answer is not None:
                    await write(link.client, answer)
                    raise ConnectionAbortedError
            await super().to_server(link, piece)

    def note(self, link: Link, request: Request) -> None:
        link.path = request.path
        self.counts[f"{request.method} {request.path}"] += 1
        self.streams_opened += request.path in STREAMS and self.refusal(request.path) is None

    def refusal(self, path: str) -> int | None:
        return next((status for refused, status in self.refusals.items() if path.startswith(refused)), None)

    def answer(self, path: str) -> bytes | None:
        """What we say in the server's place."""
        status = self.refusal(path)
        return self.pages.get(path) if status is None else refusal_text(status)

    async def to_client(self, link: Link, data: bytes) -> None:
        while self.buffered and link.path.startswith(self.buffered):
            await self.unbuffered.wait()
        await super().to_client(link, data)


def refusal_text(status: int) -> bytes:
    phrase = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
