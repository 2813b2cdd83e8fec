"""What belongs to one thread, or one account, row by row: calls, agent runs, purchased credits used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from data.calls import DATED, check_thread
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.listing import (
    FIGURES,
    Key,
    Page,
    Parameters,
    dates_of,
    local,
    read_phases,
    thread_of,
    time_in,
    usage_query_of,
)
from data.ranges import Range
from data.threads import calendar_time
from data.usage_query import scope_for
from data.viewer import Viewer
from data.zones import zone_of

# Those that count: their sums are the thread's figures.
CALLS = """
    SELECT c.id, c.created_at AS at, c.user_id, nullif(c.model, '') AS model, c.prompt_tokens, c.completion_tokens,
        c.total_tokens, c.cost
    FROM creditpulse.source_usage c
    WHERE c.thread_id = :thread AND {place}
        AND creditpulse.foldable(c.prompt_tokens, c.completion_tokens, c.total_tokens, c.cost)
    ORDER BY {order} LIMIT :limit
"""
DATED_CALLS = text(CALLS.format(place=f"{DATED} AND (c.created_at, c.id) > (:at, :id)", order="c.created_at, c.id"))
UNDATED_CALLS = text(
    CALLS.format(
        place="(c.created_at IS NULL OR c.created_at <= '0001-01-02' OR c.created_at >= '9999-12-30') AND c.id > :id",
        order="c.id",
    ).replace("c.created_at AS at", "cast(NULL AS timestamptz) AS at")
)
RUNS = text(f"""
    SELECT r.id, r.status, {calendar_time("r.started_at")} AS started_at,
        {calendar_time("r.completed_at")} AS completed_at, left(r.error, 10000) AS error, k.place
    FROM creditpulse.source_runs r
    CROSS JOIN LATERAL (
        SELECT coalesce({calendar_time("coalesce(r.started_at, r.created_at)")}, '0001-01-02') AS place
    ) k
    WHERE r.thread_id = :thread AND (k.place, r.id) > (:at, :id)
    ORDER BY k.place, r.id LIMIT :limit
""")  # noqa: S608
PURCHASES = """
    SELECT p.id, {at} AS at, p.user_id, p.thread_id, p.cost, p.description
    FROM creditpulse.source_purchases p
    WHERE {whose} AND abs(p.cost) < 1e16
    ORDER BY {order} LIMIT :limit
