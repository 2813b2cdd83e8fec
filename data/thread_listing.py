"""Threads as downloads and the JSON API have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from data.listing import FIGURES, Key, Page, Parameters, Row, figure_cells, local, scoped
from data.metrics import Figures
from data.thread_grid import thread_block
from data.thread_query import FILTERS, ThreadQuery, thread_query
from data.threads import ThreadRow
from data.usage import thread_usages
from data.usage_query import scope_for
from data.viewer import Viewer
from data.zones import zone_of

COLUMNS = (
    "thread_id", "title", "project", "account_id", "account", "model", *FIGURES, "running", "running_since", "last_at",
    "created_at",
)  # fmt: skip


@dataclass(frozen=True)
class ListedThreads:
    query: ThreadQuery
    zone: str
    as_of: datetime


class ThreadListing:
    """Every thread that fits the filters, with its exact totals. By id: an order that no call changes."""

    filters = (*FILTERS, "zone")
    every_column = COLUMNS

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> ListedThreads:
        query = thread_query(scoped(viewer, parameters), self.credits_per_dollar)
        scope_for(viewer, query.scope)
        return ListedThreads(replace(query, sort="id"), zone_of(parameters.get("zone") or "UTC").key, now)

    def columns(self, _query: ListedThreads) -> tuple[str, ...]:
        return COLUMNS

    def name(self, query: ListedThreads) -> str:
        return f"threads-{query.as_of.astimezone(zone_of(query.zone)):%Y-%m-%d}"

    def page(self, connection: Connection, viewer: Viewer, query: ListedThreads, after: Key | None, limit: int) -> Page:
        block = thread_block(connection, viewer, query.query, str(after[0]) if after else None, limit)
        rows = thread_cells(connection, viewer, block.rows, query.zone, self.credits_per_dollar)
        return Page(rows, (block.after,) if block.after else None)


def thread_cells(
    connection: Connection, viewer: Viewer, threads: tuple[ThreadRow, ...], zone: str, credits_per_dollar: Decimal
) -> list[Row]:
    """In the order of COLUMNS; the figures are of one moment, whatever was read of the threads before."""
    usages = thread_usages(connection, viewer, [thread.thread_id for thread in threads])
    rows = []
    for thread in threads:
        if usage := usages.get(thread.thread_id):
            figures = Figures(usage.cost, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.calls)
            rows.append(cells_of(thread, figures, zone, credits_per_dollar))
    return rows


def cells_of(thread: ThreadRow, figures: Figures, zone: str, credits_per_dollar: Decimal) -> Row:
    return (
        thread.thread_id,
        thread.title,
        thread.project,
        thread.account_id,
        thread.account,
        thread.model,
        *figure_cells(figures, credits_per_dollar),
        thread.running,
        local(thread.running_since, zone),
        local(thread.last_at, zone),
        local(thread.created_at, zone),
    )
