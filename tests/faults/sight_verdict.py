"""What has to hold of every page that a person could see, whatever failed meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from tests.faults.ledger import Books, Entry
from tests.faults.page import constant_seconds
from tests.faults.sight import CARDS, Beat, Glance, Sight

LATEST_SECONDS = 2.0  # how long a committed change may wait while a page says `live`
FRAMES_SECONDS = 0.05  # three of a browser's
FRAME_SECONDS = 0.016  # what stands there for less is never shown


@dataclass(frozen=True)
class Silence:
    """A time in which the server could say nothing to these pages, although nothing was closed: it, or what lies
    between, held back, delayed or lost what was said. A page learns of that only by the beats that do not come."""

    since: float
    until: float


@dataclass(frozen=True)
class Wrong:
    """A card said `live` for so long while it lacked a change that it should have had, or should have missed."""

    card: str
    since: float
    seconds: float
    cost: Decimal
    lacked: Entry
    due: float

    def __str__(self) -> str:
        return (
            f"{self.card} said live for {self.seconds:.2f} s from {self.since:.2f} with {self.cost}, although"
            f" {self.lacked.cost}, committed at {self.lacked.at:.2f}, was due by {self.due:.2f}"
        )


def wrongly_live(
    sight: Sight, books: Books, silences: Sequence[Silence], until: float, allowance_seconds: float
) -> Iterator[Wrong]:
    """Where a visible card said `live` with a value that was older than the rules allow.

    A change is due 2 s after its commit. Where a silence came between, a page may go on for as long as the rules say
    that a beat counts, but not after it has heard a beat that tells of the time after the change was due, nor longer
    than 2 s after the silence's end.
    """
    for card in CARDS:
        for since, end, glance in sight.spells(card, until):
            if glance.state == "live" and glance.visible and glance.cost is not None:
                lacked = first_above(books.entries_of(sight.topics[card]), glance.cost)
                if lacked is None:
                    continue
                due = due_at(lacked, sight.beats, silences, end) + allowance_seconds
                wrongly = end - max(since, due)
                if wrongly > FRAMES_SECONDS:
                    yield Wrong(card, max(since, due), wrongly, glance.cost, lacked, due)


def first_above(entries: Sequence[Entry], cost: Decimal) -> Entry | None:
    return next((entry for entry in entries if entry.cost > cost), None)


def due_at(lacked: Entry, beats: Sequence[Beat], silences: Sequence[Silence], end: float) -> float:
    due = lacked.at + LATEST_SECONDS
    ended = [silence.until for silence in silences if silence.since <= due and silence.until >= lacked.at]
    if not ended:
        return due
    told = min((beat.at for beat in beats if beat.as_of >= due), default=float("inf"))
    last = max((beat.at for beat in beats if beat.at < end and beat.at <= told), default=float("-inf"))
    excused = min(told, last + beat_seconds(), max(ended) + LATEST_SECONDS)
    return max(due, excused)


def beat_seconds() -> float:
    return constant_seconds("BEAT_MS")


def untrue(sight: Sight, books: Books, until: float = float("inf")) -> Iterator[str]:
    """Totals that were shown and never were, or that went back on one load of the page."""
    for card in CARDS:
        if card not in sight.topics:
            continue
        true = {entry.cost for entry in books.entries_of(sight.topics[card])}
        spells = sight.spells(card, until)
        shown = [glance for since, end, glance in spells if glance.cost is not None and end - since > FRAME_SECONDS]
        for glance in shown:
            if glance.cost not in true:
                yield f"{card} showed {glance.cost} at {glance.at:.2f}, which never was the total"
        for _document, load in groupby(shown, lambda glance: glance.document):
            for one, next_one in pairwise(load):
                if went_back(one, next_one):
                    yield f"{card} went back from {one.cost} to {next_one.cost} at {next_one.at:.2f}"


def went_back(one: Glance, next_one: Glance) -> bool:
    return one.cost is not None and next_one.cost is not None and next_one.cost < one.cost
