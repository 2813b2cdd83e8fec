"""What cost how much in a range, by model, account or thread: the dearest in order, or everything by key."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from data.errors import InputError
from data.figures import (
    Line,
    Top,
    figures_of_accounts,
    figures_of_threads,
    series,
    top_accounts,
    top_threads,
    totals,
)
from data.listing import FIGURES, RANGE_FILTERS, Key, Page, Parameters, Row, dates_of, figure_cells, usage_query_of
from data.metrics import NOTHING, Figures
from data.spenders import Spender, spending_accounts, spending_threads
from data.usage_query import UsageQuery
from data.viewer import Viewer

MOST_IN_ORDER = 1_000
ALL_LINES = 1_000_000
SHARE_STEP = Decimal("0.000001")


@dataclass(frozen=True)
class TopQuery:
    usage: UsageQuery
    limit: int | None  # None: everything, by key


def top_limit(parameters: Parameters) -> int | None:
    written = parameters.get("limit")
    if written is None:
        return None
    if not (written.isascii() and written.isdecimal() and len(written) < 6 and 1 <= int(written) <= MOST_IN_ORDER):
        raise InputError(f"limit is {written[:60]!r}; write a number from 1 to {MOST_IN_ORDER}, or none for all.")
    return int(written)


class ModelListing:
    """Every model that has usage in the range, the dearest first."""

    filters = RANGE_FILTERS
    every_column = ("model", *FIGURES, "share")

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> UsageQuery:
        return usage_query_of(viewer, parameters, now)

    def columns(self, _query: UsageQuery) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: UsageQuery) -> str:
        return f"models-{dates_of(query.range)}"

    def page(self, connection: Connection, viewer: Viewer, query: UsageQuery, _after: Key | None, _limit: int) -> Page:
        lines = series(connection, viewer, query, "month", "model", ALL_LINES).lines
        models = sorted(((line.label, whole_of(line)) for line in lines), key=lambda model: -model[1].cost)
        total = sum((figures.cost for _label, figures in models), Decimal(0))
        return Page(
            [
                (label, *figure_cells(figures, self.credits_per_dollar), share_of(figures.cost, total))
                for label, figures in models
            ]
        )


class TopListing(ABC):
    """The dearest `limit` in order, with their shares; or, without a limit, everything with calls, by id."""

    filters = (*RANGE_FILTERS, "limit")
    id_columns: tuple[str, str]
    file: str

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    @property
    def every_column(self) -> tuple[str, ...]:
        return (*self.id_columns, *FIGURES, "share")

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> TopQuery:
        return TopQuery(usage_query_of(viewer, parameters, now), top_limit(parameters))

    def columns(self, _query: TopQuery) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: TopQuery) -> str:
        return f"{self.file}-{dates_of(query.usage.range)}"

    def page(self, connection: Connection, viewer: Viewer, query: TopQuery, after: Key | None, limit: int) -> Page:
        if query.limit is not None:
            dearest = self.dearest(connection, viewer, query.usage, query.limit)
            return Page([self.cells(one.key, one.label, one.figures, one.share) for one in dearest])
        found = self.spenders(connection, viewer, query.usage, UUID(str(after[0])) if after else None, limit)
        figures = self.figures(connection, viewer, query.usage, [one.id for one in found])
        total = totals(connection, viewer, query.usage).cost
        rows = [
            self.cells(str(one.id), one.label, own, share_of(own.cost, total))
            for one in found
            if (own := figures.get(one.id))
        ]
        return Page(rows, (str(found[-1].id),) if len(found) == limit else None)

    def cells(self, key: str, label: str, figures: Figures, share: Decimal) -> Row:
        return (key, label, *figure_cells(figures, self.credits_per_dollar), share.quantize(SHARE_STEP))

    @abstractmethod
    def dearest(self, connection: Connection, viewer: Viewer, query: UsageQuery, limit: int) -> tuple[Top, ...]: ...

    @abstractmethod
    def spenders(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, after: UUID | None, limit: int
    ) -> list[Spender]: ...

    @abstractmethod
    def figures(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, ids: list[UUID]
    ) -> dict[UUID, Figures]: ...


class TopThreadListing(TopListing):
    __doc__ = TopListing.__doc__
    id_columns = ("thread_id", "title")
    file = "threads"

    def dearest(self, connection: Connection, viewer: Viewer, query: UsageQuery, limit: int) -> tuple[Top, ...]:
        return top_threads(connection, viewer, query, limit)

    def spenders(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, after: UUID | None, limit: int
    ) -> list[Spender]:
        return spending_threads(connection, viewer, query, after, limit)

    def figures(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, ids: list[UUID]
    ) -> dict[UUID, Figures]:
        return figures_of_threads(connection, viewer, query, ids)


class TopAccountListing(TopListing):
    __doc__ = TopListing.__doc__
    id_columns = ("account_id", "account")
    file = "accounts"

    def dearest(self, connection: Connection, viewer: Viewer, query: UsageQuery, limit: int) -> tuple[Top, ...]:
        return top_accounts(connection, viewer, query, limit)

    def spenders(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, after: UUID | None, limit: int
    ) -> list[Spender]:
        return spending_accounts(connection, viewer, query, after, limit)

    def figures(
        self, connection: Connection, viewer: Viewer, query: UsageQuery, ids: list[UUID]
    ) -> dict[UUID, Figures]:
        edges = (query.range.start, query.range.end)
        found = figures_of_accounts(connection, viewer, query, ids, edges)
        return {id: figures for (id, _number), figures in found.items()}


def whole_of(line: Line) -> Figures:
    return sum(line.figures, NOTHING)


def share_of(cost: Decimal, total: Decimal) -> Decimal:
    return (cost / total).quantize(SHARE_STEP) if total > 0 else Decimal(0)
