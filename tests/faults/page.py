"""What an open page shows: the rules of assets/live_state.js, stream.js and live.js, applied to a stream's frames.

Times are seconds of the test's clock.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.servers import ROOT

Message = dict[str, Any]


def constant_seconds(name: str) -> float:
    """A time of assets/live_state.js, so that these rules follow that file's."""
    found = re.search(rf"const {name} = (\d+);", (ROOT / "assets" / "live_state.js").read_text())
    assert found, f"assets/live_state.js names no {name}"
    return int(found[1]) / 1000


@dataclass(frozen=True)
class Shown:
    at: float
    topic: str
    cost: Decimal


@dataclass
class Page:
    """`lives` are the times during which it said `live`; `shown` every total that it showed, in order."""

    beat_seconds: float = field(default_factory=lambda: constant_seconds("BEAT_MS"))
    late_seconds: float = field(default_factory=lambda: constant_seconds("LATE_MS"))
    connection: int = 0
    connected: bool = False
    beat_at: float = float("-inf")
    listening: bool = False
    queue_age_seconds: float = 0.0
    history: str = "complete"
    live_since: float | None = None
    lives: list[tuple[float, float]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    newest: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def opening(self) -> None:
        self.connection += 1

    def frame(self, at: float, messages: list[Message]) -> None:
        self.expire(at)
        self.connected = True
        for message in messages:
            if message["type"] == "beat":
                self.beat(at, message)
            elif "cost" in message:
                self.value(at, message)
        self.judge(at)

    def closed(self, at: float) -> None:
        self.expire(at)
        self.connected = self.listening = False
        self.beat_at = float("-inf")
        self.judge(at)

    def beat(self, at: float, message: Message) -> None:
        self.beat_at = at
        self.listening = message["listening"]
        self.queue_age_seconds = message["queue_age_ms"] / 1000
        self.history = message.get("history", "complete")

    def value(self, at: float, message: Message) -> None:
        """Numbers are compared within one connection only."""
        topic = topic_of(message)
        number = (self.connection, message["version"], message["as_of"])
        kept = self.newest.get(topic)
        if kept is None or kept[0] != number[0] or kept[1:] <= number[1:]:
            self.newest[topic] = number
            self.shown.append(Shown(at, topic, Decimal(message["cost"])))

    def is_live(self, at: float) -> bool:
        return (
            self.connected
            and at - self.beat_at < self.beat_seconds
            and self.listening
            and self.queue_age_seconds < self.late_seconds
            and self.history == "complete"
        )

    def judge(self, at: float) -> None:
        if self.is_live(at):
            self.live_since = at if self.live_since is None else self.live_since
        elif self.live_since is not None:
            self.lives.append((self.live_since, at))
            self.live_since = None

    def expire(self, at: float) -> None:
        """A beat proves nothing for longer than its time, whatever else comes."""
        end = self.beat_at + self.beat_seconds
        if self.live_since is not None and end <= at:
            self.lives.append((self.live_since, end))
            self.live_since = None

    def lives_until(self, at: float) -> list[tuple[float, float]]:
        """The same with the one that has not ended."""
        self.expire(at)
        return [*self.lives, (self.live_since, at)] if self.live_since is not None else self.lives

    def cost(self, topic: str) -> Decimal | None:
        """What it shows now."""
        return next((value.cost for value in reversed(self.shown) if value.topic == topic), None)


def topic_of(message: Message) -> str:
    if message["type"] == "nav-usage":
        return f"nav:{message['scope']}"
    return f"thread:{message['thread_id']}"
