"""Every address of this package, for the host to answer ahead of the pages."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.routing import BaseRoute, Route

from api.cursors import Cursors
from api.downloads import Downloads
from api.openapi import Document
from api.problems import Resource, nothing_here
from api.reader import Reader
from api.resources import COLLECTED, Collected, OneThread, nothing_more, usage_totals
from data.exports import listings

API = "/api/v1"


def make_routes(engine: AsyncEngine, credits_per_dollar: Decimal, secret: str) -> list[BaseRoute]:
    """`engine` serves these alone, and is in no transaction; `secret` is the same in every process."""
    reader, cursors, listed = Reader(engine), Cursors(secret), listings(credits_per_dollar)
    document = Document(listed)
    more = {"usage": usage_totals(credits_per_dollar)}
    collected = [
        Route(f"{API}/{name}", Resource(Collected(reader, cursors, listed[name], more.get(name, nothing_more)).page))
        for name in COLLECTED
    ]
    return [
        Route("/export/{name}.csv", Resource(Downloads(reader, listed).file)),
        Route(f"{API}/openapi.json", Resource(document.answer)),
        *collected,
        Route(f"{API}/threads/{{id}}", Resource(OneThread(reader, credits_per_dollar).answer)),
        Route("/api/{path:path}", Resource(nothing_here)),
        Route("/export/{path:path}", Resource(nothing_here)),
    ]
