"""How large the demo is to be."""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import InputError

MOST_THREADS = 1000
MOST_RATE = 1000  # calls a second
MOST_HISTORY_DAYS = 730


@dataclass(frozen=True)
class DemoOptions:
    """`threads` agents make `rate` calls a second, after a history of `history_days` days."""

    threads: int = 8
    rate: float = 4.0
    history_days: int = 60
    seed: int = 7

    def __post_init__(self) -> None:
        if not 1 <= self.threads <= MOST_THREADS:
            raise InputError(f"{self.threads} threads will not do; choose 1 to {MOST_THREADS}")
        if not 0 < self.rate <= MOST_RATE:
            raise InputError(f"{self.rate} is no rate; choose calls a second, above 0 and up to {MOST_RATE}")
        if not 0 <= self.history_days <= MOST_HISTORY_DAYS:
            raise InputError(f"{self.history_days} days of history will not do; choose 0 to {MOST_HISTORY_DAYS}")


def parse_rate(text: str) -> float:
    """Calls a second. Raises InputError for anything but a number that `DemoOptions` takes."""
    try:
        rate = float(text)
    except ValueError:
        raise InputError(f"{text} is no rate; choose calls a second, above 0 and up to {MOST_RATE}") from None
    return DemoOptions(rate=rate).rate
