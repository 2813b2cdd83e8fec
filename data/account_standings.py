"""How every account stands in its period, so that a list can be in the order of what is used, left, or running out.

Reckoning all of twenty thousand accounts takes seconds, so it is done a thousand at a time, as far as there is
patience, and kept for minutes: the order may be that old. The rows that are shown are read anew, and exact.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import nan
from time import perf_counter
from uuid import UUID

from data.account_ids import account_ids
from data.account_query import AccountQuery
from data.account_rows import AccountRow, account_rows
from data.forecast import expected
from data.queries import Queries
from data.viewer import Viewer

ROSTER_KEY, STANDINGS_KEY = "account-roster", "account-standings"
STALE_SECONDS = 300.0
AT_ONCE = 1000  # accounts
PATIENCE_SECONDS = 0.25  # after which no further thousand is begun
ID_BYTES = 16


class Standings:
    """Accounts and, in columns, dollars used and left, the share of the allowance that is used, when it will be used
    up (Unix seconds), and which share of it is expected to be used in the end.

    Not a number: without an allowance; `out_at` also where it lasts. Columns, since the cache unpacks them all at
    each look, and a hundred thousand objects would take a tenth of a second. `as_of` is when the oldest was read.
    """

    def __init__(self, as_of: datetime | None = None) -> None:
        self.as_of = as_of
        self.ids = b""
        self.used, self.left, self.share = array("d"), array("d"), array("d")
        self.out_at, self.load = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.used)

    def account_id(self, place: int) -> UUID:
        return UUID(bytes=self.ids[place * ID_BYTES : (place + 1) * ID_BYTES])

    def add(self, row: AccountRow) -> None:
        out_at = row.forecast.at if row.forecast else None
        self.ids += row.account_id.bytes
        self.used.append(float(row.used))
        self.left.append(nan if row.left is None else float(row.left))
        self.share.append(nan if row.share is None else float(row.share))
        self.out_at.append(out_at.timestamp() if out_at else nan)
        self.load.append(load_of(row))

    def extend(self, other: Standings) -> None:
        self.as_of = min(filter(None, (self.as_of, other.as_of)), default=None)
        self.ids += other.ids
        for name in ("used", "left", "share", "out_at", "load"):
            getattr(self, name).extend(getattr(other, name))


@dataclass(frozen=True)
class Reckoned:
    """What is known of `total` accounts so far."""

    standings: Standings
    total: int

    @property
    def share(self) -> float:
        return min(1.0, len(self.standings) / self.total) if self.total else 1.0


def load_of(row: AccountRow) -> float:
    if not row.allowance:
        return nan
    used = expected(row.pace, row.used, row.as_of, row.period.end).middle if row.pace else float(row.used)
    return used / float(row.allowance)


def reckoned_accounts(queries: Queries, viewer: Viewer) -> Reckoned:
    """Those that are known, and as many more as patience allows: one who asks again gets further."""
    key = (ROSTER_KEY, viewer.key)
    roster = queries.cache.fetch(key, partial(read_roster, queries, viewer), stale_time=STALE_SECONDS)
    found = Standings()
    for part in known_parts(queries, viewer, roster):
        found.extend(part)
    return Reckoned(found, len(roster) // ID_BYTES)


def read_roster(queries: Queries, viewer: Viewer) -> bytes:
    with queries.connect() as connection:
        ids = account_ids(connection, viewer, AccountQuery(sort="id"))
    return b"".join(id.bytes for id in ids)


def known_parts(queries: Queries, viewer: Viewer, roster: bytes) -> Iterator[Standings]:
    """Fresh ones while there is patience, and then what there is."""
    until = perf_counter() + PATIENCE_SECONDS
    for start in range(0, len(roster), AT_ONCE * ID_BYTES):
        ids = roster[start : start + AT_ONCE * ID_BYTES]
        key = (STANDINGS_KEY, viewer.key, f"{ids[:ID_BYTES].hex()} {ids[-ID_BYTES:].hex()} {len(ids)}")
        if perf_counter() < until:
            yield queries.cache.fetch(key, partial(read_part, queries, viewer, ids), stale_time=STALE_SECONDS)
        elif (entry := queries.cache.peek(key)) and entry.value:
            yield entry.value


def read_part(queries: Queries, viewer: Viewer, ids: bytes) -> Standings:
    wanted = [UUID(bytes=ids[start : start + ID_BYTES]) for start in range(0, len(ids), ID_BYTES)]
    with queries.connect() as connection:
        rows = account_rows(connection, viewer, wanted, queries.credits_per_dollar)
    found = Standings(rows[0].as_of)
    for row in rows:
        found.add(row)
    return found
