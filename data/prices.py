"""What a call costs by the list prices that genai-prices carries, offline and exact."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # a server needs no price before somebody looks at a call, and the library takes long to load
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice


class Part(NamedTuple):
    """So many tokens at one rate."""

    tokens: int
    rate: Decimal  # dollars a token

    @property
    def cost(self) -> Decimal:
        return self.tokens * self.rate


class Parts(NamedTuple):
    """What makes up a call's price; `fresh` are the prompt's tokens that no cache had to do with."""

    fresh: Part
    cache_read: Part
    cache_write: Part
    completion: Part
    request: Decimal  # dollars, whatever its length

    @property
    def prompt(self) -> Decimal:
        return self.fresh.cost + self.cache_read.cost + self.cache_write.cost

    @property
    def total(self) -> Decimal:
        return self.request + self.prompt + self.completion.cost


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars a token (and a request) for prompts of more than `above` tokens."""

    above: int
    request: Decimal
    prompt: Decimal
    cache_read: Decimal
    cache_write: Decimal
    completion: Decimal

    def parts(self, prompt: int, cache_read: int, cache_write: int, completion: int) -> Parts:
        """`prompt` includes both cache counts."""
        return Parts(
            Part(prompt - cache_read - cache_write, self.prompt),
            Part(cache_read, self.cache_read),
            Part(cache_write, self.cache_write),
            Part(completion, self.completion),
            self.request,
        )

    def cost(self, prompt: int, cache_read: int, cache_write: int, completion: int) -> Decimal:
        """Dollars, exact. `prompt` includes both cache counts."""
        return self.parts(prompt, cache_read, cache_write, completion).total


class PriceList:
    """Prices by model name; a model's rates are worked out once, since the library takes 0.1 ms a call."""

    def __init__(self, snapshot: DataSnapshot | None = None) -> None:
        self.given = snapshot
        self.find = lru_cache(maxsize=4096)(self.find_model)
        self.rates: dict[int, tuple[Rates, ...]] = {}  # by the identity of a price that the snapshot keeps

    @cached_property
    def snapshot(self) -> DataSnapshot:
        """With the first price that is asked for: to load every price there is takes a quarter of a second."""
        from genai_prices.data_snapshot import get_snapshot

        return self.given or get_snapshot()

    def cost(
        self, model: str, at: datetime, prompt: int, cache_read: int, cache_write: int, completion: int
    ) -> Decimal | None:
        """Dollars, unrounded; None for a model without a price. `prompt` includes both cache counts."""
        parts = self.parts(model, at, prompt, cache_read, cache_write, completion)
        return None if parts is None else parts.total

    def parts(
        self, model: str, at: datetime, prompt: int, cache_read: int, cache_write: int, completion: int
    ) -> Parts | None:
        """The same, part by part."""
        known = self.find(model)
        if known is None:
            return None
        tiers = self.rates_of(known.get_prices(at))
        rates = next(rates for rates in tiers if prompt > rates.above)
        return rates.parts(prompt, cache_read, cache_write, completion)

    def rates_of(self, price: ModelPrice) -> tuple[Rates, ...]:
        if id(price) not in self.rates:
            self.rates[id(price)] = tuple(rates(price, above) for above in thresholds(price))
        return self.rates[id(price)]

    def find_model(self, name: str) -> ModelInfo | None:
        """The model that a name means, also with the provider in front, as gateways write it."""
        for provider, model in spellings(name):
            try:
                return self.snapshot.find_provider_model(model, None, provider, None)[1]
            except LookupError:
                continue
        return None


def spellings(name: str) -> Iterator[tuple[str | None, str]]:
    """Provider and model, as a name may mean them: `openai/gpt-4o`, `bedrock/us.anthropic.claude-…`, `gpt-4o`."""
    yield None, name
    first, slash, rest = name.partition("/")
    if slash:
        yield first, rest
        yield "openrouter", name
        last = rest.rpartition("/")[2]
        yield None, last
        yield "aws", last
    yield "aws", name
    yield "openrouter", name


def thresholds(price: ModelPrice) -> list[int]:
    """The prompt lengths above which other rates apply, the highest first; -1 is every prompt."""
    from genai_prices.types import TieredPrices

    tiered = [value for value in vars(price).values() if isinstance(value, TieredPrices)]
    return sorted({-1, *(tier.start for value in tiered for tier in value.tiers)}, reverse=True)


def rates(price: ModelPrice, above: int) -> Rates:
    """The rates above a threshold, as differences of prices that the library works out itself."""
    from genai_prices import Usage

    length = above + 2  # the shortest prompt that can also be one token longer, or shorter by none

    def dollars(prompt: int, **more: int) -> Decimal:
        return price.calc_price(Usage(input_tokens=prompt, **more))["total_price"]

    plain = dollars(length, output_tokens=0)
    prompt = dollars(length + 1, output_tokens=0) - plain
    return Rates(
        above=above,
        request=plain - prompt * length,
        prompt=prompt,
        cache_read=prompt + dollars(length, output_tokens=0, cache_read_tokens=1) - plain,
        cache_write=prompt + dollars(length, output_tokens=0, cache_write_tokens=1) - plain,
        completion=dollars(length, output_tokens=1) - plain,
    )
