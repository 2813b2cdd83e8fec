"""Results that may be long, a page at a time: what CSV downloads and the JSON API have in common.

A page is read in a moment, by key: whoever lists a million rows holds neither a connection nor a snapshot between
two pages, and a row that is there all the while is listed exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from data.errors import InputError, NotFoundError
from data.metrics import Figures
from data.ranges import Range
from data.usage_query import UsageQuery, usage_query
from data.viewer import Viewer
from data.zones import zone_of

Parameters = Mapping[str, str]
Cell = str | int | bool | Decimal | datetime | UUID | None
Row = tuple[Cell, ...]
# Where a page ended: what a cursor carries, so of JSON's own types.
Key = tuple[str | int, ...]

RANGE_FILTERS = ("scope", "range", "from", "to", "zone", "model")
FIGURES = ("cost", "credits", "prompt_tokens", "completion_tokens", "total_tokens", "calls")


@dataclass(frozen=True)
class Page:
    """`after` is what the next page begins after, None where nothing follows."""

    rows: Sequence[Row]
    after: Key | None = None


class Listing(Protocol):
    """What can be listed, as its docstring says.

    A query is whatever `query` makes of an address's parameters, and the others take.
    """

    @property
    def filters(self) -> tuple[str, ...]:
        """The parameters that it knows."""

    @property
    def every_column(self) -> tuple[str, ...]:
        """What columns it may have."""

    def query(self, viewer: Viewer, parameters: Parameters, now: datetime, /) -> Any:
        """Raises InputError, or NotFoundError for a thread's id that is none."""

    def columns(self, query: Any, /) -> tuple[str, ...]: ...

    def name(self, query: Any, /) -> str:
        """What a file with it is called, without its ending."""

    def page(self, connection: Connection, viewer: Viewer, query: Any, after: Key | None, limit: int, /) -> Page:
        """At most `limit` rows. Raises NotFoundError for what is not there, or not the viewer's."""


def figure_cells(figures: Figures, credits_per_dollar: Decimal) -> Row:
    """In the order of FIGURES."""
    return (
        figures.cost,
        figures.credits(credits_per_dollar),
        figures.prompt_tokens,
        figures.completion_tokens,
        figures.total_tokens,
        figures.calls,
    )


def usage_query_of(viewer: Viewer, parameters: Parameters, now: datetime) -> UsageQuery:
    """As usage_query, of the scope that scoped says."""
    return usage_query(scoped(viewer, parameters), now)


def scoped(viewer: Viewer, parameters: Parameters) -> Parameters:
    """With a scope: where none is named, that of all accounts for staff, else the person's first account."""
    if viewer.staff or parameters.get("scope"):
        return parameters
    if not viewer.accounts:
        raise NotFoundError("No account has your e-mail address.")
    return {**parameters, "scope": str(min(viewer.accounts))}


def local(at: datetime | None, zone: str) -> datetime | None:
    return None if at is None else at.astimezone(zone_of(zone))


def dates_of(range: Range) -> str:
    """The first and the last day of the range, as a file's name has them."""
    zone = zone_of(range.zone)
    last = (range.until if range.open else range.end - datetime.resolution).astimezone(zone)
    return f"{range.start.astimezone(zone):%Y-%m-%d}-to-{last:%Y-%m-%d}"


def thread_of(parameters: Parameters) -> UUID:
    """Raises InputError where no thread is named, NotFoundError for a name that no thread can have."""
    written = parameters.get("thread")
    if not written:
        raise InputError("Say which thread: thread=<its id>.")
    return thread_named(written)


def thread_named(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise NotFoundError("There is no such thread, or it is not yours to see.") from None


def time_in(key: str | int) -> datetime:
    return datetime.fromisoformat(str(key)).astimezone(UTC)


# What a phase reads: rows beyond a place in its own order (None: from its beginning on), as many as asked for.
Phase = Callable[[Key | None, int], Sequence[Any]]


def read_phases(
    phases: Sequence[Phase], place: Callable[[Any], Key], after: Key | None, limit: int
) -> tuple[list[Any], Key | None]:
    """Rows of orders that follow one another, such as the dated before the undated, and the key of the next ones."""
    number, beyond = (int(after[0]), after[1:] or None) if after else (0, None)
    rows: list[Any] = []
    while number < len(phases):
        found = phases[number](beyond, limit - len(rows))
        rows += found
        if len(rows) >= limit:
            return rows, (number, *place(rows[-1]))
        number, beyond = number + 1, None
    return rows, None
