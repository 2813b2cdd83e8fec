"""The list of accounts, a block of rows at a time: in any order, narrowed to what was searched for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from math import inf, isnan
from uuid import UUID

from sqlalchemy import Connection

from data.account_ids import account_count, account_ids, account_ids_after
from data.account_query import RECKONED_SORTS, RECKONED_STATES, AccountQuery
from data.account_rows import AccountRow, account_rows
from data.account_standings import Standings, reckoned_accounts
from data.queries import Queries
from data.viewer import Viewer

MOST_ROWS = 200  # of a block
COUNT_KEY = "account-count"
COUNT_STALE_SECONDS = 10.0


@dataclass(frozen=True)
class AccountBlock:
    """Rows of the list, and how many there are in all: None where that is not known yet, and a block of no rows says.

    `reckoned` is the share of the accounts that the order knows of, `as_of` how old it may be; 1 and None where
    nothing had to be reckoned.
    """

    rows: tuple[AccountRow, ...]
    total: int | None
    reckoned: float = 1.0
    as_of: datetime | None = None


def account_block(queries: Queries, viewer: Viewer, query: AccountQuery, offset: int, limit: int) -> AccountBlock:
    """The rows from `offset` on. Those that are not reckoned yet are left out until they are: ask again."""
    limit = max(0, min(limit, MOST_ROWS))
    if query.reckoned:
        return reckoned_block(queries, viewer, query, offset, limit)
    if not limit:
        return AccountBlock((), counted(queries, viewer, query))
    with queries.connect() as connection:
        ids = account_ids(connection, viewer, query, limit=limit, offset=offset)
        rows = account_rows(connection, viewer, ids, queries.credits_per_dollar)
    ends_here = len(ids) < limit and (ids or not offset)
    return AccountBlock(rows, offset + len(ids) if ends_here else known_count(queries, viewer, query))


def counted(queries: Queries, viewer: Viewer, query: AccountQuery) -> int:
    """Counting takes longer than a block does, and need not be repeated for each."""

    def read() -> int:
        with queries.connect() as connection:
            return account_count(connection, viewer, query)

    return queries.cache.fetch(count_key(viewer, query), read, stale_time=COUNT_STALE_SECONDS)


def known_count(queries: Queries, viewer: Viewer, query: AccountQuery) -> int | None:
    found: int | None = queries.cache.fresh(count_key(viewer, query), stale_time=COUNT_STALE_SECONDS)
    return found


def count_key(viewer: Viewer, query: AccountQuery) -> tuple[str, ...]:
    return (COUNT_KEY, viewer.key, query.state, query.search)


def reckoned_block(queries: Queries, viewer: Viewer, query: AccountQuery, offset: int, limit: int) -> AccountBlock:
    known = reckoned_accounts(queries, viewer)
    with queries.connect() as connection:
        ids = reckoned_ids(connection, viewer, query, known.standings)
        rows = account_rows(connection, viewer, ids[offset : offset + limit], queries.credits_per_dollar)
    return AccountBlock(rows, len(ids), known.share, known.standings.as_of)


def reckoned_ids(connection: Connection, viewer: Viewer, query: AccountQuery, standings: Standings) -> list[UUID]:
    """Every account that matches, in the query's order."""
    places = places_in(standings, query.state)
    if query.order not in RECKONED_SORTS:
        return account_ids(connection, viewer, query, among=list(map(standings.account_id, places)))
    ids = list(map(standings.account_id, ordered(standings, places, query.order, downwards=query.downwards)))
    if not query.search and query.state in ("", *RECKONED_STATES):
        return ids
    matching = set(account_ids(connection, viewer, query))
    return [id for id in ids if id in matching]


def places_in(standings: Standings, state: str) -> Iterable[int]:
    """The accounts that will be used up, those that are, or all; what is not a number is neither."""
    if state == "ending":
        return [place for place, left in enumerate(standings.left) if left > 0 and not isnan(standings.out_at[place])]
    if state == "ended":
        return [place for place, left in enumerate(standings.left) if left <= 0]
    return range(len(standings))


def ordered(standings: Standings, places: Iterable[int], order: str, *, downwards: bool) -> list[int]:
    """Those that the order says nothing of come last, whatever its direction."""
    told: list[int] = []
    untold: list[int] = []
    for place in places:
        (untold if order != "used" and isnan(standings.left[place]) else told).append(place)
    return sorted(told, key=partial(KEYS[order], standings), reverse=downwards) + untold


def out_order(standings: Standings, place: int) -> tuple[int, float]:
    """What is used up, the most overdrawn first; then by the day; then what lasts, the nearest to its end first."""
    left, out_at, load = standings.left[place], standings.out_at[place], standings.load[place]
    if left <= 0:
        return 0, left
    return (2, -load) if isnan(out_at) else (1, out_at)


def share_order(standings: Standings, place: int) -> float:
    """Of an allowance of nothing everything is used."""
    share = standings.share[place]
    return inf if isnan(share) else share


KEYS: dict[str, Callable[[Standings, int], float | tuple[int, float]]] = {
    "used": lambda standings, place: standings.used[place],
    "left": lambda standings, place: standings.left[place],
    "share": share_order,
    "out": out_order,
}


def accounts_after(
    connection: Connection,
    viewer: Viewer,
    query: AccountQuery,
    after: UUID | None,
    limit: int,
    credits_per_dollar: Decimal,
) -> tuple[tuple[AccountRow, ...], UUID | None]:
    """The next accounts in the order of their ids, which nothing moves, and after which to go on (None: that is all).

    Whatever order the query has; of a state that has to be reckoned there may be fewer rows than asked for, or none.
    """
    ids = account_ids_after(connection, viewer, query, after, limit)
    rows = account_rows(connection, viewer, ids, credits_per_dollar)
    kept = tuple(row for row in rows if row_in_state(row, query.state))
    return kept, ids[-1] if len(ids) == limit else None


def row_in_state(row: AccountRow, state: str) -> bool:
    ended = row.left is not None and row.left <= 0
    if state == "ending":
        return row.forecast is not None and row.forecast.at is not None and not ended
    return ended if state == "ended" else True
