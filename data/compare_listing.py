"""What a chart of compared threads draws, in full: each thread's cost from its first call on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from data.errors import NotFoundError
from data.listing import Key, Page, Parameters, Row, local
from data.thread_compare import ComparedThread, compared_ids, compared_threads
from data.viewer import Viewer
from data.zones import zone_of

COLUMNS = ("thread_id", "title", "at", "elapsed_seconds", "calls", "cost", "credits", "total_cost", "total_credits")


@dataclass(frozen=True)
class ComparedQuery:
    ids: tuple[UUID, ...]
    zone: str


class CompareListing:
    """The course of up to six threads: a row for each call, or, of many calls, for each step of time with calls."""

    filters = ("threads", "zone")
    every_column = COLUMNS

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, _viewer: Viewer, parameters: Parameters, _now: datetime) -> ComparedQuery:
        return ComparedQuery(
            compared_ids(parameters.get("threads") or ""), zone_of(parameters.get("zone") or "UTC").key
        )

    def columns(self, _query: ComparedQuery) -> tuple[str, ...]:
        return COLUMNS

    def name(self, _query: ComparedQuery) -> str:
        return "threads-compared"

    def page(
        self, connection: Connection, viewer: Viewer, query: ComparedQuery, _after: Key | None, _limit: int
    ) -> Page:
        found = compared_threads(connection, viewer, query.ids)
        if not found:
            raise NotFoundError("There are no such threads, or they are not yours to see.")
        return Page([row for one in found for row in self.rows(one, query.zone)])

    def rows(self, compared: ComparedThread, zone: str) -> Iterator[Row]:
        for point in compared.points:
            since = point.at - (compared.first_at or point.at)
            yield (
                compared.thread.thread_id,
                compared.thread.title,
                local(point.at, zone),
                round(since.total_seconds()),
                point.calls,
                point.cost,
                point.cost * self.credits_per_dollar,
                point.cumulative,
                point.cumulative * self.credits_per_dollar,
            )
