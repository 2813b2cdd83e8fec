"""What an agent's calls look like: a context that grows call by call, most of it read from the provider's cache."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import NamedTuple
from uuid import UUID

from data.prices import PriceList

# Models by how often a run uses them.
MODELS = {
    "claude-haiku-4-5": 24,
    "gpt-5-mini": 20,
    "gemini-2.5-flash": 14,
    "claude-sonnet-4-5": 22,
    "gpt-5.1": 11,
    "gemini-2.5-pro": 5,
    "claude-opus-4-5": 4,
}
LARGEST_CONTEXT = 150_000  # tokens; then an agent sums up and goes on with less


class Rates(NamedTuple):
    """Prices of one model in billionths of a dollar a token."""

    fresh: int
    cache_read: int
    cache_write: int
    completion: int


class Call(NamedTuple):
    """One request to a model; `prompt_tokens` includes what was read from and written to the cache."""

    call_id: UUID
    message_id: UUID
    at: datetime
    model: str
    prompt_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    cost_micros: int  # millionths of a dollar


@dataclass
class Conversation:
    """One run's talk with a model; each `call` makes the context longer."""

    rng: Random
    model: str
    rates: Rates
    context: int  # tokens that the next call sends
    cached: int = 0  # of which the provider has seen before

    def call(self, at: datetime) -> Call:
        rng = self.rng
        fresh = self.context - self.cached
        written = fresh if self.rates.cache_write != self.rates.fresh else 0
        completion = min(8_000, int(rng.lognormvariate(5.5, 0.8)) + 20)
        nanos = (
            self.cached * self.rates.cache_read
            + written * self.rates.cache_write
            + (fresh - written) * self.rates.fresh
            + completion * self.rates.completion
        )
        made = Call(
            UUID(int=rng.getrandbits(128)), UUID(int=rng.getrandbits(128)), at, self.model,
            self.context, self.cached, written, completion, (nanos + 500) // 1000,
        )  # fmt: skip
        self.grow(completion)
        return made

    def grow(self, completion: int) -> None:
        """Adds the answer and what the tools returned; sums up what has become too long."""
        self.cached = self.context
        self.context += completion + min(20_000, int(self.rng.lognormvariate(6.6, 1.0)))
        if self.context > LARGEST_CONTEXT:
            self.context = self.rng.randrange(14_000, 26_000)
            self.cached = 9_000  # instructions and tools, which every call begins with


class Models:
    """The models in use, with their list prices of `at`."""

    def __init__(self, at: datetime) -> None:
        prices = PriceList()
        self.rates = {model: rates_of(prices, model, at) for model in MODELS}

    def converse(self, rng: Random, model: str | None = None) -> Conversation:
        """A new run's conversation, with a model drawn by its weight where none is named."""
        chosen = model or rng.choices(list(MODELS), list(MODELS.values()))[0]
        return Conversation(rng, chosen, self.rates[chosen], rng.randrange(9_000, 32_000))


def rates_of(prices: PriceList, model: str, at: datetime) -> Rates:
    known = prices.find(model)
    if known is None:
        raise LookupError(f"no list price for {model}; choose another model in MODELS")
    shortest = prices.rates_of(known.get_prices(at))[-1]  # the tier that LARGEST_CONTEXT stays in
    return Rates(*map(billionths, (shortest.prompt, shortest.cache_read, shortest.cache_write, shortest.completion)))


def billionths(dollars: Decimal) -> int:
    return int(dollars.scaleb(9))
