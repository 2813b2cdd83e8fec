"""The demo's present: agents that run and rest, one that at times runs away, one that at times goes quiet.

Nothing here waits, writes or looks at a clock: `Agents.advance(now)` gives what has happened until then.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from data.demo_calls import Call, Conversation, Models
from data.demo_cast import Account, Cast, Thread, new_id, new_thread
from data.demo_history import outcome

BUSY_SHARE = 0.65  # of its time an agent runs; then it rests
SAME_THREAD_SHARE = 0.5  # of runs go on in the agent's last thread
LONGEST_LAG = timedelta(seconds=30)  # after a longer break (a laptop asleep) agents go on from now

RUNAWAY_MODEL = "claude-sonnet-4-5"
RUNAWAY_FIRST, RUNAWAY_EVERY = timedelta(minutes=2), timedelta(minutes=12)
RUNAWAY_LASTS, RUNAWAY_FACTORS = timedelta(minutes=3), (4.0, 8.0)

QUIET_FIRST, QUIET_EVERY = timedelta(minutes=4), timedelta(minutes=40)
QUIET_MINUTES = (16, 25)
QUIET_ERROR = "no answer from the model for {minutes:.0f} minutes"
QUIET_AT_START = timedelta(minutes=14)  # so that the first minute shows such a run too


@dataclass(frozen=True)
class ThreadOpened:
    thread: Thread


@dataclass(frozen=True)
class RunStarted:
    run_id: UUID
    thread_id: UUID
    at: datetime


@dataclass(frozen=True)
class CallMade:
    thread: Thread
    call: Call


@dataclass(frozen=True)
class RunEnded:
    run_id: UUID
    status: str
    error: str | None
    at: datetime


Event = ThreadOpened | RunStarted | CallMade | RunEnded


@dataclass
class Agent:
    """`pace_seconds` is the usual time between two of its calls; `away` is when it does next what it does at times."""

    number: int
    role: str  # steady, runaway or quiet
    pace_seconds: float
    away: datetime
    thread: Thread | None = None
    run_id: UUID | None = None
    conversation: Conversation | None = None
    calls_left: int = 0
    speed: float = 1.0
    running_away_until: datetime | None = None
    quiet_error: str | None = None


@dataclass
class Agents:
    """`threads` agents that together make `rate` calls a second (while none runs away or is quiet)."""

    cast: Cast
    models: Models
    rng: Random
    threads: int
    rate: float
    started_at: datetime
    agents: list[Agent] = field(init=False)
    due: list[tuple[datetime, int]] = field(init=False)  # when which agent does something: a heap

    def __post_init__(self) -> None:
        pace = self.threads * BUSY_SHARE / self.rate
        self.agents = [self.make_agent(number, pace) for number in range(self.threads)]
        self.due = [(self.first_move(agent), agent.number) for agent in self.agents]
        heapq.heapify(self.due)

    def make_agent(self, number: int, pace: float) -> Agent:
        if number == 0:
            return Agent(number, "runaway", pace, self.started_at + RUNAWAY_FIRST)
        if number == self.threads - 1 and number >= 2:
            return Agent(number, "quiet", pace, self.started_at + QUIET_FIRST)
        return Agent(number, "steady", pace, self.started_at)

    def first_move(self, agent: Agent) -> datetime:
        """At once for those that run at the start, so that there is something to see."""
        if agent.number < max(1, self.threads * BUSY_SHARE):
            return self.started_at
        return self.started_at + timedelta(seconds=agent.pace_seconds * self.rng.uniform(2, 15))

    @property
    def next_at(self) -> datetime:
        return self.due[0][0]

    def advance(self, now: datetime) -> list[Event]:
        """Everything that has happened up to `now`, in order."""
        if now - self.next_at > LONGEST_LAG:
            lag = now - self.next_at
            self.due = [(at + lag, number) for at, number in self.due]
        events: list[Event] = []
        while self.next_at <= now:
            at, number = self.due[0]
            heapq.heapreplace(self.due, (self.move(self.agents[number], at, events), number))
        return events

    def begin_quiet(self) -> list[Event]:
        """A run that began half an hour ago and has made no call for a while; call it before the first advance."""
        agent = self.agents[-1]
        if agent.role != "quiet":
            return []
        last = self.started_at - QUIET_AT_START
        events: list[Event] = []
        self.start_run(agent, last - timedelta(minutes=17), events)
        assert agent.thread is not None and agent.conversation is not None  # noqa: S101, PT018
        for minutes in range(16, -1, -1):
            events.append(CallMade(agent.thread, agent.conversation.call(last - timedelta(minutes=minutes))))
        agent.quiet_error = QUIET_ERROR.format(minutes=20)
        agent.away = self.started_at + QUIET_EVERY
        until = last + timedelta(minutes=20)
        self.due = [(until if number == agent.number else at, number) for at, number in self.due]
        heapq.heapify(self.due)
        return events

    def move(self, agent: Agent, at: datetime, events: list[Event]) -> datetime:
        """What the agent does at `at`; returns when it does something again."""
        if agent.run_id is None:
            self.start_run(agent, at, events)
            return at + self.gap(agent)
        if agent.quiet_error:
            return self.end_run(agent, at, events, "failed", agent.quiet_error)
        if agent.running_away_until and at >= agent.running_away_until:
            return self.end_run(agent, at, events, "stopped", None)
        if agent.role != "steady" and agent.running_away_until is None and at >= agent.away:
            return self.go_astray(agent, at, events)
        if agent.calls_left <= 0 and agent.running_away_until is None:
            return self.end_run(agent, at, events, *outcome(self.rng))
        return self.make_call(agent, at, events)

    def start_run(self, agent: Agent, at: datetime, events: list[Event]) -> None:
        if agent.thread is None or self.rng.random() > SAME_THREAD_SHARE:
            agent.thread = new_thread(self.rng, self.account_of(agent), at)
            events.append(ThreadOpened(agent.thread))
        agent.run_id = new_id(self.rng)
        model = RUNAWAY_MODEL if agent.role == "runaway" else None
        agent.conversation = self.models.converse(self.rng, model)
        agent.calls_left = max(5, min(150, int(self.rng.lognormvariate(3.6, 0.5))))
        events.append(RunStarted(agent.run_id, agent.thread.thread_id, at))

    def account_of(self, agent: Agent) -> Account:
        return self.cast.runaway if agent.role == "runaway" else self.cast.live_account(self.rng)

    def make_call(self, agent: Agent, at: datetime, events: list[Event]) -> datetime:
        assert agent.thread is not None and agent.conversation is not None  # noqa: S101, PT018
        events.append(CallMade(agent.thread, agent.conversation.call(at)))
        agent.calls_left -= 1
        return at + self.gap(agent)

    def gap(self, agent: Agent) -> timedelta:
        return timedelta(seconds=self.rng.expovariate(agent.speed / agent.pace_seconds))

    def go_astray(self, agent: Agent, at: datetime, events: list[Event]) -> datetime:
        """The runaway begins to loop; the quiet one falls silent in the middle of its run."""
        if agent.role == "quiet":
            minutes = self.rng.uniform(*QUIET_MINUTES)
            agent.quiet_error = QUIET_ERROR.format(minutes=minutes)
            agent.away = at + QUIET_EVERY
            return at + timedelta(minutes=minutes)
        agent.speed = self.rng.uniform(*RUNAWAY_FACTORS)
        agent.running_away_until = at + RUNAWAY_LASTS
        agent.away = at + RUNAWAY_EVERY
        return self.make_call(agent, at, events)

    def end_run(self, agent: Agent, at: datetime, events: list[Event], status: str, error: str | None) -> datetime:
        assert agent.run_id is not None  # noqa: S101
        events.append(RunEnded(agent.run_id, status, error, at))
        agent.run_id, agent.speed = None, 1.0
        agent.running_away_until = agent.quiet_error = None
        # Rests as long as its share asks for, judged by a usual run: one that went astray owes no longer rest.
        busy = 41 * agent.pace_seconds
        return at + timedelta(seconds=busy * (1 - BUSY_SHARE) / BUSY_SHARE * self.rng.uniform(0.5, 1.5))
