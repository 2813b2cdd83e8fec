"""CSV downloads: streamed page by page as fast as the client takes them, and ended when it hangs up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.parameters import parameters
from api.problems import NO_STORE
from api.reader import Reader, counted_now
from api.tables import csv_text
from data.errors import NotFoundError
from data.listing import Key, Listing, Page
from data.viewer import Viewer

logger = logging.getLogger(__name__)

ROWS_AT_ONCE = 250  # some milliseconds of the loop's time


@dataclass(frozen=True)
class Downloads:
    """`listings` by the name of their file."""

    reader: Reader
    listings: Mapping[str, Listing]

    async def file(self, request: Request) -> Response:
        """Errors before the first page are answered; later ones cut the download off."""
        name = request.path_params["name"]
        listing = self.listings.get(name)
        if listing is None:
            raise NotFoundError(f"There is no file {name[:60]!r}; there are {', '.join(self.listings)}.")
        fields = parameters(request.scope["query_string"])
        viewer: Viewer = request.state.viewer

        def begin(connection: Connection) -> tuple[Any, Page]:
            query = listing.query(viewer, fields, counted_now(connection))
            return query, listing.page(connection, viewer, query, None, ROWS_AT_ONCE)

        query, first = await self.reader.read(begin)
        return Download(f"creditpulse-{listing.name(query)}.csv", self.chunks(listing, viewer, query, first))

    async def chunks(self, listing: Listing, viewer: Viewer, query: Any, first: Page) -> AsyncIterator[bytes]:
        yield csv_text([listing.columns(query)])
        page, after = first, first.after
        while True:
            yield csv_text(page.rows)
            if after is None:
                return
            page = await self.reader.read(following(listing, viewer, query, after))
            after = page.after


def following(listing: Listing, viewer: Viewer, query: Any, after: Key) -> Any:
    return lambda connection: listing.page(connection, viewer, query, after, ROWS_AT_ONCE)


class Download(Response):
    """An answer whose chunks are made while it is sent, each when the one before has been taken."""

    def __init__(self, file_name: str, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks
        super().__init__(
            headers={
                **NO_STORE,
                "Content-Disposition": f'attachment; filename="{file_name}"',
                "Content-Type": "text/csv; charset=utf-8; header=present",
                "X-Content-Type-Options": "nosniff",
                "X-Accel-Buffering": "no",  # nginx would take it all at once
            }
        )
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        sending = asyncio.create_task(self.send_chunks(send))
        gone = asyncio.create_task(hung_up(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, gone):
                task.cancel()
            await asyncio.gather(sending, gone, return_exceptions=True)
        self.report(sending)

    async def send_chunks(self, send: Send) -> None:
        async for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def report(self, sending: asyncio.Task[None]) -> None:
        """A download that has failed ends without its last chunk: so its client knows that it is not whole."""
        error = None if sending.cancelled() else sending.exception()
        if error is not None and not isinstance(error, OSError):
            logger.error("a download failed", exc_info=error, extra={"action": "download.failed"})


async def hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
