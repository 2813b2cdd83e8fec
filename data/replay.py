"""`replay FILE`: writes a recorded trace into the database as if its agents ran now, some times as fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from data.errors import CreditpulseError
from data.importer import utc_now
from data.prices import PriceList
from data.recordings import Call, CallReader, assumptions, calls, open_recording
from data.rejects import Rejects
from data.replay_tables import ReplayTables
from data.schedule import Event, Kind, schedule

GROUP = 200  # events a transaction, at most, when it falls behind
LOOK_SECONDS = 0.5  # how often it reports while it waits

Wait = Callable[[float], bool]  # as threading.Event.wait: True when it is time to stop
Clock = Callable[[], float]


@dataclass(frozen=True)
class ReplayProgress:
    """How far a replay is; seconds of the clock on the wall. `late_seconds` is how far it is behind."""

    calls: int
    calls_total: int
    running: int
    elapsed_seconds: float
    total_seconds: float
    late_seconds: float


@dataclass
class ReplaySummary:
    """What a replay wrote; cost in dollars."""

    file: str
    calls: int = 0
    calls_total: int = 0
    threads: int = 0
    runs: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)
    rejected: int = 0
    rejects: Path | None = None
    stopped: bool = False
    assumed: tuple[str, ...] = ()

    def line(self) -> str:
        how = "stopped after" if self.stopped else "replayed"
        rejected = f"{self.rejected:,} rejected" + (f" (see {self.rejects})" if self.rejects else "")
        assumed = f"; assumed: {', '.join(self.assumed)}" if self.assumed else ""
        return (
            f"{self.file}: {how} {self.calls:,} of {self.calls_total:,} calls in {self.threads:,} new threads and "
            f"{self.runs:,} agent runs, {self.tokens:,} tokens, ${self.cost:,.6f}, {rejected}{assumed}"
        )


def no_progress(_progress: ReplayProgress) -> None:
    pass


def replay_file(
    url: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    speed: float = 1.0,
    progress: Callable[[ReplayProgress], None] = no_progress,
    clock: Clock = time.monotonic,
    wait: Wait | None = None,
) -> ReplaySummary:
    """Plays the file's calls at `url`; every replay makes threads, runs and rows of its own.

    The trace is held in memory, about 1 KB a call. When `wait` says so, or on KeyboardInterrupt, it ends and
    marks its agents' runs stopped. A database that goes away is waited for a minute. Raises InputError for a
    file or mapping that cannot be used, UnavailableError and others of the database.
    """
    events, summary = planned(path, mapping or {})
    tables = ReplayTables(url, path.name, wait or threading.Event().wait)
    player = Player(events, speed, tables, summary, progress, clock, wait or threading.Event().wait)
    try:
        tables.open(events)
        player.play()
    except KeyboardInterrupt:
        summary.stopped = True
    finally:
        end_runs(tables, player.running)
    return summary


def planned(path: Path, mapping: Mapping[str, str]) -> tuple[list[Event], ReplaySummary]:
    """Everything that the replay will do, and a summary that knows what the file had."""
    recording = open_recording(path, mapping)
    relative = recording.relative_unit is not None
    # Times of no calendar are priced as of now.
    reader = CallReader(recording.mapping, recording.timescale(utc_now() if relative else None), PriceList())
    found: list[Call] = []
    with Rejects(path, recording.file.header) as rejects:
        for record, call in calls(recording.file, reader):
            if isinstance(call, Call):
                found.append(call)
            else:
                rejects.add(record.position, call, record.cells)
    summary = ReplaySummary(path.name, calls_total=len(found), rejected=rejects.count, rejects=rejects.path)
    summary.assumed = tuple(assumptions(reader.assumed))
    return schedule(found), summary


def end_runs(tables: ReplayTables, running: set[UUID]) -> None:
    """Marks what still runs as stopped, as far as the database lets us, and closes the connection."""
    try:
        if running:
            tables.stop_runs(running)
    except CreditpulseError:
        return  # what went wrong before is being told
    finally:
        tables.close()


class Player:
    """Plays events when they are due."""

    def __init__(
        self,
        events: list[Event],
        speed: float,
        tables: ReplayTables,
        summary: ReplaySummary,
        progress: Callable[[ReplayProgress], None],
        clock: Clock,
        wait: Wait,
    ) -> None:
        self.events = events
        self.speed = speed
        self.tables = tables
        self.summary = summary
        self.progress = progress
        self.clock = clock
        self.wait = wait
        self.running: set[UUID] = set()
        self.threads: set[UUID] = set()

    def play(self) -> None:
        begun = self.clock()
        position = 0
        self.report(0.0, 0.0)
        while position < len(self.events):
            elapsed = self.clock() - begun
            ahead = self.events[position].at / self.speed - elapsed
            if self.wait(max(0.0, min(ahead, LOOK_SECONDS))):
                self.summary.stopped = True
                return
            if ahead <= LOOK_SECONDS:
                elapsed = max(self.clock() - begun, self.events[position].at / self.speed)
                group = self.due(position, elapsed * self.speed)
                self.write(group)
                position += len(group)
            self.report(self.clock() - begun, -ahead)

    def due(self, position: int, until: float) -> list[Event]:
        """The events whose time has come; those of one session in their order."""
        end = position + 1
        while end < len(self.events) and end - position < GROUP and self.events[end].at <= until:
            end += 1
        return self.events[position:end]

    def write(self, group: list[Event]) -> None:
        started = {event.id for event in group if event.kind is Kind.RUN_STARTED}
        # Known before they are written, so that they are ended whatever comes between.
        self.running |= started
        self.tables.write(group)
        self.running -= {event.id for event in group if event.kind is Kind.RUN_ENDED}
        self.summary.runs += len(started)
        self.threads |= {event.session.thread_id for event in group if event.session.thread_id is not None}
        self.summary.threads = len(self.threads)
        for call in (event.call for event in group if event.call is not None):
            self.summary.calls += 1
            self.summary.tokens += call.prompt_tokens + call.completion_tokens
            self.summary.cost += call.cost

    def report(self, elapsed: float, late: float) -> None:
        total = self.events[-1].at / self.speed if self.events else 0.0
        self.progress(
            ReplayProgress(
                self.summary.calls, self.summary.calls_total, len(self.running), elapsed, total, max(0.0, late)
            )
        )
