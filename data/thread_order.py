"""In which order threads are listed, and where in it a block begins.

A list has parts: in its usual order first the threads whose agent runs, those with calls before those without; then, in
every order, the threads with calls; last those without, by when they were made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from data.errors import InputError

BEGIN_AGAIN = "after is not as a list gives it; begin again without it."
RUNNING, WAITING, CALLED, QUIET = range(4)
# 2_12.471083_5f6e…: the part, the value that is sorted by, the id; a time is in seconds since 1970.
PLACE = re.compile(r"([0-3])_(-?Infinity|-?\d{1,30}(?:\.\d{1,30})?)_([0-9a-f-]{36})")


@dataclass(frozen=True, order=True)
class Place:
    """Where a thread stands. Its text is what a list gives out for its next block to begin after."""

    part: int
    key: Decimal
    thread_id: UUID

    def __str__(self) -> str:
        key = str(self.key) if self.key.is_infinite() else f"{self.key:f}"
        return f"{self.part}_{key}_{self.thread_id}"


def place_of(written: str) -> Place:
    """Raises InputError."""
    if found := PLACE.fullmatch(written):
        try:
            return Place(int(found[1]), Decimal(found[2]), UUID(found[3]))
        except ValueError:
            pass
    raise InputError(BEGIN_AGAIN)


@dataclass(frozen=True)
class Zone:
    """A stretch of the rollup `s` that is read in one order, that of steps of {r} first.

    `reached` says where a block begins, `values` which threads `c` belong to it.
    """

    steps: str
    reached: tuple[str, ...]
    order: str
    values: str = "true"


@dataclass(frozen=True)
class Order:
    """`key` is SQL on {r}: what is sorted by, as a number. `step` is a column of the rollup with an index, which moves
    seldom; `nearest` is its first value that can have a thread beyond :key. Up to `single` all of a step have one key.
    """

    key: str
    step: str
    nearest: str
    down: bool
    single: int | None = None

    @property
    def by_id(self) -> bool:
        return self.step == "thread_id"

    @property
    def direction(self) -> str:
        return "DESC" if self.down else "ASC"

    def key_of(self, row: str) -> str:
        return self.key.format(r=row)

    def beyond(self, key: str, row: str = "c") -> str:
        """Whether a row with this key comes after the place that :key and :id are."""
        return f"({key}, {row}.thread_id) {'<' if self.down else '>'} (:key, :id)"

    @property
    def zones(self) -> tuple[Zone, ...]:
        """One after the other, the whole list. A step is sorted as a whole, but for those that have one key only."""
        by_step = f"{{r}}.{self.step} {self.direction}"
        sorted_too = f"{by_step}, {self.key_of('s')} {self.direction}, s.thread_id {self.direction}"
        from_step = f"s.{self.step} {'<=' if self.down else '>='} {self.nearest}"
        reached = (from_step, self.beyond(self.key_of("s"), "s"))
        if self.single is None:
            return (Zone("true", reached, sorted_too),)
        at_once = f"(s.{self.step}, s.thread_id) {'<' if self.down else '>'} ({self.nearest}, :id)"
        step_of = "creditpulse.fine_step_of(cast(c.key AS double precision))"
        many = Zone(
            f"s.{self.step} <= {self.single}",
            (at_once,),
            f"{by_step}, s.thread_id {self.direction}",
            f"{step_of} <= {self.single}",
        )
        rest = Zone(f"s.{self.step} > {self.single}", reached, sorted_too, f"{step_of} > {self.single}")
        return (rest, many) if self.down else (many, rest)


KEYS = {"cost": "{r}.cost", "calls": "{r}.calls", "tokens": "{r}.total_tokens"}
SINGLE = 589  # fine_step_of(100)
LAST = "coalesce(extract(epoch FROM {r}.last_at), '-Infinity')"


def order_of(sort: str) -> Order:
    """Of a ThreadQuery's `sort`; without one, the usual order."""
    name, down = sort.removeprefix("-"), sort.startswith("-") or not sort
    if name == "id":
        return Order("0", "thread_id", ":id", down)
    if name in KEYS:
        nearest = "creditpulse.fine_step_of(cast(:key AS double precision))"
        return Order(KEYS[name], f"{name}_step", nearest, down, SINGLE if name == "calls" else None)
    # A number of seconds is a time to the microsecond only nearly.
    at = f"to_timestamp(cast(:key AS double precision)) {'+' if down else '-'} interval '1 second'"
    return Order(LAST, "last_quarter", f"creditpulse.quarter_of({at})", down)
