"""What the overview asks for, through the cache: one read for all who look at the same, until a fold changes it.

Keys lie below those of the scope's navigation total, so that a fold which makes that stale makes these stale too.
What the range is compared with has keys of its own: it is past, and asked for again only after a while.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import Connection

from data.burn import RunningAgent, running_agents
from data.figures import Activity, Figures, Series, Top, activity, heat, series, top_accounts, top_models, top_threads
from data.metrics import NOTHING
from data.queries import NAV_KEY, STALE_SECONDS_IDLE, STALE_SECONDS_RUNNING, Queries
from data.ranges import Range, step_of
from data.usage_query import UsageQuery, usage_query
from data.viewer import Viewer

STALE_SECONDS_PAST = 60.0
PAST_KEY = "usage-before"
PARAMETERS = ("scope", "range", "from", "to", "zone", "model")
LINES = 4  # beside the rest: as many as there are colours
LISTED = 8
MOST_AGENTS = 50

T = TypeVar("T")
Parameters = Mapping[str, str]  # of PARAMETERS; what is missing has its default


@dataclass(frozen=True)
class Course:
    """What was spent when; `as_of` is the database's clock as it was read."""

    range: Range
    series: Series
    as_of: datetime

    @property
    def totals(self) -> Figures:
        return sum((figures for line in self.series.lines for figures in line.figures), NOTHING)


@dataclass(frozen=True)
class Dearest:
    threads: tuple[Top, ...]
    accounts: tuple[Top, ...]  # none where the scope is one account


class OverviewQueries:
    """Reads for one viewer at a time. All raise NotFoundError for a scope that is not the viewer's, and InputError,
    which names the remedy, for parameters that cannot be read.
    """

    def __init__(self, queries: Queries) -> None:
        self.queries = queries

    @property
    def credits_per_dollar(self) -> Decimal:
        return self.queries.credits_per_dollar

    def course(self, viewer: Viewer, parameters: Parameters, by: str, *, force: bool = False) -> Course:
        def read(connection: Connection, query: UsageQuery, now: datetime) -> Course:
            return Course(query.range, series(connection, viewer, query, by=by, most=LINES), now)

        return self.fresh(f"course by {by}", viewer, parameters, read, force=force)

    def course_before(self, viewer: Viewer, parameters: Parameters) -> Course:
        """In the steps of the range that it comes before; of an open one, as much of it as has passed of that."""

        def read(connection: Connection, query: UsageQuery, now: datetime) -> Course:
            earlier = query.before()
            return Course(earlier.range, series(connection, viewer, earlier, step=step_of(query.range)), now)

        return self.past("course", viewer, parameters, read)

    def activity(self, viewer: Viewer, parameters: Parameters, *, force: bool = False) -> Activity:
        def read(connection: Connection, query: UsageQuery, _now: datetime) -> Activity:
            return activity(connection, viewer, query)

        return self.fresh("activity", viewer, parameters, read, force=force)

    def activity_before(self, viewer: Viewer, parameters: Parameters) -> Activity:
        def read(connection: Connection, query: UsageQuery, _now: datetime) -> Activity:
            return activity(connection, viewer, query.before())

        return self.past("activity", viewer, parameters, read)

    def heat(self, viewer: Viewer, parameters: Parameters, *, force: bool = False) -> tuple[tuple[Figures, ...], ...]:
        """Monday first, 24 hours each."""

        def read(connection: Connection, query: UsageQuery, _now: datetime) -> tuple[tuple[Figures, ...], ...]:
            return heat(connection, viewer, query)

        return self.fresh("heat", viewer, parameters, read, force=force)

    def models(self, viewer: Viewer, parameters: Parameters, *, force: bool = False) -> tuple[Top, ...]:
        def read(connection: Connection, query: UsageQuery, _now: datetime) -> tuple[Top, ...]:
            return top_models(connection, viewer, query, limit=LISTED)

        return self.fresh("models", viewer, parameters, read, force=force)

    def dearest(self, viewer: Viewer, parameters: Parameters, *, force: bool = False) -> Dearest:
        def read(connection: Connection, query: UsageQuery, _now: datetime) -> Dearest:
            accounts = top_accounts(connection, viewer, query, limit=LISTED) if query.scope == "all" else ()
            return Dearest(top_threads(connection, viewer, query, limit=LISTED), accounts)

        return self.fresh("dearest", viewer, parameters, read, force=force)

    def agents(self, viewer: Viewer, scope: str, *, force: bool = False) -> tuple[RunningAgent, ...]:
        """Those that run now and burn most, at most MOST_AGENTS."""

        def read() -> tuple[RunningAgent, ...]:
            with self.queries.connect() as connection:
                return running_agents(connection, viewer, scope, limit=MOST_AGENTS)

        key = (NAV_KEY, scope, "overview", "agents", viewer.key)
        return self.queries.cache.fetch(key, read, stale_time=STALE_SECONDS_RUNNING, force=force)

    def fresh(
        self,
        part: str,
        viewer: Viewer,
        parameters: Parameters,
        read: Callable[[Connection, UsageQuery, datetime], T],
        *,
        force: bool,
    ) -> T:
        key = (NAV_KEY, parameters["scope"], "overview", name_of(part, viewer, parameters))
        return self.queries.cache.fetch(key, self.reading(parameters, read), stale_time=STALE_SECONDS_IDLE, force=force)

    def past(
        self,
        part: str,
        viewer: Viewer,
        parameters: Parameters,
        read: Callable[[Connection, UsageQuery, datetime], T],
    ) -> T:
        key = (PAST_KEY, parameters["scope"], name_of(part, viewer, parameters))
        return self.queries.cache.fetch(key, self.reading(parameters, read), stale_time=STALE_SECONDS_PAST)

    def reading(self, parameters: Parameters, read: Callable[[Connection, UsageQuery, datetime], T]) -> Callable[[], T]:
        """With the range as it is by the database's clock at the moment of the read."""

        def reads() -> T:
            return self.queries.read_heavy(lambda connection, now: read(connection, usage_query(parameters, now), now))

        return reads


def name_of(part: str, viewer: Viewer, parameters: Parameters) -> str:
    """In one piece: nothing is ever invalidated by less than its scope."""
    return "\n".join([part, viewer.key, *(parameters.get(name, "") for name in PARAMETERS)])
