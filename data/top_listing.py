"""What cost how much in a range, by model, account or thread: the dearest in order, or everything by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from data.errors import InputError
from data.figures import Line, series
from data.listing import FIGURES, RANGE_FILTERS, Key, Page, Parameters, dates_of, figure_cells, usage_query_of
from data.metrics import NOTHING, Figures
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


def whole_of(line: Line) -> Figures:
    return sum(line.figures, NOTHING)


def share_of(cost: Decimal, total: Decimal) -> Decimal:
    return (cost / total).quantize(SHARE_STEP) if total > 0 else Decimal(0)
