"""The JSON API: the rows that downloads have, a page at a time, and one thread by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.cursors import FREE, Cursors
from api.parameters import parameters
from api.problems import NO_STORE
from api.reader import Reader, counted_now
from api.tables import json_rows, time_text
from data.errors import InputError
from data.figures import totals
from data.listing import FIGURES, Key, Listing, Page, Row, figure_cells, local, thread_named
from data.thread_listing import COLUMNS as THREAD_COLUMNS
from data.thread_listing import thread_cells
from data.threads import thread_head
from data.usage_listing import SteppedQuery
from data.viewer import Viewer

LIMIT, MOST_ROWS = 100, 1_000


COLLECTED = ("usage", "threads", "accounts")
# Said beside the rows of a listing.
More = Callable[[Connection, Viewer, Any], Mapping[str, Any]]


def usage_totals(credits_per_dollar: Decimal) -> More:
    """The whole range, and its sums."""

    def totals_of(connection: Connection, viewer: Viewer, query: SteppedQuery) -> Mapping[str, Any]:
        range = query.usage.range
        figures = figure_cells(totals(connection, viewer, query.usage), credits_per_dollar)
        bounds = json_rows(("start", "end"), [(local(range.start, range.zone), local(range.end, range.zone))])
        return {"range": bounds[0], "totals": json_rows(FIGURES, [figures])[0]}

    return totals_of


def nothing_more(_connection: Connection, _viewer: Viewer, _query: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Collected:
    """A listing as a resource, a page at a time; `more` is for the first one."""

    reader: Reader
    cursors: Cursors
    listing: Listing
    more: More = nothing_more

    async def page(self, request: Request) -> Response:
        fields = parameters(request.scope["query_string"], {*self.listing.filters, *FREE})
        path, limit, viewer = request.url.path, limit_of(fields), request.state.viewer
        resumed = self.cursors.read(path, fields, fields["cursor"]) if "cursor" in fields else None

        def read(connection: Connection) -> tuple[Any, datetime, Page, Mapping[str, Any]]:
            now = counted_now(connection)
            now, after = resumed or (now, None)
            query = self.listing.query(viewer, fields, now)
            page = self.listing.page(connection, viewer, query, after, limit)
            return query, now, page, {} if resumed else self.more(connection, viewer, query)

        query, now, page, more = await self.reader.read(read)
        content = {
            "as_of": time_text(now),
            **more,
            "data": json_rows(self.listing.columns(query), page.rows),
            "next": self.next(path, fields, now, page.after),
        }
        return JSONResponse(content, headers=NO_STORE)

    def next(self, path: str, fields: Mapping[str, str], now: datetime, after: Key | None) -> str | None:
        return None if after is None else self.cursors.write(path, fields, now, after)


@dataclass(frozen=True)
class OneThread:
    reader: Reader
    credits_per_dollar: Decimal

    async def answer(self, request: Request) -> Response:
        parameters(request.scope["query_string"], ())
        id, viewer = thread_named(request.path_params["id"]), request.state.viewer

        def read(connection: Connection) -> list[Row]:
            counted_now(connection)
            head = thread_head(connection, viewer, id)
            return thread_cells(connection, viewer, (head,), "UTC", self.credits_per_dollar)

        (thread,) = json_rows(THREAD_COLUMNS, await self.reader.read(read))
        return JSONResponse(thread, headers=NO_STORE)


def limit_of(fields: Mapping[str, str]) -> int:
    written = fields.get("limit", str(LIMIT))
    if not (written.isascii() and written.isdecimal() and len(written) < 6 and 1 <= int(written) <= MOST_ROWS):
        raise InputError(f"limit is {written[:60]!r}; write a number from 1 to {MOST_ROWS}.")
    return int(written)