"""
IN_RANGE = "p.created_at >= :start AND p.created_at < :end"
OF_USERS = text(
    PURCHASES.format(
        at="p.created_at",
        whose=f"{IN_RANGE} AND (:scope = :every OR p.user_id = :scope)"
        " AND (p.user_id, p.created_at, p.id) > (:user, :at, :id)",
        order="p.user_id, p.created_at, p.id",
    )
)
OF_NOBODY = text(
    PURCHASES.format(
        at="p.created_at",
        whose=f"{IN_RANGE} AND p.user_id IS NULL AND :scope IN (:every, :nil) AND (p.created_at, p.id) > (:at, :id)",
        order="p.created_at, p.id",
    )
)
OF_THREAD = text(
    PURCHASES.format(at=calendar_time("p.created_at"), whose="p.thread_id = :thread AND p.id > :id", order="p.id")
)
FIRST_TIME = datetime.fromisoformat("0001-01-02T00:00:00+00:00")
FIRST_ID = UUID(int=0)  # of no row: all bits of a UUID are never 0


@dataclass(frozen=True)
class ThreadContent:
    thread_id: UUID
    zone: str

    @property
    def short_id(self) -> str:
        return str(self.thread_id)[:8]


def thread_content(parameters: Parameters) -> ThreadContent:
    return ThreadContent(thread_of(parameters), zone_of(parameters.get("zone") or "UTC").key)


class CallListing:
    """Every call of a thread that counts, the oldest first, those without a usable time last."""

    filters = ("thread", "zone")
    every_column = ("call_id", "at", "account_id", "model", *FIGURES[:-1])

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, _viewer: Viewer, parameters: Parameters, _now: datetime) -> ThreadContent:
        return thread_content(parameters)

    def columns(self, _query: ThreadContent) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: ThreadContent) -> str:
        return f"calls-{query.short_id}"

    def page(self, connection: Connection, viewer: Viewer, query: ThreadContent, after: Key | None, limit: int) -> Page:
        check_thread(connection, viewer, query.thread_id)

        def dated(beyond: Key | None, limit: int) -> Sequence[Any]:
            at, id = (time_in(beyond[0]), UUID(str(beyond[1]))) if beyond else (FIRST_TIME, FIRST_ID)
            return read(connection, DATED_CALLS, thread=query.thread_id, at=at, id=id, limit=limit)

        def undated(beyond: Key | None, limit: int) -> Sequence[Any]:
            id = UUID(str(beyond[0])) if beyond else FIRST_ID
            return read(connection, UNDATED_CALLS, thread=query.thread_id, id=id, limit=limit)

        rows, following = read_phases([dated, undated], place, after, limit)
        return Page([self.cells(row, query.zone) for row in rows], following)

    def cells(self, row: Any, zone: str) -> Any:
        account = row.user_id or UNATTRIBUTED
        tokens = (int(row.prompt_tokens), int(row.completion_tokens), int(row.total_tokens))
        return (row.id, local(row.at, zone), account, row.model, row.cost, row.cost * self.credits_per_dollar, *tokens)


def place(row: Any) -> Key:
    return (row.at.isoformat(), str(row.id)) if row.at else (str(row.id),)


def read(connection: Connection, statement: TextClause, **values: Any) -> Sequence[Any]:
    return connection.execute(statement, values).all()


class RunListing:
    """The agent runs of a thread, in the order in which they began."""

    filters = ("thread", "zone")
    every_column = ("run_id", "status", "started_at", "completed_at", "error")

    def query(self, _viewer: Viewer, parameters: Parameters, _now: datetime) -> ThreadContent:
        return thread_content(parameters)

    def columns(self, _query: ThreadContent) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: ThreadContent) -> str:
        return f"runs-{query.short_id}"

    def page(self, connection: Connection, viewer: Viewer, query: ThreadContent, after: Key | None, limit: int) -> Page:
        check_thread(connection, viewer, query.thread_id)
        at, id = (time_in(after[0]), UUID(str(after[1]))) if after else (FIRST_TIME, FIRST_ID)
        rows = read(connection, RUNS, thread=query.thread_id, at=at, id=id, limit=limit)
        cells = [
            (row.id, row.status, local(row.started_at, query.zone), local(row.completed_at, query.zone), row.error)
            for row in rows
        ]
        return Page(cells, (rows[-1].place.isoformat(), str(rows[-1].id)) if len(rows) == limit else None)


@dataclass(frozen=True)
class PurchaseQuery:
    """Of a thread, whenever, or of a scope in a range."""

    scope: str
    range: Range
    thread_id: UUID | None


class PurchaseListing:
    """Debits of purchased credits: a thread's, or a scope's in a range by account and time."""

    filters = ("thread", "scope", "range", "from", "to", "zone")
    every_column = ("purchase_id", "at", "account_id", "thread_id", "cost", "purchased_credits", "description")

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> PurchaseQuery:
        usage = usage_query_of(viewer, parameters, now)
        return PurchaseQuery(usage.scope, usage.range, thread_of(parameters) if parameters.get("thread") else None)

    def columns(self, _query: PurchaseQuery) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: PurchaseQuery) -> str:
        return f"purchases-{str(query.thread_id)[:8] if query.thread_id else dates_of(query.range)}"

    def page(self, connection: Connection, viewer: Viewer, query: PurchaseQuery, after: Key | None, limit: int) -> Page:
        if query.thread_id:
            check_thread(connection, viewer, query.thread_id)
            id = UUID(str(after[0])) if after else FIRST_ID
            rows = read(connection, OF_THREAD, thread=query.thread_id, id=id, limit=limit)
            following: Key | None = (str(rows[-1].id),) if len(rows) == limit else None
        else:
            rows, following = self.of_scope(connection, viewer, query, after, limit)
        return Page([self.cells(row, query.range.zone) for row in rows], following)

    def of_scope(
        self, connection: Connection, viewer: Viewer, query: PurchaseQuery, after: Key | None, limit: int
    ) -> tuple[list[Any], Key | None]:
        values = {
            "scope": scope_for(viewer, query.scope),
            "every": ALL_ACCOUNTS,
            "start": query.range.start,
            "end": query.range.end,
        }

        def of_users(beyond: Key | None, limit: int) -> Sequence[Any]:
            at, id, user = beyond or (FIRST_TIME.isoformat(), str(FIRST_ID), str(FIRST_ID))
            places = {"user": UUID(str(user)), "at": time_in(at), "id": UUID(str(id))}
            return read(connection, OF_USERS, **values, **places, limit=limit)

        def of_nobody(beyond: Key | None, limit: int) -> Sequence[Any]:
            at, id, *_ = beyond or (FIRST_TIME.isoformat(), str(FIRST_ID))
            places = {"at": time_in(at), "id": UUID(str(id)), "nil": UNATTRIBUTED}
            return read(connection, OF_NOBODY, **values, **places, limit=limit)

        return read_phases(
            [of_users, of_nobody], lambda row: (*place(row), str(row.user_id or UNATTRIBUTED)), after, limit
        )

    def cells(self, row: Any, zone: str) -> Any:
        account = row.user_id or UNATTRIBUTED
        credits = row.cost * self.credits_per_dollar
        return (row.id, local(row.at, zone), account, row.thread_id, row.cost, credits, row.description)
