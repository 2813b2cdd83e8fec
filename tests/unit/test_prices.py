"""Our prices against those that genai-prices works out itself."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice
from hypothesis import given, settings
from hypothesis import strategies as st

from data.prices import PriceList

AT = datetime(2025, 11, 3, tzinfo=UTC)
PRICES = PriceList()
MODEL_PRICES = [
    price
    for provider in get_snapshot().providers
    for model in provider.models
    for price in ([model.prices] if isinstance(model.prices, ModelPrice) else [one.prices for one in model.prices])
]


@settings(deadline=None)
@given(st.sampled_from(MODEL_PRICES), st.integers(0, 1_000_000), st.integers(0, 60_000), st.data())
def test_every_price_is_the_librarys(price: ModelPrice, prompt: int, completion: int, data: st.DataObject) -> None:
    read = data.draw(st.integers(0, prompt))
    write = data.draw(st.integers(0, prompt - read))
    usage = Usage(input_tokens=prompt, output_tokens=completion, cache_read_tokens=read, cache_write_tokens=write)
    rates = next(rates for rates in PRICES.rates_of(price) if prompt > rates.above)
    assert rates.cost(prompt, read, write, completion) == price.calc_price(usage)["total_price"]


def test_a_call_costs_what_the_library_says() -> None:
    usage = Usage(input_tokens=72_762, output_tokens=296, cache_read_tokens=71_168)
    wanted = calc_price(usage, "claude-opus-4-5-20251101", genai_request_timestamp=AT).total_price
    assert PRICES.cost("claude-opus-4-5-20251101", AT, 72_762, 71_168, 0, 296) == wanted


def test_cache_reads_and_writes_have_prices_of_their_own() -> None:
    plain, read, write = (
        PRICES.cost("claude-opus-4-5", AT, 1_000_000, *cached, 0) for cached in ((0, 0), (1_000_000, 0), (0, 1_000_000))
    )
    assert (plain, read, write) == (Decimal("5"), Decimal("0.5"), Decimal("6.25"))


@pytest.mark.parametrize(
    "name",
    ["gpt-4o", "GPT-4o", "openai/gpt-4o", "azure/gpt-4o", "openrouter/openai/gpt-4o", "gpt-4o-2024-08-06",
     "anthropic/claude-3.5-sonnet", "us.anthropic.claude-sonnet-4-20250514-v1:0", "vertex_ai/gemini-1.5-pro"],
)  # fmt: skip
def test_a_model_is_known_as_gateways_spell_it(name: str) -> None:
    assert PRICES.cost(name, AT, 1000, 0, 0, 10) > Decimal(0)  # type: ignore[operator]


@pytest.mark.parametrize("name", ["", "our-own-model", "acme/our-own-model", "/"])
def test_a_model_without_a_price_has_none(name: str) -> None:
    assert PRICES.cost(name, AT, 1000, 0, 0, 10) is None
