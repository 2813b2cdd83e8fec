"""The list of threads, block by block: each begins after the last row of the one before, at any depth alike.

The order comes from the rollup's indexes and from the few rows that are queued, never from `usage_logs`. Where few
threads can fulfil the conditions, only these are read; else all are walked through in order, up to a bound, and a
list that ends there says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError

from data import thread_walk as walk
from data.errors import InputError
from data.name_indexes import indexed_tables
from data.thread_order import BEGIN_AGAIN, CALLED, QUIET, RUNNING, WAITING, Place, Zone, order_of, place_of
from data.thread_query import ThreadQuery
from data.thread_selection import IS_RUNNING, RUNNING_IDS, Selection
from data.threads import ThreadRow, thread_rows
from data.viewer import Viewer

BLOCK = 100
COUNTED_AT_MOST = 10_000
COUNTED_ONE_BY_ONE = 2_000
FEW = 15_000  # where more threads may fit, all are walked through
FEW_NAMED = 5_000
FIRST_LOOK = 6_000  # threads that a search for words looks at before it asks the indexes of names
WALKED_AT_MOST = 20_000  # threads looked at for one block
UNBOUNDED = 2**31 - 1


@dataclass(frozen=True)
class ThreadBlock:
    """`after` leads to the next block; None at the end of the list.

    `cut`: the block is short because enough threads were looked at; from `after` on others may fit. `total` is how
    many there are in all, up to COUNTED_AT_MOST; None where counting would take long, and in later blocks. `skipped`
    is how many were passed over.
    """

    rows: tuple[ThreadRow, ...]
    after: str | None
    cut: bool = False
    total: int | None = None
    skipped: int = 0


@dataclass(frozen=True)
class Found:
    """Threads in order. `more` follow; `cut` is where enough were looked at, so that nobody knows what follows."""

    places: tuple[Place, ...] = ()
    more: bool = False
    cut: Place | None = None


Finds = tuple[str, ...] | None
Look = Callable[[int, Place | None, int, int], Found]  # in a part, from a place, at most so many, of so many looked at


def thread_block(
    connection: Connection,
    viewer: Viewer,
    query: ThreadQuery,
    after: str | None = None,
    limit: int = BLOCK,
    walked: int = WALKED_AT_MOST,
    skip: int = 0,
) -> ThreadBlock:
    """The threads that match and that the viewer may see, from `after` on; at most `limit`.

    The first `skip` of them are passed over, without reading more of them than their places.
    Raises InputError for an `after` that no list has given.
    """
    place = place_of(after) if after else None
    listing = Listing(connection, viewer, query)
    try:
        found = listing.block(place, skip + limit, walked)
    except DataError as error:  # a number that no figure can be
        raise InputError(BEGIN_AGAIN) from error
    rows = thread_rows(connection, viewer, [one.thread_id for one in found.places[skip:]])
    last = found.cut or ((found.places[-1] if found.places else place) if found.more else None)
    skipped = min(skip, len(found.places))
    total = None if place else (listing.total() if last else skipped + len(rows))
    return ThreadBlock(rows, str(last) if last else None, found.cut is not None, total, skipped)


class Listing:
    """One list, of which a block is looked for. `finds` are statements for all that may fit, where these are few."""

    def __init__(self, connection: Connection, viewer: Viewer, query: ThreadQuery) -> None:
        self.connection = connection
        self.query = query
        self.selection = Selection(viewer, query)
        self.order = order_of(query.sort)
        self.finds: tuple[str, ...] | None = None
        self.size = 0

    def block(self, place: Place | None, limit: int, walked: int) -> Found:
        if self.narrow(self.selection.finds(self.order.step), FEW):
            return self.walk(place, limit, walked)
        if self.selection.words is None or walked <= FIRST_LOOK:
            return self.walk(place, limit, walked)
        first = self.walk(place, limit, FIRST_LOOK)
        if first.cut is None:
            return first
        named = self.selection.word_finds(indexed_tables(self.connection))
        if len(first.places) < limit / 3 and named and self.narrow([named], FEW_NAMED):
            return self.walk(place, limit, walked)
        rest = self.walk(first.cut, limit - len(first.places), walked - FIRST_LOOK)
        return replace(rest, places=first.places + rest.places)

    def narrow(self, sources: Sequence[tuple[str, ...]], most: int) -> bool:
        """To the candidates of the source that finds the fewest, if these are few."""
        if not sources:
            return False
        sizes = [f"greatest({', '.join(walk.SIZE.format(find=find) for find in finds)})" for finds in sources]
        row = self.execute(f"SELECT {', '.join(sizes)}", None, most=most).one()
        size, finds = min(zip(row, sources, strict=True), key=lambda pair: pair[0])
        if size > most:
            return False
        self.finds, self.size = finds, size
        return True

    def walk(self, place: Place | None, limit: int, walked: int) -> Found:
        """Through the parts of the list from the place on, until there are enough or enough were looked at."""
        places: tuple[Place, ...] = ()
        for part, look in self.parts():
            if place and place.part > part:
                continue
            found = look(part, place if place and place.part == part else None, limit - len(places), walked)
            places += found.places
            if found.more or found.cut:
                return Found(places, found.more, found.cut)
        return Found(places)

    def parts(self) -> Iterator[tuple[int, Look]]:
        if self.order.by_id:
            yield CALLED, self.by_id
            return
        usual, running = not self.query.sort, self.query.running
        if usual and running is not False:
            yield RUNNING, partial(self.called, self.order.zones[0], RUNNING_IDS)
            yield WAITING, partial(self.uncalled, RUNNING_IDS)
        if not (usual and running):
            for zone in self.order.zones:
                yield CALLED, partial(self.called, zone, self.finds)
            yield QUIET, partial(self.uncalled, self.finds)

    def called(self, zone: Zone, finds: Finds, part: int, place: Place | None, limit: int, walked: int) -> Found:
        these = walk.THESE.format(step=self.order.step, direction=self.order.direction, finds=joined(finds))
        statement = walk.CALLED.format(
            threads=these if finds else walk.EVERY,
            key_of_s=self.order.key_of("s"),
            key_of_c=self.order.key_of("c"),
            order=zone.order.format(r="k" if finds else "s"),
            zone=zone.values,
            reached=" AND ".join([*self.selection.bounds, zone.steps, *(zone.reached if place else ())]),
            holds=self.holds(part, exactly=False),
            **self.conditions(part, place),
        )
        return self.look(statement, part, place, limit, UNBOUNDED if finds else walked)

    def uncalled(self, finds: Finds, part: int, place: Place | None, limit: int, _walked: int) -> Found:
        among = f"t.thread_id = ANY (ARRAY({joined(finds)}))" if finds else "true"
        return self.look(walk.UNCALLED.format(among=among, **self.conditions(part, place)), part, place, limit)

    def by_id(self, part: int, place: Place | None, limit: int, walked: int) -> Found:
        beyond = f"k.thread_id {'<' if self.order.down else '>'} :id" if place else "true"
        ids = walk.THESE_IDS if self.finds else walk.ALL_IDS
        found = ids.format(finds=joined(self.finds), beyond=beyond, direction=self.order.direction)
        statement = walk.BY_ID.format(ids=found, **self.conditions(part, place))
        return self.look(statement, part, place, limit, UNBOUNDED if self.finds else min(walked, 10 * limit + 10))

    def conditions(self, part: int, place: Place | None) -> dict[str, str]:
        return {
            "direction": self.order.direction,
            "beyond": self.order.beyond("c.key") if place else "true",
            "holds_exactly": self.holds(part, exactly=True),
        }

    def holds(self, part: int, *, exactly: bool) -> str:
        holds = self.selection.holds(exactly=exactly)
        if self.query.sort:
            return holds
        return f"{holds} AND {IS_RUNNING} IS {'NOT NULL' if part in (RUNNING, WAITING) else 'NULL'}"

    def look(self, statement: str, part: int, place: Place | None, limit: int, walked: int = UNBOUNDED) -> Found:
        """What a statement found, in order; as far as it looked, where that was not far enough."""
        rows = self.execute(statement, place, limit=limit, walked=walked).all()
        seen = [(Place(part, Decimal(row.key), row.thread_id), row.fits, row.last) for row in rows]
        end = next((one for one, _fits, last in seen if last), None)
        places = sorted((one for one, fits, _last in seen if fits), reverse=self.order.down)
        if end:
            places = [one for one in places if (one >= end if self.order.down else one <= end)]
        if len(places) > limit:
            return Found(tuple(places[:limit]), more=True)
        return Found(tuple(places), cut=end)

    def total(self) -> int | None:
        """How many there are in all, where that is counted soon."""
        if not self.selection.conditions:
            called = int(self.execute(walk.COUNT_CALLED, None, most=COUNTED_AT_MOST).scalar_one())
            left = COUNTED_AT_MOST - called
            return called + (int(self.execute(walk.COUNT_UNCALLED, None, most=left).scalar_one()) if left else 0)
        if self.finds and self.size <= COUNTED_ONE_BY_ONE:
            ids = walk.THESE_IDS.format(finds=joined(self.finds), beyond="true")
            statement = walk.COUNT.format(ids=ids, holds_exactly=self.selection.holds(exactly=True))
            return int(self.execute(statement, None).scalar_one())
        return None

    def execute(self, statement: str, place: Place | None, **values: Any) -> Any:
        given = {**self.selection.values, **values}
        if place:
            given |= {"key": place.key, "id": place.thread_id}
        return self.connection.execute(text(statement), given)


def joined(finds: Finds) -> str:
    return " UNION ".join(finds or ())
