"""What could be seen on a page in a browser, and when, as tests/faults/witness.js has told it.

Times are seconds of the wall clock, which page, writer and database share here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

CARDS = ("nav", "thread")


@dataclass(frozen=True)
class Glance:
    """From `at` on a card showed that. `cost` are its exact dollars, None where it has no figure yet; `text` the
    credits that can be read there."""

    at: float
    state: str
    cost: Decimal | None
    text: str
    visible: bool
    document: int  # counts loads of the page


@dataclass(frozen=True)
class Beat:
    """Heard at `at`: what the server knew of the database as it was at `as_of`."""

    at: float
    as_of: float


@dataclass
class Sight:
    """Everything that was seen on one page. `topics` are those of its cards."""

    topics: dict[str, str]
    glances: dict[str, list[Glance]] = field(default_factory=lambda: {card: [] for card in CARDS})
    beats: list[Beat] = field(default_factory=list)
    document: int = 0
    closed_at: float | None = None

    def tell(self, text: str) -> None:
        told = json.loads(text)
        if "opened" in told:
            self.document += 1
        elif "beat" in told:
            self.beats.append(Beat(told["at"], datetime.fromisoformat(told["beat"]).timestamp()))
        else:
            self.see(told["at"], told["seen"])

    def see(self, at: float, seen: dict[str, object]) -> None:
        cards = seen["cards"]
        assert isinstance(cards, dict)
        for card, (state, cost, text) in cards.items():
            shown = Decimal(cost) if cost else None
            self.glances[card].append(Glance(at, state, shown, text, bool(seen["visible"]), self.document))

    def cost(self, card: str) -> Decimal | None:
        """What it shows now."""
        return self.glances[card][-1].cost if self.glances[card] else None

    def is_figured(self, card: str) -> bool:
        """Whether a figure can be read there, since the page was loaded last."""
        last = self.glances[card][-1] if self.glances[card] else None
        return last is not None and last.document == self.document and last.cost is not None and bool(last.text)

    def text(self, card: str) -> str:
        return self.glances[card][-1].text if self.glances[card] else ""

    def state(self, card: str) -> str | None:
        return self.glances[card][-1].state if self.glances[card] else None

    def spells(self, card: str, until: float) -> Iterator[tuple[float, float, Glance]]:
        """From when till when it showed what."""
        end = until if self.closed_at is None else min(until, self.closed_at)
        glances = list(self.glances[card])
        for number, glance in enumerate(glances):
            following = glances[number + 1].at if number + 1 < len(glances) else max(glance.at, end)
            yield glance.at, following, glance
