"""A range's usage as rows, in steps and by model or account, and as weekdays and hours: what charts draw, in full."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from data.errors import InputError
from data.figures import GROUPS, Line, Series, figures_of_accounts, heat, series
from data.listing import (
    FIGURES,
    RANGE_FILTERS,
    Key,
    Page,
    Parameters,
    Row,
    dates_of,
    figure_cells,
    local,
    time_in,
    usage_query_of,
)
from data.metrics import NOTHING, Figures
from data.ranges import CUSTOM, STEPS, Range, edges, step_of
from data.spenders import Spender, spending_accounts
from data.usage_query import UsageQuery
from data.viewer import Viewer

# No step is longer.
LONGEST = {
    "quarter": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1, hours=2),
    "week": timedelta(days=7, hours=2),
    "month": timedelta(days=31, hours=2),
}
GROUP_COLUMNS: Mapping[str | None, tuple[str, ...]] = {
    None: (),
    "model": ("model",),
    "account": ("account_id", "account"),
}
MODELS_EXPECTED = 12  # how many steps are read at once follows from it
ALL_LINES = 1_000_000
HOURS_AT_ONCE = 1_000


@dataclass(frozen=True)
class SteppedQuery:
    usage: UsageQuery
    step: str
    by: str | None


class UsageListing:
    """One row a step; by model or account, one for each of them that has usage in the step."""

    filters = (*RANGE_FILTERS, "step", "by")
    every_column = ("start", "end", "model", "account_id", "account", *FIGURES)

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> SteppedQuery:
        usage = usage_query_of(viewer, parameters, now)
        step, by = parameters.get("step") or step_of(usage.range), parameters.get("by") or None
        if step not in STEPS:
            raise InputError(f"There is no step {step[:60]!r}; use one of {', '.join(STEPS)}.")
        if by is not None and by not in GROUPS:
            raise InputError(f"Usage is grouped by {' or '.join(GROUPS)}, not by {by[:60]!r}.")
        return SteppedQuery(usage, step, by)

    def columns(self, query: SteppedQuery) -> tuple[str, ...]:
        return ("start", "end", *GROUP_COLUMNS[query.by], *FIGURES)

    def name(self, query: SteppedQuery) -> str:
        grouped = f"-by-{query.by}" if query.by else ""
        return f"usage{grouped}-{dates_of(query.usage.range)}"

    def page(self, connection: Connection, viewer: Viewer, query: SteppedQuery, after: Key | None, limit: int) -> Page:
        """By step; by account, all steps of one account come before those of the next."""
        if query.by == "account":
            return self.page_of_accounts(connection, viewer, query, after, limit)
        start = time_in(after[0]) if after else query.usage.range.start
        most = limit if query.by is None else max(1, limit // MODELS_EXPECTED)
        part = part_of(query.usage.range, query.step, start, most)
        read = series(connection, viewer, replace(query.usage, range=part), query.step, query.by, ALL_LINES)
        beyond = str(after[1]) if after and len(after) > 1 else ""
        found = list(self.rows(query, read, beyond))
        if len(found) > limit:
            step, group, _row = found[limit - 1]
            return Page([row for _step, _group, row in found[:limit]], (step.isoformat(), group))
        rows = [row for _step, _group, row in found]
        return Page(rows, None if part.end >= query.usage.range.end else (part.end.isoformat(),))

    def page_of_accounts(
        self, connection: Connection, viewer: Viewer, query: SteppedQuery, after: Key | None, limit: int
    ) -> Page:
        """As many accounts as fit with all their steps; where not even one does, some steps of one account."""
        whole = query.usage.range
        within = time_in(after[1]) if after and len(after) > 1 else None
        part = part_of(whole, query.step, within or whole.start, limit)
        steps = edges(part, query.step)
        entire = (part.start, part.end) == (whole.start, whole.end)
        most = max(1, limit // (len(steps) - 1)) if entire else 1
        beyond = UUID(str(after[0])) if after else None
        if within and beyond:  # the same account once more
            beyond = UUID(int=beyond.int - 1) if beyond.int else None
        found = spending_accounts(connection, viewer, query.usage, beyond, most)
        figures = figures_of_accounts(connection, viewer, query.usage, [one.id for one in found], steps)
        rows = [
            self.account_cells(query, one, steps, number, own)
            for one in found
            for number in range(len(steps) - 1)
            if (own := figures.get((one.id, number)))
        ]
        if found and part.end < whole.end:
            return Page(rows, (str(found[0].id), part.end.isoformat()))
        return Page(rows, (str(found[-1].id),) if len(found) == most else None)

    def account_cells(
        self, query: SteppedQuery, account: Spender, steps: tuple[datetime, ...], number: int, figures: Figures
    ) -> Row:
        zone = query.usage.range.zone
        start, end = local(steps[number], zone), local(steps[number + 1], zone)
        return (start, end, str(account.id), account.label, *figure_cells(figures, self.credits_per_dollar))

    def rows(self, query: SteppedQuery, read: Series, beyond: str) -> Iterator[tuple[datetime, str, Row]]:
        """Each with its step and group; of the first step those after the group `beyond`."""
        zone = query.usage.range.zone
        lines = sorted(read.lines, key=lambda line: line.key) or [Line("total", "Total", ())]
        for number, (start, end) in enumerate(zip(read.edges, read.edges[1:], strict=False)):
            for line in lines:
                figures = line.figures[number] if line.figures else NOTHING
                if query.by and (figures == NOTHING or (number == 0 and line.key <= beyond)):
                    continue
                group = (line.label,) if query.by else ()
                cells = figure_cells(figures, self.credits_per_dollar)
                yield start, line.key, (local(start, zone), local(end, zone), *group, *cells)


def part_of(whole: Range, step: str, start: datetime, most: int) -> Range:
    """The first `most` steps of the range from `start` on, which is where one of its steps begins."""
    far = min(whole.end, start + (most + 1) * LONGEST[step])
    found = edges(Range(CUSTOM, start, far, whole.zone, False, far), step)
    end = found[min(most, len(found) - 1)]
    return Range(CUSTOM, start, end, whole.zone, False, end)


class HeatListing:
    """Weekdays, Monday first, by hour of the zone's clock: always 168 rows."""

    filters = RANGE_FILTERS
    every_column = ("weekday", "hour", *FIGURES)

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime) -> UsageQuery:
        return usage_query_of(viewer, parameters, now)

    def columns(self, _query: UsageQuery) -> tuple[str, ...]:
        return self.every_column

    def name(self, query: UsageQuery) -> str:
        return f"heat-{dates_of(query.range)}"

    def page(self, connection: Connection, viewer: Viewer, query: UsageQuery, _after: Key | None, _limit: int) -> Page:
        cells = [[NOTHING] * 24 for _ in range(7)]
        for part in parts_of(query.range, "hour", HOURS_AT_ONCE):
            add(cells, heat(connection, viewer, replace(query, range=part)))
        return Page(
            [
                (calendar.day_name[day], hour, *figure_cells(figures, self.credits_per_dollar))
                for day, hours in enumerate(cells)
                for hour, figures in enumerate(hours)
            ]
        )


def parts_of(whole: Range, step: str, most: int) -> Iterator[Range]:
    start = whole.start
    while start < whole.end:
        part = part_of(whole, step, start, most)
        yield part
        start = part.end


def add(cells: list[list[Figures]], more: tuple[tuple[Figures, ...], ...]) -> None:
    for day, hours in enumerate(more):
        for hour, figures in enumerate(hours):
            cells[day][hour] += figures
