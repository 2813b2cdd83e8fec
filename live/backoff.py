"""How long to wait before connecting again: longer each time, never in step with the other processes."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """`next` is the seconds to wait: between half and the whole of a step that doubles up to `most_seconds`."""

    def __init__(
        self,
        first_seconds: float = 0.1,
        most_seconds: float = 5.0,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self.first_seconds = first_seconds
        self.most_seconds = most_seconds
        self.draw = draw
        self.step = first_seconds

    def next(self) -> float:
        step, self.step = self.step, min(self.step * 2, self.most_seconds)
        return step * (0.5 + 0.5 * self.draw())

    def reset(self) -> None:
        """After a success: the next failure is tried again soon."""
        self.step = self.first_seconds
