"""When a replay does what: sessions that arrive one after another, agent runs that begin and end, calls."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from uuid import UUID, uuid4

from data.recordings import Call

QUIET_SECONDS = 600  # an agent that calls no model for so long has ended its run
LINGER_SECONDS = 60  # and ends it so long after its last call
BUNCHED_SECONDS = 60  # sessions that begin this close together were not recorded on one clock
ARRIVAL_SECONDS = 120  # such sessions then arrive this far apart on average,
LONGEST_ARRIVAL_SECONDS = 24 * 3600  # but all of them within a day


class Kind(IntEnum):
    """In the order in which events of one moment happen."""

    RUN_ENDED = 0
    RUN_STARTED = 1
    CALL = 2


@dataclass(slots=True)
class Session:
    """One new thread; calls without a thread are a session without an id, and have no runs."""

    thread_id: UUID | None
    name: str
    user: str


@dataclass(slots=True, order=True)
class Event:
    """Something that happens `at` seconds of recorded time after the replay's start."""

    at: float
    kind: Kind
    session: Session = field(compare=False)
    id: UUID = field(compare=False)  # of the run, or of the row
    call: Call | None = field(default=None, compare=False)


def schedule(calls: Iterable[Call], seed: int = 1) -> list[Event]:
    """Everything that happens, in order, with fresh ids.

    Recorded times are kept. Only where all sessions begin at once, since each was recorded on a clock of its
    own, do they arrive as a Poisson process does: on average 120 s apart, the last within a day.
    """
    sessions: dict[str, list[Call]] = {}
    for call in calls:
        sessions.setdefault(call.thread, []).append(call)
    for of_session in sessions.values():
        of_session.sort(key=lambda call: (call.created_at, call.position))
    if not sessions:
        return []
    first = min(of_session[0].created_at for of_session in sessions.values())
    starts = [(of_session[0].created_at - first).total_seconds() for of_session in sessions.values()]
    arrivals = delays(starts, seed)
    events: list[Event] = []
    for (name, of_session), delay in zip(sessions.items(), arrivals, strict=True):
        user = next((call.user for call in of_session if call.user), "")
        session = Session(uuid4() if name else None, name, user)
        times = [(call.created_at - first).total_seconds() + delay for call in of_session]
        events.extend(session_events(session, of_session, times))
    events.sort()
    return events


def delays(starts: list[float], seed: int) -> list[float]:
    """How much later than recorded each session begins."""
    others = len(starts) - 1
    if others < 1 or max(starts) - min(starts) > BUNCHED_SECONDS:
        return [0.0] * len(starts)
    chance = random.Random(seed)  # noqa: S311
    gaps = [chance.expovariate(1) for _ in range(others)]
    scale = min(others * ARRIVAL_SECONDS, LONGEST_ARRIVAL_SECONDS) / sum(gaps)
    arrivals, at = [0.0], 0.0
    for gap in gaps:
        at += gap * scale
        arrivals.append(at)
    return arrivals


def session_events(session: Session, calls: list[Call], times: list[float]) -> Iterable[Event]:
    """A session's calls within its runs."""
    run = None
    for number, (call, at) in enumerate(zip(calls, times, strict=True)):
        if run is None and session.thread_id is not None:
            run = uuid4()
            yield Event(at, Kind.RUN_STARTED, session, run)
        yield Event(at, Kind.CALL, session, uuid4(), call)
        last = number + 1 == len(times) or times[number + 1] - at > QUIET_SECONDS
        if last and run is not None:
            yield Event(at + LINGER_SECONDS, Kind.RUN_ENDED, session, run)
            run = None
